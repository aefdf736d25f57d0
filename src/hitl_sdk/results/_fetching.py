"""Fetches objects of S3 in threads, each with its content or the reason why it could not be had."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hitl_sdk._threads import check_concurrency, results_in_order
from hitl_sdk.errors import InvalidInputError, ServiceError
from hitl_sdk.results._fast_s3 import has_obstore
from hitl_sdk.results._s3 import BOTO3_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hitl_sdk.errors import HitlError
    from hitl_sdk.results._s3 import ObjectReader

__all__ = ["Fetched", "fetch_in_order", "object_fetcher"]

OBSTORE_AT_ONCE = 128
"""S3 answers in some 20 ms: so many threads come near the 5,500 GETs a second that one prefix gives (Amazon S3
user guide, "Best practices design patterns: optimizing Amazon S3 performance")."""

W = TypeVar("W")
R = TypeVar("R")


class Fetched(NamedTuple):
    """One document, or why it could not be had."""

    uri: str
    document: bytes | None = None
    error: HitlError | None = None


def object_fetcher(objects: ObjectReader) -> Callable[[str], Fetched]:
    """Return what fetches an object by its address."""

    def fetch(uri: str) -> Fetched:
        try:
            return Fetched(uri, objects.get(uri))
        except (InvalidInputError, ServiceError) as error:
            return Fetched(uri, error=error)

    return fetch


def fetch_in_order(fetch: Callable[[W], R], each: Iterable[W], concurrency: int | None = None) -> Iterator[R]:
    """Fetch in threads, in order. The first goes alone: it shows where the others are, and who may read them."""
    threads = (OBSTORE_AT_ONCE if has_obstore() else BOTO3_AT_ONCE) if concurrency is None else concurrency
    check_concurrency(threads)
    rest = iter(each)
    return chain(map(fetch, islice(rest, 1)), results_in_order(fetch, rest, concurrency=threads))
