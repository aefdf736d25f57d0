"""Decides a batch, whole or as a stream: a frame at its engine's speed, or predictions one by one; a bad row keeps its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.errors import DuplicateItemError, EmptyInputError, HitlError, InvalidPredictionError
from hitl_sdk.routing._frames import as_float, predictions_frame, require_columns, require_item_ids
from hitl_sdk.routing._score_rows import row_scores
from hitl_sdk.routing.prediction import (
    InvalidPrediction,
    Prediction,
    item_id_problem,
    prediction_problem,
    readable_label,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

    from hitl_sdk.labels import Label
    from hitl_sdk.routing.policy import Policy, Verdict

__all__ = ["DecidedItem", "decide_batch", "decided_chunks", "require_different_ids"]

_COLUMNS = ("item_id", "item", "label", "confidence")
# What has a meaning of its own here, and so is none of the user's columns.
_KNOWN = {*_COLUMNS, "scores", "decision", "reason"}
_NAMED_AT_MOST = 3
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """One item of a batch with its decision, or with what is wrong with it.

    Attributes
    ----------
    item_id, item : str
        The item, as it was given.
    label : str or another label, or None
        The model's label; null, like all that follows but `error`, when the prediction is unusable.
    confidence : float or None
        The model's confidence, from 0 to 1.
    decision : {"accept", "drop", "review"} or None
        What the policy says.
    reason : str
        Why; for an unusable prediction, what is wrong with it.
    error : HitlError or None
        What is wrong, or None.
    extra : mapping or None
        Columns of the user's own.
    scores : mapping of str to float or None
        The model's score of every label, where it was given.

    Examples
    --------
    >>> item = DecidedItem("1", "It is okay", "1", 0.54, "review", "confidence 0.54 < 0.90")
    >>> item.error is None
    True
    """

    item_id: str
    item: str
    label: Label | Sequence[object] | None
    confidence: float | None
    decision: Verdict | None
    reason: str
    error: HitlError | None = None
    extra: Mapping[str, object] | None = None
    scores: Mapping[str, float] | None = None


def decide_batch(
    policy: Policy, predictions: IntoFrame | Iterable[Prediction | InvalidPrediction]
) -> list[DecidedItem]:
    """Decide every prediction of a batch, in the batch's order.

    Parameters
    ----------
    policy : Policy
        The rule.
    predictions : frame or iterable
        A pandas, polars or arrow frame with the columns `item_id` (unique), `item`, `label` and `confidence`
        (0 to 1), or an iterable of `Prediction`.

    Returns
    -------
    list of DecidedItem
        One an item. A prediction that can't be used keeps its place, with its error.

    Raises
    ------
    EmptyInputError
        If there is no prediction.
    DuplicateItemError
        If an item id stands twice.
    InvalidPredictionError
        If a column or an item id is missing, or `predictions` are of another kind.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Threshold
    >>> decided = decide_batch(Threshold(0.90), [Prediction("a", "It is okay", "1", 0.54)])
    >>> decided[0].decision, decided[0].reason
    ('review', 'confidence 0.54 < 0.90')
    """
    items = list(chain.from_iterable(decided_chunks(policy, predictions)))
    if not items:
        raise EmptyInputError("there are no predictions", hint="check the filter or the file they come from")
    require_different_ids(items)
    return items


def decided_chunks(
    policy: Policy,
    predictions: IntoFrame | Iterable[Prediction | InvalidPrediction],
    *,
    size: int = _CHUNK,
) -> Iterator[list[DecidedItem]]:
    """Decide predictions as a stream: for more of them than fit into memory.

    An iterable is read once, no further than the chunk that is asked for. An eager frame is sliced. Of a lazy frame
    of polars the batches are collected one after the other; one of another engine is collected whole.

    Parameters
    ----------
    policy : Policy
        The rule.
    predictions : frame or iterable
        As for `decide_batch`.
    size : int, default 1000
        Items a chunk, at most.

    Yields
    ------
    list of DecidedItem
        In the order of the predictions; none of them is empty.

    Raises
    ------
    InvalidPredictionError
        If a column or an item id is missing, or `predictions` are of another kind.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Threshold
    >>> coming = (Prediction(str(n), "It is okay", "1", n / 10) for n in range(10))
    >>> [len(chunk) for chunk in decided_chunks(Threshold(0.90), coming, size=4)]
    [4, 4, 2]
    """
    frame = predictions_frame(predictions)
    if frame is None:
        items = _of_objects(policy, predictions)
        while chunk := list(islice(items, size)):
            yield chunk
        return
    start = 0
    for batch in _batches(frame, size):
        for first in range(0, len(batch), size):
            yield list(_of_frame(policy, batch[first : first + size], start))
            start += min(size, len(batch) - first)


def _batches(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], size: int) -> Iterator[nw.DataFrame[Any]]:
    require_columns(frame, _COLUMNS)
    collect_batches = getattr(frame.to_native(), "collect_batches", None)  # of polars, from 1.34 on
    if isinstance(frame, nw.DataFrame):
        yield frame
    elif collect_batches is None:
        yield frame.collect()
    else:
        for batch in collect_batches(chunk_size=size, maintain_order=True):
            yield nw.from_native(batch, eager_only=True)


def require_different_ids(items: Iterable[DecidedItem]) -> None:
    """Refuse a batch in which an item id stands twice, naming the first of them."""
    repeated = [name for name, count in Counter(item.item_id for item in items).items() if count > 1]
    if repeated:
        named = ", ".join(map(repr, repeated[:_NAMED_AT_MOST]))
        more = f" and {len(repeated) - _NAMED_AT_MOST} others" if len(repeated) > _NAMED_AT_MOST else ""
        raise DuplicateItemError(
            f"more than one prediction has the item_id {named}{more}",
            hint="give every row an item_id of its own; equal content is reviewed once anyway",
            item_id=repeated[0],
        )


def _of_objects(policy: Policy, predictions: object) -> Iterator[DecidedItem]:
    if isinstance(predictions, str | bytes | dict) or not isinstance(predictions, Iterable):
        raise _unknown_kind(predictions)
    for prediction in predictions:
        if isinstance(prediction, InvalidPrediction):
            _require_usable_id(prediction.item_id)
            yield _invalid(prediction.item_id, prediction.item, prediction.error)
        elif isinstance(prediction, Prediction):
            decision = policy.decide_one(prediction)
            yield DecidedItem(
                prediction.item_id,
                prediction.item,
                prediction.label,
                prediction.confidence,
                decision.decision,
                decision.reason,
                extra=prediction.extra,
                scores=prediction.scores,
            )
        else:
            raise _unknown_kind(prediction)


def _require_usable_id(item_id: object) -> None:
    """Refuse the batch: without its id nobody could be told what became of the item."""
    problem = item_id_problem(item_id)
    if problem is not None:
        raise problem


def _unknown_kind(given: object) -> InvalidPredictionError:
    return InvalidPredictionError(
        f"{type(given).__name__} is neither a frame nor an iterable of Prediction",
        hint=f"give a pandas, polars or arrow frame with the columns {', '.join(_COLUMNS)}",
    )


def _of_frame(policy: Policy, frame: nw.DataFrame[Any], start: int) -> Iterator[DecidedItem]:
    """Decide the rows of a frame, of which `start` others have gone before."""
    nulls = frame["item_id"].is_null()
    if nulls.any():
        row = start + nulls.to_list().index(True)
        raise InvalidPredictionError(f"row {row} has no item_id", hint="name every item")
    require_item_ids(frame)
    for item_id in frame["item_id"].to_list():
        if isinstance(item_id, str):
            _require_usable_id(item_id)
    frame = frame.with_columns(nw.col("item_id").cast(nw.String))
    columns = [frame[name].to_list() for name in _COLUMNS]
    errors = [prediction_problem(*row) for row in zip(*columns, strict=True)]
    usable = frame.filter([error is None for error in errors])
    decided = nw.from_native(
        policy.decide(usable.with_columns(as_float(usable, "confidence")).to_native()), eager_only=True
    )
    decisions = zip(decided["decision"].to_list(), decided["reason"].to_list(), strict=True)
    scores = (
        map(row_scores, frame["scores"].to_list()) if "scores" in frame.columns else repeat(None, len(frame))
    )
    rows = zip(*columns, errors, _extras(frame), scores, strict=True)
    for item_id, item, label, confidence, error, extra, each in rows:
        if error is None:
            verdict, reason = next(decisions)
            yield DecidedItem(
                item_id,
                item,
                readable_label(label),
                float(confidence),
                verdict,
                reason,
                extra=extra,
                scores=each,
            )
        else:
            yield _invalid(item_id, item, error, extra)


def _extras(frame: nw.DataFrame[Any]) -> Iterable[Mapping[str, object] | None]:
    own = [name for name in frame.columns if name not in _KNOWN]
    return frame.select(own).iter_rows(named=True) if own else repeat(None, len(frame))


def _invalid(
    item_id: str,
    item: object,
    error: HitlError,
    extra: Mapping[str, object] | None = None,
) -> DecidedItem:
    """Keep an item whose prediction can't be used, as text that every frame can hold."""
    text = item.encode("utf-8", "backslashreplace").decode() if isinstance(item, str) else ""
    return DecidedItem(item_id, text, None, None, None, error.message, error, extra)
