"""The workers' side of a loop: seats, the leases on them, and answers.

A loop has TaskCount seats. Whoever accepts a task holds a seat for TaskTimeLimitInSeconds; an answer
keeps it for good. A seat whose lease has lapsed is free again, for anyone. Who has answered or declined
a loop is never offered it again.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from hitl_sdk.local.engine import lifecycle
from hitl_sdk.local.engine.documents import canonical_json
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.transactions import find
from hitl_sdk.local.engine.values import Lease, OpenTask, Scope
from hitl_sdk.local.store import flows, loops, seats, without_documents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Row, Select

    from hitl_sdk.local.engine.transactions import Params, Transaction
    from hitl_sdk.local.engine.values import Worker

__all__ = ["accept", "decline", "is_open", "open_page", "submit", "tasks_for"]

_LOOP = (
    select(
        *without_documents(loops),
        flows.c.workteam_arn,
        flows.c.task_count,
        flows.c.task_time_limit,
        flows.c.identity_provider,
        flows.c.issuer,
    )
    .join(flows, flows.c.sequence == loops.c.flow)
    .where(
        loops.c.account_id == bindparam("account_id"),
        loops.c.region == bindparam("region"),
        loops.c.name == bindparam("name"),
    )
    .with_for_update(of=loops)
)
_LOOP_WITH_INPUT = _LOOP.add_columns(loops.c.input_content)
_OPEN = (
    select(loops, flows.c.template, flows.c.task_count, flows.c.definition)
    .join(flows, flows.c.sequence == loops.c.flow)
    .where(loops.c.state == "InProgress")
    .order_by(loops.c.sequence)
    .limit(bindparam("limit"))
)
_OPEN_AFTER = _OPEN.where(loops.c.sequence > bindparam("after"))
_OF_THIS_LOOP = seats.c.loop == loops.c.sequence
_DONE_WITH = exists().where(
    _OF_THIS_LOOP, seats.c.worker_id == bindparam("worker"), seats.c.state.in_(["Answered", "Declined"])
)
_TAKEN_BY_OTHERS = (
    select(func.count())
    .where(
        _OF_THIS_LOOP,
        seats.c.worker_id != bindparam("worker"),
        or_(
            seats.c.state == "Answered",
            and_(seats.c.state == "Accepted", seats.c.lapses_at > bindparam("now")),
        ),
    )
    .scalar_subquery()
)
_FOR_WORKER = _OPEN.where(~_DONE_WITH, flows.c.task_count > _TAKEN_BY_OTHERS)
_SEATS = select(seats).where(seats.c.loop == bindparam("loop_sequence"))
_TAKE = insert(seats)
_RETAKE = update(seats).where(
    seats.c.loop == bindparam("loop_sequence"), seats.c.worker_id == bindparam("worker")
)
_GIVE_UP = _RETAKE.where(seats.c.state == "Accepted", seats.c.lapses_at > bindparam("now"))


def accept(tx: Transaction, scope: Scope, worker: Worker, name: str) -> Lease:
    """Give the worker a seat, or the one that the worker already holds."""
    loop = _open_loop(tx, scope, worker, name)
    taken = _seats(tx, loop)
    own = next((seat for seat in taken if seat.worker_id == worker.worker_id), None)
    if own is not None and own.state != "Accepted":
        raise EngineError(
            "ConflictException", f"This worker has {own.state.lower()} HumanLoop {name!r} before"
        )
    if own is not None and own.lapses_at > tx.now:
        return Lease(name, own.accepted_at, own.lapses_at)
    if sum(_is_taken(seat, tx) for seat in taken) >= loop.task_count:
        raise EngineError("ConflictException", f"HumanLoop {name!r} has no seat left")
    lease = Lease(name, tx.now, tx.now + timedelta(seconds=loop.task_time_limit))
    _take_seat(tx, loop, worker, anew=own is None, accepted_at=tx.now, lapses_at=lease.lapses_at)
    return lease


def submit(tx: Transaction, scope: Scope, worker: Worker, name: str, answer: Params) -> None:
    """Keep the worker's answer; the last of the loop's answers closes it."""
    content = _answer_content(answer)
    loop = _open_loop(tx, scope, worker, name, statement=_LOOP_WITH_INPUT)
    identity = {
        "identityProviderType": loop.identity_provider,
        "issuer": worker.issuer or loop.issuer,
        "sub": worker.sub,
    }
    _give_up_lease(tx, loop, worker, state="Answered", submitted_at=tx.now, answer=content, identity=identity)
    answers = [seat for seat in _seats(tx, loop) if seat.state == "Answered"]
    if len(answers) == loop.task_count:
        lifecycle.all_answered(tx, loop, answers)


def decline(tx: Transaction, scope: Scope, worker: Worker, name: str) -> None:
    """Free the worker's seat; this worker is not offered the loop again."""
    loop = _open_loop(tx, scope, worker, name)
    _give_up_lease(tx, loop, worker, state="Declined")


