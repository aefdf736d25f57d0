"""How much more a labeling job may label: its stopping conditions, and what is with workers at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Row

__all__ = ["at_once", "for_people", "in_all"]

_OBJECTS_AT_ONCE = 1000  # MaxConcurrentTaskCount of a job that names none


def at_once(job: Row[Any]) -> int:
    """Return how many objects may be with workers at a time."""
    return int(job.definition["HumanTaskConfig"].get("MaxConcurrentTaskCount", _OBJECTS_AT_ONCE))


def for_people(job: Row[Any]) -> int:
    """Return how many objects more people may label."""
    most = _conditions(job).get("MaxHumanLabeledObjectCount")
    return in_all(job) if most is None else max(0, min(in_all(job), most - job.human_labeled))


def in_all(job: Row[Any]) -> int:
    """Return how many objects more may get a label, of whomever."""
    total: int = job.objects + job.labeled_before
    done = job.labeled_before + job.human_labeled + job.machine_labeled
    share = _conditions(job).get("MaxPercentageOfInputDatasetLabeled", 100)
    return int(max(0, total * share // 100 - done))


def _conditions(job: Row[Any]) -> dict[str, int]:
    found: dict[str, int] = job.definition.get("StoppingConditions", {})
    return found
