"""Predictions from a function of yours or from a SageMaker endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from numbers import Integral
from typing import TYPE_CHECKING, Literal

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing.prediction import InvalidPrediction, Prediction, item_id_problem, item_problem

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
    item_ids: Iterable[object] | None = None,
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
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.

    Returns
    -------
    list of Prediction or InvalidPrediction
        One an item, in the order of `items`. An item that is no text, or an empty one, is not asked about.

    Raises
    ------
    InvalidInputError
        If there are not as many ids as items, or an id is missing, or `items` is one text.

    Examples
    --------
    >>> predictions = from_callable(lambda text: ("1" if "enjoy" in text else "-1", 0.9), ["I enjoy it", "no"])
    >>> [(p.item_id, p.label) for p in predictions]
    [('0', '1'), ('1', '-1')]
    """
    return [
        _without_asking(item_id, item) or _called(predict, item_id, item)
        for item_id, item in _named(items, item_ids)
    ]


def from_endpoint(
    session: Session,
    endpoint_name: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
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
    item_ids : iterable of str or int, optional
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
        If there are not as many ids as items, an id is missing, `items` is one text, or `batch_size` or `concurrency` is
        below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     cloud.endpoints.serve("mood", lambda lines: [{"probability": 0.54, "predicted_label": 1}])
    ...     [prediction] = from_endpoint(cloud.session(), "mood", ["It is okay"])
    ...     prediction.label, prediction.confidence
    ('1', 0.54)
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

    if batch_size < 1:
        raise InvalidInputError(f"batch_size={batch_size}", hint="give at least 1")
    named = _named(items, item_ids)
    outcomes = [_without_asking(item_id, item) for item_id, item in named]
    asked = [pair for pair, outcome in zip(named, outcomes, strict=True) if outcome is None]
    answers = in_threads(ask, _batches(asked, batch_size), concurrency=concurrency)
    answered = iter([prediction for batch in answers for prediction in batch])
    return [outcome or next(answered) for outcome in outcomes]


def _named(items: Iterable[str], item_ids: Iterable[object] | None) -> list[tuple[str, str]]:
    given: object = items
    if isinstance(given, str):
        raise InvalidInputError(
            "items is one text", hint="give a list of items, also where there is only one"
        )
    contents = list(items)
    ids = range(len(contents)) if item_ids is None else item_ids
    names = [str(item_id) if isinstance(item_id, Integral) else item_id for item_id in ids]
    if len(names) != len(contents):
        raise InvalidInputError(
            f"{len(names)} item_ids for {len(contents)} items",
            hint="give one item_id an item, in the same order",
        )
    problem = next(filter(None, map(item_id_problem, names)), None)
    if problem is not None:
        raise problem
    return list(zip(map(str, names), contents, strict=True))


def _without_asking(item_id: str, item: object) -> InvalidPrediction | None:
    """Return the outcome of an item that no model should be asked about, or None."""
    problem = item_problem(item_id, item)
    return (
        None
        if problem is None
        else InvalidPrediction(item_id, item if isinstance(item, str) else "", problem)
    )


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
