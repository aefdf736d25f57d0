"""Predictions from a function of yours."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing.prediction import InvalidPrediction
from hitl_sdk.routing.sources._asking import ask_each
from hitl_sdk.routing.sources._records import checked_labels, from_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hitl_sdk.routing.prediction import Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = ["from_callable"]


def from_callable(
    predict: Callable[[str], object],
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    labels: Iterable[object] | None = None,
    concurrency: int = 1,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a function for the prediction of each item.

    Parameters
    ----------
    predict : callable
        Takes an item; returns ``(label, confidence)``, a mapping with `label` or `predicted_label` and
        `confidence` or `probability`, or another of the records that `from_endpoint` reads. If it raises
        `InvalidPredictionError`, or what boto3 raises when a service refuses the item or is not to be reached, that
        is the item's outcome; every other exception passes through.
    items : iterable of str
        The contents, or their S3 URIs; read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    labels : iterable of str or int, optional
        The labels, where `predict` returns their probabilities in this order.
    concurrency : int, default 1
        Calls at a time. With 1 they are made in your own thread, one when a prediction is taken; with more,
        `predict` must bear being called from several threads.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`. An item that is no text, or an empty one, is not asked about.

    Raises
    ------
    InvalidInputError
        If `predict` is async; there are not as many ids as items, an id is missing, `items` is one text, a label stands
        twice, or `concurrency` is below 1. What is only seen as items come is raised by the iterator.

    Examples
    --------
    >>> predictions = from_callable(lambda text: ("1" if "enjoy" in text else "-1", 0.9), ["I enjoy it", "no"])
    >>> [(p.item_id, p.label) for p in predictions]
    [('0', '1'), ('1', '-1')]
    """
    given: object = predict
    if not callable(given):
        raise InvalidInputError(
            f"{type(given).__name__} is no function",
            hint="give one that takes an item and returns its prediction",
        )
    if iscoroutinefunction(predict) or iscoroutinefunction(type(predict).__call__):
        raise InvalidInputError(
            "the function is async, and would not be waited for",
            hint="give lambda item: asyncio.run(predict(item)), with concurrency for several at a time",
        )
    names = checked_labels(labels)

    def answer(asked: Asked) -> Outcome:
        try:
            record = predict(asked.item)
        except InvalidPredictionError as error:
            return InvalidPrediction(asked.item_id, asked.item, error)
        return from_record(asked, record, names)

    return ask_each(answer, items, about="the function", item_ids=item_ids, concurrency=concurrency)
