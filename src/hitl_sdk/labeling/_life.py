"""What planning, making, waiting for and stopping a labeling job mean, call by call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._progress import progress_bar
from hitl_sdk._waiting import wait_until
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import (
    ConflictError,
    DriftError,
    HitlError,
    InvalidResourceError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
)
from hitl_sdk.labeling._checks import report_on
from hitl_sdk.labeling._files import files_of, is_there
from hitl_sdk.labeling._request import differences, function_arn, request_of
from hitl_sdk.labeling.state import state_of
from hitl_sdk.labeling.streaming import SnsInput
from hitl_sdk.resources import Change, LambdaFunction, Plan, PrivateTeam

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitl_sdk._ground_truth import Stage
    from hitl_sdk.labeling._files import JobFiles
    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.state import LabelingJobState
    from hitl_sdk.session import Session

__all__ = [
    "describe",
    "ensure",
    "find",
    "given_fields",
    "plan",
    "request_for",
    "stop",
    "wait",
    "written_manifest",
]

_KIND = "labeling job"
_READS = ("sagemaker:DescribeLabelingJob", "sagemaker:ListLabelingJobs")
_CREATES = ("sagemaker:CreateLabelingJob", "sagemaker:AddTags", "iam:PassRole")


def given_fields(job: LabelingJob) -> dict[str, Any]:
    """Return the fields that were given, not those that follow from others."""
    return {name: value for name, value in job if name in job.model_fields_set}


def plan(job: LabelingJob, session: Session) -> Plan:
    """Return the changes of everything the job stands on, and of the job."""
    request, files = request_for(job, session)
    below = [each.plan(session) for each in _to_provision(job).values()]
    state = find(job.name, session)
    if state is not None:
        found = tuple(map(str, differences(request, state)))
        return Plan.joined(
            [*below, Plan((Change("replace" if found else "keep", _KIND, job.name, found, _READS),))]
        )
    _refuse_other_case(job, session)
    uploads = [
        Change("keep", file.what, file.uri, (), ("s3:GetObject",))
        if is_there(file.uri, session)
        else Change("create", file.what, file.uri, (), ("s3:GetObject", "s3:PutObject"))
        for file in files.to_upload
    ]
    made = Change("create", _KIND, job.name, (), _READS + _CREATES)
    return Plan.joined([*below, Plan((*uploads, made))])


def ensure(job: LabelingJob, session: Session, timeout: float) -> LabelingJobState:
    """Make the job with everything it stands on, or adopt the one that exists."""
    state = find(job.name, session)
    if state is not None:
        adopted = _adopted(job, request_for(job, session)[0], state)
        if not adopted.has_ended:  # people who have joined the team since, or new code of a function
            _provision(job, session, timeout)
        return adopted
    report = report_on(job, session)
    if not report.ok:
        lines = "\n".join(f"  {problem}" for problem in report.problems)
        raise InvalidResourceError(f"{job.label} can't be made:\n{lines}", resource=job.label)
    _refuse_other_case(job, session)
    made = _provision(job, session, timeout)
    request, files = request_for(job, session, made)
    for file in files.to_upload:
        file.ensure(session)
    try:
        with translated_errors(job.label):
            session.client("sagemaker").create_labeling_job(**request)
    except HitlError:
        # The call may have reached AWS all the same. Only if there is no such job did it fail.
        state = find(job.name, session)
        if state is None:
            raise
        return _adopted(job, request, state)
    return describe(job.name, session)


def find(name: str, session: Session) -> LabelingJobState | None:
    """Return the job of exactly this name, or None."""
    try:
        with translated_errors(f"{_KIND} '{name}'"):
            found = session.client("sagemaker").describe_labeling_job(LabelingJobName=name)
    except NotFoundError:
        return None
    state = state_of(cast("Mapping[str, Any]", found))
    return state if state.name == name else None


def describe(name: str, session: Session) -> LabelingJobState:
    """Return the job of this name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    state = find(name, session)
    if state is None:
        raise NotFoundError(
            f"{_KIND} '{name}' does not exist in {session.region_name}",
            hint="ensure() makes it",
            resource=f"{_KIND} '{name}'",
        )
    return state


