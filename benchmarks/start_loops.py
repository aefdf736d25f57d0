"""10,000 human loops started at 20 ms latency, beside the notebook's way: one plain boto3 call after the other.

Run ``python -m benchmarks.start_loops [--loops N] [--sample N] [--rate N] [--json FILE]``. The service is a stand-in
over HTTP in a process of its own, which answers each call 20 ms later. Of the notebook's way a sample is measured,
and its seconds are extrapolated to all loops. With a rate, what counts is how near the starts come to it.
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

import hitl_sdk as hitl
from benchmarks._latency_server import FLOW, latency_server
from benchmarks._process import in_its_own_process
from benchmarks._report import report
from hitl_sdk.loops import LoopRequest, human_loop_name, start_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEQUENTIAL, UNLIMITED, PACED = "boto3, one by one", "hitl_sdk, no limit", "hitl_sdk, at a rate"


def boto3_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


def requests(count: int) -> Iterator[LoopRequest]:
    """Yield what the router would ask for."""
    for number in range(count):
        text = f"review {number}"
        yield LoopRequest(FLOW, human_loop_name(FLOW, text), {"taskObject": text, "initialValue": "0"})


def one_by_one(url: str, count: int) -> None:
    """Do what the notebooks do."""
    runtime = boto3_session().client("sagemaker-a2i-runtime", endpoint_url=url)
    for number in range(count):
        runtime.start_human_loop(
            HumanLoopName=f"loop-{number}",
            FlowDefinitionArn=FLOW,
            HumanLoopInput={
                "InputContent": json.dumps({"taskObject": f"review {number}", "initialValue": "0"})
            },
        )


def streamed(url: str, count: int, rate: float | None) -> None:
    """Start them with this package."""
    session = hitl.Session(endpoint_url=url, boto3_session=boto3_session())
    started = sum(start.status == "started" for start in start_stream(session, requests(count), rate=rate))
    if started != count:
        raise RuntimeError(f"{started} of {count} loops were started")


def run_one_way(way: str, count: int, rate: float, delay: float) -> dict[str, Any]:
    """Return what a way takes, in this process; the stand-in tells whether each loop was started once."""
    with latency_server(delay) as url:
        cpu, start = time.process_time(), time.perf_counter()
        if way == SEQUENTIAL:
            one_by_one(url, count)
        else:
            streamed(url, count, rate if way == PACED else None)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        with urllib.request.urlopen(f"{url}/starts") as answer:
            told = json.load(answer)
        if (told["calls"], told["loops"]) != (count, count):
            raise RuntimeError(f"the service has seen {told} of {count} loops")
    return {
        "loops": count,
        "seconds": round(seconds, 2),
        "loops_per_second": round(count / seconds, 1),
        "cpu_ms_per_loop": round(cpu * 1000 / count, 2),
    }


def measure(count: int, sample: int, rate: float, delay: float) -> dict[str, Any]:
    """Return seconds and rates of the three ways, each in a process of its own."""
    sizes = {SEQUENTIAL: sample, UNLIMITED: count, PACED: count}
    ways = {
        way: in_its_own_process("benchmarks.start_loops", "--way", way, "--loops", size, "--rate", rate)
        for way, size in sizes.items()
    }
    usual = ways[SEQUENTIAL]["loops_per_second"]
    for way in ways.values():
        way["seconds_for_all"] = round(count / way["loops_per_second"], 1)
        way["times_the_notebook"] = round(way["loops_per_second"] / usual, 1)
    return {
        "benchmark": "start_loops",
        "loops": count,
        "delay": delay,
        "rate": rate,
        "off_the_rate": round(ways[PACED]["loops_per_second"] / rate - 1, 4),
        "ways": ways,
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as text for people."""
    lines = [
        f"{result['loops']:,} human loops started at {result['delay'] * 1000:g} ms latency",
        f"{'':<22}{'measured':>10}{'all, s':>10}{'loops/s':>10}{'CPU ms':>9}{'notebook':>10}",
    ]
    lines += [
        f"{name:<22}{way['loops']:>10,}{way['seconds_for_all']:>10.1f}{way['loops_per_second']:>10.1f}"
        f"{way['cpu_ms_per_loop']:>9.2f}{way['times_the_notebook']:>8.1f} x"
        for name, way in result["ways"].items()
    ]
    lines.append(f"at a rate of {result['rate']:g} a second: {result['off_the_rate']:+.1%} off")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--loops", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=400, help="of the notebook's way")
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--delay", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.way:
        printed = run_one_way(options.way, options.loops, options.rate, options.delay)
        print(json.dumps(printed))
        return printed
    result = measure(options.loops, options.sample, options.rate, options.delay)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
