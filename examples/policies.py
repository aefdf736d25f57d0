"""Decide which predictions people see: by confidence, bands, a sample, and combinations."""

import pandas as pd
import polars as pl

import hitl_sdk as hitl

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
    hitl.Threshold(0.90)
    | hitl.Sample(0.50, seed=5),  # what is below, and half of the rest as an audit
    hitl.Threshold(0.90)
    & hitl.Sample(0.50, seed=5),  # half of what is below, because people's time is short
]
# --8<-- [end:policies]


def main() -> None:
    """Print what each policy decides, on two engines."""
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

    # --8<-- [start:engines]
    policy = hitl.Threshold(0.90) | hitl.Sample(0.50, seed=5)
    with_pandas = policy.decide(pd.DataFrame(PREDICTIONS))["decision"].to_list()
    with_polars = policy.decide(pl.DataFrame(PREDICTIONS))["decision"].to_list()
    print("pandas and polars agree:", with_pandas == with_polars)
    # --8<-- [end:engines]


if __name__ == "__main__":
    main()
