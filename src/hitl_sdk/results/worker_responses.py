"""What each worker of a Ground Truth labeling job answered, before it was consolidated: one row an answer."""

from __future__ import annotations

import json
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from hitl_sdk._frames import Engine, Frame, Kind, build_frame, time_text
from hitl_sdk._ground_truth import kind_named
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import InvalidInputError, InvalidOutputError, NotFoundError
from hitl_sdk.labels import to_value
from hitl_sdk.results._fetching import Fetched, fetch_in_order, object_fetcher
from hitl_sdk.results._long_form import error_text
from hitl_sdk.results._manifest_rows import read_rows
from hitl_sdk.results._s3 import ObjectReader
from hitl_sdk.results.document import field_of, read_answer, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk.labels import LabelType
    from hitl_sdk.results.document import HumanAnswer
    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task

__all__ = ["RESPONSE_COLUMNS", "iter_worker_responses", "read_worker_responses"]

_KINDS: Mapping[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "worker": "text",
    "label": "text",
    "comment": "text",
    "accepted_at": "time",
    "submitted_at": "time",
    "seconds_spent": "float",
    "iteration": "int",
    "output_s3_uri": "text",
    "error": "text",
    "document": "text",
}

RESPONSE_COLUMNS: tuple[str, ...] = tuple(_KINDS)
"""The columns of the frame of `read_worker_responses`, in order."""

_FOLDER = "annotations/worker-response"
_MANIFEST = "manifests/output/output.manifest"
_FRAMES = ("trackingAnnotations", "detectionAnnotations")


class _Place(NamedTuple):
    """Where answers to an object lie: in one file, or in one a video frame."""

    iteration: int | None
    item_id: str
    worker: str | None
    keys: tuple[str, ...]


class _Response(NamedTuple):
    """A place and what was found there."""

    place: _Place
    files: Sequence[Fetched]


@overload
def read_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    concurrency: int | None = ...,
    engine: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def read_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    concurrency: int | None = ...,
    engine: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def read_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    concurrency: int | None = ...,
    engine: Literal["arrow"],
) -> pa.Table: ...
@overload
def read_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    concurrency: int | None = ...,
    engine: Engine,
) -> Frame: ...


def read_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = None,
    items: Mapping[str, str] | None = None,
    concurrency: int | None = None,
    engine: Engine = "pandas",
) -> Frame:
    """Read what each worker of a labeling job answered: to consolidate anew, or to see how good workers are.

    All files below ``annotations/worker-response/`` are fetched in threads while the listing goes on. One that can't be
    read, and an answer that is none to the task, keep a row with the reason. An answer that stands in two files is one row.

    Parameters
    ----------
    job_output_uri : str
        Where the job wrote: ``s3://BUCKET/PREFIX/JOB``, the job's ``S3OutputPath`` and its name; or its output manifest.
    session : Session
        Whose S3.
    task : Task, optional
        What was asked; it reads the labels, also under the names that AWS's templates give the answer. By default a label
        is the JSON text of the answer.
    items : mapping of str to str, optional
        Each item by its object id. By default they are read from the output manifest, if there is one.
    concurrency : int, optional
        Threads, as in `read_outputs`.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The columns of `RESPONSE_COLUMNS`, in the order of the files: ``item_id``, Ground Truth's object id, which is the
        line's number from 0 in the input manifest; ``item``; ``worker``; ``label`` and ``comment``; ``accepted_at`` and
        ``submitted_at``, UTC; ``seconds_spent``; ``iteration`` of the job, from 1; ``output_s3_uri``; ``error`` and
        ``document`` of what can't be read. crowd-kit takes ``item``, ``worker`` and ``label`` as they are.

        Of video frames there is a file each, too. They are read where no file has the whole answer: then the frames
        in one folder are one answer, of which neither worker nor times are known, and the folder's name is the worker's.

    Raises
    ------
    InvalidInputError
        If `job_output_uri` is no S3 address, or the engine is not known.
    NotFoundError
        If the bucket does not exist.
    CredentialsError
        If there are no credentials or they have expired.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")
    >>> answer = '{"answers": [{"workerId": "w1", "answerContent": {"mood": {"label": "good"}}}]}'
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     bucket, session = cloud.bucket("out"), cloud.session()
    ...     key = "mood-1/annotations/worker-response/iteration-1/0/2026-11-08_23:06:49.json"
    ...     _ = session.client("s3").put_object(Bucket=bucket, Key=key, Body=answer.encode())
    ...     frame = read_worker_responses("s3://out/mood-1", session, task=task)
    >>> frame[["item_id", "worker", "label", "iteration"]]
      item_id worker label  iteration
    0       0     w1  good          1

    Labels that are made one anew, here by the task's own method:

    >>> from hitl_sdk.consolidation import Vote
    >>> votes = [Vote(row.item_id, row.worker, task.read_label(row.label)) for row in frame.itertuples()]
    >>> task.consolidate(votes)["0"].label
    'good'
    """
    responses = _responses(job_output_uri, session, concurrency)
    rows = list(_rows(responses, _reader(task), _items(job_output_uri, session, items)))
    return _frame(rows, task, engine)


