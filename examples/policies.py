"""Decide which predictions people see: by confidence, class, scores, other columns, a sample, and combinations."""

# --8<-- [start:imports]
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

import hitl_sdk as hitl

# --8<-- [end:imports]

# --8<-- [start:frame]
PREDICTIONS = {
    "item_id": ["r1", "r2", "r3", "r4", "r5"],
    "item": ["I love it", "It works", "It is okay", "No idea", "Never again"],
    "label": ["1", "1", "0", "0", "-1"],
    "confidence": [0.97, 0.91, 0.62, 0.31, 0.99],
}
# --8<-- [end:frame]

# --8<-- [start:policies]
POLICIES = [
    hitl.Threshold(0.90),  # people see what is below
    hitl.Bands(accept=0.90, drop=0.40),  # people see what lies between
    hitl.Sample(0.50, seed=5),  # people see half of it all, the same half on every run
    # What is below, and half of the rest as an audit:
    hitl.Threshold(0.90) | hitl.Sample(0.50, seed=5),
    # Half of what is below, because people's time is short:
    hitl.Threshold(0.90) & hitl.Sample(0.50, seed=5),
    # Class by class; a label without an entry is reviewed if there is no default:
    hitl.PerClass({"1": 0.95, "0": hitl.Bands(accept=0.90, drop=0.40)}, default=0.80),
]
# --8<-- [end:policies]

# --8<-- [start:scores]
SCORES = {
    "scores": [
        {"cat": 0.97, "dog": 0.02, "fox": 0.01},
        {"cat": 0.48, "dog": 0.45, "fox": 0.07},
        {"cat": 0.95, "dog": 0.93, "fox": 0.55},
        None,
    ],
    "pages": [1, 7, None, 2],
    "due_date": ["3 May", "", "4 May", "5 May"],
}
OF_SCORES_AND_COLUMNS = [
    hitl.Margin(0.20),  # the two best are closer than that
    hitl.Entropy(0.50),  # the scores are spread more evenly than that: 0 sure, 1 all the same
    hitl.EachLabel(hitl.Bands(accept=0.90, drop=0.40)),  # any label lies between
    hitl.Missing("due_date"),  # null, or an empty text
    hitl.Confidence("pages", ">", 5),  # any column of numbers; one without a number is reviewed
    ~hitl.Confidence("pages", ">", 5),  # what that would not review
]
# --8<-- [end:scores]


def main() -> None:
    """Print what each policy decides, and that engines agree."""
    # --8<-- [start:decide]
    frame = pd.DataFrame(PREDICTIONS)
    for policy in POLICIES:
        decided = policy.decide(frame)
        print(policy)
        print(
            decided[["item_id", "confidence", "decision", "reason"]].to_string(index=False),
            "\n",
        )
    # --8<-- [end:decide]

    # --8<-- [start:decide_scores]
    for policy in OF_SCORES_AND_COLUMNS:
        decided = policy.decide(pd.DataFrame(SCORES))
        print(policy)
        print(decided[["decision", "reason"]].to_string(index=False), "\n")
    # --8<-- [end:decide_scores]

    # --8<-- [start:engines]
    policy = hitl.Threshold(0.90) | hitl.Sample(0.50, seed=5)
    by_pandas = policy.decide(pd.DataFrame(PREDICTIONS))["decision"].to_list()
    by_polars = policy.decide(pl.LazyFrame(PREDICTIONS)).collect()["decision"].to_list()
    by_arrow = policy.decide(pa.table(PREDICTIONS))["decision"].to_pylist()
    relation = duckdb.connect().from_arrow(pa.table(PREDICTIONS))
    by_duckdb = [row[-2] for row in policy.decide(relation).fetchall()]
    print("all agree:", by_pandas == by_polars == by_arrow == by_duckdb)
    # --8<-- [end:engines]

    # --8<-- [start:json]
    text = policy.to_json()
    print(text)
    print(hitl.Policy.from_json(text))
    # --8<-- [end:json]


if __name__ == "__main__":
    main()
