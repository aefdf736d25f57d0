"""Deciding 10,000,000 predictions: this package on pandas and polars, beside the engine's own words and a Python loop.

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


THRESHOLD = Threshold(0.90)
AUDITED = Threshold(0.90) | Sample(0.02, seed=7)
BANDS = Bands(accept=0.90, drop=0.40)
TEXTS = [f"confidence {step / 100:.2f} {sign} 0.90" for sign in ("<", ">=") for step in range(101)]


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


def from_a_table_in_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Look the reason up among all that there can be, which is as fast as it gets, and is what this package does."""
    confidence = frame["confidence"].to_numpy()
    accepted = confidence >= 0.90
    code = np.floor(confidence * 100).astype(np.int64) + np.where(accepted, 101, 0)
    return frame.assign(
        decision=pd.array(["review", "accept"], dtype="str").take(accepted.astype(np.int64)),
        reason=pd.array(TEXTS, dtype="str").take(code),
    )


def from_a_table_in_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """Look the reason up among all that there can be, which is as fast as it gets, and is what this package does."""
    accepted = pl.col("confidence") >= 0.90
    code = (pl.col("confidence") * 100).floor().cast(pl.Int64) + pl.when(accepted).then(101).otherwise(0)
    return frame.with_columns(
        decision=pl.when(accepted).then(pl.lit("accept")).otherwise(pl.lit("review")),
        reason=pl.lit(pl.Series(TEXTS)).gather(code),
    )


def in_a_loop(confidences: list[float]) -> dict[str, list[str]]:
    """Do what notebooks do: one prediction after the other."""
    decisions, reasons = [], []
    for confidence in confidences:
        if confidence >= 0.90:
            decisions.append("accept")
            reasons.append(f"confidence {confidence:.2f} >= 0.90")
        else:
            decisions.append("review")
            reasons.append(f"confidence {confidence:.2f} < 0.90")
    return {"decision": decisions, "reason": reasons}


def in_a_loop_over_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Loop over the column, and put the lists back."""
    return frame.assign(**in_a_loop(frame["confidence"].tolist()))


def in_a_loop_over_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """Loop over the column, and put the lists back."""
    return frame.with_columns(
        **{name: pl.Series(values) for name, values in in_a_loop(frame["confidence"].to_list()).items()}
    )


def decide_one_in_a_loop(frame: pd.DataFrame) -> list[str]:
    """Ask this package for one prediction after the other, as a stream does."""
    rows = zip(frame["item_id"].tolist(), frame["confidence"].tolist(), strict=True)
    return [THRESHOLD.decide_one(Prediction(name, "item", "label", share)).decision for name, share in rows]


PANDAS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "hitl_sdk, Threshold": THRESHOLD.decide,
    "hitl_sdk, Threshold | Sample": AUDITED.decide,
    "hitl_sdk, Bands": BANDS.decide,
    "by hand, Threshold": by_hand_in_pandas,
    "by hand, Threshold, reasons from a table": from_a_table_in_pandas,
    "a Python loop, Threshold": in_a_loop_over_pandas,
}
POLARS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "hitl_sdk, Threshold": THRESHOLD.decide,
    "hitl_sdk, Threshold | Sample": AUDITED.decide,
    "hitl_sdk, Bands": BANDS.decide,
    "by hand, Threshold": by_hand_in_polars,
    "by hand, Threshold, reasons from a table": from_a_table_in_polars,
    "a Python loop, Threshold": in_a_loop_over_polars,
}
OURS = "hitl_sdk, Threshold"
STREAMED = 200_000


def measure(columns: dict[str, Any], repeat: int) -> dict[str, Any]:
    """Return the best of `repeat` runs of each way, the ways of an engine taking turns."""
    frame = pd.DataFrame(columns)
    few = frame.head(STREAMED)
    start = time.process_time()
    decide_one_in_a_loop(few)
    streamed = time.process_time() - start
    return {
        "benchmark": "decide",
        "predictions": len(frame),
        "seconds_of": "CPU",
        "python": platform.python_version(),
        "decide_one_a_second": round(len(few) / streamed),
        "engines": {
            "pandas": _measured(PANDAS, frame, repeat),
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
    lines += ["", f"decide_one, as streams use it: {result['decide_one_a_second']:,} predictions a second"]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--predictions", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    options = parser.parse_args(arguments)
    result = measure(make_predictions(options.predictions), options.repeat)
    return report(result, table(result), options.json)


if __name__ == "__main__":
    main()
