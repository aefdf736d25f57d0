"""Manifests of what lies under an S3 prefix, as the console's automated set-up makes them."""

from __future__ import annotations

import json
import warnings
from itertools import groupby
from typing import TYPE_CHECKING, Literal, TypeAlias

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._ground_truth import kind_named
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.labeling._manifest_sources import CsvLines, GivenLines, ListedLines, TextFiles
from hitl_sdk.results._s3 import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hitl_sdk._manifest_line import ItemKey
    from hitl_sdk.labeling._manifest_json import Line
    from hitl_sdk.labeling._manifest_sources import LineSource
    from hitl_sdk.session import Session

__all__ = ["MOST_FRAMES", "Listed", "listed_source"]

Listed: TypeAlias = Literal["image", "text", "csv", "video", "video-frames"]
"""What is looked for under a prefix."""

MOST_FRAMES = 2_000
"""Frames of one sequence: Amazon SageMaker Developer Guide, "Input Data Quotas"."""

_EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image": kind_named("ImageMultiClass").extensions,
    "text": ("txt",),
    "csv": ("csv",),
    "video": kind_named("VideoMultiClass").extensions,
    "video-frames": kind_named("ImageMultiClass").extensions,  # a frame is an image
}


def listed_source(
    uri: str,
    session: Session,
    kind: Listed,
    *,
    column: str | None,
    key: ItemKey | None,
    keep: Sequence[str],
    sequences: str | None,
) -> LineSource:
    """Return the lines of what lies under a prefix.

    Raises
    ------
    InvalidInputError
        If the kind is not known, or a CSV has no column named.
    """
    if kind not in _EXTENSIONS:
        raise InvalidInputError(
            f"kind={kind!r} is not known", hint=f"use one of {', '.join(map(repr, _EXTENSIONS))}"
        )
    split_uri(uri, of_object=False)
    folder = f"{uri.rstrip('/')}/"
    addresses = _addresses(folder, session, kind)
    if kind == "text":
        return TextFiles(folder, addresses, session)
    if kind == "csv":
        if column is None:
            raise InvalidInputError("a CSV has several columns", hint="say which has the items: column=...")
        return CsvLines(folder, addresses, session, column=column, key=key, keep=keep)
    if kind == "video-frames":
        place = f"{(sequences or folder).rstrip('/')}/"
        return GivenLines(_write_sequences(folder, addresses(), session, place), folder)
    return ListedLines(folder, lambda: ({"source-ref": address} for address in addresses()))


def _addresses(folder: str, session: Session, kind: Listed) -> Callable[[], Iterator[str]]:
    """Return what lists the files of a kind, in the order of their keys."""
    bucket, prefix = split_uri(folder, of_object=False)
    endings = tuple(f".{extension}" for extension in _EXTENSIONS[kind])

    def addresses() -> Iterator[str]:
        found = False
        for key in ObjectReader(session).list_keys(bucket, prefix):
            if key.lower().endswith(endings):
                found = True
                yield f"s3://{bucket}/{key}"
        if not found:
            raise EmptyInputError(
                f"there is no {', '.join(endings)} under {folder}", hint="name the folder of the files"
            )

    return addresses


def _write_sequences(folder: str, addresses: Iterator[str], session: Session, place: str) -> list[Line]:
    """Write a sequence file for each folder of frames, and return the lines that name them."""
    bucket, start = split_uri(place, of_object=False)
    client = session.client("s3")
    lines: list[Line] = []
    for number, (name, frames) in enumerate(_folders_of_frames(folder, addresses), 1):
        document = _sequence(number, f"{folder}{name}/", frames)
        key = f"{start}{name}-sequence.json"
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        with translated_errors(f"s3://{bucket}/{key}"):
            client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        lines.append({"source-ref": f"s3://{bucket}/{key}"})
    if not lines:
        raise EmptyInputError(
            f"no folder directly under {folder} has frames", hint="a sequence has a folder of its own"
        )
    return lines


def _folders_of_frames(folder: str, addresses: Iterator[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the direct folders and the names of the frames in them, in UTF-8 binary order, which is that of a listing."""
    paths = (address.removeprefix(folder).split("/") for address in addresses)
    of_frames = (path for path in paths if len(path) == 2)
    for name, group in groupby(of_frames, key=lambda path: path[0]):
        yield name, [frame for _, frame in group]


def _sequence(number: int, prefix: str, frames: Sequence[str]) -> dict[str, object]:
    """Return a sequence file: Amazon SageMaker Developer Guide, "Create a Video Frame Input Manifest File"."""
    if len(frames) > MOST_FRAMES:
        warnings.warn(
            f"{prefix} has {len(frames):,} frames; the sequence has the first {MOST_FRAMES:,}", stacklevel=5
        )
    kept = frames[:MOST_FRAMES]
    return {
        "seq-no": number,
        "prefix": prefix,
        "number-of-frames": len(kept),
        "frames": [{"frame-no": at, "frame": frame} for at, frame in enumerate(kept, 1)],
    }
