"""Columns of a frame of any engine: which are not there, and lists of them, in which None stands for what is null."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["is_frame", "lacking", "read_column", "read_columns"]


def is_frame(native: object) -> bool:
    """Tell whether narwhals knows it as a frame, eager or lazy.

    Raises
    ------
    InvalidInputError
        If two of its columns have the same name.

    Examples
    --------
    >>> import pandas as pd
    >>> is_frame(pd.DataFrame()), is_frame([])
    (True, False)
    """
    return _as_frame(native) is not None


def read_columns(
    native: object, required: Sequence[str], optional: Sequence[str] = (), *, what: str
) -> dict[str, list[Any]]:
    """Return columns of a frame as lists; an optional one that is not there is all None.

    Parameters
    ----------
    native : frame
        Of any engine that narwhals knows; a lazy one is collected.
    required, optional : sequence of str
        The columns.
    what : str
        What the frame is, for the error: ``"the answers"``.

    Raises
    ------
    InvalidInputError
        If it is no frame, a required column is missing, or two columns have the same name.

    Examples
    --------
    >>> import pandas as pd
    >>> read_columns(pd.DataFrame({"item": ["a", None]}), ["item"], ["n"], what="the answers")
    {'item': ['a', None], 'n': [None, None]}
    """
    frame = _as_frame(native)
    if frame is None:
        raise InvalidInputError(
            f"{what} are {type(native).__name__}, no frame",
            hint="give a frame of pandas, polars, pyarrow or another engine that narwhals knows",
        )
    names = frame.collect_schema().names()
    if problem := lacking(names, required):
        raise InvalidInputError(f"{what} have {problem}", hint="rename the columns")
    kept = frame.select([name for name in (*required, *optional) if name in names])
    eager = kept.collect() if hasattr(kept, "collect") else kept
    return {
        name: read_column(eager[name]) if name in eager.columns else [None] * len(eager)
        for name in (*required, *optional)
    }


def read_column(values: Iterable[object]) -> list[Any]:
    """Return a series of any engine, an array or a list as a list; null, NaN and NaT become None.

    Examples
    --------
    >>> read_column([1.0, float("nan")])
    [1.0, None]
    """
    import narwhals as nw

    series: Any = nw.from_native(cast("Any", values), series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        pairs = zip(series.to_list(), series.is_null().to_list(), strict=True)
        plain = [None if null else value for value, null in pairs]
    else:
        plain = list(getattr(values, "tolist", lambda: values)())
    return [None if isinstance(value, float) and math.isnan(value) else value for value in plain]


def lacking(names: Collection[str], required: Iterable[str]) -> str | None:
    """Say which columns are not among those of a frame, and which are; None if none is missing.

    Examples
    --------
    >>> lacking(["item", "text"], ["item", "label"])
    "no column 'label', but ['item', 'text']"
    """
    missing = [repr(name) for name in required if name not in names]
    return f"no column {' or '.join(missing)}, but {list(names)}" if missing else None


def _as_frame(native: object) -> Any:
    """Return what narwhals makes of a frame, None if it is none."""
    import narwhals as nw

    try:
        frame = nw.from_native(cast("Any", native), pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise InvalidInputError(
            "two columns of the frame have the same name", hint="rename or drop one of them"
        ) from error
    return frame if isinstance(frame, nw.DataFrame | nw.LazyFrame) else None
