"""A2I's HumanLoopActivationConditions: read, written, and evaluated on this machine.

What starts a human loop for AWS's own Rekognition and Textract integration starts it here, for any model whose
prediction keeps such a response, and in the local service.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import narwhals as nw

from hitl_sdk._activation_tree import (
    KINDS,
    PERCENTAGE,
    Check,
    Group,
    checks_in,
    read_conditions,
    written,
)
from hitl_sdk._plain import is_unicode
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._by_batch import with_computed
from hitl_sdk.routing._draws import draw
from hitl_sdk.routing._policy_conditions import conditions_of
from hitl_sdk.routing._policy_json import Read, loaded
from hitl_sdk.routing._reasons import ACCEPT, REVIEW, STRIDE, Reason
from hitl_sdk.routing._responses import inferences_in, service_of, with_only
from hitl_sdk.routing.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hitl_sdk._activation_tree import Node
    from hitl_sdk.routing._responses import Inference
    from hitl_sdk.routing.prediction import Prediction

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
class ActivationConditions(Policy, kind="Conditions"):
    """A2I's own rule for responses of Rekognition's DetectModerationLabels and Textract's AnalyzeDocument.

    Made by `parse`, or of a policy by `from_policy`. Any condition of the list starts a loop.

    It is a policy as well, and combines with others: it decides by the response that a `Prediction` keeps as `raw`, or
    that a frame has in a column `raw`, as JSON or as what that holds. An item without such a response is reviewed. Sampling
    is drawn by the `item_id`.

    Attributes
    ----------
    conditions : tuple
        The conditions of the list, read; `to_json` writes them.

    Examples
    --------
    >>> check = {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 95}
    >>> conditions = ActivationConditions.parse(
    ...     {"Conditions": [{"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}]}
    ... )
    >>> response = {"ModerationLabels": [{"Name": "Weapons", "ParentName": "Violence", "Confidence": 91.2}]}
    >>> conditions.evaluate(response, draw_key="loop-1").active
    True
    >>> from hitl_sdk.routing import Prediction
    >>> conditions.decide_one(Prediction("a", "s3://images/a.png", "Weapons", 0.912, raw=response))
    Decision(decision='review', reason="ModerationLabelConfidenceCheck 'Weapons' ConfidenceLessThan 95")
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
            text = cast("Mapping[str, object]", loaded(text, "HumanLoopActivationConditions"))
        return cls(read_conditions(text))

    @classmethod
    def from_policy(
        cls, policy: Policy, *, service: Literal["rekognition", "textract"]
    ) -> ActivationConditions:
        """Write a policy in A2I's grammar, for a flow of the built-in integration.

        `Confidence` becomes a check of the form key, or moderation label, that its field names (or ``"*"``), `Missing` that
        of a missing form key, `Threshold` a check of any; `Sample` becomes Sampling, which A2I draws by itself, without
        the seed; ``|`` and ``&`` become Or and And. As `Confidence` reviews what has no number, a check of a form key stands
        beside one that it is missing; a moderation label that Rekognition did not see has no such check.

        Parameters
        ----------
        policy : Policy
            Its confidences from 0 to 1; A2I's are percentages.
        service : {"rekognition", "textract"}
            Whose integration it is for.

        Raises
        ------
        InvalidInputError
            If the grammar has no word for a part of it, or it is nested deeper than two levels.

        Examples
        --------
        >>> from hitl_sdk.routing import Missing, Sample
        >>> ActivationConditions.from_policy(Missing("Due date") | Sample(0.05), service="textract").to_json()
        '{"Conditions": [{"ConditionType": "MissingImportantFormKey", "ConditionParameters": {"ImportantFormKey": "Due date"}},
        {"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 5}}]}'
        """
        return cls(conditions_of(policy, service))

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
        text = super().to_json()
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
            If it is the response of another operation than the conditions are for, or `draw_key` is no text.

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
        if not isinstance(cast("object", draw_key), str) or not is_unicode(draw_key):
            raise InvalidInputError(
                f"draw_key={draw_key!r} is no text", hint="give the name of the loop or item"
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
        return f"ActivationConditions.parse({json.dumps(self._as_value())!r})"

    def _columns(self) -> set[str]:
        return {"item_id", "raw"}

    def _needs(self) -> frozenset[str]:
        return frozenset({"item_id"})

    def _reasons(self) -> Sequence[Reason]:
        return [Reason(str(node)) for node in self.conditions] + [
            Reason("no activation condition holds"),
            Reason("no response that the conditions are for"),
        ]

    def _judged(self, table: Any, name: str) -> Any:
        found = nw.col(f"{name}_found")
        table = with_computed(
            table,
            ["raw", "item_id"],
            self._all_found,
            name=f"{name}_found",
            dtype=nw.Int64,
            sql=None,
            needed_for="ActivationConditions",
        )
        accepted = found == len(self.conditions)
        return table.with_columns(
            nw.when(accepted).then(nw.lit(ACCEPT)).otherwise(nw.lit(REVIEW)).alias(f"{name}_verdict"),
            (found * STRIDE).alias(f"{name}_reason"),
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        found = self._found(prediction.raw, prediction.item_id)
        verdict = ACCEPT if found == len(self.conditions) else REVIEW
        return verdict, self._all_reasons[found].text()

    def _all_found(self, responses: nw.Series[Any], item_ids: nw.Series[Any]) -> NDArray[np.int64]:
        import numpy as np

        rows = zip(responses.to_list(), item_ids.cast(nw.String).to_list(), strict=True)
        return np.array([self._found(response, str(item_id)) for response, item_id in rows], np.int64)

    def _found(self, response: object, item_id: str) -> int:
        """Return which of the reasons holds: that of the first condition that is true, or that none is."""
        try:
            given: Any = loaded(response, "raw") if isinstance(response, str) else response
            try:
                activation = self.evaluate(given, draw_key=item_id)
            except InvalidInputError:
                activation = self.evaluate(_with_lists(given), draw_key=item_id)
        except InvalidInputError:
            return len(self.conditions) + 1
        results = [each["EvaluationResult"] for each in activation.results["Conditions"]]
        return results.index(True) if activation.active else len(results)

    def _as_value(self) -> dict[str, Any]:
        return {self._kind: [written(node) for node in self.conditions]}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:  # noqa: ARG003
        return cls(read_conditions({cls._kind: value}))


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


def _with_lists(value: Any) -> Any:
    """Return a response with lists for the arrays of numpy that pandas makes of Arrow's lists."""
    if isinstance(value, dict):
        return {name: _with_lists(each) for name, each in value.items()}
    listed = getattr(value, "tolist", lambda: value)()
    return [_with_lists(each) for each in listed] if isinstance(listed, list) else listed


def _require_length(text: str) -> None:
    if len(text) > _MOST_CHARACTERS:
        raise InvalidInputError(
            f"HumanLoopActivationConditions: {len(text):,} characters, where a flow takes {_MOST_CHARACTERS:,}",
            hint="name fewer keys or labels, or use '*'",
        )
