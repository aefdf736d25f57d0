"""Calls in threads: results in the order of the work, progress as it comes, and nothing new after an error."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from numbers import Integral
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["check_concurrency", "in_threads", "pages_ahead", "results_in_order"]

_AHEAD = 4
"""Calls a thread that may be queued or done while the oldest is awaited, so that one slow call stops nobody."""

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
    check_concurrency(concurrency)
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


def results_in_order(
    call: Callable[[W], R], work: Iterable[W], *, concurrency: int, closed: Event | None = None
) -> Iterator[R]:
    """Make one call for each piece of work, and yield the results in the order of the work, as a stream.

    Work is taken as results are: at most ``4 * concurrency`` calls are queued, under way or not yet yielded,
    however long `work` is. If a call raises, the user interrupts or the stream is closed, no further call is begun
    and those under way come to their end; `closed` is set then, for calls that wait to give up.
    """
    check_concurrency(concurrency)
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="hitl")
    coming: deque[Future[R]] = deque()
    try:
        for piece in work:
            coming.append(pool.submit(call, piece))
            if len(coming) == _AHEAD * concurrency:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        if closed is not None:
            closed.set()
        pool.shutdown(cancel_futures=True)


def pages_ahead(pages: Iterator[W]) -> Iterator[W]:
    """Yield pages while a thread already asks for the next one."""
    with ThreadPoolExecutor(1, thread_name_prefix="hitl") as pool:
        coming = pool.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = pool.submit(next, pages, None)
            yield page


def check_concurrency(concurrency: int) -> None:
    """Refuse less than one thread."""
    if not isinstance(concurrency, Integral) or concurrency < 1:
        raise InvalidInputError(f"concurrency={concurrency}", hint="give at least 1")
