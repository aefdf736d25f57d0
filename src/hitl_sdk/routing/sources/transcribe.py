"""Predictions from Amazon Transcribe: a recording's sentences, each with its clip and its least sure word's confidence."""

from __future__ import annotations

import json
import math
from concurrent.futures import CancelledError
from dataclasses import dataclass
from hashlib import blake2b
from numbers import Real
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import BotoCoreError

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import split_uri
from hitl_sdk._waiting import check_timeout, wait_until
from hitl_sdk.errors import (
    ConflictError,
    HitlError,
    InvalidInputError,
    NotFoundError,
    Transient,
    UnavailableError,
)
from hitl_sdk.routing.sources._asking import (
    ask_each,
    ask_in_batches,
    check_members,
    failed,
    more_members,
    predicted,
    read_as_told,
    unusable,
)
from hitl_sdk.routing.sources._files import etag_of
from hitl_sdk.routing.sources._transcripts import sentences_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["from_transcribe", "from_transcription_jobs", "from_transcripts"]

DEFAULT_TIMEOUT = 3600.0
_ENDED = ("COMPLETED", "FAILED")
_LONGEST_PAUSE = 10.0
_LANGUAGES = ("LanguageCode", "IdentifyLanguage", "IdentifyMultipleLanguages")


def from_transcripts(
    session: Session,
    items: Iterable[str],
    transcripts: Iterable[str | Mapping[str, Any]],
    *,
    item_ids: Iterable[object] | None = None,
    pause: float = 2.0,
    margin: float = 0.25,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Read transcripts of Transcribe's that are there already, as one prediction a sentence.

    A sentence's confidence is that of the word of which Transcribe is least sure. Its item is the recording's address with
    the clip's times, ``s3://calls/7.wav#t=12.35,15.90``, which `tasks.TranscriptionReview` plays; its id is the
    recording's with the sentence's number, ``"7/3"``. `extra` has `recording`, `start`, `end` (seconds) and `speaker`.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The recordings' addresses: what people hear. Read as predictions are taken.
    transcripts : iterable of str or mapping
        One a recording, in the same order: its S3 address, or the parsed JSON itself.
    item_ids : iterable of str or int, optional
        One a recording; the position, ``"0"``, ``"1"``, ..., when left out.
    pause : float, default 2
        A silence of so many seconds ends a sentence too, for languages in which Transcribe sets no marks.
    margin : float, default 0.25
        Seconds that a clip begins before its first word, and ends after its last.
    concurrency : int, default 8
        Transcripts that are read at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        The sentences of all recordings, in the order of `items` and of time. A transcript that can't be read, or that has no
        words, is an `InvalidPrediction` of its recording; a sentence with a word without a confidence is one of its own.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If S3 can't be read at all.
    InvalidInputError
        If there are not as many ids or transcripts as items, an id is missing, `items` is one text, `pause` is not above 0,
        `margin` is below 0, or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def word(content, start, end, confidence):
    ...     said = [{"content": content, "confidence": confidence}]
    ...     return {"type": "pronunciation", "start_time": start, "end_time": end, "alternatives": said}
    >>> items = [word("Good", "0.5", "0.8", "0.99"), word("day", "0.8", "1.1", "0.71")]
    >>> transcript = {"results": {"transcripts": [{"transcript": "Good day"}], "items": items}}
    >>> with mock_hitl() as cloud:
    ...     [prediction] = from_transcripts(cloud.session(), ["s3://calls/7.wav"], [transcript])
    >>> prediction.label, prediction.confidence, prediction.item
    ('Good day', 0.71, 's3://calls/7.wav#t=0.25,1.35')
    """
    cutter = _Cutter.made(pause, margin)
    reader = _Reader(session)

    def answer(batch: list[Asked]) -> list[Outcome]:
        asked = batch[0]
        return cutter.outcomes(asked, lambda: reader.document(asked.features))

    return ask_in_batches(
        answer,
        items,
        about="a transcript",
        item_ids=item_ids,
        features=transcripts,
        batch_size=1,
        concurrency=concurrency,
    )


def from_transcription_jobs(
    session: Session,
    jobs: Iterable[str],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    pause: float = 2.0,
    margin: float = 0.25,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Read the transcripts of transcription jobs, as one prediction a sentence; jobs that run are waited for.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    jobs : iterable of str
        Their names, which are the ids of the recordings; read as predictions are taken.
    timeout : float, default 3600
        Seconds that one job may take, after which it is an `InvalidPrediction` with a `WaitTimeoutError`; it goes on.
    pause, margin : float
        As of `from_transcripts`.
    concurrency : int, default 8
        Jobs that are waited for at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As of `from_transcripts`. A job that failed, or that there is not, is an `InvalidPrediction`, whose item is its name.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If Transcribe can't be asked at all.
    InvalidInputError
        As of `from_transcripts`; or if `timeout` is not above 0.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> job = {
    ...     "TranscriptionJobName": "call-7", "TranscriptionJobStatus": "FAILED", "FailureReason": "no speech",
    ...     "Media": {"MediaFileUri": "s3://calls/7.wav"},
    ... }
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("transcribe", "GetTranscriptionJob", lambda request: {"TranscriptionJob": job})
    ...     [outcome] = from_transcription_jobs(cloud.session(), ["call-7"])
    >>> print(outcome.error)
    item 'call-7': Transcribe failed: no speech
    """
    cutter = _Cutter.made(pause, margin)
    reader = _Reader(session)
    closed = Event()
    waiter = _Jobs(session, timeout, closed)

    def answer(asked: Asked) -> list[Outcome]:
        named = asked._replace(item_id=asked.item)
        job = waiter.ended(asked.item)
        if job is None:
            return [unusable(named, f"there is no transcription job {asked.item!r}")]
        recording = named._replace(item=job.get("Media", {}).get("MediaFileUri", asked.item))
        return _of_job(cutter, reader, recording, job)

    return ask_each(answer, jobs, about="Transcribe", concurrency=concurrency, closed=closed)


def from_transcribe(
    session: Session,
    items: Iterable[str],
    *,
    output: str,
    language_code: str | None = None,
    item_ids: Iterable[object] | None = None,
    request: Mapping[str, Any] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    pause: float = 2.0,
    margin: float = 0.25,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Have recordings transcribed, and read the transcripts as one prediction a sentence.

    A job's name is derived from the recording's address, its ETag and the request: asking again finds the job that runs
    or has run, and nothing is paid for twice.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    items : iterable of str
        The recordings' S3 addresses; read as predictions are taken.
    output : str
        The S3 address below which Transcribe puts the transcripts: ``s3://BUCKET/PREFIX``.
    language_code : str, optional
        Of all recordings: ``"en-US"``. When left out, Transcribe finds out the one of each, unless `request` says otherwise.
    item_ids : iterable of str or int, optional
        One a recording; the position, ``"0"``, ``"1"``, ..., when left out.
    request : mapping, optional
        Further members of StartTranscriptionJob: ``{"Settings": {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 2}}``, or
        ``{"IdentifyMultipleLanguages": True}``.
    timeout : float, default 3600
        Seconds that one recording may take, after which it is an `InvalidPrediction` with a `WaitTimeoutError`; its job goes
        on.
    pause, margin : float
        As of `from_transcripts`.
    concurrency : int, default 8
        Recordings that are waited for at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As of `from_transcripts`. A recording whose job failed is an `InvalidPrediction`.

    Raises
    ------
    CredentialsError, AccessDeniedError
        If Transcribe can't be asked at all.
    InvalidInputError
        As of `from_transcripts`; or if `output` is no S3 address, `timeout` not above 0, or `request` is not one.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def start(request):
    ...     return {"TranscriptionJob": {"TranscriptionJobName": request["TranscriptionJobName"]}}
    >>> failed = {"TranscriptionJobStatus": "FAILED", "FailureReason": "the file is no sound"}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("transcribe", "StartTranscriptionJob", start)
    ...     cloud.ai.answer("transcribe", "GetTranscriptionJob", lambda request: {"TranscriptionJob": failed})
    ...     bucket = cloud.bucket("calls")
    ...     [outcome] = from_transcribe(cloud.session(), ["s3://calls/7.wav"], output="s3://calls/said")
    >>> "the file is no sound" in outcome.error.message
    True
    """
    cutter = _Cutter.made(pause, margin)
    reader = _Reader(session)
    closed = Event()
    waiter = _Jobs(session, timeout, closed)
    starter = _Starter(session, output, _request(language_code, request))

    def answer(asked: Asked) -> list[Outcome]:
        name = starter.started(asked.item)
        job = waiter.ended(name)
        if job is None:
            return [unusable(asked, f"its transcription job {name!r} is gone", hint="try again")]
        return _of_job(cutter, reader, asked, job)

    return ask_each(
        answer, items, about="Transcribe", item_ids=item_ids, concurrency=concurrency, closed=closed
    )


def _request(language_code: str | None, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is the same in all requests; of the ways to say the language a job may have one only."""
    own = ("TranscriptionJobName", "Media", "OutputBucketName", "OutputKey")
    if language_code is not None:
        return {"LanguageCode": language_code, **more_members(given, *own, *_LANGUAGES)}
    more = more_members(given, *own)
    return more if any(name in more for name in _LANGUAGES) else {"IdentifyLanguage": True, **more}


def _of_job(cutter: _Cutter, reader: _Reader, asked: Asked, job: Mapping[str, Any]) -> list[Outcome]:
    if job["TranscriptionJobStatus"] == "FAILED":
        reason = job.get("FailureReason", "no reason given")
        name = job.get("TranscriptionJobName")
        hint = f"delete the job {name} to have it tried again" if name and name != asked.item_id else None
        return [unusable(asked, f"Transcribe failed: {reason}", raw=dict(job), hint=hint)]
    said = job.get("Transcript", {})
    uri = said.get("TranscriptFileUri") or said.get("RedactedTranscriptFileUri")
    return cutter.outcomes(asked, lambda: reader.document(uri))


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts a transcript into sentences, and these into clips."""

    pause: float
    margin: float

    @classmethod
    def made(cls, pause: float, margin: float) -> _Cutter:
        given: tuple[object, ...] = pause, margin
        if not all(isinstance(each, Real) for each in given) or not pause > 0 or not 0 <= margin < math.inf:
            raise InvalidInputError(
                f"pause={pause!r}, margin={margin!r}", hint="give seconds: pause above 0, margin not below"
            )
        return cls(pause, margin)

    def outcomes(self, asked: Asked, read: Callable[[], Any]) -> list[Outcome]:
        """Return one outcome a sentence; one of the recording, where there is none to read."""
        try:
            document = read()
            sentences = sentences_in(document, pause=self.pause)
        except NotFoundError as error:  # of this recording; other transcripts are there
            return [failed(asked, error)]
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, InvalidInputError):
                return [failed(asked, error)]
            problem = f"its transcript can't be read: {type(error).__name__}: {error}"
            return [unusable(asked, problem)]
        if not sentences:
            return [unusable(asked, "its transcript has no words", raw=document)]
        outcomes: list[Outcome] = []
        for number, sentence in enumerate(sentences, start=1):
            start, end = max(0.0, sentence.start - self.margin), sentence.end + self.margin
            clip = asked._replace(
                item_id=f"{asked.item_id}/{number}", item=f"{asked.item}#t={start:.2f},{end:.2f}"
            )
            raw = {"items": list(sentence.items)}
            if sentence.confidence is None:
                outcomes.append(unusable(clip, "a word of it has no confidence", raw=raw))
                continue
            extra = {
                "recording": asked.item,
                "start": sentence.start,
                "end": sentence.end,
                "speaker": sentence.speaker,
            }
            outcomes.append(predicted(clip, sentence.text, sentence.confidence, extra=extra, raw=raw))
        return outcomes


class _Reader:
    """Reads transcripts from wherever Transcribe has put them."""

    def __init__(self, session: Session) -> None:
        self._s3 = session.client("s3")

    def document(self, place: object) -> Any:
        """Return a transcript: the parsed JSON itself, or what lies at an address.

        Raises
        ------
        InvalidInputError
            If it is no address.
        NotFoundError
            If there is nothing.
        ValueError
            If it is no JSON.
        """
        if not isinstance(place, str):
            return place
        if place.lstrip().startswith("{"):
            raise InvalidInputError(
                "the transcript is a text of JSON", hint="give it parsed: json.loads(text)"
            )
        uri = _s3_address(place)
        if uri is None:
            return json.loads(_downloaded(place))
        bucket, key = split_uri(uri)
        with translated_errors(uri):
            return json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _s3_address(place: str) -> str | None:
    """Return an object's S3 address; None if it is to be fetched by its signed address, from Transcribe's own bucket.

    Of a bucket of one's own Transcribe tells ``https://s3.REGION.amazonaws.com/BUCKET/KEY``.
    """
    parts = urlsplit(place)
    if parts.scheme != "https" or not parts.netloc.startswith("s3"):
        return None if parts.scheme == "https" else place
    return None if parts.query else f"s3:/{unquote(parts.path)}"


def _downloaded(url: str) -> bytes:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    place = url.partition("?")[0]  # the rest is a signature, which botocore's own words would tell
    try:
        answer = URLLib3Session().send(AWSRequest("GET", url).prepare())
    except BotoCoreError as error:
        raise UnavailableError(f"{place}: no answer ({type(error).__name__})", hint="try again") from None
    if answer.status_code == 200:
        return bytes(answer.content)
    if answer.status_code >= 500:
        raise UnavailableError(f"{place} answers {answer.status_code}", hint="try again")
    raise NotFoundError(
        f"{place} answers {answer.status_code}", hint="its address is valid for minutes; ask for the job anew"
    )


class _Jobs:
    """Waits for transcription jobs."""

    def __init__(self, session: Session, timeout: float, closed: Event) -> None:
        check_timeout(timeout, "a transcription job")
        self._closed = closed
        self._transcribe = session.client("transcribe")
        self._timeout = timeout

    def ended(self, name: str) -> Mapping[str, Any] | None:
        """Return a job that has ended; None if there is none.

        Raises
        ------
        WaitTimeoutError
            If it has not in time.
        """
        return wait_until(
            lambda: self._state(name),
            lambda job: job is None or job.get("TranscriptionJobStatus") in _ENDED,
            timeout=self._timeout,
            what=f"transcription job {name}",
            first_pause=1.0,
            longest_pause=_LONGEST_PAUSE,
        )

    def _state(self, name: str) -> Mapping[str, Any] | None:
        if self._closed.is_set():
            raise CancelledError  # nobody takes the results any more
        try:
            with translated_errors(f"transcription job {name}"), read_as_told("Transcribe"):
                return self._transcribe.get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]
        except NotFoundError:
            return None
        except HitlError as error:
            if not isinstance(error, Transient):
                raise
            return {}  # the job goes on


class _Starter:
    """Starts transcription jobs, each once."""

    def __init__(self, session: Session, output: str, request: dict[str, Any]) -> None:
        bucket, prefix = split_uri(output, of_object=False)
        self._transcribe = session.client("transcribe")
        self._s3 = session.client("s3")
        self._bucket = bucket
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._request = request
        check_members(self._transcribe, "StartTranscriptionJob", request)

    def started(self, uri: str) -> str:
        """Start the job of a recording, unless it is there, and return its name."""
        name = self._name(uri)
        try:
            with translated_errors(uri):
                self._transcribe.start_transcription_job(
                    TranscriptionJobName=name,
                    Media={"MediaFileUri": uri},
                    OutputBucketName=self._bucket,
                    OutputKey=f"{self._prefix}{name}.json",
                    **self._request,
                )
        except ConflictError:
            pass  # it was started before
        return name

    def _name(self, uri: str) -> str:
        place = f"s3://{self._bucket}/{self._prefix}"
        identity = json.dumps(
            [uri, etag_of(self._s3, uri), place, self._request], sort_keys=True, default=str
        )
        return f"hitl-{blake2b(identity.encode(), digest_size=20).hexdigest()}"
