"""What can only be seen beside the job: its input's lines, and where everything lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import (
    AccessDeniedError,
    InvalidArnError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
    RegionNotSupportedError,
)
from hitl_sdk.labeling._image_sizes import image_sizes
from hitl_sdk.labeling._input import manifest_address, manifest_of
from hitl_sdk.labeling._manifest_objects import bucket_region
from hitl_sdk.labeling.job_report import JobProblem, JobReport
from hitl_sdk.labeling.streaming import SnsInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hitl_sdk.labeling.automated import AutomatedLabeling
    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.report import ManifestReport
    from hitl_sdk.session import Session

__all__ = ["manifest_report", "report_on"]

_USUAL_BATCH = 1000
"""The default of MaxConcurrentTaskCount, and the most without a word with AWS (botocore 1.44.5, HumanTaskConfig)."""


def report_on(job: LabelingJob, session: Session | None) -> JobReport:
    """Return everything that keeps the job from being made, in one pass."""
    problems: list[JobProblem] = []
    if session is not None:
        problems += _arn_problems(job, session)
        problems += _bucket_problems(job, session)
        wrong = {problem.field for problem in problems}
        problems += (each for each in _missing(job, session) if each.field not in wrong)
    advice: list[JobProblem] = []
    manifest = None
    try:
        if not any(problem.field == "input" for problem in problems):
            manifest = manifest_report(job, session)
    except (NotFoundError, InvalidInputError) as error:
        problems.append(JobProblem("input", str(error)))
    except AccessDeniedError as error:  # the job's role may read what the caller may not
        advice.append(JobProblem("input", f"its lines were not looked at: {error}"))
    if manifest is not None:
        problems += _manifest_problems(job, manifest)
        advice += _manifest_advice(job, manifest)
    if manifest is not None and session is not None and job.automated is not None:
        try:
            problems += _image_problems(job, job.automated, session)
        except MissingExtraError as error:
            advice.append(JobProblem("automated", str(error)))
    if job.max_concurrent_tasks > _USUAL_BATCH:
        text = f"AWS Support has to allow more than {_USUAL_BATCH:,}: ask before you start"
        advice.append(JobProblem("max_concurrent_tasks", text))
    return JobReport(tuple(problems), tuple(advice), manifest)


def manifest_report(job: LabelingJob, session: Session | None) -> ManifestReport | None:
    """Return what is wrong with the input's lines; None if there are none yet, or they can't be read without a session."""
    manifest = manifest_of(job.input, session)
    if manifest is None:
        return None
    return manifest.check(job.kind.name, attribute=job.attribute, prior=job.prior_attribute, session=session)


def _manifest_problems(job: LabelingJob, manifest: ManifestReport) -> Iterator[JobProblem]:
    if not manifest.ok:
        yield JobProblem("input", str(manifest).replace("\n", "\n  "))
    if job.automated is not None:
        for problem in job.automated.problems(job.kind, n_objects=manifest.n_lines):
            yield JobProblem("automated", f"{problem}: leave automated out, or give more objects")


def _manifest_advice(job: LabelingJob, manifest: ManifestReport) -> Iterator[JobProblem]:
    """Yield what AWS allows, but advises against."""
    if manifest.ok and manifest.n_warnings:
        yield JobProblem("input", str(manifest).replace("\n", "\n  "))
    if manifest.ok and manifest.n_labelled == manifest.n_lines:
        text = f"every line has a label under {job.attribute!r} already: nobody will be asked anything"
        yield JobProblem("input", text)
    advice = job.automated and job.automated.advice(n_objects=manifest.n_lines)
    if advice:
        yield JobProblem("automated", advice)


def _image_problems(job: LabelingJob, automated: AutomatedLabeling, session: Session) -> Iterator[JobProblem]:
    """Yield the first image that is too large to be labelled automatically."""
    manifest = manifest_of(job.input, session)
    if manifest is None or job.kind.automated_most_pixels is None:
        return
    for uri, width, height in image_sizes(manifest, session):
        problem = automated.image_problem(job.kind, width, height)
        if problem is not None:
            yield JobProblem("automated", f"{uri}: {problem}: scale the images, or leave automated out")
            return


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
    if isinstance(job.input, SnsInput):
        yield from _misplaced("input", job.input.topic_arn, region)
    account = session.account_id
    yield from _misplaced("role_arn", job.role_arn, region, account)
    if isinstance(job.team, str) and ":workteam/vendor-crowd/" not in job.team:
        yield from _misplaced("team", job.team, None, account)


def _missing(job: LabelingJob, session: Session) -> Iterator[JobProblem]:
    """Look for the team and the topics that are given by ARN; what the caller may not see may be there."""
    topics = {"output_topic_arn": job.output_topic_arn}
    if isinstance(job.input, SnsInput):
        topics["input"] = job.input.topic_arn
    for field, arn in topics.items():
        if arn is not None and not _is_topic(arn, session):
            yield JobProblem(field, f"there is no topic {arn}: make it, or name another")
    if isinstance(job.team, str) and ":workteam/private-crowd/" in job.team:
        name = job.team.rpartition("/")[2]
        if not _answers(
            f"work team {name!r}", lambda: session.client("sagemaker").describe_workteam(WorkteamName=name)
        ):
            yield JobProblem(
                "team", f"there is no work team {name!r}: give a PrivateTeam, which is made with the job"
            )


def _is_topic(arn: str, session: Session) -> bool:
    return _answers(arn, lambda: session.client("sns").get_topic_attributes(TopicArn=arn))


def _answers(what: str, ask: Callable[[], object]) -> bool:
    """Tell whether AWS knows it, or does not say."""
    try:
        with translated_errors(what):
            ask()
    except NotFoundError:
        return False
    except (AccessDeniedError, InvalidArnError):
        pass
    return True


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
        bucket = bucket_and_key(uri)[0]
        try:
            region = bucket_region(session.client("s3"), bucket)
        except NotFoundError:
            yield JobProblem(field, f"there is no bucket {bucket!r}: make it, or name another")
        else:
            # Where S3 does not tell: the job's role may be allowed what the caller is not.
            if region not in (None, session.region_name):
                yield JobProblem(
                    field,
                    f"the bucket {bucket!r} lies in {region}, the session is in {session.region_name}: "
                    "the job and its data must be in one Region",
                )
