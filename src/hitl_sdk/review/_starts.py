"""Starts the loops of a run's record: looked up first, then claimed in the record, then started, then noted.

What is seen to exist before this run has asked for it costs nothing. Every other loop is charged to the run when it is
claimed, before the call, and stays so unless the service has refused it for good: so however many processes work at a
run, and wherever they are killed, it starts no more loops than its limit. What one of them writes changes nothing if another
has written more in the meantime.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import closing
from copy import copy
from itertools import islice
from typing import TYPE_CHECKING, Any

from hitl_sdk._progress import progress_bar
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import HitlError, QuotaExceededError, Transient
from hitl_sdk.loops import Breaker, LoopRequest, LoopStart, LoopState, Rate, TokenBucket, start_stream
from hitl_sdk.loops._starter import FATAL, KnownLoops, adopted
from hitl_sdk.loops.record import LoopChange
from hitl_sdk.loops.states import describe_loop
from hitl_sdk.review._codec import error_text
from hitl_sdk.review._reading import update_states, write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from hitl_sdk.loops import StartWait
    from hitl_sdk.loops.record import RecordedLoop, RecordedStatus, RunRecord
    from hitl_sdk.session import Session

__all__ = ["Starts"]

CHUNK = 500
"""Loops that are looked up and claimed together."""

_WRITTEN_TOGETHER = 250
"""Outcomes a write. What a killed process did not come to write is looked up when the run is resumed."""

_ENDED_BADLY: tuple[RecordedStatus, ...] = ("Failed", "Stopped", "Missing")


class Starts:
    """One pass over what a record has planned. However it ends, what has come of the calls is written."""

    def __init__(
        self,
        session: Session,
        record: RunRecord,
        *,
        limit: int | None,
        rate: float | Rate | None,
        concurrency: int,
        restart_failed: bool,
        quota_timeout: float,
        on_wait: Callable[[StartWait], None] | None,
    ) -> None:
        self._session = session
        self._record = record
        self._limit = limit
        self._restart_failed = restart_failed
        self._finder = _Finder(session, concurrency)
        self._found: deque[LoopStart] = deque()
        self._changes: list[LoopChange] = []
        self._breaker = Breaker()
        self._full = False
        self._short = self._freed = False
        self._options: dict[str, Any] = {
            "rate": rate if isinstance(rate, Rate) else TokenBucket(rate),  # one for all passes
            "concurrency": concurrency,
            "restart_failed": restart_failed,
            "quota_timeout": quota_timeout,
            "breaker": self._breaker,
            "on_wait": on_wait,
        }

    def run(self, on_progress: Callable[[LoopStart], None] | None, *, progress: bool) -> None:
        """Start all that is to be started, and tell of each; without somebody to tell, a bar shows if it may."""
        self._put_back()
        counts = self._record.counts()
        wanted = counts.get("planned", 0) + counts.get("starting", 0)
        started, shown = 0, progress and on_progress is None
        try:
            with (
                progress_bar("starting human loops", total=wanted, shown=shown) as move_to,
                closing(self._outcomes()) as outcomes,
            ):
                for number, start in enumerate(outcomes, start=1):
                    started += start.status == "started"
                    move_to(number)
                    if on_progress is not None:
                        on_progress(start)
        except FATAL as error:
            raise _with_count(error, started, wanted, self._record.header.name) from error
        except BaseException as error:  # above all the user's Ctrl-C
            error.add_note(f"Run {self._record.header.name!r} can be resumed.")
            raise

    def _put_back(self) -> None:
        """Plan anew what was refused, and if so wanted, what has ended without an answer."""
        statuses: tuple[RecordedStatus, ...] = ("failed",)
        if self._restart_failed:
            update_states(self._session, self._record)
            statuses += _ENDED_BADLY
        changes = [
            LoopChange(loop.human_loop_name, "planned", if_status=loop.status)
            for loop in self._record.loops(statuses)
            if loop.escalated_to is None
        ]
        write(self._record, changes)

    def _outcomes(self) -> Generator[LoopStart, None, None]:
        """Go over what is planned; once more, where a refusal has made room in a budget that was used up."""
        while True:
            self._short = self._freed = False
            yield from self._pass()
            if not (self._short and self._freed):
                return

    def _pass(self) -> Generator[LoopStart, None, None]:
        try:
            with closing(start_stream(self._session, self._requests(), **self._options)) as stream:
                for start in stream:
                    yield from self._take_found()
                    self._note(start)
                    yield start
                yield from self._take_found()
        finally:
            self._write()

    def _note(self, start: LoopStart) -> None:
        """Take note of an outcome, to be written with others."""
        change = _change(start)
        self._changes.append(change)
        self._freed |= change.status == "failed"
        self._full |= isinstance(start.error, QuotaExceededError)  # it has been waited for room already
        if len(self._changes) >= _WRITTEN_TOGETHER:
            self._write()

    def _requests(self) -> Iterator[LoopRequest]:
        yield from self._begun()
        within_budget = True
        for loops in _chunks(self._record.loops(["planned"])):
            # Beyond the budget nothing will be started, so nobody is asked about one loop after the other.
            states = self._finder.find(loops, one_by_one=within_budget)
            wanted = len(loops) - self._adopt(loops, states)
            self._write()
            if self._full or self._breaker.state == "ended":
                return
            claimed = self._record.claim(wanted, limit=self._limit) if wanted else []
            within_budget = len(claimed) == wanted
            self._short |= not within_budget
            yield from (_request(loop, states.get(loop.human_loop_name)) for loop in claimed)

    def _begun(self) -> Iterator[LoopRequest]:
        """Go over what is charged already. Whoever was to start it is gone, or asks for it too: a name is taken once."""
        too_many = 0 if self._limit is None else self._record.n_charged() - self._limit
        for loops in _chunks(list(self._record.loops(["starting"]))):
            states = self._finder.find(loops)
            for loop in loops:
                state = states.get(loop.human_loop_name)
                if too_many > 0 and (state is None or state.status == "Missing"):
                    too_many -= 1  # the budget is smaller by now
                else:
                    yield _request(loop, state)

    def _adopt(self, loops: Iterable[RecordedLoop], states: dict[str, LoopState]) -> int:
        """Take what exists already, free of charge; return how many loops that are."""
        count = 0
        for loop in loops:
            state = states.get(loop.human_loop_name)
            if state is None or state.status == "Missing":
                continue
            if self._restart_failed and state.status in _ENDED_BADLY:
                continue
            count += 1
            self._found.append(adopted(_request(loop, state), state))
            self._changes.append(_change_by(state, before="planned"))
        return count

    def _take_found(self) -> Iterator[LoopStart]:
        while self._found:
            yield self._found.popleft()

    def _write(self) -> None:
        changes, self._changes = self._changes, []
        if changes:
            self._record.update(changes)


class _Finder:
    """Looks loops up: many in the flow's list, the others one by one."""

    def __init__(self, session: Session, concurrency: int) -> None:
        self._known = KnownLoops(session)
        self._runtime = session.client("sagemaker-a2i-runtime")
        self._concurrency = concurrency

    def find(self, loops: Sequence[RecordedLoop], *, one_by_one: bool = True) -> dict[str, LoopState]:
        """Return the states by name. Left out is of what the service does not tell now, or tells of another flow."""
        flows = {loop.human_loop_name: loop.flow_definition_arn for loop in loops}
        told = self._known.look_up([LoopRequest(flow, name, {}) for name, flow in flows.items()])
        states = {name: state for name, state in zip(flows, told, strict=True) if state is not None}
        unknown = [name for name in flows if name not in states] if one_by_one else []
        for state in in_threads(self._described, unknown, concurrency=self._concurrency):
            if state is not None and state.flow_definition_arn in {None, flows[state.human_loop_name]}:
                states[state.human_loop_name] = state
        return states

    def _described(self, name: str) -> LoopState | None:
        try:
            return describe_loop(self._runtime, name)
        except FATAL:
            raise
        except HitlError:
            return None  # at its turn it is asked about once more, and if need be the error is its outcome


