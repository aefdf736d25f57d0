"""Runs Lambda functions on this machine: AWS's own, which this package knows, and those deployed in moto.

moto keeps the code of a function, and runs it in Docker. Here it runs without: in this process, or in one of
its own where a service is asked over HTTP.
"""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, cast

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from hitl_sdk._ground_truth import function_of_arn
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import NotFoundError
from hitl_sdk.functions import built_in
from hitl_sdk.local._function_apart import FunctionApart
from hitl_sdk.local._function_here import FunctionHere
from hitl_sdk.local.engine import FunctionFailed
from hitl_sdk.local.lambda_runtime import Function, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitl_sdk._ground_truth import Kind, Stage
    from hitl_sdk.local.engine import Scope

__all__ = ["Lambdas", "Objects"]


class Objects(Protocol):
    """Where AWS's own functions read and write: S3, as the engine's delivery has it."""

    def get_object(self, scope: Scope, bucket: str, key: str) -> bytes | None:
        """Return an object's content, None if there is none."""
        ...

    def put_object(self, scope: Scope, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        ...


class Lambdas:
    """The functions of this machine. They run in this process, until `run_apart`.

    Parameters
    ----------
    objects : Objects
        What AWS's own functions read and write.

    Examples
    --------
    >>> from hitl_sdk.local.moto_services import MotoServices, scope_in
    >>> from hitl_sdk.testing import mock_hitl
    >>> arn = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-mood"
    >>> with mock_hitl():
    ...     Lambdas(MotoServices()).invoke(scope_in("us-east-1"), arn, {})
    Traceback (most recent call last):
    ...
    hitl_sdk.local.engine.errors.FunctionFailed: ResourceNotFoundException: Function not found: ...
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._deployed: dict[str, _Deployed] = {}
        self._endpoint_url: str | None = None
        self._lock = Lock()

    def run_apart(self, endpoint_url: str) -> None:
        """Give each function a process of its own from now on, whose AWS is at an address."""
        self.close()
        self._endpoint_url = endpoint_url

    def invoke(self, scope: Scope, function_arn: str, event: object) -> object:
        """Call a function and return its answer.

        Parameters
        ----------
        scope : Scope
            Account and Region of the caller, whose S3 AWS's own functions use.
        function_arn : str
            One of AWS's own, or of a function deployed in moto; its version or alias may stand at the end.
        event : object
            Anything JSON knows.

        Raises
        ------
        FunctionFailed
            If there is no such function, or it raises, or it gives what is no JSON.
        """
        known = function_of_arn(function_arn)
        try:
            if known is not None:
                return _built_in(*known, event, _Storage(self._objects, scope))
            return self._runner(_found(function_arn)).invoke(event)
        except Problem as problem:
            raise FunctionFailed(str(problem)) from problem

    def knows(self, function_arn: str) -> bool:
        """Tell whether there is such a function: one of AWS's own, or deployed in moto."""
        if function_of_arn(function_arn) is not None:
            return True
        try:
            _found(function_arn)
        except Problem:
            return False
        return True

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Run functions also when moto would, inside the block: for Lambda's Invoke, a topic, a queue. At its end, `close`.

        Where a test has told moto to run none (``mock_aws(config={"lambda": {"use_docker": False}})``) moto never
        asks, and what is no Python from a zip is left to Docker.
        """
        moto_function: Any = LambdaFunction
        in_docker = moto_function._invoke_lambda

        def invoke(function: LambdaFunction, event: object = None) -> tuple[str, bool, str]:
            if not _is_python_from_a_zip(function):
                return cast("tuple[str, bool, str]", in_docker(function, event))
            try:
                return (
                    json.dumps(self._runner(function).invoke({} if event in (None, "{}") else event)),
                    False,
                    "",
                )
            except Problem as problem:
                return json.dumps({"errorMessage": problem.message, "errorType": problem.kind}), True, ""

        moto_function._invoke_lambda = invoke
        try:
            yield
        finally:
            moto_function._invoke_lambda = in_docker
            self.close()

    def close(self) -> None:
        """End what runs, at once, and remove the unpacked code."""
        for deployed in list(self._deployed.values()):
            deployed.runner.interrupt()
        with self._lock:
            for deployed in self._deployed.values():
                deployed.close()
            self._deployed.clear()

    def _runner(self, function: LambdaFunction) -> FunctionHere | FunctionApart:
        """Return what runs a function as it is deployed now."""
        arn = function.function_arn
        with self._lock:
            deployed = self._deployed.get(arn)
            if deployed is None or deployed.settings != _settings(function):
                if deployed is not None:
                    deployed.close()
                deployed = self._deployed[arn] = _Deployed(function, self._endpoint_url)
            return deployed.runner


class _Deployed:
    """A function as it was deployed at some time, its code unpacked."""

    def __init__(self, function: LambdaFunction, endpoint_url: str | None) -> None:
        self.settings = _settings(function)
        self._folder = _unpacked(function)
        unpacked = Function(
            arn=function.function_arn,
            name=function.function_name,
            version=str(function.version),
            handler=function.handler or "",
            runtime=function.run_time or "",
            architecture=function.architectures[0],
            folder=self._folder.name,
            timeout=int(function.timeout),
            memory_size=int(function.memory_size),
            environment=dict(function.environment_vars),
        )
        self.runner = FunctionApart(unpacked, endpoint_url) if endpoint_url else FunctionHere(unpacked)

    def close(self) -> None:
        self.runner.close()
        self._folder.cleanup()


class _Storage:
    """The S3 of one account, as AWS's own functions ask for it."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def read(self, uri: str) -> bytes:
        found = self._objects.get_object(self._scope, *split_uri(uri))
        if found is None:
            raise NotFoundError(f"there is no object {uri}", resource=uri)
        return found

    def write(self, uri: str, body: bytes) -> None:
        self._objects.put_object(self._scope, *split_uri(uri), body)


def _built_in(stage: Stage, kind: Kind, event: object, storage: _Storage) -> object:
    """Do what AWS's function does. Whatever it stumbles over, it fails and its caller goes on."""
    try:
        answer: object = built_in(stage, kind)(cast("Mapping[str, object]", event), storage)
    except Exception as error:
        raise Problem(type(error).__name__, str(error)) from error
    return answer


def _found(function_arn: str) -> LambdaFunction:
    """Return the function as moto keeps it."""
    parts = function_arn.split(":", 7)
    if len(parts) < 7 or (parts[2], parts[5]) != ("lambda", "function"):
        raise Problem("ResourceNotFoundException", f"{function_arn!r} is not the ARN of a Lambda function")
    _, _, _, region, account, _, name, *qualifier = parts
    try:
        return get_backend(account, region).get_function(name, qualifier[0] if qualifier else None)
    except UnknownFunctionException as error:
        raise Problem("ResourceNotFoundException", error.message) from None


def _settings(function: Any) -> tuple[object, ...]:
    """Return all of a deployed function that makes it another one when it changes."""
    return (
        function.code_sha_256,
        function.handler,
        function.run_time,
        function.timeout,
        function.memory_size,
        dict(function.environment_vars),
    )


def _is_python_from_a_zip(function: LambdaFunction) -> bool:
    return function.package_type == "Zip" and str(function.run_time).startswith("python")


def _unpacked(function: LambdaFunction) -> TemporaryDirectory[str]:
    if not _is_python_from_a_zip(function):
        raise Problem(
            "InvalidRuntimeException",
            f"{function.function_name} is no Python function from a zip, and nothing else runs here",
        )
    folder = TemporaryDirectory(prefix="hitl-function-")
    try:
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as packed:
            packed.extractall(folder.name)
    except zipfile.BadZipFile as error:
        folder.cleanup()
        raise Problem("InvalidZipFileException", f"the code of {function.function_name}: {error}") from error
    return folder
