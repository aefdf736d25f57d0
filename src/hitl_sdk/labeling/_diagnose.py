"""The examinations of a labeling job that does not move. Each makes read calls alone, and yields what it finds."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._elements import ANSWER_KEYS, read_template
from hitl_sdk._ground_truth import CUSTOM, function_of_arn, kind_named
from hitl_sdk.errors import AccessDeniedError, HitlError, InvalidInputError, NotFoundError, TemplateError
from hitl_sdk.labeling._checks import bucket_region
from hitl_sdk.labeling._files import split_object_uri
from hitl_sdk.labeling.diagnosis import Diagnosis, JobFinding
from hitl_sdk.labeling.manifest import InputManifest
from hitl_sdk.labeling.queues import leftover_queues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_sagemaker.type_defs import CognitoMemberDefinitionTypeDef

    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.labeling.state import LabelingJobState
    from hitl_sdk.session import Session

    Findings = Iterator[JobFinding]
    Examination = Callable[["LabelingJobState", "Session"], Findings]

__all__ = ["diagnosis_of"]

_SAMPLED_LINES = 20
_COUNTED_LINES = 10_000
_SHOWN_REASONS = 3
_INVOCABLE = ("GtRecipe", "LabelingFunction", "SageMaker", "Sagemaker", "sagemaker")
"""What the policy AmazonSageMakerGroundTruthExecution wants in the name of a function that a job may invoke."""
_INVITED = "FORCE_CHANGE_PASSWORD"
_IMAGES = ("jpg", "png")


def diagnosis_of(state: LabelingJobState, session: Session) -> Diagnosis:
    """Examine a job; what the caller may not see is a finding too."""
    found: list[JobFinding] = []
    for examination in _EXAMINATIONS:
        try:
            found += examination(state, session)
        except AccessDeniedError as error:
            found.append(
                JobFinding("not-seen", error.message, f"allow {error.operation}, and diagnose again")
            )
    return Diagnosis(state, tuple(found))


def _ended(state: LabelingJobState, session: Session) -> Findings:  # noqa: ARG001
    if state.status == "Failed":
        reason = state.failure_reason or "AWS gives no reason"
        yield JobFinding(
            "failed", f"the job has failed: {reason}", "cure the reason; resume() or clone() begin a new job"
        )
    elif state.status == "Stopped":
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
            metadata = line.get(f"{state.label_attribute}-metadata")
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
    users = [user for group in groups for user in _users(group, session)]
    invited = [user for user in users if user["UserStatus"] == _INVITED]
    if not any(user["Enabled"] for user in users):
        yield JobFinding(
            "no-worker",
            f"nobody is in work team '{name}': its groups have {len(users)} users, none of them enabled",
            "add people: PrivateTeam(members=[...]).ensure()",
        )
    elif len(invited) == len(users):
        yield JobFinding(
            "nobody-signed-in",
            f"of the {len(users)} people in work team '{name}', none has signed in yet",
            "have them look for the invitation; PrivateTeam.invite() sends it again",
        )


def _users(group: CognitoMemberDefinitionTypeDef, session: Session) -> list[Any]:
    pages = session.client("cognito-idp").get_paginator("list_users_in_group")
    with translated_errors(f"group '{group['UserGroup']}'"):
        found = pages.paginate(UserPoolId=group["UserPool"], GroupName=group["UserGroup"])
        return [user for page in found for user in page["Users"]]


def _functions(state: LabelingJobState, session: Session) -> Findings:
    for arn in _function_arns(state).values():
        if arn is None or function_of_arn(arn) is not None:
            continue
        name = arn.split(":function:")[-1].partition(":")[0]
        if not any(word in name for word in _INVOCABLE):
            yield JobFinding(
                "function-not-invocable",
                f"the name of function '{name}' has none of {', '.join(_INVOCABLE)} in it, as the policy "
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


def _buckets(state: LabelingJobState, session: Session) -> Findings:
    """Look at the buckets of the manifest and of the first objects: where they lie, and whether browsers may read."""
    names = _input_buckets(state, session)
    images = set(_IMAGES) <= set(_kind(state).extensions)
    for bucket in names:
        try:
            region = bucket_region(bucket, session)
        except NotFoundError:
            yield JobFinding(
                "no-bucket",
                f"there is no bucket '{bucket}'",
                "copy the input to one that is there, and clone() the job",
            )
            continue
        if region != session.region_name:
            yield JobFinding(
                "other-region",
                f"bucket '{bucket}' lies in {region}, the job in {session.region_name}",
                f"copy the input to a bucket of {session.region_name}, and clone() the job",
            )
        if images and not _browsers_may_read(bucket, session):
            yield JobFinding(
                "no-cors",
                f"bucket '{bucket}' has no CORS rule for GET, so that browsers don't show its images",
                'put one: [{"AllowedHeaders": [], "AllowedMethods": ["GET"], "AllowedOrigins": ["*"], '
                '"ExposeHeaders": ["Access-Control-Allow-Origin"]}]',
            )


def _input_buckets(state: LabelingJobState, session: Session) -> list[str]:
    address = state.settings["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri")
    if address is None:
        return []
    names = [split_object_uri(address)[0]]
    try:
        for line in islice(InputManifest.open(address, session), _SAMPLED_LINES):
            source = line.get("source-ref")
            if isinstance(source, str) and source.startswith("s3://"):
                names.append(split_object_uri(source)[0])
    except HitlError:
        pass  # that it can't be read is another's finding
    return list(dict.fromkeys(names))


def _manifest(state: LabelingJobState, session: Session) -> Findings:
    address = state.settings["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri")
    if address is None or state.counters.labeled:
        return
    try:
        report = InputManifest.open(address, session).check(
            _kind(state).name, attribute=state.label_attribute
        )
    except AccessDeniedError:
        raise
    except HitlError as error:
        yield JobFinding(
            "manifest-not-read",
            f"the manifest can't be read: {error.message}",
            "put it there, and clone() the job",
        )
        return
    if not report.ok:
        yield JobFinding(
            "manifest-wrong", str(report), "mend the lines, and clone() the job with the new manifest"
        )


def _browsers_may_read(bucket: str, session: Session) -> bool:
    try:
        with translated_errors(f"bucket '{bucket}'"):
            rules = session.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    except HitlError as error:
        if error.code != "NoSuchCORSConfiguration":
            raise
        return False
    return any("GET" in rule["AllowedMethods"] for rule in rules)


def _template(state: LabelingJobState, session: Session) -> Findings:
    """Look whether AWS's function finds the answer under the name that the template gives it."""
    address = state.settings["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri")
    key = _kind(state).answer_key
    if address is None or key is None:
        return
    bucket, path = split_object_uri(address)
    try:
        with translated_errors(address):
            text = (
                session.client("s3")
                .get_object(Bucket=bucket, Key=path)["Body"]
                .read()
                .decode("utf-8", "replace")
            )
    except NotFoundError:
        yield JobFinding("no-template", f"there is no worker template at {address}", "put it there again")
        return
    try:
        names = [ANSWER_KEYS.get(element.tag, element.name) for element in read_template(text)]
    except TemplateError as error:
        yield JobFinding("template-wrong", error.message, "mend the template, and clone() the job")
        return
    if key not in names:
        yield JobFinding(
            "answer-key",
            f"AWS's function looks for the answer under '{key}', and the template has {', '.join(filter(None, names)) or 'no name'}",
            f'give the element name="{key}", as Task.job_template() does, and clone() the job',
        )


def _queue(state: LabelingJobState, session: Session) -> Findings:
    if "SnsDataSource" not in state.settings["InputConfig"]["DataSource"]:
        return
    for queue in leftover_queues(session):
        if queue.job_name == state.name:
            yield JobFinding(
                "leftover-queue",
                f"queue {queue.name} is left, and {queue.n_waiting} messages wait in it",
                "delete_leftover_queues() deletes it; what waits in it is lost",
            )


def _function_arns(state: LabelingJobState) -> Mapping[str, str | None]:
    task = state.settings["HumanTaskConfig"]
    return {
        "PRE": task.get("PreHumanTaskLambdaArn"),
        "ACS": task.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn"),
    }


def _kind(state: LabelingJobState) -> Kind:
    """Return the kind by the function that reads the answers: AWS keeps no other trace of it."""
    found = function_of_arn(_function_arns(state)["ACS"] or "")
    return kind_named(CUSTOM) if found is None else found[1]


_EXAMINATIONS: tuple[Examination, ...] = (
    _ended,
    _failing_objects,
    _people,
    _expiry,
    _functions,
    _manifest,
    _buckets,
    _template,
    _queue,
)
