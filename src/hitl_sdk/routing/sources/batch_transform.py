"""Predictions from what a SageMaker batch transform job has written, streamed from S3."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_stream import object_chunks
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import (
    EmptyInputError,
    HitlError,
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    ResourceFailedError,
)
from hitl_sdk.routing.sources._asking import Asked, name_of, unusable, without_asking
from hitl_sdk.routing.sources._records import (
    NOT_DECODED,
    checked_labels,
    from_record,
    is_csv,
    loaded,
    unwrapped,
)

if TYPE_CHECKING:
    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Outcome
    from hitl_sdk.session import Session

__all__ = ["from_batch_transform"]

Field: TypeAlias = str | int | Callable[[Any], object]

_CHUNK = 1 << 20
_ENDING = ".out"
_PLAIN = "text/plain"
_JOINED_INPUT, _JOINED_OUTPUT = "SageMakerInput", "SageMakerOutput"


def from_batch_transform(
    session: Session,
    output: str,
    *,
    input_uri: str | None = None,
    item: Field | None = None,
    item_id: Field | None = None,
    labels: Iterable[object] | None = None,
    decode: Callable[[Any], object] | None = None,
    input_type: str | None = None,
    output_type: str | None = None,
) -> Iterator[Prediction | InvalidPrediction]:
    """Read the predictions of a batch transform job.

    Records are in JSON Lines, JSON or CSV, one an item, of any kind that `from_endpoint` reads. The items come from the
    output itself where the job joined its input to it (``JoinSource="Input"``), else from the input, line by line.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    output : str
        The name of the job, which says all the rest but `item`; or where it wrote, ``s3://BUCKET/PREFIX``.
    input_uri : str, optional
        What the job read, an object or a prefix, where its input was not joined to its output.
    item : str or int or callable, optional
        Where the item is in an input record: a field of JSON, a column of CSV (from 0), or a function of the record.
        When left out: the line itself, if it is a text; else the one text in its `features`.
    item_id : str or int or callable, optional
        The same for its id; ``"FILE:LINE"``, such as ``"reviews.jsonl:1"``, when left out.
    labels : iterable of str or int, optional
        The labels, in the order in which the model gives their probabilities.
    decode : callable, optional
        Makes a record out of what the model gave for an item; of a whole row, where CSV was joined.
    input_type, output_type : str, optional
        ``"text/csv"``, ``"text/plain"`` (input only), or JSON, as one document or in lines, when left out.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, file by file in the order of their names. A line that can't be read, or whose item or id is not found, is
        an `InvalidPrediction`.

    Raises
    ------
    InvalidInputError
        If an address is none, or CSV was joined and `item` is missing.
    EmptyInputError
        If the job has written nothing.
    ResourceFailedError
        If the named job is not completed.
    NotFoundError
        If there is no such job or bucket.
    InvalidOutputError
        If the input of an output isn't there. From the iterator, before anything of that file: if it has not as many
        records as its input.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> line = b'{"features": ["It is okay"], "SageMakerOutput": {"predicted_label": 1, "probability": 0.54}}'
    >>> with mock_hitl() as cloud:
    ...     session = cloud.session()
    ...     put = session.client("s3").put_object(Bucket=cloud.bucket("jobs"), Key="out/reviews.jsonl.out", Body=line)
    ...     [prediction] = from_batch_transform(session, "s3://jobs/out")
    ...     prediction.item_id, prediction.item, prediction.label
    ('reviews.jsonl:1', 'It is okay', '1')
    """
    job = _described(session, output, input_uri, input_type, output_type)
    reader = _Reader(session, job, item, item_id, checked_labels(labels), decode)
    if job.input_uri is None and is_csv(job.output_type) and item is None:
        raise InvalidInputError(
            "item is missing", hint="say in which column the item is, or give input_uri if nothing was joined"
        )
    return chain.from_iterable(map(reader.outcomes, _files(session, job)))


@dataclass(frozen=True, slots=True)
class _Job:
    """Where a job wrote and what it read; `input_uri` is None where the output has the input joined to it."""

    output_uri: str
    input_uri: str | None
    input_type: str
    output_type: str


def _described(
    session: Session, output: str, input_uri: str | None, input_type: str | None, output_type: str | None
) -> _Job:
    """Return what was given, and for a job's name what SageMaker knows of it."""
    if output.startswith("s3://"):
        return _Job(output, input_uri, input_type or "", output_type or _answered_in(input_type))
    with translated_errors(f"batch transform job {output!r}"):
        job = session.client("sagemaker").describe_transform_job(TransformJobName=output)
    if job["TransformJobStatus"] != "Completed":
        reason = f": {job['FailureReason']}" if job.get("FailureReason") else ""
        raise ResourceFailedError(
            f"batch transform job {output!r} is {job['TransformJobStatus']}{reason}",
            hint="wait for it; what a failed job has written can be read by its address, s3://...",
            resource=output,
        )
    given, made = job["TransformInput"], job.get("TransformOutput", {})
    joined = job.get("DataProcessing", {}).get("JoinSource", "None") == "Input"
    read = given["DataSource"]["S3DataSource"]
    if not joined and input_uri is None and read["S3DataType"] != "S3Prefix":
        raise InvalidInputError(
            f"batch transform job {output!r} read a {read['S3DataType']}", hint="give input_uri, a prefix"
        )
    known = given.get("ContentType", "")
    return _Job(
        made.get("S3OutputPath", ""),
        None if joined else input_uri or read["S3Uri"],
        input_type or known,
        output_type or made.get("Accept") or _answered_in(known),
    )


