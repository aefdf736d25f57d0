"""Rows of a manifest, of which some are arrays of Arrow, to frames of each engine."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import make_dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hitl_sdk._frames import arrow_times, arrow_type, is_nested
from hitl_sdk._optional import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    import polars as pl

    from hitl_sdk._frames import Frame, Kind
    from hitl_sdk.results._manifest_rows import Rows

__all__ = ["FRAMES"]


def _arrow(parts: Sequence[Rows], kinds: Mapping[str, Kind]) -> pa.Table:
    columns = {
        name: pa.chunked_array(
            [_array(rows.columns.get(name), kind, rows.count) for rows in parts], type=_type(kind)
        )
        for name, kind in kinds.items()
        if name != "item_id"
    }
    return pa.table({name: columns.get(name) or _item_ids(parts) for name in kinds})


def _type(kind: Kind) -> pa.DataType:
    return pa.timestamp("us", tz="UTC") if kind == "time" else arrow_type(kind)


def _array(column: Any, kind: Kind, count: int) -> pa.Array:
    if column is None:
        return pa.nulls(count, _type(kind))
    if not isinstance(column, list):
        return column
    if kind == "time":
        return arrow_times(pa.array(column, pa.string()))
    return pa.array(column, arrow_type(kind))


def _item_ids(parts: Sequence[Rows]) -> pa.ChunkedArray:
    numbers = [rows.first_line + np.fromiter(rows.of_line, np.int64, rows.count) for rows in parts]
    return pa.chunked_array([pa.array(each).cast(pa.string()) for each in numbers])


def _pandas(parts: Sequence[Rows], kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Return a frame as `build_frame` does: nested columns hold plain lists and dicts."""
    pandas = load("pandas", extra="pandas", needed_for="a pandas frame")
    flat: dict[str, Kind] = {name: kind for name, kind in kinds.items() if not is_nested(kind)}
    frame: pd.DataFrame = _arrow(parts, flat).to_pandas()
    for position, name in enumerate(kinds):
        if name not in flat:
            with _uncollected():
                values = [each for rows in parts for each in _plain(rows.columns.get(name), rows.count)]
            frame.insert(position, name, pandas.Series(values, dtype=object))
    return frame


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, at all of the lists and dicts that are being made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _plain(column: Any, count: int) -> list[Any]:
    if column is None:
        return [None] * count
    return list(column) if isinstance(column, list) else _values(column)


def _values(array: pa.Array, *, whole: bool = False) -> list[Any]:
    """Return an array as plain values; where `whole`, numbers without a fraction are whole, as careful reading has them."""
    if pa.types.is_struct(array.type):
        names = tuple(field.name for field in array.type)
        columns = [
            _values(array.field(place), whole=name != "confidence") for place, name in enumerate(names)
        ]
        part = _part(names)
        return _with_nulls([vars(part(*row)) for row in zip(*columns, strict=True)], array)
    if pa.types.is_list(array.type):
        flat = _values(array.values, whole=whole)
        return _with_nulls([flat[start:end] for start, end in pairwise(array.offsets.to_pylist())], array)
    encoded = array.dictionary_encode(null_encoding="encode")
    known = encoded.dictionary.to_pylist()  # equal values are one object
    if whole and pa.types.is_floating(array.type):
        known = [int(each) if each.is_integer() else each for each in known]
    return list(np.array(known, dtype=object).take(encoded.indices).tolist())


@cache
def _part(names: tuple[str, ...]) -> type:
    """Return a class with these attributes: the dicts of its objects share their keys, which halves what they take."""
    return make_dataclass("Part", names)


def _with_nulls(values: list[Any], array: pa.Array) -> list[Any]:
    if not array.null_count:
        return values
    return [
        value if there else None for value, there in zip(values, array.is_valid().to_pylist(), strict=True)
    ]


def _polars(parts: Sequence[Rows], kinds: Mapping[str, Kind]) -> pl.DataFrame:
    polars = load("polars", extra="polars", needed_for="a polars frame")
    frame: pl.DataFrame = polars.from_arrow(_arrow(parts, kinds))
    return frame


FRAMES: Mapping[str, Callable[[Sequence[Rows], Mapping[str, Kind]], Frame]] = {
    "arrow": _arrow,
    "pandas": _pandas,
    "polars": _polars,
}
