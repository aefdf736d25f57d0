"""Workforces: who may work at all. An account has one in a Region, tied to one identity provider."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.transactions import count, derived_id, find
from hitl_sdk.local.store import workforces, workteams

if TYPE_CHECKING:
    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["OPERATIONS", "identity_provider", "the_workforce"]

_MOST_CIDRS = 10
_KEPT = ("CognitoConfig", "OidcConfig", "SourceIpConfig", "WorkforceVpcConfig", "IpAddressType")


def _create(tx: Transaction, scope: Scope, params: Params) -> Result:
    if the_workforce(tx, scope) is not None:
        raise EngineError(
            "ValidationException", f"Cannot create more than one workforce for account {scope.account_id}"
        )
    if ("CognitoConfig" in params) == ("OidcConfig" in params):
        raise EngineError("ValidationException", "Give one of CognitoConfig and OidcConfig, not both")
    if "CognitoConfig" in params:
        _check_client(tx, scope, params["CognitoConfig"])
    name = params["WorkforceName"]
    arn = scope.arn("workforce", name)
    tx.connection.execute(
        insert(workforces),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "arn": arn,
            "created_at": tx.now,
            "updated_at": tx.now,
            "settled_at": tx.now + timedelta(seconds=tx.settings.settling_seconds),
            "settling": "Initializing",
            "sub_domain": _sub_domain(tx, scope, name),
            "definition": _definition(tx, scope, name, params),
        },
    )
    return {"WorkforceArn": arn}


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    return {"Workforce": _shape(tx, _existing(tx, scope, params["WorkforceName"]))}


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    rows, token = page(tx, scope, workforces, params, order="Ascending")
    return {"Workforces": [_shape(tx, row) for row in rows], **token}


def _update(tx: Transaction, scope: Scope, params: Params) -> Result:
    name = params["WorkforceName"]
    row = _existing(tx, scope, name, lock=True)
    if tx.now < row.settled_at:
        raise EngineError(
            "ConflictException", f"The workforce {name!r} is {row.settling}: wait until it is Active"
        )
    if "OidcConfig" in params:
        _check_oidc_may_change(tx, scope, row)
    changes: dict[str, Any] = {
        "definition": {**row.definition, **_definition(tx, scope, name, params)},
        "updated_at": tx.now,
    }
    if "WorkforceVpcConfig" in params:  # the portal moves; the other members take effect at once
        changes["settled_at"] = tx.now + timedelta(seconds=tx.settings.settling_seconds)
        changes["settling"] = "Updating"
    tx.connection.execute(update(workforces).where(workforces.c.sequence == row.sequence).values(changes))
    return _describe(tx, scope, params)


def _delete(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["WorkforceName"], lock=True)
    if count(tx, scope, workteams):
        raise EngineError(
            "ResourceInUse", f"The workforce {row.name!r} has work teams: delete them before the workforce"
        )
    tx.connection.execute(delete(workforces).where(workforces.c.sequence == row.sequence))
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateWorkforce": _create,
    "DeleteWorkforce": _delete,
    "DescribeWorkforce": _describe,
    "ListWorkforces": _list,
    "UpdateWorkforce": _update,
}


def the_workforce(tx: Transaction, scope: Scope, *, lock: bool = False) -> Row[Any] | None:
    """Return the one workforce of the account in the Region, or None.

    With `lock`, it can't be deleted before the transaction ends.
    """
    statement = select(workforces).where(
        workforces.c.account_id == scope.account_id, workforces.c.region == scope.region
    )
    return tx.connection.execute(statement.with_for_update(read=True) if lock else statement).one_or_none()


def identity_provider(scope: Scope, workforce: Row[Any]) -> tuple[str, str]:
    """Return what output.json says of it: ``("Cognito" or "Oidc", the issuer's address)``."""
    if "OidcConfig" in workforce.definition:
        return "Oidc", workforce.definition["OidcConfig"]["Issuer"]
    pool = workforce.definition["CognitoConfig"]["UserPool"]
    return "Cognito", f"https://cognito-idp.{scope.region}.amazonaws.com/{pool}"


def _existing(tx: Transaction, scope: Scope, name: str, *, lock: bool = False) -> Row[Any]:
    row = find(tx, scope, workforces, name, lock=lock)
    if row is None:
        # SageMaker models no "not found" for workforces and work teams
        raise EngineError("ValidationException", f"No workforce found with name {name!r} in {scope.region}")
    return row


def _check_client(tx: Transaction, scope: Scope, config: Params) -> None:
    """Refuse a Cognito client that does not exist, or that has no secret."""
    client = tx.delivery.user_pool_client(scope, config["UserPool"], config["ClientId"])
    if client is None:
        return
    if not client["exists"]:
        raise EngineError(
            "ValidationException", f"The client does not exist in the user pool {config['UserPool']}"
        )
    if not client["has_secret"]:
        raise EngineError(
            "ValidationException",
            f"The client of the user pool {config['UserPool']} has no secret: create it with GenerateSecret",
        )


def _check_oidc_may_change(tx: Transaction, scope: Scope, row: Row[Any]) -> None:
    if "OidcConfig" not in row.definition:
        raise EngineError("ValidationException", f"The workforce {row.name!r} is a Cognito workforce")
    if count(tx, scope, workteams):
        raise EngineError(
            "ValidationException", f"The OidcConfig of {row.name!r} can't change while it has work teams"
        )


def _definition(tx: Transaction, scope: Scope, name: str, params: Params) -> dict[str, Any]:
    """Return what is kept of a request: no secret, and the VPC with the endpoint that AWS would make."""
    kept = {key: params[key] for key in _KEPT if key in params}
    if len(kept.get("SourceIpConfig", {}).get("Cidrs", ())) > _MOST_CIDRS:
        raise EngineError("ValidationException", f"SourceIpConfig has more than {_MOST_CIDRS} Cidrs")
    if "OidcConfig" in kept:
        kept["OidcConfig"] = {
            key: value for key, value in kept["OidcConfig"].items() if key != "ClientSecret"
        }
    if kept.get("WorkforceVpcConfig"):
        endpoint = "vpce-0" + derived_id(tx, "vpc endpoint", scope, name, length=16)
        kept["WorkforceVpcConfig"] = {**kept["WorkforceVpcConfig"], "VpcEndpointId": endpoint}
    return kept


def _sub_domain(tx: Transaction, scope: Scope, name: str) -> str:
    label = derived_id(tx, "sub-domain", scope, name, length=10)
    return f"{label}.labeling.{scope.region}.sagemaker.aws"


def _shape(tx: Transaction, row: Row[Any]) -> Result:
    definition = {"SourceIpConfig": {"Cidrs": []}, **row.definition}
    if not definition.get("WorkforceVpcConfig"):  # an empty one in an update takes the VPC away
        definition.pop("WorkforceVpcConfig", None)
    return {
        "WorkforceName": row.name,
        "WorkforceArn": row.arn,
        "LastUpdatedDate": row.updated_at,
        "SubDomain": row.sub_domain,
        "CreateDate": row.created_at,
        "Status": "Active" if tx.now >= row.settled_at else row.settling,
        **definition,
    }
