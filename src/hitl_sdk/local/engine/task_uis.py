"""Human task UIs: the worker templates, and their preview."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.transactions import count, find
from hitl_sdk.local.store import task_uis
from hitl_sdk.local.templates import render

if TYPE_CHECKING:
    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope

__all__ = ["OPERATIONS", "content_of"]


def _create(tx: Transaction, scope: Scope, params: Params) -> Result:
    name = params["HumanTaskUiName"]
    if find(tx, scope, task_uis, name) is not None:
        raise EngineError("ResourceInUse", f"HumanTaskUi {name!r} already exists")
    if count(tx, scope, task_uis) >= tx.settings.human_task_uis:
        raise EngineError(
            "ResourceLimitExceeded",
            f"No more than {tx.settings.human_task_uis} human task UIs in an account and Region",
        )
    arn = scope.arn("human-task-ui", name)
    content = _checked(params["UiTemplate"]["Content"])
    tx.connection.execute(
        insert(task_uis),
        {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "arn": arn,
            "created_at": tx.now,
            "content": content,
            "content_sha256": sha256(content.encode()).hexdigest(),
        },
    )
    return {"HumanTaskUiArn": arn}


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = _existing(tx, scope, params["HumanTaskUiName"])
    address = f"https://human-task-ui.{scope.region}.sagemaker.aws/{scope.account_id}/{row.name}"
    return {
        "HumanTaskUiArn": row.arn,
        "HumanTaskUiName": row.name,
        "HumanTaskUiStatus": "Active",
        "CreationTime": row.created_at,
        "UiTemplate": {"Url": address, "ContentSha256": row.content_sha256},
    }


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    rows, token = page(tx, scope, task_uis, params, order="Descending")
    summaries = [
        {"HumanTaskUiName": row.name, "HumanTaskUiArn": row.arn, "CreationTime": row.created_at}
        for row in rows
    ]
    return {"HumanTaskUiSummaries": summaries, **token}


def _delete(tx: Transaction, scope: Scope, params: Params) -> Result:
    """Delete it even while flows use it: they keep the template they were made with."""
    row = _existing(tx, scope, params["HumanTaskUiName"])
    tx.connection.execute(delete(task_uis).where(task_uis.c.sequence == row.sequence))
    return {}


def _render(tx: Transaction, scope: Scope, params: Params) -> Result:
    if ("UiTemplate" in params) == ("HumanTaskUiArn" in params):
        raise EngineError("ValidationException", "Give one of UiTemplate and HumanTaskUiArn, not both")
    if "UiTemplate" in params:
        content = params["UiTemplate"]["Content"]
    else:
        content = content_of(tx, scope, params["HumanTaskUiArn"])
    html, errors = render(content, params["Task"]["Input"])
    return {"RenderedContent": html, "Errors": errors}


OPERATIONS: dict[str, Operation] = {
    "CreateHumanTaskUi": _create,
    "DeleteHumanTaskUi": _delete,
    "DescribeHumanTaskUi": _describe,
    "ListHumanTaskUis": _list,
    "RenderUiTemplate": _render,
}


def content_of(tx: Transaction, scope: Scope, arn: str) -> str:
    """Return the template of that ARN.

    Raises
    ------
    EngineError
        ``ResourceNotFound`` if there is none.
    """
    row = find(tx, scope, task_uis, arn.rpartition("/")[2])
    if row is None or row.arn != arn:
        raise EngineError("ResourceNotFound", f"HumanTaskUi {arn} does not exist")
    content = select(task_uis.c.content).where(task_uis.c.sequence == row.sequence)
    return str(tx.connection.execute(content).scalar_one())


def _checked(content: str) -> str:
    """Refuse what not every database can keep: half a surrogate pair, or NUL."""
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise EngineError("ValidationException", "UiTemplate.Content is not valid Unicode") from error
    if "\x00" in content:
        raise EngineError("ValidationException", "UiTemplate.Content holds a NUL character")
    return content


def _existing(tx: Transaction, scope: Scope, name: str) -> Row[Any]:
    row = find(tx, scope, task_uis, name)
    if row is None:
        raise EngineError("ResourceNotFound", f"HumanTaskUi {name!r} does not exist in {scope.region}")
    return row
