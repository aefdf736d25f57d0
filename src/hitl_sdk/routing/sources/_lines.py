"""The lines of a text in S3 as a stream, compressed or not."""

from __future__ import annotations

import codecs
import zlib
from itertools import chain
from typing import TYPE_CHECKING

from hitl_sdk._s3_stream import object_chunks
from hitl_sdk.errors import InvalidOutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

__all__ = ["lines_of"]

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_OF_GZIP = 16 + zlib.MAX_WBITS


def lines_of(client: S3Client, uri: str, charset: str = "utf-8") -> Iterator[str]:
    """Yield the lines of an object, without what ends them; what is gzipped is decompressed.

    Raises
    ------
    InvalidOutputError
        If it can't be decompressed.
    """
    content = _decompressed(object_chunks(client, uri, _CHUNK), uri)
    rest = next(content, b"").removeprefix(codecs.BOM_UTF8)
    for chunk in chain([b""], content):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(charset, "replace").rstrip("\r")
    if rest:
        yield rest.decode(charset, "replace").rstrip("\r")


def _decompressed(chunks: Iterator[bytes], uri: str) -> Iterator[bytes]:
    """Yield the content of a gzip file, which may have several parts; anything else as it is."""
    first = next(chunks, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from chunks
        return
    part = zlib.decompressobj(_OF_GZIP)
    try:
        for chunk in chain([first], chunks):
            rest = chunk
            while rest:
                if part.eof:
                    part = zlib.decompressobj(_OF_GZIP)
                yield part.decompress(rest)
                rest = part.unused_data
    except zlib.error as error:
        raise InvalidOutputError(f"{uri} can't be decompressed: {error}", resource=uri) from error
    if not part.eof:
        raise InvalidOutputError(f"{uri} can't be decompressed: its end is missing", resource=uri)
