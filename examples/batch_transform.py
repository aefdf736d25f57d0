"""Read what a SageMaker batch transform job has written; here its files are made by hand."""

import json
from typing import Any

import hitl_sdk as hitl
from hitl_sdk.routing import InvalidPrediction, from_batch_transform

ITEMS = [("r1", "I love it"), ("r2", "It is okay"), ("r3", "Never again")]
SURE = {"predicted_label": 1, "probability": 0.97}
UNSURE = {"predicted_label": -1, "probability": 0.54}


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


# --8<-- [start:routed]
def routed(session: hitl.Session, flow: hitl.ReviewFlow) -> hitl.Run:
    """Send what the job was not sure of to people, and at most 100 of it."""
    predictions = from_batch_transform(session, "s3://jobs/joined", item="review", item_id="id")
    router = hitl.Router(
        flow=flow, policy=hitl.Threshold(0.90), session=session, max_reviews=100
    )
    run = router.prepare(predictions, name="reviews-2026-11")
    print(run.estimate(seconds_per_review=20, hourly_wage=20))
    run.start()
    return run


# --8<-- [end:routed]


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


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("jobs")
        written(cloud.session())
        joined(cloud.session())
        aligned(cloud.session())

        cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
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
        run = routed(cloud.session(), flow)
        run.wait(timeout=7200)
        columns = ["item_id", "label", "label_source", "reason"]
        print(run.training_frame()[columns].to_string(index=False))
