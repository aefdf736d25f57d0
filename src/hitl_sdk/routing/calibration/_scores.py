"""A column of score vectors, as a matrix with a column a label, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

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

    Of what is not `there` nothing is asked, and all scores are 0.

    Raises
    ------
    InvalidInputError
        If an item has no scores, or one is not from 0 to 1, or there is a label that is none of `names`.
    """
    import numpy as np

    said = [row_scores(value) or {} for value in column.to_list()]
    given = {label for scores in said for label in scores}
    if unknown := given.difference(names or given):
        raise InvalidInputError(
            f"{column.name!r} has the label {min(unknown)!r}, which was not there when it was fitted",
            hint="fit it on predictions of the same model",
        )
    labels = tuple(sorted(given) if names is None else names)
    rows = [[_number(scores.get(label, 0.0)) for label in labels] for scores in said]
    matrix = np.array(rows, float).reshape(len(said), len(labels))
    bad = ~((matrix >= 0) & (matrix <= 1)).all(axis=1) | ~matrix.any(axis=1)
    bad &= True if there is None else there
    if bad.any():
        row = int(bad.argmax())
        raise InvalidInputError(
            f"the scores of row {row} in {column.name!r} are {said[row]}",
            hint="give for each label a number from 0 to 1, not all of them 0: a struct, a map, or dicts",
        )
    return labels, matrix


def _number(score: object) -> float:
    return float("nan") if confidence_problem(score) else float(score)  # type: ignore[arg-type]


def scores_column(
    like: nw.Series[Any], labels: Sequence[str], matrix: NDArray[np.float64], there: NDArray[np.bool_]
) -> nw.Series[Any]:
    """Return a matrix as a column of the same engine and name, with nothing where nothing is."""
    rows = zip(matrix.tolist(), there.tolist(), strict=True)
    values = [dict(zip(labels, row, strict=True)) if is_there else None for row, is_there in rows]
    return nw.new_series(like.name, values, backend=like.implementation)
