"""A2I's HumanLoopActivationConditions as a tree: read from its JSON, checked by its schema, written again.

The schema is that of the SageMaker developer guide, "JSON Schema for Human Loop Activation Conditions in Amazon
Augmented AI".
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "COMPARISONS",
    "EVERY",
    "KINDS",
    "PERCENTAGE",
    "Check",
    "Group",
    "Kind",
    "Node",
    "checks_in",
    "read_conditions",
    "written",
]

Service = Literal["rekognition", "textract"]

EVERY = "*"
PERCENTAGE = "RandomSamplingPercentage"
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_OPERATORS = ("And", "Or")
_DEEPEST = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """What a ConditionType asks for.

    Attributes
    ----------
    service : str or None
        Whose responses it looks at; None for both.
    name, aliases : str
        The parameters that say which inferences; empty if it has none.
    numbers : tuple of str
        The confidences that it compares.
    """

    service: Service | None
    name: str = ""
    aliases: str = ""
    numbers: tuple[str, ...] = ()

    def parameters(self) -> list[str]:
        """List the parameters it may have."""
        compared = [f"{number}{comparison}" for number in self.numbers for comparison in COMPARISONS]
        return [name for name in (self.name, self.aliases) if name] + (
            compared if self.service else [PERCENTAGE]
        )


KINDS = {
    "ModerationLabelConfidenceCheck": Kind(
        "rekognition", name="ModerationLabelName", numbers=("Confidence",)
    ),
    "ImportantFormKeyConfidenceCheck": Kind(
        "textract",
        name="ImportantFormKey",
        aliases="ImportantFormKeyAliases",
        numbers=("KeyValueBlockConfidence", "WordBlockConfidence"),
    ),
    "MissingImportantFormKey": Kind("textract", name="ImportantFormKey", aliases="ImportantFormKeyAliases"),
    "Sampling": Kind(None),
}


@dataclass(frozen=True, slots=True)
class Check:
    """A condition.

    Attributes
    ----------
    kind : str
        Its ConditionType.
    names : tuple of str
        Which inferences it is about: the name, then its aliases; empty for Sampling.
    numbers : tuple of (str, float)
        Parameters that hold numbers, from 0 to 100.
    """

    kind: str
    names: tuple[str, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()

    def is_about(self, name: str) -> bool:
        """Tell whether it looks at an inference of that name: the text must be the same to the letter."""
        return name in self.names or self.names[0] == EVERY

    def holds(self, number: str, value: float) -> bool:
        """Tell whether all that it says of a kind of confidence is true of one."""
        return all(
            COMPARISONS[parameter.removeprefix(number)](value, limit)
            for parameter, limit in self.numbers
            if parameter.removeprefix(number) in COMPARISONS
        )

    def __str__(self) -> str:
        named = f" {' or '.join(map(repr, self.names))}" if self.names else ""
        return f"{self.kind}{named}" + "".join(
            f"{',' if place else ''} {name} {number:.15g}"
            for place, (name, number) in enumerate(self.numbers)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more conditions under And or Or."""

    operator: str
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        word = f" {self.operator.lower()} "
        return word.join(f"({part})" if isinstance(part, Group) else str(part) for part in self.parts)


Node = Check | Group


def checks_in(nodes: Sequence[Node]) -> Iterator[Check]:
    """Yield the conditions of a tree, in the order in which they are written."""
    for node in nodes:
        if isinstance(node, Group):
            yield from checks_in(node.parts)
        else:
            yield node


def written(node: Node) -> dict[str, Any]:
    """Return a node as A2I writes it."""
    if isinstance(node, Group):
        return {node.operator: [written(part) for part in node.parts]}
    kind = KINDS[node.kind]
    parameters: dict[str, Any] = {kind.name: node.names[0]} if kind.name else {}
    if len(node.names) > 1:
        parameters[kind.aliases] = list(node.names[1:])
    return {"ConditionType": node.kind, "ConditionParameters": parameters | dict(node.numbers)}


