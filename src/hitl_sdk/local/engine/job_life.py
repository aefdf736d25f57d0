"""The life of a labeling job: the only place that changes the state of one.

::

    Initializing --- the manifest is read ---> InProgress --- every object is labelled or failed ---> Completed
         |                                         |--- StopLabelingJob ---> Stopping --------------> Stopped
         |                                         '--- a stopping condition is met ----------------> Stopped
         '--- what can't be read or written, or 30 days have passed --------------------------------> Failed

Below its status a job has a step, which is what is to be done next (see `job_work`). Whoever takes a step on
holds the job for a while; what comes of the step is kept only if nobody else has taken the job on since. So a
step that a crash interrupted is done again, and no two are done at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, select, update

from hitl_sdk.local.engine import outbox
from hitl_sdk.local.engine.documents import labeling_job_event
from hitl_sdk.local.engine.transactions import derived_uuid
from hitl_sdk.local.store import flows, labeling_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Transaction

__all__ = [
    "ENDED",
    "HELD_FOR",
    "LONGEST_JOB",
    "TOO_OLD",
    "ClaimLost",
    "as_reason",
    "begun",
    "claim",
    "end",
    "flow_of",
    "go_on",
    "held",
    "locked",
    "next_due",
    "postpone",
    "update_job",
    "wait_for_answers",
    "wake",
]

ENDED = frozenset({"Completed", "Failed", "Stopped"})
LONGEST_JOB = timedelta(days=30)
TOO_OLD = "The labeling job was not completed in 30 days"
HELD_FOR = timedelta(minutes=20)  # a Lambda function may take 15; longer than this is taken for a crash
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_REASON = 1024

_DUE = (
    select(labeling_jobs)
    .where(labeling_jobs.c.due_at <= bindparam("now"))
    .order_by(labeling_jobs.c.due_at, labeling_jobs.c.sequence)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_NEXT_DUE = (
    select(labeling_jobs.c.due_at)
    .where(labeling_jobs.c.due_at.is_not(None))
    .order_by(labeling_jobs.c.due_at)
    .limit(1)
)
_LOCKED = select(labeling_jobs).where(labeling_jobs.c.sequence == bindparam("job_sequence")).with_for_update()
_FLOW = select(flows).where(flows.c.job == bindparam("job_sequence")).with_for_update()
_UPDATE = update(labeling_jobs).where(labeling_jobs.c.sequence == bindparam("job_sequence"))
_WAKE = _UPDATE.where(
    labeling_jobs.c.step == "Answering",
    exists().where(flows.c.sequence == bindparam("flow_sequence"), flows.c.in_flight == 0),
)


class ClaimLost(Exception):
    """Somebody else has taken the job on meanwhile, or it is gone: what was done for it does not count."""


def claim(tx: Transaction) -> Row[Any] | None:
    """Take hold of the job that has waited longest for its next step; nobody else gets it for a while."""
    job = tx.connection.execute(_DUE, {"now": tx.now}).one_or_none()
    if job is None:
        return None
    update_job(tx, job, due_at=tx.now + HELD_FOR, claim=job.claim + 1)
    return tx.connection.execute(_LOCKED, {"job_sequence": job.sequence}).one()


def held(tx: Transaction, job: Row[Any]) -> Row[Any]:
    """Return the job as it is now, locked with its flow, for whoever took hold of it.

    Raises
    ------
    ClaimLost
        If somebody else has it.
    """
    now = locked(tx, job.sequence)
    if now is None or now.claim != job.claim or now.status in ENDED:
        raise ClaimLost
    return now


def locked(tx: Transaction, sequence: int) -> Row[Any] | None:
    """Return a job, locked after its flow: in the order in which the end of a loop locks the two."""
    tx.connection.execute(_FLOW, {"job_sequence": sequence})
    return tx.connection.execute(_LOCKED, {"job_sequence": sequence}).one_or_none()


def flow_of(tx: Transaction, job: Row[Any]) -> Row[Any]:
    """Return the flow by which the job's objects are offered."""
    return tx.connection.execute(_FLOW, {"job_sequence": job.sequence}).one()


def go_on(
    tx: Transaction, job: Row[Any], step: str, *, due_at: datetime | None = None, **changes: Any
) -> None:
    """Let the job take its next step: at once, or at `due_at`."""
    due_at = due_at or tx.now
    update_job(tx, job, step=step, due_at=due_at, attempts=0, **changes)
    tx.job_due.append(due_at)


def wait_for_answers(tx: Transaction, job: Row[Any]) -> None:
    """Let the job wait for its workers, for 30 days since it began; a streaming job for 30 more."""
    since = job.created_at if job.queue is None else tx.now
    go_on(tx, job, "Answering", due_at=since + LONGEST_JOB)


def wake(tx: Transaction, sequence: int, flow_sequence: int) -> None:
    """Let a job that waits for answers go on, if the loop that just ended was its last."""
    keys = {"job_sequence": sequence, "flow_sequence": flow_sequence}
    values = {"step": "Saving", "due_at": tx.now, "attempts": 0}
    if tx.connection.execute(_WAKE.values(values), keys).rowcount:
        tx.job_due.append(tx.now)


def postpone(tx: Transaction, job: Row[Any]) -> None:
    """Have the step tried again later, each time after a longer pause."""
    attempts = held(tx, job).attempts + 1
    due_at = tx.now + min(timedelta(seconds=2 ** (attempts - 1)), _LONGEST_PAUSE)
    update_job(tx, job, attempts=attempts, due_at=due_at)
    tx.job_due.append(due_at)


def end(tx: Transaction, job: Row[Any], status: str, *, reason: str | None = None) -> None:
    """Let the job end; its team is free of it, and an event tells."""
    reason = None if reason is None else as_reason(reason)
    update_job(tx, job, status=status, failure_reason=reason, due_at=None, updated_at=tx.now)
    tx.connection.execute(delete(flows).where(flows.c.job == job.sequence))
    event_id = derived_uuid(tx, "event", job.arn, job.created_at)
    outbox.post_event(tx, labeling_job_event(job, event_id=event_id, status=status, at=tx.now))


def begun(tx: Transaction) -> Sequence[Row[Any]]:
    """Return all jobs that have read their input, and so have written a manifest; whatever has become of them."""
    read = labeling_jobs.c.objects + labeling_jobs.c.labeled_before > 0
    return tx.connection.execute(select(labeling_jobs).where(read)).all()


def as_reason(text: str) -> str:
    """Return a text, whoever wrote it, as every database keeps it and FailureReason may be."""
    return text.encode(errors="replace").decode().replace("\x00", "")[:_LONGEST_REASON]


def next_due(tx: Transaction) -> datetime | None:
    """Return when the next job has something to do."""
    return tx.connection.execute(_NEXT_DUE).scalar()


def update_job(tx: Transaction, job: Row[Any], **values: Any) -> None:
    """Write columns of the job."""
    tx.connection.execute(_UPDATE.values(values), {"job_sequence": job.sequence})
