"""The life of a human loop: the only place that changes the state of one.

::

    InProgress --- the last answer ---> Writing --- output.json is in S3 ---> Completed
        |                                  '------- it can't be written ----> Failed (ValidationError, InternalError)
        |--- not answered in time -----------------------------------------> Failed (Expired)
        '--- StopHumanLoop ---> Stopping --- a moment later ---------------> Stopped

Outside, Writing is still InProgress: whoever reads Completed finds the output. Every end writes its
event and gives the flow its place in flight back, in the same transaction.

A loop that offers an object of a labeling job has neither output nor event of its own: it is Completed with
the last answer, and with the last loop of an iteration its job goes on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from hitl_sdk.local.engine import job_life, outbox
from hitl_sdk.local.engine.documents import human_loop_event
from hitl_sdk.local.engine.transactions import derived_uuid
from hitl_sdk.local.store import flows, loops, without_documents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.outbox import Failure, Parcel
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = [
    "ENDED",
    "all_answered",
    "due_loops",
    "let_time_pass",
    "next_due",
    "settle",
    "status",
    "stop",
    "stop_loops_of",
]

_EXPIRED = "Not all workers answered in the task's availability lifetime"
ENDED = frozenset({"Completed", "Failed", "Stopped"})

_LOOP = select(*without_documents(loops)).where(loops.c.sequence == bindparam("loop")).with_for_update()
_DUE = (
    select(loops.c.sequence)
    .where(loops.c.due_at <= bindparam("now"))
    .order_by(loops.c.due_at, loops.c.sequence)
)
_OPEN_OF_FLOW = (
    select(*without_documents(loops))
    .where(loops.c.flow == bindparam("flow_sequence"), loops.c.state == "InProgress")
    .order_by(loops.c.sequence)
    .with_for_update()
)
_NEXT_DUE = select(loops.c.due_at).where(loops.c.due_at.is_not(None)).order_by(loops.c.due_at).limit(1)
_CHANGE = (
    update(loops)
    .where(loops.c.sequence == bindparam("loop"))
    .values(
        state=bindparam("to_state"),
        due_at=bindparam("at"),
        failure_code=bindparam("code"),
        failure_reason=bindparam("reason"),
    )
)
_LAND = (
    update(flows)
    .where(flows.c.sequence == bindparam("flow_sequence"))
    .values(in_flight=flows.c.in_flight - 1)
)


def status(state: str) -> str:
    """Return the HumanLoopStatus of a state."""
    return "InProgress" if state == "Writing" else state


def all_answered(tx: Transaction, loop: Row[Any], answers: Sequence[Row[Any]]) -> None:
    """Close the loop to further answers, and have its output written."""
    if loop.job is not None:
        _end(tx, loop, "Completed", at=tx.now)
        return
    _change(tx, loop, "Writing")
    outbox.post_output(tx, loop, answers)


def stop(tx: Transaction, loop: Row[Any]) -> None:
    """Begin to stop a loop that is InProgress."""
    due_at = tx.now + timedelta(seconds=tx.settings.stopping_seconds)
    _change(tx, loop, "Stopping", due_at=due_at)
    tx.due.append(due_at)


def stop_loops_of(tx: Transaction, flow_sequence: int) -> None:
    """End at once every loop InProgress of a labeling job's flow."""
    for loop in tx.connection.execute(_OPEN_OF_FLOW, {"flow_sequence": flow_sequence}).all():
        _end(tx, loop, "Stopped", at=tx.now)


def due_loops(tx: Transaction) -> list[int]:
    """Return the loops whose hour has come, the earliest first."""
    return list(tx.connection.execute(_DUE, {"now": tx.now}).scalars())


def next_due(tx: Transaction) -> datetime | None:
    """Return the hour that comes next."""
    return tx.connection.execute(_NEXT_DUE).scalar()


def let_time_pass(tx: Transaction, sequence: int) -> None:
    """Change the loop as time alone does, if it still has to be."""
    loop = tx.connection.execute(_LOOP, {"loop": sequence}).one_or_none()
    if loop is None or loop.due_at is None or loop.due_at > tx.now:
        return  # somebody else was here first
    if loop.state == "Stopping":
        _end(tx, loop, "Stopped", at=loop.due_at)
    else:
        _end(tx, loop, "Failed", at=loop.due_at, code="Expired", reason=_EXPIRED)


def settle(tx: Transaction, parcel: Parcel, failure: Failure | None) -> None:
    """Draw the consequences of an attempt to deliver `parcel`."""
    if failure is not None and not failure.final:
        outbox.postpone(tx, parcel)
        return
    if not outbox.drop(tx, parcel) or isinstance(parcel, outbox.Event):
        return  # somebody else was here first, or there is nothing to draw
    # As long as its output is in the outbox, nothing but this changes the loop: no lock is needed.
    if failure is None:
        _end(tx, parcel.loop, "Completed", at=tx.now)
    else:
        _end(tx, parcel.loop, "Failed", at=tx.now, code=failure.code, reason=failure.reason)


def _end(
    tx: Transaction,
    loop: Row[Any],
    state: str,
    *,
    at: datetime,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    _change(tx, loop, state, code=code, reason=reason)
    tx.connection.execute(_LAND, {"flow_sequence": loop.flow})
    if loop.job is not None:
        job_life.wake(tx, loop.job, loop.flow)
        return
    event_id = derived_uuid(tx, "event", loop.arn, loop.created_at, loop.sequence)
    event = human_loop_event(loop, event_id=event_id, status=state, at=at, code=code, reason=reason)
    outbox.post_event(tx, event)


def _change(
    tx: Transaction,
    loop: Row[Any],
    state: str,
    *,
    due_at: datetime | None = None,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    values = {"loop": loop.sequence, "to_state": state, "at": due_at, "code": code, "reason": reason}
    tx.connection.execute(_CHANGE, values)
