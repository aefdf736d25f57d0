"""Ground Truth labeling jobs, as SageMaker's five operations show them; `job_work` does what they ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from hitl_sdk.local.engine import job_files, job_life, lifecycle
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.flows import provider_of_the_team
from hitl_sdk.local.engine.job_rules import LONGEST_AVAILABILITY, check
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.transactions import derived_id, find
from hitl_sdk.local.engine.workteams import find_workteam
from hitl_sdk.local.store import flows, labeling_jobs

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["OPERATIONS"]

_SHOWN = (
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "LabelingJobAlgorithmsConfig",
    "HumanTaskConfig",
    "Tags",
)


def _create(tx: Transaction, scope: Scope, params: Params) -> Result:
    name = params["LabelingJobName"]
    check(tx, scope, params)
    provider, issuer = provider_of_the_team(tx, scope, params["HumanTaskConfig"]["WorkteamArn"])
    same = select(labeling_jobs.c.name).where(
        labeling_jobs.c.account_id == scope.account_id,
        labeling_jobs.c.region == scope.region,
        labeling_jobs.c.name_key == name.lower(),
    )
    if tx.connection.execute(same).one_or_none() is not None:
        raise EngineError("ResourceInUse", f"LabelingJob {name!r} already exists")
    arn = scope.arn("labeling-job", name)
    due_at = tx.now + timedelta(seconds=tx.settings.settling_seconds)
    sequence = tx.connection.execute(
        insert(labeling_jobs).returning(labeling_jobs.c.sequence),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "name_key": name.lower(),
            "arn": arn,
            "created_at": tx.now,
            "updated_at": tx.now,
            "workteam_arn": params["HumanTaskConfig"]["WorkteamArn"],
            "reference_code": derived_id(tx, "job", arn, tx.now, length=32),
            "status": "Initializing",
            "step": "Reading",
            "due_at": due_at,
            "claim": 0,
            "attempts": 0,
            "iteration": 0,
            "objects": 0,
            "labeled_before": 0,
            "human_labeled": 0,
            "machine_labeled": 0,
            "failed": 0,
            "definition": {key: params[key] for key in _SHOWN if key in params},
        },
    ).scalar_one()
    _insert_flow(tx, scope, params, job=sequence, arn=arn, provider=provider, issuer=issuer)
    tx.job_due.append(due_at)
    return {"LabelingJobArn": arn}


def _insert_flow(
    tx: Transaction, scope: Scope, params: Params, *, job: int, arn: str, provider: str, issuer: str
) -> None:
    """Make the flow by which the job's objects are offered; its template is read before the first of them is."""
    config = params["HumanTaskConfig"]
    tx.connection.execute(
        insert(flows),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": f"labeling-job/{params['LabelingJobName']}",
            "arn": arn,
            "created_at": tx.now,
            "settled_at": tx.now,
            "workteam_arn": config["WorkteamArn"],
            "template": "",
            "task_count": config["NumberOfHumanWorkersPerDataObject"],
            "task_time_limit": config["TaskTimeLimitInSeconds"],
            "task_availability": config.get("TaskAvailabilityLifetimeInSeconds", LONGEST_AVAILABILITY),
            "identity_provider": provider,
            "issuer": issuer,
            "output_path": params["OutputConfig"]["S3OutputPath"].rstrip("/"),
            "in_flight": 0,
            "definition": {"HumanLoopConfig": {key: config[key] for key in ("TaskTitle", "TaskDescription")}},
            "job": job,
        },
    )


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    job = _existing(tx, scope, params["LabelingJobName"])
    return {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "LabelingJobStatus": job.status,
        "LabelCounters": _counters(job),
        "CreationTime": job.created_at,
        "LastModifiedTime": job.updated_at,
        "JobReferenceCode": job.reference_code,
        **job.definition,
        **_outcome(job),
    }


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    where: list[ColumnElement[bool]] = []
    if status := params.get("StatusEquals"):
        where.append(labeling_jobs.c.status == status)
    if after := params.get("LastModifiedTimeAfter"):
        where.append(labeling_jobs.c.updated_at >= after)
    if before := params.get("LastModifiedTimeBefore"):
        where.append(labeling_jobs.c.updated_at < before)
    rows, token = page(tx, scope, labeling_jobs, params, order="Ascending", where=where)
    return {"LabelingJobSummaryList": [_summary(row) for row in rows], **token}


