"""A column of score vectors, as a matrix with a column a label, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._score_rows import row_scores
from hitl_sdk.routing.prediction import confidence_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["read_scores", "scores_column"]


def read_scores(
    column: nw.Series[Any], names: Sequence[str] | None = None, *, there: NDArray[np.bool_] | None = None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the labels, sorted or as named, and one row an item with the score of each; what an item lacks is 0.

    Of what is not `there` nothing is asked.

    Raises
    ------
    InvalidInputError
        If an item has no scores, or one is not from 0 to 1, or there is a label that is none of `names`.
    """
    import numpy as np

    fields = _fields(column)
    holds_numbers = bool(fields) and all(field.dtype.is_numeric() for field in fields)
    given = (_by_field if holds_numbers else _by_row)(column)
    if unknown := given.keys() - (names or given.keys()):
        raise InvalidInputError(
            f"{column.name!r} has the label {min(unknown)!r}, which was not there when it was fitted",
            hint="fit it on predictions of the same model",
        )
    labels = tuple(sorted(given) if names is None else names)
    matrix = np.zeros((len(column), len(labels)))
    for place, label in enumerate(labels):
        matrix[:, place] = given.get(label, 0.0)
    bad = ~((matrix >= 0) & (matrix <= 1)).all(axis=1) | ~matrix.any(axis=1)
    bad &= True if there is None else there
    if bad.any():
        row = int(bad.argmax())
        [said] = column[row : row + 1].to_list()
        raise InvalidInputError(
            f"the scores of row {row} in {column.name!r} are {row_scores(said) or {}}",
            hint="give for each label a number from 0 to 1, not all of them 0: a struct, a map, or dicts",
        )
    return labels, matrix


def scores_column(
    like: nw.Series[Any], labels: Sequence[str], matrix: NDArray[np.float64], there: NDArray[np.bool_]
) -> nw.Series[Any]:
    """Return a matrix as a column of the same engine and name, with nothing where nothing is."""
    if like.implementation.is_pandas_like():  # which has dicts for structs
        rows = zip(matrix.tolist(), there.tolist(), strict=True)
        values = [dict(zip(labels, row, strict=True)) if is_there else None for row, is_there in rows]
        return nw.new_series(like.name, values, backend=like.implementation)
    pa = load("pyarrow", extra="arrow", needed_for="a column of scores")
    parts: Any = [pa.array(scores) for scores in matrix.T]
    native: Any = pa.chunked_array([pa.StructArray.from_arrays(parts, list(labels), mask=pa.array(~there))])
    if like.implementation.is_polars():
        import polars as pl

        native = pl.from_arrow(native)
    made: nw.Series[Any] = nw.from_native(native, series_only=True)
    return made.alias(like.name)


def _by_field(column: nw.Series[Any]) -> dict[str, NDArray[np.float64]]:
    """Return the scores of each label that any item has, at the engine's speed."""
    fields = [column.struct.field(field.name) for field in _fields(column)]
    return {
        field.name: field.cast(nw.Float64).fill_null(0.0).to_numpy()
        for field in fields
        if not field.is_null().all()
    }


def _fields(column: nw.Series[Any]) -> list[nw.Field]:
    return column.dtype.fields if isinstance(column.dtype, nw.Struct) else []


def _by_row(column: nw.Series[Any]) -> dict[str, NDArray[np.float64]]:
    """Return the scores of each label that any item has; not a number, where one is none."""
    import numpy as np

    found: dict[str, NDArray[np.float64]] = {}
    for row, value in enumerate(column.to_list()):
        for label, score in (row_scores(value) or {}).items():
            if label not in found:
                found[label] = np.zeros(len(column))
            found[label][row] = float("nan") if confidence_problem(score) else float(score)
    return found
