"""Work teams: groups of the workforce that work is sent to. Vendors' teams exist on AWS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.transactions import count, find
from hitl_sdk.local.engine.workforces import the_workforce
from hitl_sdk.local.store import flows, workteams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["OPERATIONS", "find_workteam"]

_KEPT = ("MemberDefinitions", "Description", "NotificationConfiguration", "WorkerAccessConfiguration")


def _create(tx: Transaction, scope: Scope, params: Params) -> Result:
    name = params["WorkteamName"]
    workforce = _workforce(tx, scope, params.get("WorkforceName"))
    _check_members(workforce, params["MemberDefinitions"])
    if find(tx, scope, workteams, name) is not None:
        raise EngineError("ResourceInUse", f"The work team {name!r} already exists")
    if count(tx, scope, workteams) >= tx.settings.workteams:
        raise EngineError(
            "ResourceLimitExceeded",
            f"No more than {tx.settings.workteams} work teams in an account and Region",
        )
    arn = scope.arn("workteam/private-crowd", name)
    tx.connection.execute(
        insert(workteams),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "arn": arn,
            "created_at": tx.now,
            "updated_at": tx.now,
            "workforce_arn": workforce.arn,
            "sub_domain": workforce.sub_domain,
            "definition": _definition(params),
        },
    )
    return {"WorkteamArn": arn}


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    return {"Workteam": _shape(_existing(tx, scope, params["WorkteamName"]))}


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    rows, token = page(tx, scope, workteams, params, order="Ascending")
    return {"Workteams": [_shape(row) for row in rows], **token}


def _update(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["WorkteamName"], lock=True)
    if "MemberDefinitions" in params:
        _check_members(_workforce(tx, scope), params["MemberDefinitions"])
    changes = {"definition": {**row.definition, **_definition(params)}, "updated_at": tx.now}
    tx.connection.execute(update(workteams).where(workteams.c.sequence == row.sequence).values(changes))
    return _describe(tx, scope, params)


def _delete(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["WorkteamName"], lock=True)
    users = select(func.count()).where(flows.c.workteam_arn == row.arn)
    if tx.connection.execute(users).scalar_one():
        raise EngineError(
            "ResourceInUse", f"The work team {row.name!r} is in use by a flow definition or a labeling job"
        )
    tx.connection.execute(delete(workteams).where(workteams.c.sequence == row.sequence))
    return {"Success": True}


def _describe_subscribed(tx: Transaction, scope: Scope, params: Params) -> Result:  # noqa: ARG001
    raise EngineError(
        "ValidationException", f"The subscribed work team {params['WorkteamArn']!r} does not exist"
    )


def _list_subscribed(tx: Transaction, scope: Scope, params: Params) -> Result:  # noqa: ARG001
    return {"SubscribedWorkteams": []}


OPERATIONS: dict[str, Operation] = {
    "CreateWorkteam": _create,
    "DeleteWorkteam": _delete,
    "DescribeSubscribedWorkteam": _describe_subscribed,
    "DescribeWorkteam": _describe,
    "ListSubscribedWorkteams": _list_subscribed,
    "ListWorkteams": _list,
    "UpdateWorkteam": _update,
}


def find_workteam(tx: Transaction, scope: Scope, arn: str) -> Row[Any] | None:
    """Return the team of that ARN, or None. It can't be deleted before the transaction ends."""
    row = find(tx, scope, workteams, arn.rpartition("/")[2], lock=True)
    return row if row is not None and row.arn == arn else None


def _existing(tx: Transaction, scope: Scope, name: str, *, lock: bool = False) -> Row[Any]:
    row = find(tx, scope, workteams, name, lock=lock)
    if row is None:
        raise EngineError("ValidationException", f"The work team {name!r} does not exist in {scope.region}")
    return row


def _workforce(tx: Transaction, scope: Scope, name: str | None = None) -> Row[Any]:
    """Return the Region's workforce, which has that name if one is given. It can't be deleted meanwhile."""
    workforce = the_workforce(tx, scope, lock=True)
    if workforce is None or (name is not None and workforce.name != name):
        wanted = f" with name {name!r}" if name is not None else ""
        raise EngineError("ValidationException", f"No workforce found{wanted} in {scope.region}")
    return workforce


def _definition(params: Params) -> dict[str, Any]:
    return {key: params[key] for key in _KEPT if key in params}


def _check_members(workforce: Row[Any], members: Sequence[Params]) -> None:
    """Refuse members of another identity provider, pool or client than the workforce's."""
    cognito = workforce.definition.get("CognitoConfig")
    kind = "CognitoMemberDefinition" if cognito else "OidcMemberDefinition"
    for member in members:
        if set(member) != {kind}:
            raise EngineError(
                "ValidationException", f"The workforce {workforce.name!r} takes a {kind} and nothing else"
            )
        if cognito and any(member[kind][key] != cognito[key] for key in ("UserPool", "ClientId")):
            raise EngineError(
                "ValidationException",
                f"A member's UserPool and ClientId must be those of the workforce {workforce.name!r}",
            )


def _shape(row: Row[Any]) -> Result:
    return {
        "WorkteamName": row.name,
        "WorkteamArn": row.arn,
        "WorkforceArn": row.workforce_arn,
        "SubDomain": row.sub_domain,
        "CreateDate": row.created_at,
        "LastUpdatedDate": row.updated_at,
        "NotificationConfiguration": {},
        **row.definition,
    }
