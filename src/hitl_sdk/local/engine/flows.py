"""Flow definitions: which team sees which template, how many answers are wanted, and where they go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from hitl_sdk._activation_tree import KINDS, checks_in
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.task_uis import content_of
from hitl_sdk.local.engine.transactions import count, find
from hitl_sdk.local.engine.workforces import identity_provider, the_workforce
from hitl_sdk.local.engine.workteams import find_workteam
from hitl_sdk.local.store import flows
from hitl_sdk.routing.activation import ActivationConditions

if TYPE_CHECKING:
    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope, Settings

__all__ = ["OPERATIONS", "conditions_of", "find_flow", "flow_status", "provider_of_the_team"]

_KEPT = ("HumanLoopRequestSource", "HumanLoopActivationConfig", "HumanLoopConfig", "OutputConfig", "RoleArn")


def _create(tx: Transaction, scope: Scope, params: Params) -> Result:
    name = params["FlowDefinitionName"]
    _check(params, tx.settings)
    config = params["HumanLoopConfig"]
    if find(tx, scope, flows, name) is not None:
        raise EngineError("ResourceInUse", f"FlowDefinition {name!r} already exists")
    if count(tx, scope, flows, flows.c.job.is_(None)) >= tx.settings.flow_definitions:
        raise EngineError(
            "ResourceLimitExceeded",
            f"No more than {tx.settings.flow_definitions} flow definitions in an account and Region",
        )
    provider, issuer = provider_of_the_team(tx, scope, config["WorkteamArn"])
    settings = tx.settings
    arn = scope.arn("flow-definition", name)
    tx.connection.execute(
        insert(flows),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "arn": arn,
            "created_at": tx.now,
            "settled_at": tx.now + timedelta(seconds=settings.settling_seconds),
            "workteam_arn": config["WorkteamArn"],
            "template": _template(tx, scope, config["HumanTaskUiArn"]),
            "task_count": config["TaskCount"],
            "task_time_limit": config.get("TaskTimeLimitInSeconds", settings.default_task_time_limit),
            "task_availability": config.get(
                "TaskAvailabilityLifetimeInSeconds", settings.longest_task_availability
            ),
            "identity_provider": provider,
            "issuer": issuer,
            "output_path": params["OutputConfig"]["S3OutputPath"].rstrip("/"),
            "in_flight": 0,
            "definition": {key: params[key] for key in _KEPT if key in params},
        },
    )
    return {"FlowDefinitionArn": arn}


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["FlowDefinitionName"])
    return {**_summary(tx, row), **row.definition}


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    rows, token = page(tx, scope, flows, params, order="Descending", where=[flows.c.job.is_(None)])
    return {"FlowDefinitionSummaries": [_summary(tx, row) for row in rows], **token}


def _delete(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["FlowDefinitionName"], lock=True)
    if row.in_flight:
        raise EngineError(
            "ResourceInUse", f"FlowDefinition {row.name!r} has {row.in_flight} human loops in progress"
        )
    tx.connection.execute(delete(flows).where(flows.c.sequence == row.sequence))
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateFlowDefinition": _create,
    "DeleteFlowDefinition": _delete,
    "DescribeFlowDefinition": _describe,
    "ListFlowDefinitions": _list,
}


def find_flow(tx: Transaction, scope: Scope, arn: str, *, lock: bool = False) -> Row[Any] | None:
    """Return the flow definition of that ARN, or None."""
    row = find(tx, scope, flows, arn.rpartition("/")[2], lock=lock)
    return row if row is not None and row.arn == arn else None


def flow_status(tx: Transaction, row: Row[Any]) -> str:
    """Return the status as of now: time alone makes a flow definition Active."""
    return "Active" if tx.now >= row.settled_at else "Initializing"


def _existing(tx: Transaction, scope: Scope, name: str, *, lock: bool = False) -> Row[Any]:
    row = find(tx, scope, flows, name, lock=lock)
    if row is None:
        raise EngineError("ResourceNotFound", f"FlowDefinition {name!r} does not exist in {scope.region}")
    return row


def _check(params: Params, settings: Settings) -> None:
    """Refuse what the service's model lets through and the service does not."""
    if "HumanLoopConfig" not in params:
        raise EngineError("ValidationException", "HumanLoopConfig is missing")
    if "HumanLoopActivationConfig" in params and "HumanLoopRequestSource" not in params:
        raise EngineError(
            "ValidationException",
            "HumanLoopActivationConditions are for built-in task types: give a HumanLoopRequestSource too",
        )
    _check_conditions(params)
    if not params["OutputConfig"]["S3OutputPath"].startswith("s3://"):
        raise EngineError("ValidationException", "S3OutputPath must be an s3:// URI")
    lifetime = params["HumanLoopConfig"].get("TaskAvailabilityLifetimeInSeconds", 1)
    if lifetime > settings.longest_task_availability:
        raise EngineError(
            "ValidationException",
            f"TaskAvailabilityLifetimeInSeconds {lifetime} is above {settings.longest_task_availability}",
        )


def conditions_of(definition: Params) -> ActivationConditions | None:
    """Return the activation conditions of a flow definition, or None.

    Raises
    ------
    EngineError
        ``ValidationException`` if they are not of the schema.
    """
    config = definition.get("HumanLoopActivationConfig", {}).get("HumanLoopActivationConditionsConfig")
    if config is None:
        return None
    try:
        return ActivationConditions.parse(config["HumanLoopActivationConditions"])
    except InvalidInputError as error:
        raise EngineError("ValidationException", error.message) from error


def _check_conditions(params: Params) -> None:
    """Refuse conditions that are not of the schema, or not for the flow's request source."""
    conditions = conditions_of(params)
    if conditions is None:
        return
    source = params["HumanLoopRequestSource"]["AwsManagedHumanLoopRequestSource"]
    services = {KINDS[check.kind].service for check in checks_in(conditions.conditions)} - {None}
    if services - {source.split("/")[1].lower()}:
        raise EngineError("ValidationException", f"HumanLoopActivationConditions are not for {source}")


def provider_of_the_team(tx: Transaction, scope: Scope, workteam_arn: str) -> tuple[str, str]:
    """Return kind and issuer of the identity provider whose people are in the team.

    Raises
    ------
    EngineError
        ``ValidationException`` if there is no such team.
    """
    workforce = the_workforce(tx, scope)
    if workforce is None or find_workteam(tx, scope, workteam_arn) is None:
        raise EngineError(
            "ValidationException",
            f"The specified Workteam {workteam_arn} does not exist or you do not have access to it",
        )
    return identity_provider(scope, workforce)


def _template(tx: Transaction, scope: Scope, task_ui_arn: str) -> str:
    """Return the template; a missing one is bad input here, not the missing subject of the call."""
    try:
        return content_of(tx, scope, task_ui_arn)
    except EngineError as error:
        raise EngineError("ValidationException", error.message) from error


def _summary(tx: Transaction, row: Row[Any]) -> Result:
    return {
        "FlowDefinitionArn": row.arn,
        "FlowDefinitionName": row.name,
        "FlowDefinitionStatus": flow_status(tx, row),
        "CreationTime": row.created_at,
    }
