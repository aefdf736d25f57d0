"""Predictions from Amazon Textract: the fields of forms, on one page or on many.

AWS starts human loops for AnalyzeDocument alone, which reads one page. The documents that `from_textract_documents`
reads come to people through a router like any model's, by the same activation conditions if you like.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from hashlib import blake2b
from threading import Event
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from hitl_sdk._aws_errors import from_botocore
from hitl_sdk._clock import current_clock
from hitl_sdk._waiting import check_timeout, wait_until
from hitl_sdk.errors import InvalidInputError, QuotaExceededError, Transient
from hitl_sdk.routing.sources._asking import (
    ask_each,
    ask_in_batches,
    more_members,
    read_as_told,
    unusable,
)
from hitl_sdk.routing.sources._files import etag_of, file_of, s3_object, without_metadata
from hitl_sdk.routing.sources._form_fields import FormCount, forms_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

    Keys = Sequence[str] | Mapping[str, Sequence[str]]

__all__ = ["from_textract", "from_textract_documents"]

_LONGEST_PAUSE = 10.0
_TO_TRY_AGAIN = (
    """give request={"JobTag": "again"} to have it tried again: the same request finds this job for a week"""
)


def from_textract(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    contents: Iterable[bytes | str | Path] | None = None,
    keys: Keys | None = None,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Textract for the form on a page: AnalyzeDocument with FORMS.

    For people to be asked by AWS itself, by its ``HumanLoopConfig``, see `hitl_sdk.BuiltInReviews`.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The pages' S3 URIs: what people would see. Read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    contents : iterable of bytes or path, optional
        The pages themselves, one an item, for items that Textract can't read from S3.
    keys : sequence of str, or mapping of str to sequence of str, optional
        The fields that count, those of your task; as a mapping, with the other names that they go by, to the letter. All
        fields when left out.
    request : mapping, optional
        More members of AnalyzeDocument, such as ``{"FeatureTypes": ["FORMS", "TABLES"]}``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`; the label is a tuple of `FormField`, `scores` has the confidence of each key.
        The item's confidence is that of the least sure field that counts, and 0 if one of `keys` was not found. A page
        without fields, or that Textract refuses, is an `InvalidPrediction`.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If Textract can't be asked at all.
    InvalidInputError
        If there are not as many ids or contents as items, an id is missing, `items` is one text, `concurrency` is below 1,
        or `request` is not one, such as one without FORMS.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> page = {"Blocks": [
    ...     {"Id": "k", "BlockType": "KEY_VALUE_SET", "EntityTypes": ["KEY"], "Confidence": 91.0,
    ...      "Relationships": [{"Type": "VALUE", "Ids": ["v"]}, {"Type": "CHILD", "Ids": ["w1"]}]},
    ...     {"Id": "v", "BlockType": "KEY_VALUE_SET", "EntityTypes": ["VALUE"], "Confidence": 91.0,
    ...      "Relationships": [{"Type": "CHILD", "Ids": ["w2"]}]},
    ...     {"Id": "w1", "BlockType": "WORD", "Text": "Due", "Confidence": 99.0},
    ...     {"Id": "w2", "BlockType": "WORD", "Text": "3rd", "Confidence": 64.0},
    ... ]}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("textract", "AnalyzeDocument", lambda request: page)
    ...     [prediction] = from_textract(cloud.session(), ["s3://invoices/1.png"])
    >>> prediction.label, prediction.confidence
    ((FormField(key='Due', value='3rd', confidence=0.64),), 0.64)
    """
    textract = session.client("textract")
    count = FormCount.made(keys)
    wanted = forms_request(textract, "AnalyzeDocument", more_members(request, "Document", "HumanLoopConfig"))

    def answer(batch: list[Asked]) -> list[Outcome]:
        asked = batch[0]
        place = file_of(asked, own=contents is not None)
        raw = without_metadata(textract.analyze_document(Document=place, **wanted))
        blocks = raw.get("Blocks", [])
        return [count.outcome(asked, blocks, count.missing(blocks), raw)]

    return ask_in_batches(
        answer,
        items,
        about="Textract",
        item_ids=item_ids,
        features=contents,
        batch_size=1,
        concurrency=concurrency,
    )


