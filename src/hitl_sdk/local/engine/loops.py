"""Human loops, as the A2I runtime's five operations show them."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from hitl_sdk.local.engine import lifecycle
from hitl_sdk.local.engine.documents import canonical_json, output_uri
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.flows import find_flow, flow_status
from hitl_sdk.local.engine.paging import page
from hitl_sdk.local.engine.transactions import find
from hitl_sdk.local.store import flows, loops, schema_versions, seats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Operation, Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope, Settings

__all__ = ["OPERATIONS", "existing_loop", "insert_loops", "start"]

_INSERT = insert(loops)
_TAKE_OFF = (
    update(flows)
    .where(flows.c.sequence == bindparam("flow_sequence"))
    .values(in_flight=flows.c.in_flight + bindparam("number"))
)

# PostgreSQL would let a loop be seen before one of a lower number; who reads what is new would miss that.
_IN_TURN = select(schema_versions).with_for_update()


def start(tx: Transaction, scope: Scope, params: Params) -> Result:
    """Start a loop; the same request again finds it, whatever has become of it."""
    name, flow_arn = params["HumanLoopName"], params["FlowDefinitionArn"]
    content = _input_content(params["HumanLoopInput"]["InputContent"], tx.settings)
    # The flow is locked before anything is looked up, so that nobody starts the same name in between,
    # nobody takes the last place in flight and nobody deletes the flow.
    flow = find_flow(tx, scope, flow_arn, lock=True)
    loop = find(tx, scope, loops, name)
    if loop is not None:
        if (loop.flow_arn, loop.input_sha256) == (flow_arn, _sha256(content)):
            return {"HumanLoopArn": loop.arn}
        raise EngineError(
            "ConflictException",
            f"HumanLoop {name!r} already exists with another input or flow definition: use a different name",
        )
    if flow is None or flow_status(tx, flow) != "Active":
        state = "does not exist" if flow is None else "is not Active yet"
        raise EngineError("ValidationException", f"FlowDefinition {flow_arn} {state}")
    if flow.in_flight >= tx.settings.loops_in_flight:
        raise EngineError(
            "ServiceQuotaExceededException",
            f"FlowDefinition {flow_arn} has {flow.in_flight} human loops in flight, as many as it may have",
        )
    return {"HumanLoopArn": _insert(tx, scope, name, flow, content)}


def _insert(tx: Transaction, scope: Scope, name: str, flow: Row[Any], content: str) -> str:
    arn = scope.arn("human-loop", name)
    uri = output_uri(flow.output_path, flow.name, name, tx.now)
    insert_loops(tx, flow, [{"name": name, "arn": arn, "input_content": content, "output_uri": uri}])
    return arn


def insert_loops(tx: Transaction, flow: Row[Any], new: Sequence[Params]) -> None:
    """Start loops of a flow, of which no name is taken.

    Parameters
    ----------
    tx : Transaction
        Locks the flow.
    flow : Row
        Whose loops they are; its job is theirs.
    new : sequence of mapping
        ``name``, ``arn``, ``input_content`` in its canonical form, and ``output_uri`` of each.
    """
    due_at = tx.now + timedelta(seconds=flow.task_availability)
    common = {
        "account_id": flow.account_id,
        "region": flow.region,
        "created_at": tx.now,
        "flow": flow.sequence,
        "flow_arn": flow.arn,
        "state": "InProgress",
        "due_at": due_at,
        "job": flow.job,
    }
    tx.connection.execute(_TAKE_OFF, {"flow_sequence": flow.sequence, "number": len(new)})
    if tx.connection.dialect.name == "postgresql":
        tx.connection.execute(_IN_TURN)
    tx.connection.execute(
        _INSERT, [{**common, **loop, "input_sha256": _sha256(loop["input_content"])} for loop in new]
    )
    tx.due.append(due_at)


def _describe(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = existing_loop(tx, scope, params["HumanLoopName"])
    described = {
        "CreationTime": row.created_at,
        "HumanLoopStatus": lifecycle.status(row.state),
        "HumanLoopName": row.name,
        "HumanLoopArn": row.arn,
        "FlowDefinitionArn": row.flow_arn,
        "HumanLoopOutput": {"OutputS3Uri": row.output_uri},
    }
    if row.failure_code is not None:
        described["FailureCode"] = row.failure_code
        described["FailureReason"] = row.failure_reason
    return described


def _list(tx: Transaction, scope: Scope, params: Params) -> Result:
    arn = params["FlowDefinitionArn"]
    if find_flow(tx, scope, arn) is None:
        raise EngineError("ResourceNotFoundException", f"FlowDefinition {arn} does not exist")
    rows, token = page(tx, scope, loops, params, order="Descending", where=[loops.c.flow_arn == arn])
    return {"HumanLoopSummaries": [_summary(row) for row in rows], **token}


def _stop(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = existing_loop(tx, scope, params["HumanLoopName"], lock=True)
    if row.state in lifecycle.ENDED:
        raise EngineError(
            "ValidationException", f"HumanLoop {row.name!r} is not in progress: it is {row.state}"
        )
    if row.state == "InProgress":  # one that is Stopping or Writing is about to end as it is
        lifecycle.stop(tx, row)
    return {}


def _delete(tx: Transaction, scope: Scope, params: Params) -> Result:
    row = existing_loop(tx, scope, params["HumanLoopName"], lock=True)
    if row.state not in lifecycle.ENDED:
        raise EngineError(
            "ValidationException",
            f"HumanLoop {row.name!r} is {lifecycle.status(row.state)}: only one that has ended can be deleted",
        )
    tx.connection.execute(delete(seats).where(seats.c.loop == row.sequence))
    tx.connection.execute(delete(loops).where(loops.c.sequence == row.sequence))
    return {}


OPERATIONS: dict[str, Operation] = {
    "DeleteHumanLoop": _delete,
    "DescribeHumanLoop": _describe,
    "ListHumanLoops": _list,
    "StartHumanLoop": start,
    "StopHumanLoop": _stop,
}


def existing_loop(tx: Transaction, scope: Scope, name: str, *, lock: bool = False) -> Row[Any]:
    """Return the loop of that name.

    Raises
    ------
    EngineError
        ``ResourceNotFoundException`` if there is none.
    """
    row = find(tx, scope, loops, name, lock=lock)
    if row is None or row.job is not None:
        raise EngineError("ResourceNotFoundException", f"HumanLoop {name!r} does not exist in {scope.region}")
    return row


def _input_content(text: str, settings: Settings) -> str:
    """Return the input in its canonical form, in which equal inputs are equal texts."""
    if len(text.encode(errors="surrogatepass")) > settings.input_bytes:
        raise EngineError("ValidationException", f"InputContent is longer than {settings.input_bytes} bytes")
    try:
        value = json.loads(text)
        content = canonical_json(value)
    except (ValueError, RecursionError) as error:
        raise EngineError("ValidationException", "InputContent is not valid JSON") from error
    if not isinstance(value, dict):
        raise EngineError("ValidationException", "InputContent is not a JSON object")
    return content


def _sha256(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def _summary(row: Row[Any]) -> Result:
    summary = {
        "HumanLoopName": row.name,
        "HumanLoopStatus": lifecycle.status(row.state),
        "CreationTime": row.created_at,
        "FlowDefinitionArn": row.flow_arn,
    }
    if row.failure_reason is not None:
        summary["FailureReason"] = row.failure_reason
    return summary
