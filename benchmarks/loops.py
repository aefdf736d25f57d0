"""10,000 human loops started and completed on the embedded service, beside plain boto3 one by one.

Run ``python -m benchmarks.loops [--loops N] [--json FILE]``. The service is in memory, in this process:
what is measured is what a test suite pays, not the network.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hitl_sdk as hitl
from benchmarks._report import report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.testing import Cloud

BATCH = 5_000
"""As many loops as a flow may have in flight."""

TASK = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")


def measure(count: int) -> dict[str, Any]:
    """Return seconds and loops a second of the router's way and of the notebook's."""
    return {
        "benchmark": "loops",
        "loops": count,
        "ways": {"hitl_sdk, Router": _routed(count), "boto3, one by one": _one_by_one(count)},
    }


def _routed(count: int) -> dict[str, float]:
    with hitl.testing.mock_hitl() as cloud:
        flow_arn = _provision(cloud)
        router = hitl.Router(
            flow=flow_arn,
            task=TASK,
            policy=hitl.Threshold(0.90),
            session=cloud.session(),
            rate=None,
            progress=False,
        )
        spent = [0.0, 0.0, 0.0]
        for first in range(0, count, BATCH):
            predictions = [
                hitl.Prediction(item_id=str(number), item=f"review {number}", label="0", confidence=0.5)
                for number in range(first, min(first + BATCH, count))
            ]
            start = time.perf_counter()
            run = router.route(predictions)
            started = time.perf_counter()
            if not run.wait(timeout=3600).ok:
                raise RuntimeError(f"not every loop was completed: {run}")
            completed = time.perf_counter()
            if run.training_frame()["label"].notna().sum() != len(predictions):
                raise RuntimeError("items were lost")
            steps = (started - start, completed - started, time.perf_counter() - completed)
            spent = [total + step for total, step in zip(spent, steps, strict=True)]
        return _figures(count, *spent)


def _one_by_one(count: int) -> dict[str, float]:
    """Do what the course notebook does: a start, a describe and a read for each, one after the other."""
    with hitl.testing.mock_hitl() as cloud:
        flow_arn = _provision(cloud)
        session = cloud.session()
        a2i, s3 = session.client("sagemaker-a2i-runtime"), session.client("s3")
        names = [f"loop-{number}" for number in range(count)]
        start = time.perf_counter()
        for name in names:
            content = json.dumps({"taskObject": f"review {name}", "initialValue": "0"})
            a2i.start_human_loop(
                HumanLoopName=name, FlowDefinitionArn=flow_arn, HumanLoopInput={"InputContent": content}
            )
        started = time.perf_counter()
        described = [a2i.describe_human_loop(HumanLoopName=name) for name in names]
        if any(answer["HumanLoopStatus"] != "Completed" for answer in described):
            raise RuntimeError("not every loop was completed")
        completed = time.perf_counter()
        for answer in described:
            _, _, bucket, key = answer["HumanLoopOutput"]["OutputS3Uri"].split("/", 3)
            json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return _figures(count, started - start, completed - started, time.perf_counter() - completed)


def _provision(cloud: Cloud) -> str:
    cloud.bucket("reviews")
    cloud.workers.answer(lambda _: {"sentiment": {"label": "0"}})
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="sentiment", team=team, task=TASK, output="s3://reviews/a2i", role_arn=cloud.role_arn
    )
    return flow.ensure(cloud.session()).arn


def _figures(count: int, start: float, complete: float, read: float) -> dict[str, float]:
    return {
        "start_seconds": round(start, 2),
        "complete_seconds": round(complete, 2),
        "read_seconds": round(read, 2),
        "loops_per_second": round(count / (start + complete + read)),
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as text for people."""
    lines = [
        f"{result['loops']:,} human loops on the embedded service, in process",
        f"{'':<22}{'start s':>10}{'complete s':>12}{'read s':>10}{'loops/s':>10}",
    ]
    lines += [
        f"{name:<22}{way['start_seconds']:>10.2f}{way['complete_seconds']:>12.2f}{way['read_seconds']:>10.2f}"
        f"{way['loops_per_second']:>10,}"
        for name, way in result["ways"].items()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description="Human loops started and completed on the embedded service.")
    parser.add_argument("--loops", type=int, default=10_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(options.loops)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
