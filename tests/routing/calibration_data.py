"""Labelled predictions for the tests of calibration: simulated ones, and frames of every engine."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

EAGER = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


def dask_frame(columns):
    import dask.dataframe

    return dask.dataframe.from_pandas(pd.DataFrame(columns), npartitions=2)


LAZY = {
    "polars-lazy": pl.LazyFrame,
    "duckdb": lambda columns: duckdb.from_arrow(pa.table(columns)),
    "dask": dask_frame,
}
ENGINES = EAGER | LAZY


def simulated(n, *, seed=0, labels="ab", too_sure=1.0):
    """Return columns of n predictions that are right as often as their confidence says, to the power of `too_sure`."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(4, 1, n)
    label = rng.choice(list(labels), n)
    right = rng.random(n) < confidence**too_sure
    return {
        "item_id": [f"item-{number}" for number in range(n)],
        "label": label.tolist(),
        "truth": np.where(right, label, "?").tolist(),
        "confidence": confidence.tolist(),
    }
