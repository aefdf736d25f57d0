"""The examinations of a labeling job that does not move. Each makes read calls alone, and yields what it finds."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._ground_truth import function_of_arn
from hitl_sdk._manifest_line import metadata_key
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, RejectedError
from hitl_sdk.labeling._diagnose_input import look_at_buckets, look_at_manifest, look_at_template
from hitl_sdk.labeling.diagnosis import Diagnosis, JobFinding
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.labeling.queues import leftover_queues
from hitl_sdk.resources.lambda_function import INVOCABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker.type_defs import CognitoMemberDefinitionTypeDef

    from hitl_sdk.labeling.state import LabelingJobState
    from hitl_sdk.session import Session

    Findings = Iterator[JobFinding]
    Examination = Callable[[LabelingJobState, Session], Findings]

__all__ = ["diagnosis_of"]

_COUNTED_LINES = 10_000
_SHOWN_REASONS = 3
_INVITED = "FORCE_CHANGE_PASSWORD"


def diagnosis_of(state: LabelingJobState, session: Session) -> Diagnosis:
    """Examine a job; what the caller may not see is a finding too."""
    found: list[JobFinding] = []
    for examination in _EXAMINATIONS:
        try:
            found += examination(state, session)
        except (AccessDeniedError, RejectedError) as error:
            denied = isinstance(error, AccessDeniedError)
            cure = f"allow {error.operation}, and diagnose again" if denied else "look at it yourself"
            found.append(JobFinding("not-seen", error.message, cure))
    return Diagnosis(state, tuple(found))


def _ended(state: LabelingJobState, session: Session) -> Findings:  # noqa: ARG001
    if state.status == "Failed":
        reason = state.failure_reason or "AWS gives no reason"
        yield JobFinding(
            "failed", f"the job has failed: {reason}", "cure the reason; resume() or clone() begin a new job"
        )
    elif state.status == "Stopped" and not state.is_streaming:
        yield JobFinding("stopped", "the job was stopped", "resume() goes on with what has no label")


def _failing_objects(state: LabelingJobState, session: Session) -> Findings:
    counters = state.counters
    if not counters.failed:
        return
    every = "all" if counters.failed == counters.total else f"{counters.failed:,} of {counters.total:,}"
    reasons = "; ".join(f"{count:,} x {reason}" for reason, count in _reasons(state, session))
    yield JobFinding(
        "objects-failing",
        f"{every} objects have failed" + (f": {reasons}" if reasons else ""),
        "read() has the reason of each; usual are files that the role can't read, a function that fails, "
        "and tasks that expire",
    )


def _reasons(state: LabelingJobState, session: Session) -> list[tuple[str, int]]:
    """Return the reasons that the first lines of the output give most often; AWS documents no place for them."""
    if state.output_manifest_uri is None:
        return []
    found: Counter[str] = Counter()
    try:
        for line in islice(InputManifest.open(state.output_manifest_uri, session), _COUNTED_LINES):
            metadata = line.get(metadata_key(state.label_attribute))
            if isinstance(metadata, dict) and "failure-reason" in metadata:
                found[str(metadata["failure-reason"])] += 1
    except (NotFoundError, InvalidInputError):
        return []  # nothing is written yet
    return found.most_common(_SHOWN_REASONS)


def _expiry(state: LabelingJobState, session: Session) -> Findings:  # noqa: ARG001
    lifetime = state.settings["HumanTaskConfig"].get("TaskAvailabilityLifetimeInSeconds")
    if lifetime is None or state.created_at is None:
        return
    until = state.modified_at if state.has_ended and state.modified_at else current_clock().now()
    age = (until - state.created_at).total_seconds()
    if age >= lifetime and (state.counters.unlabeled or state.counters.failed):
        yield JobFinding(
            "tasks-expired",
            f"tasks expire after {lifetime:,} s, and the job {'took' if state.has_ended else 'has run'} {age:,.0f} s",
            "clone() it with a longer task_availability_lifetime, or with more people",
        )


def _people(state: LabelingJobState, session: Session) -> Findings:
    arn: str = state.settings["HumanTaskConfig"]["WorkteamArn"]
    if state.has_ended or ":workteam/private-crowd/" not in arn:
        return  # who works for a vendor is the vendor's
    name = arn.rpartition("/")[2]
    try:
        with translated_errors(f"work team '{name}'"):
            team = session.client("sagemaker").describe_workteam(WorkteamName=name)["Workteam"]
    except NotFoundError:
        yield JobFinding(
            "no-team", f"there is no work team '{name}' any more", "make it again: PrivateTeam(...).ensure()"
        )
        return
    groups = [
        each["CognitoMemberDefinition"]
        for each in team["MemberDefinitions"]
        if "CognitoMemberDefinition" in each
    ]
    if not groups:
        return  # whom an OpenID provider lets in can't be seen from here
    yield from _at_work(name, [user for group in groups for user in _users(group, session)], state)


def _at_work(team: str, users: list[Any], state: LabelingJobState) -> Findings:
    """Say who of a team's people can't do the work, and whether they are too few."""
    enabled = [user for user in users if user["Enabled"]]
    if not enabled:
        yield JobFinding(
            "no-worker",
            f"nobody is in work team '{team}': its groups have {len(users)} users, none of them enabled",
            "add people: PrivateTeam(members=[...]).ensure()",
        )
        return
    if state.counters.labeled:
        return  # there are people enough, or there were
    wanted = state.settings["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
    if len(enabled) < wanted:
        yield JobFinding(
            "too-few-workers",
            f"each object waits for {wanted} workers, and work team '{team}' has {len(enabled)}",
            "add people: PrivateTeam(members=[...]).ensure(); or clone() the job with fewer workers_per_object",
        )
    if all(user["UserStatus"] == _INVITED for user in users):
        yield JobFinding(
            "nobody-signed-in",
            f"nobody of work team '{team}' has signed in yet: {len(users)} invited",
            "have them look for the invitation; PrivateTeam.invite() sends it again",
        )


def _users(group: CognitoMemberDefinitionTypeDef, session: Session) -> list[Any]:
    pages = session.client("cognito-idp").get_paginator("list_users_in_group")
    with translated_errors(f"group '{group['UserGroup']}'"):
        found = pages.paginate(UserPoolId=group["UserPool"], GroupName=group["UserGroup"])
        return [user for page in found for user in page["Users"]]


def _functions(state: LabelingJobState, session: Session) -> Findings:
    for arn in state.function_arns.values():
        if arn is None or function_of_arn(arn) is not None:
            continue
        name = arn.split(":function:")[-1].partition(":")[0]
        if not any(word in name for word in INVOCABLE):
            yield JobFinding(
                "function-not-invocable",
                f"the name of function '{name}' has none of {', '.join(INVOCABLE)} in it, as the policy "
                "AmazonSageMakerGroundTruthExecution wants",
                f'rename it, or allow the job\'s role: {{"Effect": "Allow", "Action": "lambda:InvokeFunction", '
                f'"Resource": "{arn}"}}',
            )
        try:
            with translated_errors(f"function '{name}'"):
                found = session.client("lambda").get_function(FunctionName=arn)["Configuration"]
        except NotFoundError:
            yield JobFinding(
                "no-function", f"there is no function '{name}'", "deploy it: LambdaFunction(...).ensure()"
            )
            continue
        if found.get("State", "Active") in ("Failed", "Inactive", "Pending"):
            reason = found.get("StateReason") or "no reason was given"
            yield JobFinding(
                "function-not-ready",
                f"function '{name}' is {found.get('State')}: {reason}",
                "deploy it again",
            )


def _queue(state: LabelingJobState, session: Session) -> Findings:
    if not state.is_streaming:
        return
    for queue in leftover_queues(session):
        if queue.job_name == state.name:
            yield JobFinding(
                "leftover-queue",
                f"queue {queue.name} is left, and {queue.n_waiting} messages wait in it",
                "delete_leftover_queues() deletes it; what waits in it is lost",
            )


_EXAMINATIONS: tuple[Examination, ...] = (
    _ended,
    _failing_objects,
    _people,
    _expiry,
    _functions,
    look_at_manifest,
    look_at_buckets,
    look_at_template,
    _queue,
)
