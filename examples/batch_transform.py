"""Read what a SageMaker batch transform job has written; here its files are made by hand."""

# --8<-- [start:imports]
import json
from random import Random
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import (
    InvalidPrediction,
    calibrate,
    from_batch_transform,
    predictions_frame,
)

# --8<-- [end:imports]

ITEMS = [("r1", "I love it"), ("r2", "It is okay"), ("r3", "Never again")]
SURE = {"predicted_label": 1, "probability": 0.97}
UNSURE = {"predicted_label": -1, "probability": 0.54}

FEELINGS = {"1": "I love", "0": "I have", "-1": "I return"}
TRUTH = {
    f"{FEELINGS[label]} the {thing} of order {number}": label
    for number in range(150)
    for thing in ("lamp", "chair")
    for label in FEELINGS
}
LABELLED, NEW = list(TRUTH)[:600], list(TRUTH)[600:]


# --8<-- [start:joined]
def joined(session: hitl.Session) -> None:
    """Read lines that have both: the job was made with DataProcessing={"JoinSource": "Input"}."""
    for prediction in from_batch_transform(
        session, "s3://jobs/joined", item="review", item_id="id"
    ):
        if isinstance(prediction, InvalidPrediction):
            print(prediction.item_id, "is not usable:", prediction.error)
        else:
            print(prediction.item_id, prediction.item, prediction.label, prediction.confidence)


# --8<-- [end:joined]


# --8<-- [start:aligned]
def aligned(session: hitl.Session) -> None:
    """Read lines that have the answers alone, beside the job's input, line by line."""
    predictions = from_batch_transform(
        session,
        "s3://jobs/scores",
        input_uri="s3://jobs/input",
        item="review",
        labels=["-1", "0", "1"],
    )
    for prediction in predictions:
        print(prediction.item_id, getattr(prediction, "scores", None))


# --8<-- [end:aligned]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Calibrate on a job whose reviews are labelled, then send what another was not sure of to people."""
    labelled = from_batch_transform(session, "s3://jobs/labelled", item="review", item_id="id")
    checked = predictions_frame(labelled, "pandas").dropna(subset=["label"])
    checked["truth"] = [TRUTH[text] for text in checked["item"]]
    found = calibrate(checked, target_error=0.05)
    print(found)

    new = from_batch_transform(session, "s3://jobs/new", item="review", item_id="id")
    router = hitl.Router(flow=flow, policy=found.policy, session=session, max_reviews=100)
    # Run again under this name, it goes on with this run.
    return router.route(new, name="reviews-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:estimate]
def look_first(session: hitl.Session, flow: hitl.ReviewFlow) -> None:
    """Write down what would be started, and say what it takes; nothing is started."""
    new = from_batch_transform(session, "s3://jobs/new", item="review", item_id="id")
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.95), session=session)
    run = router.prepare(new, name="a-stricter-one")
    print(run.estimate(seconds_per_review=20, hourly_wage=20))


# --8<-- [end:estimate]


# --8<-- [start:files]
def written(session: hitl.Session) -> None:
    """Write the files as the jobs would; the second answer of the first job is an error message."""
    given = [{"id": name, "review": review} for name, review in ITEMS]
    answers = [SURE, "Internal error", UNSURE]
    scores = [[0.01, 0.02, 0.97], [0.2, 0.26, 0.54], [0.96, 0.03, 0.01]]
    joined = [
        line | {"SageMakerOutput": made} for line, made in zip(given, answers, strict=True)
    ]
    files: dict[str, list[Any]] = {
        "joined/reviews.jsonl.out": joined,
        "input/reviews.jsonl": given,
        "scores/reviews.jsonl.out": scores,
    }
    for key, lines in files.items():
        body = "\n".join(json.dumps(line) for line in lines)
        session.client("s3").put_object(Bucket="jobs", Key=key, Body=body)


# --8<-- [end:files]


def written_by_a_model(session: hitl.Session, folder: str, reviews: list[str]) -> None:
    """Write the file of a job over many reviews; the model is right as often as it is sure, and fails now and then."""
    lines = []
    for number, review in enumerate(reviews):
        rng = Random(review)
        sure = rng.betavariate(14, 1)
        others = [label for label in FEELINGS if label != TRUTH[review]]
        said = TRUTH[review] if rng.random() < sure else rng.choice(others)
        answer = {"predicted_label": said, "probability": round(sure, 3)}
        made: object = answer if rng.random() > 0.005 else "Internal error"
        lines.append({"id": f"r{number}", "review": review, "SageMakerOutput": made})
    body = "\n".join(json.dumps(line) for line in lines)
    session.client("s3").put_object(Bucket="jobs", Key=f"{folder}/reviews.jsonl.out", Body=body)


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("jobs")
        written(cloud.session())
        joined(cloud.session())
        aligned(cloud.session())

        written_by_a_model(cloud.session(), "labelled", LABELLED)
        written_by_a_model(cloud.session(), "new", NEW)
        cloud.workers.answer(lambda item: {"sentiment": {"label": TRUTH[item["taskObject"]]}})
        task = hitl.tasks.TextClassification(
            name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
        )
        team = hitl.PrivateTeam(
            name="reviewers", members=[hitl.Member(email="ana@example.com")]
        )
        flow = hitl.ReviewFlow(
            name="mood", team=team, task=task, output="s3://jobs/a2i", role_arn=cloud.role_arn
        )
        flow.ensure(cloud.session())
        look_first(cloud.session(), flow)
        run = review(cloud.session(), flow)
        run.wait(timeout=7200)
        columns = ["item_id", "label", "label_source", "reason"]
        frame = run.training_frame()
        print(
            frame.groupby("label_source", dropna=False)[columns].head(1).to_string(index=False)
        )
        frame = frame.dropna(subset=["label"])
        right = frame["label"] == [TRUTH[item] for item in frame["item"]]
        print(f"of {len(frame)} labels {right.mean():.1%} are right")
