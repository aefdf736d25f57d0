"""Runs a Lambda function in a process of its own, which stays warm between calls and ends at its time-out."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict
from threading import Lock, Timer
from typing import TYPE_CHECKING

from hitl_sdk.local import lambda_runtime
from hitl_sdk.local.lambda_runtime import Problem

if TYPE_CHECKING:
    from hitl_sdk.local.lambda_runtime import Function

__all__ = ["FunctionApart"]

_SECONDS_TO_START = 10  # as Lambda allows, besides the time-out of the call itself
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_FILE", "SYSTEMROOT", "TMPDIR", "TZ")
_log = logging.getLogger(__name__)


class FunctionApart:
    """A function that has an interpreter to itself: what is in its zip comes first, and it calls our own address.

    Parameters
    ----------
    function : Function
        With its code unpacked.
    endpoint_url : str
        Where its AWS clients find AWS.
    """

    def __init__(self, function: Function, endpoint_url: str) -> None:
        self._function = function
        self._endpoint_url = endpoint_url
        self._process: subprocess.Popen[str] | None = None
        self._one_at_a_time = Lock()

    def invoke(self, event: object) -> object:
        """Call the handler and return what it answered.

        Raises
        ------
        Problem
            If the handler raises, does not end in time, or ends its process.
        """
        with self._one_at_a_time:
            seconds = self._function.timeout
            if self._process is None:
                seconds += _SECONDS_TO_START
                self._process = self._started()
            answer = self._asked(self._process, json.dumps(event), seconds)
        if "errorType" in answer:
            # Its message may tell of what people work on, so it goes to who asked and not into the log.
            _log.warning("%s failed: %s", self._function.name, answer["errorType"])
            raise Problem(str(answer["errorType"]), str(answer["errorMessage"]))
        return answer["result"]

    def interrupt(self) -> None:
        """End the call that is under way, which fails, if there is one."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process, after the call that is under way."""
        with self._one_at_a_time:
            self._end()

    def _started(self) -> subprocess.Popen[str]:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        process = subprocess.Popen(  # noqa: S603  our own script
            [sys.executable, "-I", lambda_runtime.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin is not None  # noqa: S101  piped above
        process.stdin.write(json.dumps(asdict(self._function)) + "\n")
        return process

    def _asked(self, process: subprocess.Popen[str], event: str, seconds: int) -> dict[str, object]:
        """Send a line and return the line that comes back; a process that does not answer is no longer used."""
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        deadline = Timer(seconds, process.kill)
        deadline.start()
        try:
            process.stdin.write(event + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:  # it ended between two calls
            line = ""
        finally:
            in_time = deadline.is_alive()
            deadline.cancel()
        if line:
            answer: dict[str, object] = json.loads(line)
            return answer
        self._end()
        if in_time:
            return {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"Runtime exited with exit status {process.returncode}",
            }
        return {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"Task timed out after {self._function.timeout}.00 seconds",
        }

    def _end(self) -> None:
        """End the process, if there is one; what it waits for never comes, so nothing is lost."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
