"""The data objects of a labeling job, as rows: one for each line of its manifest.

::

    Waiting --> Chosen --> Offered --> Answered --> Labeled
       ^          |           |            '------> Failed
       '----------'-----------'   when the job is stopped

Chosen is taken up in an iteration, Offered is with workers, Answered has its answers in S3. Beside these,
LabeledBefore had a label when the job began, and NotForPeople is what the pre-annotation function keeps from
workers. Failed is an object that got no label, and says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import String, and_, bindparam, case, cast, exists, func, select, update

from hitl_sdk._manifest_line import metadata_key
from hitl_sdk.local.engine import job_life
from hitl_sdk.local.engine.job_files import metadata_of_failure
from hitl_sdk.local.store import labeling_objects, loops, seats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = [
    "Desk",
    "change",
    "change_all",
    "count",
    "done_with",
    "fail",
    "in_state",
    "loop_name",
    "with_answers",
    "written_after",
]

T = TypeVar("T")

PAGE = 100

_OF_JOB = labeling_objects.c.job == bindparam("job_sequence")
_IN_STATE = and_(_OF_JOB, labeling_objects.c.state == bindparam("in_state"))
_OBJECTS = (
    select(labeling_objects).where(_IN_STATE).order_by(labeling_objects.c.number).limit(bindparam("limit"))
)
_AFTER = (
    select(labeling_objects)
    .where(_OF_JOB, labeling_objects.c.number > bindparam("after"))
    .order_by(labeling_objects.c.number)
    .limit(10 * PAGE)
)
_COUNTS = (
    select(
        labeling_objects.c.state,
        func.count(),
        func.sum(case((labeling_objects.c.human_annotated.is_(True), 1), else_=0)),
    )
    .where(_OF_JOB)
    .group_by(labeling_objects.c.state)
)
_DONE_WITH = (
    select(labeling_objects)
    .where(
        _IN_STATE,
        exists().where(
            loops.c.account_id == bindparam("account_id"),
            loops.c.region == bindparam("region"),
            loops.c.name == bindparam("prefix") + cast(labeling_objects.c.number, String),
            loops.c.state.in_(job_life.ENDED),
        ),
    )
    .order_by(labeling_objects.c.number)
    .limit(bindparam("limit"))
)
_CHANGE = update(labeling_objects).where(_OF_JOB, labeling_objects.c.number == bindparam("of_number"))
_CHANGE_ALL = update(labeling_objects).where(_IN_STATE)
_ANSWERS = (
    select(seats, loops.c.name)
    .join(loops, loops.c.sequence == seats.c.loop)
    .where(
        loops.c.account_id == bindparam("account_id"),
        loops.c.region == bindparam("region"),
        loops.c.name.in_(bindparam("names", expanding=True)),
        seats.c.state == "Answered",
    )
)


class Desk(Protocol):
    """Where a step is done: it runs transactions and has a door to the cloud."""

    @property
    def delivery(self) -> Delivery:
        """Reads, writes and invokes."""
        ...

    def run(self, work: Callable[[Transaction], T], /) -> T:
        """Do `work` in one transaction."""
        ...

    def now(self) -> datetime:
        """Return what time it is."""
        ...


def loop_name(job: Row[Any], number: int | str) -> str:
    """Return the name of the loop by which an object is offered; no loop of A2I may have it."""
    return f"{job.name}/{number}"


def in_state(tx: Transaction, job: Row[Any], state: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return objects in that state, in the order of their lines."""
    values = {"job_sequence": job.sequence, "in_state": state, "limit": limit}
    return tx.connection.execute(_OBJECTS, values).all()


def written_after(tx: Transaction, job: Row[Any], number: int) -> Sequence[Row[Any]]:
    """Return the next objects, of any state, in the order of their lines."""
    return tx.connection.execute(_AFTER, {"job_sequence": job.sequence, "after": number}).all()


def done_with(tx: Transaction, job: Row[Any], *, limit: int = PAGE) -> Sequence[Row[Any]]:
    """Return objects that were offered, and that workers are done with."""
    values = {
        "job_sequence": job.sequence,
        "in_state": "Offered",
        "account_id": job.account_id,
        "region": job.region,
        "prefix": loop_name(job, ""),
        "limit": limit,
    }
    return tx.connection.execute(_DONE_WITH, values).all()


def with_answers(
    tx: Transaction, job: Row[Any], objects: Sequence[Row[Any]]
) -> list[tuple[Row[Any], Sequence[Row[Any]]]]:
    """Return the objects, each with the seats whose workers have answered."""
    given: dict[str, list[Row[Any]]] = {loop_name(job, each.number): [] for each in objects}
    names = list(given)
    scope = {"account_id": job.account_id, "region": job.region}
    for start in range(0, len(names), PAGE):
        for seat in tx.connection.execute(_ANSWERS, {**scope, "names": names[start : start + PAGE]}):
            given[seat.name].append(seat)
    return [(each, given[loop_name(job, each.number)]) for each in objects]


def change(
    tx: Transaction, job: Row[Any], objects: Iterable[tuple[int, Mapping[str, Any]]], **common: Any
) -> None:
    """Write columns of objects, which are named by their number: `common` to all, and to each its own."""
    rows = [{"job_sequence": job.sequence, "of_number": number, **common, **own} for number, own in objects]
    if rows:
        tx.connection.execute(_CHANGE, rows)


def change_all(tx: Transaction, job: Row[Any], before: str, **values: Any) -> None:
    """Write columns of all objects in that state."""
    keys = {"job_sequence": job.sequence, "in_state": before}
    tx.connection.execute(_CHANGE_ALL.values(values), keys)


def fail(tx: Transaction, job: Row[Any], reasons: Mapping[int, str]) -> None:
    """Let objects, by their number, go without a label, for a reason that their lines will tell."""
    if not reasons:
        return
    key = metadata_key(job.definition["LabelAttributeName"])
    told = {number: job_life.as_reason(reason) for number, reason in reasons.items()}
    changes = [
        (number, {"failure_reason": reason, "label": {key: metadata_of_failure(job, reason, tx.now)}})
        for number, reason in told.items()
    ]
    change(tx, job, changes, state="Failed")
    count(tx, job)


def count(tx: Transaction, job: Row[Any]) -> None:
    """Keep the counters that DescribeLabelingJob shows."""
    labeled = by_people = failed = 0
    for state, number, human in tx.connection.execute(_COUNTS, {"job_sequence": job.sequence}):
        if state == "Labeled":
            labeled, by_people = number, int(human)
        elif state == "Failed":
            failed = number
    counters = {"human_labeled": by_people, "machine_labeled": labeled - by_people, "failed": failed}
    job_life.update_job(tx, job, **counters, updated_at=tx.now)
