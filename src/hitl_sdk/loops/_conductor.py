"""Conducts the starting of many loops: bounded look-ahead, pauses when there is no room or no answer, an outcome for each.

Threads make the calls; all that is decided is decided in the caller's thread, where a pause can be interrupted.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import (
    ConflictError,
    HitlError,
    InvalidInputError,
    QuotaExceededError,
    Transient,
    UnavailableError,
)
from hitl_sdk.loops._starter import adopted
from hitl_sdk.loops.requests import LoopStart, StartWait

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from hitl_sdk.loops._room import Room
    from hitl_sdk.loops._starter import KnownLoops, LoopStarter
    from hitl_sdk.loops.breaker import Breaker
    from hitl_sdk.loops.requests import LoopRequest
    from hitl_sdk.loops.states import LoopState

__all__ = ["Conductor"]

LOOK_UP = 500
"""Requests that are taken and looked up in the flow's list together."""

_QUEUED = 4
"""Calls a thread that may be queued or under way, so that no thread is idle while outcomes are dealt with."""


@dataclass(slots=True)
class _Job:
    """A request on its way. `error` is what it failed with; `again`, whether it is tried for the second time."""

    request: LoopRequest
    state: LoopState | None
    error: HitlError | None = None
    again: bool = False


class Conductor:
    """One stream of starts."""

    def __init__(
        self,
        known: KnownLoops,
        *,
        concurrency: int,
        breaker: Breaker,
        room: Room,
        on_wait: Callable[[StartWait], None] | None,
    ) -> None:
        self._known = known
        self._concurrency = concurrency
        self._breaker = breaker
        self._room = room
        self._on_wait = on_wait
        self._hold = Event()
        self._done: SimpleQueue[tuple[_Job, LoopStart | BaseException | None]] = SimpleQueue()
        self._running = 0
        self._untried: deque[_Job] = deque()
        self._again: deque[_Job] = deque()
        self._streak: list[_Job] = []  # what has failed, one after the other, since the last success
        self._cause: HitlError | None = None
        self._refused: tuple[str, QuotaExceededError] | None = None
        self._fatal: BaseException | None = None

    def held(self) -> bool:
        """Whether no call is to be made now. Asked by the threads."""
        return self._hold.is_set()

    def outcomes(
        self, starter: LoopStarter, requests: Iterable[LoopRequest]
    ) -> Generator[LoopStart, None, None]:
        """Yield an outcome for each request, as they come.

        What ends everything is raised when all that was under way has come to its end and has been yielded.
        """
        jobs = self._jobs(requests)
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="hitl")
        try:
            while True:
                yield from self._submit(pool, starter, jobs)
                if self._running:
                    yield from self._dealt_with(*self._done.get())
                elif self._fatal is not None:
                    yield from _failures([*self._streak, *self._again])
                    raise self._fatal
                elif not self._go_on():
                    break
            yield from _failures(self._streak)
        finally:
            self._hold.set()
            pool.shutdown(cancel_futures=True)

    def _jobs(self, requests: Iterable[LoopRequest]) -> Iterator[_Job]:
        coming = iter(requests)
        while batch := list(islice(coming, LOOK_UP)):
            for request, state in zip(batch, self._known.look_up(batch), strict=True):
                yield _Job(request, state)

    def _submit(
        self, pool: ThreadPoolExecutor, starter: LoopStarter, jobs: Iterator[_Job]
    ) -> Iterator[LoopStart]:
        """Give the threads as much to do as may be now; yield what needs no call."""
        while not self.held() and self._running < self._most():
            job = self._next(jobs)
            if job is None:
                return
            start = self._without_call(job, starter)
            if start is not None:
                yield start
            else:
                self._running += 1
                pool.submit(self._call, starter, job)

    def _call(self, starter: LoopStarter, job: _Job) -> None:
        """Do the work of a thread. What ends everything, or fills the flow, holds the other threads at once."""
        try:
            start = starter.outcome(job.request, job.state)
            if start is not None and isinstance(start.error, QuotaExceededError):
                self._hold.set()
            self._done.put((job, start))
        except BaseException as error:
            self._hold.set()
            self._done.put((job, error))

    def _most(self) -> int:
        """Return how many calls may be queued or under way now."""
        return {"open": 0, "half-open": 1}.get(self._breaker.state, _QUEUED * self._concurrency)

    def _next(self, jobs: Iterator[_Job]) -> _Job | None:
        """Return what is to be done next; None if nothing is left.

        A trial is made with what has not failed yet, if there is any: what has may be to blame itself.
        """
        if self._again and self._breaker.state == "closed":
            return self._again.popleft()
        if self._untried:
            return self._untried.popleft()
        try:
            job = next(jobs, None)
        except Exception as error:
            self._hold.set()
            self._fatal = error
            return None
        return self._again.popleft() if job is None and self._again else job

    def _without_call(self, job: _Job, starter: LoopStarter) -> LoopStart | None:
        """Return the outcome of a request for which nothing has to be called, or nothing is any more."""
        state = job.state
        if state is not None and state.status != "Missing" and not starter.restarts(state):
            try:
                return adopted(job.request, state)
            except ConflictError as conflict:
                return LoopStart(job.request.human_loop_name, "failed", error=conflict)
        error: HitlError | None = self._room.closed(job.request.flow_definition_arn)
        if error is None and self._breaker.state == "ended":
            error = job.error or self._cause or UnavailableError("not tried: the breaker has given up before")
        return LoopStart(job.request.human_loop_name, "failed", error=error) if error else None

    def _dealt_with(self, job: _Job, result: LoopStart | BaseException | None) -> Iterator[LoopStart]:
        """Take note of what has come of a call, and yield what is thereby decided."""
        self._running -= 1
        if result is None:
            self._untried.append(job)
        elif isinstance(result, BaseException):
            self._fatal = self._fatal or result
        elif isinstance(result.error, QuotaExceededError):
            yield from self._answered()
            self._refused = job.request.flow_definition_arn, result.error
            self._untried.append(job)
        elif isinstance(result.error, HitlError) and isinstance(result.error, Transient):
            yield from self._failed(job, result.error)
        else:
            if not isinstance(result.error, InvalidInputError):  # which was found without a call
                yield from self._answered()
            if result.status == "started":
                self._room.started(job.request.flow_definition_arn)
            yield result

    def _answered(self) -> Iterator[LoopStart]:
        """Take note that the service answers: what failed before has failed by itself."""
        self._breaker.succeeded()
        yield from _failures(self._streak)
        self._streak = []

    def _failed(self, job: _Job, error: HitlError) -> Iterator[LoopStart]:
        """Take note of a failure; when all fail, each is tried once more when the service answers again."""
        job.error = error
        self._streak.append(job)
        is_trial = self._breaker.state == "half-open"
        self._breaker.failed()
        state = self._breaker.state
        if state == "closed":
            return
        self._hold.set()
        if state == "ended":
            self._cause = _not_tried(error)
        for failed in self._streak:
            if state == "open" and (is_trial or not failed.again):
                failed.again = True
                self._again.append(failed)
            else:
                yield from _failures([failed])
        self._streak = []

    def _go_on(self) -> bool:
        """Wait, if that is why no call is under way; return whether there is more to do."""
        if not self.held() and self._breaker.state != "open":
            return False
        if self._refused is not None and self._breaker.state == "closed":
            self._room.wait_for(*self._refused)
        elif self._breaker.state == "open":
            self._pause()
        self._refused = None
        self._hold.clear()
        return True

    def _pause(self) -> None:
        last = self._again[-1].error if self._again else None
        if self._on_wait is not None and last is not None:
            self._on_wait(StartWait("no answer", last, seconds=self._breaker.seconds_left))
        current_clock().sleep(self._breaker.seconds_left)


def _failures(jobs: Iterable[_Job]) -> Iterator[LoopStart]:
    for job in jobs:
        yield LoopStart(job.request.human_loop_name, "failed", error=job.error)


def _not_tried(error: HitlError) -> HitlError:
    """Say of a request that was not tried, why."""
    twin = copy(error)
    twin.message = f"not tried, for no start succeeded any more: {error.message}"
    return twin
