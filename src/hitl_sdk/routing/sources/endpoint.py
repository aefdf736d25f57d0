"""Predictions from a SageMaker endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from hitl_sdk.routing.sources._asking import ask_in_batches, unusable
from hitl_sdk.routing.sources._records import from_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["from_endpoint"]

ContentType = Literal["application/jsonlines", "application/json"]


def from_endpoint(
    session: Session,
    endpoint_name: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    content_type: ContentType = "application/jsonlines",
    batch_size: int = 32,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
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
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`; the endpoint's own record is its `raw`.

    Raises
    ------
    NotFoundError
        If there is no such endpoint.
    CredentialsError, AccessDeniedError
        If the endpoint can't be asked at all. Any other failure of a call, after the client's own retries, is the
        outcome of its items.
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

    def answer(batch: Sequence[Asked]) -> list[Outcome]:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint_name,
            ContentType=content_type,
            Accept=content_type,
            Body=_request_body([asked.item for asked in batch], content_type),
        )
        return _answered(batch, response["Body"].read())

    return ask_in_batches(
        answer,
        items,
        about=f"endpoint {endpoint_name!r}",
        item_ids=item_ids,
        batch_size=batch_size,
        concurrency=concurrency,
    )


def _request_body(items: Sequence[str], content_type: ContentType) -> bytes:
    records = [{"features": [item]} for item in items]
    if content_type == "application/json":
        return json.dumps(records).encode()
    return "\n".join(map(json.dumps, records)).encode()


def _answered(batch: Sequence[Asked], body: bytes) -> list[Outcome]:
    records = _records(body.decode("utf-8", "replace"))
    if len(records) != len(batch):
        problem = f"the endpoint gave {len(records)} records for {len(batch)} items"
        return [unusable(asked, problem, raw=records) for asked in batch]
    return [from_record(asked, record) for asked, record in zip(batch, records, strict=True)]


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
