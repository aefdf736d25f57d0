"""What AWS Lambda's own Python runtime does with a function: its environment, its context, its handler's errors.

Needs the standard library alone, for it also runs as a script: a function then has an interpreter to itself,
and finds there what its zip holds and nothing of the service that started it.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Handler = Callable[[Any, "Context"], Any]

__all__ = [
    "Context",
    "Function",
    "FunctionModules",
    "Problem",
    "environment_of",
    "handler_of",
    "invoked",
    "main",
]

LONGEST_PAYLOAD = 6_291_556
"""Bytes of a synchronous answer: AWS's limit of 6 MB, in the number its error names."""


@dataclass(frozen=True, slots=True)
class Function:
    """A deployed function.

    Attributes
    ----------
    arn, name, version : str
        What it is called.
    handler : str
        ``"module.function"``.
    runtime : str
        ``"python3.14"``.
    architecture : str
        ``"x86_64"`` or ``"arm64"``.
    folder : str
        Where its code is unpacked.
    timeout : int
        Seconds.
    memory_size : int
        MB.
    environment : Mapping of str to str
        Variables of its own.

    Examples
    --------
    >>> arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-mood"
    >>> Function(arn, "SageMaker-mood", "$LATEST", "mood.handler", "python3.14", "x86_64", "code", 3, 128).region
    'eu-west-1'
    """

    arn: str
    name: str
    version: str
    handler: str
    runtime: str
    architecture: str
    folder: str
    timeout: int
    memory_size: int
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def region(self) -> str:
        """The Region, which its ARN names."""
        return self.arn.split(":")[3]


class Problem(Exception):
    """A function that did not do its work, in the words Lambda has for it.

    Parameters
    ----------
    kind : str
        The type of the error, ``errorType`` in Lambda's answer.
    message : str
        Its message.

    Examples
    --------
    >>> str(Problem("KeyError", "'source-ref'"))
    "KeyError: 'source-ref'"
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        """Return type and message."""
        return f"{self.kind}: {self.message}"


class Context:
    """What a handler gets as its second argument.

    Examples
    --------
    >>> arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-mood"
    >>> function = Function(arn, "SageMaker-mood", "$LATEST", "mood.handler", "python3.14", "x86_64", "code", 3, 128)
    >>> Context(function, 1).aws_request_id
    '00000000-0000-0000-0000-000000000001'
    """

    def __init__(self, function: Function, number: int) -> None:
        self.function_name: str = function.name
        self.function_version: str = function.version
        self.invoked_function_arn: str = function.arn
        self.memory_limit_in_mb: str = str(function.memory_size)
        self.aws_request_id: str = str(UUID(int=number))
        self.log_group_name: str = f"/aws/lambda/{function.name}"
        self.log_stream_name: str = function.version
        self.identity: None = None
        self.client_context: None = None
        self._ends = perf_counter() + function.timeout

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the time-out."""
        return max(0, round((self._ends - perf_counter()) * 1000))


class FunctionModules:
    """Finds a function's own modules in its folder, and nothing else there.

    Its own are those at the top of the folder, but for packages that are installed here too: the zip may hold them
    for another Python.

    Parameters
    ----------
    folder : str
        The unpacked zip.

    Attributes
    ----------
    names : frozenset of str
        What it finds.

    Examples
    --------
    >>> FunctionModules(str(Path(__file__).parent)).find_spec("json") is None
    True
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        files = [path for path in Path(folder).iterdir() if path.is_dir() or path.suffix in (".py", ".so")]
        names = {path.name.partition(".")[0] for path in files}
        packaged = _packaged_in(Path(folder))
        self.names: frozenset[str] = frozenset(
            name for name in names if name not in packaged or find_spec(name) is None
        )

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say where a module is, if it is one of the function's own; what Python asks of a finder."""
        if path is None and name in self.names:
            return PathFinder.find_spec(name, [self._folder], target)
        return None