def from_textract_documents(
    session: Session,
    items: Iterable[str],
    *,
    item_ids: Iterable[object] | None = None,
    keys: Keys | None = None,
    page_item: Callable[[str, int], str] | None = None,
    timeout: float = 600.0,
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask Textract for the forms in documents of many pages: StartDocumentAnalysis, and its result page by page.

    A job's ClientRequestToken is derived from the document's address, its ETag and the request: within the seven days that
    AWS remembers a token, asking again finds the job that runs or has run, and nothing is paid for twice.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The documents' S3 URIs: PDF, TIFF, PNG or JPEG. Read as predictions are taken.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    keys : sequence of str, or mapping of str to sequence of str, optional
        As for `from_textract`.
    page_item : callable, optional
        Takes a document's URI and a page's number, from 1, and returns the URI of that page as a picture: then there is a
        prediction for each page with fields, ``"invoice-1/2"``, to be shown to people as that picture. A key of `keys` that
        is on no page counts 0 for every page, for nobody knows where it stands. When left out there is one prediction a
        document.
    timeout : float, default 600
        Seconds that one document may take, after which it is an `InvalidPrediction` with a `WaitTimeoutError`; its job
        goes on.
    request : mapping, optional
        More members of StartDocumentAnalysis, such as ``{"FeatureTypes": ["FORMS", "TABLES"]}``.
    concurrency : int, default 8
        Documents that are waited for at a time. Where no job more may run, the next waits for its turn.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As `from_textract`, in the order of `items`. `raw` is the whole result, or what of it is of the page. Pages that
        Textract could not read are an `InvalidPrediction`: each its own with `page_item`, else the document.

    Raises
    ------
    HitlError
        As `from_textract`.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> result = {"JobStatus": "SUCCEEDED", "DocumentMetadata": {"Pages": 1}, "Blocks": [
    ...     {"Id": "k", "BlockType": "KEY_VALUE_SET", "EntityTypes": ["KEY"], "Confidence": 91.0, "Page": 1}]}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("textract", "StartDocumentAnalysis", lambda request: {"JobId": "job-1"})
    ...     cloud.ai.answer("textract", "GetDocumentAnalysis", lambda request: result)
    ...     bucket = cloud.bucket("invoices")
    ...     [prediction] = from_textract_documents(cloud.session(), ["s3://invoices/1.pdf"])
    >>> prediction.confidence
    0.91
    """
    check_timeout(timeout, "a document")
    if page_item is not None and not callable(page_item):
        raise InvalidInputError(
            f"page_item is a {type(page_item).__name__}", hint="give a function of a URI and a page's number"
        )
    count = FormCount.made(keys)
    closed = Event()
    job = _Analysis(session, more_members(request, "DocumentLocation", "ClientRequestToken"), timeout, closed)

    def answer(asked: Asked) -> Outcome | Iterable[Outcome]:
        raw = job.result(asked.item)
        if raw["JobStatus"] == "FAILED":
            problem = f"Textract failed: {raw.get('StatusMessage', 'no reason given')}"
            return unusable(asked, problem, raw=raw, hint=_TO_TRY_AGAIN)
        lost = _lost_pages(raw)
        if raw["JobStatus"] == "PARTIAL_SUCCESS" and not lost:
            return unusable(
                asked, "Textract could not read all of its pages, and does not say which", raw=raw
            )
        missing = count.missing(raw["Blocks"])
        if page_item is not None:
            return _pages(asked, raw, count, missing, page_item)
        if lost:
            return unusable(asked, f"Textract could not read {_said(lost)}", raw=raw)
        return count.outcome(asked, raw["Blocks"], missing, raw)

    return ask_each(
        answer, items, about="Textract", item_ids=item_ids, concurrency=concurrency, closed=closed
    )


def _pages(
    asked: Asked,
    raw: dict[str, Any],
    count: FormCount,
    missing: frozenset[str],
    page_item: Callable[[str, int], str],
) -> list[Outcome]:
    """Return the outcomes of a document's pages; of the document, where no page has a field."""
    outcomes: list[Outcome] = []
    lost = _lost_pages(raw)
    by_page: dict[int, list[Any]] = {}
    for block in raw["Blocks"]:
        by_page.setdefault(block.get("Page", 1), []).append(block)
    told = raw.get("DocumentMetadata", {}).get("Pages", 1)
    for page in range(1, max([told, *lost, *by_page]) + 1):
        blocks = by_page.get(page, [])
        of_page = {**raw, "Blocks": blocks}
        own = asked._replace(item_id=f"{asked.item_id}/{page}", item=page_item(asked.item, page))
        if page in lost:
            outcomes.append(
                unusable(own, f"Textract could not read {_said({page: lost[page]})}", raw=of_page)
            )
        elif missing or count.counts(blocks):
            extra = {"document": asked.item, "page": page}
            outcomes.append(count.outcome(own, blocks, missing, of_page, extra=extra))
    return outcomes or [count.outcome(asked, (), frozenset(), raw)]


def _lost_pages(raw: Mapping[str, Any]) -> dict[int, str]:
    """Return the pages that a result of PARTIAL_SUCCESS lacks, with the code of the reason."""
    warnings = raw.get("Warnings") or ()
    return {page: warning.get("ErrorCode", "") for warning in warnings for page in warning.get("Pages", ())}


def _said(lost: Mapping[int, str]) -> str:
    return ", ".join(f"page {page} ({code})" for page, code in sorted(lost.items()))


class _Analysis:
    """Starts jobs, or finds them, and waits for their results. Any number of threads may ask."""

    def __init__(self, session: Session, request: dict[str, Any], timeout: float, closed: Event) -> None:
        self._textract = session.client("textract")
        self._s3 = session.client("s3")
        self._request = forms_request(self._textract, "StartDocumentAnalysis", request)
        self._timeout = timeout
        self._closed = closed

    def result(self, uri: str) -> dict[str, Any]:
        """Return the result of a document's job, whole.

        Raises
        ------
        WaitTimeoutError
            If it is not there in time.
        """
        place, token = s3_object(uri), self._token(uri)
        deadline = current_clock().monotonic() + self._timeout
        job_id = wait_until(
            lambda: self._started(place, token),
            bool,
            timeout=self._timeout,
            what=f"a job for {uri} to start",
            longest_pause=_LONGEST_PAUSE,
        )
        result = wait_until(
            lambda: self._state(job_id),
            lambda seen: seen.get("JobStatus", "IN_PROGRESS") != "IN_PROGRESS",
            timeout=max(deadline - current_clock().monotonic(), _LONGEST_PAUSE / 10),
            what=f"Textract to read {uri}",
            longest_pause=_LONGEST_PAUSE,
        )
        return self._whole(job_id, result)

    def _started(self, place: Any, token: str) -> str:
        """Start a job, or find it; the empty text while as many run as may."""
        self._go_on()
        request = {"ClientRequestToken": token, **self._request}
        try:
            with read_as_told("Textract"):
                return self._textract.start_document_analysis(DocumentLocation=place, **request)["JobId"]
        except ClientError as error:
            if isinstance(from_botocore(error), QuotaExceededError):
                return ""
            raise

    def _state(self, job_id: str) -> dict[str, Any]:
        """Return what there is of a result; nothing while nobody tells, for the job goes on."""
        self._go_on()
        try:
            return without_metadata(self._textract.get_document_analysis(JobId=job_id))
        except (BotoCoreError, ClientError) as error:
            if isinstance(from_botocore(error), Transient):
                return {}
            raise

    def _token(self, uri: str) -> str:
        """Return the token of the job: the same for the same content and request."""
        identity = repr((uri, etag_of(self._s3, uri), sorted(self._request.items(), key=repr)))
        return blake2b(identity.encode(), digest_size=32).hexdigest()

    def _go_on(self) -> None:
        """Give up waiting when nobody takes the results any more."""
        if self._closed.is_set():
            raise CancelledError

    def _whole(self, job_id: str, result: dict[str, Any]) -> dict[str, Any]:
        """Return the result with the blocks of all its pages."""
        blocks = list(result.get("Blocks", ()))
        token = result.pop("NextToken", None)
        while token:
            page = self._textract.get_document_analysis(JobId=job_id, NextToken=token)
            blocks += page.get("Blocks", ())
            token = page.get("NextToken")
        return {**result, "Blocks": blocks}
