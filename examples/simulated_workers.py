"""Simulate reviewers who err, take their time and stay away; see what three answers are worth."""

import hitl_sdk as hitl

TRUTH = {f"review {n}": ("-1", "0", "1")[n % 3] for n in range(60)}


# --8<-- [start:workers]
def hire(cloud: hitl.testing.Cloud) -> None:
    """Hire four who are right mostly, and one who takes half of the neutral for good."""

    def truth(item: dict[str, str]) -> str:
        return TRUTH[item["taskObject"]]

    cloud.workers.add(4, truth=truth, accuracy=0.9, latency=30, dropout=0.2)
    cloud.workers.add(
        truth=truth,
        confusion={"-1": {"-1": 1.0}, "0": {"0": 0.5, "1": 0.5}, "1": {"1": 1.0}},
        latency=lambda rng: rng.expovariate(1 / 90),  # seconds, drawn anew for each task
    )


# --8<-- [end:workers]


# --8<-- [start:review]
def review(cloud: hitl.testing.Cloud) -> hitl.Run:
    """Have every review seen by three of them."""
    flow = hitl.ReviewFlow(
        name="sentiment",
        team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
        task=hitl.tasks.TextClassification(
            name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
        ),
        output=f"s3://{cloud.bucket('reviews')}/a2i",
        role_arn=cloud.role_arn,
        task_count=3,
    )
    flow.ensure(cloud.session())
    router = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=cloud.session())
    started = cloud.clock.now()
    run = router.route([hitl.Prediction(item, item, "0", 0.4) for item in TRUTH])
    print(run.wait(timeout=24 * 3600))
    minutes = (cloud.clock.now() - started).total_seconds() / 60
    print(f"it took them {minutes:.0f} minutes, and this process a moment")
    return run


# --8<-- [end:review]


# --8<-- [start:figures]
def figures(run: hitl.Run) -> None:
    """Print how good one answer is, and how good three are together."""
    answers = run.answers_frame()
    right = answers["label"] == answers["item"].map(TRUTH)
    people = answers["worker"].nunique()
    print(f"{len(answers)} answers of {people} workers, {right.mean():.0%} of them right")

    frame = run.training_frame()
    right = frame["label"] == frame["item"].map(TRUTH)
    print(f"{len(frame)} items, {right.mean():.0%} of them right by majority")
    print(f"of those on which all agree, {right[frame['agreement'] == 1].mean():.0%}")


# --8<-- [end:figures]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        hire(cloud)
        figures(review(cloud))
