"""Runs a Lambda function inside this process: for tests, where it is to be mocked, debugged and counted."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from hitl_sdk.local.lambda_runtime import Context, FunctionModules, environment_of, handler_of, invoked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from hitl_sdk.local.lambda_runtime import Function, Handler

__all__ = ["FunctionHere"]

# Environment and modules are the process's: one function at a time, and those that it invokes itself.
_calling = RLock()


class FunctionHere:
    """A function whose modules are its own, though it runs in this process.

    Its modules stand in `sys.modules` while it runs and never else, so functions whose modules are named alike
    don't meet. What is installed here is used in place of the same package in the zip, which may hold it for
    another Python. Time-out and memory are not enforced.

    Parameters
    ----------
    function : Function
        With its code unpacked.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._finder = FunctionModules(function.folder)
        self._modules: dict[str, ModuleType] = {}
        self._handler: Handler | None = None
        self._number = 0

    def invoke(self, event: object) -> object:
        """Call the handler with a copy of the event, and return what it answered.

        Raises
        ------
        Problem
            See `lambda_runtime.invoked`.
        """
        with _calling, self._surroundings():
            self._number += 1
            self._handler = self._handler or handler_of(self._function)
            copy = json.loads(json.dumps(event))
            answer: object = json.loads(invoked(self._handler, copy, Context(self._function, self._number)))
            return answer

    def interrupt(self) -> None:
        """Let the call that is under way end by itself: nothing can end it from outside."""

    def close(self) -> None:
        """Forget the modules."""
        self._modules.clear()
        self._handler = None

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """Put the function's variables and modules in place inside the block, and what was there back after it."""
        variables = environment_of(self._function)
        before = {name: os.environ.get(name) for name in variables}
        others = self._taken_from_sys()
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self._finder)
        os.environ.update(variables)
        try:
            yield
        finally:
            sys.meta_path.remove(self._finder)
            self._modules = self._taken_from_sys()
            sys.modules.update(others)
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _taken_from_sys(self) -> dict[str, ModuleType]:
        """Take all modules of this function's names out of `sys.modules`, whosever they are."""
        names = [name for name in sys.modules if name.partition(".")[0] in self._finder.names]
        return {name: sys.modules.pop(name) for name in names}