def _chunks(loops: Iterable[RecordedLoop]) -> Iterator[list[RecordedLoop]]:
    coming = iter(loops)
    while chunk := list(islice(coming, CHUNK)):
        yield chunk


def _request(loop: RecordedLoop, state: LoopState | None) -> LoopRequest:
    return LoopRequest(loop.flow_definition_arn, loop.human_loop_name, json.loads(loop.input_content), state)


def _change(start: LoopStart) -> LoopChange:
    """Say in the record what has come of a loop that was charged to the run."""
    name = start.human_loop_name
    if start.status == "started":
        return LoopChange(name, "started", if_status="starting")
    if start.state is not None:
        return _change_by(start.state, before="starting")
    text = None if start.error is None else error_text(start.error)
    if isinstance(
        start.error, Transient
    ):  # it is tried again when the run is resumed, and may be there all the same
        return LoopChange(name, "starting", error=text, charged=True, if_status="starting")
    return LoopChange(name, "failed", error=text, if_status="starting")


def _change_by(state: LoopState, *, before: RecordedStatus) -> LoopChange:
    """Say that a loop was found: for free, if nobody of this run had asked for it before."""
    return LoopChange(
        state.human_loop_name,
        "adopted" if state.status == "InProgress" else state.status,
        error=state.failure_reason,
        charged=before != "planned",
        created_at=state.created_at,
        output_uri=state.output_s3_uri,
        if_status=before,
    )


def _with_count(error: HitlError, started: int, wanted: int, name: str) -> HitlError:
    """Say, in an error that ends a whole start, how far it has come, and how to go on."""
    twin = copy(error)
    twin.message = f"{error.message}; {started} of {wanted} human loops had been started, and run {name!r} can be resumed"
    return twin
