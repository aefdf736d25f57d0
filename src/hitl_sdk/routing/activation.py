"""A2I's HumanLoopActivationConditions: read, written, and evaluated on this machine.

What starts a human loop for AWS's own Rekognition and Textract integration starts it here, for any model whose
prediction keeps such a response, and in the local service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk._activation_tree import (
    KINDS,
    PERCENTAGE,
    Check,
    Group,
    checks_in,
    read_conditions,
    written,
)
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._draws import draw
from hitl_sdk.routing._responses import inferences_in, service_of, with_only

if TYPE_CHECKING:
    from hitl_sdk._activation_tree import Node
    from hitl_sdk.routing._responses import Inference

__all__ = ["Activation", "ActivationConditions"]

# Of the API: HumanLoopActivationConditions of CreateFlowDefinition.
_MOST_CHARACTERS = 10_240


@dataclass(frozen=True, slots=True)
class Activation:
    """What activation conditions say of one response.

    Attributes
    ----------
    active : bool
        Whether a human loop is to be started.
    results : dict
        The conditions, ``"EvaluationResult": true`` or ``false`` beside each: what A2I puts into
        `HumanLoopActivationConditionsEvaluationResults` and into output.json.
    matched : tuple of mapping
        The inferences that workers are to see, of the response: moderation labels, or the KEY blocks of pairs.
    selected : dict
        The response with only these inferences.

    Examples
    --------
    >>> conditions = ActivationConditions.parse(
    ...     '{"Conditions": [{"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 100}}]}'
    ... )
    >>> label = {"Name": "Weapons", "Confidence": 91.2}
    >>> conditions.evaluate({"ModerationLabels": [label]}, draw_key="loop-1").matched
    ({'Name': 'Weapons', 'Confidence': 91.2},)
    """

    active: bool
    results: dict[str, Any]
    matched: tuple[Mapping[str, Any], ...]
    selected: dict[str, Any]


@dataclass(frozen=True, repr=False)
class ActivationConditions:
    """A2I's own rule for responses of Rekognition's DetectModerationLabels and Textract's AnalyzeDocument.

    Made by `parse`. Any condition of the list starts a loop.

    Examples
    --------
    >>> check = {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 95}
    >>> conditions = ActivationConditions.parse(
    ...     {"Conditions": [{"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}]}
    ... )
    >>> response = {"ModerationLabels": [{"Name": "Weapons", "ParentName": "Violence", "Confidence": 91.2}]}
    >>> conditions.evaluate(response, draw_key="loop-1").active
    True
    """

    conditions: tuple[Node, ...]

    @classmethod
    def parse(cls, text: str | Mapping[str, object]) -> ActivationConditions:
        """Read conditions as a flow definition holds them.

        Parameters
        ----------
        text : str or mapping
            The JSON text, or what it holds.

        Raises
        ------
        InvalidInputError
            If it is not JSON, longer than 10,240 characters, or not of the schema; the message says where.

        Examples
        --------
        >>> ActivationConditions.parse('{"Conditions": [{"ConditionType": "Samples"}]}')
        Traceback (most recent call last):
        ...
        hitl_sdk.errors.InvalidInputError: HumanLoopActivationConditions: Conditions[0] has the ConditionType 'Samples'
        (give one of ModerationLabelConfidenceCheck, ImportantFormKeyConfidenceCheck, MissingImportantFormKey, Sampling)
        """
        if isinstance(text, str):
            _require_length(text)
            try:
                document = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise InvalidInputError(
                    f"HumanLoopActivationConditions: not JSON: {error}", hint="see the schema of conditions"
                ) from error
        else:
            document = text
        return cls(read_conditions(document))

    def to_json(self) -> str:
        """Write them as a flow definition takes them.

        Raises
        ------
        InvalidInputError
            If they are longer than the 10,240 characters that a flow definition takes.

        Examples
        --------
        >>> text = '{"Conditions": [{"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 5}}]}'
        >>> ActivationConditions.parse(text).to_json() == text
        True
        """
        text = json.dumps({"Conditions": [written(node) for node in self.conditions]})
        _require_length(text)
        return text

    def evaluate(self, response: Mapping[str, Any], *, draw_key: str) -> Activation:
        """Evaluate every condition on a response.

        A check is true if it matches an inference, and brings those that it matches; a missing key is true without
        bringing any. Sampling brings every inference, but within And beside checks none of its own. Within And,
        checks of the same name must be met by one and the same inference, so that two of them make a range.

        Parameters
        ----------
        response : mapping
            What boto3 returned.
        draw_key : str
            What Sampling is drawn by: the same key, the same draw. Each Sampling of the conditions has its own.

        Raises
        ------
        InvalidInputError
            If it is the response of another operation than the conditions are for.

        Examples
        --------
        >>> missing = {"ConditionType": "MissingImportantFormKey", "ConditionParameters": {"ImportantFormKey": "Due"}}
        >>> ActivationConditions.parse({"Conditions": [missing]}).evaluate({"Blocks": []}, draw_key="a").results
        {'Conditions': [{'ConditionType': 'MissingImportantFormKey',
          'ConditionParameters': {'ImportantFormKey': 'Due'}, 'EvaluationResult': True}]}
        """
        service = service_of(response)
        wanted = next(
            (KINDS[each.kind].service for each in checks_in(self.conditions) if each.names), service
        )
        if service != wanted:
            raise InvalidInputError(
                f"the conditions are for {wanted}, the response is of {service}",
                hint="give the conditions of the flow that the response belongs to",
            )
        evaluation = _Evaluation(inferences_in(response), draw_key)
        found = [evaluation.of(node) for node in self.conditions]
        chosen = sorted(set().union(*(each.brings for each in found if each.result)))
        seen = [evaluation.inferences[number] for number in chosen]
        return Activation(
            active=any(each.result for each in found),
            results={"Conditions": [each.tree for each in found]},
            matched=tuple(inference.parts[0] for inference in seen),
            selected=with_only(response, seen),
        )

    @property
    def important_form_keys(self) -> tuple[str, ...]:
        """The form keys that conditions name, without aliases and ``"*"``: workers are asked to look for them."""
        named = [check.names[0] for check in checks_in(self.conditions) if KINDS[check.kind].aliases]
        return tuple(dict.fromkeys(name for name in named if name != "*"))

    def __repr__(self) -> str:
        return f"ActivationConditions.parse({self.to_json()!r})"


@dataclass(frozen=True, slots=True)
class _Found:
    """What came out of one node: its result, the inferences it brings (by number), and its part of the results."""

    result: bool
    brings: frozenset[int]
    tree: dict[str, Any]


class _Evaluation:
    """Evaluates one tree on one response; the Samplings are numbered as they are met."""

    def __init__(self, inferences: tuple[Inference, ...], draw_key: str) -> None:
        self.inferences = inferences
        self._everything = frozenset(range(len(inferences)))
        self._draw_key = draw_key
        self._samplings = 0

    def of(self, node: Node) -> _Found:
        if isinstance(node, Check):
            result, brings = self._check(node)
            return _Found(result, brings, written(node) | {"EvaluationResult": result})
        found = [self.of(part) for part in node.parts]
        result, brings = (self._any if node.operator == "Or" else self._all)(node.parts, found)
        tree = {node.operator: [each.tree for each in found], "EvaluationResult": result}
        return _Found(result, brings, tree)

    def _check(self, check: Check) -> tuple[bool, frozenset[int]]:
        if not check.names:
            share = draw(self._draw_key, self._samplings) * 100
            self._samplings += 1
            return share < dict(check.numbers)[PERCENTAGE], self._everything
        if not KINDS[check.kind].numbers:
            return not any(check.is_about(each.name) for each in self.inferences), frozenset()
        brings = frozenset(number for number, each in enumerate(self.inferences) if each.meets(check))
        return bool(brings), brings

    def _any(self, _parts: tuple[Node, ...], found: list[_Found]) -> tuple[bool, frozenset[int]]:
        true = [each.brings for each in found if each.result]
        return bool(true), frozenset[int]().union(*true)

    def _all(self, parts: tuple[Node, ...], found: list[_Found]) -> tuple[bool, frozenset[int]]:
        if not any(isinstance(part, Group) or part.names for part in parts):
            return all(each.result for each in found), self._everything
        ranges: dict[tuple[str, ...], frozenset[int]] = {}
        others = frozenset[int]()
        for part, each in zip(parts, found, strict=True):
            if isinstance(part, Group):
                others |= each.brings
            elif KINDS[part.kind].numbers:
                ranges[part.names] = ranges.get(part.names, self._everything) & each.brings
        result = all(each.result for each in found) and all(ranges.values())
        return result, others.union(*ranges.values())


def _require_length(text: str) -> None:
    if len(text) > _MOST_CHARACTERS:
        raise InvalidInputError(
            f"HumanLoopActivationConditions: {len(text):,} characters, where a flow takes {_MOST_CHARACTERS:,}",
            hint="name fewer keys or labels, or use '*'",
        )
