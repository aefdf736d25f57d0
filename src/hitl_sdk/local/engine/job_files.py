"""The files of a labeling job: where each lies below the job's folder, and what stands in it."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from hitl_sdk._manifest_line import creation_date, label_metadata
from hitl_sdk.local.engine.documents import canonical_json, human_answer, submission
from hitl_sdk.local.frame_responses import frame_responses

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row

__all__ = [
    "annotations_uri",
    "intermediate_uri",
    "job_name",
    "manifest_uri",
    "metadata_of_failure",
    "metadata_of_job",
    "object_folder",
    "output_line",
    "payload_item",
    "request_uri",
    "response_files",
    "response_uri",
    "written_at",
]


def manifest_uri(job: Row[Any]) -> str:
    """Return where the output manifest lies."""
    return f"{_folder(job)}/manifests/output/output.manifest"


def annotations_uri(job: Row[Any]) -> str:
    """Return the folder of all annotations, which a post-annotation function gets as ``outputConfig``."""
    return f"{_folder(job)}/annotations"


def intermediate_uri(job: Row[Any]) -> str:
    """Return where the lines of the current iteration lie."""
    return f"{annotations_uri(job)}/intermediate/{job.iteration}/annotations.manifest"


def object_folder(job: Row[Any], object_id: str) -> str:
    """Return the folder of the workers' answers to an object in the current iteration."""
    return f"{annotations_uri(job)}/worker-response/iteration-{job.iteration}/{object_id}"


def request_uri(job: Row[Any], last: datetime) -> str:
    """Return where the payload of the post-annotation function lies, whose last answer was given then.

    It is the same however often these answers are consolidated, as after a crash.
    """
    return _consolidation(job, "request", last)


def response_uri(job: Row[Any], last: datetime) -> str:
    """Return where the answer of the post-annotation function lies, beside its payload."""
    return _consolidation(job, "response", last)


def _consolidation(job: Row[Any], which: str, last: datetime) -> str:
    folder = f"{annotations_uri(job)}/consolidated-annotation/consolidation-{which}"
    return f"{folder}/iteration-{job.iteration}/{written_at(last)}.json"


def _folder(job: Row[Any]) -> str:
    return f"{job.definition['OutputConfig']['S3OutputPath'].rstrip('/')}/{job.name}"


def written_at(time: datetime) -> str:
    """Return a time as file names have it."""
    return f"{time.astimezone(UTC):%Y-%m-%d_%H:%M:%S}"


def response_files(job: Row[Any], object_id: str, seats: Sequence[Row[Any]]) -> dict[str, bytes]:
    """Return the files of the workers' answers to an object by their URIs, the one that names them all first.

    Answers to video frames get a file more for each frame.
    """
    answered = sorted(seats, key=submission)
    folder = object_folder(job, object_id)
    document = {"answers": [{**human_answer(seat), "workerId": _worker_id(job, seat)} for seat in answered]}
    files = {f"{folder}/{written_at(answered[-1].submitted_at)}.json": canonical_json(document).encode()}
    for seat in answered:
        for name, response in frame_responses(seat.worker_id, seat.answer).items():
            files[f"{folder}/{name}"] = canonical_json(response).encode()
    return files


def payload_item(job: Row[Any], data_object: Row[Any], seats: Iterable[Row[Any]]) -> dict[str, Any]:
    """Return what the post-annotation function gets of an object and its answers."""
    line = json.loads(data_object.line)
    return {
        "datasetObjectId": data_object.object_id,
        "dataObject": {"s3Uri": line["source-ref"]} if "source-ref" in line else {"content": line["source"]},
        "annotations": [
            {
                "workerId": _worker_id(job, seat),
                "annotationData": {"content": canonical_json(seat.answer)},
            }
            for seat in sorted(seats, key=submission)
        ],
    }


def output_line(data_object: Row[Any]) -> bytes:
    """Return the object's line of the output manifest, with what consolidation has added to it."""
    if data_object.label is None:
        return str(data_object.line).encode()
    line = {**json.loads(data_object.line), **data_object.label}
    try:
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair: only an escape can carry it
        return json.dumps(line, separators=(",", ":")).encode()


def job_name(job: Row[Any]) -> str:
    """Return the job as metadata names it: in lower case, as real files have it."""
    return f"labeling-job/{job.name.lower()}"


def metadata_of_job(job: Row[Any], kind: str, at: datetime) -> dict[str, Any]:
    """Return the metadata that the service itself writes with a label."""
    return label_metadata(kind, job_name(job), at)


def metadata_of_failure(job: Row[Any], reason: str, at: datetime) -> dict[str, Any]:
    """Return the metadata of an object that got no label.

    AWS does not document it: what it says of jobs and dates is as with labels, ``failure-reason`` says why.
    """
    return {
        "failure-reason": reason,
        "job-name": job_name(job),
        "creation-date": creation_date(at),
    }


def _worker_id(job: Row[Any], seat: Row[Any]) -> str:
    return f"private.{job.region}.{seat.worker_id}"
