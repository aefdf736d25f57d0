"""How far labels lie apart: all alike, by rank, by number, or as a function of the user's says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, TypeAlias, cast, get_args

from hitl_sdk._equality import value_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import clean_text

__all__ = ["Labels", "Level", "Spread", "Weights", "nominal", "scale", "weighting"]

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["linear", "quadratic"]
Labels: TypeAlias = Mapping[Hashable, object]
"""The different labels, by what equal ones have in common."""
Spread: TypeAlias = Callable[[Sequence[Any]], float]
"""From values to the sum of the differences over all ordered pairs of them."""


def scale(
    labels: Labels,
    counts: Mapping[Hashable, int],
    level: Level,
    order: Sequence[object] | None,
    distance: Callable[[Any, Any], float] | None,
) -> tuple[Mapping[Hashable, Any], Spread]:
    """Return the value of each label, by its key, and how far values lie apart."""
    if level not in get_args(Level):
        raise InvalidInputError(
            f"level={level!r} is not known", hint=f"use one of {', '.join(map(repr, get_args(Level)))}"
        )
    if distance is not None and level != "nominal":
        raise InvalidInputError(f"distance= and level={level!r} exclude each other", hint="leave out one")
    if order is not None and level != "ordinal":
        raise InvalidInputError("order= is for level='ordinal' alone", hint="leave it out, or set the level")
    if distance is not None:
        return {key: key for key in labels}, _pairwise(_checked(distance, labels))
    if level == "nominal":
        return {key: key for key in labels}, nominal
    if level == "ordinal":
        return _midranks(_ranks(labels, order), counts), _squared
    numbers = _numbers(labels)
    if level == "interval":
        return numbers, _squared
    if min(numbers.values(), default=0.0) < 0:
        raise InvalidInputError(
            "a label is below 0, where a ratio means nothing", hint="use level='interval'"
        )
    return numbers, _pairwise(lambda a, b: ((a - b) / (a + b)) ** 2)


def weighting(
    labels: Labels, weights: Weights | None, order: Sequence[object] | None
) -> Callable[[Hashable, Hashable], float]:
    """Return how much a pair of labels, by their keys, counts as a difference."""
    if weights is None:
        if order is not None:
            raise InvalidInputError("order= is for weights alone", hint="leave it out, or set weights=")
        return lambda a, b: float(a != b)
    powers = {"linear": 1, "quadratic": 2}
    if weights not in powers:
        raise InvalidInputError(
            f"weights={weights!r} is not known", hint=f"use one of {', '.join(map(repr, powers))}"
        )
    ranks, power = _ranks(labels, order), powers[weights]
    return lambda a, b: float(abs(ranks[a] - ranks[b]) ** power)


def nominal(values: Sequence[Hashable]) -> float:
    """Return how many ordered pairs of values differ."""
    return len(values) ** 2 - sum(count**2 for count in Counter(values).values())


def _squared(values: Sequence[float]) -> float:
    """Return the sum of squared differences over ordered pairs, by way of those from the mean."""
    mean = math.fsum(values) / len(values)
    return 2 * len(values) * math.fsum((value - mean) ** 2 for value in values)


def _pairwise(difference: Callable[[Any, Any], float]) -> Spread:
    def spread(values: Sequence[Hashable]) -> float:
        counts = Counter(values)
        return 2 * math.fsum(counts[a] * counts[b] * difference(a, b) for a, b in combinations(counts, 2))

    return spread


def _checked(distance: Callable[[Any, Any], float], labels: Labels) -> Callable[[Hashable, Hashable], float]:
    def difference(a: Hashable, b: Hashable) -> float:
        found = distance(labels[a], labels[b])
        if not 0 <= found < math.inf:
            raise InvalidInputError(f"distance= gave {found!r}", hint="give a finite number, 0 or above")
        return found

    return difference


def _midranks(ranks: Mapping[Hashable, float], counts: Mapping[Hashable, int]) -> dict[Hashable, float]:
    """Return how many labels lie below each one, half of its own among them: Krippendorff's ordinal metric."""
    of_rank = Counter[float]()
    for key, rank in ranks.items():
        of_rank[rank] += counts[key]
    below, middle = 0, {}
    for rank in sorted(of_rank):
        middle[rank] = below + of_rank[rank] / 2
        below += of_rank[rank]
    return {key: middle[rank] for key, rank in ranks.items()}


def _ranks(labels: Labels, order: Sequence[object] | None) -> dict[Hashable, float]:
    """Return each label's place: in `order`, or among the numbers that the labels are."""
    if order is None:
        numbers = _numbers(labels)
        places = {number: float(place) for place, number in enumerate(sorted(set(numbers.values())))}
        return {key: places[number] for key, number in numbers.items()}
    given = {value_key(label): float(place) for place, label in enumerate(order)}
    for key, label in labels.items():
        if key not in given:
            raise InvalidInputError(
                f"order= has no place for the label {label!r}", hint="name all labels in it"
            )
    return {key: given[key] for key in labels}


def _numbers(labels: Labels) -> dict[Hashable, float]:
    numbers = {}
    for key, label in labels.items():
        try:
            numbers[key] = float(clean_text(label) if isinstance(label, str) else cast("float", label))
        except (TypeError, ValueError):
            numbers[key] = math.nan
        if not math.isfinite(numbers[key]):
            raise InvalidInputError(
                f"the label {label!r} is no number",
                hint="give numbers, or texts that are numbers; ranks of other texts are told by order=",
            )
    return numbers
