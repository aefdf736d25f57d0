"""Addresses of objects in S3."""

from __future__ import annotations

import re

from hitl_sdk.errors import InvalidInputError

__all__ = ["bucket_and_key", "split_uri"]

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


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the two parts of an S3 address that was checked already.

    Examples
    --------
    >>> bucket_and_key("s3://bucket/a2i/output.json")
    ('bucket', 'a2i/output.json')
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
