"""The output manifest of a Ground Truth labeling job, read to a frame: one row a line, readable or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

from hitl_sdk._frames import Engine, Frame, Kind, build_frame
from hitl_sdk.errors import InvalidInputError, InvalidOutputError
from hitl_sdk.results._long_form import error_text
from hitl_sdk.results._manifest_labels import LABEL_SOURCES, form_of, one_class
from hitl_sdk.results._s3 import ObjectReader

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk.labels import LabelType
    from hitl_sdk.session import Session

__all__ = ["MANIFEST_COLUMNS", "read_manifest"]

_KINDS: Mapping[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "label": "text",
    "label_source": "text",
    "confidence": "float",
    "label_confidences": [float],
    "attribute": "text",
    "metadata_type": "text",
    "job_name": "text",
    "adjustment_status": "text",
    "completed_at": "time",
    "error": "text",
    "document": "text",
}

MANIFEST_COLUMNS: tuple[str, ...] = tuple(_KINDS)
"""The columns of the frame of `read_manifest`, in order."""

_RegularReader: TypeAlias = "Callable[[Sequence[str | bytes]], dict[str, list[Any]]]"

_CHUNK = 1_024
_METADATA = "-metadata"
_SOURCES = ("source-ref", "source")


class _Row(NamedTuple):
    """One line, in the order of `_KINDS` without the id."""

    item: str | None = None
    label: object = None
    label_source: str | None = None
    confidence: float | None = None
    label_confidences: list[float | None] | None = None
    attribute: str | None = None
    metadata_type: str | None = None
    job_name: str | None = None
    adjustment_status: str | None = None
    completed_at: str | None = None
    error: str | None = None
    document: str | None = None


@overload
def read_manifest(
    source: str | PathLike[str] | bytes | Iterable[str | bytes],
    *,
    attribute: str | None = ...,
    session: Session | None = ...,
    engine: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def read_manifest(
    source: str | PathLike[str] | bytes | Iterable[str | bytes],
    *,
    attribute: str | None = ...,
    session: Session | None = ...,
    engine: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def read_manifest(
    source: str | PathLike[str] | bytes | Iterable[str | bytes],
    *,
    attribute: str | None = ...,
    session: Session | None = ...,
    engine: Literal["arrow"],
) -> pa.Table: ...


def read_manifest(
    source: str | PathLike[str] | bytes | Iterable[str | bytes],
    *,
    attribute: str | None = None,
    session: Session | None = None,
    engine: Engine = "pandas",
) -> Frame:
    """Read an output manifest of Ground Truth: one row a line, in their order.

    Every line keeps its row: one that can't be read has an ``error`` and its text under ``document``; one that nobody
    has labelled yet has no ``label``.

    Parameters
    ----------
    source : path, bytes or iterable of lines
        A file, ``s3://BUCKET/KEY`` (with a session), the content, or its lines. JSON lines, or one JSON array.
    attribute : str, optional
        The label attribute that is read; needed only where a line has several, as after chained jobs.
    session : Session, optional
        Whose S3.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The columns of `MANIFEST_COLUMNS`. ``item_id`` is the line's number from 0, as Ground Truth's own object ids.
        ``label`` is, by the metadata's type: the class name; a list of class names, with ``label_confidences``; the
        boxes of an image as the value of `hitl_sdk.labels.Shapes`; a list of spans; the address of a file (masks,
        videos); the JSON text of all others. All lines of a file must be of one of these. ``confidence`` is as the
        file says, and Ground Truth says 0 where one worker was asked. ``label_source`` is "human" or "model",
        ``completed_at`` the creation date in UTC.

    Raises
    ------
    InvalidInputError
        If lines have several label attributes and none was named, or the source is no file and no address.
    NotFoundError, AccessDeniedError
        If S3 does not give the object.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> line = (
    ...     '{"source-ref": "s3://pets/1.jpg", "species": 1, "species-metadata": {"class-name": "dog", "confidence": 0.92,'
    ...     ' "type": "groundtruth/image-classification", "human-annotated": "yes"}}'
    ... )
    >>> frame = read_manifest([line])
    >>> frame[["item", "label", "confidence", "label_source"]]
                  item label  confidence label_source
    0  s3://pets/1.jpg   dog        0.92        human
    """
    columns = _read_columns(_lines(source, session), attribute)
    label_type = _common_type(columns["metadata_type"])
    columns["item_id"] = list(map(str, range(len(columns["item"]))))
    return build_frame(columns, {**_KINDS, "label": label_type}, engine)


def _lines(source: Any, session: Session | None) -> Iterable[str | bytes]:
    if isinstance(source, bytes):
        return _split(source)
    if isinstance(source, str) and source.startswith("s3://"):
        if session is None:
            raise InvalidInputError(
                f"{source} is in S3", hint="give a session: read_manifest(..., session=session)"
            )
        return _split(ObjectReader(session).get(source))
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        try:
            return _split(Path(source).read_bytes())
        except OSError as error:
            raise InvalidInputError(
                f"{source} can't be read: {error.strerror}", hint="give a file, or its lines"
            ) from None
    if isinstance(source, Iterable):
        return source
    raise InvalidInputError(
        f"{type(source).__name__} is no manifest", hint="give a path, an S3 URI, bytes or lines"
    )


def _split(content: bytes) -> list[bytes]:
    """Return the lines; a JSON array is taken apart."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content.lstrip().startswith(b"["):
        try:
            return [json.dumps(each, ensure_ascii=False).encode() for each in json.loads(content)]
        except ValueError:
            pass  # then it is read by lines, each with what is wrong with it
    return content.split(b"\n")


def _read_columns(lines: Iterable[str | bytes], attribute: str | None) -> dict[str, list[Any]]:
    """Read lines in chunks: together if all are like the first line, else one by one."""
    columns: dict[str, list[Any]] = {name: [] for name in _Row._fields}
    filled = (line for line in lines if line.strip())
    read = _line_reader(attribute)
    together: _RegularReader | None = None
    while chunk := list(islice(filled, _CHUNK)):
        if not columns["item"]:
            together = _regular_reader(chunk[0], attribute)
        found = _read_chunk(chunk, together, read)
        for name, column in columns.items():
            column.extend(found.get(name) or [None] * len(chunk))
    return columns


def _read_chunk(
    chunk: Sequence[str | bytes], together: _RegularReader | None, read: Callable[[str | bytes], _Row]
) -> Mapping[str, list[Any]]:
    if together is not None:
        try:
            return together(chunk)
        except ValueError:
            pass  # one of them is not regular
    rows = [_read_row(read, line) for line in chunk]
    return dict(zip(_Row._fields, map(list, zip(*rows, strict=True)), strict=True))


def _read_row(read: Callable[[str | bytes], _Row], line: str | bytes) -> _Row:
    try:
        return read(line)
    except InvalidOutputError as error:
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        return _Row(error=error_text(error), document=text)


def _regular_reader(first: str | bytes, attribute: str | None) -> _RegularReader | None:
    """Return the fast reader of lines like this one, if there is one."""
    try:
        from hitl_sdk.results._regular_manifest import regular_reader

        fields = json.loads(first)
        row = _row(fields, attribute)
        if form_of(row.metadata_type).read is one_class and f"{row.attribute}{_METADATA}" in fields:
            source = next(key for key in _SOURCES if fields.get(key) == row.item)
            return regular_reader(fields, source, str(row.attribute))
    except (
        ModuleNotFoundError,
        StopIteration,
        ValueError,
        RecursionError,
        InvalidOutputError,
        AttributeError,
    ):
        pass
    return None


def _line_reader(attribute: str | None) -> Callable[[str | bytes], _Row]:
    decode = _decoder()

    def read(line: str | bytes) -> _Row:
        try:
            fields = decode(line)
        except (ValueError, RecursionError):
            raise InvalidOutputError("the line is no whole JSON document") from None
        if not isinstance(fields, dict):
            raise InvalidOutputError(f"the line is {type(fields).__name__}, no object")
        return _row(fields, attribute)

    return read


def _decoder() -> Callable[[str | bytes], Any]:
    try:
        from msgspec.json import Decoder
    except ModuleNotFoundError:
        return json.loads
    return Decoder().decode


def _row(fields: dict[str, Any], attribute: str | None) -> _Row:
    item = next((fields[key] for key in _SOURCES if isinstance(fields.get(key), str)), None)
    name, metadata = _label_attribute(fields, attribute)
    if metadata is None or name not in fields:
        return _Row(item=item, attribute=name)
    metadata_type = metadata.get("type")
    label = form_of(metadata_type).read(fields[name], metadata)
    return _Row(
        item,
        label.label,
        LABEL_SOURCES.get(str(metadata.get("human-annotated")).lower()),
        label.confidence,
        label.label_confidences,
        name,
        _text(metadata_type),
        _text(metadata.get("job-name") or metadata.get("job_name")),
        _text(metadata.get("adjustment-status")),
        _text(metadata.get("creation-date") or metadata.get("creation_date")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _label_attribute(
    fields: Mapping[str, Any], wanted: str | None
) -> tuple[str | None, Mapping[str, Any] | None]:
    """Return the label attribute of a line and its metadata; both None if the line has no label."""
    described = {
        key.removesuffix(_METADATA): value
        for key, value in fields.items()
        if key.endswith(_METADATA) and isinstance(value, Mapping) and "type" in value
    }
    if wanted is not None:
        return wanted, described.get(wanted) or _only_stray(fields, described)
    labelled = [name for name in described if name in fields]
    if len(labelled) > 1:
        raise InvalidInputError(
            f"a line has the label attributes {', '.join(map(repr, labelled))}",
            hint=f"say which one to read: attribute={labelled[-1]!r} is the last",
        )
    if labelled:
        return labelled[0], described[labelled[0]]
    unlabelled = [key for key in fields if key not in _SOURCES and not key.endswith(_METADATA)]
    return (unlabelled[0], _only_stray(fields, described)) if len(unlabelled) == 1 else (None, None)


def _only_stray(fields: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the one metadata that belongs to no attribute: its key may have been renamed by mistake."""
    strays = [value for name, value in described.items() if name not in fields]
    return strays[0] if len(strays) == 1 else None


def _common_type(metadata_types: Sequence[str | None]) -> LabelType:
    """Return the one type of all labels.

    Raises
    ------
    InvalidInputError
        If they are of several.
    """
    types = [each for each in dict.fromkeys(metadata_types) if each is not None]
    found: list[LabelType] = []
    for metadata_type in types:
        label_type = form_of(metadata_type).label_type
        if label_type not in found:
            found.append(label_type)
    if len(found) > 1:
        raise InvalidInputError(
            f"the manifest holds labels of several kinds: {', '.join(map(repr, types))}",
            hint="name the label attribute to read, or read their lines apart",
        )
    return next(iter(chain(found, [str])))
