"""A stand-in for A2I over real HTTP, that answers after a while: StartHumanLoop, Describe- and ListHumanLoops, a flow.

Run ``python -m benchmarks._latency_server --delay 0.02``: it prints its address and serves until its input ends.
One process answers some 5,000 requests a second, which is more than boto3 asks for. ``GET /starts`` tells what was
started.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FLOW", "latency_server"]

FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/sentiment"

_FLOW_DEFINITION = {
    "FlowDefinitionArn": FLOW,
    "FlowDefinitionName": "sentiment",
    "FlowDefinitionStatus": "Active",
    "CreationTime": 0,
    "OutputConfig": {"S3OutputPath": "s3://reviews/a2i"},
    "RoleArn": "arn:aws:iam::123456789012:role/review",
}


class Runtime:
    """The human loops that were started, by name, and how long each answer takes."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.calls = 0
        self.names: set[str] = set()
        self.first = self.last = 0.0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return status and document."""
        if path == "/starts":
            return 200, {"calls": self.calls, "loops": len(self.names), "seconds": self.last - self.first}
        if method == "HEAD":  # of the bucket that answers go to
            return 200, {}
        if method == "POST" and path == "/":
            return 200, _FLOW_DEFINITION
        if method == "POST":
            name = json.loads(body)["HumanLoopName"]
            self.calls += 1
            self.names.add(name)
            self.last = time.perf_counter()
            self.first = self.first or self.last
            return 200, {"HumanLoopArn": f"arn:aws:sagemaker:us-east-1:123456789012:human-loop/{name}"}
        if path.startswith("/human-loops?"):
            return 200, {"HumanLoopSummaries": []}
        return 404, {"Message": "no such human loop"}


class _Connection(asyncio.Protocol):
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            head, _, rest = self._pending.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").lower().split("\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
            if len(rest) < length:
                return
            self._pending = rest[length:]
            method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            status, document = self._runtime.answer(method, path, rest[:length])
            body = b"" if method == "HEAD" else json.dumps(document).encode()
            asyncio.get_running_loop().call_later(self._runtime.delay, self._write, status, body)

    def _write(self, status: int, body: bytes) -> None:
        kind = "" if status == 200 else "x-amzn-ErrorType: ResourceNotFoundException\r\n"
        head = (
            f"HTTP/1.1 {status} OK\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n"
            f"{kind}x-amzn-RequestId: REQUEST1\r\n\r\n"
        )
        self._transport.write(head.encode() + body)


@contextmanager
def latency_server(delay: float) -> Iterator[str]:
    """Serve in a process of its own for the length of the block, which gets the address."""
    command = [sys.executable, "-m", "benchmarks._latency_server", "--delay", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


async def _serve(delay: float) -> None:
    loop, runtime = asyncio.get_running_loop(), Runtime(delay)
    server = await loop.create_server(lambda: _Connection(runtime), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--delay", type=float, default=0.02, metavar="SECONDS")
    asyncio.run(_serve(parser.parse_args().delay))


if __name__ == "__main__":
    main()