def wait(
    job: LabelingJob,
    session: Session,
    timeout: float,
    on_progress: Callable[[LabelingJobState], None] | None,
    *,
    shown: bool,
) -> LabelingJobState:
    """Wait until the job has ended, and refuse an end that is no success."""
    state = describe(job.name, session)
    with progress_bar(job.label, total=max(state.counters.total, 1), shown=shown) as move_to:

        def seen(state: LabelingJobState) -> None:
            if state.counters.total:
                move_to(state.counters.labeled + state.counters.failed, state.counters.total)
            if on_progress is not None:
                on_progress(state)

        ended = _wait_for_end(job, session, timeout, seen)
    may_stop = (
        isinstance(job.input, SnsInput)
        or (job.max_human_labeled_objects or job.max_percentage_labeled) is not None
    )
    if ended.status == "Failed" or (ended.status == "Stopped" and not may_stop):
        raise ResourceFailedError(
            f"{ended}" if ended.failure_reason else f"{ended}; no reason was given",
            hint="diagnose() looks for the reason; resume() goes on with the objects that have no label",
            resource=job.label,
        )
    return ended


def stop(job: LabelingJob, session: Session, timeout: float) -> LabelingJobState:
    """Stop the job unless it has ended, and wait until it has."""
    state = describe(job.name, session)
    if state.has_ended:
        return state
    if state.status != "Stopping":
        try:
            with translated_errors(job.label):
                session.client("sagemaker").stop_labeling_job(LabelingJobName=job.name)
        except (ConflictError, NotFoundError, RejectedError):
            # AWS does not document how it refuses to stop a job that has ended in between.
            if not describe(job.name, session).has_ended:
                raise
    return _wait_for_end(job, session, timeout, None)


def written_manifest(job: LabelingJob, state: LabelingJobState, session: Session) -> str:
    """Return where the job's output manifest lies.

    Raises
    ------
    NotFoundError
        If it has written none.
    """
    uri = state.output_manifest_uri or job.output_manifest_uri
    if is_there(uri, session):
        return uri
    raise NotFoundError(
        f"{job.label} has written no output manifest to {uri}",
        hint="it labelled nothing, or somebody deleted it: clone() begins anew",
        resource=job.label,
    )


def _wait_for_end(
    job: LabelingJob,
    session: Session,
    timeout: float,
    on_progress: Callable[[LabelingJobState], None] | None,
) -> LabelingJobState:
    return wait_until(
        lambda: describe(job.name, session),
        lambda state: state.has_ended,
        timeout=timeout,
        what=f"{job.label} to end",
        first_pause=0.5,
        longest_pause=60.0,
        on_progress=on_progress,
    )


def _adopted(job: LabelingJob, request: Mapping[str, Any], state: LabelingJobState) -> LabelingJobState:
    found = differences(request, state)
    if found:
        raise DriftError(
            f"{job.label} exists and can't be changed: {'; '.join(map(str, found))}",
            hint="a job can't be changed nor deleted: choose another name",
            resource=job.label,
        )
    return state


def _refuse_other_case(job: LabelingJob, session: Session) -> None:
    """Refuse a name that a job has in another case: AWS takes both for one."""
    pages = session.client("sagemaker").get_paginator("list_labeling_jobs")
    with translated_errors(job.label):
        names = [
            each["LabelingJobName"]
            for page in pages.paginate(NameContains=job.name)
            for each in page["LabelingJobSummaryList"]
        ]
    other = next((name for name in names if name.lower() == job.name.lower() and name != job.name), None)
    if other is not None:
        raise ConflictError(
            f"there is a labeling job {other!r}, and AWS takes {job.name!r} for the same name",
            hint="choose another name",
            resource=job.label,
        )


def _to_provision(job: LabelingJob) -> dict[str, PrivateTeam | LambdaFunction]:
    """Return what has to be there before the job, by the name under which the request asks for it."""
    parts = {"team": job.team, "PRE": job.pre_annotation, "ACS": job.post_annotation}
    return {name: part for name, part in parts.items() if isinstance(part, PrivateTeam | LambdaFunction)}


def _provision(job: LabelingJob, session: Session, timeout: float) -> dict[str, Any]:
    return {name: each.ensure(session, timeout=timeout) for name, each in _to_provision(job).items()}


def request_for(
    job: LabelingJob, session: Session, made: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], JobFiles]:
    """Return the request and the files; ARNs of what is yet to be made are those that AWS will give."""
    role, region = parse_arn(job.role_arn, "role"), session.region_name
    made = made or {}
    team = job.team
    if isinstance(team, PrivateTeam):
        named = f"arn:{role.partition}:sagemaker:{region}:{role.account}:workteam/private-crowd/{team.name}"
        team = made["team"].workteam_arn if "team" in made else named
    functions: dict[Stage, str | None] = {
        stage: made[stage].arn if stage in made else function_arn(job, stage, region, role.account)
        for stage in ("PRE", "ACS")
    }
    files = files_of(job, session)
    request = request_of(job, region, files=files, workteam_arn=team, functions=functions)
    return request, files
