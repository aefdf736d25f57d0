"""The A2I lab: from a Cognito pool to a training frame.

Product reviews are classified as negative, neutral or positive. What the model is not sure of
goes to people.

    python examples/a2i_lab.py                   on the embedded service, reviewers simulated
    python examples/a2i_lab.py BUCKET ROLE_ARN   on AWS, with the endpoint "sentiment" deployed

and with AWS_ENDPOINT_URL=http://127.0.0.1:8484 on a local service.
"""

# --8<-- [start:imports]
import sys

import hitl_sdk as hitl
from hitl_sdk.routing import from_endpoint

# --8<-- [end:imports]

REVIEWS = [
    "I enjoy this product",
    "I am unhappy with this product",
    "It is okay",
    "sometimes it works",
]


# --8<-- [start:review]
def review(session: hitl.Session, bucket: str, role_arn: str) -> hitl.Run:
    """Provision team and flow, ask the model, let people answer what it is not sure of."""
    title = "Classify reviews by sentiment: -1 (negative), 0 (neutral), 1 (positive)"
    meanings = {
        "1": "joy, excitement, delight",
        "0": "neither positive nor negative",
        "-1": "anger, anxiety",
    }
    task = hitl.tasks.TextClassification(
        name="sentiment",
        labels=["-1", "0", "1"],
        title=title,
        instructions=hitl.tasks.Instructions(short=title, full=meanings),
    )
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=team,
        task=task,
        output=f"s3://{bucket}/a2i-results",
        role_arn=role_arn,
    )
    flow.ensure(session)

    predictions = from_endpoint(session, "sentiment", REVIEWS)
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session)
    run = router.route(predictions)
    run.wait(timeout=7200)
    return run


# --8<-- [end:review]


def model(records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """Stand in for the deployed model: what the lab's own model says of the four reviews."""
    scores = {
        "I enjoy this product": (0.9376, 1),
        "I am unhappy with this product": (0.6340, -1),
        "It is okay": (0.5422, 1),
        "sometimes it works": (0.3931, 1),
    }
    known = [scores[record["features"][0]] for record in records]
    return [
        {"probability": probability, "predicted_label": label} for probability, label in known
    ]


# --8<-- [start:simulated]
def simulated() -> None:
    """Run it on the embedded service: the model and the reviewers are Python functions."""
    answers = {
        "I am unhappy with this product": "-1",
        "It is okay": "0",
        "sometimes it works": "0",
    }
    with hitl.testing.mock_hitl(region="us-east-1") as cloud:
        cloud.bucket("lab")
        cloud.endpoints.serve("sentiment", model)
        cloud.workers.answer(lambda item: {"sentiment": {"label": answers[item["taskObject"]]}})
        show(review(cloud.session(), "lab", cloud.role_arn))


# --8<-- [end:simulated]


def show(run: hitl.Run) -> None:
    """Print the columns that tell the story."""
    columns = ["item", "label", "label_source", "model_label", "model_confidence"]
    print(run.training_frame()[columns].to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        show(review(hitl.Session(), *sys.argv[1:]))
    else:
        simulated()