@overload
def iter_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    batch_size: int = ...,
    concurrency: int | None = ...,
    engine: Literal["pandas"] = ...,
) -> Iterator[pd.DataFrame]: ...
@overload
def iter_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    batch_size: int = ...,
    concurrency: int | None = ...,
    engine: Literal["polars"],
) -> Iterator[pl.DataFrame]: ...
@overload
def iter_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    batch_size: int = ...,
    concurrency: int | None = ...,
    engine: Literal["arrow"],
) -> Iterator[pa.Table]: ...
@overload
def iter_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = ...,
    items: Mapping[str, str] | None = ...,
    batch_size: int = ...,
    concurrency: int | None = ...,
    engine: Engine,
) -> Iterator[Frame]: ...


def iter_worker_responses(
    job_output_uri: str,
    session: Session,
    *,
    task: Task | None = None,
    items: Mapping[str, str] | None = None,
    batch_size: int = 1000,
    concurrency: int | None = None,
    engine: Engine = "pandas",
) -> Iterator[Frame]:
    """Read what each worker of a labeling job answered, batch after batch: for more than fits into memory.

    Parameters
    ----------
    job_output_uri, session, task, items, concurrency, engine
        As in `read_worker_responses`.
    batch_size : int, default 1000
        Rows of a frame; the last may have fewer.

    Returns
    -------
    iterator of pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Together the rows of `read_worker_responses`, in the same order; none of them is empty.

    Raises
    ------
    InvalidInputError
        As in `read_worker_responses`, or if `batch_size` is below 1.
    NotFoundError
        If the bucket does not exist; on the way, as the next.
    CredentialsError
        If there are no credentials or they have expired; on the way, as the next.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     bucket, session = cloud.bucket("out"), cloud.session()
    ...     for n in range(3):
    ...         key = f"job-1/annotations/worker-response/iteration-1/{n}/2026-11-08_23:06:49.json"
    ...         _ = session.client("s3").put_object(Bucket=bucket, Key=key, Body=b"cut off")
    ...     frames = iter_worker_responses("s3://out/job-1", session, batch_size=2)
    ...     [frame["item_id"].tolist() for frame in frames]
    [['0', '1'], ['2']]
    """
    if batch_size < 1:
        raise InvalidInputError(f"batch_size={batch_size}", hint="give at least 1")
    responses = _responses(job_output_uri, session, concurrency)

    def frames() -> Iterator[Frame]:
        rows = _rows(responses, _reader(task), _items(job_output_uri, session, items))
        while batch := list(islice(rows, batch_size)):
            yield _frame(batch, task, engine)

    return frames()


def _job(uri: str) -> str:
    """Return the address of a job's output, also of that of something in it."""
    for inner in (_MANIFEST, _FOLDER):
        uri = uri.rstrip("/").removesuffix(f"/{inner}")
    return uri


def _responses(uri: str, session: Session, concurrency: int | None) -> Iterator[_Response]:
    bucket, prefix = split_uri(f"{_job(uri)}/{_FOLDER}/", of_object=False)
    objects = ObjectReader(session)
    fetch = object_fetcher(objects)

    def fetched(place: _Place) -> _Response:
        return _Response(place, [fetch(f"s3://{bucket}/{key}") for key in place.keys])

    keys = (key for key in objects.list_keys(bucket, prefix) if key.endswith(".json"))
    return fetch_in_order(fetched, _places(keys, prefix), concurrency)


def _places(keys: Iterable[str], prefix: str) -> Iterator[_Place]:
    """Gather the files of each object, which the listing has one after the other."""

    def of_object(key: str) -> tuple[str, ...]:
        return tuple(key.removeprefix(prefix).split("/")[:2])

    for folder, each in groupby(keys, of_object):
        if len(folder) < 2:
            continue
        iteration, item_id = folder
        number = iteration.removeprefix("iteration-")
        at = int(number) if number.isascii() and number.isdigit() else None
        inner = {key: key.removeprefix(f"{prefix}{iteration}/{item_id}/").rpartition("/")[0] for key in each}
        whole = [key for key, within in inner.items() if not within]
        yield from (_Place(at, item_id, None, (key,)) for key in whole)
        if not whole:
            for worker, frames in groupby(inner, inner.__getitem__):
                yield _Place(at, item_id, worker, tuple(frames))


