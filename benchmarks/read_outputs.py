"""100,000 output.json documents in memory to a frame: this package beside the lab's way and `json_normalize`.

Run ``python -m benchmarks.read_outputs [--documents N] [--repeat N] [--json FILE]``. The ratios hold from
machine to machine, the seconds do not. They are seconds of CPU, of all threads, so that whatever else runs
on the machine counts less.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks._report import report
from hitl_sdk.results import Outputs, answers_frame
from hitl_sdk.tasks import TextClassification

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LABELS = ("-1", "0", "1")
TASK = TextClassification(name="sentiment", labels=LABELS, title="Classify reviews by sentiment")
FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
OURS = "hitl_sdk to pandas"
LAB = "the lab: json.loads, list of dicts, DataFrame"
AIMS = {LAB: 4.0, "json.loads, json_normalize": 12.0}


def make_documents(count: int) -> list[bytes]:
    """Return documents of one answer each, as Amazon A2I writes them, all different."""
    return [_document(number) for number in range(count)]


def _document(number: int) -> bytes:
    seconds, milliseconds = number % 60, number % 1000
    answer = {
        "acceptanceTime": f"2023-02-03T10:00:{seconds:02}.{milliseconds:03}Z",
        "answerContent": {"sentiment": {"label": LABELS[number % 3]}},
        "submissionTime": f"2023-02-03T10:01:{seconds:02}.{milliseconds:03}Z",
        "timeSpentInSeconds": 60.0,
        "workerId": f"{number % 50:016x}",
        "workerMetadata": {
            "identityData": {
                "identityProviderType": "Cognito",
                "issuer": POOL,
                "sub": f"04fa4b1d-738d-449a-838f-{number % 50:012x}",
            }
        },
    }
    document = {
        "flowDefinitionArn": FLOW,
        "humanAnswers": [answer],
        "humanLoopName": f"{number:032x}",
        "inputContent": {"initialValue": "1", "taskObject": f"Review {number}: it broke on the first day"},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def ours(documents: Sequence[bytes]) -> pd.DataFrame:
    return answers_frame(Outputs(documents, flow_definition_arn=FLOW), TASK)


def the_lab(documents: Sequence[bytes]) -> pd.DataFrame:
    """Do what the course notebook does: nested columns, first answer only, no times."""
    fixed_items = []
    for content in documents:
        output = json.loads(content.decode("utf-8"))
        fixed_items.append(
            {
                "input_content": output["inputContent"],
                "human_answer": output["humanAnswers"][0]["answerContent"],
            }
        )
    return pd.DataFrame(fixed_items)


def by_hand(documents: Sequence[bytes]) -> pd.DataFrame:
    """Build the same frame as ours from a list of flat dicts, without any check."""
    rows: list[dict[str, object]] = []
    for content in documents:
        output = json.loads(content)
        rows.extend(
            {
                "item": output["inputContent"]["taskObject"],
                "worker": answer["workerId"],
                "label": answer["answerContent"]["sentiment"]["label"],
                "accepted_at": answer["acceptanceTime"],
                "submitted_at": answer["submissionTime"],
                "seconds_spent": answer["timeSpentInSeconds"],
                "human_loop_name": output["humanLoopName"],
            }
            for answer in output["humanAnswers"]
        )
    frame = pd.DataFrame(rows)
    for column in ("accepted_at", "submitted_at"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def normalized(documents: Sequence[bytes]) -> pd.DataFrame:
    return pd.json_normalize(
        [json.loads(content) for content in documents],
        record_path="humanAnswers",
        meta=["humanLoopName", "flowDefinitionArn", ["inputContent", "taskObject"]],
    )


WAYS: dict[str, Callable[[Sequence[bytes]], pd.DataFrame]] = {
    OURS: ours,
    LAB: the_lab,
    "the same frame by hand, unchecked": by_hand,
    "json.loads, json_normalize": normalized,
}


def measure(documents: Sequence[bytes], repeat: int) -> dict[str, Any]:
    """Return the best of `repeat` runs of each way, the ways taking turns."""
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(repeat):
        for name, way in WAYS.items():
            gc.collect()
            start = time.process_time()
            frame = way(documents)
            best[name] = min(best[name], time.process_time() - start)
            if len(frame) != len(documents):
                raise RuntimeError(f"{name}: {len(frame)} rows of {len(documents)} documents")
    return {
        "benchmark": "read_outputs",
        "documents": len(documents),
        "seconds_of": "CPU",
        "python": platform.python_version(),
        "msgspec": find_spec("msgspec") is not None,
        "ways": {
            name: {
                "seconds": round(seconds, 4),
                "documents_per_second": round(len(documents) / seconds),
                "times_slower_than_ours": round(seconds / best[OURS], 2),
                "aim": AIMS.get(name),
            }
            for name, seconds in best.items()
        },
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [f"{result['documents']:,} output.json documents to a frame", ""]
    lines.append(f"{'way':<48}{'CPU s':>9}{'documents/s':>14}{'ours is faster by':>20}")
    for name, way in result["ways"].items():
        aim = f" (aim {way['aim']:g})" if way["aim"] else ""
        lines.append(
            f"{name:<48}{way['seconds']:>9.3f}{way['documents_per_second']:>14,}"
            f"{way['times_slower_than_ours']:>11.1f} x{aim}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(make_documents(options.documents), options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
