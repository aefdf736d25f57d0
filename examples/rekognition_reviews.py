"""Images that Rekognition moderates: a calibrated, budgeted, resumable review; a Python function answers in its place."""

# --8<-- [start:imports]
from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.routing import (
    InvalidPrediction,
    calibrate,
    from_rekognition_moderation,
    predictions_frame,
)

# --8<-- [end:imports]

UNSAFE = ("Weapons", "Smoking")
TASK = hitl.tasks.RekognitionModeration(
    name="safety", labels=UNSAFE, title="What is unsafe in this image?", none_of_these="Nothing"
)
KNOWN = [f"s3://images/known/{number}.jpg" for number in range(400)]
NEW = [f"s3://images/new/{number}.jpg" for number in range(200)]


def truth(image: str) -> tuple[str, ...]:
    """Say what an image really shows: this world's own rule."""
    return Random(image).choice([(), (), ("Weapons",), ("Smoking",)])


# --8<-- [start:stand-in]
def moderate(request: dict[str, Any]) -> dict[str, Any]:
    """Answer DetectModerationLabels: as often right as the score says."""
    place = request["Image"]["S3Object"]
    image = f"s3://{place['Bucket']}/{place['Name']}"
    draw = Random(f"model {image}")
    sure = 1 - 0.5 * draw.random() ** 3
    seen = truth(image) if draw.random() < sure else UNSAFE[:1]
    score = sure if seen else 1 - sure
    label = {
        "Name": (seen or UNSAFE[1:])[0],
        "ParentName": "Violence" if seen == ("Weapons",) else "Drugs & Tobacco",
        "Confidence": round(100 * score, 2),
        "TaxonomyLevel": 2,
    }
    return {"ModerationLabels": [label], "ModerationModelVersion": "7.0"}


# --8<-- [end:stand-in]


# --8<-- [start:ask]
def ask(session: hitl.Session, images: Iterable[str]) -> None:
    """Print one line an image."""
    for prediction in from_rekognition_moderation(session, images, labels=UNSAFE):
        if isinstance(prediction, InvalidPrediction):
            print(prediction.item, "is not usable:", prediction.error)
        else:
            print(prediction.item, prediction.label, f"{prediction.confidence:.3f}")


# --8<-- [end:ask]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Choose a threshold from images that people have judged, and review what falls below it."""
    ask = partial(from_rekognition_moderation, session, labels=UNSAFE)
    checked = predictions_frame(ask(KNOWN)).dropna(subset=["label"])  # what was refused
    checked["truth"] = are_right(checked)
    found = calibrate(checked, target_error=0.05, hold="observed")
    print(found)

    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=60)
    # Run again under this name, it goes on with this run.
    return router.route(ask(NEW), name="images-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:truth]
def are_right(frame: pd.DataFrame) -> list[bool]:
    """Say of each image whether it has the labels that it should have, and no others."""
    given = zip(frame["label"], frame["item"], strict=True)
    return [tuple(label) == truth(item) for label, item in given]


# --8<-- [end:truth]


# --8<-- [start:figures]
def report(frame: pd.DataFrame) -> None:
    """Print who labelled how many images, and how many of them rightly."""
    frame = frame.assign(right=are_right(frame))
    for source, part in frame.groupby("label_source"):
        print(f"{source}: {len(part)} images, {part['right'].sum()} right")


# --8<-- [end:figures]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.ai.answer("rekognition", "DetectModerationLabels", moderate)
        cloud.workers.answer(
            lambda item: {
                TASK.answer_key: {"moderationLabels": list(truth(item["taskObject"]))}
            }
        )
        session, bucket = cloud.session(), cloud.bucket("images")
        flow = hitl.ReviewFlow(
            name="safety",
            team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            task=TASK,
            output=f"s3://{bucket}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        ask(session, ["s3://images/new/0.jpg", "s3://images/new/1.jpg", "new/2.jpg"])
        run = review(session, flow)
        print(run.wait(timeout=7 * 24 * 3600))
        report(run.training_frame())
        again = hitl.Run.open("images-2026-11", session=session, task=TASK)
        print(again.status().completed, "found again")
