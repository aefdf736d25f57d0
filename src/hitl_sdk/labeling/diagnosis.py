"""Why a labeling job does not move: what can be seen from outside, with the evidence and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitl_sdk.labeling.state import LabelingJobState

__all__ = ["Diagnosis", "JobFinding"]


@dataclass(frozen=True, slots=True)
class JobFinding:
    """One thing that keeps a job from moving, or may.

    Attributes
    ----------
    code : str
        What it is, for programs: ``"no-worker"``.
    evidence : str
        What was seen.
    cure : str
        What to do.

    Examples
    --------
    >>> print(JobFinding("no-worker", "nobody is in work team 'crew'", "add people to it"))
    ! nobody is in work team 'crew' [no-worker]
      add people to it
    """

    code: str
    evidence: str
    cure: str

    def __str__(self) -> str:
        """Return the evidence, and below it the cure."""
        return f"! {self.evidence} [{self.code}]\n  {self.cure}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `LabelingJob.diagnose` has found. Printable.

    Attributes
    ----------
    state : LabelingJobState
        The job as it was seen.
    findings : tuple of JobFinding
        What keeps it from moving, or may.

    Examples
    --------
    >>> from hitl_sdk.labeling import LabelCounters, LabelingJobState
    >>> state = LabelingJobState(
    ...     name="digits-1",
    ...     status="InProgress",
    ...     arn="arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/digits-1",
    ...     counters=LabelCounters(unlabeled=7),
    ...     label_attribute="digit",
    ... )
    >>> print(Diagnosis(state))
    labeling job 'digits-1' is InProgress: 0 of 7 objects labelled
    nothing was found that keeps it from moving
    """

    state: LabelingJobState
    findings: tuple[JobFinding, ...] = ()

    @property
    def ok(self) -> bool:
        """True if nothing was found."""
        return not self.findings

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in their order."""
        return tuple(finding.code for finding in self.findings)

    def __str__(self) -> str:
        """Return the state, and each finding below it."""
        found = [str(finding) for finding in self.findings]
        return "\n".join([str(self.state), *(found or ["nothing was found that keeps it from moving"])])
