"""What a frame of predictions must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from hitl_sdk._columns import lacking
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.routing.prediction import confidence_problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = [
    "CONFIDENCE",
    "as_float",
    "blocks_of",
    "has_categories_of_numbers",
    "holds_nothing",
    "is_long",
    "is_probability",
    "is_sql",
    "predictions_frame",
    "require_columns",
    "require_confidence",
    "require_item_ids",
    "require_names",
]

# The confidences as a policy reads them: floats, and 0 where there is no usable one.
CONFIDENCE = "__hitl_confidence"
_NAMED_AT_MOST = 3
# Unknown: of nulls alone, and what only one engine has, such as UUIDs.
_TEXTS = frozenset({nw.String, nw.Categorical, nw.Enum, nw.Object, nw.Unknown})
_BLOCK = 1 << 19


def as_float(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Return a column of numbers as floats; decimals by their digits, as Arrow makes 0.5700000000000001 of 0.57."""
    by_digits = frame.collect_schema()[column] == nw.Decimal
    return (nw.col(column).cast(nw.String) if by_digits else nw.col(column)).cast(nw.Float64)


def is_probability(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str) -> nw.Expr:
    """Tell which rows hold a number from 0 to 1; NaN and null do not."""
    return as_float(frame, column).is_between(0, 1) & ~nw.col(column).is_null()


def is_sql(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> bool:
    """Tell whether its engine is one of SQL, such as duckdb or Spark."""
    return isinstance(frame, nw.LazyFrame) and not frame.implementation.is_polars()


def is_long(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> bool:
    """Tell whether a frame is decided faster by blocks: pandas makes a column of each step, and memory is slow."""
    return isinstance(frame, nw.DataFrame) and frame.implementation.is_pandas_like() and len(frame) > _BLOCK


def blocks_of(frame: nw.DataFrame[Any]) -> Iterator[nw.DataFrame[Any]]:
    """Yield the rows of a frame, so many at a time."""
    for start in range(0, len(frame), _BLOCK):
        yield frame[start : start + _BLOCK]


def has_categories_of_numbers(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str) -> bool:
    """Tell whether a column has categories that are numbers, as only pandas has them; as texts they get a ``.0``."""
    if not isinstance(frame, nw.DataFrame) or column not in frame.columns:
        return False
    categories = getattr(getattr(frame[column].to_native(), "dtype", None), "categories", None)
    return getattr(getattr(categories, "dtype", None), "kind", "") in {"b", "i", "u", "f"}


def holds_nothing(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str) -> bool:
    """Tell whether a column has only nulls, and so no kind of values; pandas would call them texts."""
    if not isinstance(frame, nw.DataFrame) or not frame.implementation.is_pandas_like():
        return frame.collect_schema()[column] == nw.Unknown
    values = frame[column]
    return bool(values.to_native().dtype == object and values.is_null().all())


def predictions_frame(native: object) -> nw.DataFrame[Any] | nw.LazyFrame[Any] | None:
    """Return a frame of any engine as narwhals sees it, or None if it is no frame.

    Raises
    ------
    InvalidPredictionError
        If two columns have the same name, or a name is no text.
    """
    try:
        frame: Any = nw.from_native(cast("Any", native), pass_through=True)
    except nw.exceptions.DuplicateError as error:
        given = list(getattr(native, "columns", ()))
        repeated = sorted({str(name) for name in given if given.count(name) > 1})
        raise InvalidPredictionError(
            f"more than one column is named {', '.join(map(repr, repeated))}",
            hint="rename or drop all but one of them",
        ) from error
    if not isinstance(frame, nw.DataFrame | nw.LazyFrame):
        return None
    names: list[object] = [*frame.collect_schema().names()]
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None:
        raise InvalidPredictionError(
            f"the column name {odd!r} is not a text", hint="rename it: frame.rename(columns=str)"
        )
    return frame


def require_columns(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], wanted: Iterable[str]) -> None:
    """Refuse a frame without one of the columns, naming those it has."""
    if problem := lacking(frame.collect_schema().names(), wanted):
        raise InvalidPredictionError(f"the predictions have {problem}", hint="rename the columns")


def require_names(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], *, replaced: Collection[str]) -> list[str]:
    """Return the names of a frame's columns but for those that are replaced; in SQL, upper case is lower case.

    Raises
    ------
    InvalidPredictionError
        If a name is one that deciding uses for itself, or one that Spark reads as an expression.
    """
    names = frame.collect_schema().names()
    read = {name: name.lower() if is_sql(frame) else name for name in names}
    in_spark = frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect()
    for name in names:
        if read[name].startswith("__hitl") or (in_spark and set(name) & set(".`")):
            raise InvalidPredictionError(
                f"a column can't be named {name!r} here", hint="rename it, or leave it out"
            )
    return [name for name in names if read[name] not in replaced]


def require_item_ids(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], *, strict: bool = True) -> None:
    """Refuse ids that engines write differently as texts, and in a strict look an item without id."""
    kind = frame.collect_schema()["item_id"]
    if not (kind.is_integer() or kind in _TEXTS):
        raise InvalidPredictionError(
            f"the column 'item_id' holds {kind}, not texts or whole numbers", hint="convert it to texts"
        )
    if strict and isinstance(frame, nw.DataFrame) and frame["item_id"].is_null().any():
        row = frame["item_id"].is_null().to_list().index(True)
        raise InvalidPredictionError(f"row {row} has no item_id", hint="name every item")


def require_confidence(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str, *, strict: bool = True
) -> None:
    """Refuse a column that does not hold numbers, and in a strict look numbers outside 0 to 1."""
    kind = frame.collect_schema()[column]
    if not (kind.is_numeric() or holds_nothing(frame, column)):
        raise InvalidPredictionError(
            f"the column {column!r} holds {kind}, not numbers", hint="convert it to float"
        )
    usable = is_probability(frame, column)
    if not strict or isinstance(frame, nw.LazyFrame) or frame.select(usable.all()).item():
        return
    bad = frame.with_row_index("__hitl_row").filter(~usable)
    name = "item_id" if "item_id" in frame.columns else "__hitl_row"
    first = bad.head(_NAMED_AT_MOST)
    problem, hint = confidence_problem(first[column][0]) or ("", None)
    items = ", ".join(repr(item) for item in first[name].to_list())
    more = f" and {len(bad) - len(first)} more" if len(bad) > len(first) else ""
    raise InvalidPredictionError(f"{problem}, for item {items}{more}", hint=hint)
