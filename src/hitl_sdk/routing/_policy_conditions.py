"""Policies in A2I's grammar of activation conditions, as far as it has words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from hitl_sdk._activation_tree import EVERY, KINDS, PERCENTAGE, Check, Group, Node, read_conditions, written
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.policy import Policy, _Both, _Either
from hitl_sdk.routing.policy_cuts import Threshold
from hitl_sdk.routing.policy_fields import Confidence, Missing
from hitl_sdk.routing.policy_sample import Sample

if TYPE_CHECKING:
    from hitl_sdk._activation_tree import Service

__all__ = ["conditions_of"]

_WORDS = {
    "<": "LessThan",
    "<=": "LessThanEquals",
    "==": "Equals",
    ">": "GreaterThan",
    ">=": "GreaterThanEquals",
}
_CHECKS = {"rekognition": "ModerationLabelConfidenceCheck", "textract": "ImportantFormKeyConfidenceCheck"}


def conditions_of(policy: Policy, service: Service) -> tuple[Node, ...]:
    """Return the conditions that review what a policy does.

    Raises
    ------
    InvalidInputError
        If there are none.
    """
    if service not in list(_CHECKS):
        raise InvalidInputError(f"service={service!r}", hint=f"give one of {', '.join(_CHECKS)}")
    node = _node(policy, service)
    nodes = node.parts if isinstance(node, Group) and node.operator == "Or" else (node,)
    return read_conditions({"Conditions": [written(each) for each in nodes]})  # which looks at the depth


def _node(policy: Policy, service: Service) -> Node:
    if isinstance(policy, _Either | _Both):
        return _group("Or" if isinstance(policy, _Either) else "And", policy, service)
    if isinstance(policy, Confidence) and service == "textract" and policy.field != EVERY:
        missing = Check("MissingImportantFormKey", (policy.field,))
        return Group("Or", (_check(policy.field, policy.op, policy.value, service), missing))
    return _single(policy, service)


def _single(policy: Policy, service: Service) -> Check:
    if isinstance(policy, Confidence):
        return _check(policy.field, policy.op, policy.value, service)
    if isinstance(policy, Threshold):
        return _check(EVERY, "<", policy.threshold, service)
    if isinstance(policy, Missing) and service == "textract":
        return Check("MissingImportantFormKey", (policy.field,))
    if not isinstance(policy, Sample):
        _refuse(policy, "it has words for Threshold, Confidence, Sample, | and &, and for Textract Missing")
    if policy.rate < 0.0001:
        _refuse(policy, "it samples 0.01 % at least")
    return Check("Sampling", (), ((PERCENTAGE, _percent(policy.rate)),))


def _group(operator: str, policy: _Either | _Both, service: Service) -> Group:
    nodes = [_node(part, service) for part in policy.parts]
    # What stands under the same word needs no level of its own.
    parts = [
        part
        for node in nodes
        for part in (node.parts if isinstance(node, Group) and node.operator == operator else (node,))
    ]
    return Group(operator, tuple(parts))


def _check(name: str, op: str, value: float, service: Service) -> Check:
    if op not in _WORDS:
        _refuse(f"the comparison {op!r}", f"it has {' '.join(_WORDS)}")
    if not 0 <= value <= 1:
        _refuse(f"{name} {op} {value}", "it compares confidences: give them from 0 to 1")
    kind = _CHECKS[service]
    return Check(kind, (name,), ((f"{KINDS[kind].numbers[0]}{_WORDS[op]}", _percent(value)),))


def _percent(share: float) -> float:
    percent = round(share * 100, 10)  # 0.57 * 100 is 56.99999999999999
    return int(percent) if percent.is_integer() else percent


def _refuse(what: object, hint: str) -> NoReturn:
    raise InvalidInputError(f"A2I's activation conditions have no word for {what}", hint=hint)
