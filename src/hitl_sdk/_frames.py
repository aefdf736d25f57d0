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

    from hitl_sdk.labels import LabelType

__all__ = [
    "Columns",
    "Engine",
    "Frame",
    "Kind",
    "arrow_times",
    "arrow_type",
    "build_frame",
    "is_nested",
    "time_text",
    "utc_time",
]

Engine = Literal["pandas", "polars", "arrow"]
Kind: TypeAlias = "Literal['text', 'float', 'int', 'bool', 'time'] | LabelType"
Columns: TypeAlias = Mapping[str, Sequence[Any]]
Frame: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table"

_SCALARS: Mapping[object, type] = {"text": str, "float": float, "int": int, "bool": bool}
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
    kinds : mapping of str to {"text", "float", "int", "bool", "time"} or LabelType
        What each column holds; a `LabelType` other than ``str`` is a nested column, of plain lists and dicts.
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


def is_nested(kind: Kind) -> bool:
    """Tell whether a column of this kind holds lists or dicts.

    Examples
    --------
    >>> is_nested([str]), is_nested("text")
    (True, False)
    """
    return isinstance(kind, list | dict)


def _arrow(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pa.Table:
    arrow = load("pyarrow", extra="arrow", needed_for="an Arrow table")
    arrays = {
        name: arrow_times(arrow.array(values, arrow.string()))
        if kinds[name] == "time"
        else arrow.array(values, arrow_type(kinds[name]))
        for name, values in columns.items()
    }
    return arrow.table(arrays | {name: _arrow_guessed(arrow, values) for name, values in extra.items()})


def arrow_type(kind: Kind) -> pa.DataType:
    """Return the type that Arrow has for a kind other than ``time``.

    Examples
    --------
    >>> arrow_type([{"label": str, "x": float}])
    ListType(list<item: struct<label: string, x: double>>)
    """
    pa = load("pyarrow", extra="arrow", needed_for="an Arrow table")
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, arrow_type(part)) for name, part in kind.items()])
    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), bytes: pa.binary()}
    return types[_SCALARS.get(kind) or cast("type", kind)]


def arrow_times(texts: pa.Array) -> pa.Array:
    """Return the times of an array of texts, in UTC: in bulk if all of them are like one another, else one by one.

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_times(pa.array(["2026-01-01T00:00:00", None])).to_pylist()
    [datetime.datetime(2026, 1, 1, 0, 0, tzinfo=...), None]
    """
    pa = load("pyarrow", extra="arrow", needed_for="an Arrow table")
    compute = load("pyarrow.compute", extra="arrow", needed_for="an Arrow table")
    in_utc = pa.timestamp("us", tz="UTC")
    for kind in (pa.timestamp("us"), in_utc):
        try:
            times = texts.cast(kind)
        except pa.ArrowInvalid:
            continue
        try:  # Arrow has times that Python has not
            compute.min_max(times).as_py()
        except (OverflowError, ValueError):
            break
        return times.cast(in_utc)
    return pa.array([time_text(text) for text in texts.to_pylist()], pa.string()).cast(in_utc)


def _arrow_guessed(pa: Any, values: Sequence[object]) -> Any:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return pa.array(_as_texts(values), pa.string())


def _pandas(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pd.DataFrame:
    """Build by way of Arrow, but for nested columns: there they would turn into numpy arrays of dicts."""
    pandas = load("pandas", extra="pandas", needed_for="a pandas frame")
    load("pyarrow", extra="pandas", needed_for="a pandas frame")
    nested = {name for name in columns if is_nested(kinds[name])}
    flat = {name: values for name, values in columns.items() if name not in nested}
    frame: pd.DataFrame = _arrow(flat, kinds, extra).to_pandas()
    for position, name in enumerate(columns):
        if name in nested:
            frame.insert(position, name, pandas.Series(list(columns[name]), dtype=object))
    return frame


def _polars(columns: Columns, kinds: Mapping[str, Kind], extra: Columns) -> pl.DataFrame:
    polars = load("polars", extra="polars", needed_for="a polars frame")
    series = [
        _polars_times(polars, name, values)
        if kinds[name] == "time"
        else polars.Series(name, _with_floats(values, kinds[name]), dtype=_polars_type(polars, kinds[name]))
        for name, values in columns.items()
    ]
    series += [_polars_guessed(polars, name, values) for name, values in extra.items()]
    return cast("pl.DataFrame", polars.DataFrame(series))


def _with_floats(values: Sequence[Any], kind: Kind) -> Sequence[Any]:
    """Return nested values with floats wherever their kind has them: polars takes no whole numbers among them."""

    def converted(value: Any, kind: Kind) -> Any:
        if value is None:
            return None
        if isinstance(kind, dict):
            return {name: converted(value.get(name), part) for name, part in kind.items()}
        if isinstance(kind, list):
            return [converted(each, kind[0]) for each in value]
        return float(value) if kind is float else value

    return [converted(value, kind) for value in values] if is_nested(kind) else values


def _polars_type(pl: Any, kind: Kind) -> Any:
    if isinstance(kind, list):
        return pl.List(_polars_type(pl, kind[0]))
    if isinstance(kind, dict):
        return pl.Struct({name: _polars_type(pl, part) for name, part in kind.items()})
    types = {str: pl.String, float: pl.Float64, int: pl.Int64, bool: pl.Boolean, bytes: pl.Binary}
    return types[_SCALARS.get(kind) or cast("type", kind)]


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
