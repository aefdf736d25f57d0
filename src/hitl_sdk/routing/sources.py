"""Predictions from a function of yours or from a SageMaker endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Literal

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing.prediction import InvalidPrediction, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hitl_sdk.session import Session

__all__ = ["from_callable", "from_endpoint"]

ContentType = Literal["application/jsonlines", "application/json"]

_LABEL_KEYS = ("predicted_label", "label")
_CONFIDENCE_KEYS = ("probability", "confidence")


def from_callable(
    predict: Callable[[str], object],
    items: Iterable[str],
    *,
    item_ids: Iterable[str] | None = None,
) -> list[Prediction | InvalidPrediction]:
    """Ask a function for the prediction of each item.

    Parameters
    ----------
    predict : callable
        Takes an item; returns ``(label, confidence)``, or a mapping with `label` or `predicted_label` and
        `confidence` or `probability`. If it raises `InvalidPredictionError`, that is the item's outcome; every
        other exception passes through.
    items : iterable of str
        The contents, or their S3 URIs.
    item_ids : iterable of str, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.

    Returns
    -------
    list of Prediction or InvalidPrediction
        One an item, in the order of `items`.

    Raises
    ------
    InvalidInputError
        If there are not as many ids as items.

    Examples
    --------
    >>> predictions = from_callable(lambda text: ("1" if "enjoy" in text else "-1", 0.9), ["I enjoy it", "no"])
    >>> [(p.item_id, p.label) for p in predictions]
    [('0', '1'), ('1', '-1')]
    """
    return [_called(predict, item_id, item) for item_id, item in _named(items, item_ids)]


def from_endpoint(
    session: Session,
    endpoint_name: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[str] | None = None,
    content_type: ContentType = "application/jsonlines",
    batch_size: int = 32,
    concurrency: int = 8,
) -> list[Prediction | InvalidPrediction]:
    """Ask a SageMaker endpoint for the predictions of many items.

    Sends ``{"features": [item]}`` for every item: one a line in JSON Lines, a list of them in JSON. Expects
    ``{"probability": 0.93, "predicted_label": 1}`` for each, as lines or as a list.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    endpoint_name : str
        The endpoint.
    items : iterable of str
        The contents, or their S3 URIs.
    item_ids : iterable of str, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    content_type : {"application/jsonlines", "application/json"}
        What the endpoint takes and gives.
    batch_size : int, default 32
        Items a call.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    list of Prediction or InvalidPrediction
        One an item, in the order of `items`; the endpoint's own record is its `raw`.

    Raises
    ------
    NotFoundError
        If there is no such endpoint.
    ServiceError
        If a call fails, after the client's own retries.
    InvalidInputError
        If there are not as many ids as items.

    Examples
    --------
    >>> from_endpoint(session, "sentiment", reviews)                                      # doctest: +SKIP
    [Prediction(item_id='0', item='I enjoy this product', label='1', confidence=0.9376369118690491, ...
    """
    runtime = session.client("sagemaker-runtime")

    def ask(batch: Sequence[tuple[str, str]]) -> list[Prediction | InvalidPrediction]:
        with translated_errors(f"endpoint {endpoint_name!r}"):
            response = runtime.invoke_endpoint(
                EndpointName=endpoint_name,
                ContentType=content_type,
                Accept=content_type,
                Body=_request_body([item for _, item in batch], content_type),
            )
            body = response["Body"].read()
        return _answered(batch, body)

    batches = list(_batches(_named(items, item_ids), batch_size))
    with ThreadPoolExecutor(concurrency) as pool:
        return [prediction for answered in pool.map(ask, batches) for prediction in answered]


def _named(items: Iterable[str], item_ids: Iterable[str] | None) -> list[tuple[str, str]]:
    contents = list(items)
    names = [str(position) for position in range(len(contents))] if item_ids is None else list(item_ids)
    if len(names) != len(contents):
        raise InvalidInputError(
            f"{len(names)} item_ids for {len(contents)} items",
            hint="give one item_id an item, in the same order",
        )
    return list(zip(names, contents, strict=True))


def _called(predict: Callable[[str], object], item_id: str, item: str) -> Prediction | InvalidPrediction:
    try:
        answer = predict(item)
    except InvalidPredictionError as error:
        return InvalidPrediction(item_id, item, error)
    if isinstance(answer, tuple) and len(answer) == 2:
        answer = dict(zip(("label", "confidence"), answer, strict=True))
    return _prediction(item_id, item, answer)


def _prediction(item_id: str, item: str, record: object) -> Prediction | InvalidPrediction:
    """Read the record of one item; what can't be read is kept beside the reason."""
    if not isinstance(record, Mapping):
        return _unreadable(item_id, item, record, f"the answer is a {type(record).__name__}, not a record")
    label_key = next((key for key in _LABEL_KEYS if key in record), None)
    confidence_key = next((key for key in _CONFIDENCE_KEYS if key in record), None)
    if label_key is None or confidence_key is None:
        wanted = _LABEL_KEYS if label_key is None else _CONFIDENCE_KEYS
        return _unreadable(
            item_id,
            item,
            record,
            f"the answer has no {' or '.join(wanted)}; it has {sorted(map(str, record))}",
        )
    try:
        return Prediction(
            item_id,
            item,
            record[label_key],
            record[confidence_key],
            scores=record.get("scores"),
            raw=record,
        )
    except InvalidPredictionError as error:
        return InvalidPrediction(item_id, item, error, raw=record)


def _unreadable(item_id: str, item: str, record: object, problem: str) -> InvalidPrediction:
    error = InvalidPredictionError(f"item {item_id!r}: {problem}", item_id=item_id)
    return InvalidPrediction(item_id, item, error, raw=record)


def _batches(named: list[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    remaining = iter(named)
    while batch := list(islice(remaining, size)):
        yield batch


def _request_body(items: Sequence[str], content_type: ContentType) -> bytes:
    records = [{"features": [item]} for item in items]
    if content_type == "application/json":
        return json.dumps(records).encode()
    return "\n".join(map(json.dumps, records)).encode()


def _answered(batch: Sequence[tuple[str, str]], body: bytes) -> list[Prediction | InvalidPrediction]:
    records = _records(body.decode("utf-8", "replace"))
    if len(records) != len(batch):
        problem = f"the endpoint gave {len(records)} records for {len(batch)} items"
        return [_unreadable(item_id, item, records, problem) for item_id, item in batch]
    return [
        _prediction(item_id, item, record) for (item_id, item), record in zip(batch, records, strict=True)
    ]


def _records(text: str) -> list[object]:
    """Read a JSON list, or JSON Lines with a record or a list of them a line; an unreadable line stays text."""
    whole = _loaded(text)
    lines = [whole] if whole is not text else [_loaded(line) for line in text.splitlines() if line.strip()]
    return [record for line in lines for record in (line if isinstance(line, list) else [line])]


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
