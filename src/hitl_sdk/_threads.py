"""Calls in threads: results in the order of the work, progress as it comes, and nothing new after an error."""

from __future__ import annotations

from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["in_threads"]

W = TypeVar("W")
R = TypeVar("R")


def in_threads(
    call: Callable[[W], R],
    work: Iterable[W],
    *,
    concurrency: int,
    on_result: Callable[[R], None] | None = None,
) -> list[R]:
    """Make one call for each piece of work, and return the results in the order of the work.

    Calls begin while `work` is still being listed.
    If a call raises (or the user interrupts), no further call is begun, those under way come to their end, and
    the error passes through; `on_result` has then seen every result there is.
    """
    if concurrency < 1:
        raise InvalidInputError(f"concurrency={concurrency}", hint="give at least 1")
    # Not by cancelling futures: `as_completed` never hears of those that a pool cancels as it shuts down.
    stop = Event()

    def unless_stopped(piece: W) -> R:
        if stop.is_set():
            raise CancelledError
        try:
            return call(piece)
        except BaseException:
            stop.set()
            raise

    failure: BaseException | None = None
    with ThreadPoolExecutor(concurrency, thread_name_prefix="hitl") as pool:
        try:
            futures = [pool.submit(unless_stopped, piece) for piece in work]
            for future in as_completed(futures):
                error = future.exception()
                if error is None and on_result is not None:
                    on_result(future.result())
                elif not isinstance(error, CancelledError):
                    failure = failure or error
        except BaseException:
            stop.set()
            raise
    if failure is not None:
        raise failure
    return [future.result() for future in futures]
