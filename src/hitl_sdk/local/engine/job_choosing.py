"""What a labeling job does when nothing is under way: it takes up the next objects, or ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hitl_sdk.local.engine import job_life, job_objects

if TYPE_CHECKING:
    from sqlalchemy import Row

    from hitl_sdk.local.engine.job_objects import Desk
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["choose"]

_OBJECTS_AT_ONCE = 1000  # MaxConcurrentTaskCount of a job that names none


def choose(desk: Desk, job: Row[Any]) -> None:
    """Take up the next objects; end the job when there are none."""
    desk.run(partial(_take_up, job=job))


def _take_up(tx: Transaction, job: Row[Any]) -> None:
    now = job_life.held(tx, job)
    if now.outcome is not None:
        job_life.end(tx, now, now.outcome, reason=now.failure_reason)
        return
    if tx.now >= job.created_at + job_life.LONGEST_JOB:
        job_life.end(tx, now, "Failed", reason=job_life.TOO_OLD)
        return
    at_once = now.definition["HumanTaskConfig"].get("MaxConcurrentTaskCount", _OBJECTS_AT_ONCE)
    waiting = job_objects.in_state(tx, now, "Waiting", limit=at_once)
    taken = waiting[: _allowance(now)]
    if taken:
        iteration = now.iteration + 1
        job_objects.change(
            tx, now, [(each.number, {}) for each in taken], state="Chosen", iteration=iteration
        )
        job_life.go_on(tx, now, "Preparing", iteration=iteration)
    elif waiting or not _is_streaming(now):
        job_life.end(tx, now, "Stopped" if waiting else "Completed")
    else:
        job_life.go_on(tx, now, "Choosing", due_at=now.created_at + job_life.LONGEST_JOB)


def _is_streaming(job: Row[Any]) -> bool:
    """Tell whether objects may come that are not there yet: a job with an SNS topic runs until it is stopped."""
    return "SnsDataSource" in job.definition["InputConfig"]["DataSource"]


def _allowance(job: Row[Any]) -> int:
    """Return how many objects more the stopping conditions let people label."""
    conditions = job.definition.get("StoppingConditions", {})
    total: int = job.objects + job.labeled_before
    done = job.labeled_before + job.human_labeled + job.machine_labeled
    allowed = [total]
    if "MaxHumanLabeledObjectCount" in conditions:
        allowed.append(conditions["MaxHumanLabeledObjectCount"] - job.human_labeled)
    if "MaxPercentageOfInputDatasetLabeled" in conditions:
        allowed.append(total * conditions["MaxPercentageOfInputDatasetLabeled"] // 100 - done)
    return max(0, min(allowed))
