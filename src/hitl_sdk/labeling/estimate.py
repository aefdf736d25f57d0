"""What a labeling job will take: objects, tasks, hours of people, and money, as far as that can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._data import labeling_prices
from hitl_sdk._prices import tiered_price
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.report import ManifestReport

__all__ = ["JobEstimate", "estimate_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEstimate:
    """What a job will take. Printable. Made by `LabelingJob.estimate`.

    Attributes
    ----------
    objects : int
        Lines that are to be labelled; those that have the job's label attribute already are not.
    already_labeled : int
        Those that have.
    workers_per_object : int
        How many people label each object.
    seconds_per_task : float or None
        What one person takes for one object, as it was stated.
    wage_per_hour : float or None
        What an hour of a person costs, as it was stated.
    automated : bool
        Whether a model may take some of the tasks.

    Examples
    --------
    >>> estimate = JobEstimate(objects=60_000, workers_per_object=3, seconds_per_task=12)
    >>> print(estimate)
    60,000 objects, each by 3 workers: 180,000 tasks
    600 hours of people at 12 s a task
    4,400.00 USD to Ground Truth, by prices read on 2026-11-22
    not known: what people cost: give wage_per_hour, or ask the vendor; what else was labelled this month, ...
    >>> JobEstimate(objects=200_000).prices
    {'wide': 10000.0, 'narrow': 8000.0}
    """

    objects: int
    already_labeled: int = 0
    workers_per_object: int = 1
    seconds_per_task: float | None = None
    wage_per_hour: float | None = None
    automated: bool = False

    @property
    def tasks(self) -> int:
        """How many answers people give, at most."""
        return self.objects * self.workers_per_object

    @property
    def worker_hours(self) -> float | None:
        """Hours of people, together; None if nobody stated the seconds of a task."""
        return None if self.seconds_per_task is None else self.tasks * self.seconds_per_task / 3600

    @property
    def wages(self) -> float | None:
        """What people cost; None if the wage or the seconds were not stated."""
        hours = self.worker_hours
        return None if hours is None or self.wage_per_hour is None else hours * self.wage_per_hour

    @property
    def prices(self) -> dict[str, float]:
        """USD to Ground Truth by each reading of its tiers, ``"wide"`` and ``"narrow"``, from the first object of a month on."""
        return {name: tiered_price(self.objects, tiers) for name, tiers in labeling_prices()["tiers"].items()}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the estimate does not know."""
        missing = [
            "what else was labelled this month, which moves the tiers",
            "what the free tier still covers",
        ]
        if self.seconds_per_task is None:
            missing.insert(0, "how long a task takes: give seconds_per_task")
        if self.wages is None:
            missing.insert(0, "what people cost: give wage_per_hour, or ask the vendor")
        if self.automated:
            missing += ["how many objects the model takes", "what its training and inference cost"]
        return (*missing, "S3 and Lambda")

    def __str__(self) -> str:
        """Return a line for each thing, and what is not known."""
        people = f"{self.workers_per_object} worker{'s' if self.workers_per_object > 1 else ''}"
        labelled = f" ({self.already_labeled:,} more have a label already)" if self.already_labeled else ""
        most = "at most " if self.automated else ""
        lines = [f"{self.objects:,} objects{labelled}, each by {people}: {most}{self.tasks:,} tasks"]
        if self.worker_hours is not None:
            paid = "" if self.wages is None else f": {self.wages:,.2f} at {self.wage_per_hour:,.2f} an hour"
            lines.append(
                f"{most}{_hours(self.worker_hours)} hours of people at {self.seconds_per_task:g} s a task{paid}"
            )
        lines.append(
            f"{self._money()} to Ground Truth, by prices read on {labeling_prices()['_about']['read_on']}"
        )
        return "\n".join([*lines, f"not known: {'; '.join(self.unknown)}"])

    def _money(self) -> str:
        low, high = min(self.prices.values()), max(self.prices.values())
        return f"{low:,.2f} USD" if low == high else f"{low:,.2f} to {high:,.2f} USD, as one reads the tiers,"


def _hours(hours: float) -> str:
    return f"{hours:,.1f}" if hours < 10 else f"{hours:,.0f}"


def estimate_of(
    job: LabelingJob,
    manifest: ManifestReport | None,
    *,
    seconds_per_task: float | None,
    wage_per_hour: float | None,
) -> JobEstimate:
    """Return the estimate for a job with such an input.

    Raises
    ------
    InvalidInputError
        If the number of objects can't be known, or a number is below 0.
    """
    for name, value in (("seconds_per_task", seconds_per_task), ("wage_per_hour", wage_per_hour)):
        if value is not None and not value >= 0:
            raise InvalidInputError(f"{name}={value!r}", hint="give a number from 0")
    if manifest is None:
        raise InvalidInputError(
            f"nobody can tell how many objects {job.label} will have",
            hint="it has no manifest that could be read; one in S3 is read with a session",
        )
    objects = manifest.n_lines - manifest.n_labelled
    if job.max_percentage_labeled is not None:
        objects = min(objects, math.ceil(manifest.n_lines * job.max_percentage_labeled / 100))
    if job.max_human_labeled_objects is not None and job.automated is None:
        objects = min(objects, job.max_human_labeled_objects)
    return JobEstimate(
        objects=objects,
        already_labeled=manifest.n_labelled,
        workers_per_object=job.workers_per_object,
        seconds_per_task=seconds_per_task,
        wage_per_hour=wage_per_hour,
        automated=job.automated is not None,
    )
