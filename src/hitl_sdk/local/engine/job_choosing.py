"""What a labeling job does when nothing is under way: it takes up the next objects, or ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hitl_sdk.local.engine import automated, job_life, job_limits, job_objects, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.automated import Selection
    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["choose"]


def choose(desk: Desk, job: Row[Any]) -> None:
    """Take up the next objects; end the job when there are none."""
    if desk.run(partial(_ends, job=job)):
        return
    if automated.is_automated(job):
        desk.run(partial(_share_out, job=job, selection=automated.select_objects(desk, job)))
    else:
        if streams.is_streaming(job):
            streams.take_in(desk, job)
        desk.run(partial(_take_up, job=job))


def _ends(tx: Transaction, job: Row[Any]) -> bool:
    """End a job that takes up nothing more, whatever there is."""
    now = job_life.held(tx, job)
    if now.outcome is not None and job_objects.done_with(tx, now, limit=1):
        job_life.go_on(tx, now, "Saving")
        return True
    if now.outcome is not None:
        job_life.end(tx, now, now.outcome, reason=now.failure_reason)
        return True
    if not streams.is_streaming(now) and tx.now >= job.created_at + job_life.LONGEST_JOB:
        job_life.end(tx, now, "Failed", reason=job_life.TOO_OLD)
        return True
    return False


def _take_up(tx: Transaction, job: Row[Any]) -> None:
    now = job_life.held(tx, job)
    in_flight = job_life.flow_of(tx, now).in_flight  # of a streaming job; any other has none by now
    waiting = job_objects.in_state(tx, now, "Waiting", limit=job_limits.at_once(now) - in_flight)
    taken = waiting[: max(0, job_limits.for_people(now) - in_flight)]
    if taken:
        _take(tx, now, [each.number for each in taken])
    elif in_flight:
        job_life.wait_for_answers(tx, now)
    elif waiting or not streams.is_streaming(now):
        job_life.end(tx, now, "Stopped" if waiting else "Completed")
    else:
        streams.listen(tx, now)


def _share_out(tx: Transaction, job: Row[Any], selection: Selection) -> None:
    """Keep what the model labels, and take up what people label."""
    now = job_life.held(tx, job)
    if selection.model_arn is not None:
        job_life.update_job(tx, now, model_arn=selection.model_arn)
    if selection.labels:
        labels = [(number, {"label": label}) for number, label in selection.labels.items()]
        common = {"state": "Labeled", "human_annotated": False, "iteration": now.iteration + 1}
        job_objects.change(tx, now, labels, **common)
        job_objects.count(tx, now)
    if selection.for_people:
        _take(tx, now, selection.for_people)
    elif selection.labels:
        job_life.go_on(tx, now, "Publishing", iteration=now.iteration + 1)
    else:
        left = job_objects.in_state(tx, now, "Waiting", limit=1)
        job_life.end(tx, now, "Stopped" if left else "Completed")


def _take(tx: Transaction, job: Row[Any], numbers: Sequence[int]) -> None:
    """Begin an iteration with these objects."""
    iteration = job.iteration + 1
    job_objects.change(tx, job, [(number, {}) for number in numbers], state="Chosen", iteration=iteration)
    job_life.go_on(tx, job, "Preparing", iteration=iteration)
