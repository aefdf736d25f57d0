"""The peak memory of routing 1,000, 10,000 and 100,000 predictions as a stream, which is to be flat in their number.

Run ``python -m benchmarks.stream_memory [--items N ...] [--json FILE]``. One in ten goes to people; the record is a
SQLite file, the service a stand-in over HTTP in a process of its own. What is measured is the peak of a process of its
own, over what it has loaded before.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hitl_sdk as hitl
from benchmarks._latency_server import latency_server
from benchmarks._process import in_its_own_process, measured
from benchmarks._report import report
from benchmarks.start_loops import boto3_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TASK = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
WARM_UP = 300


def predictions(first: int, count: int) -> Iterator[hitl.Prediction]:
    """Yield predictions with texts of some 500 characters, one in ten of them unsure."""
    for number in range(first, first + count):
        text = f"review {number} " + "it is okay " * 45
        yield hitl.Prediction(f"item-{number}", text, "1", 0.5 if number % 10 == 0 else 0.95)


def route(count: int) -> dict[str, Any]:
    """Route so many in this process, after some that load what there is to load."""
    with latency_server(0.0) as url, tempfile.TemporaryDirectory() as folder:
        router = hitl.Router(
            flow="sentiment",
            task=TASK,
            policy=hitl.Threshold(0.90),
            session=hitl.Session(endpoint_url=url, boto3_session=boto3_session()),
            record=f"sqlite:///{folder}/runs.db",
            rate=None,
            progress=False,
        )
        router.route(predictions(0, WARM_UP))

        def work() -> int:
            started = 0

            def count_one(_: object) -> None:
                nonlocal started
                started += 1

            router.route(predictions(WARM_UP, count), on_progress=count_one)
            return started

        taken = measured(work)
    if taken["rows"] != count // 10:
        raise RuntimeError(f"{taken['rows']} of {count // 10} loops were started")
    return {"items": count, **taken}


def measure(counts: Sequence[int]) -> dict[str, Any]:
    """Return the peaks, each of a process of its own."""
    runs = [in_its_own_process("benchmarks.stream_memory", "--in-process", count) for count in counts]
    return {"benchmark": "stream_memory", "runs": runs}


def table(result: dict[str, Any]) -> str:
    """Return the result as text for people."""
    lines = [
        "predictions routed as a stream, one in ten to people",
        f"{'items':>10}{'loops':>10}{'s':>10}{'peak MiB':>12}",
    ]
    lines += [
        f"{run['items']:>10,}{run['rows']:>10,}{run['seconds']:>10.1f}{run['peak_mib']:>12.1f}"
        for run in result["runs"]
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--in-process", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.in_process:
        printed = route(options.in_process)
        print(json.dumps(printed))
        return printed
    result = measure(options.items)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
