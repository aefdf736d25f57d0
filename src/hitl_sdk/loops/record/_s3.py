"""Logs of runs under an S3 prefix: one object a segment, written on the condition that there is none of its name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._threads import results_in_order
from hitl_sdk.errors import NotFoundError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from hitl_sdk.loops.record._log import Log

__all__ = ["S3Shelf"]

_CONCURRENCY = 16
_DELETED_AT_ONCE = 1000

_TAKEN = frozenset({"PreconditionFailed", "412"})

_BEING_WRITTEN = frozenset({"ConditionalRequestConflict", "409"})
"""S3 says so while another request for the same key is under way, whose end is not told: one has to ask again."""

_ATTEMPTS = 20
_PAUSE = 0.1


class S3Shelf:
    """A prefix: headers in ``runs/NAME.json``, segments in ``segments/KEY/NUMBER.json.gz``."""

    def __init__(self, address: str, client: S3Client, bucket: str, prefix: str) -> None:
        self.address = address
        root = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._objects = _Objects(client, bucket)
        self._headers = f"{root}runs/"
        self._segments = f"{root}segments/"

    def put_header(self, name: str, body: bytes) -> bool:
        """Write a header, unless there is one of this name."""
        return self._objects.put(self._header_key(name), body, "application/json")

    def header(self, name: str) -> bytes | None:
        """Read a header."""
        try:
            return self._objects.get(self._header_key(name))
        except NotFoundError as error:
            if error.code == "NoSuchBucket":
                raise
            return None

    def headers(self) -> Iterator[bytes]:
        """Read all headers."""
        yield from self._objects.get_all(self._objects.keys(self._headers))

    def log(self, key: str) -> Log:
        """Return the log of a key."""
        return _S3Log(self._objects, f"{self._segments}{key}/")

    def erase(self, name: str, key: str) -> None:
        """Delete a header, then the log."""
        self._objects.delete([self._header_key(name)])
        self._objects.delete(list(self._objects.keys(f"{self._segments}{key}/")))

    def _header_key(self, name: str) -> str:
        return f"{self._headers}{name}.json"


class _S3Log:
    def __init__(self, objects: _Objects, prefix: str) -> None:
        self._objects = objects
        self._prefix = prefix

    def put(self, number: int, body: bytes) -> bool:
        return self._objects.put(self._key(number), body, "application/gzip")

    def get(self, number: int) -> bytes:
        return self._objects.get(self._key(number))

    def since(self, number: int) -> Iterator[tuple[int, bytes]]:
        after = self._key(number - 1) if number else ""
        keys = list(self._objects.keys(self._prefix, after))
        numbers = (int(key.removeprefix(self._prefix).partition(".")[0]) for key in keys)
        yield from zip(numbers, self._objects.get_all(keys), strict=True)

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:012}.json.gz"


class _Objects:
    """Objects of the bucket by their keys."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._errors = partial(translated_errors, f"the run record in bucket {bucket!r}")

    def put(self, key: str, body: bytes, content_type: str) -> bool:
        """Write an object, unless there is one of this key."""
        left = _ATTEMPTS
        while True:
            try:
                with self._errors():
                    self._client.put_object(
                        Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
                    )
            except ServiceError as error:
                left -= 1
                if error.code in _TAKEN:
                    return False
                if error.code not in _BEING_WRITTEN or not left:
                    raise
            else:
                return True
            current_clock().sleep(_PAUSE)

    def get(self, key: str) -> bytes:
        """Read an object."""
        with self._errors():
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def get_all(self, keys: Iterator[str] | list[str]) -> Iterator[bytes]:
        """Read objects, many at a time, in the order of their keys."""
        return results_in_order(self.get, keys, concurrency=_CONCURRENCY)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """List keys in their order, but those that stand for folders, as consoles make them."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, StartAfter=after
            )
            for page in pages:
                yield from (found["Key"] for found in page.get("Contents", ()) if found["Key"][-1] != "/")

    def delete(self, keys: list[str]) -> None:
        """Delete objects, many in one call."""
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            with self._errors():
                said = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
            for error in said.get("Errors", ()):
                raise ServiceError(
                    f"{error['Key']} can't be deleted: {error.get('Message')}", code=error.get("Code")
                )
