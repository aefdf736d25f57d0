"""Predictions from a function: whatever labels an item and says how sure it is can be reviewed."""

# --8<-- [start:imports]
import hitl_sdk as hitl
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.routing import calibrate, from_callable, predictions_frame

# --8<-- [end:imports]

LABELLED = [
    ("I love it", "1"),
    ("Never again", "-1"),
    ("It is okay", "0"),
    ("Not for me", "-1"),
] * 100


# --8<-- [start:function]
def mood(text: str) -> tuple[str, float]:
    """Label a review by its words; a pair of label and confidence."""
    if not text.isascii():
        raise InvalidPredictionError("this model knows English alone")
    words = set(text.lower().split())
    if words & {"love", "great"}:
        return "1", 0.96
    return ("-1", 0.91) if words & {"never", "terrible"} else ("0", 0.55)


# --8<-- [end:function]


# --8<-- [start:ten_lines]
def review(session: hitl.Session, flow: hitl.ReviewFlow, items: list[str]) -> hitl.Run:
    """Calibrate on labelled reviews, and have at most 500 of the new ones reviewed."""
    checked = predictions_frame(from_callable(mood, [text for text, _ in LABELLED]))
    checked["truth"] = [label for _, label in LABELLED]
    policy = calibrate(checked, target_error=0.05).policy

    router = hitl.Router(flow=flow, policy=policy, session=session, max_reviews=500)
    return router.route(from_callable(mood, items), name="moods-2026-11")


# --8<-- [end:ten_lines]


# --8<-- [start:calls]
def scores(text: str) -> list[float]:
    """Ask whoever gives a probability for each label; here nobody is asked."""
    return [0.05, 0.05, 0.9] if "love" in text else [0.3, 0.5, 0.2]


def ask_in_threads(items: list[str]) -> None:
    """Make eight calls at a time; the results come in the order of the items all the same."""
    for prediction in from_callable(scores, items, labels=["-1", "0", "1"], concurrency=8):
        print(prediction.item, getattr(prediction, "scores", None))


# --8<-- [end:calls]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        cloud.bucket("reviews")
        cloud.workers.answer(lambda item: {"sentiment": {"label": "1"}})
        task = hitl.tasks.TextClassification(
            name="sentiment", labels=["-1", "0", "1"], title="Mood?"
        )
        team = hitl.PrivateTeam(
            name="reviewers", members=[hitl.Member(email="ana@example.com")]
        )
        flow = hitl.ReviewFlow(
            name="mood",
            team=team,
            task=task,
            output="s3://reviews/a2i",
            role_arn=cloud.role_arn,
        )
        flow.ensure(cloud.session())
        run = review(cloud.session(), flow, ["I love it", "It works", "C'est bien, ça"])
        run.wait(timeout=7200)
        columns = ["item", "label", "label_source", "reason"]
        print(run.training_frame()[columns].to_string(index=False))
    ask_in_threads(["I love it", "It works"])
