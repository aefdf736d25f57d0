"""What is wrong with a labeling job before it is made: every finding with its field and its cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitl_sdk.labeling.report import ManifestReport

__all__ = ["JobProblem", "JobReport"]


@dataclass(frozen=True, slots=True)
class JobProblem:
    """One thing that is wrong, or unwise.

    Attributes
    ----------
    field : str
        The job's field.
    message : str
        What is wrong with it, and what to do.

    Examples
    --------
    >>> print(JobProblem("input", "the bucket lies in eu-west-1: copy it"))
    input: the bucket lies in eu-west-1: copy it
    """

    field: str
    message: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class JobReport:
    """What `LabelingJob.check` has found.

    Attributes
    ----------
    problems : tuple of JobProblem
        What keeps the job from being made.
    advice : tuple of JobProblem
        What AWS allows, but advises against.
    manifest : ManifestReport or None
        What the lines of the input are like, if they could be read.

    Examples
    --------
    >>> report = JobReport(advice=(JobProblem("automated", "AWS advises 5,000 objects or more"),))
    >>> print(report)
    ~ automated: AWS advises 5,000 objects or more
    >>> report.ok
    True
    """

    problems: tuple[JobProblem, ...] = ()
    advice: tuple[JobProblem, ...] = ()
    manifest: ManifestReport | None = None

    @property
    def ok(self) -> bool:
        """True if nothing keeps the job from being made."""
        return not self.problems

    def __str__(self) -> str:
        """Return one line a finding, problems first."""
        lines = [f"! {each}" for each in self.problems] + [f"~ {each}" for each in self.advice]
        return "\n".join(lines) or "nothing is wrong with the job"
