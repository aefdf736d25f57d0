"""Predictions from Amazon Comprehend: sentiment, classes of a classifier of your own, named entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from hitl_sdk.errors import HitlError, InvalidInputError, NotFoundError, RejectedError, UnavailableError
from hitl_sdk.labels import Span
from hitl_sdk.routing._shares import share
from hitl_sdk.routing.prediction import readable_label
from hitl_sdk.routing.sources._asking import (
    TooLarge,
    ask_each,
    ask_in_batches,
    check_arn,
    failed,
    predicted,
    settled,
    unusable,
)
from hitl_sdk.routing.sources._files import without_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["from_comprehend_classifier", "from_comprehend_entities", "from_comprehend_sentiment"]

SENTIMENTS = ("POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED")

# https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html, November 2026: 5 KB and 100 KB, which the
# service's own messages count as 5000 and 100000 bytes of UTF-8. Limits of custom models differ by kind, and are left to it.
LARGEST_OF_SENTIMENT = 5_000
LARGEST_OF_ENTITIES = 100_000
MOST_IN_A_BATCH = 25

_ENDPOINT = r"arn:aws[a-z-]*:comprehend:[a-z0-9-]+:(\d{{12}}|aws):{kind}-endpoint/\S+"
_OF_ONE_TEXT = ("InvalidRequestException", "TextSizeLimitExceededException")


def from_comprehend_sentiment(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    language_code: str = "en",
    labels: Mapping[str, str] | None = None,
    batch_size: int = MOST_IN_A_BATCH,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Comprehend which sentiment texts have: BatchDetectSentiment.

    The confidence is the score of the sentiment that Comprehend names. All four are in `scores`.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The texts; read as predictions are taken. One of more than 5,000 bytes is not sent.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    language_code : str, default "en"
        Of all texts.
    labels : mapping, optional
        Your task's label for each of ``"POSITIVE"``, ``"NEGATIVE"``, ``"NEUTRAL"`` and ``"MIXED"``; these themselves when
        left out. Two may have the same; their scores are added up. A text of a sentiment that it lacks is an
        `InvalidPrediction`.
    batch_size : int, default 25
        Texts a call, at most 25.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`. A text that Comprehend could not read is an `InvalidPrediction`; the others
        of its call are not.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If Comprehend can't be asked at all.
    InvalidInputError
        If there are not as many ids as items, an id is missing, `labels` names another sentiment, `items` is one text,
        Comprehend does not know the language, `batch_size` is not from 1 to 25, or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> scores = {"Positive": 0.9, "Negative": 0.02, "Neutral": 0.05, "Mixed": 0.03}
    >>> said = {"Index": 0, "Sentiment": "POSITIVE", "SentimentScore": scores}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer(
    ...         "comprehend", "BatchDetectSentiment", lambda request: {"ResultList": [said], "ErrorList": []}
    ...     )
    ...     [prediction] = from_comprehend_sentiment(cloud.session(), ["I enjoy it"])
    >>> prediction.label, prediction.confidence
    ('POSITIVE', 0.9)
    """
    if not isinstance(batch_size, Integral) or not 1 <= batch_size <= MOST_IN_A_BATCH:
        raise InvalidInputError(f"batch_size={batch_size}", hint=f"give 1 to {MOST_IN_A_BATCH}")
    named = _named_labels(labels)
    client = session.client("comprehend")
    language = _checked_language(client, language_code)

    def answer(batch: list[Asked]) -> list[Outcome]:
        small = [asked for asked in batch if _too_large(asked, LARGEST_OF_SENTIMENT) is None]
        answers: list[Outcome] = []
        if small:
            with _apart_if_one_is_refused(len(small)):
                said: Any = client.batch_detect_sentiment(
                    TextList=[asked.item for asked in small], LanguageCode=language
                )
            answers = _batch(small, said, named)
        rest = iter(answers)
        return [_too_large(asked, LARGEST_OF_SENTIMENT) or next(rest) for asked in batch]

    return ask_in_batches(
        answer,
        items,
        about="Comprehend",
        item_ids=item_ids,
        batch_size=batch_size,
        concurrency=concurrency,
    )


