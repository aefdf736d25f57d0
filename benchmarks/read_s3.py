"""20,000 output.json objects over HTTP to a frame: this package beside the lab's loop and boto3 in threads.

Run ``python -m benchmarks.read_s3 [--objects N] [--delay SECONDS] [--repeat N] [--json FILE]``. A stand-in for S3
answers each request after 20 ms, as S3 itself does. It is a process of its own, and so is each way; memory is the
peak over what was loaded before. What is slow reads a part of the objects, and counts by the object.
"""

from __future__ import annotations

import argparse
import json
import platform
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks._process import in_its_own_process, measured
from benchmarks._report import report
from benchmarks._s3_server import BUCKET, output_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from mypy_boto3_s3 import S3Client

    from hitl_sdk import Session

OURS = "hitl_sdk"
LAB = "the lab: boto3, one by one"
THREADS = "boto3 in 32 threads"
AIMS = {LAB: 50.0, THREADS: 5.0}
SHARES = {LAB: 0.02, THREADS: 0.2, "hitl_sdk without obstore": 0.2}
"""How many of the objects the slow ways read."""

PREFIX = f"s3://{BUCKET}/a2i/sentiment"


def ours(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    from benchmarks.read_outputs import TASK
    from hitl_sdk.results import answers_frame, read_outputs

    yield answers_frame(read_outputs(session, [f"s3://{BUCKET}/{key}" for key in keys]), TASK)


def without_obstore(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    sys.modules["obstore"] = None  # type: ignore[assignment]  # an import fails as if it were not installed
    return ours(session, keys)


def by_prefix(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    from benchmarks.read_outputs import TASK
    from hitl_sdk.results import answers_frame, read_prefix

    yield answers_frame(read_prefix(session, PREFIX), TASK)[: len(keys)]


def in_batches(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    from benchmarks.read_outputs import TASK
    from hitl_sdk.results import answers_frame, iter_prefix

    for outputs in iter_prefix(session, PREFIX, batch_size=1000):
        yield answers_frame(outputs, TASK)[: len(keys)]


def the_lab(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Do what the course notebook does: fetch, load, append, one after the other."""
    import pandas as pd

    s3 = session.client("s3")
    yield pd.DataFrame([_fixed_item(s3, key) for key in keys])


def boto3_threads(session: Session, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    import pandas as pd

    s3 = session.client("s3")
    with ThreadPoolExecutor(32) as pool:
        yield pd.DataFrame(list(pool.map(lambda key: _fixed_item(s3, key), keys)))


def _fixed_item(s3: S3Client, key: str) -> dict[str, object]:
    output = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode("utf-8"))
    return {
        "input_content": output["inputContent"],
        "human_answer": output["humanAnswers"][0]["answerContent"],
    }


WAYS: dict[str, Callable[[Session, Sequence[str]], Iterator[pd.DataFrame]]] = {
    OURS: ours,
    "hitl_sdk, a prefix, listed too": by_prefix,
    "hitl_sdk, a prefix, in batches of 1000": in_batches,
    "hitl_sdk without obstore": without_obstore,
    THREADS: boto3_threads,
    LAB: the_lab,
}


def measure(count: int, delay: float, repeat: int) -> dict[str, Any]:
    """Return the best of `repeat` runs of each way, the ways taking turns."""
    best: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        at_once = stack.enter_context(_server(count, 0.0))
        ceiling = requests_a_second(at_once, min(count, 20_000))
        url = stack.enter_context(_server(count, delay))
        for _ in range(repeat):
            for name in WAYS:
                part = max(1, round(count * SHARES.get(name, 1.0)))
                figures = in_its_own_process(
                    "benchmarks.read_s3", "--way", name, "--url", url, "--objects", part
                )
                if name not in best or figures["seconds"] < best[name]["seconds"]:
                    best[name] = figures
    for name, figures in best.items():
        figures["objects_per_second"] = round(figures["rows"] / figures["seconds"], 1)
        figures["aim"] = AIMS.get(name)
    for figures in best.values():
        ratio = best[OURS]["objects_per_second"] / figures["objects_per_second"]
        figures["times_slower_than_ours"] = round(ratio, 2)
    return {
        "benchmark": "read_s3",
        "objects": count,
        "delay_seconds": delay,
        "server_requests_per_second_without_delay": round(ceiling),
        "python": platform.python_version(),
        "ways": best,
    }


@contextmanager
def _server(count: int, delay: float) -> Iterator[str]:
    command = ["-m", "benchmarks._s3_server", "--objects", str(count), "--delay", str(delay)]
    with subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def requests_a_second(url: str, count: int, connections: int = 32) -> float:
    """Return how many requests the stand-in answers to a client that does next to nothing itself."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    request = (
        f"GET /{BUCKET}/{output_keys(1)[0]} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: ceiling\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=x/y\r\n\r\n"
    ).encode()
    sockets = [socket.create_connection((parts.hostname, parts.port)) for _ in range(connections)]
    rounds = count // connections
    start = time.perf_counter()
    for _ in range(rounds):
        for each in sockets:
            each.sendall(request)
        for each in sockets:
            each.recv(65_536)
    seconds = time.perf_counter() - start
    for each in sockets:
        each.close()
    return rounds * connections / seconds


def run(name: str, url: str, count: int) -> dict[str, Any]:
    """Read `count` objects by one way, in this process."""
    import boto3
    import pandas as pd

    from hitl_sdk import Session

    keys = boto3.Session("testing", "testing", region_name="us-east-1")
    session = Session(endpoint_url=url, boto3_session=keys)
    session.client("s3")
    pd.DataFrame({"loaded": ["first"]})
    taken = measured(lambda: sum(len(frame) for frame in WAYS[name](session, output_keys(count))))
    if taken["rows"] != count:
        raise RuntimeError(f"{name}: {taken['rows']} rows of {count} objects")
    return taken


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [
        f"{result['objects']:,} output.json objects over HTTP, each after {result['delay_seconds'] * 1000:g} ms, "
        "to a frame",
        f"(the stand-in itself: {result['server_requests_per_second_without_delay']:,} requests/s without delay)",
        "",
        f"{'way':<40}{'objects':>9}{'s':>9}{'objects/s':>11}{'peak MiB':>10}{'ours is faster by':>20}",
    ]
    for name, way in result["ways"].items():
        aim = f" (aim {way['aim']:g})" if way["aim"] else ""
        lines.append(
            f"{name:<40}{way['rows']:>9,}{way['seconds']:>9.2f}{way['objects_per_second']:>11,.0f}"
            f"{way['peak_mib']:>10,.0f}{way['times_slower_than_ours']:>11.1f} x{aim}"
        )
    lines.append(
        "Ways that read a part of the objects are compared by the object; their memory is that of the part."
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--delay", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        taken = run(options.way, options.url, options.objects)
        print(json.dumps(taken))
        return taken
    result = measure(options.objects, options.delay, options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
