"""Policies that look at any column: whether it is filled in, and how its number compares."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing._frames import as_float, holds_nothing
from hitl_sdk.routing._reasons import ACCEPT, REVIEW, STRIDE, Reason
from hitl_sdk.routing._shares import number_of
from hitl_sdk.routing.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["Confidence", "Missing"]

Operator = Literal["!=", "<", "<=", "==", ">", ">="]

_OF_A_PREDICTION = frozenset({"item_id", "item", "label", "confidence", "scores", "raw"})
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE = {"!=": "==", "<": ">=", "<=": ">", "==": "!=", ">": "<=", ">=": "<"}


@dataclass(frozen=True)
class Missing(Policy):
    """Review the items in which a column is not filled in: null, NaN, an empty text or an empty list.

    Parameters
    ----------
    field : str
        A column; of one `Prediction` one of its attributes, or an entry of `extra`, where what is not there is missing.

    Raises
    ------
    InvalidInputError
        If it is no name.

    Examples
    --------
    >>> from hitl_sdk.routing import Missing, Prediction
    >>> Missing("due_date").decide_one(Prediction("a", "s3://forms/a.png", "invoice", 0.99, extra={"due_date": ""}))
    Decision(decision='review', reason='due_date is missing')
    """

    field: str

    def __post_init__(self) -> None:
        _require_field(self.field)

    def _columns(self) -> set[str]:
        return {self.field}

    def _reasons(self) -> Sequence[Reason]:
        return [Reason(f"{self.field} is there"), Reason(f"{self.field} is missing")]

    def _judged(self, table: Any, name: str) -> Any:
        kind, column = table.collect_schema()[self.field], nw.col(self.field)
        missing = column.is_null()
        if kind == nw.Object:
            empty = [_is_empty(value) for value in table[self.field].to_list()]
            series = nw.new_series(f"{name}_empty", empty, nw.Boolean, backend=table.implementation)
            table = table.with_columns(series)
            missing = missing | nw.col(f"{name}_empty")
        elif kind in {nw.String, nw.Categorical, nw.Enum}:
            missing = missing | (column.cast(nw.String) == "")
        elif kind.is_float():
            missing = missing | column.is_nan()
        elif kind == nw.List:
            missing = missing | (column.list.len() == 0)
        return table.with_columns(
            nw.when(missing).then(nw.lit(REVIEW)).otherwise(nw.lit(ACCEPT)).alias(f"{name}_verdict"),
            nw.when(missing).then(nw.lit(STRIDE)).otherwise(nw.lit(0)).alias(f"{name}_reason"),
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        value = _field_of(prediction, self.field)
        missing = _is_null(value) or _is_empty(value)
        return (REVIEW if missing else ACCEPT), self._all_reasons[missing].text()


@dataclass(frozen=True)
class Confidence(Policy):
    """Review the items in which the number in a column compares so; one without a number is reviewed, too.

    Parameters
    ----------
    field : str
        A column of numbers, in whatever unit: ``"ocr_confidence"``, ``"pages"``; of one `Prediction` its `confidence`, or an
        entry of `extra`.
    op : {"<", "<=", ">", ">=", "==", "!="}
        How it is compared.
    value : float
        To what.

    Raises
    ------
    InvalidInputError
        If there is no such comparison, or `value` is no finite number.

    Examples
    --------
    >>> from hitl_sdk.routing import Confidence, Prediction
    >>> Confidence("pages", ">", 3).decide_one(Prediction("a", "s3://forms/a.pdf", "form", 0.9, extra={"pages": 5}))
    Decision(decision='review', reason='pages > 3')
    """

    field: str
    op: Operator
    value: float

    def __post_init__(self) -> None:
        _require_field(self.field)
        op: object = self.op
        if not isinstance(op, str) or op not in _COMPARED:
            raise InvalidInputError(
                f"op={self.op!r} is no comparison", hint=f"give one of {' '.join(_COMPARED)}"
            )
        number = number_of(self.value)
        if number is None or not math.isfinite(number):
            raise InvalidInputError(
                f"value={self.value!r} is not a number, or too large", hint="for example value=0.8"
            )
        value: object = self.value
        object.__setattr__(self, "value", int(number) if isinstance(value, Integral) else number)

    def _columns(self) -> set[str]:
        return {self.field}

    def _reasons(self) -> Sequence[Reason]:
        return [
            Reason(f"{self.field} {_OPPOSITE[self.op]} {self.value!r}"),
            Reason(f"{self.field} {self.op} {self.value!r}"),
            Reason(f"no number in {self.field}"),
        ]

    def _judged(self, table: Any, name: str) -> Any:
        kind = table.collect_schema()[self.field]
        if not (kind.is_numeric() or holds_nothing(table, self.field)):
            raise InvalidPredictionError(
                f"the column {self.field!r} holds {kind}, not numbers", hint="convert it to float"
            )
        given = as_float(table, self.field)
        known = ~(given.is_null() | given.is_nan())
        number = nw.when(known).then(given).otherwise(nw.lit(0.0))
        holds = _COMPARED[self.op](number, float(self.value))
        compared = nw.when(holds).then(nw.lit(STRIDE)).otherwise(nw.lit(0))
        return table.with_columns(
            nw.when(known & ~holds).then(nw.lit(ACCEPT)).otherwise(nw.lit(REVIEW)).alias(f"{name}_verdict"),
            nw.when(known).then(compared).otherwise(nw.lit(2 * STRIDE)).alias(f"{name}_reason"),
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        number = number_of(_field_of(prediction, self.field))
        if number is None or math.isnan(number):
            return REVIEW, self._all_reasons[2].text()
        holds = bool(_COMPARED[self.op](number, float(self.value)))
        return (REVIEW if holds else ACCEPT), self._all_reasons[holds].text()


def _require_field(field: object) -> None:
    if not isinstance(field, str) or not field:
        raise InvalidInputError(f"field={field!r} is no name of a column", hint="give a text")


def _is_empty(value: object) -> bool:
    """Tell whether it is a text, a list or an array of nothing."""
    if not isinstance(value, Sized) or isinstance(value, bytes | Mapping):
        return False
    try:
        return not len(value)
    except TypeError:  # of an array without dimensions
        return False


def _is_null(value: object) -> bool:
    """Tell whether it is what stands for a null: None, NaN, and pandas' NaT and NA."""
    if value is None or isinstance(value, Sized):
        return value is None
    try:
        return bool(value != value)  # noqa: PLR0124
    except TypeError:  # of NA nobody knows
        return True


def _field_of(prediction: Prediction, field: str) -> object:
    return getattr(prediction, field) if field in _OF_A_PREDICTION else (prediction.extra or {}).get(field)
