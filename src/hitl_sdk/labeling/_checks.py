"""What can only be seen beside the job: its input's lines, and where everything lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import AccessDeniedError, InvalidArnError, NotFoundError, RegionNotSupportedError
from hitl_sdk.labeling._files import split_object_uri
from hitl_sdk.labeling._input import is_streamed, manifest_address
from hitl_sdk.labeling.job_report import JobProblem, JobReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.session import Session

__all__ = ["bucket_region", "report_on"]


def report_on(job: LabelingJob, session: Session | None) -> JobReport:
    """Return everything that keeps the job from being made, in one pass."""
    problems: list[JobProblem] = []
    if session is not None:
        problems += _arn_problems(job, session)
        problems += _bucket_problems(job, session)
    return JobReport(problems=tuple(problems))


def bucket_region(bucket: str, session: Session) -> str:
    """Return the Region of a bucket.

    Raises
    ------
    NotFoundError
        If there is no such bucket.
    AccessDeniedError
        If the caller may not know.
    """
    with translated_errors(f"bucket {bucket}"):
        found = session.client("s3").get_bucket_location(Bucket=bucket).get("LocationConstraint")
    # S3's first Region has no name there, and Ireland once was the EU
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(found, str(found))


def _arn_problems(job: LabelingJob, session: Session) -> Iterator[JobProblem]:
    region = session.region_name
    try:
        job.kind.function_arn("PRE", region)
    except RegionNotSupportedError as error:
        yield JobProblem("session", str(error))
    for field in ("team", "pre_annotation", "post_annotation", "output_topic_arn", "kms_key_id"):
        value = getattr(job, field)
        if isinstance(value, str) and value.startswith("arn:"):
            yield from _misplaced(field, value, region)
    if is_streamed(job.input):
        yield from _misplaced("input", job.input.topic_arn, region)
    account = session.account_id
    yield from _misplaced("role_arn", job.role_arn, region, account)
    if isinstance(job.team, str) and ":workteam/vendor-crowd/" not in job.team:
        yield from _misplaced("team", job.team, None, account)


def _misplaced(field: str, arn: str, region: str | None, account: str | None = None) -> Iterator[JobProblem]:
    try:
        parse_arn(arn, region=region, account=account)
    except InvalidArnError as error:
        yield JobProblem(field, str(error))


def _bucket_problems(job: LabelingJob, session: Session) -> Iterator[JobProblem]:
    places = {"output": job.output}
    if (manifest := manifest_address(job.input)) is not None:
        places = {"input": manifest, **places}
    for field, uri in places.items():
        bucket = split_object_uri(uri)[0]
        try:
            region = bucket_region(bucket, session)
        except NotFoundError:
            yield JobProblem(field, f"there is no bucket {bucket!r}: make it, or name another")
        except AccessDeniedError:
            continue  # AWS may let the job's role read what the caller may not
        else:
            if region != session.region_name:
                yield JobProblem(
                    field,
                    f"the bucket {bucket!r} lies in {region}, the session is in {session.region_name}: "
                    "the job and its data must be in one Region",
                )