def _answered_in(input_type: str | None) -> str:
    """Return the type of output that goes with an input: its own, but plain text is answered in JSON."""
    return "" if input_type is None or input_type.startswith(_PLAIN) else input_type


@dataclass(frozen=True, slots=True)
class _File:
    """The output of one input: the input's name, where the output is, and where the input, unless it was joined."""

    name: str
    uri: str
    source: str | None


def _files(session: Session, job: _Job) -> list[_File]:
    """Return what the job has written, in the order of the names.

    Raises
    ------
    EmptyInputError
        If that is nothing.
    InvalidOutputError
        If the input of an output isn't there.
    """
    written = {
        name.removesuffix(_ENDING): uri
        for name, uri in _listed(session, job.output_uri).items()
        if name.endswith(_ENDING)
    }
    if not written:
        raise EmptyInputError(
            f"there is no {_ENDING} file under {job.output_uri}", hint="is it the job's S3OutputPath?"
        )
    if job.input_uri is None:
        return [_File(name, uri, None) for name, uri in written.items()]
    inputs = _listed(session, job.input_uri)
    files = []
    for name, uri in written.items():
        # The folders of an input are not always in the path of its output.
        alike = [source for each, source in inputs.items() if f"/{each}".endswith(f"/{name}")]
        if name not in inputs and len(alike) != 1:
            raise InvalidOutputError(
                f"the input of {uri} is not under {job.input_uri}",
                hint="give the input_uri of the job",
                resource=uri,
            )
        files.append(_File(name, uri, inputs.get(name) or alike[0]))
    return files