def from_comprehend_classifier(
    session: Session,
    endpoint_arn: str,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    threshold: float = 0.5,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a custom classifier of Comprehend's, behind an endpoint: ClassifyDocument.

    A classifier of classes (multi-class) gives each text one: that with the highest score, which is the confidence. A
    classifier of labels (multi-label) gives the labels whose score is `threshold` or more; the confidence is that of the least
    sure of them or, where there is none, 1 less the highest score. All scores that it gave are in `scores`. An answer without
    any is an `InvalidPrediction`.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    endpoint_arn : str
        ``arn:aws:comprehend:REGION:ACCOUNT:document-classifier-endpoint/NAME``.
    items : iterable of str
        The texts; read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    threshold : float, default 0.5
        From which score on a label is predicted, 0 to 1; for classifiers of labels.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`; of a classifier of labels, the label is a tuple, by falling score.

    Raises
    ------
    NotFoundError
        If there is no such endpoint, or it is not in service.
    CredentialsError, AccessDeniedError
        If Comprehend can't be asked at all.
    InvalidInputError
        If `endpoint_arn` is not the ARN of one, there are not as many ids as items, an id is missing, `items` is one text,
        `threshold` is not from 0 to 1, or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> classes = [{"Name": "billing", "Score": 0.71}, {"Name": "delivery", "Score": 0.29}]
    >>> endpoint = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/tickets"
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("comprehend", "ClassifyDocument", lambda request: {"Classes": classes})
    ...     [prediction] = from_comprehend_classifier(cloud.session(), endpoint, ["My bill is wrong"])
    >>> prediction.label, prediction.confidence
    ('billing', 0.71)
    """
    threshold = share("threshold", threshold)
    _check_endpoint(endpoint_arn, "document-classifier")
    client = session.client("comprehend")
    about = f"endpoint {endpoint_arn}"

    def answer(asked: Asked) -> Outcome:
        with _told_if_it_is_not_there(about):
            raw = without_metadata(client.classify_document(Text=asked.item, EndpointArn=endpoint_arn))
        try:
            scores = _scores(raw.get("Classes") or raw.get("Labels") or ())
        except KeyError as error:
            return unusable(asked, f"a class has no {error}", raw=raw)
        if not scores:
            return unusable(asked, "Comprehend gave no class or label", raw=raw)
        if not raw.get("Classes"):
            label = tuple(name for name, score in scores.items() if score >= threshold)
            confidence = scores[label[-1]] if label else 1 - max(scores.values())
            return predicted(asked, label, confidence, scores=scores, raw=raw)
        name, score = next(iter(scores.items()))
        return predicted(asked, name, score, scores=scores, raw=raw)

    return ask_each(answer, items, about=about, item_ids=item_ids, concurrency=concurrency)


def from_comprehend_entities(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    language_code: str = "en",
    endpoint_arn: str | None = None,
    labels: Mapping[str, str] | None = None,
    confidence_of_none: float = 0.0,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Comprehend for the names in texts: DetectEntities.

    The label is a tuple of `hitl_sdk.labels.Span`, each with its own confidence, as `tasks.NamedEntityRecognition` takes
    them; the item's confidence is the lowest of them. Of what it has not found Comprehend says nothing.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The texts; read as predictions are taken. One of more than 100,000 bytes is not sent.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    language_code : str, default "en"
        Of all texts; not used with an endpoint, whose model has its language.
    endpoint_arn : str, optional
        A custom entity recognizer's.
    labels : mapping, optional
        Your task's label for each type of entity: ``{"PERSON": "person"}``. Types that it lacks are left out of the label,
        and stay in `raw`. All types, under their own names, when left out.
    confidence_of_none : float, default 0
        The confidence of a text in which nothing was found: Comprehend gives none. With 0, people see it.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`.

    Raises
    ------
    NotFoundError
        If there is no such endpoint, or it is not in service.
    CredentialsError, AccessDeniedError
        If Comprehend can't be asked at all.
    InvalidInputError
        If there are not as many ids as items, an id is missing, `items` is one text, `labels` is no mapping, `endpoint_arn` is
        not the ARN of one, Comprehend does not know the language, `confidence_of_none` is not from 0 to 1, or `concurrency` is
        below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> found = {"Type": "LOCATION", "Text": "Rome", "Score": 0.97, "BeginOffset": 10, "EndOffset": 14}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("comprehend", "DetectEntities", lambda request: {"Entities": [found]})
    ...     [prediction] = from_comprehend_entities(
    ...         cloud.session(), ["Ana is in Rome"], labels={"LOCATION": "city"}
    ...     )
    >>> prediction.label
    (Span(label='city', start_offset=10, end_offset=14, confidence=0.97),)
    """
    confidence_of_none = share("confidence_of_none", confidence_of_none)
    client = session.client("comprehend")
    if endpoint_arn is None:
        options: Any = {"LanguageCode": _checked_language(client, language_code)}
    else:
        _check_endpoint(endpoint_arn, "entity-recognizer")
        options = {"EndpointArn": endpoint_arn}
    given: object = labels
    if given is not None and (not isinstance(given, Mapping) or not given):
        raise InvalidInputError(f"labels={given!r}", hint="give your label for each type of entity")
    names = None if labels is None else _as_texts(labels)
    about = "Comprehend" if endpoint_arn is None else f"endpoint {endpoint_arn}"

    def answer(asked: Asked) -> Outcome:
        too_large = None if endpoint_arn else _too_large(asked, LARGEST_OF_ENTITIES)
        if too_large is not None:
            return too_large
        with _told_if_it_is_not_there(about):
            raw = without_metadata(client.detect_entities(Text=asked.item, **options))
        try:
            spans = _spans(raw["Entities"], names)
        except (KeyError, TypeError) as error:
            return unusable(asked, f"an entity has no {error}", raw=raw)
        confidence = min((span.confidence for span in spans if span.confidence is not None), default=None)
        return predicted(asked, spans, confidence_of_none if confidence is None else confidence, raw=raw)

    return ask_each(answer, items, about=about, item_ids=item_ids, concurrency=concurrency)


def _checked_language(client: Any, language_code: object) -> Any:
    known = client.meta.service_model.shape_for("LanguageCode").enum
    if language_code not in known:
        raise InvalidInputError(
            f"Comprehend knows no language_code={language_code!r}", hint=f"give one of {', '.join(known)}"
        )
    return language_code


def _check_endpoint(endpoint_arn: object, kind: str) -> None:
    like = f"arn:aws:comprehend:REGION:ACCOUNT:{kind}-endpoint/NAME"
    check_arn(endpoint_arn, _ENDPOINT.format(kind=kind), like)


@contextmanager
def _told_if_it_is_not_there(endpoint: str) -> Iterator[None]:
    """Say what Comprehend's one word for it means: the endpoint was deleted, or is not in service yet."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceUnavailableException":
            raise
        raise NotFoundError(
            f"{endpoint} is not there, or not in service",
            hint="look at its Status by DescribeEndpoint",
            code="ResourceUnavailableException",
            operation=error.operation_name,
        ) from error


@contextmanager
def _apart_if_one_is_refused(texts: int) -> Iterator[None]:
    """Have a batch asked about in halves where Comprehend refuses all of it for one text, until that is alone."""
    try:
        yield
    except ClientError as error:
        if texts > 1 and error.response["Error"]["Code"] in _OF_ONE_TEXT:
            raise TooLarge from error
        raise


def _named_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    given: object = labels
    if given is None:
        return {name: name for name in SENTIMENTS}
    if not isinstance(given, Mapping) or not given or not set(given) <= set(SENTIMENTS):
        raise InvalidInputError(f"labels={given!r}", hint=f"give a label for each of {', '.join(SENTIMENTS)}")
    return _as_texts(given)


def _as_texts(labels: Mapping[str, object]) -> dict[str, str]:
    """Return the user's labels as predictions have them: a whole number is its digits."""
    named = {kind: readable_label(label) for kind, label in labels.items()}
    if not all(isinstance(label, str) for label in named.values()):
        raise InvalidInputError(f"labels={labels!r}", hint="give each label as a text or a whole number")
    return named


def _too_large(asked: Asked, limit: int) -> Outcome | None:
    size = len(asked.item.encode())
    if size <= limit:
        return None
    return unusable(
        asked, f"the text has {size:,} bytes; Comprehend takes {limit:,}", hint="give it in parts"
    )


def _batch(batch: list[Asked], said: Mapping[str, Any], labels: Mapping[str, str]) -> list[Outcome]:
    """Return one outcome a text: results and errors come apart, each with the place of its text."""
    results = {result.get("Index"): result for result in said["ResultList"]}
    errors = {error.get("Index"): error for error in said["ErrorList"]}
    outcomes: list[Outcome] = []
    for place, asked in enumerate(batch):
        if place in results:
            outcomes.append(_sentiment(asked, results[place], labels))
        elif place in errors:
            outcomes.append(failed(asked, _error(asked, errors[place]), raw=errors[place]))
        else:
            outcomes.append(unusable(asked, "Comprehend gave neither a result nor an error", raw=dict(said)))
    return outcomes


def _error(asked: Asked, row: Mapping[str, Any]) -> HitlError:
    """Return what a row of ErrorList says; whether it may pass is told by its code alone."""
    code = str(row.get("ErrorCode", "Unknown"))
    kind = UnavailableError if "INTERNAL" in code.upper() or code.startswith("5") else RejectedError
    return kind(
        f"item {asked.item_id!r}: {row.get('ErrorMessage', code)}",
        code=code,
        operation="BatchDetectSentiment",
    )


def _sentiment(asked: Asked, raw: Mapping[str, Any], labels: Mapping[str, str]) -> Outcome:
    sentiment = raw.get("Sentiment")
    given = {name.upper(): float(score) for name, score in (raw.get("SentimentScore") or {}).items()}
    if sentiment not in given:
        return unusable(asked, f"Comprehend gave no score of its sentiment {sentiment!r}", raw=dict(raw))
    if sentiment not in labels:
        return unusable(
            asked,
            f"the sentiment is {sentiment}, and labels has none for it",
            raw=dict(raw),
            hint="give it a label, or look at `raw`",
        )
    scores: dict[str, float] = {}
    for name, label in labels.items():
        scores[label] = settled(scores.get(label, 0.0) + given.get(name, 0.0))
    label = labels[cast("str", sentiment)]
    return predicted(asked, label, scores[label], scores=scores, raw=dict(raw))


def _scores(found: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for each in found:
        scores[each["Name"]] = max(settled(float(each["Score"])), scores.get(each["Name"], 0.0))
    return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))


def _spans(entities: Iterable[Mapping[str, Any]], labels: Mapping[str, str] | None) -> tuple[Span, ...]:
    return tuple(
        Span(
            each["Type"] if labels is None else labels[each["Type"]],
            each["BeginOffset"],
            each["EndOffset"],
            settled(float(each["Score"])),
        )
        for each in entities
        if labels is None or each["Type"] in labels
    )
