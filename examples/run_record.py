"""A run that another machine goes on with, and what its record holds."""

# --8<-- [start:imports]
import hitl_sdk as hitl
from hitl_sdk.loops import ensure_table
from hitl_sdk.loops.record import open_record

# --8<-- [end:imports]

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)
PREDICTIONS = [
    hitl.Prediction(f"review-{n}", item=f"review {n}", label="1", confidence=0.54)
    for n in range(200)
]


def provision(cloud: hitl.testing.Cloud) -> None:
    """Make a flow. On AWS it is there already."""
    cloud.bucket("reviews")
    hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=TASK,
        output="s3://reviews/a2i",
        role_arn=cloud.role_arn,
    ).ensure(cloud.session())


# --8<-- [start:begin]
def router(session: hitl.Session) -> hitl.Router:
    """Return the same router on every machine: its runs are recorded in a table that all of them see."""
    ensure_table(session, "hitl-runs")  # once
    return hitl.Router(
        flow="sentiment",
        task=TASK,
        policy=hitl.Threshold(0.90),
        session=session,
        record="dynamodb://hitl-runs",
        max_reviews=150,
        progress=False,
    )


def begin(session: hitl.Session) -> None:
    """Route on one machine, which goes down in the middle."""
    starts: list[hitl.loops.LoopStart] = []

    def go_down(start: hitl.loops.LoopStart) -> None:
        starts.append(start)
        if len(starts) == 60:
            raise KeyboardInterrupt

    try:
        router(session).route(PREDICTIONS, name="march", on_progress=go_down)
    except KeyboardInterrupt:
        print("down after", len(starts), "starts")


# --8<-- [end:begin]


# --8<-- [start:resume]
def resume(session: hitl.Session) -> None:
    """Go on from the record on another machine, where the predictions are not."""
    run = router(session).resume("march")
    print(run.status())


# --8<-- [end:resume]


# --8<-- [start:look]
def look(session: hitl.Session) -> None:
    """Read the record itself."""
    store = open_record("dynamodb://hitl-runs", session=session)
    for header in store.runs():
        record = store.run(header.name)
        print(f"{header.name}: {record.n_items} items, {record.n_charged()} charged")
        print(next(record.items()))


# --8<-- [end:look]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        provision(cloud)
        begin(cloud.session())
        resume(cloud.session())
        look(cloud.session())