def _list_for_workteam(tx: Transaction, scope: Scope, params: Params) -> Result:
    arn = params["WorkteamArn"]
    if find_workteam(tx, scope, arn) is None:
        raise EngineError("ResourceNotFound", f"The work team {arn} does not exist")
    where: list[ColumnElement[bool]] = [labeling_jobs.c.workteam_arn == arn]
    if part := params.get("JobReferenceCodeContains"):
        where.append(func.lower(labeling_jobs.c.reference_code).contains(part.lower(), autoescape=True))
    rows, token = page(tx, scope, labeling_jobs, params, order="Ascending", where=where)
    return {"LabelingJobSummaryList": [_summary_for_workteam(tx, row) for row in rows], **token}


def _stop(tx: Transaction, scope: Scope, params: Params) -> Result:
    """Take up no more objects; the answers given so far are still made labels."""
    name = params["LabelingJobName"]
    job = job_life.locked(tx, _existing(tx, scope, name).sequence)
    if job is None or job.status in job_life.ENDED:
        state = "gone" if job is None else job.status
        raise EngineError("ValidationException", f"LabelingJob {name!r} is not in progress: it is {state}")
    if job.status == "Stopping":
        return {}
    job_life.update_job(tx, job, status="Stopping", outcome="Stopped", updated_at=tx.now)
    lifecycle.stop_loops_of(tx, job_life.flow_of(tx, job).sequence)
    if job.step == "Listening":
        job_life.go_on(tx, job, "Choosing")
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateLabelingJob": _create,
    "DescribeLabelingJob": _describe,
    "ListLabelingJobs": _list,
    "ListLabelingJobsForWorkteam": _list_for_workteam,
    "StopLabelingJob": _stop,
}


def _existing(tx: Transaction, scope: Scope, name: str) -> Row[Any]:
    job = find(tx, scope, labeling_jobs, name)
    if job is None:
        raise EngineError("ResourceNotFound", f"LabelingJob {name!r} does not exist in {scope.region}")
    return job


def _counters(job: Row[Any]) -> Result:
    """Return the counters. What had a label before the job is in none of them: AWS does not say where it counts it."""
    labeled = job.human_labeled + job.machine_labeled
    return {
        "TotalLabeled": labeled,
        "HumanLabeled": job.human_labeled,
        "MachineLabeled": job.machine_labeled,
        "FailedNonRetryableError": job.failed,
        "Unlabeled": job.objects - labeled - job.failed,
    }


def _outcome(job: Row[Any]) -> Result:
    """Return what there is to say of how it went; the output manifest is there from InProgress on."""
    shown: Result = {}
    if job.status == "Failed":
        shown["FailureReason"] = job.failure_reason
    if job.status != "Initializing":
        shown["LabelingJobOutput"] = {"OutputDatasetS3Uri": job_files.manifest_uri(job)}
        if job.model_arn is not None:
            shown["LabelingJobOutput"]["FinalActiveLearningModelArn"] = job.model_arn
    return shown


def _summary(job: Row[Any]) -> Result:
    config = job.definition["HumanTaskConfig"]
    summary = {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "CreationTime": job.created_at,
        "LastModifiedTime": job.updated_at,
        "LabelingJobStatus": job.status,
        "LabelCounters": _counters(job),
        "WorkteamArn": job.workteam_arn,
        "InputConfig": job.definition["InputConfig"],
        **config.get("AnnotationConsolidationConfig", {}),
        **_outcome(job),
    }
    if "PreHumanTaskLambdaArn" in config:
        summary["PreHumanTaskLambdaArn"] = config["PreHumanTaskLambdaArn"]
    return summary


def _summary_for_workteam(tx: Transaction, job: Row[Any]) -> Result:
    pending = tx.connection.execute(select(flows.c.in_flight).where(flows.c.job == job.sequence)).scalar()
    return {
        "LabelingJobName": job.name,
        "JobReferenceCode": job.reference_code,
        "WorkRequesterAccountId": job.account_id,
        "CreationTime": job.created_at,
        "LabelCounters": {
            "HumanLabeled": job.human_labeled,
            "PendingHuman": pending or 0,
            "Total": job.objects,
        },
        "NumberOfHumanWorkersPerDataObject": job.definition["HumanTaskConfig"][
            "NumberOfHumanWorkersPerDataObject"
        ],
    }
