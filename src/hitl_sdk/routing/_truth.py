"""Predictions of which the truth is known: which of them are right, on every engine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._frames import has_categories_of_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["as_held", "is_known", "is_right", "texts_of_labels"]

_TEXTS = (nw.String, nw.Categorical, nw.Enum)


@contextmanager
def texts_of_labels() -> Iterator[None]:
    """Say of labels that are no valid Unicode, which pandas lets into a column, that they are none."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            "a label or truth is not valid Unicode: it holds half a surrogate pair", hint="decode it again"
        ) from error


def as_held(table: Any, columns: Iterable[str]) -> Any:
    """Return a frame of pandas with columns of objects, and of categories of numbers, as what these are."""
    if not isinstance(table, nw.DataFrame) or not table.implementation.is_pandas_like():
        return table
    for name in columns:
        kind = table.collect_schema().get(name)
        if kind == nw.Object or has_categories_of_numbers(table, name):
            native = table.to_native()
            table = nw.from_native(native.assign(**{name: native[name].astype(object).convert_dtypes()}))
    return table


def is_known(schema: Mapping[str, Any], truth: str) -> nw.Expr:
    """Return the expression of whether a truth is known; a number that is none (NaN) is not, on any engine."""
    known = ~nw.col(truth).is_null()
    return known & ~nw.col(truth).is_nan() if schema[truth].is_float() else known


def is_right(schema: Mapping[str, Any], *, truth: str, label: str) -> nw.Expr:
    """Return the expression of whether a prediction is right; what it says where the truth is null has no meaning.

    A column of truth values is taken by its word, whatever the label is: so boxes, spans and other structures can be
    judged by a rule of one's own. Whole numbers are compared with texts as their digits.

    Raises
    ------
    InvalidInputError
        If labels and truths are one column, or of kinds that can't be compared.
    """
    if truth == label:
        raise InvalidInputError(
            f"{truth!r} is the label and its truth",
            hint="name the column of the model's labels; of a training frame it is label='model_label'",
        )
    true = schema[truth]
    said = schema.get(label)
    if isinstance(true, nw.Boolean) and not isinstance(said, nw.Boolean):
        return nw.col(truth)
    if said is None:
        raise InvalidInputError(
            f"the frame has no column {label!r} to compare {truth!r} with",
            hint=f"name the column: label=..., or let {truth!r} say of each row whether the model is right",
        )
    model_says, is_true = _compared(label, said, true), _compared(truth, true, said)
    if model_says is None or is_true is None:
        raise InvalidInputError(
            f"{label!r} holds {said} and {truth!r} {true}: they can't be compared",
            hint=f"convert one of them, or let {truth!r} say of each row whether the model is right",
        )
    return model_says == is_true


def _compared(name: str, kind: Any, other: Any) -> nw.Expr | None:
    """Return a column as it is compared with one of another kind; None if it can't be."""
    column = nw.col(name)
    if isinstance(kind, _TEXTS):
        is_comparable = isinstance(other, _TEXTS) or other.is_integer()
        return column.cast(nw.String) if is_comparable else None
    if kind.is_integer() and isinstance(other, _TEXTS):
        return column.cast(nw.String)
    return (
        column
        if (kind.is_numeric() and other.is_numeric()) or (kind == other and not kind.is_nested())
        else None
    )
