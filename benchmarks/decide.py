"""Deciding 1,000,000 predictions: this package on pandas and polars, beside the engine's own words and a Python loop.

Run ``python -m benchmarks.decide [--predictions N] [--repeat N] [--json FILE]``. The ratios hold from machine to
machine, the seconds do not. They are seconds of CPU, of all threads, so that whatever else runs on the machine
counts less.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl

from benchmarks._report import report
from hitl_sdk.routing import Bands, Prediction, Sample, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hitl_sdk.routing import Policy

THRESHOLD = Threshold(0.90)
AUDITED = Threshold(0.90) | Sample(0.02, seed=7)
BANDS = Bands(accept=0.90, drop=0.40)


def make_predictions(count: int) -> dict[str, Any]:
    """Return the columns of predictions, their confidences spread evenly."""
    confidence = np.random.default_rng(0).random(count)
    return {"item_id": [f"item-{number:07d}" for number in range(count)], "confidence": confidence}


def by_hand_in_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Say the threshold in pandas' own words: decision and a reason with the confidence in it."""
    accepted = frame["confidence"] >= 0.90
    shown = (np.floor(frame["confidence"] * 100) / 100).map("{:.2f}".format)
    return frame.assign(
        decision=np.where(accepted, "accept", "review"),
        reason="confidence " + shown + np.where(accepted, " >= 0.90", " < 0.90"),
    )


def by_hand_in_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """Say the threshold in polars' own words: decision and a reason with the confidence in it."""
    accepted = pl.col("confidence") >= 0.90
    shown = (pl.col("confidence") * 100).floor() / 100
    return frame.with_columns(
        decision=pl.when(accepted).then(pl.lit("accept")).otherwise(pl.lit("review")),
        reason=pl.format(
            "confidence {} {} 0.90", shown, pl.when(accepted).then(pl.lit(">=")).otherwise(pl.lit("<"))
        ),
    )


def without_reason_in_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Say no more than the decision."""
    return frame.assign(decision=np.where(frame["confidence"] >= 0.90, "accept", "review"))


def without_reason_in_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """Say no more than the decision."""
    accepted = pl.col("confidence") >= 0.90
    return frame.with_columns(decision=pl.when(accepted).then(pl.lit("accept")).otherwise(pl.lit("review")))


def in_a_loop(frame: pd.DataFrame) -> pd.DataFrame:
    """Do what notebooks do: one prediction after the other."""
    decisions, reasons = [], []
    for confidence in frame["confidence"].tolist():
        if confidence >= 0.90:
            decisions.append("accept")
            reasons.append(f"confidence {confidence:.2f} >= 0.90")
        else:
            decisions.append("review")
            reasons.append(f"confidence {confidence:.2f} < 0.90")
    return frame.assign(decision=decisions, reason=reasons)


def decide_one_in_a_loop(policy: Policy) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Ask this package for one prediction after the other."""

    def decide(frame: pd.DataFrame) -> pd.DataFrame:
        rows = zip(frame["item_id"].tolist(), frame["confidence"].tolist(), strict=True)
        decided = [policy.decide_one(Prediction(name, "item", "label", share)) for name, share in rows]
        return frame.assign(
            decision=[one.decision for one in decided], reason=[one.reason for one in decided]
        )

    return decide


PANDAS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "hitl_sdk, Threshold": THRESHOLD.decide,
    "hitl_sdk, Threshold | Sample": AUDITED.decide,
    "hitl_sdk, Bands": BANDS.decide,
    "by hand, Threshold": by_hand_in_pandas,
    "by hand, Threshold without a reason": without_reason_in_pandas,
    "a Python loop, Threshold": in_a_loop,
    "decide_one in a loop, Threshold": decide_one_in_a_loop(THRESHOLD),
}
POLARS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "hitl_sdk, Threshold": THRESHOLD.decide,
    "hitl_sdk, Threshold | Sample": AUDITED.decide,
    "hitl_sdk, Bands": BANDS.decide,
    "by hand, Threshold": by_hand_in_polars,
    "by hand, Threshold without a reason": without_reason_in_polars,
}
OURS = "hitl_sdk, Threshold"


def measure(columns: dict[str, Any], repeat: int) -> dict[str, Any]:
    """Return the best of `repeat` runs of each way, the ways of an engine taking turns."""
    return {
        "benchmark": "decide",
        "predictions": len(columns["item_id"]),
        "seconds_of": "CPU",
        "python": platform.python_version(),
        "engines": {
            "pandas": _measured(PANDAS, pd.DataFrame(columns), repeat),
            "polars": _measured(POLARS, pl.DataFrame(columns), repeat),
        },
    }


def _measured(ways: dict[str, Callable[[Any], Any]], frame: Any, repeat: int) -> dict[str, Any]:
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeat):
        for name, way in ways.items():
            gc.collect()
            start = time.process_time()
            decided = way(frame)
            best[name] = min(best[name], time.process_time() - start)
            if len(decided) != len(frame):
                raise RuntimeError(f"{name}: {len(decided)} rows of {len(frame)} predictions")
    return {
        name: {
            "seconds": round(seconds, 4),
            "predictions_per_second": round(len(frame) / seconds),
            "times_the_seconds_of_ours": round(seconds / best[OURS], 2),
        }
        for name, seconds in best.items()
    }


def table(result: dict[str, Any]) -> str:
    """Return the result as lines for people."""
    lines = [f"{result['predictions']:,} predictions decided, with a reason each", ""]
    lines.append(f"{'way':<48}{'CPU s':>9}{'predictions/s':>16}{'of ours':>10}")
    for engine, ways in result["engines"].items():
        for name, way in ways.items():
            lines.append(
                f"{engine + ': ' + name:<48}{way['seconds']:>9.3f}{way['predictions_per_second']:>16,}"
                f"{way['times_the_seconds_of_ours']:>8.1f} x"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--predictions", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(make_predictions(options.predictions), options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
