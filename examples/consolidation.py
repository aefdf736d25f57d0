"""Make one label of several workers' answers: by majority, by what is learnt of the workers, and label by label."""

# --8<-- [start:imports]
import pandas as pd

from hitl_sdk.consolidation import DawidSkene, MajorityVote, OneCoinDawidSkene, PerLabel, Vote

# --8<-- [end:imports]

# --8<-- [start:votes]
# Four workers judge eight reviews. Cleo and Dan click "good" whatever they read.
SAID = {
    "ann": "good bad bad good bad good bad bad",
    "bob": "good bad bad good bad bad bad bad",
    "cleo": "good good good good bad good good good",
    "dan": "good good good good good good bad good",
}
votes = pd.DataFrame(
    [
        (f"review-{number}", worker, label)
        for worker, labels in SAID.items()
        for number, label in enumerate(labels.split())
    ],
    columns=["item", "worker", "label"],
)
# --8<-- [end:votes]


def main() -> None:
    """Print what each method makes of the votes."""
    # --8<-- [start:majority]
    by_majority = MajorityVote().fit_predict(votes)
    print(by_majority.round(2).to_string(index=False), "\n")
    # --8<-- [end:majority]

    # --8<-- [start:preferred]
    model = {f"review-{number}": "good" for number in range(8)}
    with_model = MajorityVote().fit_predict(votes, preferred=model)
    print("with the model's labels:", *with_model["label"], "\n")
    # --8<-- [end:preferred]

    # --8<-- [start:skene]
    method = DawidSkene()
    learnt = method.fit_predict(votes)
    print(learnt.round(2).to_string(index=False), "\n")
    for worker, accuracy in method.worker_accuracy_.items():
        of_bad = method.confusion_[worker]["bad"]["bad"]
        print(
            f"{worker:<5} right in {accuracy:.0%} of all, says bad of {of_bad:.0%} of the bad"
        )
    # --8<-- [end:skene]

    # --8<-- [start:several]
    topics = PerLabel(["price", "size", "smell"], of=MajorityVote())
    several: list[Vote[tuple[str, ...]]] = [
        Vote("review-1", "ann", ("price", "size")),
        Vote("review-1", "bob", ("size",)),
        Vote("review-1", "cleo", ("size", "smell")),
    ]
    consensus = topics.consolidate(several)["review-1"]
    print(f"\n{consensus.label}, agreement {consensus.agreement:.2f}, tie: {consensus.tie}")
    for label, confidence in (consensus.label_confidences or {}).items():
        print(f"  {label:<5} {confidence:.2f}")
    # --8<-- [end:several]

    # --8<-- [start:one_coin]
    one_number = OneCoinDawidSkene(max_iter=50)
    one_number.fit_predict(votes)
    print(f"\nafter {one_number.n_iter_} rounds, converged: {one_number.converged_}")
    # --8<-- [end:one_coin]


if __name__ == "__main__":
    main()
