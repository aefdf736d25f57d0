"""S3 as the readers need it: a listing, objects."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from tenacity import retry, retry_if_exception_type, stop_after_attempt

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_stream import ATTEMPTS, BROKEN_OFF, object_chunks
from hitl_sdk._s3_uri import split_uri
from hitl_sdk._threads import pages_ahead
from hitl_sdk.results._fast_s3 import came_over_a_socket, open_fast_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.type_defs import ListObjectsV2RequestPaginateTypeDef

    from hitl_sdk.results._fast_s3 import FastBucket
    from hitl_sdk.session import Session

__all__ = ["ObjectReader"]

BOTO3_AT_ONCE = 32
"""More threads gain nothing with boto3: it is busy on the CPU, one thread at a time."""


class ObjectReader:
    """Reads and lists objects, by obstore where it may be used and else by boto3. All threads may share one.

    boto3 reads the first object of each bucket: its answer shows whether there is a server that obstore, too,
    may ask (see `came_over_a_socket`).
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client("s3")
        self._fast: dict[str, FastBucket | None] = {}
        self.turn_of_boto3 = BoundedSemaphore(BOTO3_AT_ONCE)

    def get(self, uri: str) -> bytes:
        """Return an object's content.

        Raises
        ------
        HitlError
            Whatever S3 says instead.
        """
        bucket, key = split_uri(uri)
        fast = self._fast.get(bucket)
        if fast is None:
            return self._get_by_boto3(uri, bucket, key)
        content = fast.get(key)
        if content is None:
            content = self._get_by_boto3(uri, bucket, key)
            fast.missed()
        return content

    def chunks(self, uri: str, size: int) -> Iterator[bytes]:
        """Return an object's content as a stream; a read that breaks off is taken up where it ended.

        Raises
        ------
        HitlError
            Whatever S3 says instead, also where the object has changed meanwhile.
        """
        return object_chunks(self._client, uri, size)

    def list_keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """Yield the keys under a prefix in their order; the next page is fetched while one is read.

        Raises
        ------
        NotFoundError
            If the bucket does not exist.
        """
        with translated_errors(f"s3://{bucket}/{prefix}"):
            for page in pages_ahead(self._pages(bucket, prefix)):
                yield from page

    def _pages(self, bucket: str, prefix: str) -> Iterator[list[str]]:
        """Yield pages of keys: by boto3 until an object has shown that obstore may go on."""
        last = ""
        for page in self._pages_by_boto3(bucket, prefix):
            yield page
            last = page[-1] if page else last
            if fast := self._fast.get(bucket):
                break
        else:
            return
        try:
            for page in fast.pages(prefix, after=last):
                yield page
                last = page[-1]
        except Exception:  # as for an object, boto3 has the last word
            yield from self._pages_by_boto3(bucket, prefix, after=last)

    def _pages_by_boto3(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[list[str]]:
        request: ListObjectsV2RequestPaginateTypeDef = {"Bucket": bucket, "Prefix": prefix}
        if after:
            request["StartAfter"] = after
        for page in self._client.get_paginator("list_objects_v2").paginate(**request):
            yield [entry["Key"] for entry in page.get("Contents", ())]

    def _get_by_boto3(self, uri: str, bucket: str, key: str) -> bytes:
        with self.turn_of_boto3, translated_errors(uri):
            return self._read_by_boto3(bucket, key)

    @retry(retry=retry_if_exception_type(BROKEN_OFF), stop=stop_after_attempt(ATTEMPTS), reraise=True)
    def _read_by_boto3(self, bucket: str, key: str) -> bytes:
        body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
        if bucket not in self._fast and came_over_a_socket(body):
            self._fast[bucket] = open_fast_bucket(self._session, bucket)
        return body.read()
