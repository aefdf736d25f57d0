"""A run with a name and a budget: estimated before it is started, killed, resumed, and read by another process."""

# --8<-- [start:imports]
from collections import Counter
from collections.abc import Iterator

import hitl_sdk as hitl
from hitl_sdk.review import list_runs

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)


def provision(cloud: hitl.testing.Cloud) -> None:
    """Make a flow with two people for each review. On AWS it is there already."""
    cloud.bucket("reviews")
    hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(
            name="reviewers",
            members=[hitl.Member(email=f"{name}@example.com") for name in ("ana", "ben")],
        ),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn=cloud.role_arn,
        task_count=2,
    ).ensure(cloud.session())


# --8<-- [start:predictions]
def predictions() -> Iterator[hitl.Prediction]:
    """Yield what a model says, as it says it: nobody holds all of it in memory."""
    for number in range(1_000):
        yield hitl.Prediction(
            f"review-{number}",
            item=f"I have bought this {number} times",
            label="1",
            confidence=0.50 + number % 50 / 100,
        )


# --8<-- [end:predictions]


# --8<-- [start:router]
def router(session: hitl.Session, max_reviews: int) -> hitl.Router:
    """Return a router whose runs are never dearer than this."""
    return hitl.Router(
        flow="sentiment",
        task=TASK,
        policy=hitl.Threshold(0.90),
        session=session,
        max_reviews=max_reviews,
        seconds_per_review=18,
        hourly_wage=20,
        progress=False,
    )


# --8<-- [end:router]


# --8<-- [start:prepare]
def prepare(session: hitl.Session) -> None:
    """Decide, and write down what would be started."""
    run = router(session, max_reviews=500).prepare(predictions(), name="march")
    print(run)
    print(run.estimate())


# --8<-- [end:prepare]


# --8<-- [start:start]
def start(session: hitl.Session) -> None:
    """Start it, in a process that somebody kills after a while."""
    run = hitl.Run.open("march", session=session, task=TASK, progress=False)
    started: list[hitl.loops.LoopStart] = []

    def kill(start: hitl.loops.LoopStart) -> None:
        started.append(start)
        if len(started) == 123:
            raise KeyboardInterrupt

    try:
        run.start(on_progress=kill)
    except KeyboardInterrupt:
        print("killed after", len(started), "starts")


# --8<-- [end:start]


# --8<-- [start:resume]
def resume(session: hitl.Session) -> None:
    """Go on: with the budget it had, then with a larger one."""
    run = hitl.Run.open("march", session=session, task=TASK, progress=False)
    print(run.start())
    print(router(session, max_reviews=600).resume("march").status())


# --8<-- [end:resume]


# --8<-- [start:again]
def again(session: hitl.Session) -> None:
    """Give more predictions under the same name: what is there is not taken in twice."""
    one_more = hitl.Prediction("review-1000", item="Never again", label="-1", confidence=0.97)
    run = router(session, max_reviews=600).route([*predictions(), one_more], name="march")
    print(len(run.outcomes), "items,", run.status())


# --8<-- [end:again]


# --8<-- [start:read]
def read(session: hitl.Session) -> None:
    """Wait for it and read it, wherever it was begun."""
    for header in list_runs():
        run = hitl.Run.open(header.name, session=session, task=TASK, progress=False)
        run.wait(timeout=7200)
        print(Counter(outcome.status for outcome in run.outcomes))
        frame = run.training_frame()
        print(frame["label_source"].value_counts(dropna=False).to_dict())
        print(frame.loc[frame["label"].isna(), "reason"].iloc[0])


# --8<-- [end:read]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        provision(cloud)
        prepare(cloud.session())
        start(cloud.session())
        resume(cloud.session())
        again(cloud.session())
        cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
        read(cloud.session())
