"""What a call of Rekognition or Textract with HumanLoopConfig does besides: it may start a human loop.

The flow's activation conditions are evaluated as `hitl_sdk.routing` evaluates them for any model.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from hitl_sdk._activation_tree import EVERY, KINDS, checks_in
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.local.engine.documents import FORMS, MODERATION, canonical_json
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.flows import conditions_of, find_flow, flow_status
from hitl_sdk.local.engine.loops import start
from hitl_sdk.local.engine.transactions import find
from hitl_sdk.local.store import loops

if TYPE_CHECKING:
    from sqlalchemy import Row

    from hitl_sdk.local.engine.transactions import Params, Result, Transaction
    from hitl_sdk.local.engine.values import Scope
    from hitl_sdk.routing.activation import ActivationConditions

__all__ = ["REQUEST_SOURCES", "activate"]

REQUEST_SOURCES = {
    ("rekognition", "DetectModerationLabels"): MODERATION,
    ("textract", "AnalyzeDocument"): FORMS,
}
"""By service and operation, the request source that a flow has to have."""

# AWS documents no value, and none of its samples shows one.
_REASON = "ConditionsEvaluation"
_MOST_CHARACTERS = 10_240  # of the results, in the model


def activate(tx: Transaction, scope: Scope, source: str, request: Params, response: Params) -> Result:
    """Evaluate the conditions of the flow that a request names, and start the human loop if they say so.

    Where one is due, the same request finds the loop that it has started, whatever the model says by now.

    Parameters
    ----------
    tx : Transaction
        Starts the loop, if any.
    scope : Scope
        Where the request was made.
    source : str
        One of `REQUEST_SOURCES`.
    request, response : mapping
        What boto3 was given, with its HumanLoopConfig, and what the service answers.

    Returns
    -------
    dict
        HumanLoopActivationOutput.

    Raises
    ------
    EngineError
        ``InvalidParameterException`` if there is no such flow of this source, the name is taken, or no worker could see
        the item; ``HumanLoopQuotaExceededException`` if no loop more may be in flight.
    ConfigurationError
        If the response lacks what the conditions look at, which the service's own never does.
    """
    config = request["HumanLoopConfig"]
    arn = config["FlowDefinitionArn"]
    flow = find_flow(tx, scope, arn, lock=True)
    _check(tx, flow, arn, source)
    _require_s3_object(request)
    conditions = conditions_of(flow.definition)  # type: ignore[union-attr]
    sent = _camel({key: value for key, value in request.items() if value is not None})
    if conditions is None:
        active, results, selected = True, None, response
    else:
        asked = {key: value for key, value in sent.items() if key != "humanLoopConfig"}
        try:
            found = conditions.evaluate(response, draw_key=canonical_json([arn, asked]))
        except InvalidInputError as error:
            raise ConfigurationError(
                f"the function that stands in for {source}: {error.message}", hint=error.hint
            ) from error
        active, results, selected = found.active, found.results, found.selected
    output = _told(results)
    if not active:
        return output
    content = {
        "aiServiceRequest": sent,
        "aiServiceResponse": _camel(response),
        "selectedAiServiceResponse": _camel(selected),
    }
    if results is not None:
        content["humanTaskActivationConditionResults"] = results
        output["HumanLoopActivationReasons"] = [_REASON]
    keys = _form_keys(conditions)
    if keys:
        content["humanLoopContext"] = {"importantFormKeys": keys}
    return {**output, "HumanLoopArn": _started(tx, scope, config, content)}


def _started(tx: Transaction, scope: Scope, config: Params, content: dict[str, Any]) -> str:
    """Start the loop, or find the one that the same request has started; return its ARN."""
    name = config["HumanLoopName"]
    loop = find(tx, scope, loops, name)
    if loop is not None:
        written = tx.connection.execute(
            select(loops.c.input_content).where(loops.c.sequence == loop.sequence)
        ).scalar_one()
        if json.loads(written).get("aiServiceRequest") != json.loads(
            canonical_json(content["aiServiceRequest"])
        ):
            raise EngineError(
                "InvalidParameterException", f"HumanLoop {name!r} already exists for another request"
            )
        return str(loop.arn)
    params = {
        "HumanLoopName": name,
        "FlowDefinitionArn": config["FlowDefinitionArn"],
        "HumanLoopInput": {"InputContent": json.dumps(content)},
    }
    try:
        return str(start(tx, scope, params)["HumanLoopArn"])
    except EngineError as error:
        if error.code == "ServiceQuotaExceededException":
            raise EngineError(
                "HumanLoopQuotaExceededException",
                error.message,
                ResourceType="HumanLoop",
                ServiceCode="sagemaker",
            ) from error
        raise EngineError("InvalidParameterException", error.message) from error


def _check(tx: Transaction, flow: Row[Any] | None, arn: str, source: str) -> None:
    problem = None
    if flow is None:
        problem = "does not exist"
    elif flow_status(tx, flow) != "Active":
        problem = "is not Active yet"
    else:
        own = flow.definition.get("HumanLoopRequestSource", {}).get("AwsManagedHumanLoopRequestSource")
        if own != source:
            problem = f"is of {own or 'a custom task type'}, not of {source}"
    if problem is not None:
        raise EngineError("InvalidParameterException", f"FlowDefinition {arn} {problem}")


def _require_s3_object(request: Params) -> None:
    """Refuse bytes: the workers' template fetches the item from S3."""
    item = request.get("Document") or request.get("Image") or {}
    if "S3Object" not in item:
        raise EngineError(
            "InvalidParameterException", "with HumanLoopConfig the image or document must be an S3Object"
        )


def _told(results: dict[str, Any] | None) -> Result:
    """Return the results as the response has them; where they are longer than it takes, none."""
    text = "" if results is None else json.dumps(results)
    return (
        {"HumanLoopActivationConditionsEvaluationResults": text} if 0 < len(text) <= _MOST_CHARACTERS else {}
    )


def _form_keys(conditions: ActivationConditions | None) -> list[dict[str, object]]:
    """Return the keys that workers are asked for, as ``crowd-textract-analyze-document`` takes them."""
    named: dict[str, dict[str, None]] = {}
    for check in () if conditions is None else checks_in(conditions.conditions):
        if KINDS[check.kind].aliases and check.names[0] != EVERY:
            named.setdefault(check.names[0], {}).update(dict.fromkeys(check.names[1:]))
    return [{"importantFormKey": key, "importantFormKeyAliases": list(named[key])} for key in named]


def _camel(value: Any) -> Any:
    """Return a value of the API as A2I writes it into a loop's input: its keys begin with a small letter."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(each) for key, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list) else value
