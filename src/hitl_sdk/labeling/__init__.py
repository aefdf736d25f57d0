"""The storyline of Ground Truth: manifests in, labeling jobs, chains of them."""

from hitl_sdk._ground_truth import Kind, kind_named, kinds
from hitl_sdk.labeling.automated import AutomatedLabeling
from hitl_sdk.labeling.categories import LabelCategories
from hitl_sdk.labeling.category_labels import LabelAttribute, LabelCategory
from hitl_sdk.labeling.diagnosis import Diagnosis, JobFinding
from hitl_sdk.labeling.estimate import JobEstimate
from hitl_sdk.labeling.job import LabelingJob
from hitl_sdk.labeling.job_output import JobOutput, Where
from hitl_sdk.labeling.job_report import JobProblem, JobReport
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.labeling.queues import LeftoverQueue, delete_leftover_queues, leftover_queues
from hitl_sdk.labeling.report import ManifestProblem, ManifestReport
from hitl_sdk.labeling.state import LabelCounters, LabelingJobState
from hitl_sdk.labeling.streaming import SendReport, SentObject, SnsInput, Stream, StreamResult

__all__ = [
    "AutomatedLabeling",
    "Diagnosis",
    "InputManifest",
    "JobEstimate",
    "JobFinding",
    "JobOutput",
    "JobProblem",
    "JobReport",
    "Kind",
    "LabelAttribute",
    "LabelCategories",
    "LabelCategory",
    "LabelCounters",
    "LabelingJob",
    "LabelingJobState",
    "LeftoverQueue",
    "ManifestProblem",
    "ManifestReport",
    "SendReport",
    "SentObject",
    "SnsInput",
    "Stream",
    "StreamResult",
    "Where",
    "delete_leftover_queues",
    "kind_named",
    "kinds",
    "leftover_queues",
]
