"""Sentiment by Amazon Comprehend: a threshold that keeps its errors down, and people for the rest."""

# --8<-- [start:imports]
from random import Random
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import (
    calibrate,
    from_comprehend_classifier,
    from_comprehend_entities,
    from_comprehend_sentiment,
    predictions_frame,
)

# --8<-- [end:imports]

FEELINGS = {"POSITIVE": "I love", "NEUTRAL": "I have", "NEGATIVE": "I return"}
TRUTH = {
    f"{FEELINGS[feeling]} the {thing} of order {number}": feeling
    for number in range(200)
    for thing in ("lamp", "chair")
    for feeling in FEELINGS
}
LABELLED, NEW = list(TRUTH)[:900], list(TRUTH)[900:]

# --8<-- [start:labels]
LABELS = {"POSITIVE": "1", "NEUTRAL": "0", "MIXED": "0", "NEGATIVE": "-1"}
# --8<-- [end:labels]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate on what is labelled, then have people look at what Comprehend is not sure of."""
    known = from_comprehend_sentiment(session, LABELLED, labels=LABELS)
    checked = predictions_frame(known).dropna(subset=["label"])  # what was refused
    checked["truth"] = [LABELS[TRUTH[text]] for text in checked["item"]]
    found = calibrate(checked, target_error=0.05)
    print(found)

    predictions = from_comprehend_sentiment(session, NEW, labels=LABELS)
    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=200)
    # Run again under this name, it goes on with this run.
    return router.route(predictions, name="orders-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:classifier]
ENDPOINT = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/tickets"


def topics(session: hitl.Session) -> None:
    """Ask a classifier of one's own."""
    for each in from_comprehend_classifier(session, ENDPOINT, ["My bill is wrong", "Late!"]):
        assert isinstance(each, hitl.Prediction)
        print(each.label, each.confidence)


# --8<-- [end:classifier]


# --8<-- [start:entities]
def names(session: hitl.Session) -> None:
    """Ask for the names in a text, as a task that marks them takes them."""
    task = hitl.tasks.NamedEntityRecognition(
        name="names", labels=["person", "city"], title="Mark the names"
    )
    types = {"PERSON": "person", "LOCATION": "city"}
    for each in from_comprehend_entities(session, ["Ana is in Rome today"], labels=types):
        assert isinstance(each, hitl.Prediction)
        print(each.confidence, task.input(each.item, each.label)["initialValue"])


# --8<-- [end:entities]


# --8<-- [start:stand-in]
def sentiment(text: str) -> dict[str, Any]:
    """Answer in Comprehend's place: right as often as it is sure."""
    rng = Random(text)
    sure = rng.betavariate(14, 1)
    others = [feeling for feeling in FEELINGS if feeling != TRUTH[text]]
    said = TRUTH[text] if rng.random() < sure else rng.choice(others)
    scores = dict.fromkeys(("Positive", "Negative", "Neutral", "Mixed"), (1 - sure) / 3)
    return {"Sentiment": said, "SentimentScore": {**scores, said.capitalize(): sure}}


def sentiments(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a batch."""
    found = [
        {"Index": place, **sentiment(text)} for place, text in enumerate(request["TextList"])
    ]
    return {"ResultList": found, "ErrorList": []}


def stand_in(cloud: hitl.testing.Cloud) -> None:
    """Let functions answer where Comprehend would."""
    cloud.ai.answer("comprehend", "BatchDetectSentiment", sentiments)
    # --8<-- [end:stand-in]
    cloud.ai.answer("comprehend", "ClassifyDocument", classified)
    cloud.ai.answer("comprehend", "DetectEntities", entities)


def classified(request: dict[str, Any]) -> dict[str, Any]:
    """Answer for a classifier of tickets."""
    billing = 0.93 if "bill" in request["Text"] else 0.38
    scores = {"billing": billing, "delivery": 1 - billing}
    return {"Classes": [{"Name": name, "Score": score} for name, score in scores.items()]}


def entities(request: dict[str, Any]) -> dict[str, Any]:
    """Find the names that stand in the example."""
    found = [("PERSON", "Ana", 0.99), ("LOCATION", "Rome", 0.97), ("DATE", "today", 0.55)]
    return {
        "Entities": [
            {
                "Type": kind,
                "Text": text,
                "Score": score,
                "BeginOffset": request["Text"].index(text),
                "EndOffset": request["Text"].index(text) + len(text),
            }
            for kind, text, score in found
        ]
    }


def main() -> None:
    """Run the review on the embedded service; people know what is felt."""
    with hitl.testing.mock_hitl() as cloud:
        stand_in(cloud)
        cloud.workers.add(3, truth=lambda item: LABELS[TRUTH[item["taskObject"]]])
        flow = hitl.ReviewFlow(
            name="orders",
            team=hitl.PrivateTeam(
                name="readers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=hitl.tasks.TextClassification(
                name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
            ),
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(cloud.session())
        run = review(cloud.session(), flow)
        print(run.wait(timeout=7200))
        frame = run.training_frame()
        right = frame["label"] == [LABELS[TRUTH[item]] for item in frame["item"]]
        print(f"of {len(frame)} labels {right.mean():.1%} are right")
        topics(cloud.session())
        names(cloud.session())


if __name__ == "__main__":
    main()
