"""Images and documents as Rekognition and Textract take them: an object in S3, or bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import HitlError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.routing.sources._asking import Asked

__all__ = ["etag_of", "file_of", "s3_object", "without_metadata"]

_NOT_TOLD = {"400", "403", "404", "AccessDenied", "NoSuchBucket", "NoSuchKey"}
"""What HeadObject, whose errors have no body, is refused with: 400 stands for an expired session too."""


def etag_of(s3: Any, uri: str) -> str:
    """Return an object's ETag; none if it is not told, for then the service that is to read the object says why.

    Raises
    ------
    InvalidInputError
        If it is no S3 address.
    """
    bucket, key = split_uri(uri)
    try:
        with translated_errors(uri):
            return str(s3.head_object(Bucket=bucket, Key=key)["ETag"])
    except HitlError as error:
        if error.code not in _NOT_TOLD:
            raise
        return ""


def s3_object(uri: str) -> Any:
    """Return an object's place as these services take it.

    Raises
    ------
    InvalidInputError
        If it is no S3 address.

    Examples
    --------
    >>> s3_object("s3://bucket/1.png")
    {'S3Object': {'Bucket': 'bucket', 'Name': '1.png'}}
    """
    bucket, key = split_uri(uri)
    return {"S3Object": {"Bucket": bucket, "Name": key}}


def file_of(asked: Asked, *, own: bool) -> Any:
    """Return what a service is given of an item: its own content where there are such, else the object in S3.

    Raises
    ------
    InvalidInputError
        If it is neither.
    """
    given: Any = asked.features
    if not own or given is None:
        return s3_object(asked.item)
    if isinstance(given, str | Path):
        try:
            given = Path(given).read_bytes()
        except (OSError, ValueError) as error:  # a path may hold what no path can
            reason = error.strerror if isinstance(error, OSError) else error
            raise InvalidInputError(f"{given!s} can't be read: {reason}") from error
    if not isinstance(given, bytes | bytearray):
        raise InvalidInputError(
            f"the content is a {type(given).__name__}", hint="give bytes, or the path of a file"
        )
    return {"Bytes": bytes(given)}


def without_metadata(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response of boto3 without what is of the call, not of the answer.

    Examples
    --------
    >>> without_metadata({"Labels": [], "ResponseMetadata": {"RequestId": "1"}})
    {'Labels': []}
    """
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}
