"""Rows of a frame of any engine as lines of a manifest; polars writes them itself where it writes the same bytes."""

from __future__ import annotations

from datetime import date
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._columns import lacking, read_column
from hitl_sdk._manifest_line import ITEM_KEYS, item_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._manifest_json import encode_lines
from hitl_sdk.labeling._manifest_sources import LineSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from hitl_sdk._manifest_line import ItemKey
    from hitl_sdk.labeling._manifest_json import Line

__all__ = ["FrameRows"]

_ROWS = 2_048  # of many more, the garbage collector would look at each again and again
_ROWS_BY_POLARS = 16_384
_OF_JSON = frozenset({str, int, bool, dict})


class FrameRows(LineSource):
    """The rows of a frame. What is null in a row is not in its line."""

    name = "the frame"

    def __init__(
        self, native: object, *, column: str | None, key: ItemKey | None, keep: Sequence[str] | None
    ) -> None:
        frame = _as_frame(native)
        names: list[object] = list(frame.columns)  # pandas has others than texts
        if unnamed := [name for name in names if not isinstance(name, str)]:
            raise InvalidInputError(
                f"the frame has columns whose names are no text: {unnamed}", hint="rename the columns"
            )
        self._column = column or _column_of_items(frame.columns)
        others = [name for name in frame.columns if name != self._column] if keep is None else list(keep)
        if problem := lacking(frame.columns, [self._column, *others]):
            raise InvalidInputError(f"the frame has {problem}", hint="rename the columns")
        first = frame[self._column].head(1).to_list()
        named: list[ItemKey] = [name for name in ITEM_KEYS if name == self._column]
        self._key: ItemKey = key or (named[0] if named else item_key(first[0] if first else ""))
        if self._key in others:
            raise InvalidInputError(
                f"the items in column {self._column!r} and column {self._key!r} are both {self._key!r}",
                hint="leave one out: keep=[...]",
            )
        self._frame = frame.select([self._column, *others]).rename({self._column: self._key})

    def batches(self) -> Iterator[list[Line]]:
        """Yield a data object for each row."""
        return map(_lines, self._parts(_ROWS))

    def encoded(self) -> Iterator[bytes]:
        """Yield the lines as they are written."""
        if not (_has_polars() and all(map(_is_written_alike, self._frame.schema.values()))):
            yield from super().encoded()
            return
        number = 1
        for part in self._parts(_ROWS_BY_POLARS):
            written = _written_by_polars(part)
            yield encode_lines(_lines(part), first=number) if written is None else written
            number += len(part)

    def _parts(self, rows: int) -> Iterator[nw.DataFrame[Any]]:
        return (self._frame[start : start + rows] for start in range(0, len(self._frame), rows))


def _as_frame(native: Any) -> nw.DataFrame[Any]:
    try:
        frame = nw.from_native(native, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise InvalidInputError("two columns of the frame have the same name", hint="rename one") from error
    if isinstance(frame, nw.LazyFrame):
        return frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise InvalidInputError(
            f"{type(native).__name__} is no frame",
            hint="give a frame of pandas, polars, pyarrow or another engine that narwhals knows",
        )
    return frame


def _column_of_items(names: Sequence[str]) -> str:
    found = [name for name in (*ITEM_KEYS, "item") if name in names]
    if not found:
        raise InvalidInputError(
            f"the frame has no column 'source', 'source-ref' or 'item', but {list(names)}",
            hint="say which one has the items: column=...",
        )
    return found[0]


def _lines(part: nw.DataFrame[Any]) -> list[Line]:
    names = part.columns
    columns = [_values(part[name]) for name in names]
    rows = zip(*columns, strict=True)
    if any(type(None) in map(type, values) for values in columns):
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows
        ]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _values(series: nw.Series[Any]) -> list[Any]:
    """Return the values as JSON has them; None for null and for what is no number."""
    kind = series.dtype
    if kind == nw.Object:
        values = series.to_list()
        if set(map(type, values)) <= _OF_JSON:
            return values
    elif not (kind.is_temporal() or kind.is_float() or series.null_count()):
        return series.to_list()
    return [_json_value(value) for value in read_column(series)]


def _json_value(value: Any) -> Any:
    """Return a value as JSON has it, where a frame has an own type for it: a time, an array, a number of numpy."""
    if isinstance(value, date):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value


def _is_written_alike(kind: Any) -> bool:
    """Tell whether polars writes values of a type as ``json`` does, null and what is no number aside.

    It does so of lists too, but whether these hold nulls is seen no faster than by writing them line by line.
    """
    if isinstance(kind, nw.Struct):
        return all(_is_written_alike(field.dtype) for field in kind.fields)
    return kind in (nw.String, nw.Boolean, nw.Float64) or kind.is_integer()


def _written_by_polars(part: nw.DataFrame[Any]) -> bytes | None:
    """Return the rows as polars writes them; None if it would write null for what is not in a line, or is no number."""
    rows = part.to_polars()
    if any(map(_has_nulls, rows.get_columns())):
        return None
    buffer = BytesIO()
    rows.write_ndjson(buffer)
    return buffer.getvalue()


def _has_nulls(series: pl.Series) -> bool:
    """Tell whether there may be a null or something that is no number."""
    import polars as pl

    kind = series.dtype
    if series.null_count():
        return True
    if isinstance(kind, pl.Struct):
        return any(_has_nulls(series.struct.field(field.name)) for field in kind.fields)
    return kind.is_float() and not series.is_finite().all()


@cache
def _has_polars() -> bool:
    try:
        import polars as pl  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True
