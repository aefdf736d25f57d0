"""The steps of a labeling job, each of which may be done again.

::

    Reading --> Publishing --> Choosing --> Preparing --> Answering --> Saving --> Consolidating --.
                    ^                                                                              |
                    '------------------------------- one iteration --------------------------------'

Reading takes in the manifest, Choosing takes up the next objects or ends the job, Preparing has each prepared by
the pre-annotation function and offers it to workers, Saving writes their answers, Consolidating has them made one
label an object by the post-annotation function, Publishing writes the output manifest. While Answering, nothing is
to be done but wait; the end of the last loop of the iteration lets the job go on. A streaming job that has nothing
to do is Listening (see `streams`).

A step reads in one transaction, then reads, writes and invokes outside of any, and keeps what came of it in
another. What it writes is the same when it is done again, and lies at the same place.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, update

from hitl_sdk.local.engine import job_choosing, job_labeling, job_life, job_offering, lifecycle, streams
from hitl_sdk.local.engine.errors import BucketMissing
from hitl_sdk.local.engine.job_input import JobFailed, read_input
from hitl_sdk.local.engine.values import Scope
from hitl_sdk.local.store import flows, labeling_jobs, labeling_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row

    from hitl_sdk.local.engine.job_input import JobInput
    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["carry_on", "resume"]

_LOG = logging.getLogger(__name__)

_IS_UNDER_WAY = and_(
    labeling_jobs.c.status.not_in(job_life.ENDED), labeling_jobs.c.step.not_in(("Answering", "Listening"))
)

MOST_ATTEMPTS = 17  # with growing pauses, about 5 hours


def carry_on(desk: Desk, job: Row[Any]) -> None:
    """Do the next step of a job that was claimed; one that fails in passing is done again later."""
    try:
        try:
            _STEPS[job.step](desk, job)
        except (JobFailed, BucketMissing) as error:
            desk.run(partial(_fail, job=job, reason=str(error)))
        except job_life.ClaimLost:
            raise
        except Exception as error:  # whatever a face's own client raises, the job is kept
            attempts = job.attempts + 1
            told = (job.step, job.name, attempts, MOST_ATTEMPTS, repr(error))
            _LOG.warning("%s of labeling job %s: attempt %d of %d failed: %s", *told)
            if attempts < MOST_ATTEMPTS:
                desk.run(partial(job_life.postpone, job=job))
            else:
                desk.run(partial(_fail, job=job, reason=f"InternalError: {job.step} failed"))
    except job_life.ClaimLost:
        _LOG.info("somebody else has taken on labeling job %s", job.name)


def _fail(tx: Transaction, job: Row[Any], reason: str) -> None:
    now = job_life.held(tx, job)
    lifecycle.stop_loops_of(tx, job_life.flow_of(tx, now).sequence)
    job_life.end(tx, now, "Failed", reason=reason)


def _read(desk: Desk, job: Row[Any]) -> None:
    """Take in the manifest, the template and the label categories."""
    found = read_input(desk.delivery, Scope(job.account_id, job.region), job.definition)
    queue = streams.open_queue(desk, job) if streams.is_streaming(job) else None
    desk.run(partial(_begin, job=job, found=found, queue=queue))


def _begin(tx: Transaction, job: Row[Any], found: JobInput, queue: str | None) -> None:
    now = job_life.held(tx, job)
    tx.connection.execute(update(flows).where(flows.c.job == job.sequence).values(template=found.template))
    rows = [
        {
            "job": job.sequence,
            "number": number,
            "object_id": str(number),
            "state": "LabeledBefore" if has_label else "Waiting",
            "line": line,
        }
        for number, (line, has_label) in enumerate(zip(found.lines, found.has_label, strict=True))
    ]
    if rows:
        tx.connection.execute(insert(labeling_objects), rows)
    before = sum(found.has_label)
    categories = found.label_categories
    job_life.go_on(
        tx,
        job,
        "Publishing",
        status=now.status if now.outcome else "InProgress",
        label_categories=None if categories is None else list(categories),
        objects=len(rows) - before,
        labeled_before=before,
        queue=queue,
        updated_at=tx.now,
    )


def resume(tx: Transaction) -> None:
    """Let every job go on whose step a crash interrupted, when it is sure that nobody is at one.

    Files of answers that were not kept are written again: of an iteration not consolidated yet.
    """
    answered = update(labeling_objects).where(labeling_objects.c.state == "Answered")
    tx.connection.execute(answered.values(state="Offered"))
    consolidating = update(labeling_jobs).where(labeling_jobs.c.step == "Consolidating")
    tx.connection.execute(consolidating.where(_IS_UNDER_WAY).values(step="Saving"))
    tx.connection.execute(update(labeling_jobs).where(_IS_UNDER_WAY).values(due_at=tx.now))
    tx.job_due.append(tx.now)


_STEPS: dict[str, Callable[[Desk, Row[Any]], None]] = {
    "Reading": _read,
    "Publishing": job_labeling.publish,
    "Choosing": job_choosing.choose,
    "Preparing": job_offering.prepare,
    "Answering": job_offering.give_up,
    "Listening": streams.idle,
    "Saving": job_labeling.save,
    "Consolidating": job_labeling.consolidate,
}
