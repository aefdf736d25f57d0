"""AWS starts the human loops itself: a flow with activation conditions, and the same rule for a model of one's own."""

# --8<-- [start:imports]
import json
from collections.abc import Iterable
from random import Random
from typing import Any

import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.review import HumanLoopActivation
from hitl_sdk.routing import (
    InvalidPrediction,
    Prediction,
    calibrate,
    from_rekognition_moderation,
    predictions_frame,
)

# --8<-- [end:imports]

TASK = hitl.tasks.RekognitionModeration(
    name="safety", labels=("Weapons", "Smoking"), title="What is unsafe in this image?"
)
SCORES = {
    "knife.jpg": ("Weapons", 98.2),
    "fork.jpg": ("Weapons", 63.5),
    "pipe.jpg": ("Smoking", 71.0),
}
KNOWN = [f"s3://images/known/{number}.jpg" for number in range(250)]
NEW = [f"s3://images/new/{number}.jpg" for number in range(100)]


def moderate(request: dict[str, Any]) -> dict[str, Any]:
    """Answer in Rekognition's place."""
    image = request["Image"]["S3Object"]["Name"]
    name, score = SCORES[image] if image in SCORES else seen(image)
    if score < request.get("MinConfidence", 50):
        name = ""
    label = {"Name": name, "Confidence": score, "ParentName": "Violence", "TaxonomyLevel": 2}
    return {"ModerationLabels": [label] if name else [], "ModerationModelVersion": "7.0"}


def truth(image: str) -> list[str]:
    """Say what an image really shows: this world's own rule."""
    return Random(image).choice([[], [], ["Weapons"], ["Smoking"]])


def seen(name: str) -> tuple[str, float]:
    """See one label in an image, or none: the less sure, the more often wrong."""
    if "/" not in name:
        return "", 0.0
    draw = Random(f"model {name}")
    sure = 1 - 0.5 * draw.random() ** 2
    labels = truth(f"s3://images/{name}")
    if draw.random() > sure:
        labels = draw.choice([[], ["Weapons"], ["Smoking"]])
    return (labels[0], round(100 * sure, 1)) if labels else ("", 0.0)


# --8<-- [start:conditions]
UNSURE = hitl.ActivationConditions.parse(
    {
        "Conditions": [
            {
                "ConditionType": "ModerationLabelConfidenceCheck",
                "ConditionParameters": {"ModerationLabelName": "*", "ConfidenceLessThan": 80},
            },
            {
                "ConditionType": "Sampling",
                "ConditionParameters": {"RandomSamplingPercentage": 1},
            },
        ]
    }
)
# --8<-- [end:conditions]


# --8<-- [start:flow]
def flow_of(
    role_arn: str, name: str = "safety", conditions: hitl.ActivationConditions = UNSURE
) -> hitl.ReviewFlow:
    """Return a flow whose human loops Rekognition starts."""
    return hitl.ReviewFlow(
        name=name,
        team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://images/a2i",
        role_arn=role_arn,
        built_in=True,
        activation_conditions=conditions,
    )


# --8<-- [end:flow]


# --8<-- [start:ask]
def ask(reviews: hitl.BuiltInReviews, images: Iterable[str]) -> None:
    """Print what AWS has decided; the human loops are started by then."""
    for prediction in reviews.ask(images):
        activation = HumanLoopActivation.of(prediction.raw)
        print(
            prediction.item, "people" if activation.started else "accepted", activation.reasons
        )


# --8<-- [end:ask]


# --8<-- [start:review]
def review(session: hitl.Session, flow: hitl.ReviewFlow, images: Iterable[str]) -> hitl.Run:
    """Follow the loops to their end, as those of any run."""
    reviews = hitl.BuiltInReviews(
        flow=flow,
        session=session,
        content_classifiers=["FreeOfPersonallyIdentifiableInformation"],
    )
    router = hitl.Router(flow=flow, policy=reviews.policy, session=session, progress=False)
    run = router.route(reviews.ask(images), name="june")
    run.wait(timeout=7 * 24 * 3600)
    return run


# --8<-- [end:review]


