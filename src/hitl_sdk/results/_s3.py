"""S3 as the readers need it: addresses, one object, a listing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

__all__ = ["get_object", "list_keys", "split_uri"]

# Bucket names: Amazon S3 user guide, "Bucket naming rules".
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?", re.DOTALL)


def split_uri(uri: str, *, of_object: bool = True) -> tuple[str, str]:
    """Return bucket and key of ``s3://BUCKET/KEY``; the key may only be empty if it is no object's.

    Raises
    ------
    InvalidInputError
        If it is no such address.

    Examples
    --------
    >>> split_uri("s3://bucket/a2i/output.json")
    ('bucket', 'a2i/output.json')
    """
    match = _URI.fullmatch(str(uri))
    key = (match["key"] or "") if match else ""
    if match is None or (of_object and not key):
        wanted = "s3://BUCKET/KEY" if of_object else "s3://BUCKET/PREFIX"
        raise InvalidInputError(f"{uri!r} is no S3 address", hint=f"it looks like {wanted}")
    return match["bucket"], key


def get_object(client: S3Client, uri: str) -> bytes:
    """Return an object's content.

    Raises
    ------
    HitlError
        Whatever S3 says instead.
    """
    bucket, key = split_uri(uri)
    with translated_errors(uri):
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def list_keys(client: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys under a prefix in their order, page by page.

    Raises
    ------
    NotFoundError
        If the bucket does not exist.
    """
    with translated_errors(f"s3://{bucket}/{prefix}"):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield entry["Key"]
