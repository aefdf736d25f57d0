"""The storyline of Ground Truth: manifests in, labeling jobs, chains of them."""

from hitl_sdk.labeling.automated import AutomatedLabeling
from hitl_sdk.labeling.categories import LabelAttribute, LabelCategories, LabelCategory
from hitl_sdk.labeling.job import LabelingJob
from hitl_sdk.labeling.job_report import JobProblem, JobReport
from hitl_sdk.labeling.state import LabelCounters, LabelingJobState

__all__ = [
    "AutomatedLabeling",
    "JobProblem",
    "JobReport",
    "LabelAttribute",
    "LabelCategories",
    "LabelCategory",
    "LabelCounters",
    "LabelingJob",
    "LabelingJobState",
]
