"""The two Lambda functions of a labeling job: what each is asked, and what its answer means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hitl_sdk._ground_truth import CUSTOM, function_of_arn, kind_named
from hitl_sdk._manifest_line import metadata_key
from hitl_sdk.local.engine import job_files
from hitl_sdk.local.engine.documents import canonical_json
from hitl_sdk.local.engine.errors import FunctionFailed
from hitl_sdk.local.engine.job_input import kind_of
from hitl_sdk.local.engine.values import Scope

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.delivery import Delivery

__all__ = ["consolidate", "consolidating_function", "prepare", "reference", "with_metadata"]

_VERSION = "2018-10-16"


def prepare(delivery: Delivery, job: Row[Any], data_object: Row[Any]) -> dict[str, Any] | None:
    """Return what workers will see of an object; None if it is not for people.

    A job without a pre-annotation function has AWS's own for custom jobs. To what one of AWS's functions gives,
    the labels of the category file are added, as templates of built-in jobs see them.

    Raises
    ------
    FunctionFailed
        If the function does, or its answer means nothing.
    """
    scope = Scope(job.account_id, job.region)
    given: str | None = job.definition["HumanTaskConfig"].get("PreHumanTaskLambdaArn")
    function = given or kind_named(CUSTOM).function_arn("PRE", scope.region)
    line = json.loads(data_object.line)
    event = {"version": _VERSION, "labelingJobArn": job.arn, "dataObject": line}
    task_input = _task_input(_json(delivery.invoke(scope, function, event)))
    if task_input is not None and function_of_arn(function) and job.label_categories is not None:
        return {"labels": job.label_categories, **task_input}
    return task_input


def _task_input(answer: object) -> dict[str, Any] | None:
    if not isinstance(answer, dict):
        raise FunctionFailed(f"it gave {type(answer).__name__} in place of an object")
    # AWS's own samples spell it without "is", and its values as texts
    for key in ("isHumanAnnotationRequired", "humanAnnotationRequired"):
        if str(answer.get(key)).lower() == "false":
            return None
    task_input = answer.get("taskInput")
    if not isinstance(task_input, dict):
        raise FunctionFailed("its answer has no object taskInput")
    return task_input


def _json(answer: object) -> Any:
    """Return a function's answer; refuse what JSON can't carry, as numbers that are not finite."""
    try:
        canonical_json(answer)
    except (TypeError, ValueError, RecursionError) as error:
        raise FunctionFailed("its answer is no JSON") from error
    return answer


def consolidating_function(job: Row[Any]) -> str | None:
    """Return the post-annotation function's ARN; None if answers are handed on as they are."""
    config = job.definition["HumanTaskConfig"].get("AnnotationConsolidationConfig")
    arn: str | None = config and config["AnnotationConsolidationLambdaArn"]
    known = function_of_arn(arn or "")
    return None if known is not None and known[1].name == CUSTOM else arn


def reference(job: Row[Any], data_object: Row[Any]) -> dict[str, Any]:
    """Return the label of an object that nobody consolidates: where its answers lie."""
    attribute = job.definition["LabelAttributeName"]
    return {attribute: {}, metadata_key(attribute): {"worker-response-ref": data_object.response_uri}}


def consolidate(
    delivery: Delivery, job: Row[Any], function: str, payload_uri: str
) -> tuple[object, dict[str, dict[str, Any]]]:
    """Have the answers in the payload file made labels.

    Returns
    -------
    answer
        What the function gave.
    contents
        What that says of each object, by its id.

    Raises
    ------
    FunctionFailed
        If the function does, or its answer means nothing.
    """
    event = _post_annotation_event(job, payload_uri)
    answer = _json(delivery.invoke(Scope(job.account_id, job.region), function, event))
    if not isinstance(answer, list):
        raise FunctionFailed(f"it gave {type(answer).__name__} in place of a list")
    contents: dict[str, dict[str, Any]] = {}
    for item in answer:
        try:
            object_id, content = item["datasetObjectId"], item["consolidatedAnnotation"]["content"]
        except (TypeError, KeyError):
            object_id = content = None
        if object_id is None or not isinstance(content, dict):
            raise FunctionFailed(
                "an item of its answer lacks datasetObjectId or consolidatedAnnotation.content"
            )
        contents[str(object_id)] = content
    return answer, contents


def _post_annotation_event(job: Row[Any], payload_uri: str) -> dict[str, Any]:
    event = {
        "version": _VERSION,
        "labelingJobArn": job.arn,
        "labelCategories": job.label_categories,
        "labelAttributeName": job.definition["LabelAttributeName"],
        "roleArn": job.definition["RoleArn"],
        "outputConfig": job_files.annotations_uri(job),
        "payload": {"s3Uri": payload_uri},
    }
    key = job.definition["OutputConfig"].get("KmsKeyId")
    return {**event, "kmsKeyId": key} if key else event


def with_metadata(job: Row[Any], content: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return a label with its metadata, which AWS's own functions may write themselves, and no other."""
    key = metadata_key(job.definition["LabelAttributeName"])
    kind = kind_of(job.definition)
    is_anothers = kind.name == CUSTOM and consolidating_function(job) is not None
    own = content.get(key)
    given = own if isinstance(own, dict) and not is_anothers else {}
    return {**content, key: {**job_files.metadata_of_job(job, kind.metadata_type, at), **given}}
