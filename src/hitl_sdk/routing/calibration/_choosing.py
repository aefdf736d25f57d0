"""Which step to accept from: by a target error rate, a review budget, or what an error costs.

A choice is the index of a step of `Steps`; -1 accepts nothing. Errors are those of what is accepted; people are taken to
be right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from hitl_sdk._optional import load
from hitl_sdk.routing.rates import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hitl_sdk.routing.calibration._labelled import Steps

__all__ = ["NOTHING", "Budget", "CostRatio", "Goal", "TargetError", "threshold_at"]

NOTHING = -1
"""The choice that accepts nothing."""

_ROUNDING = 1e-9
_FEWEST_DECIMALS, _MOST_DECIMALS = 2, 17


class Goal(Protocol):
    """What a threshold is chosen for."""

    def choose(self, steps: Steps, *, perhaps_nothing: bool = True) -> int:
        """Return the step from which to accept; `NOTHING` only where it may be, or no step will do."""
        ...

    def choose_each(self, classes: Sequence[Steps], reviewed: int, total: int) -> list[int]:
        """Return a step for each class, where so many more items of all are reviewed anyway."""
        ...


@dataclass(frozen=True, slots=True)
class TargetError:
    """The lowest threshold at which the error of what is accepted is low enough: of each class by itself."""

    target: float
    confidence_level: float
    hold: Literal["upper", "observed"]

    def __str__(self) -> str:
        """Say the goal as errors and results do."""
        of = "the interval's upper end" if self.hold == "upper" else "the observed rate"
        return f"an error of at most {percent(self.target)} ({of})"

    @property
    def fewest(self) -> int:
        """How many accepted items it takes if not one of them is wrong."""
        if self.hold == "observed":
            return 1
        return math.ceil(math.log((1 - self.confidence_level) / 2) / math.log1p(-self.target))

    def choose(self, steps: Steps, *, perhaps_nothing: bool = True) -> int:  # noqa: ARG002
        """Return the last step that holds."""
        import numpy as np

        holds = steps.errors <= self.target * steps.accepted + _ROUNDING
        if self.hold == "upper":
            special = load("scipy.special", extra="calibration", needed_for="an interval")
            # The upper end is the rate at which so few errors, or fewer, come with the chance of the tail.
            near = np.flatnonzero(holds)
            chance = special.bdtr(steps.errors[near], steps.accepted[near], self.target)
            found = near[chance <= (1 - self.confidence_level) / 2]
        else:
            found = np.flatnonzero(holds)
        return int(found[-1]) if len(found) else NOTHING

    def choose_each(self, classes: Sequence[Steps], reviewed: int, total: int) -> list[int]:  # noqa: ARG002
        """Return the last step that holds for each class by itself."""
        return [self.choose(each) for each in classes]


@dataclass(frozen=True, slots=True)
class Budget:
    """The highest threshold that asks for no more reviews than there are; of classes, where reviews find most errors."""

    share: float

    def __str__(self) -> str:
        """Say the goal as errors and results do."""
        return f"reviews of at most {percent(self.share)}"

    def reviews(self, total: int) -> int:
        """Return how many of so many items may be reviewed."""
        return math.floor(self.share * total + _ROUNDING)

    def choose(self, steps: Steps, *, perhaps_nothing: bool = True) -> int:
        """Return the first step that leaves few enough to review."""
        import numpy as np

        most = self.reviews(steps.total)
        if most >= steps.total and perhaps_nothing:
            return NOTHING
        return int(np.flatnonzero(steps.total - steps.accepted <= most)[0])

    def choose_each(self, classes: Sequence[Steps], reviewed: int, total: int) -> list[int]:
        """Spend the budget where reviews find most errors.

        Within a class reviews go from the lowest confidence up; runs of them are pooled until the share of errors falls
        from run to run (that is isotonic regression), and runs of all classes are taken by falling share.
        """
        left = self.reviews(total) - reviewed
        runs = [
            (-rate, number, first, last)
            for number, steps in enumerate(classes)
            for rate, first, last in _runs(steps)
        ]
        kept = [len(steps.cuts) - 1 for steps in classes]  # accept all
        for _, number, first, last in sorted(runs):
            steps = classes[number]
            accepted_from = _affordable(steps, first, last, left)
            left -= _reviewed(steps, accepted_from) - _reviewed(steps, first)
            kept[number] = accepted_from
            if accepted_from != last:
                break  # the budget is spent; what a later run would take is worth less
        return kept


@dataclass(frozen=True, slots=True)
class CostRatio:
    """The threshold at which reviews and accepted errors together cost least, an error so many reviews."""

    ratio: float

    def __str__(self) -> str:
        """Say the goal as errors and results do."""
        return f"the least cost, an accepted error costing {self.ratio:g} reviews"

    def choose(self, steps: Steps, *, perhaps_nothing: bool = True) -> int:
        """Return the last of the cheapest steps."""
        cost = self._costs(steps)
        cheapest = cost.min()
        if perhaps_nothing and steps.total < cheapest - _ROUNDING:
            return NOTHING
        return int((cost <= cheapest + _ROUNDING).nonzero()[0][-1])

    def choose_each(self, classes: Sequence[Steps], reviewed: int, total: int) -> list[int]:  # noqa: ARG002
        """Return the cheapest step of each class: costs add up."""
        return [self.choose(each) for each in classes]

    def _costs(self, steps: Steps) -> NDArray[np.float64]:
        return steps.total - steps.accepted + self.ratio * steps.errors


def threshold_at(steps: Steps, choice: int) -> float:
    """Return the shortest number that accepts from a step on and not from the next; for nothing it is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hitl_sdk.routing.calibration._labelled import steps
    >>> found = steps(np.array([0.8731, 0.8649]), np.array([True, False]))
    >>> threshold_at(found, 0)
    0.87
    """
    if choice == NOTHING:
        return 1.0
    high = float(steps.cuts[choice])
    low = float(steps.cuts[choice + 1]) if choice + 1 < len(steps.cuts) else -1.0
    for decimals in range(_FEWEST_DECIMALS, _MOST_DECIMALS):
        number = math.floor(high * 10.0**decimals) / 10.0**decimals
        if low < number <= high:
            return number
    return high


def _runs(steps: Steps) -> list[tuple[float, int, int]]:
    """Return runs of a class's items from the lowest confidence up: share of errors, and from which step to which.

    A run from step ``first`` to step ``last`` reviews what is accepted from the one and not from the other.
    """
    isotonic = load("sklearn.isotonic", extra="calibration", needed_for="a budget over classes")
    import numpy as np

    items = np.diff(steps.accepted, prepend=0)[::-1]
    wrong = np.diff(steps.errors, prepend=0)[::-1]
    rates = isotonic.isotonic_regression(wrong / items, sample_weight=items.astype(float), increasing=False)
    ends = np.flatnonzero(np.diff(rates, append=-1.0))
    lasts = len(items) - 2 - ends
    firsts = np.concatenate([[len(items) - 1], lasts[:-1]])
    return list(zip(rates[ends].tolist(), firsts.tolist(), lasts.tolist(), strict=True))


def _affordable(steps: Steps, first: int, last: int, reviews: int) -> int:
    """Return the step nearest to the end of a run that so many reviews pay for."""
    fewest = int(steps.accepted[first]) - reviews
    if last == NOTHING and fewest <= 0:
        return NOTHING
    return max(last, int(steps.accepted.searchsorted(fewest)))


def _reviewed(steps: Steps, choice: int) -> int:
    return steps.total if choice == NOTHING else steps.total - int(steps.accepted[choice])
