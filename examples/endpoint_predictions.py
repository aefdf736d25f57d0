"""Ask a SageMaker endpoint for predictions; here a Python function answers in its place."""

# --8<-- [start:imports]
import json

import hitl_sdk as hitl
from hitl_sdk.routing import (
    InvalidPrediction,
    calibrate,
    from_endpoint,
    from_predictor,
    predictions_frame,
)

# --8<-- [end:imports]

REVIEWS = ["I love it", "It is okay", "Never again"]


# --8<-- [start:serve]
def model(records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """Answer as the endpoint would: one record an item. The third has no probability."""
    known: dict[str, dict[str, object]] = {
        "I love it": {"probability": 0.97, "predicted_label": 1},
        "It is okay": {"probability": 0.54, "predicted_label": 1},
    }
    return [known.get(record["features"][0], {"predicted_label": -1}) for record in records]


# --8<-- [end:serve]


# --8<-- [start:ask]
def ask(session: hitl.Session) -> None:
    """Print one line an item; a record that can't be used is that item's own outcome."""
    for prediction in from_endpoint(session, "sentiment", REVIEWS, item_ids=["r1", "r2", "r3"]):
        if isinstance(prediction, InvalidPrediction):
            print(prediction.item_id, "is not usable:", prediction.error)
        else:
            print(prediction.item_id, prediction.label, prediction.confidence)


# --8<-- [end:ask]


def vectors(document: dict[str, list[str]]) -> list[list[float]]:
    """Answer as a model that gives the probabilities of three labels."""
    return [
        [0.01, 0.02, 0.97] if "love" in text else [0.2, 0.26, 0.54]
        for text in document["inputs"]
    ]


# --8<-- [start:dialect]
def ask_in_another_dialect(session: hitl.Session) -> None:
    """Send what this model takes, and say in which order it gives the probabilities."""
    predictions = from_endpoint(
        session,
        "vectors",
        REVIEWS,
        content_type="application/json",
        encode=lambda texts: json.dumps({"inputs": texts}),
        labels=["-1", "0", "1"],
    )
    print(next(predictions))


# --8<-- [end:dialect]


# --8<-- [start:predictor]
class Predictor:
    """As the Predictor of sagemaker 2, or a client of your own: takes records, gives as many."""

    def predict(self, records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
        """Ask whatever stands behind it."""
        return model(records)


def ask_a_predictor() -> None:
    """Ask an object that makes its calls itself."""
    print([type(each).__name__ for each in from_predictor(Predictor(), REVIEWS)])


# --8<-- [end:predictor]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow, items: list[str]) -> hitl.Run:
    """Calibrate on labelled reviews, and have at most 500 of the new ones reviewed."""
    labelled = ["I love it", "It is okay", "Not bad", "Terrible"] * 100
    checked = predictions_frame(from_endpoint(session, "mood", labelled))
    checked["truth"] = ["1", "0", "1", "-1"] * 100
    policy = calibrate(checked, target_error=0.05).policy

    router = hitl.Router(flow=flow, policy=policy, session=session, max_reviews=500)
    return router.route(from_endpoint(session, "mood", items), name="moods-2026-11")


# --8<-- [end:ten_lines]


def mood(records: list[dict[str, list[str]]]) -> list[dict[str, object]]:
    """Answer as a model that takes every review for a good or a bad one."""
    sure = {"I love it": (1, 0.97), "Terrible": (-1, 0.93), "Not bad": (-1, 0.61)}
    known = [sure.get(record["features"][0], (1, 0.54)) for record in records]
    return [{"predicted_label": label, "probability": its} for label, its in known]


def reviewed(cloud: hitl.testing.Cloud) -> None:
    """Run the review; a person says of every text that it is neither good nor bad."""
    cloud.bucket("reviews")
    cloud.endpoints.serve("mood", mood)
    cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    task = hitl.tasks.TextClassification(
        name="sentiment", labels=["-1", "0", "1"], title="Mood?"
    )
    team = hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")])
    flow = hitl.ReviewFlow(
        name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    )
    flow.ensure(cloud.session())
    run = review(cloud.session(), flow, ["I love it", "It works", "Not bad"])
    run.wait(timeout=7200)
    print(
        run.training_frame()[["item", "label", "label_source", "reason"]].to_string(index=False)
    )


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.endpoints.serve("sentiment", model)
        cloud.endpoints.serve("vectors", vectors)
        ask(cloud.session())
        ask_in_another_dialect(cloud.session())
        ask_a_predictor()
        reviewed(cloud)
