"""The first half of an iteration: objects are prepared, and offered to workers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hitl_sdk.local.engine import job_functions, job_life, job_objects, lifecycle
from hitl_sdk.local.engine.documents import canonical_json
from hitl_sdk.local.engine.errors import FunctionFailed
from hitl_sdk.local.engine.job_files import object_folder
from hitl_sdk.local.engine.loops import insert_loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["give_up", "prepare"]

_SHARE_OF_CLAIM = 20  # after this part of the time that a claim holds, what was prepared is kept


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What came of an object's preparation: what workers will see, why there is nothing, or neither."""

    number: int
    object_id: str
    task_input: dict[str, Any] | None = None
    failure: str | None = None


def prepare(desk: Desk, job: Row[Any]) -> None:
    """Have the pre-annotation function prepare some of the objects taken up, and offer these."""
    objects = desk.run(partial(job_objects.in_state, job=job, state="Chosen", limit=job_objects.PAGE))
    until = desk.now() + job_life.HELD_FOR / _SHARE_OF_CLAIM
    prepared: list[_Prepared] = []
    for each in objects:
        prepared.append(_prepared(desk, job, each))
        if desk.now() >= until:
            break
    desk.run(partial(_offer, job=job, prepared=prepared))


def _prepared(desk: Desk, job: Row[Any], data_object: Row[Any]) -> _Prepared:
    number, object_id = data_object.number, data_object.object_id
    try:
        return _Prepared(number, object_id, job_functions.prepare(desk.delivery, job, data_object))
    except FunctionFailed as error:
        return _Prepared(number, object_id, failure=f"The pre-annotation function failed: {error}")


def _offer(tx: Transaction, job: Row[Any], prepared: Sequence[_Prepared]) -> None:
    """Offer to workers what was prepared, and go on when all has been."""
    now = job_life.held(tx, job)
    if now.outcome is not None:
        job_objects.change_all(tx, now, "Chosen", state="Waiting", iteration=None)
    else:
        _start_loops(tx, now, [each for each in prepared if each.task_input is not None])
        not_for_people: list[tuple[int, dict[str, Any]]] = [
            (each.number, {}) for each in prepared if each.task_input is None and each.failure is None
        ]
        job_objects.change(tx, now, not_for_people, state="NotForPeople")
        job_objects.fail(
            tx, now, {each.number: each.failure for each in prepared if each.failure is not None}
        )
    if job_objects.in_state(tx, now, "Chosen", limit=1):
        job_life.go_on(tx, now, "Preparing")
    elif job_life.flow_of(tx, now).in_flight:
        job_life.wait_for_answers(tx, now)
    else:
        job_life.go_on(tx, now, "Saving")


def _start_loops(tx: Transaction, job: Row[Any], prepared: Sequence[_Prepared]) -> None:
    if not prepared:
        return
    new = [
        {
            "name": job_objects.loop_name(job, each.number),
            "arn": f"{job.arn}/{each.number}",
            "input_content": canonical_json(each.task_input),
            "output_uri": object_folder(job, each.object_id),
        }
        for each in prepared
    ]
    insert_loops(tx, job_life.flow_of(tx, job), new)
    job_objects.change(tx, job, [(each.number, {}) for each in prepared], state="Offered")


def give_up(desk: Desk, job: Row[Any]) -> None:
    """Take no more answers after 30 days; what was answered until then is still consolidated."""
    desk.run(partial(_expire, job=job))


def _expire(tx: Transaction, job: Row[Any]) -> None:
    now = job_life.held(tx, job)
    if now.queue is not None:  # a streaming job has no end of its own; its tasks have
        job_life.wait_for_answers(tx, now)
        return
    job_life.update_job(tx, now, outcome="Failed", failure_reason=job_life.TOO_OLD)
    lifecycle.stop_loops_of(tx, job_life.flow_of(tx, now).sequence)