def read_conditions(document: object) -> tuple[Node, ...]:
    """Read the whole document, already parsed from JSON.

    Raises
    ------
    InvalidInputError
        If the schema refuses it; the message says where.
    """
    root = _object(document, "the conditions")
    _known(root, ["Conditions"], "the conditions")
    nodes = tuple(_nodes(root.get("Conditions"), "Conditions", depth=0))
    services = {KINDS[check.kind].service for check in checks_in(nodes)} - {None}
    if len(services) > 1:
        _refuse(
            "the conditions are of Rekognition and of Textract",
            "a flow has one of them: split the conditions",
        )
    return nodes


def _nodes(given: object, place: str, *, depth: int) -> Iterator[Node]:
    if not isinstance(given, list | tuple):
        _refuse(f"{place} is {type(given).__name__}, not a list", 'for example {"Conditions": [...]}')
    if depth and len(given) < 2:
        _refuse(f"{place} has {len(given)} conditions", "And and Or take two or more")
    for number, part in enumerate(given):
        yield _node(_object(part, f"{place}[{number}]"), f"{place}[{number}]", depth)


def _node(given: Mapping[str, object], place: str, depth: int) -> Node:
    if "ConditionType" in given:
        _known(given, ["ConditionType", "ConditionParameters"], place)
        return _check(given, place)
    _known(given, ["ConditionType", *_OPERATORS], place)
    if len(given) != 1:
        _refuse(f"{place} has {sorted(given)}", "give ConditionType, And, or Or")
    [(name, parts)] = given.items()
    if depth == _DEEPEST:
        _refuse(f"{place}.{name} is the third level", "And and Or may be nested two levels deep")
    return Group(name, tuple(_nodes(parts, f"{place}.{name}", depth=depth + 1)))


def _check(given: Mapping[str, object], place: str) -> Check:
    named = given["ConditionType"]
    kind = KINDS.get(named) if isinstance(named, str) else None
    if kind is None:
        _refuse(f"{place} has the ConditionType {named!r}", f"give one of {', '.join(KINDS)}")
    place = f"{place}.ConditionParameters"
    parameters = _object(given.get("ConditionParameters", {}), place)
    _known(parameters, kind.parameters(), place)
    names = tuple(_names(parameters, kind, place))
    numbers = tuple(
        (name, _number(value, f"{place}.{name}"))
        for name, value in parameters.items()
        if name not in {kind.name, kind.aliases}
    )
    if kind.service is None and not numbers:
        _refuse(f"{place} has no {PERCENTAGE}", "give the share of requests in percent, from 0.01 to 100")
    return Check(str(named), names, numbers)


def _names(parameters: Mapping[str, object], kind: Kind, place: str) -> Iterator[str]:
    if not kind.name:
        return
    if kind.name not in parameters:
        _refuse(f"{place} has no {kind.name}", 'name it, or give "*" for any')
    aliases = parameters.get(kind.aliases, [])
    if not isinstance(aliases, list | tuple):
        _refuse(f"{place}.{kind.aliases} is {type(aliases).__name__}, not a list", "give a list of texts")
    for name in (parameters[kind.name], *aliases):
        if not isinstance(name, str) or not name:
            _refuse(f"{place} names {name!r}, which is no text", "give a text")
        yield name


def _number(value: object, place: str) -> float:
    lowest = 0.01 if place.endswith(PERCENTAGE) else 0
    if isinstance(value, bool) or not isinstance(value, Real) or not lowest <= cast("Any", value) <= 100:
        _refuse(f"{place} is {value!r}", f"give a number from {lowest} to 100")
    return int(value) if isinstance(value, Integral) else float(value)  # 80 is not written as 80.0


def _object(given: object, place: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        _refuse(
            f"{place} is {type(given).__name__}, not an object", "see the schema of activation conditions"
        )
    return given


def _known(given: Mapping[str, object], names: Sequence[str], place: str) -> None:
    unknown = [name for name in given if name not in names]
    if unknown:
        _refuse(f"{place} has {unknown[0]!r}", f"it may have {', '.join(names)}")


def _refuse(problem: str, hint: str) -> NoReturn:
    raise InvalidInputError(f"HumanLoopActivationConditions: {problem}", hint=hint)
