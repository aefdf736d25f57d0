"""Reads a run's record: which loops are open, how they stand at the service, and the rows that frames are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import groupby, islice
from typing import TYPE_CHECKING

from hitl_sdk.loops import LoopState, read_states
from hitl_sdk.loops.record import LoopChange
from hitl_sdk.review._codec import read_columns, read_label
from hitl_sdk.review.outcomes import RunStatus, outcome, settle
from hitl_sdk.training import TrainingRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from hitl_sdk.labels import Label
    from hitl_sdk.loops import LoopStatus
    from hitl_sdk.loops.record import RecordedItem, RecordedLoop, RecordedStatus, RunRecord
    from hitl_sdk.results import OutputRow
    from hitl_sdk.review.outcomes import ItemOutcome, Settled
    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task

__all__ = [
    "changes_of", "is_over", "item_outcomes", "last_status", "loops_by_name", "open_loops", "since", "training_rows",
    "update_states", "write",
]  # fmt: skip

_OPEN: tuple[RecordedStatus, ...] = ("started", "adopted", "InProgress", "Stopping", "Missing")
"""What the service is asked about. A missing loop is among them: a new one may not show at once everywhere in AWS."""

_BAD_ENDS: tuple[LoopStatus, ...] = ("Failed", "Stopped", "Missing")
_WRITTEN_TOGETHER = 1000
_SKEW = timedelta(days=1)
"""The clock of who wrote the record may differ from the service's."""


def open_loops(record: RunRecord) -> dict[str, list[RecordedLoop]]:
    """Return by flow the loops that may change yet, without their contents."""
    light = sorted((_light(loop) for loop in record.loops(_OPEN)), key=_flow)
    return {flow: list(loops) for flow, loops in groupby(light, key=_flow)}


def since(record: RunRecord, loops: Iterable[RecordedLoop]) -> datetime | None:
    """Return a time before which none of the loops was started; None if that is not known."""
    times = [loop.created_at or (record.header.created_at if loop.charged else None) for loop in loops]
    known = [time for time in times if time is not None]
    return min(known) - _SKEW if known and len(known) == len(times) else None


def update_states(session: Session, record: RunRecord) -> None:
    """Ask the service how the open loops stand, and write it down."""
    for flow, loops in open_loops(record).items():
        names = [loop.human_loop_name for loop in loops]
        states = read_states(session, flow, names, created_after=since(record, loops))
        write(record, changes_of({loop.human_loop_name: loop for loop in loops}, states))


def changes_of(loops: Mapping[str, RecordedLoop], states: Mapping[str, LoopState]) -> Iterator[LoopChange]:
    """Say what is to be written of states that are new."""
    for name, state in states.items():
        loop = loops[name]
        under_way = state.status == "InProgress" and loop.status in {"started", "adopted"}
        status = loop.status if under_way else state.status
        if status == loop.status and (state.created_at is None or loop.created_at is not None):
            continue
        yield LoopChange(
            name,
            status,
            charged=loop.charged,
            error=state.failure_reason,
            created_at=state.created_at,
            output_uri=state.output_s3_uri,
            if_status=loop.status,
        )


def write(record: RunRecord, changes: Iterable[LoopChange]) -> None:
    """Write changes, many at a time."""
    coming = iter(changes)
    while some := list(islice(coming, _WRITTEN_TOGETHER)):
        record.update(some)


def last_status(record: RunRecord, limit: int | None) -> RunStatus:
    """Return how the loops stood when last seen."""
    counts = dict(record.counts())
    given_up, failures = 0, []
    if any(counts.get(status) for status in _BAD_ENDS):
        for loop in record.loops(_BAD_ENDS):
            if loop.escalated_to is not None:
                counts[loop.status] -= 1
                given_up += 1
            else:
                failures.append(_state(loop))
    planned = counts.get("planned", 0)
    over = is_over(record, limit)
    return RunStatus(
        in_progress=sum(counts.get(status, 0) for status in ("started", "adopted", "InProgress")),
        stopping=counts.get("Stopping", 0),
        completed=counts.get("Completed", 0),
        failed=counts.get("Failed", 0),
        stopped=counts.get("Stopped", 0),
        missing=counts.get("Missing", 0),
        not_started=counts.get("starting", 0) + counts.get("failed", 0),
        failures=tuple(failures),
        planned=0 if over else planned,
        over_budget=planned if over else 0,
        given_up=given_up,
    )


def is_over(record: RunRecord, limit: int | None) -> bool:
    """Tell whether the budget is used up."""
    return limit is not None and record.n_charged() >= limit


def loops_by_name(record: RunRecord) -> dict[str, RecordedLoop]:
    """Return all loops, without their contents."""
    return {loop.human_loop_name: _light(loop) for loop in record.loops()}


def item_outcomes(record: RunRecord, over_budget: str | None) -> Iterator[ItemOutcome]:
    """Go through the outcomes in the order of the predictions."""
    loops = loops_by_name(record)
    for item in record.items():
        yield outcome(item, _settled(loops, item, over_budget))


def training_rows(
    record: RunRecord, task: Task, answered: Mapping[str, OutputRow], over_budget: str | None
) -> Iterator[TrainingRow]:
    """Go through the training rows in the order of the predictions."""
    loops = loops_by_name(record)
    label = _label_reader(task)
    for item in record.items():
        yield _training_row(item, label, _settled(loops, item, over_budget), answered)


def _settled(
    loops: Mapping[str, RecordedLoop], item: RecordedItem, over_budget: str | None
) -> Settled | None:
    name = item.human_loop_name
    return None if name is None else settle(loops, name, over_budget=over_budget)


def _training_row(
    item: RecordedItem,
    label: Callable[[str], Label],
    settled: Settled | None,
    answered: Mapping[str, OutputRow],
) -> TrainingRow:
    row = TrainingRow(
        item_id=item.item_id,
        item=item.item,
        model_label=None if item.label is None else label(item.label),
        model_confidence=item.confidence,
        decision=item.decision,
        reason=item.reason,
        extra=None if item.extra is None else read_columns(item.extra),
    )
    if settled is None:
        return row
    loop = settled.loop
    document = answered.get(loop.human_loop_name)
    return replace(
        row,
        decision="accept" if settled.status == "accepted" else row.decision,
        human_loop_name=loop.human_loop_name,
        flow_definition_arn=loop.flow_definition_arn,
        output=document.output if document else None,
        output_s3_uri=document.uri if document else None,
        created_at=loop.created_at,
        note=_note(settled, document),
    )


def _note(settled: Settled, document: OutputRow | None) -> str | None:
    """Say why an item under review has no answer."""
    if document is not None:
        return document.error.message if document.error else None
    if settled.error is not None:
        return settled.error.message
    return settled.note or f"human loop {settled.status}"


def _label_reader(task: Task) -> Callable[[str], Label]:
    return lru_cache(10_000)(lambda text: task.normalise_label(read_label(text)))


def _light(loop: RecordedLoop) -> RecordedLoop:
    return replace(loop, input_content="")


def _flow(loop: RecordedLoop) -> str:
    return loop.flow_definition_arn


def _state(loop: RecordedLoop) -> LoopState:
    status: LoopStatus = loop.status  # type: ignore[assignment]  # one of _BAD_ENDS
    return LoopState(loop.human_loop_name, status, loop.error, loop.created_at, loop.flow_definition_arn)