def tasks_for(tx: Transaction, scope: Scope, worker: Worker, limit: int) -> list[OpenTask]:
    """Return what the worker may accept, or has accepted, oldest first."""
    statement = _FOR_WORKER.where(*_within(scope))
    if worker.teams is not None:
        statement = statement.where(flows.c.workteam_arn.in_(worker.teams))
    return _open_tasks(tx, statement, worker=worker.worker_id, now=tx.now, limit=limit)


def open_page(tx: Transaction, scope: Scope | None, after: int, limit: int) -> list[OpenTask]:
    """Return the loops InProgress whose sequence is above `after`, in order."""
    statement = _OPEN_AFTER if scope is None else _OPEN_AFTER.where(*_within(scope))
    return _open_tasks(tx, statement, after=after, limit=limit)


def is_open(tx: Transaction, scope: Scope, name: str) -> bool:
    """Tell whether the loop is InProgress."""
    loop = find(tx, scope, loops, name)
    return loop is not None and loop.state == "InProgress"


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    return [loops.c.account_id == scope.account_id, loops.c.region == scope.region]


def _open_tasks(tx: Transaction, statement: Select[Any], **values: object) -> list[OpenTask]:
    rows = tx.connection.execute(statement, values).all()
    answered_by = _answered_by(tx, rows) if rows else {}
    return [_open_task(row, answered_by.get(row.sequence, frozenset())) for row in rows]


def _answered_by(tx: Transaction, rows: Sequence[Row[Any]]) -> Mapping[int, frozenset[str]]:
    statement = select(seats.c.loop, seats.c.worker_id).where(
        seats.c.loop.in_([row.sequence for row in rows]), seats.c.state == "Answered"
    )
    answered: dict[int, frozenset[str]] = {}
    for loop, worker_id in tx.connection.execute(statement):
        answered[loop] = answered.get(loop, frozenset()) | {worker_id}
    return answered


def _open_task(row: Row[Any], answered_by: frozenset[str]) -> OpenTask:
    config = row.definition["HumanLoopConfig"]
    return OpenTask(
        scope=Scope(row.account_id, row.region),
        human_loop_name=row.name,
        flow=row.flow_arn,
        title=config["TaskTitle"],
        description=config["TaskDescription"],
        template=row.template,
        input_content=json.loads(row.input_content),
        task_count=row.task_count,
        answered_by=answered_by,
        created_at=row.created_at,
        sequence=row.sequence,
    )


def _open_loop(
    tx: Transaction, scope: Scope, worker: Worker, name: str, statement: Select[Any] = _LOOP
) -> Row[Any]:
    """Return the loop, locked, if it still takes answers and is for a team of the worker's."""
    values = {"account_id": scope.account_id, "region": scope.region, "name": name}
    loop = tx.connection.execute(statement, values).one_or_none()
    if loop is None or (worker.teams is not None and loop.workteam_arn not in worker.teams):
        raise EngineError("ResourceNotFoundException", f"HumanLoop {name!r} does not exist in {scope.region}")
    if loop.state != "InProgress":
        raise EngineError("ConflictException", f"HumanLoop {name!r} takes no more answers")
    return loop


def _seats(tx: Transaction, loop: Row[Any]) -> Sequence[Row[Any]]:
    return tx.connection.execute(_SEATS, {"loop_sequence": loop.sequence}).all()


def _is_taken(seat: Row[Any], tx: Transaction) -> bool:
    return bool(seat.state == "Answered" or (seat.state == "Accepted" and seat.lapses_at > tx.now))


def _take_seat(tx: Transaction, loop: Row[Any], worker: Worker, *, anew: bool, **values: object) -> None:
    if anew:
        keys = {"loop": loop.sequence, "worker_id": worker.worker_id}
        tx.connection.execute(_TAKE, {**keys, "state": "Accepted", **values})
    else:
        tx.connection.execute(_RETAKE, {"loop_sequence": loop.sequence, "worker": worker.worker_id, **values})


def _give_up_lease(tx: Transaction, loop: Row[Any], worker: Worker, **values: object) -> None:
    """Change the seat that the worker holds; refuse if there is none, or no longer."""
    keys = {"loop_sequence": loop.sequence, "worker": worker.worker_id, "now": tx.now}
    if tx.connection.execute(_GIVE_UP, {**keys, **values}).rowcount:
        return
    if any(seat.worker_id == worker.worker_id and seat.state == "Accepted" for seat in _seats(tx, loop)):
        raise EngineError("ConflictException", f"The time for HumanLoop {loop.name!r} is up: accept it again")
    raise EngineError("ConflictException", f"This worker holds no seat of HumanLoop {loop.name!r}")


def _answer_content(answer: Params) -> Any:
    """Return the answer as JSON gives it back; refuse what JSON can't carry."""
    try:
        return json.loads(canonical_json(dict(answer)))
    except (TypeError, ValueError, RecursionError) as error:
        raise EngineError("ValidationException", "The answer is not a JSON object") from error
