"""AWS starts the human loops itself: a flow with activation conditions, and the same rule for a model of one's own."""

import json
from collections.abc import Iterable
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.review import HumanLoopActivation
from hitl_sdk.routing import Prediction

TASK = hitl.tasks.RekognitionModeration(
    name="safety", labels=("Weapons", "Smoking"), title="What is unsafe in this image?"
)
SCORES = {
    "knife.jpg": ("Weapons", 98.2),
    "fork.jpg": ("Weapons", 63.5),
    "pipe.jpg": ("Smoking", 71.0),
}


def moderate(request: dict[str, Any]) -> dict[str, Any]:
    """Answer in Rekognition's place."""
    name, score = SCORES.get(request["Image"]["S3Object"]["Name"], ("", 0.0))
    label = {"Name": name, "Confidence": score, "ParentName": "Violence", "TaxonomyLevel": 2}
    return {"ModerationLabels": [label] if name else [], "ModerationModelVersion": "7.0"}


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
def flow_of(role_arn: str) -> hitl.ReviewFlow:
    """Return a flow whose human loops Rekognition starts."""
    return hitl.ReviewFlow(
        name="safety",
        team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://images/a2i",
        role_arn=role_arn,
        built_in=True,
        activation_conditions=UNSURE,
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


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.ai.answer("rekognition", "DetectModerationLabels", moderate)
        cloud.workers.answer(lambda item: {TASK.answer_key: {"moderationLabels": []}})
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
