"""The request of CreateLabelingJob, and in what a job that exists differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.labeling.streaming import SnsInput
from hitl_sdk.resources.base import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk._ground_truth import Stage
    from hitl_sdk.labeling._files import JobFiles
    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.state import LabelingJobState

__all__ = ["differences", "request_of"]

_FIELDS = {
    "LabelAttributeName": "label_attribute",
    "InputConfig.DataSource": "input",
    "InputConfig.DataAttributes": "content_classifiers",
    "OutputConfig.S3OutputPath": "output",
    "OutputConfig.KmsKeyId": "kms_key_id",
    "OutputConfig.SnsTopicArn": "output_topic_arn",
    "RoleArn": "role_arn",
    "LabelCategoryConfigS3Uri": "categories",
    "StoppingConditions.MaxHumanLabeledObjectCount": "max_human_labeled_objects",
    "StoppingConditions.MaxPercentageOfInputDatasetLabeled": "max_percentage_labeled",
    "LabelingJobAlgorithmsConfig": "automated",
    "HumanTaskConfig.WorkteamArn": "team",
    "HumanTaskConfig.UiConfig": "task",
    "HumanTaskConfig.PreHumanTaskLambdaArn": "pre_annotation",
    "HumanTaskConfig.AnnotationConsolidationConfig": "post_annotation",
    "HumanTaskConfig.TaskKeywords": "task.keywords",
    "HumanTaskConfig.TaskTitle": "task.title",
    "HumanTaskConfig.TaskDescription": "task.description",
    "HumanTaskConfig.NumberOfHumanWorkersPerDataObject": "workers_per_object",
    "HumanTaskConfig.TaskTimeLimitInSeconds": "task_time_limit",
    "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds": "task_availability_lifetime",
    "HumanTaskConfig.MaxConcurrentTaskCount": "max_concurrent_tasks",
    "HumanTaskConfig.PublicWorkforceTaskPrice": "price",
}
"""Under which of the job's fields what AWS tells of it belongs; everything below a name counts as one."""


def request_of(
    job: LabelingJob,
    region: str,
    *,
    files: JobFiles,
    workteam_arn: str,
    functions: Mapping[Stage, str | None],
) -> dict[str, Any]:
    """Return the request, with the ARNs of what the job stands on."""
    source: dict[str, Any] = {}
    if files.manifest_uri is not None:
        source["S3DataSource"] = {"ManifestS3Uri": files.manifest_uri}
    if isinstance(job.input, SnsInput):
        source["SnsDataSource"] = {"SnsTopicArn": job.input.topic_arn}
    request: dict[str, Any] = {
        "LabelingJobName": job.name,
        "LabelAttributeName": job.attribute,
        "InputConfig": {
            "DataSource": source,
            "DataAttributes": {"ContentClassifiers": list(job.content_classifiers)},
        },
        "OutputConfig": {
            "S3OutputPath": job.output,
            "KmsKeyId": job.kms_key_id,
            "SnsTopicArn": job.output_topic_arn,
        },
        "RoleArn": job.role_arn,
        "LabelCategoryConfigS3Uri": files.categories_uri,
        "StoppingConditions": {
            "MaxHumanLabeledObjectCount": job.max_human_labeled_objects,
            "MaxPercentageOfInputDatasetLabeled": job.max_percentage_labeled,
        },
        "LabelingJobAlgorithmsConfig": job.automated and job.automated.to_request(job.kind, region),
        "HumanTaskConfig": _human_task_config(job, region, files, workteam_arn, functions),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(job.tags.items())],
    }
    filled: dict[str, Any] = _without_gaps(request)
    return filled


def _human_task_config(
    job: LabelingJob,
    region: str,
    files: JobFiles,
    workteam_arn: str,
    functions: Mapping[Stage, str | None],
) -> dict[str, Any]:
    ui_arn = job.kind.human_task_ui_arn(region)
    return {
        "WorkteamArn": workteam_arn,
        "UiConfig": {"HumanTaskUiArn": ui_arn, "UiTemplateS3Uri": files.template_uri},
        "PreHumanTaskLambdaArn": functions["PRE"],
        "TaskKeywords": list(job.task.keywords),
        "TaskTitle": job.task.title,
        "TaskDescription": " ".join(job.task.description.split()),
        "NumberOfHumanWorkersPerDataObject": job.workers_per_object,
        "TaskTimeLimitInSeconds": job.task_time_limit,
        "TaskAvailabilityLifetimeInSeconds": job.task_availability_lifetime,
        "MaxConcurrentTaskCount": job.max_concurrent_tasks,
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": functions["ACS"]},
    }


def function_arn(job: LabelingJob, stage: Stage, region: str, account: str) -> str | None:
    """Return the ARN of one of the job's functions, be it there already or not; None if it has none."""
    given = job.pre_annotation if stage == "PRE" else job.post_annotation
    if given is False:
        return None
    if given is None:
        return kind_named(job.task.labeling_kind).function_arn(stage, region)
    return given if isinstance(given, str) else f"arn:aws:lambda:{region}:{account}:function:{given.name}"


def differences(request: Mapping[str, Any], state: LabelingJobState) -> tuple[Difference, ...]:
    """Return in what the job that exists is not as the request wants it. Its tags are not looked at."""
    wanted, found = (dict(_leaves(settings)) for settings in (request, state.settings))
    paths = sorted({path for path in {**wanted, **found} if _field_of(path)})
    return tuple(
        Difference(str(_field_of(path)), found.get(path), wanted.get(path))
        for path in paths
        if found.get(path) != wanted.get(path)
    )


def _field_of(path: str) -> str | None:
    return next((field for start, field in _FIELDS.items() if f"{path}.".startswith(f"{start}.")), None)


def _leaves(value: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, object]]:
    for key, part in value.items():
        if isinstance(part, Mapping):
            yield from _leaves(part, f"{start}{key}.")
        elif part not in (None, [], ""):
            yield f"{start}{key}", part


def _without_gaps(value: Any) -> Any:
    """Return a request without what is None or empty, at any depth."""
    if not isinstance(value, Mapping):
        return value
    filled = {key: _without_gaps(part) for key, part in value.items()}
    return {key: part for key, part in filled.items() if part not in (None, {}, [])}
