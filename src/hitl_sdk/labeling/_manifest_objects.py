"""Whether the objects that a manifest names are there, and in the right Region: a call a bucket and a listing, never a call a line."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hitl_sdk._aws_errors import from_botocore, translated_errors
from hitl_sdk.errors import AccessDeniedError, NotFoundError
from hitl_sdk.labeling._manifest_numbers import NumberTable
from hitl_sdk.results._s3 import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from hitl_sdk.session import Session

__all__ = ["Buckets", "NamedObjects", "bucket_region"]

_MOST_FOLDERS = 256
"""Prefixes that are listed at most; where a manifest names more, folders above them are."""

_THERE = 1  # and from 2 on: not seen yet, and the number of its bucket


class Buckets:
    """What is wrong with buckets for a job in a Region; each is asked once."""

    def __init__(self, session: Session, region: str) -> None:
        self._client = session.client("s3")
        self._region = region
        self._problems: dict[str, tuple[str, str] | None] = {}

    def problem(self, bucket: str) -> tuple[str, str] | None:
        """Return the code and the message of what is wrong with a bucket, None if nothing is known to be."""
        if bucket not in self._problems:
            self._problems[bucket] = self._asked(bucket)
        return self._problems[bucket]

    def _asked(self, bucket: str) -> tuple[str, str] | None:
        try:
            region = bucket_region(self._client, bucket)
        except NotFoundError:
            return "no-bucket", f"there is no bucket {bucket!r}"
        if region is None or region == self._region:
            return None
        return "other-region", f"bucket {bucket!r} is in Region {region}, the job in {self._region}"


def bucket_region(client: S3Client, bucket: str) -> str | None:
    """Return the Region of a bucket; None if S3 does not tell, as it tells even those who may not use it.

    Raises
    ------
    NotFoundError
        If there is no such bucket.
    """
    answer: object
    with translated_errors(f"bucket {bucket!r}"):
        try:
            answer = client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if not _headers(error.response).get("x-amz-bucket-region"):
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403:
                    return None
                raise from_botocore(error, resource=f"bucket {bucket!r}") from error
            answer = error.response
    return _headers(answer).get("x-amz-bucket-region")


def _headers(answer: object) -> dict[str, str]:
    metadata = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
    headers: dict[str, str] = metadata.get("HTTPHeaders", {})
    return headers


class NamedObjects:
    """Collects the objects that lines name, then lists the folders they are in; some 70 bytes a line."""

    def __init__(self, session: Session) -> None:
        self._objects = ObjectReader(session)
        self._lines = array("Q")
        self._hashes = array("q")
        self._state = NumberTable()
        self._buckets: dict[str, int] = {}
        self._folders: set[tuple[str, str]] = set()

    def add(self, line: int, bucket: str, key: str) -> None:
        """Note that a line names an object."""
        code = hash((bucket, key))
        self._lines.append(line)
        self._hashes.append(code)
        self._state.put(code, self._buckets.setdefault(bucket, _THERE + 1 + len(self._buckets)))
        self._folders.add((bucket, key[: key.rfind("/") + 1]))
        while len(self._folders) > _MOST_FOLDERS and any(folder for _, folder in self._folders):
            self._folders = {(bucket, _parent(folder)) for bucket, folder in self._folders}

    def missing(self) -> Iterator[tuple[int | None, str, str]]:
        """List the folders, and yield what is wrong: a line, a code and a message."""
        unknown = {_THERE}
        for bucket, folder in self._outermost():
            try:
                for key in self._objects.list_keys(bucket, folder):
                    if self._state.get(code := hash((bucket, key))):
                        self._state.put(code, _THERE)
            except AccessDeniedError as error:
                unknown.add(self._buckets[bucket])
                yield None, "not-listed", f"objects of bucket {bucket!r} were not looked for: {error}"
        for line, code in zip(self._lines, self._hashes, strict=True):
            if self._state.get(code) not in unknown:
                yield line, "missing-object", "there is no object under its 'source-ref'"

    def _outermost(self) -> Iterator[tuple[str, str]]:
        """Yield the folders that are in no other one."""
        last: tuple[str, str] | None = None
        for bucket, folder in sorted(self._folders):
            if last is None or last[0] != bucket or not folder.startswith(last[1]):
                last = bucket, folder
                yield last


def _parent(folder: str) -> str:
    return folder[: folder.rstrip("/").rfind("/") + 1]
