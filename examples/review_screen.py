"""The review screen of the talk: many labels of one image, some sure, some dropped, the rest shown to a person."""

# --8<-- [start:imports]
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import from_rekognition_labels

# --8<-- [end:imports]

ADDRESS = "s3://images/desk.jpg"
PICTURE = files("sklearn.datasets.images").joinpath("china.jpg").read_bytes()

# --8<-- [start:found]
FOUND = {
    "Person": 99.70584106445312,
    "Computer": 99.43254089355469,
    "Monitor": 95.09449005126953,
    "School": 47.865745544433594,
    "Office": 42.91470718383789,
    "Doctor": 40.1298469543457,
    "Hospital": 35.05763626098633,
    "X-Ray": 32.236602783203125,
    "Painting": 23.11285972595215,
}
# --8<-- [end:found]


def detect_labels(_request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer in the place of Amazon Rekognition."""
    return {"Labels": [{"Name": name, "Confidence": each} for name, each in FOUND.items()]}


# --8<-- [start:task]
rule = hitl.EachLabel(hitl.Bands(accept=0.90, drop=0.40))
task = hitl.tasks.LabelReview(name="labels", title="Which labels are right?", rule=rule)
# --8<-- [end:task]


# --8<-- [start:review]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Ask Rekognition, and have a person look at the labels between 40 and 90 %."""
    predictions = from_rekognition_labels(session, [ADDRESS], item_ids=["desk"])
    run = hitl.Router(flow=flow, policy=rule, session=session).route(predictions)
    run.wait(timeout=7200)
    return run


# --8<-- [end:review]


def main() -> None:
    """Print the split, and the labels of the training row."""
    split = rule.split({name: each / 100 for name, each in FOUND.items()})
    print("accepted:", ", ".join(split.accepted))
    print("asked:   ", ", ".join(split.asked))
    print("dropped: ", ", ".join(split.dropped))

    with hitl.testing.mock_hitl() as cloud:
        session, bucket = cloud.session(), cloud.bucket("images")
        session.client("s3").put_object(Bucket=bucket, Key="desk.jpg", Body=PICTURE)
        cloud.ai.answer("rekognition", "DetectLabels", detect_labels)
        # --8<-- [start:answer]
        cloud.workers.answer(
            lambda item: {
                "labels": {"School": True, "Office": False, "Doctor": False},
                "labels-added": "Polo shirt",
            }
        )
        # --8<-- [end:answer]
        flow = hitl.ReviewFlow(
            name="labels",
            team=hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            task=task,
            output=f"s3://{bucket}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(session)
        # --8<-- [start:merged]
        row = review(session, flow).training_frame().iloc[0]
        print("\nmerged:")
        for each in row["label"]:
            print(f"{each['label']:<10} {each['confidence']:>8.2%}  {each['source']}")
        # --8<-- [end:merged]


if __name__ == "__main__":
    main()