def _packaged_in(folder: Path) -> set[str]:
    """Return the names of the packages that pip installed into the folder, and of this one."""
    records = [record.read_text("utf-8") for record in folder.glob("*.dist-info/RECORD")]
    paths = [line.partition("/")[0] for record in records for line in record.splitlines()]
    return {"hitl_sdk"} | {path.partition(",")[0].partition(".")[0] for path in paths}


def _runs_as_it_is(function: Function) -> bool:
    """Tell whether compiled modules in the zip are for this Python."""
    machine = {"x86_64": ("x86_64",), "arm64": ("aarch64",)}.get(function.architecture, ())
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return sys.platform == "linux" and platform.machine() in machine and function.runtime == version


def environment_of(function: Function) -> dict[str, str]:
    """Return the environment variables that Lambda sets, and the function's own.

    Examples
    --------
    >>> arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-mood"
    >>> function = Function(arn, "SageMaker-mood", "$LATEST", "mood.handler", "python3.14", "x86_64", "code", 3, 128)
    >>> environment_of(function)["AWS_REGION"]
    'eu-west-1'
    """
    return {
        **function.environment,
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_REGION": function.region,
        "LAMBDA_TASK_ROOT": function.folder,
    }


def handler_of(function: Function) -> Handler:
    """Import the handler; its folder must be where Python looks for modules.

    Raises
    ------
    Problem
        If its module can't be imported, or has no such function.
    """
    module_name, _, name = function.handler.rpartition(".")
    module_name = module_name.replace("/", ".")
    try:
        module = import_module(module_name)
    except (ImportError, ValueError) as error:  # a ValueError for no name at all
        raise Problem(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise Problem(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    except Exception as error:
        raise Problem(type(error).__name__, str(error)) from error
    handler: Handler | None = getattr(module, name, None)
    if handler is None:
        raise Problem("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'")
    return handler


def invoked(handler: Handler, event: object, context: Context) -> str:
    """Call a handler, and return its answer as JSON.

    Raises
    ------
    Problem
        If it raises, exits, or gives what JSON does not know, or too much of it.

    Examples
    --------
    >>> arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-mood"
    >>> function = Function(arn, "SageMaker-mood", "$LATEST", "mood.handler", "python3.14", "x86_64", "code", 3, 128)
    >>> invoked(lambda event, context: {"taskInput": event}, {"source": "hello"}, Context(function, 1))
    '{"taskInput": {"source": "hello"}}'
    """
    try:
        result = handler(event, context)
    except SystemExit as error:
        raise Problem("Runtime.ExitError", f"the function exited with {error.code}") from error
    except Exception as error:
        raise Problem(type(error).__name__, str(error)) from error
    try:
        answer = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Problem("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if len(answer) > LONGEST_PAYLOAD:
        raise Problem(
            "Function.ResponseSizeTooLarge",
            f"Response payload size exceeded maximum allowed payload size ({LONGEST_PAYLOAD} bytes).",
        )
    return answer


def main() -> None:
    """Serve a function: a line of its settings, then a line for each event, from stdin; answers to stdout.

    An answer is ``{"result": ...}``, or ``{"errorType": ..., "errorMessage": ...}``. What the function itself
    prints goes to stderr.
    """
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        function = Function(**json.loads(sys.stdin.readline()))
        _settle(function)
        handler: Handler | None = None
        for number, line in enumerate(sys.stdin, start=1):
            try:
                handler = handler or handler_of(function)
                result = invoked(handler, json.loads(line), Context(function, number))
                answer = f'{{"result": {result}}}'
            except Problem as problem:
                answer = json.dumps({"errorType": problem.kind, "errorMessage": problem.message})
            answers.write(answer + "\n")
            answers.flush()


def _settle(function: Function) -> None:
    """Make this process the function's: its variables, its folder, its modules."""
    os.environ.update(environment_of(function))
    os.chdir(function.folder)
    if _runs_as_it_is(function):
        sys.path.insert(0, function.folder)
    else:
        sys.meta_path.insert(0, FunctionModules(function.folder))


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # nobody waits for the answer: the service has died
        main()
