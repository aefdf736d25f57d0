"""What a model needs to answer InvokeEndpoint: the model, what runs it, and the endpoint, each as one resource."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import HitlError, NotFoundError, RejectedError
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ContainerDefinitionTypeDef, ProductionVariantTypeDef

__all__ = [
    "DEPLOYMENT_TIMEOUT",
    "Configuration",
    "Endpoint",
    "InferenceModel",
    "ModelEndpointState",
    "torn_down",
]

DEPLOYMENT_TIMEOUT = 1800.0
"""Seconds: an endpoint usually takes 5 to 10 minutes, one with a large model or image longer."""

_STATUS = {"InService": "Active", "OutOfService": "Failed", "UpdateRollbackFailed": "Failed"}
_IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEndpointState(State):
    """An endpoint as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    configuration : str
        The name of its endpoint configuration.
    status : str
        ``"Active"`` where SageMaker says ``InService``, ``"Failed"`` also for ``OutOfService`` and
        ``UpdateRollbackFailed``; else SageMaker's own word.

    Examples
    --------
    >>> ModelEndpointState(name="mood", status="Creating", arn="arn:...", configuration="mood-1").status
    'Creating'
    """

    arn: str
    configuration: str = field(repr=False)


class InferenceModel(Resource[State]):
    """The model: an image, its artifact and its variables. The name is derived from them."""

    kind: ClassVar[str] = "model"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeModel",),
        create=("sagemaker:CreateModel", "iam:PassRole"),
        delete=("sagemaker:DeleteModel",),
    )

    name: str
    container: Mapping[str, Any]
    role_arn: str
    tags: Mapping[str, str]

    def _read(self, session: Session) -> State:
        return State(name=session.client("sagemaker").describe_model(ModelName=self.name)["ModelName"])

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_model(
            ModelName=self.name,
            PrimaryContainer=cast("ContainerDefinitionTypeDef", self.container),
            ExecutionRoleArn=self.role_arn,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )

    def _delete(self, session: Session, state: State) -> None:
        session.client("sagemaker").delete_model(ModelName=state.name)


class Configuration(Resource[State]):
    """What runs the model. The name is derived from it and the model."""

    kind: ClassVar[str] = "endpoint configuration"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeEndpointConfig",),
        create=("sagemaker:CreateEndpointConfig",),
        delete=("sagemaker:DeleteEndpointConfig",),
    )

    name: str
    variant: Mapping[str, Any]
    tags: Mapping[str, str]

    def _read(self, session: Session) -> State:
        found = session.client("sagemaker").describe_endpoint_config(EndpointConfigName=self.name)
        return State(name=found["EndpointConfigName"])

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_endpoint_config(
            EndpointConfigName=self.name,
            ProductionVariants=[cast("ProductionVariantTypeDef", self.variant)],
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )

    def _delete(self, session: Session, state: State) -> None:
        session.client("sagemaker").delete_endpoint_config(EndpointConfigName=state.name)


class Endpoint(Resource[ModelEndpointState]):
    """What answers, and costs money as long as it is there."""

    kind: ClassVar[str] = "endpoint"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeEndpoint",),
        create=("sagemaker:CreateEndpoint",),
        delete=("sagemaker:DeleteEndpoint",),
    )

    name: str
    configuration: str
    tags: Mapping[str, str]

    def _read(self, session: Session) -> ModelEndpointState:
        found = session.client("sagemaker").describe_endpoint(EndpointName=self.name)
        status = found["EndpointStatus"]
        return ModelEndpointState(
            name=found["EndpointName"],
            status=_STATUS.get(status, status),
            failure_reason=found.get("FailureReason"),
            arn=found["EndpointArn"],
            configuration=found.get("EndpointConfigName", ""),
        )

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_endpoint(
            EndpointName=self.name,
            EndpointConfigName=self.configuration,
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )

    def _differences(self, state: ModelEndpointState) -> tuple[Difference, ...]:
        if state.configuration == self.configuration:
            return ()
        return (Difference("configuration", state.configuration, self.configuration),)

    def _delete(self, session: Session, state: ModelEndpointState) -> None:
        try:
            self._deleted(session, state.name)
        except (NotFoundError, RejectedError):
            # The answer of a first try may have been lost. Or SageMaker refuses to delete what it is still making;
            # it would cost money ever after.
            seen = wait_until(
                lambda: self.find(session),
                lambda seen: seen is None or seen.status not in _IN_PROGRESS,
                timeout=DEPLOYMENT_TIMEOUT,
                what=f"{self.label} to be deletable",
            )
            if seen is not None and seen.status != "Deleting":
                self._deleted(session, seen.name)

    def _deleted(self, session: Session, name: str) -> None:
        with translated_errors(self.label):
            session.client("sagemaker").delete_endpoint(EndpointName=name)


@contextmanager
def torn_down(tear_down: Callable[[], object], what: str) -> Iterator[None]:
    """Call `tear_down` at the end of the block; if the block failed, its error comes out, whatever becomes of this."""
    try:
        yield
    except BaseException as error:
        try:
            tear_down()
        except HitlError as failure:
            error.add_note(f"and {what} may be left, and cost money: {failure}")
        raise
    tear_down()
