"""Predictions from what a SageMaker batch transform job has written, streamed from S3."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._aws_errors import translated_errors
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
from hitl_sdk.routing.sources._lines import lines_of
from hitl_sdk.routing.sources._records import (
    NOT_DECODED,
    charset_of,
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
    output itself where the job joined its input to it (``JoinSource="Input"``), else from the input, line by line. What
    is gzipped is decompressed.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    output : str
        The name of the job, which says all the rest but `item`; or where it wrote, ``s3://BUCKET/PREFIX``.
    input_uri : str, optional
        What the job read, an object or a prefix, where its output does not hold it: not joined, or filtered out again.
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
        an `InvalidPrediction`; so is each item of an input that has no output, unless the job is named: it is completed.

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
    is_completed: bool = False
    """Whether it has an output for every input that it read; what else is beside these came later."""


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
        input_uri or (None if joined else read["S3Uri"]),
        input_type or known,
        output_type or made.get("Accept") or _answered_in(known),
        is_completed=True,
    )


def _answered_in(input_type: str | None) -> str:
    """Return the type of output that goes with an input: its own, but plain text is answered in JSON."""
    return "" if input_type is None or input_type.startswith(_PLAIN) else input_type


@dataclass(frozen=True, slots=True)
class _File:
    """One input's name, where its output is, if there is one, and where itself is, unless it was joined to that."""

    name: str
    uri: str | None
    source: str | None


def _files(session: Session, job: _Job) -> list[_File]:
    """Return what the job has written, and what it should have, in the order of the names.

    Raises
    ------
    EmptyInputError
        If it has written nothing.
    InvalidOutputError
        If the input of an output isn't there.
    """
    written = {
        name.removesuffix(_ENDING): uri
        for name, uri in _in_folder(job.output_uri, _addresses(session, job.output_uri)).items()
        if name.endswith(_ENDING)
    }
    if not written:
        raise EmptyInputError(
            f"there is no {_ENDING} file under {job.output_uri}", hint="is it the job's S3OutputPath?"
        )
    if job.input_uri is None:
        return [_File(name, uri, None) for name, uri in written.items()]
    inputs = _inputs(session, job.input_uri)
    files = [_File(name, uri, _source_of(name, uri, inputs, job.input_uri)) for name, uri in written.items()]
    if not job.is_completed:
        known = {*written.values(), *(file.source for file in files)}
        files += [_File(name, None, source) for name, source in inputs.items() if source not in known]
    return sorted(files, key=lambda file: file.name)


def _source_of(name: str, uri: str, inputs: Mapping[str, str], input_uri: str) -> str:
    """Return the input of an output; its folders are not always in the output's path."""
    if name in inputs:
        return inputs[name]
    alike = [source for each, source in inputs.items() if each.endswith(f"/{name}")]
    if len(alike) != 1:
        raise InvalidOutputError(
            f"the input of {uri} is not under {input_uri}", hint="give the input_uri of the job", resource=uri
        )
    return alike[0]


def _inputs(session: Session, uri: str) -> dict[str, str]:
    """Return the inputs by their names: those in a folder, or else whose key begins so, as SageMaker takes a prefix."""
    addresses = _addresses(session, uri)
    return _in_folder(uri, addresses) or {address.rpartition("/")[2]: address for address in addresses}


def _addresses(session: Session, uri: str) -> list[str]:
    """Return the addresses of all objects that begin so."""
    bucket, prefix = split_uri(uri, of_object=False)
    with translated_errors(uri):
        pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", ())]


