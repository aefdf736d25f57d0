"""See how well people work: agreement beyond chance, one row a worker, who got worse, and what follows."""

# --8<-- [start:imports]
import pandas as pd

import hitl_sdk as hitl
from hitl_sdk.consolidation import (
    DawidSkene,
    MajorityVote,
    Vote,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
)
from hitl_sdk.results import drift_frame, workers_frame

# --8<-- [end:imports]

MONDAY, TUESDAY = ([f"{day} {n}" for n in range(60)] for day in ("Monday", "Tuesday"))
TRUTH = {item: ("-1", "0", "1")[n % 3] for n, item in enumerate(MONDAY + TUESDAY)}
GOLD = {item: TRUTH[item] for item in [*TRUTH][::4]}  # what is known beforehand


# --8<-- [start:hire]
def hire(cloud: hitl.testing.Cloud) -> dict[str, str]:
    """Hire three with care, one who does not read, and one who gives up on the second day."""

    def truth(item: dict[str, str]) -> str:
        return TRUTH[item["taskObject"]]

    def half_of_it(item: dict[str, str]) -> str:
        return truth(item) if item["taskObject"] in MONDAY else "0"

    careful = cloud.workers.add(3, truth=truth, accuracy=0.92, latency=40)
    hasty = cloud.workers.add(truth=truth, accuracy=0.34, latency=4)
    tired = cloud.workers.add(truth=half_of_it, accuracy=0.92, latency=30)
    names = ["careful 1", "careful 2", "careful 3", "hasty", "tired"]
    return dict(zip([*careful, *hasty, *tired], names, strict=True))


# --8<-- [end:hire]


def review(cloud: hitl.testing.Cloud) -> hitl.Run:
    """Have every item labelled by three of them, half on Monday and half on Tuesday."""
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
    predictions = [hitl.Prediction(item, item, "0", 0.4) for item in TRUTH]
    router.route(predictions[: len(MONDAY)]).wait(timeout=3600)
    cloud.advance(24 * 3600)
    run = router.route(predictions)  # Monday's are there already
    run.wait(timeout=3600)
    return run


# --8<-- [start:agreement]
def agreement(answers: pd.DataFrame) -> None:
    """Print how far they agree, all together and two of them."""
    print(f"alpha {krippendorff_alpha(answers):.2f}, kappa {fleiss_kappa(answers):.2f}")
    print(f"alpha of the three grades {krippendorff_alpha(answers, 'ordinal'):.2f}")
    by_worker = answers.pivot_table(
        index="item", columns="worker", values="label", aggfunc="first"
    )
    for other in ("careful 2", "hasty"):
        kappa = cohen_kappa(by_worker["careful 1"], by_worker[other], weights="linear")
        print(f"careful 1 and {other} {kappa:.2f}")


# --8<-- [end:agreement]


# --8<-- [start:workers]
def workers(answers: pd.DataFrame) -> None:
    """Print one row a worker."""
    frame = workers_frame(answers, gold=GOLD).sort_values("worker")
    shown = [
        "worker", "n_answers", "accuracy_to_consensus", "n_consensus", "accuracy_to_gold", "n_gold",
        "median_seconds", "accuracy_to_consensus_drift",
    ]  # fmt: skip
    print(frame[shown].to_string(index=False, float_format="%.2f"))


# --8<-- [end:workers]


# --8<-- [start:drift]
def drift(answers: pd.DataFrame) -> None:
    """Print the accuracy of each worker by day."""
    frame = drift_frame(answers, per="day", gold=GOLD)
    by_day = frame.pivot_table(index="worker", columns="window", values="accuracy_to_gold")
    print(by_day.rename(columns={1: "Monday", 2: "Tuesday"}).to_string(float_format="%.2f"))


# --8<-- [end:drift]


# --8<-- [start:labels]
def labels(answers: pd.DataFrame) -> None:
    """Print how many labels are right: by majority, without the worst two, and weighed."""
    frame = workers_frame(answers, gold=GOLD)
    good = frame[frame["accuracy_to_gold"] > 0.7]["worker"]
    of_good = answers[answers["worker"].isin(good)]
    made = {
        "majority of all": MajorityVote().fit_predict(answers),
        "majority of the good": MajorityVote().fit_predict(of_good),
        "all, weighed by Dawid and Skene": DawidSkene().fit_predict(answers),
    }
    for name, consensus in made.items():
        right = consensus["label"] == consensus["item"].map(TRUTH)
        print(f"{name}: {right.sum()} of {len(right)} items right")
    print(f"alpha of the good {krippendorff_alpha(of_good):.2f}")


# --8<-- [end:labels]


# --8<-- [start:structures]
def jaccard(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Return how different two sets of labels are: 0 for the same, 1 for nothing in common."""
    return 1 - len({*a} & {*b}) / len({*a} | {*b})


def structures() -> None:
    """Print the agreement of workers who gave several labels an item."""
    votes = [
        Vote("1", "ann", ("joy", "surprise")),
        Vote("1", "bob", ("joy",)),
        Vote("2", "ann", ("anger",)),
        Vote("2", "bob", ("anger",)),
        Vote("3", "ann", ("fear",)),  # and bob has not got there
    ]
    exactly, partly = krippendorff_alpha(votes), krippendorff_alpha(votes, distance=jaccard)
    print(
        f"alpha {exactly:.2f} where labels are the same or not, {partly:.2f} by what they share"
    )


# --8<-- [end:structures]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        names = hire(cloud)
        answers = review(cloud).answers_frame()
    answers["worker"] = answers["worker"].map(names)
    agreement(answers)
    workers(answers)
    drift(answers)
    labels(answers)
    structures()
