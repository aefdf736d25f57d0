"""What a review takes, before it begins; and what becomes of what nobody answers in time."""

import hitl_sdk as hitl

TASK = hitl.tasks.TextClassification(
    name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
)
PREDICTIONS = [
    hitl.Prediction(
        f"r{number}", item=f"review {number}", label="1", confidence=0.5 + number / 20
    )
    for number in range(10)
]


# --8<-- [start:estimate]
def estimate(session: hitl.Session) -> None:
    """Say what the reviews take; nothing is started. A run never goes over its budget."""
    router = hitl.Router(
        flow="sentiment",
        task=TASK,
        policy=hitl.Threshold(0.90),
        session=session,
        max_cost=4.00,
        seconds_per_review=30,
        hourly_wage=60,
    )
    run = router.prepare(PREDICTIONS)
    print(run.estimate())
    print(run.start())


# --8<-- [end:estimate]


# --8<-- [start:accept]
def accept_what_nobody_answers(run: hitl.Run) -> None:
    """Wait an hour; then the model's answer stands."""
    print(run.wait(timeout=3600, on_timeout="accept"))
    print(run.outcomes[0].reason)


# --8<-- [end:accept]


# --8<-- [start:escalate]
def ask_others(run: hitl.Run) -> None:
    """Wait an hour; then ask the seniors, who have a day; then the model's answer stands."""
    seniors = hitl.Escalate(flow="seniors", timeout=86_400, then="accept")
    print(run.wait(timeout=3600, on_timeout=seniors))


# --8<-- [end:escalate]


# --8<-- [start:breaker]
def start_with_patience(session: hitl.Session, requests: list[hitl.loops.LoopRequest]) -> None:
    """Start loops yourself: told of every wait, with a breaker of your own."""
    breaker = hitl.loops.Breaker(failures=20, pause=30, trials=10)
    for start in hitl.loops.start_stream(
        session, requests, rate=20, breaker=breaker, on_wait=print
    ):
        print(start.status, start.error or "")


# --8<-- [end:breaker]


def provision(session: hitl.Session, role_arn: str) -> str:
    """Make both flows; return the ARN of the first."""
    arns = [
        hitl.ReviewFlow(
            name=name,
            team=hitl.PrivateTeam(
                name="reviewers", members=[hitl.Member(email="ana@example.com")]
            ),
            task=TASK,
            output="s3://reviews/a2i",
            role_arn=role_arn,
        )
        .ensure(session)
        .arn
        for name in ("sentiment", "seniors")
    ]
    return arns[0]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        session = cloud.session()
        cloud.bucket("reviews")
        flow_arn = provision(session, cloud.role_arn)
        estimate(session)
        router = hitl.Router(
            flow="sentiment",
            task=TASK,
            policy=hitl.Threshold(0.80),
            session=session,
            progress=False,
        )
        accept_what_nobody_answers(router.route(PREDICTIONS))
        # New texts: what was given up is named by its content, and stays so.
        ask_others(
            router.route(
                [hitl.Prediction("s1", item="It is okay", label="1", confidence=0.5)],
            )
        )
        start_with_patience(
            session,
            [hitl.loops.LoopRequest(flow_arn, "my-loop", TASK.input("It is okay", "1"))],
        )
