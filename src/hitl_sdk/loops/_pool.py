"""Calls in threads: results in the order of the work, progress as it comes, and nothing new after an error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["in_threads"]

W = TypeVar("W")
R = TypeVar("R")


def in_threads(
    call: Callable[[W], R],
    work: Sequence[W],
    *,
    concurrency: int,
    on_result: Callable[[R], None] | None = None,
) -> list[R]:
    """Make one call for each piece of work.

    If a call raises (or the user interrupts), no further call is begun, those under way come to their end, and
    the error passes through; `on_result` has then seen every result there is.
    """
    if concurrency < 1:
        raise InvalidInputError(f"concurrency={concurrency}", hint="give at least 1")
    failure: BaseException | None = None
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            futures = [pool.submit(call, piece) for piece in work]
            for future in as_completed(futures):
                if future.cancelled():
                    continue
                if error := future.exception():
                    failure = failure or error
                    pool.shutdown(wait=False, cancel_futures=True)
                elif on_result is not None:
                    on_result(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failure is not None:
        raise failure
    return [future.result() for future in futures]
