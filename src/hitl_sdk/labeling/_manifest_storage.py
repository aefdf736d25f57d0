"""Where manifests lie, read and written as streams: files and S3 objects, gzip by the name's ending.

What is written is there as a whole or not at all: a file is moved to its place, an upload in parts is completed or aborted.
"""

from __future__ import annotations

import warnings
import zlib
from contextlib import ExitStack, contextmanager
from itertools import chain
from os import fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_stream import object_chunks
from hitl_sdk._s3_uri import split_uri
from hitl_sdk._threads import results_in_order
from hitl_sdk.errors import HitlError, InvalidInputError, InvalidOutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from hitl_sdk.session import Session

__all__ = ["Place", "place_of", "read_chunks", "read_lines", "s3_client", "write_chunks"]

Place = str
"""A path, or ``s3://BUCKET/KEY``."""

_CHUNK = 1 << 20
_PART = 8 << 20
"""Bytes of one part of an upload; S3 takes 10,000 of at least 5 MiB, so manifests of up to 80 GiB."""
_AT_ONCE = 2
_GZIP = 31  # what zlib calls the format of gzip, with the largest window


def place_of(place: str | PathLike[str]) -> Place:
    """Return a path or an S3 URI as text.

    Raises
    ------
    InvalidInputError
        If it is neither.
    """
    try:
        return str(fspath(place))
    except TypeError:
        raise InvalidInputError(
            f"{type(place).__name__} is no place of a manifest", hint="give a path or s3://BUCKET/KEY"
        ) from None


def s3_client(place: Place, session: Session | None) -> S3Client:
    """Return the client for an address in S3.

    Raises
    ------
    InvalidInputError
        If there is no session.
    """
    if session is None:
        raise InvalidInputError(f"{place} is in S3", hint="give a session: session=hitl.Session()")
    return session.client("s3")


def read_chunks(place: Place, session: Session | None) -> Iterator[bytes]:
    """Yield what lies at a place, a chunk at a time.

    Raises
    ------
    InvalidInputError
        If a file can't be read.
    InvalidOutputError
        If what is named ``.gz`` is not, or is cut off.
    ServiceError
        Whatever S3 says instead; a read that breaks off is taken up where it ended.
    """
    if place.startswith("s3://"):
        chunks = object_chunks(s3_client(place, session), place, _CHUNK)
    else:
        chunks = _file_chunks(place)
    return _unzipped(place, chunks) if place.endswith(".gz") else chunks


def read_lines(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    r"""Yield the lines in chunks of bytes, many at a time, without their line feeds.

    Examples
    --------
    >>> list(read_lines([b"a\nb", b"c\n", b"d"]))
    [[b'a'], [b'bc'], [b'd']]
    """
    begun: list[bytes] = []
    for chunk in chunks:
        head, *lines = chunk.split(b"\n")
        begun.append(head)
        if lines:
            lines.insert(0, b"".join(begun))
            begun = [lines.pop()]
            yield lines
    if last := b"".join(begun):
        yield [last]


def write_chunks(place: Place, chunks: Iterable[bytes], session: Session | None) -> None:
    """Write chunks of bytes to a place, all of them or nothing.

    Raises
    ------
    InvalidInputError
        If a file can't be made there.
    ServiceError
        Whatever S3 says.
    """
    zipped = _zipped(chunks) if place.endswith(".gz") else chunks
    if not place.startswith("s3://"):
        _write_file(Path(place), zipped)
        return
    bucket, key = split_uri(place)
    client = s3_client(place, session)
    with translated_errors(place):
        _upload(client, bucket, key, _parts(zipped))


@contextmanager
def _readable(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"{place} can't be read: {error.strerror}", hint="give a file") from None


def _file_chunks(place: Place) -> Iterator[bytes]:
    with ExitStack() as stack:
        with _readable(place):
            file = stack.enter_context(Path(place).open("rb"))
        while chunk := _read(place, file):
            yield chunk


def _read(place: Place, file: BinaryIO) -> bytes:
    with _readable(place):
        return file.read(_CHUNK)


def _write_file(path: Path, chunks: Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = TemporaryDirectory(prefix=".hitl-", dir=path.parent)
    except OSError as error:
        raise InvalidInputError(
            f"{path} can't be written: {error.strerror}", hint="choose another path"
        ) from None
    with beside:
        draft = Path(beside.name, "draft")
        with draft.open("wb") as file:
            file.writelines(chunks)
        try:
            draft.replace(path)
        except OSError as error:
            raise InvalidInputError(
                f"{path} can't be written: {error.strerror}", hint="choose another path"
            ) from None


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks anew to parts of an upload: all of one size but the last."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= _PART:
            yield bytes(gathered[:_PART])
            del gathered[:_PART]
    if gathered:
        yield bytes(gathered)


def _upload(client: S3Client, bucket: str, key: str, parts: Iterator[bytes]) -> None:
    """Put an object at once if it is one part, else part by part; nothing is there before the end."""
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        client.put_object(Bucket=bucket, Key=key, Body=first)
        return
    _tell_of_unfinished(client, bucket, key)
    upload_id = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]

    def send(part: tuple[int, bytes]) -> str:
        number, body = part
        return client.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)[
            "ETag"
        ]

    try:
        with translated_errors(f"s3://{bucket}/{key}"):
            work = enumerate(chain((first, second), parts), 1)
            tags = results_in_order(send, work, concurrency=_AT_ONCE)
            sent: list[CompletedPartTypeDef] = [
                {"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)
            ]
            client.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": sent}
            )
    except BaseException as error:
        _abort(client, bucket, key, upload_id, error)
        raise


def _tell_of_unfinished(client: S3Client, bucket: str, key: str) -> None:
    """Warn of uploads to this place that were begun and not ended, as by a process that died.

    They aren't aborted: another process may be at one. Who may not list them is told nothing.
    """
    try:
        with translated_errors(f"s3://{bucket}/{key}"):
            found = client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", [])
    except HitlError:
        return
    begun = [each["UploadId"] for each in found if each["Key"] == key]
    if begun:
        warnings.warn(
            f"earlier uploads to s3://{bucket}/{key} were never ended, and S3 bills their parts: "
            f"{', '.join(begun)}; abort them unless another process is still writing, or give the bucket a "
            "lifecycle rule with AbortIncompleteMultipartUpload",
            stacklevel=5,
        )


def _abort(client: S3Client, bucket: str, key: str, upload_id: str, error: BaseException) -> None:
    """Give an upload up; where that fails too, the error says what is left."""
    try:
        with translated_errors(f"s3://{bucket}/{key}"):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except HitlError:
        error.add_note(f"the parts of upload {upload_id} to s3://{bucket}/{key} are still there: abort it")


def _zipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)  # its header has no time: equal lines make equal files
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _unzipped(place: Place, chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=_GZIP)
    begun = False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker.eof:  # a file may be several, one after the other
                    unpacker = zlib.decompressobj(wbits=_GZIP)
                yield unpacker.decompress(rest, _CHUNK)
                rest, begun = unpacker.unconsumed_tail or unpacker.unused_data, True
    except zlib.error as error:
        raise InvalidOutputError(f"{place} is no gzip file: {error}", resource=place) from None
    if begun and not unpacker.eof:
        raise InvalidOutputError(f"{place} is cut off", hint="fetch it again", resource=place)
