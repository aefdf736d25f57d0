"""What the examples of video frames and point clouds have in common: one labeling job by three simulated workers."""

# --8<-- [start:imports]
import os
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from textwrap import indent

from _review import brief

import hitl_sdk as hitl
from hitl_sdk.training import picture

# --8<-- [end:imports]

BUCKET = "examples"
SHOWN = ("item", "label", "label_source", "metadata_type", "label_uri")


# --8<-- [start:label]
def label(
    name: str,
    task: hitl.tasks.Task,
    line: Mapping[str, object],
    truth: object,
    *,
    files: Mapping[str, bytes],
    image: bytes | None = None,
    accuracy: float = 1.0,
    jitter: float = 0.0,
) -> None:
    """Have three workers, who know the truth but err, label what one line of a manifest names."""
    with hitl.testing.mock_hitl() as cloud:
        session, bucket = cloud.session(), cloud.bucket(BUCKET)
        for key, content in files.items():
            session.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        cloud.workers.add(3, truth=lambda given: truth, accuracy=accuracy, jitter=jitter)

        job = hitl.LabelingJob(
            name="example",
            task=task,
            team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            role_arn=cloud.role_arn,
            input=hitl.labeling.InputManifest.from_lines([line]),
            output=f"s3://{bucket}/labels",
            workers_per_object=3,
        )
        job.ensure(session)
        job.wait(session, timeout=24 * 3600)
        row = job.read(session, "arrow", follow=True).to_pylist()[0]
    show(name, task, row, image)


# --8<-- [end:label]


def show(name: str, task: hitl.tasks.Task, row: dict[str, object], image: bytes | None) -> None:
    """Print the row of the job's output, and draw it into a file beside what is printed."""
    for column in SHOWN:
        value = brief(row[column])
        told = value if isinstance(value, str) else pformat(value, width=80, sort_dicts=False)
        print(indent(told, " " * 14).replace(" " * 14, f"{column:<14}", 1))
    folder = (
        os.environ.get("HITL_EXAMPLE_PICTURES") or Path(__file__).parents[1] / "output/tasks"
    )
    Path(folder, f"{name}.svg").write_text(picture(row, task, image=image), "utf-8")
