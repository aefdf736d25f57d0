"""An object in S3 as a stream of bytes, which goes on where it broke off."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

__all__ = ["ATTEMPTS", "BROKEN_OFF", "object_chunks"]

BROKEN_OFF = (ResponseStreamingError, IncompleteReadError, ReadTimeoutError)
"""What may happen once an object's content has begun, where botocore's own retries end."""

ATTEMPTS = 3
"""How often an object is asked for in such a case."""


def object_chunks(client: S3Client, uri: str, size: int) -> Iterator[bytes]:
    """Yield an object's content in chunks of at most `size` bytes.

    Raises
    ------
    InvalidInputError
        If `uri` is no address of an object.
    ServiceError
        Whatever S3 says instead, also where the object has changed meanwhile.
    """
    bucket, key = split_uri(uri)
    had, version, failures = 0, "", 0
    while True:
        where: dict[str, Any] = {"Range": f"bytes={had}-", "IfMatch": version} if had else {}
        with translated_errors(uri):
            answer = client.get_object(Bucket=bucket, Key=key, **where)
            version = answer["ETag"]
            with closing(answer["Body"]) as body:
                try:
                    for chunk in body.iter_chunks(size):
                        had += len(chunk)
                        yield chunk
                except BROKEN_OFF:
                    failures += 1
                    if failures == ATTEMPTS:
                        raise
                else:
                    return
