"""One prediction, and what makes one unusable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from hitl_sdk._plain import is_unicode
from hitl_sdk.errors import HitlError, InvalidPredictionError
from hitl_sdk.routing._shares import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.labels import Label

__all__ = [
    "InvalidPrediction",
    "Prediction",
    "confidence_problem",
    "item_id_problem",
    "item_problem",
    "prediction_problem",
    "readable_label",
]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one item.

    Parameters
    ----------
    item_id : str
        Your name of the item, unique within a batch.
    item : str
        The content a worker sees, or its S3 URI.
    label : str or another label
        What was predicted. A whole number becomes text: ``-1`` is ``"-1"``. Boxes, spans and other structures come
        as objects of `hitl_sdk.labels` or as their plain values; the task looks into them.
    confidence : float
        The probability of `label`, from 0 to 1.
    scores : mapping of str to float, optional
        The probability of every label.
    extra : mapping, optional
        Columns of your own; they come back in the training frame.
    raw : object, optional
        What the model answered, as it came.

    Raises
    ------
    InvalidPredictionError
        If the id, item or label is missing, or the confidence is not a number from 0 to 1.

    Examples
    --------
    >>> Prediction("review-1", "It is okay", 1, 0.54).label
    '1'
    >>> Prediction("review-1", "It is okay", "1", 54.0)
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidPredictionError: item 'review-1': the confidence 54.0 is not from 0 to 1
    (it looks like a percentage: divide by 100)
    """

    item_id: str
    item: str
    label: Label | Sequence[object]
    confidence: float
    scores: Mapping[str, float] | None = None
    extra: Mapping[str, object] | None = None
    raw: object = None

    def __post_init__(self) -> None:
        error = item_id_problem(self.item_id) or prediction_problem(
            self.item_id, self.item, self.label, self.confidence
        )
        if error is not None:
            raise error
        object.__setattr__(self, "label", readable_label(self.label))
        object.__setattr__(self, "confidence", float(self.confidence))


@dataclass(frozen=True, slots=True)
class InvalidPrediction:
    """An item whose prediction could not be used; in a batch it becomes that item's outcome.

    Attributes
    ----------
    item_id : str
        Your name of the item.
    item : str
        The content, or its S3 URI.
    error : HitlError
        What is wrong with it; a `Transient` one may be gone when the model is asked again.
    raw : object
        What was received instead of a prediction.

    Examples
    --------
    >>> InvalidPrediction("a", "text", InvalidPredictionError("no label"), raw={}).error.message
    'no label'
    """

    item_id: str
    item: str
    error: HitlError
    raw: object = None


def item_id_problem(item_id: object) -> InvalidPredictionError | None:
    """Return what makes an item id unusable, or None."""
    if not isinstance(item_id, str) or not item_id:
        return InvalidPredictionError(f"item_id {item_id!r} is not a text", hint="name every item")
    if not is_unicode(item_id):
        return InvalidPredictionError(f"item_id {item_id!r} is not valid Unicode", hint="decode it again")
    return None


def prediction_problem(
    item_id: str, item: object, label: object, confidence: object
) -> InvalidPredictionError | None:
    """Return what makes a prediction unusable, or None."""
    unusable = item_problem(item_id, item)
    if unusable is not None:
        return unusable
    found = confidence_problem(confidence)
    if found is None and readable_label(label) is None:
        found = f"the label {label!r} is neither a text nor a whole number, nor a structure", None
    return None if found is None else _of_item(item_id, *found)


def item_problem(item_id: str, item: object) -> InvalidPredictionError | None:
    """Return what makes an item unusable, whatever a model says of it, or None."""
    if not isinstance(item, str) or not item:
        return _of_item(item_id, "the item is empty or not a text", "give the content, or its S3 URI")
    if not is_unicode(item):
        problem = "the item is not valid Unicode: it holds half a surrogate pair"
        return _of_item(item_id, problem, "decode it again")
    return None


def _of_item(item_id: str, problem: str, hint: str | None) -> InvalidPredictionError:
    return InvalidPredictionError(f"item {item_id!r}: {problem}", hint=hint, item_id=item_id)


def confidence_problem(confidence: object) -> tuple[str, str | None] | None:
    """Return what makes a confidence unusable, and what to do about it; or None."""
    number = number_of(confidence)
    if number is None:
        return f"the confidence {confidence!r} is not a number", "give the probability of the label"
    if 0 <= number <= 1:
        return None
    hint = "it looks like a percentage: divide by 100" if 1 < number <= 100 else None
    return f"the confidence {number} is not from 0 to 1", hint


def readable_label(label: object) -> Any:
    """Return a label as tasks read it, a whole number as its digits; None if it is none.

    A column of whole numbers with a gap arrives from pandas as floats: ``-1.0`` is ``"-1"``. Structures are left
    as they are.
    """
    if isinstance(label, str):
        return label if label and is_unicode(label) else None
    if isinstance(label, bytes | bool):
        return None
    if isinstance(label, Mapping | Iterable) or is_dataclass(label):
        return label
    if isinstance(label, Integral):
        return str(int(label))
    number = number_of(label) if isinstance(label, Real) else None
    return str(round(number)) if number is not None and number.is_integer() else None