def _listed(session: Session, uri: str) -> dict[str, str]:
    """Return the addresses of the objects in a folder by their names in it; or of the one object."""
    bucket, prefix = split_uri(uri, of_object=False)
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    with translated_errors(uri):
        pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return {
        key.rpartition("/")[2] if key == prefix else key.removeprefix(folder): f"s3://{bucket}/{key}"
        for key in keys
        if key == prefix or key.startswith(folder)
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the files of one job."""

    session: Session
    job: _Job
    item: Field | None
    item_id: Field | None
    labels: Sequence[str] | None
    decode: Callable[[Any], object] | None

    def outcomes(self, file: _File) -> Iterator[Outcome]:
        """Yield the outcomes of one file."""
        pairs: Iterator[tuple[object, object]]
        if file.source is None:
            pairs = map(self._parted, self._joined_records(file.uri))
        else:
            self._refuse_uneven(file.uri, file.source)
            pairs = zip(self._values(file.source, self.job.input_type), self._records(file.uri), strict=True)
        for number, (given, record) in enumerate(pairs, 1):
            yield self._outcome(f"{file.name}:{number}", given, record)

    def _outcome(self, position: str, given: object, record: object) -> Outcome:
        if given is _UNKNOWN:
            return unusable(Asked(position, "", None), f"the line has no {_JOINED_OUTPUT}", raw=record)
        try:
            item: Any = _text_of(given) if self.item is None else _at(given, self.item)
            item_id = position if self.item_id is None else name_of(_at(given, self.item_id))
        except (InvalidPredictionError, *NOT_DECODED) as error:
            problem = f"item or item_id: {error if isinstance(error, HitlError) else repr(error)}"
            return unusable(Asked(position, "", None), problem, raw=record)
        asked = Asked(item_id, item, None)
        refused = without_asking(asked)
        if refused is not None:
            return refused
        try:
            made = record if self.decode is None else self.decode(record)
        except NOT_DECODED as error:
            return unusable(asked, f"decode failed: {type(error).__name__}: {error}", raw=record)
        return from_record(asked, made, self.labels)

    def _refuse_uneven(self, uri: str, source: str) -> None:
        """Count first: where one record is missing, every other could be somebody else's."""
        given = sum(1 for _ in self._values(source, self.job.input_type))
        made = sum(1 for _ in self._records(uri))
        if made != given:
            raise InvalidOutputError(
                f"{uri} has {made} records, its input {source} has {given}",
                hint="join the input to the output (JoinSource='Input'), or give decode for a line",
                resource=uri,
            )

    def _records(self, uri: str) -> Iterator[object]:
        """Yield what the model gave, one an item; a line may hold several, unless `decode` reads lines."""
        for value in self._values(uri, self.job.output_type):
            several = unwrapped(value)
            if (
                self.decode is None
                and isinstance(several, list)
                and (several is not value or all(isinstance(each, Mapping) for each in several))
            ):
                yield from several
            else:
                yield value

    def _joined_records(self, uri: str) -> Iterator[object]:
        """Yield joined records; a document of lists holds many."""
        for value in self._values(uri, self.job.output_type):
            given, made = (
                (value.get(_JOINED_INPUT), unwrapped(value.get(_JOINED_OUTPUT)))
                if isinstance(value, Mapping)
                else (None, None)
            )
            if isinstance(given, list) and isinstance(made, list) and len(given) == len(made) != 1:
                for one, its in zip(given, made, strict=True):
                    yield {_JOINED_INPUT: one, _JOINED_OUTPUT: its}
            else:
                yield value

    def _parted(self, value: object) -> tuple[object, object]:
        """Part a joined record into what the model was given and what it gave."""
        if isinstance(value, tuple):
            if self.decode is not None:
                return value, value
            return value, value[-(len(self.labels) if self.labels else 2) :]
        if not isinstance(value, Mapping) or _JOINED_OUTPUT not in value:
            return _UNKNOWN, value
        if _JOINED_INPUT in value:
            return value[_JOINED_INPUT], value[_JOINED_OUTPUT]
        return {key: its for key, its in value.items() if key != _JOINED_OUTPUT}, value[_JOINED_OUTPUT]

    def _values(self, uri: str, content_type: str) -> Iterator[object]:
        """Yield the value of each line that is not blank, a tuple for a row of CSV; or those of one document."""
        lines = self._lines(uri)
        if is_csv(content_type):
            return _of_csv(lines, uri)
        lines = (line for line in lines if line.strip())
        return lines if content_type.startswith(_PLAIN) else _of_json(lines)

    def _lines(self, uri: str) -> Iterator[str]:
        rest = b""
        for chunk in object_chunks(self.session.client("s3"), uri, _CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").rstrip("\r")
        if rest:
            yield rest.decode("utf-8", "replace").rstrip("\r")


_UNKNOWN = object()
"""Stands for the input of a line that does not tell it."""


def _of_csv(lines: Iterator[str], uri: str) -> Iterator[object]:
    """Yield each row that is not empty."""
    try:
        yield from (tuple(row) for row in csv.reader(f"{line}\n" for line in lines) if row)
    except csv.Error as error:
        raise InvalidOutputError(
            f"{uri} is no CSV that can be read: {error}",
            hint="csv.field_size_limit(2**31 - 1) lets a cell be of any length",
            resource=uri,
        ) from error


def _of_json(lines: Iterator[str]) -> Iterator[object]:
    """Yield the value of each line, or the elements of a document that goes over many."""
    first = next(lines, None)
    if first is None:
        return
    if loaded(first) is first and first.lstrip()[0] in "[{":
        rest = list(lines)
        whole = loaded("\n".join([first, *rest]))
        if not isinstance(whole, str):
            values = unwrapped(whole)
            yield from values if isinstance(values, list) else [values]
            return
        lines = iter(rest)
    yield from map(loaded, chain([first], lines))


def _at(record: Any, field: Field) -> object:
    """Return a field of an input record; None where it is not there."""
    if callable(field):
        return field(record)
    try:
        return record[field]
    except (LookupError, TypeError):
        return None


def _text_of(record: Any) -> object:
    """Return the one text of an input record."""
    value = record.get("features") if isinstance(record, Mapping) else record
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
