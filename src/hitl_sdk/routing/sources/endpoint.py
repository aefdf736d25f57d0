"""Predictions from a SageMaker endpoint, by its name or through an object that stands for it."""

from __future__ import annotations

import csv
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.routing.sources._asking import TooLarge, ask_in_batches, more_members
from hitl_sdk.routing.sources._records import charset_of, checked_labels, is_csv, media_type, outcomes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["from_endpoint", "from_predictor"]

_LONGEST_BODY = 6_291_456
"""Bytes that InvokeEndpoint takes (botocore's model of it)."""

_FAILED_ON_ITS_INPUT = (400, 413, 422, 500)
"""What a container answers, in a ModelError, where one item may be to blame, or so many; 406 or 503 each would meet."""


def from_endpoint(
    session: Session,
    endpoint_name: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    features: Iterable[object] | None = None,
    labels: Iterable[object] | None = None,
    content_type: str = "application/jsonlines",
    accept: str | None = None,
    encode: Callable[[Sequence[Any]], bytes | str] | None = None,
    decode: Callable[[bytes], Iterable[object]] | None = None,
    request: Mapping[str, str] | None = None,
    batch_size: int = 32,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a SageMaker endpoint for the predictions of many items.

    Sends ``{"features": [item]}`` for every item: one a line in JSON Lines, a list of them in JSON; in CSV a row. Reads
    from JSON, JSON Lines or CSV, one an item, whichever of these the model gives:

    - ``{"predicted_label": 1, "probability": 0.93}``, or the names `label` and `confidence`, or `label` and `score`;
    - a list of those, one a label: the likeliest is the prediction, all are its `scores`;
    - with `labels`, their probabilities, or that of the second of two;
    - in CSV without `labels`, ``label,confidence``.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    endpoint_name : str
        The endpoint.
    items : iterable of str
        The contents, or their S3 URIs: what people would see. Read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    features : iterable, optional
        What the model is given, one an item, where that is not the item itself; a frame goes row by row.
    labels : iterable of str or int, optional
        The labels, in the order in which the model gives their probabilities.
    content_type, accept : str
        What the endpoint takes and gives; `accept` is `content_type` when left out.
    encode : callable, optional
        Makes the body of a request from a list of features (of items, where there are none).
    decode : callable, optional
        Takes the body of an answer, and returns a record for each item, of a kind named above.
    request : mapping, optional
        More members of InvokeEndpoint, such as ``{"InferenceComponentName": "mood"}``.
    batch_size : int, default 32
        Items a call. A batch of more than 6 MiB, or that the model fails on, is asked in halves.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`; the endpoint's own record, or what `decode` made of it, is its `raw`.

    Raises
    ------
    NotFoundError
        If there is no such endpoint.
    CredentialsError, AccessDeniedError
        If the endpoint can't be asked at all. Any other failure of a call, after the client's own retries, is the
        outcome of its items.
    InvalidInputError
        If there are not as many ids or features as items, an id is missing, `items` is one text, a label stands twice,
        or `batch_size` or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     cloud.endpoints.serve("mood", lambda lines: [{"probability": 0.54, "predicted_label": 1}])
    ...     [prediction] = from_endpoint(cloud.session(), "mood", ["It is okay"])
    ...     prediction.label, prediction.confidence
    ('1', 0.54)
    """
    if not isinstance(endpoint_name, str):
        raise InvalidInputError(
            f"endpoint_name is a {type(endpoint_name).__name__}, not a name",
            hint="give an endpoint object or a predictor to from_predictor",
        )
    names = checked_labels(labels)
    charset_of(content_type)  # before anything is asked
    answer_type = accept or content_type
    more = more_members(request, "EndpointName", "ContentType", "Accept", "Body")
    runtime = session.client("sagemaker-runtime")

    def answer(batch: list[Asked]) -> list[Outcome]:
        with _in_halves_if_refused(batch):
            body = _body([asked.features for asked in batch], content_type, encode)
            if len(body) > _LONGEST_BODY and len(batch) > 1:
                raise TooLarge
            said = runtime.invoke_endpoint(
                EndpointName=endpoint_name, ContentType=content_type, Accept=answer_type, Body=body, **more
            )
        charset = charset_of(said.get("ContentType", ""))
        return outcomes_of(
            batch, said["Body"].read(), decode, names, csv_rows=is_csv(answer_type), charset=charset
        )

    return ask_in_batches(
        answer,
        items,
        about=f"endpoint {endpoint_name!r}",
        item_ids=item_ids,
        features=features,
        batch_size=batch_size,
        concurrency=concurrency,
    )


def from_predictor(
    predictor: object,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    features: Iterable[object] | None = None,
    labels: Iterable[object] | None = None,
    content_type: str = "application/jsonlines",
    encode: Callable[[Sequence[Any]], object] | None = None,
    decode: Callable[[Any], Iterable[object]] | None = None,
    batch_size: int = 32,
    concurrency: int = 1,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask an object that stands for a deployed model: an `Endpoint` of ``sagemaker`` 3, or anything with `predict`.

    What is sent and read is what `from_endpoint` sends and reads. A predictor, or an endpoint with a serializer of its
    own, is given the records ``[{"features": [item]}, ...]`` and writes them itself.

    Parameters
    ----------
    predictor : object
        A ``sagemaker.core.resources.Endpoint``, called by its `invoke`; or an object with `predict`, which takes many
        records and gives as many: a ``sagemaker`` 2 ``Predictor``, or one of your own.
    items : iterable of str
        The contents, or their S3 URIs.
    item_ids, features, labels : iterable, optional
        As for `from_endpoint`.
    content_type : str
        What an endpoint without a serializer takes and gives.
    encode : callable, optional
        Makes what is sent from a list of features (of items, where there are none).
    decode : callable, optional
        Takes what comes back, and returns a record for each item.
    batch_size : int, default 32
        Items a call.
    concurrency : int, default 1
        Calls at a time. With 1 they are made in your own thread; with more, `predictor` must bear several.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`. What botocore raises is treated as by `from_endpoint`; another exception
        of the predictor passes through.

    Raises
    ------
    InvalidInputError
        If `predictor` has neither `invoke` nor `predict`, or is a scikit-learn estimator; and as `from_endpoint`.

    Examples
    --------
    >>> class Predictor:
    ...     def predict(self, records):
    ...         return [{"predicted_label": 1, "probability": 0.93} for _ in records]
    >>> [prediction] = from_predictor(Predictor(), ["I enjoy it"])
    >>> prediction.label, prediction.confidence
    ('1', 0.93)
    """
    names = checked_labels(labels)
    charset = charset_of(content_type)
    ask = _asking(predictor, content_type, encode)

    def answer(batch: list[Asked]) -> list[Outcome]:
        with _in_halves_if_refused(batch):
            said = ask([asked.features for asked in batch])
        return outcomes_of(batch, said, decode, names, csv_rows=is_csv(content_type), charset=charset)

    return ask_in_batches(
        answer,
        items,
        about=f"endpoint {getattr(predictor, 'endpoint_name', type(predictor).__name__)!r}",
        item_ids=item_ids,
        features=features,
        batch_size=batch_size,
        concurrency=concurrency,
    )


def _asking(
    predictor: Any, content_type: str, encode: Callable[[Sequence[Any]], object] | None
) -> Callable[[list[object]], object]:
    """Return how an object is asked about a batch.

    Raises
    ------
    InvalidInputError
        If it can't be.
    """
    if callable(getattr(predictor, "predict_proba", None)):
        raise InvalidInputError(
            f"{type(predictor).__name__} is an estimator: its predict gives no confidence",
            hint="use from_estimator",
        )
    if callable(getattr(predictor, "invoke", None)):
        writes_itself = getattr(predictor, "serializer", None) is not None

        def ask(given: list[object]) -> object:
            if encode is not None:
                body = encode(given)
            else:
                body = _features(given) if writes_itself else _encoded(given, content_type)
            said = predictor.invoke(body=body, content_type=content_type, accept=content_type).body
            return said.read() if hasattr(said, "read") else said

        return ask
    if callable(getattr(predictor, "predict", None)):
        return lambda given: predictor.predict(_features(given) if encode is None else encode(given))
    raise InvalidInputError(
        f"a {type(predictor).__name__} has neither invoke nor predict",
        hint="give the endpoint's name to from_endpoint, or a function to from_callable",
    )


def _body(
    given: list[object], content_type: str, encode: Callable[[Sequence[Any]], bytes | str] | None
) -> bytes:
    """Return the body of a request, of which the bytes can be counted."""
    if encode is None:
        return _encoded(given, content_type)
    made: object = encode(given)
    body = made.encode() if isinstance(made, str) else made
    if not isinstance(body, bytes | bytearray):
        raise InvalidInputError(f"encode gave a {type(made).__name__}", hint="give bytes or a text")
    return bytes(body)


def _encoded(given: Sequence[object], content_type: str) -> bytes:
    if is_csv(content_type):
        return _csv(given, charset_of(content_type))
    records = _features(given)
    if media_type(content_type) == "application/json":
        return json.dumps(records, default=_plain).encode()
    return "\n".join(json.dumps(record, default=_plain) for record in records).encode()


def _features(given: Sequence[object]) -> list[dict[str, list[object]]]:
    return [{"features": _row(each)} for each in given]


def _row(given: Any) -> list[object]:
    plain = given.tolist() if hasattr(given, "tolist") else given
    return list(plain) if isinstance(plain, list | tuple) else [plain]


def _plain(value: Any) -> object:
    """Return numpy's numbers and arrays within a row as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise InvalidInputError(
        f"features hold a {type(value).__name__}, which JSON has not", hint="convert it, or give encode"
    )


def _csv(given: Sequence[object], charset: str) -> bytes:
    rows = io.StringIO()
    csv.writer(rows, lineterminator="\n").writerows(map(_row, given))
    try:
        return rows.getvalue().encode(charset)
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"features can't be written in {charset}: {error.reason}",
            hint="decode them again, or give encode",
        ) from None


@contextmanager
def _in_halves_if_refused(batch: list[Asked]) -> Iterator[None]:
    """Ask for smaller batches where an item can't be written, or the model fails on one, or on so many."""
    try:
        yield
    except InvalidInputError as error:
        if len(batch) > 1:
            raise TooLarge from error
        raise
    except ParamValidationError as error:  # of every call alike: the body is bytes by now
        raise ConfigurationError(f"InvokeEndpoint can't be called so: {error}") from error
    except ClientError as error:
        if len(batch) > 1 and error.response.get("OriginalStatusCode") in _FAILED_ON_ITS_INPUT:
            raise TooLarge from error
        raise
