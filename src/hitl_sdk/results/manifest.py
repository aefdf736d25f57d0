"""Output manifests of Ground Truth labeling jobs, read to frames: one row a label, and none of a line is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.results._manifest_confidence import Confidences, warn_of_mixed
from hitl_sdk.results._manifest_files import follow_files
from hitl_sdk.results._manifest_frame import frame_of
from hitl_sdk.results._manifest_labels import form_of
from hitl_sdk.results._manifest_rows import Rows, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from os import PathLike

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame, Kind
    from hitl_sdk.labels import LabelType
    from hitl_sdk.session import Session

__all__ = ["MANIFEST_COLUMNS", "iter_manifest", "read_manifest"]

Source: TypeAlias = "str | PathLike[str] | bytes | Iterable[str | bytes]"

_KINDS: Mapping[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "label": "text",
    "label_source": "text",
    "confidence": "float",
    "confidence_note": "text",
    "label_confidences": [float],
    "attribute": "text",
    "metadata_type": "text",
    "job_name": "text",
    "adjustment_status": "text",
    "completed_at": "time",
    "label_uri": "text",
    "status": "text",
    "failure_reason": "text",
    "error": "text",
    "document": "text",
}

MANIFEST_COLUMNS: tuple[str, ...] = tuple(_KINDS)
"""The columns of the frame of `read_manifest`, in order."""


@overload
def read_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    session: Session | None = ...,
    engine: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def read_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    session: Session | None = ...,
    engine: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def read_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    session: Session | None = ...,
    engine: Literal["arrow"],
) -> pa.Table: ...
@overload
def read_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    session: Session | None = ...,
    engine: Engine,
) -> Frame: ...


def read_manifest(
    source: Source,
    *,
    attribute: str | None = None,
    follow: bool = False,
    session: Session | None = None,
    engine: Engine = "pandas",
) -> Frame:
    """Read an output manifest of Ground Truth: one row a line and label, in their order.

    Every line keeps its row: one that can't be read has an ``error`` and its text under ``document``; one that nobody
    has labelled has no ``label``. Lines that are alike are parsed together by pyarrow, where it is installed; the rows are
    the same.

    Parameters
    ----------
    source : path, bytes or iterable of lines
        A file, ``s3://BUCKET/KEY`` (with a session), the content, or its lines. JSON lines, or one JSON array.
    attribute : str, optional
        The label attribute that is read, one row a line. By default all are, one row each: after chained jobs a line has
        several.
    follow : bool, default False
        Whether the files that hold labels are read, too (with a session), in threads: masks, sequences of frames, classes
        of points, and the workers' answers of a custom job without functions. A file that is missing or broken makes its
        row one with an ``error``.
    session : Session, optional
        Whose S3.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The columns of `MANIFEST_COLUMNS`:

        - ``item_id``, the line's number from 0, as Ground Truth's own object ids; ``item``, the text or its address.
        - ``label``, by the metadata's type: the class name; a list of class names, with ``label_confidences``; the boxes of
          an image as the value of `hitl_sdk.labels.Shapes`; a list of spans; the cuboids of a point cloud as the value of
          `hitl_sdk.labels.Frame`; the JSON text of custom labels. Of all others it is the address of a file, which also
          stands in ``label_uri``, or what is in it if that is followed: the value of a `hitl_sdk.labels.Mask`,
          `FrameSequence` or `PointClasses`.
        - ``label_source``, "human" or "model"; ``confidence``, as the file says, or null with the reason in
          ``confidence_note``: 0 says of people's labels that one worker was asked, and so does 0.09 where every
          human confidence of the attribute is 0 or 0.09. The same goes for the confidences in ``label``.
        - ``attribute``, ``metadata_type``, ``job_name``, ``adjustment_status``; ``completed_at``, the creation date, UTC.
        - ``status``: "labelled"; "unlabelled"; "failed", with ``failure_reason`` where the line says why; "unreadable",
          with ``error``.

    Raises
    ------
    InvalidInputError
        If the labels are of kinds that fit no column together, the source is no file and no address, or a session is
        missing.
    NotFoundError, AccessDeniedError
        If S3 does not give the manifest.
    MissingExtraError
        If the engine is not installed.

    Warns
    -----
    MixedConfidenceWarning
        If confidences of people and of a model stand in one frame: their scales have nothing in common.

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
    frames = _Frames(follow, session, engine)
    return frames.frame(list(read_rows(source, attribute, session)))


