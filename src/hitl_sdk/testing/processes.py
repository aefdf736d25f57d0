"""`local_server`: the review service as a process of its own, for the length of a test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from hitl_sdk.errors import ConfigurationError
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LocalServer", "local_server"]

READY = "hitl local service ready on "
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 20
_KEYS = ("testing", "testing")  # the service knows no keys; clients insist on having some


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running review service.

    Attributes
    ----------
    url : str
        Its address: what ``AWS_ENDPOINT_URL`` wants.
    pid : int
        Its process.

    Examples
    --------
    >>> LocalServer("http://127.0.0.1:8484", pid=4711).environment["AWS_ENDPOINT_URL"]
    'http://127.0.0.1:8484'
    """

    url: str
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which any AWS client, in any language, calls this service."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": _KEYS[0],
            "AWS_SECRET_ACCESS_KEY": _KEYS[1],
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def session(self, region_name: str = "us-east-1") -> Session:
        """Return a session whose calls this service answers.

        Parameters
        ----------
        region_name : str, default "us-east-1"
            The Region.
        """
        import boto3

        keys = boto3.Session(*_KEYS, region_name=region_name)
        return Session(region_name=region_name, endpoint_url=self.url, boto3_session=keys)

    def reset(self) -> None:
        """Forget everything: moto's services and human review."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310  our own server
        with urllib.request.urlopen(request) as response:  # noqa: S310
            response.read()


@contextmanager
def local_server(
    *,
    simulate_workers: bool = True,
    error_rate: float = 0.0,
    seed: int = 0,
    data: Path | str | None = None,
    endpoints: Mapping[str, str] | None = None,
    port: int = 0,
) -> Iterator[LocalServer]:
    """Run ``hitl local up`` as a child process, and end it at the end of the block.

    Parameters
    ----------
    simulate_workers : bool, default True
        Let simulated workers answer every task: the pre-set value where there is one, else the first
        choice, or nothing drawn, marked or painted.
    error_rate : float, default 0.0
        Chance, 0 to 1, that a label of theirs is wrong; of several labels, shapes, spans and words each by itself.
    seed : int, default 0
        Of the simulated workers and of ids.
    data : path, optional
        Directory that keeps human review and what moto holds; in memory when left out.
    endpoints : mapping of str to str, optional
        Simulated endpoints: name to ``"module:function"``.
    port : int, default 0
        Where to listen on 127.0.0.1; 0 takes a free port.

    Yields
    ------
    LocalServer

    Raises
    ------
    ConfigurationError
        If the process ends before it is ready.

    Examples
    --------
    >>> with local_server() as server:
    ...     server.session().client("sagemaker").list_workteams()["Workteams"]
    []
    """
    command = [sys.executable, "-m", "hitl_sdk.cli", "local", "up", "--port", str(port), "--seed", str(seed)]
    if simulate_workers:
        command += ["--simulate-workers", "--error-rate", str(error_rate)]
    if data is not None:
        command += ["--data", str(data)]
    for name, function in (endpoints or {}).items():
        command += ["--endpoint", f"{name}={function}"]
    with tempfile.TemporaryDirectory() as state:
        errors = Path(state, "stderr")
        with errors.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603  our own command
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "XDG_STATE_HOME": state, "TYPER_USE_RICH": "false"},
            )
        with process:
            try:
                yield LocalServer(_address(process, errors), process.pid)
            finally:
                _end(process)


def _address(process: subprocess.Popen[bytes], errors: Path) -> str:
    """Return the address of the ready line, which is the first the process writes; it has a minute for it."""
    assert process.stdout is not None  # noqa: S101  piped above
    deadline = Timer(_SECONDS_TO_START, process.kill)
    deadline.start()
    try:
        line = process.stdout.readline().decode().strip()
    finally:
        deadline.cancel()
    if line.startswith(READY):
        return line.removeprefix(READY)
    process.wait()
    said = errors.read_text("utf-8", errors="replace").strip().splitlines()
    raise ConfigurationError(
        f"the local service did not start (exit code {process.returncode})",
        hint=said[-1] if said else None,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process: politely, then not."""
    process.terminate()
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
