"""A Lambda function of one's own, which a labeling job calls before people answer, or after."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._function_zip import LARGEST_UPLOAD, Architecture, settings_in, too_large
from hitl_sdk.errors import HitlError, ServiceError
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.types import RoleArn, TagKey, TagValue, TextRule
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

__all__ = ["INVOCABLE", "LambdaFunction", "LambdaFunctionState"]

# The managed policy AmazonSageMakerGroundTruthExecution lets a job invoke functions with one of these in their name.
INVOCABLE = ("GtRecipe", "LabelingFunction", "SageMaker", "Sagemaker", "sagemaker")
_HANDLER = TextRule(r"[^\s]+", 128, "module.function")
_NAME = TextRule("[a-zA-Z0-9-_]+", 64, "letters, digits, hyphens and underscores")
_RUNTIME = re.compile(r"python3\.\d+")
_VARIABLE = TextRule("[a-zA-Z]([a-zA-Z0-9_])+", 4096, "letters, digits and underscores, a letter first", 2)


def _invocable(name: str) -> str:
    if not any(word in name for word in INVOCABLE):
        raise ValueError(
            f"one of {', '.join(INVOCABLE)} must be in it: other functions can't be invoked by a job whose role "
            "has the policy AmazonSageMakerGroundTruthExecution"
        )
    return name


def _of_python(runtime: str) -> str:
    if not _RUNTIME.fullmatch(runtime):
        raise ValueError("allowed is a Python of Lambda's, for example python3.14")
    return runtime


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"the code can't be read from {file}: {error.strerror}") from None


def _uploadable(code: object) -> bytes:
    """Refuse what can't be uploaded. A file was read, and that it is a zip was seen, before."""
    if not isinstance(code, bytes):
        raise ValueError(f"give the zip as bytes, or the path of its file, not {type(code).__name__}")
    excess = too_large(len(code), LARGEST_UPLOAD)
    if excess is not None:
        raise ValueError(
            f"the zip has {excess}; take fewer requirements, or upload it to S3, create the function from there "
            "and give the job its ARN"
        )
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunctionState(State):
    """A function as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    code_sha256 : str
        The digest of its zip, in Base64.
    handler, runtime, architecture, role_arn, description : str
        As it was made.
    memory_size : int
        MB.
    timeout : int
        Seconds.
    environment : Mapping of str to str
        Its variables.

    Examples
    --------
    >>> state = LambdaFunctionState(
    ...     name="SageMaker-mood",
    ...     arn="arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-mood",
    ...     code_sha256="", handler="mood.handler", runtime="python3.14", architecture="x86_64",
    ...     role_arn="", description="", memory_size=512, timeout=300, environment={},
    ... )
    >>> print(state.invoke_statement)
    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "arn:...:function:SageMaker-mood"}
    """

    arn: str
    code_sha256: str
    handler: str
    runtime: str
    architecture: str
    role_arn: str
    description: str
    memory_size: int
    timeout: int
    environment: Mapping[str, str] = field(repr=False)

    @property
    def invoke_statement(self) -> str:
        """The statement that a job's role needs if it lacks the policy AmazonSageMakerGroundTruthExecution."""
        return json.dumps({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": self.arn})


class LambdaFunction(Resource[LambdaFunctionState]):
    """A Python function in AWS Lambda, for labeling jobs.

    `ensure` uploads its code when the digest of the zip is another. Versions and aliases are not made: a job
    calls what is there now. IAM is never changed: what a role lacks is said by `LambdaFunctionState.invoke_statement`,
    and by the errors.

    Parameters
    ----------
    name : str
        1 to 64 letters, digits, hyphens and underscores; with ``GtRecipe``, ``LabelingFunction``, ``SageMaker``,
        ``Sagemaker`` or ``sagemaker`` in it, for else a job's usual role may not invoke it.
    code : bytes or path
        The zip, at most 50 MB, as `functions.build_zip` or ``hitl functions build`` makes it. A file is read at once.
    role_arn : str
        The role that the function has while it runs; ``lambda.amazonaws.com`` must be trusted to assume it.
    handler : str, optional
        ``"module.function"``; what the zip says, when left out.
    runtime : str, optional
        ``"python3.14"``; what the zip says, when left out.
    architecture : {"x86_64", "arm64"}, optional
        What the zip says, or ``"x86_64"``, when left out.
    memory_size : int, default 512
        MB: 128 to 32,768.
    timeout : int, default 300
        Seconds that one call may take: 1 to 5,400. A post-annotation function gets a batch of objects.
    environment : Mapping of str to str, optional
        Its variables; they are not shown.
    description : str, optional
        Up to 256 characters.
    tags : Mapping of str to str, optional
        Given when the function is made; those of an adopted one stay as they are.

    Examples
    --------
    >>> import io, zipfile
    >>> packed = io.BytesIO()
    >>> with zipfile.ZipFile(packed, "w") as opened:
    ...     opened.writestr("mood.py", "def handler(event, context): return {'taskInput': event['dataObject']}")
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     function = LambdaFunction(
    ...         name="SageMaker-mood",
    ...         code=packed.getvalue(),
    ...         handler="mood.handler",
    ...         runtime="python3.14",
    ...         role_arn=cloud.role_arn,
    ...     )
    ...     function.ensure(cloud.session()).arn
    'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-mood'
    """

    kind: ClassVar[str] = "Lambda function"
    iam: ClassVar[IamActions] = IamActions(
        read=("lambda:GetFunctionConfiguration",),
        create=("lambda:CreateFunction", "iam:PassRole"),
        update=("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
        delete=("lambda:DeleteFunction",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset(
        {
            "architecture",
            "code_sha256",
            "description",
            "environment",
            "handler",
            "memory_size",
            "role_arn",
            "runtime",
            "timeout",
        }
    )

    name: Annotated[str, AfterValidator(_NAME), AfterValidator(_invocable)]
    code: Annotated[bytes | str | Path, PlainValidator(_uploadable)] = Field(repr=False)
    role_arn: RoleArn
    handler: Annotated[str, AfterValidator(_HANDLER)] = Field(default="", validate_default=True)
    runtime: Annotated[str, AfterValidator(_of_python)] = Field(default="", validate_default=True)
    architecture: Architecture = "x86_64"
    memory_size: Annotated[int, Field(ge=128, le=32_768)] = 512
    timeout: Annotated[int, Field(ge=1, le=5_400)] = 300
    environment: Mapping[Annotated[str, AfterValidator(_VARIABLE)], str] = Field(
        default_factory=dict, repr=False
    )
    description: Annotated[str, Field(max_length=256)] = ""
    tags: Mapping[TagKey, TagValue] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="before")
    @classmethod
    def _what_the_zip_says(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Read the zip, and take from it what was left out."""
        code = fields.get("code")
        if isinstance(code, str | Path):
            code = _read(Path(code))
        if not isinstance(code, bytes):
            return fields
        settings = settings_in(code)
        said = {} if settings is None else asdict(settings)
        return {**said, **fields, "code": code}

    @property
    def code_sha256(self) -> str:
        """The digest of the zip, in Base64, as AWS computes it."""
        return base64.b64encode(hashlib.sha256(self._zip).digest()).decode()

    @property
    def _zip(self) -> bytes:
        """The code, which is read when the builder is made."""
        return cast("bytes", self.code)

    def _read(self, session: Session) -> LambdaFunctionState:
        return _state(session.client("lambda").get_function_configuration(FunctionName=self.name))

    def _create(self, session: Session) -> None:
        with self._iam_explained():
            session.client("lambda").create_function(
                FunctionName=self.name,
                Code={"ZipFile": self._zip},
                Handler=self.handler,
                Runtime=cast("Any", self.runtime),  # newer ones than the stubs know
                Role=self.role_arn,
                Architectures=[self.architecture],
                MemorySize=self.memory_size,
                Timeout=self.timeout,
                Environment={"Variables": dict(self.environment)},
                Description=self.description,
                Tags=dict(self.tags),
            )

    def _differences(self, state: LambdaFunctionState) -> tuple[Difference, ...]:
        shown = sorted(self.updatable - {"environment"})
        differences = [
            Difference(name, getattr(state, name), getattr(self, name))
            for name in shown
            if getattr(state, name) != getattr(self, name)
        ]
        names = {name for name, _ in state.environment.items() ^ self.environment.items()}
        if names:  # the values may be secrets
            differences.append(Difference("environment", f"another in {', '.join(sorted(names))}", "its own"))
        return tuple(differences)

    def _update(self, session: Session, state: LambdaFunctionState) -> None:
        client = session.client("lambda")
        differing = {difference.field for difference in self._differences(state)}
        with self._iam_explained():
            if differing & {"code_sha256", "architecture"}:
                client.update_function_code(
                    FunctionName=self.name, ZipFile=self._zip, Architectures=[self.architecture]
                )
                self.wait(session)  # Lambda refuses the next change until this one is done
            if differing - {"code_sha256", "architecture"}:
                client.update_function_configuration(
                    FunctionName=self.name,
                    Handler=self.handler,
                    Runtime=cast("Any", self.runtime),
                    Role=self.role_arn,
                    MemorySize=self.memory_size,
                    Timeout=self.timeout,
                    Environment={"Variables": dict(self.environment)},
                    Description=self.description,
                )

    def _delete(self, session: Session, state: LambdaFunctionState) -> None:
        session.client("lambda").delete_function(FunctionName=state.name)

    @contextmanager
    def _iam_explained(self) -> Iterator[None]:
        """Put the statement that is missing into the error, where Lambda says that one is."""
        try:
            with translated_errors(self.label):
                yield
        except ServiceError as error:
            error.hint = self._missing_statement(error) or error.hint
            raise

    def _missing_statement(self, error: HitlError) -> str | None:
        if "cannot be assumed by Lambda" in error.message:
            trust = {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            return f"a new role takes some seconds; else add to its trust policy: {json.dumps(trust)}"
        if "iam:PassRole" in error.message:
            passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": self.role_arn}
            return f"add to the policy of who calls: {json.dumps(passing)}"
        return None


def _state(found: "FunctionConfigurationResponseTypeDef") -> LambdaFunctionState:
    status, reason = _status(found)
    return LambdaFunctionState(
        name=found["FunctionName"],
        status=status,
        failure_reason=reason,
        arn=found["FunctionArn"],
        code_sha256=found["CodeSha256"],
        handler=found.get("Handler", ""),
        runtime=found.get("Runtime", ""),
        architecture=found.get("Architectures", ["x86_64"])[0],
        role_arn=found["Role"],
        description=found.get("Description", ""),
        memory_size=found["MemorySize"],
        timeout=found["Timeout"],
        environment=found.get("Environment", {}).get("Variables", {}),
    )


def _status(found: "FunctionConfigurationResponseTypeDef") -> tuple[str, str | None]:
    """Return one status of the two that Lambda has: of the function, and of its last update."""
    state = found.get("State", "Active")
    if state in ("Active", "Inactive"):  # Lambda puts to sleep what is not called for weeks; a call wakes it
        update = found.get("LastUpdateStatus", "Successful")
        status = {"Successful": "Active", "InProgress": "Updating"}.get(update, update)
        return status, found.get("LastUpdateStatusReason")
    return state, found.get("StateReason")