def _items(uri: str, session: Session, items: Mapping[str, str] | None) -> Mapping[str, str]:
    if items is not None:
        return items
    found: dict[str, str] = {}
    try:
        for rows in read_rows(f"{_job(uri)}/{_MANIFEST}", None, session):
            numbers = (str(rows.first_line + number) for number in rows.of_line)
            found |= {
                number: item for number, item in zip(numbers, rows.as_list("item"), strict=True) if item
            }
    except NotFoundError:
        pass
    return found


def _rows(
    responses: Iterable[_Response],
    read: Callable[[Mapping[str, object]], Mapping[str, object]],
    items: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    """Yield a row an answer; one that an object's later files have again is left out."""
    known: set[object] = set()
    of = None
    for place, files in responses:
        if of != (place.iteration, place.item_id):
            of = (place.iteration, place.item_id)
            known.clear()
        told: dict[str, Any] = {
            "item_id": place.item_id,
            "item": items.get(place.item_id),
            "iteration": place.iteration,
            "output_s3_uri": files[0].uri,
        }
        try:
            answers = _answers(place, files)
        except InvalidOutputError as error:
            yield told | {"error": error_text(error), "document": _text(files[0])}
            continue
        for answer in answers:
            key = (answer.worker_id, answer.submitted_at, json.dumps(answer.content, sort_keys=True))
            if key in known and answer.submitted_at is not None:
                continue
            known.add(key)
            yield told | _row(answer, read)


def _answers(place: _Place, files: Sequence[Fetched]) -> list[HumanAnswer]:
    """Return the answers in a file, or the one whose frames stand in several.

    Raises
    ------
    InvalidOutputError
        If one of the files is not there or not of the form it should be.
    """
    for file in files:
        if file.document is None:
            raise InvalidOutputError(f"{file.uri} can't be had: {error_text(file.error)}")
    documents = [read_json(file.document, file.uri) for file in files]
    if place.worker is None or "answers" in documents[0]:
        return [
            read_answer(answer, f"{file.uri}: answers[{number}]")
            for document, file in zip(documents, files, strict=True)
            for number, answer in enumerate(field_of(document, "answers", list, file.uri))
        ]
    key = next((name for name in _FRAMES if name in documents[0]), None)
    if key is None:
        raise InvalidOutputError(f"{files[0].uri} has neither answers nor {' nor '.join(_FRAMES)}")
    frames = [
        field_of(document, key, dict, file.uri) for document, file in zip(documents, files, strict=True)
    ]
    return [read_answer({"workerId": place.worker, "answerContent": {key: {"frames": frames}}}, files[0].uri)]


def _row(answer: HumanAnswer, read: Callable[[Mapping[str, object]], Mapping[str, object]]) -> dict[str, Any]:
    try:
        label = read(answer.content)
    except InvalidOutputError as error:
        text = json.dumps(answer.content, ensure_ascii=False)
        label = {"error": error_text(error), "document": text}
    return {
        "worker": answer.worker_id,
        "accepted_at": time_text(answer.accepted_at),
        "submitted_at": time_text(answer.submitted_at),
        "seconds_spent": answer.seconds_spent,
        **label,
    }


def _reader(task: Task | None) -> Callable[[Mapping[str, object]], Mapping[str, object]]:
    """Return what makes a label of an answer's content."""
    if task is None:
        return lambda content: {"label": json.dumps(content, ensure_ascii=False)}
    key = kind_named(task.labeling_kind).answer_key

    def read(content: Mapping[str, object]) -> Mapping[str, object]:
        if key is not None and key in content and task.name not in content:
            content = {**content, task.name: content[key]}
        answer = task.parse_answer(content)
        return {"label": to_value(answer.label), "comment": answer.comment}

    return read


def _text(file: Fetched) -> str | None:
    return None if file.document is None else file.document.decode("utf-8", "replace")


def _frame(rows: Sequence[Mapping[str, Any]], task: Task | None, engine: Engine) -> Frame:
    label_type: LabelType = str if task is None else task.label_type
    columns = {name: [row.get(name) for row in rows] for name in _KINDS}
    return build_frame(columns, {**_KINDS, "label": label_type}, engine)
