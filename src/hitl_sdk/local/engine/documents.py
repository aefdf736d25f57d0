"""The documents that leave the engine: output.json, and the events of a loop's and a labeling job's end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

__all__ = [
    "FORMS",
    "JOB_EVENT",
    "MODERATION",
    "canonical_json",
    "human_answer",
    "human_loop_event",
    "labeling_job_event",
    "output_document",
    "output_uri",
    "submission",
]

JOB_EVENT = "SageMaker Ground Truth Labeling Job State Change"
"""The kind of event that tells of a labeling job's end."""

FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
MODERATION = "AWS/Rekognition/DetectModerationLabels/Image/V3"
"""The request sources of loops that AWS's own integrations start."""

_MILLISECOND = timedelta(milliseconds=1)


def canonical_json(value: object) -> str:
    """Return JSON with its keys sorted, as AWS writes it; equal values give equal texts.

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If a value has no place in JSON.
    RecursionError
        If it is nested beyond reason.
    """
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only an escape can carry it
        return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return text


def output_uri(output_path: str, flow_name: str, loop_name: str, created_at: datetime) -> str:
    """Return where a loop's output.json goes: below its flow and the second of its start, in UTC."""
    second = created_at.astimezone(UTC).strftime("%Y/%m/%d/%H/%M/%S")
    return f"{output_path}/{flow_name}/{second}/{loop_name}/output.json"


def output_document(loop: Row[Any], seats: Iterable[Row[Any]]) -> bytes:
    """Return output.json, its answers in the order in which they came in."""
    answered = sorted((seat for seat in seats if seat.answer is not None), key=submission)
    content = json.loads(loop.input_content)
    document = {
        "flowDefinitionArn": loop.flow_arn,
        "humanAnswers": [human_answer(seat) for seat in answered],
        "humanLoopName": loop.name,
        "inputContent": content,
    }
    request = content.get("aiServiceRequest")
    if isinstance(request, dict) and "humanLoopConfig" in request:
        document["awsManagedHumanLoopRequestSource"] = FORMS if "document" in request else MODERATION
    return canonical_json(document).encode()


def human_loop_event(
    loop: Row[Any], *, event_id: str, status: str, at: datetime, code: str | None, reason: str | None
) -> dict[str, Any]:
    """Return the event of a loop that ended, in EventBridge's shape."""
    detail = {
        "creationTime": _milliseconds(loop.created_at),
        "failureCode": code,
        "failureReason": reason,
        "flowDefinitionArn": loop.flow_arn,
        "humanLoopArn": loop.arn,
        "humanLoopName": loop.name,
        "humanLoopOutput": {"outputS3Uri": loop.output_uri},
        "humanLoopStatus": status,
    }
    return _event(loop, "SageMaker A2I HumanLoop Status Change", detail, event_id=event_id, at=at)


def labeling_job_event(job: Row[Any], *, event_id: str, status: str, at: datetime) -> dict[str, Any]:
    """Return the event of a labeling job that ended, in EventBridge's shape."""
    return _event(job, JOB_EVENT, {"LabelingJobStatus": status}, event_id=event_id, at=at)


def _event(
    resource: Row[Any], kind: str, detail: dict[str, Any], *, event_id: str, at: datetime
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": event_id,
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": resource.account_id,
        "time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": resource.region,
        "resources": [resource.arn],
        "detail": detail,
    }


def submission(seat: Row[Any]) -> tuple[datetime, str]:
    """Return what answers are sorted by."""
    return seat.submitted_at, seat.worker_id


def human_answer(seat: Row[Any]) -> dict[str, Any]:
    """Return an answer as output.json and worker-response files have it."""
    # both times are cut to milliseconds first: in real files the seconds are exactly their difference
    spent = _cut(seat.submitted_at) - _cut(seat.accepted_at)
    return {
        "acceptanceTime": _milliseconds(seat.accepted_at),
        "answerContent": seat.answer,
        "submissionTime": _milliseconds(seat.submitted_at),
        "timeSpentInSeconds": spent / _MILLISECOND / 1000,
        "workerId": seat.worker_id,
        "workerMetadata": {"identityData": seat.identity},
    }


def _cut(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _milliseconds(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
