"""A labeling job as AWS describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from hitl_sdk._ground_truth import CUSTOM, Kind, Stage, function_of_arn, kind_named
from hitl_sdk.resources import State

__all__ = ["LabelCounters", "LabelingJobState"]

ENDED = ("Completed", "Failed", "Stopped")
"""The statuses after which nothing more happens to a job."""


@dataclass(frozen=True, slots=True)
class LabelCounters:
    """How many data objects of a job are in which state.

    Attributes
    ----------
    human_labeled, machine_labeled : int
        Labelled by people, and by automated labeling.
    failed : int
        That could not be labelled, and will not be (``FailedNonRetryableError``).
    unlabeled : int
        That are not labelled yet, or not any more to be.

    Examples
    --------
    >>> counters = LabelCounters(human_labeled=90, machine_labeled=5, failed=1, unlabeled=4)
    >>> print(counters)
    95 of 100 objects labelled, 5 of them by machine, 1 failed
    """

    human_labeled: int = 0
    machine_labeled: int = 0
    failed: int = 0
    unlabeled: int = 0

    @property
    def labeled(self) -> int:
        """All labelled objects."""
        return self.human_labeled + self.machine_labeled

    @property
    def total(self) -> int:
        """All objects that AWS has counted; none while a job is initializing."""
        return self.labeled + self.failed + self.unlabeled

    def __str__(self) -> str:
        """Return the counts in words."""
        text = f"{self.labeled:,} of {self.total:,} objects labelled"
        if self.machine_labeled:
            text += f", {self.machine_labeled:,} of them by machine"
        return f"{text}, {self.failed:,} failed" if self.failed else text


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelingJobState(State):
    """A labeling job as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    counters : LabelCounters
        How far it is.
    label_attribute : str
        Under which key of the output manifest the labels stand.
    output_manifest_uri : str or None
        Where the output manifest lies, once AWS says so.
    final_model_arn : str or None
        The model of automated labeling, for the next job to start from.
    created_at, modified_at : datetime or None
        In UTC.
    job_reference_code : str or None
        What workers see of the job, and may name when they ask about it.
    settings : mapping
        What the job was made with, as DescribeLabelingJob spells it.

    Examples
    --------
    >>> state = LabelingJobState(
    ...     name="digits-1",
    ...     status="InProgress",
    ...     arn="arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/digits-1",
    ...     counters=LabelCounters(human_labeled=3, unlabeled=7),
    ...     label_attribute="digit",
    ... )
    >>> print(state)
    labeling job 'digits-1' is InProgress: 3 of 10 objects labelled
    >>> state.has_ended, state.ok
    (False, False)
    """

    arn: str
    counters: LabelCounters
    label_attribute: str
    output_manifest_uri: str | None = None
    final_model_arn: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    job_reference_code: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def has_ended(self) -> bool:
        """True if nothing more will happen to it: Completed, Failed or Stopped."""
        return self.status in ENDED

    @property
    def ok(self) -> bool:
        """True if it is Completed, and no object has failed."""
        return self.status == "Completed" and not self.counters.failed

    @property
    def kind(self) -> Kind:
        """Its kind, by the function that reads the answers: AWS keeps no other trace of it."""
        found = function_of_arn(self.function_arns["ACS"] or "")
        return kind_named(CUSTOM) if found is None else found[1]

    @property
    def function_arns(self) -> dict[Stage, str | None]:
        """The functions before people answer, and after; None where there is none."""
        task = self.settings.get("HumanTaskConfig", {})
        consolidation = task.get("AnnotationConsolidationConfig", {})
        return {
            "PRE": task.get("PreHumanTaskLambdaArn"),
            "ACS": consolidation.get("AnnotationConsolidationLambdaArn"),
        }

    @property
    def input_manifest_uri(self) -> str | None:
        """Where the input manifest lies; None of a streaming job that has none."""
        source = self.settings.get("InputConfig", {}).get("DataSource", {})
        uri: str | None = source.get("S3DataSource", {}).get("ManifestS3Uri")
        return uri

    @property
    def is_streaming(self) -> bool:
        """True if objects come by SNS: such a job runs until it is stopped."""
        return "SnsDataSource" in self.settings.get("InputConfig", {}).get("DataSource", {})

    def __str__(self) -> str:
        """Return one line: the job, its status, its counters, and why it has failed."""
        line = f"labeling job '{self.name}' is {self.status}: {self.counters}"
        return f"{line}; {self.failure_reason}" if self.failure_reason else line


def state_of(description: Mapping[str, Any]) -> LabelingJobState:
    """Return the state that a response of DescribeLabelingJob tells of."""
    counters = cast("Mapping[str, int]", description.get("LabelCounters", {}))
    output = description.get("LabelingJobOutput", {})
    return LabelingJobState(
        name=description["LabelingJobName"],
        status=description["LabelingJobStatus"],
        failure_reason=description.get("FailureReason"),
        arn=description["LabelingJobArn"],
        counters=LabelCounters(
            human_labeled=counters.get("HumanLabeled", 0),
            machine_labeled=counters.get("MachineLabeled", 0),
            failed=counters.get("FailedNonRetryableError", 0),
            unlabeled=counters.get("Unlabeled", 0),
        ),
        # AWS leaves the name out where it is the job's own
        label_attribute=description.get("LabelAttributeName") or description["LabelingJobName"],
        output_manifest_uri=output.get("OutputDatasetS3Uri"),
        final_model_arn=output.get("FinalActiveLearningModelArn"),
        created_at=description.get("CreationTime"),
        modified_at=description.get("LastModifiedTime"),
        job_reference_code=description.get("JobReferenceCode"),
        settings={key: value for key, value in description.items() if key != "ResponseMetadata"},
    )