def _in_folder(uri: str, addresses: Iterable[str]) -> dict[str, str]:
    """Return the addresses of the objects in a folder by their names in it; or of the one object."""
    folder = f"{uri.rstrip('/')}/"
    return {
        address.rpartition("/")[2] if address == uri else address.removeprefix(folder): address
        for address in addresses
        if address == uri or address.startswith(folder)
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
            pairs = map(self._parted, self._joined_records(str(file.uri)))
        elif file.uri is None:
            nothing = _Nothing(file.source)
            pairs = zip(self._values(file.source, self.job.input_type), repeat(nothing))
        else:
            self._refuse_uneven(file.uri, file.source)
            pairs = zip(self._values(file.source, self.job.input_type), self._records(file.uri), strict=True)
        for number, (given, record) in enumerate(pairs, 1):
            yield self._outcome(f"{file.name}:{number}", given, record)

    def _outcome(self, position: str, given: object, record: object) -> Outcome:
        if given is _UNKNOWN:
            return unusable(
                Asked(position, "", None),
                f"the line has no {_JOINED_OUTPUT}",
                raw=record,
                hint="if it was filtered or not joined, give input_uri",
            )
        try:
            item: Any = _text_of(given) if self.item is None else _at(given, self.item)
            item_id = position if self.item_id is None else name_of(_at(given, self.item_id))
        except (InvalidPredictionError, *NOT_DECODED) as error:
            problem = f"item or item_id: {error if isinstance(error, HitlError) else repr(error)}"
            return unusable(Asked(position, "", None), problem, raw=record)
        asked = Asked(item_id, item, None)
        return without_asking(asked) or self._answer(asked, record)

    def _answer(self, asked: Asked, record: object) -> Outcome:
        if isinstance(record, _Nothing):
            return unusable(asked, f"the job has written nothing for {record.source}")
        try:
            made = self._made(record)
        except InvalidPredictionError as error:
            return unusable(asked, error.message, raw=record, hint=error.hint)
        except NOT_DECODED as error:
            return unusable(asked, f"decode failed: {type(error).__name__}: {error}", raw=record)
        outcome = from_record(asked, made, self.labels)
        return outcome if self.decode is None else replace(outcome, raw=record)

    def _made(self, record: object) -> object:
        """Return what `decode` makes of a record; without it, of a joined row the columns of the answer.

        Raises
        ------
        InvalidPredictionError
            If those can't be the answer, but hold some of the input.
        """
        if self.decode is not None:
            return self.decode(record)
        if not isinstance(record, tuple) or self.job.input_uri is not None:
            return record
        count = len(self.labels) if self.labels else 2
        given = {field % len(record) for field in (self.item, self.item_id) if isinstance(field, int)}
        answer = record[-count:]
        if max(given, default=0) >= len(record) - count or (self.labels and not _are_probabilities(answer)):
            raise InvalidPredictionError(
                f"the last {count} columns are not the answer", hint="say what is: decode=lambda row: row[-1]"
            )
        return answer

    def _refuse_uneven(self, uri: str, source: str) -> None:
        """Count first: where one record is missing, every other could be somebody else's."""
        given = sum(1 for _ in self._values(source, self.job.input_type))
        made = sum(1 for _ in self._records(uri))
        if made != given:
            raise InvalidOutputError(
                f"{uri} has {made} records, its input {source} has {given}",
                hint="let the job write AssembleWith='Line' and join the input (JoinSource='Input'), "
                "or give decode for a line",
                resource=uri,
            )

    def _records(self, uri: str) -> Iterator[object]:
        """Yield what the model gave, one an item; a line may hold several, unless `decode` reads lines."""
        for value in self._values(uri, self.job.output_type):
            several = unwrapped(value)
            if (
                self.decode is None
                and isinstance(several, list)
                and (several is not value or all(isinstance(each, Mapping | list) for each in several))
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
            if isinstance(given, list) and isinstance(made, list) and self._are_many(given, made):
                for one, its in zip(given, made, strict=True):
                    yield {_JOINED_INPUT: one, _JOINED_OUTPUT: its}
            else:
                yield value

    def _are_many(self, given: list[Any], made: list[Any]) -> bool:
        """Tell the lists of a document from one input that is a list, beside the probabilities of all labels."""
        if len(given) != len(made) or len(made) == 1:
            return False
        is_flat = not any(isinstance(each, list | Mapping) for each in (*given, *made))
        return not (is_flat and self.labels is not None and len(made) == len(self.labels))

    def _parted(self, value: object) -> tuple[object, object]:
        """Part a joined record into what the model was given and what it gave; of a row nobody knows where to."""
        if isinstance(value, tuple):
            return value, value
        if not isinstance(value, Mapping) or _JOINED_OUTPUT not in value:
            return _UNKNOWN, value
        if _JOINED_INPUT in value:
            return value[_JOINED_INPUT], value[_JOINED_OUTPUT]
        return {key: its for key, its in value.items() if key != _JOINED_OUTPUT}, value[_JOINED_OUTPUT]

    def _values(self, uri: str, content_type: str) -> Iterator[object]:
        """Yield the value of each line that is not blank, a tuple for a row of CSV; or those of one document."""
        lines = lines_of(self.session.client("s3"), uri, charset_of(content_type))
        if is_csv(content_type):
            return _of_csv(lines, uri)
        lines = (line for line in lines if line.strip())
        return lines if content_type.startswith(_PLAIN) else _of_json(lines)


_UNKNOWN = object()
"""Stands for the input of a line that does not tell it."""


@dataclass(frozen=True, slots=True)
class _Nothing:
    """Stands for the record of each item of an input that has no output."""

    source: str


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
    """Return a field of an input record; None where it is not there.

    Raises
    ------
    InvalidPredictionError
        If the record is a text, whose letters are no fields.
    """
    if callable(field):
        return field(record)
    if isinstance(record, str):
        raise InvalidPredictionError(
            f"the line is a text, which has no field {field!r}", hint='of CSV say input_type="text/csv"'
        )
    try:
        return record[field]
    except (LookupError, TypeError):
        return None


def _are_probabilities(cells: Sequence[str]) -> bool:
    """Tell whether cells are the probabilities of all labels, rounded as they may be, and nothing else."""
    try:
        return len(cells) == 1 or abs(sum(map(float, cells)) - 1) <= 0.01 * len(cells)
    except ValueError:
        return False


def _text_of(record: Any) -> object:
    """Return the one text of an input record."""
    value = record.get("features") if isinstance(record, Mapping) else record
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
