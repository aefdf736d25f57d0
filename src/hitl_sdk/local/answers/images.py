"""Reads what a page shows from where it lies: S3 of the local service, or the address itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from io import BytesIO
from typing import TypeAlias
from urllib.parse import unquote

from hitl_sdk._optional import load
from hitl_sdk.errors import MissingExtraError

__all__ = ["ReadObject", "content_at", "no_objects", "size_of"]

ReadObject: TypeAlias = Callable[[str, str], bytes | None]
"""Returns the S3 object of a bucket and a key; None if there is none."""

_ADDRESSES = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"s3://(?P<bucket>[^/]+)/(?P<key>.+)",
        r"https?://s3[.\w-]*\.amazonaws\.com/(?P<bucket>[^/]+)/(?P<key>[^?#]+).*",
        r"https?://(?P<bucket>[^/]+)\.s3[.\w-]*\.amazonaws\.com/(?P<key>[^?#]+).*",
    )
)


def no_objects(bucket: str, key: str) -> None:
    """Read nothing, where there is no S3."""


def content_at(address: str, read_object: ReadObject) -> bytes | None:
    """Return what lies at an S3 or ``data:`` address; None if there is nothing, or it is another address.

    Examples
    --------
    >>> content_at("data:text/plain;base64,Y2F0", no_objects)
    b'cat'
    """
    if address.startswith("data:"):
        return _decoded(address.partition(",")[2])
    found = next((match for pattern in _ADDRESSES if (match := pattern.fullmatch(address))), None)
    if found is None:
        return None
    return read_object(found["bucket"], found["key"] if address.startswith("s3:") else unquote(found["key"]))


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def size_of(image: bytes) -> tuple[int, int] | None:
    """Return the size of an image; None if it is none, or Pillow is not there to tell."""
    try:
        pillow = load("PIL.Image", extra="images", needed_for="reading the size of an image")
    except MissingExtraError:
        return None
    try:
        with pillow.open(BytesIO(image)) as opened:
            width, height = opened.size
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError):
        return None
    return width, height
