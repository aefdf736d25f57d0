"""What the examples of all kinds of task have in common: one review by three simulated workers."""

# --8<-- [start:imports]
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from pprint import pformat
from textwrap import indent

import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.training import picture

# --8<-- [end:imports]

BUCKET = "examples"
SHOWN = ("item", "label", "label_source", "model_label", "confidence", "agreement", "n_workers")


# --8<-- [start:review]
def review(
    name: str,
    task: hitl.tasks.Task,
    predictions: Sequence[hitl.Prediction],
    truth: Mapping[str, object],
    *,
    files: Mapping[str, bytes] | None = None,
    accuracy: float = 0.9,
    jitter: float = 0.0,
) -> pd.DataFrame:
    """Have three workers, who know the truth of every item but err, look at all of them."""
    with hitl.testing.mock_hitl() as cloud:
        session, bucket = cloud.session(), cloud.bucket(BUCKET)
        for key, content in (files or {}).items():
            session.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        cloud.workers.add(
            3, truth=lambda given: truth[task.item(given)], accuracy=accuracy, jitter=jitter
        )

        team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
        flow = hitl.ReviewFlow(
            name="example",
            team=team,
            task=task,
            output=f"s3://{bucket}/a2i",
            role_arn=cloud.role_arn,
            task_count=3,
        )
        flow.ensure(session)
        router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session)
        run = router.route(predictions)
        run.wait(timeout=3600)
        frame = run.training_frame()
    first = {str(column): value for column, value in frame.iloc[0].to_dict().items()}
    show(name, task, first, files or {})
    return frame


# --8<-- [end:review]


def show(
    name: str, task: hitl.tasks.Task, row: dict[str, object], files: Mapping[str, bytes]
) -> None:
    """Print the first row of a training frame, and draw it into a file beside what is printed."""
    for column in SHOWN:
        value = brief(row[column])
        told = value if isinstance(value, str) else pformat(value, width=80, sort_dicts=False)
        print(indent(told, " " * 13).replace(" " * 13, f"{column:<13}", 1))
    image = files.get(str(row["item"]).removeprefix(f"s3://{BUCKET}/"))
    folder = (
        os.environ.get("HITL_EXAMPLE_PICTURES") or Path(__file__).parents[1] / "output/tasks"
    )
    Path(folder, f"{name}.svg").write_text(picture(row, task, image=image), "utf-8")


def brief(value: object) -> object:
    """Return a value for reading: numbers are rounded, of a mask its PNG is left out."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, list):
        return [brief(part) for part in value]
    if isinstance(value, dict):
        return {name: brief(part) for name, part in value.items() if name != "png"}
    return value