@overload
def iter_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    batch_size: int = ...,
    session: Session | None = ...,
    engine: Literal["pandas"] = ...,
) -> Iterator[pd.DataFrame]: ...
@overload
def iter_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    batch_size: int = ...,
    session: Session | None = ...,
    engine: Literal["polars"],
) -> Iterator[pl.DataFrame]: ...
@overload
def iter_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    batch_size: int = ...,
    session: Session | None = ...,
    engine: Literal["arrow"],
) -> Iterator[pa.Table]: ...
@overload
def iter_manifest(
    source: Source,
    *,
    attribute: str | None = ...,
    follow: bool = ...,
    batch_size: int = ...,
    session: Session | None = ...,
    engine: Engine,
) -> Iterator[Frame]: ...


def iter_manifest(
    source: Source,
    *,
    attribute: str | None = None,
    follow: bool = False,
    batch_size: int = 100_000,
    session: Session | None = None,
    engine: Engine = "pandas",
) -> Iterator[Frame]:
    """Read an output manifest batch after batch: for more than fits into memory.

    Reading goes little further ahead than a batch, so memory holds one of them and some blocks of the file, however long
    that is. A JSON array is read whole.

    Parameters
    ----------
    source, attribute, follow, session, engine
        As in `read_manifest`.
    batch_size : int, default 100,000
        Rows of a frame; the last may have fewer.

    Returns
    -------
    iterator of pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Together the rows of `read_manifest`, in the same order; none of them is empty. Whether a confidence of 0.09 means
        that one worker was asked is judged by what has been read so far.

    Raises
    ------
    InvalidInputError
        As in `read_manifest`, or if `batch_size` is below 1.
    NotFoundError, AccessDeniedError
        If S3 does not give the manifest; on the way, as the next.
    MissingExtraError
        If the engine is not installed; on the way, as the next.

    Warns
    -----
    MixedConfidenceWarning
        As in `read_manifest`, once.

    Examples
    --------
    >>> lines = (f'{{"source-ref": "s3://pets/{n}.jpg"}}' for n in range(5))
    >>> [frame["item_id"].tolist() for frame in iter_manifest(lines, batch_size=2)]
    [['0', '1'], ['2', '3'], ['4']]
    """
    if batch_size < 1:
        raise InvalidInputError(f"batch_size={batch_size}", hint="give at least 1")
    frames = _Frames(follow, session, engine)
    return map(frames.frame, _batches(read_rows(source, attribute, session), batch_size))


def _batches(parts: Iterator[Rows], size: int) -> Iterator[list[Rows]]:
    """Gather rows until there are as many as wanted."""
    batch: list[Rows] = []
    missing = size
    for part in parts:
        rest = part
        while rest.count >= missing:
            yield [*batch, rest.slice(0, missing)]
            rest, batch, missing = rest.slice(missing, rest.count), [], size
        if rest.count:
            batch.append(rest)
            missing -= rest.count
    if batch:
        yield batch


class _Frames:
    """Makes the frames of a manifest, which have one type of labels and one judgement of confidences."""

    def __init__(self, follow: bool, session: Session | None, engine: Engine) -> None:
        if follow and session is None:
            raise InvalidInputError(
                "the files of labels are in S3", hint="give a session: session=hitl.Session()"
            )
        self._session = session if follow else None
        self._engine: Engine = engine
        self._types: dict[str, None] = {}
        self._followed: list[LabelType] = []
        self._seen = Confidences()
        self._has_warned = False

    def frame(self, parts: Sequence[Rows]) -> Frame:
        """Return the frame of rows that follow those of the last one."""
        for rows in parts:
            self._types |= dict.fromkeys(rows.types)
            self._seen.include(rows.seen)
        for rows in parts:
            rows.drop_old_single(self._seen.single)
        if self._session is not None:
            self._followed += follow_files(parts, self._session)
        if self._seen.is_mixed and not self._has_warned:
            self._has_warned = True
            warn_of_mixed()
        return frame_of(parts, {**_KINDS, "label": self._label_type()}, self._engine)

    def _label_type(self) -> LabelType:
        """Return the one type of all labels.

        Raises
        ------
        InvalidInputError
            If they are of several.
        """
        found = list(self._followed)
        for metadata_type in self._types:
            form = form_of(metadata_type)
            if self._session is None or not form.has_files:
                found.append(form.label_type)
        if any(each != found[0] for each in found):
            raise InvalidInputError(
                f"the manifest holds labels of several kinds: {', '.join(map(repr, self._types))}",
                hint='name the label attribute to read, attribute="...", or read their lines apart',
            )
        return found[0] if found else str