# --8<-- [start:ten_lines]
def calibrated(session: hitl.Session, role_arn: str) -> hitl.Run:
    """Choose the conditions' threshold from images that people have judged; AWS does the rest."""
    known = from_rekognition_moderation(session, KNOWN, min_confidence=0.5)  # as `ask` does
    found = calibrate(judged(known), review_budget=0.20)
    print(found)

    rule = hitl.ActivationConditions.from_policy(found.policy, service="rekognition")
    flow = flow_of(role_arn, name="safety-calibrated", conditions=rule)
    flow.ensure(session)
    reviews = hitl.BuiltInReviews(flow=flow, session=session)
    router = hitl.Router(flow=flow, policy=reviews.policy, session=session)
    return router.route(reviews.ask(NEW), name="images-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:judged]
def judged(predictions: Iterable[Prediction | InvalidPrediction]) -> pd.DataFrame:
    """Say of each image whether its labels are right, and which score decides: that of its least sure label."""
    frame = predictions_frame(predictions, "pandas").dropna(subset=["confidence"])
    given = [[each for each in label if each in TASK.labels] for label in frame["label"]]
    right = [label == truth(item) for label, item in zip(given, frame["item"], strict=True)]
    # An image without a label meets no condition, so it is as if it were sure.
    lowest = [
        min((each["score"] for each in scores), default=1.0) for scores in frame["scores"]
    ]
    return frame.assign(truth=right, confidence=lowest)


# --8<-- [end:judged]


# --8<-- [start:own]
def decide(response: dict[str, Any]) -> None:
    """Decide by the same rule on this machine: for another model, or before the flow exists."""
    for place, condition in enumerate(
        UNSURE.evaluate(response, draw_key="1").results["Conditions"]
    ):
        print(place, condition["ConditionType"], condition["EvaluationResult"])
    prediction = Prediction("1", "s3://images/1.jpg", ("Weapons",), 0.635, raw=response)
    print(UNSURE.decide_one(prediction))


# --8<-- [end:own]


# --8<-- [start:boto3]
def plain_boto3(session: hitl.Session, flow_definition_arn: str) -> None:
    """Call Rekognition as any program would."""
    response = session.client("rekognition").detect_moderation_labels(
        Image={"S3Object": {"Bucket": "images", "Name": "spoon.jpg"}},
        HumanLoopConfig={"HumanLoopName": "spoon", "FlowDefinitionArn": flow_definition_arn},
    )
    output = response["HumanLoopActivationOutput"]
    conditions = json.loads(output["HumanLoopActivationConditionsEvaluationResults"])[
        "Conditions"
    ]
    print("HumanLoopArn" in output, [condition["EvaluationResult"] for condition in conditions])


# --8<-- [end:boto3]


def answered(item: dict[str, Any]) -> dict[str, Any]:
    """Answer as a person would; the first four images are all harmless."""
    place = item["aiServiceRequest"]["image"]["s3Object"]
    image = f"s3://{place['bucket']}/{place['name']}"
    return {TASK.answer_key: {"moderationLabels": truth(image) if image in NEW else []}}


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.ai.answer("rekognition", "DetectModerationLabels", moderate)
        cloud.workers.answer(answered)
        session, bucket = cloud.session(), cloud.bucket("images")
        flow = flow_of(cloud.role_arn)
        arn = flow.ensure(session).arn
        images = [f"s3://images/{name}" for name in (*SCORES, "spoon.jpg")]
        ask(hitl.BuiltInReviews(flow=flow, session=session), images)
        run = review(session, flow, images)
        print(
            run.training_frame()[["item", "label", "label_source", "reason"]].to_string(
                index=False
            )
        )
        print(
            len(
                session.client("sagemaker-a2i-runtime").list_human_loops(FlowDefinitionArn=arn)[
                    "HumanLoopSummaries"
                ]
            )
        )
        decide(moderate({"Image": {"S3Object": {"Name": "fork.jpg"}}}))
        plain_boto3(session, arn)

        run = calibrated(session, cloud.role_arn)
        print(run.wait(timeout=7 * 24 * 3600))
        frame = run.training_frame()
        right = [
            list(label) == truth(item)
            for label, item in zip(frame["label"], frame["item"], strict=True)
        ]
        print(f"of {len(right)} images {sum(right) / len(right):.1%} are right")
