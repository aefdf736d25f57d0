"""How large the images of a manifest are, read from the first bytes of some of them."""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._optional import load
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.errors import HitlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.labeling.manifest import InputManifest
    from hitl_sdk.session import Session

__all__ = ["SAMPLED_IMAGES", "image_sizes"]

SAMPLED_IMAGES = 20
"""So many of the first images are looked at: sets are usually of one camera, and each is a call."""

_HEADER = 262_143  # bytes: a JPEG may have 64 KB of EXIF and more before it says its size


def image_sizes(manifest: InputManifest, session: Session) -> Iterator[tuple[str, int, int]]:
    """Yield address, width and height of the first images of a manifest; those that can't be read are another's finding.

    Raises
    ------
    MissingExtraError
        If Pillow is not installed.
    """
    images = load("PIL.Image", extra="images", needed_for="looking at the sizes of images")
    uris = (line.get("source-ref") for line in manifest)
    for uri in islice(
        (uri for uri in uris if isinstance(uri, str) and uri.startswith("s3://")), SAMPLED_IMAGES
    ):
        bucket, key = bucket_and_key(uri)
        try:
            with translated_errors(uri):
                got = session.client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_HEADER}")
                header = got["Body"].read()
            with images.open(io.BytesIO(header)) as image:
                width, height = image.size
        except (HitlError, OSError, ValueError):
            continue
        yield uri, width, height
