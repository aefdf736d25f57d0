"""Policies and predictions at random, the predictions as frames of every engine."""

from __future__ import annotations

import math
import random
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from hitl_sdk.routing import (
    Bands,
    Confidence,
    EachLabel,
    Entropy,
    Margin,
    Missing,
    PerClass,
    Policy,
    Prediction,
    Sample,
    Threshold,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LABELS = ["a", 'b"', "c'x", "日"]
OPERATORS = ["!=", "<", "<=", "==", ">", ">="]

shares = st.one_of(
    st.sampled_from([0.0, 0.2, 0.29, 0.4, 0.5, 0.57, 0.6, 0.9, 0.905, 0.99999, 1.0]),
    st.floats(0, 1, allow_nan=False, allow_subnormal=False),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
bands = st.tuples(shares, shares).map(lambda pair: Bands(accept=max(pair), drop=min(pair)))
rules = st.builds(
    PerClass,
    st.dictionaries(st.sampled_from(LABELS), st.one_of(shares, bands), max_size=3),
    default=st.one_of(st.none(), shares, bands),
)
parts = st.one_of(
    shares.map(Threshold),
    bands,
    rules,
    st.builds(Sample, shares, seed=st.integers(-(2**70), 2**70)),
    shares.map(Margin),
    shares.map(Entropy),
    st.one_of(shares.map(Threshold), bands, rules).map(EachLabel),
    st.sampled_from(["note", "pages", "scores"]).map(Missing),
    st.builds(Confidence, st.just("pages"), st.sampled_from(OPERATORS), st.sampled_from([1, 2.0, 2.5, -3])),
)
policies = st.recursive(
    parts,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda several: reduce(or_, several)),
        st.lists(inner, min_size=2, max_size=3).map(lambda several: reduce(and_, several)),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda policy: ~policy),
    ),
    max_leaves=4,
)
ONE_OF_EACH = [
    Threshold(0.9),
    Bands(0.905, 0.4),
    PerClass({"a": 0.5, 'b"': Bands(0.9, 0.2)}),
    PerClass({"a": 0.5}, default=Bands(0.6, 0.57)),
    Sample(0.5, seed=3),
    Margin(0.2),
    Entropy(0.6),
    EachLabel(Bands(0.9, 0.4)),
    EachLabel(PerClass({"c'x": 0.5})),
    Missing("note"),
    Confidence("pages", ">", 2),
    (~Threshold(0.5) | Sample(0.3)) & (Margin(0.3) | Missing("scores")),
]
scores = st.one_of(
    st.none(),
    st.fixed_dictionaries({label: st.one_of(st.none(), shares) for label in LABELS}),
    st.fixed_dictionaries(
        {label: st.one_of(shares, st.sampled_from([1.5, -0.1, math.nan])) for label in LABELS}
    ),
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "item_id": texts,
            "label": st.sampled_from([*LABELS, "other"]),
            "confidence": shares,
            "scores": scores,
            "note": st.sampled_from([None, "", "seen"]),
            "pages": st.sampled_from([None, math.nan, 1.0, 2.0, 2.5, -3.0, 1e300]),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row["item_id"],
)


def many_rows(count: int = 60) -> list[dict[str, Any]]:
    """Return rows of every sort, the same ones each time."""
    drawn = random.Random(7)
    made = []
    for number in range(count):
        spread = {label: drawn.choice([None, 0.0, 0.5, drawn.random()]) for label in LABELS}
        if number % 7 == 0:
            spread["a"] = drawn.choice([1.5, math.nan])
        made.append(
            {
                "item_id": "é" * (number % 5) + str(number),
                "label": drawn.choice([*LABELS, "other"]),
                "confidence": drawn.choice([0.29, 0.9, drawn.random()]),
                "scores": None if number % 11 == 0 else spread,
                "note": drawn.choice([None, "", "seen"]),
                "pages": drawn.choice([None, math.nan, 1.0, 2.0, 3.0]),
            }
        )
    return made


def one_by_one(policy: Policy, given: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return decision and reason of each item, asked for one by one."""
    decided = {}
    for row in given:
        extra = {name: row[name] for name in ("note", "pages")}
        prediction = Prediction(
            str(row["item_id"]), "item", row["label"], row["confidence"], scores=row["scores"], extra=extra
        )
        decision = policy.decide_one(prediction)
        decided[prediction.item_id] = decision.decision, decision.reason
    return decided


def arrow_table(given: list[dict[str, Any]], kept_as: str = "structs") -> pa.Table:
    """Return the rows with their scores as structs, maps, or lists of structs."""
    kinds = {
        "structs": pa.struct([(label, pa.float64()) for label in LABELS]),
        "maps": pa.map_(pa.string(), pa.float64()),
        "lists": pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())])),
    }
    as_kept = {
        "structs": lambda scores: scores,
        "maps": lambda scores: list(scores.items()),
        "lists": lambda scores: [{"label": label, "score": score} for label, score in scores.items()],
    }
    columns = {name: [row[name] for row in given] for name in given[0]}
    columns["scores"] = [each if each is None else as_kept[kept_as](each) for each in columns["scores"]]
    types = {
        "label": pa.string(),
        "confidence": pa.float64(),
        "scores": kinds[kept_as],
        "note": pa.string(),
        "pages": pa.float64(),
    }
    return pa.table({name: pa.array(column, types.get(name)) for name, column in columns.items()})


def in_pandas(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def with_dicts(table: pa.Table) -> pd.DataFrame:
    """Return a frame as notebooks have it: numpy's types, and a dict for each row."""
    columns = {name: table[name].to_pylist() for name in table.column_names}
    return pd.DataFrame(columns, dtype=None if len(table) else object)  # an empty list would be of floats


def in_dask(table: pa.Table) -> dd.DataFrame:
    return dd.from_pandas(in_pandas(table), npartitions=2)


def in_duckdb(table: pa.Table) -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(table)


# How to make a frame of an Arrow table, and dicts of a frame.
ENGINES: dict[str, tuple[Callable[[pa.Table], Any], Callable[[Any], list[dict[str, Any]]]]] = {
    "arrow": (lambda table: table, lambda frame: frame.to_pylist()),
    "pandas": (in_pandas, lambda frame: frame.to_dict("records")),
    "pandas with dicts": (with_dicts, lambda frame: frame.to_dict("records")),
    "polars": (pl.from_arrow, lambda frame: frame.to_dicts()),
    "polars, lazy": (lambda table: pl.from_arrow(table).lazy(), lambda frame: frame.collect().to_dicts()),
    "dask": (in_dask, lambda frame: frame.compute(scheduler="synchronous").to_dict("records")),
    "duckdb": (in_duckdb, lambda frame: frame.to_arrow_table().to_pylist()),
}
LAZY = ["polars, lazy", "dask", "duckdb"]


def decided(policy: Policy, engine: str, table: pa.Table) -> dict[str, tuple[str, str]]:
    """Return decision and reason of each item, as an engine has them."""
    make, rows_of = ENGINES[engine]
    return decided_rows(rows_of(policy.decide(make(table))))


def decided_rows(found: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {str(row["item_id"]): (row["decision"], row["reason"]) for row in found}
