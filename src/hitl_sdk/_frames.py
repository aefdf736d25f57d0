"""Columns to a frame of the engine the caller asked for: pandas, polars or arrow, with the same rows.

Times come as text and are read in bulk by the engine; only where that fails is each looked at by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Columns", "Engine", "Frame", "Kind", "build_frame", "time_text", "utc_time"]

Engine = Literal["pandas", "polars", "arrow"]
Kind = Literal["text", "float", "int", "time"]
Columns: TypeAlias = Mapping[str, Sequence[Any]]
Frame: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table"

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"
# polars reads more than that format says ("2020-9-2", second 60); what differs is left to `time_text`.
_REGULAR_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,6})?Z$"


def build_frame(
    columns: Columns,
    kinds: Mapping[str, Kind],
    engine: str,
    *,
    extra: Columns | None = None,
) -> Frame:
    """Build a frame of the given columns, in the order of `kinds`, then those of `extra`.

    Parameters
    ----------
    columns : mapping of str to sequence
        Equally long. ``time`` columns hold ISO 8601 text (see `time_text`) or None.
    kinds : mapping of str to {"text", "float", "int", "time"}
        What each column holds.
    engine : {"pandas", "polars", "arrow"}
        Whose frame.
    extra : mapping of str to sequence, optional
        Columns whose type the engine finds out by itself; mixed ones become text.

    Raises
    ------
    InvalidInputError
        If the engine is none of the three.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> frame = build_frame({"n": [1], "at": ["2026-01-01T00:00:00Z"]}, {"n": "int", "at": "time"}, "arrow")
    >>> frame.to_pylist()
    [{'n': 1, 'at': datetime.datetime(2026, 1, 1, 0, 0, tzinfo=...)}]
    """
    build = _BUILDERS.get(engine)
    if build is None:
        raise InvalidInputError(
            f"engine={engine!r} is not known", hint=f"use one of {', '.join(map(repr, get_args(Engine)))}"
        )
    return build({name: columns[name] for name in kinds}, kinds, extra or {})


def utc_time(value: object) -> datetime | None:
    """Return a time in UTC, or None if it is no time.

    Parameters
    ----------
    value : str or datetime or None
        Without a zone it counts as UTC.

    Examples
    --------
    >>> utc_time("2020-09-22T19:08:37.84+02:00").isoformat()
    '2020-09-22T17:08:37.840000+00:00'
    >>> utc_time("soon") is None
    True
    """
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def time_text(value: object) -> str | None:
    """Return a time as the text that every engine reads in bulk, or None if it is no time.

    Examples
    --------
    >>> time_text("2020-09-22T19:08:37.84+02:00")
    '2020-09-22T17:08:37.840000Z'
    """
    moment = utc_time(value)
    return None if moment is None else f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _arrow(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pa.Table:
    arrow = load("pyarrow", extra="arrow", needed_for="an Arrow table")
    types = {"text": arrow.string(), "float": arrow.float64(), "int": arrow.int64()}
    arrays = {
        name: _arrow_times(arrow, values)
        if kinds[name] == "time"
        else arrow.array(values, types[kinds[name]])
        for name, values in columns.items()
    }
    return arrow.table(arrays | {name: _arrow_guessed(arrow, values) for name, values in extra.items()})


def _arrow_times(pa: Any, values: Sequence[str | None]) -> Any:
    kind = pa.timestamp("us", tz="UTC")
    try:
        return pa.array(values, pa.string()).cast(kind)
    except pa.ArrowInvalid:
        return pa.array([time_text(value) for value in values], pa.string()).cast(kind)


def _arrow_guessed(pa: Any, values: Sequence[object]) -> Any:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return pa.array(_as_texts(values), pa.string())


def _pandas(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pd.DataFrame:
    load("pandas", extra="pandas", needed_for="a pandas frame")
    frame: pd.DataFrame = _arrow(columns, kinds, extra).to_pandas()
    return frame


def _polars(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pl.DataFrame:
    polars = load("polars", extra="polars", needed_for="a polars frame")
    types = {"text": polars.String, "float": polars.Float64, "int": polars.Int64}
    series = [
        _polars_times(polars, name, values)
        if kinds[name] == "time"
        else polars.Series(name, values, dtype=types[kinds[name]])
        for name, values in columns.items()
    ]
    series += [_polars_guessed(polars, name, values) for name, values in extra.items()]
    return cast("pl.DataFrame", polars.DataFrame(series))


def _polars_times(pl: Any, name: str, values: Sequence[str | None]) -> Any:
    texts = pl.Series(name, values, dtype=pl.String)
    if not texts.str.contains(_REGULAR_TIME).all():
        texts = pl.Series(name, [time_text(value) for value in values], dtype=pl.String)
    return texts.str.to_datetime(_TIME_FORMAT, time_unit="us", strict=False).dt.replace_time_zone("UTC")


def _polars_guessed(pl: Any, name: str, values: Sequence[object]) -> Any:
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, UnicodeEncodeError, pl.exceptions.PolarsError):
        return pl.Series(name, _as_texts(values), dtype=pl.String)


def _as_texts(values: Sequence[object]) -> list[str | None]:
    # Half a surrogate pair fits no frame, so it is shown as its number.
    return [
        None if value is None else str(value).encode("utf-8", "backslashreplace").decode() for value in values
    ]


_BUILDERS: Mapping[str, Callable[[Columns, Mapping[str, Kind], Columns], Frame]] = {
    "pandas": _pandas,
    "polars": _polars,
    "arrow": _arrow,
}
