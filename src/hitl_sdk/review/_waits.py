"""Waits for the loops of a run, flow after flow, and writes down what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk._progress import progress_bar
from hitl_sdk.loops.waiting import wait_for_loops
from hitl_sdk.review._reading import changes_of, open_loops, since, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitl_sdk.loops import LoopState
    from hitl_sdk.loops.record import RecordedLoop, RunRecord
    from hitl_sdk.review.outcomes import RunStatus
    from hitl_sdk.session import Session

__all__ = ["wait_for_run"]

_AT_LEAST = 1e-3  # seconds: what was waited for longest may have taken all the time there is


def wait_for_run(
    session: Session,
    record: RunRecord,
    last_status: Callable[[], RunStatus],
    *,
    timeout: float,
    events: str | None,
    on_progress: Callable[[RunStatus], None] | None,
    progress: bool,
) -> None:
    """Wait until no loop is under way, as `Run.wait`."""
    clock = current_clock()
    begun = clock.monotonic()
    flows: Mapping[str, Sequence[RecordedLoop]] = open_loops(record) or {
        record.header.flow_definition_arn: []
    }
    total = sum(len(loops) for loops in flows.values())
    with progress_bar("human loops", total=total, shown=progress and on_progress is None) as move_to:

        def note(known: Mapping[str, RecordedLoop], states: Mapping[str, LoopState]) -> RunStatus:
            write(record, changes_of(known, states))
            status = last_status()
            move_to(total - status.in_progress - status.stopping)
            if on_progress is not None:
                on_progress(status)
            return status

        for number, (flow, loops) in enumerate(flows.items()):
            known = {loop.human_loop_name: loop for loop in loops}
            wait_for_loops(
                session,
                flow,
                known,
                timeout=timeout if number == 0 else max(begun + timeout - clock.monotonic(), _AT_LEAST),
                events=events,
                created_after=since(record, loops),
                on_states=lambda states, known=known: note(known, states),  # type: ignore[misc]  # mypy infers none
            )
