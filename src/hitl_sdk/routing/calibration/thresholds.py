"""Choosing a threshold from labelled predictions: for a target error rate, a review budget or a cost ratio."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Literal, overload

from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.calibration._choosing import (
    NOTHING,
    Budget,
    CostRatio,
    Goal,
    TargetError,
    threshold_at,
)
from hitl_sdk.routing.calibration._labelled import Labelled, Steps, read_labelled, steps
from hitl_sdk.routing.policy_classes import PerClass
from hitl_sdk.routing.policy_cuts import Threshold
from hitl_sdk.routing.rates import Rate, clopper_pearson, counted_rate, require_share

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from narwhals.typing import IntoFrame

    from hitl_sdk._frames import Engine, Frame

__all__ = ["Calibration", "ClassThreshold", "calibrate"]

_NEARLY_LOWEST = 1000


@dataclass(frozen=True, slots=True)
class ClassThreshold:
    """What was chosen for one label.

    Attributes
    ----------
    label : str
        The label that the model gives.
    threshold : float or None
        From which confidence it is accepted; None if all of them are reviewed.
    n_items : int
        How many items the choice stands on.
    error_rate : Rate
        Errors among what is accepted.
    review_share : Rate
        What is reviewed.
    note : str
        Why all of them are reviewed, if they are; else empty.

    Examples
    --------
    >>> from hitl_sdk.routing import Rate
    >>> chosen = ClassThreshold("cat", 0.87, 200, Rate(1, 150, 0.0002, 0.0366), Rate(50, 200, 0.19, 0.32))
    >>> chosen.threshold
    0.87
    """

    label: str
    threshold: float | None
    n_items: int
    error_rate: Rate
    review_share: Rate
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A policy that was chosen from labelled predictions, and what it does to them.

    Attributes
    ----------
    policy : Threshold or PerClass
        To decide with.
    goal : str
        What it was chosen for.
    n_items : int
        How many labelled predictions it stands on.
    error_rate : Rate
        Errors among what is accepted.
    review_share : Rate
        What is reviewed, of all.
    confidence_level : float
        Of the intervals.
    classes : tuple of ClassThreshold
        One a label where thresholds were chosen for each; else empty.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["a"] * 4, "truth": list("abaa"), "confidence": [0.62, 0.71, 0.90, 0.95]})
    >>> print(calibrate(frame, review_budget=0.5))
    Threshold(threshold=0.9)
    for        reviews of at most 50.0 %
    error      0.0 % (0.0 % to 84.2 %) of 2 accepted
    reviews    50.0 % (6.8 % to 93.2 %) of 4 labelled items
    """

    policy: Threshold | PerClass
    goal: str
    n_items: int
    error_rate: Rate
    review_share: Rate
    confidence_level: float
    classes: tuple[ClassThreshold, ...] = ()

    def __str__(self) -> str:
        """Return the policy, and a line each for the goal, the error and the reviews."""
        lines = [
            f"{self.policy}",
            f"for        {self.goal}",
            f"error      {self.error_rate} of {self.error_rate.total:,} accepted",
            f"reviews    {self.review_share} of {self.n_items:,} labelled items",
        ]
        lines += [f"{each.label!r} is reviewed: {each.note}" for each in self.classes if each.note]
        return "\n".join(lines)

    @overload
    def to_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def to_frame(self, engine: Engine = "pandas") -> Frame:
        """Return what was chosen as a frame.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row a label, or a single row whose `label` is null: `threshold`, `n_items`, `accepted`, `errors`, the
            shares `error_rate` and `review_share` with `_low` and `_high`, and `note`.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        columns: dict[str, list[object]] = {name: [] for name in _KINDS}
        threshold = self.policy.threshold if isinstance(self.policy, Threshold) else None
        whole = ClassThreshold("", threshold, self.n_items, self.error_rate, self.review_share)
        for each in self.classes or [whole]:
            errors, reviews = each.error_rate, each.review_share
            counts = (each.n_items, errors.total, errors.count)
            row = (each.label or None, each.threshold, *counts, *_three(errors), *_three(reviews), each.note)
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
        return build_frame(columns, _KINDS, engine)


_KINDS: dict[str, Literal["text", "float", "int"]] = {
    "label": "text",
    "threshold": "float",
    "n_items": "int",
    "accepted": "int",
    "errors": "int",
    "error_rate": "float",
    "error_rate_low": "float",
    "error_rate_high": "float",
    "review_share": "float",
    "review_share_low": "float",
    "review_share_high": "float",
    "note": "text",
}


def calibrate(
    frame: IntoFrame,
    *,
    target_error: float | None = None,
    review_budget: float | None = None,
    cost_ratio: float | None = None,
    per_class: bool = False,
    hold: Literal["upper", "observed"] = "upper",
    min_items: int = 30,
    confidence_level: float = 0.95,
    truth: str = "truth",
    label: str = "label",
    confidence: str = "confidence",
) -> Calibration:
    """Choose the threshold of a policy from predictions whose truth is known.

    Give one of `target_error`, `review_budget` and `cost_ratio`. Where several thresholds do, it is that with the fewest
    reviews for a target or a cost, and that with the most for a budget.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, ...
        Labelled predictions: of any engine that narwhals knows; a lazy one is collected. They must be like those to
        come, so drawn at random: not only what a former policy had reviewed.
    target_error : float, optional
        The error rate of what is accepted, between 0 and 1.
    review_budget : float, optional
        The share of items that people can review, from 0 to 1. With `per_class` it is spent on the labels and
        confidences where reviews find most errors.
    cost_ratio : float, optional
        How many reviews cost as much as one wrong label that is accepted.
    per_class : bool, default False
        Choose a threshold for each label that the model gives. A target then holds for each by itself; labels with too few
        items, for which none can be chosen, and labels that are not in the frame are reviewed.
    hold : {"upper", "observed"}, default "upper"
        What must not be above the target: the upper end of the error rate's interval, or the observed rate.
    min_items : int, default 30
        With `per_class`, of how many items a label must be to get a threshold.
    confidence_level : float, default 0.95
        Of the intervals, which are two-sided ones of Clopper and Pearson.
    truth : str, default "truth"
        The column of true labels; or of truth values: whether the model is right.
    label, confidence : str
        The columns of the model's label and its confidence, from 0 to 1.

    Returns
    -------
    Calibration
        The policy, with its error rate and review share.

    Raises
    ------
    InvalidInputError
        If not one goal is given, no threshold reaches the target, or a row has no truth, or none that can be compared with
        its label.
    InvalidPredictionError
        If a column is missing, or a confidence is none.
    EmptyInputError
        If there are no rows.

    Notes
    -----
    An interval of Clopper and Pearson is that of one threshold that was fixed beforehand. Chosen out of many it is a little
    too good: measured on simulated data, the true error is above a target that holds for the upper end in 2 to 3 of 100
    data sets where errors get fewer as the confidence rises, and in up to 16 where the confidence says nothing. Look at the
    curve (`error_curve`), or at `Policy.replay` on labelled predictions that were kept aside.

    Examples
    --------
    >>> import pandas as pd
    >>> sure = pd.DataFrame({"label": "a", "truth": "a", "confidence": [0.9] * 400})
    >>> unsure = pd.DataFrame({"label": "a", "truth": ["a", "b"] * 50, "confidence": [0.6] * 100})
    >>> found = calibrate(pd.concat([sure, unsure]), target_error=0.01)
    >>> found.policy, found.review_share.value
    (Threshold(threshold=0.9), 0.2)
    """
    require_share("confidence_level", confidence_level, open_ended=True)
    goal = _goal(target_error, review_budget, cost_ratio, hold, confidence_level)
    if not isinstance(min_items, Integral) or min_items < 1:
        raise InvalidInputError(f"min_items={min_items!r} is no whole number from 1", hint="for example 30")
    labelled = read_labelled(frame, truth=truth, label=label, confidence=confidence, with_classes=per_class)
    if per_class:
        return _of_classes(labelled, goal, min_items, confidence_level)
    found = steps(labelled.confidence, labelled.right)
    # A threshold is at most 1, so it accepts what has a confidence of 1.
    choice = goal.choose(found, perhaps_nothing=bool(found.cuts[0] < 1))
    if choice == NOTHING and isinstance(goal, TargetError):
        raise _out_of_reach(goal, found, confidence_level, f"these {found.total:,} items")
    errors, reviews = _rates(found, choice, confidence_level)
    return Calibration(
        Threshold(threshold_at(found, choice)), str(goal), found.total, errors, reviews, confidence_level
    )


def _goal(
    target_error: float | None,
    review_budget: float | None,
    cost_ratio: float | None,
    hold: Literal["upper", "observed"],
    confidence_level: float,
) -> Goal:
    given = [each for each in (target_error, review_budget, cost_ratio) if each is not None]
    if len(given) != 1:
        raise InvalidInputError(
            f"{len(given)} goals are given", hint="give one of target_error, review_budget and cost_ratio"
        )
    if target_error is not None:
        if hold not in {"upper", "observed"}:
            raise InvalidInputError(f"hold={hold!r} is not known", hint="use 'upper' or 'observed'")
        target = require_share("target_error", target_error, open_ended=True)
        return TargetError(target, confidence_level, hold)
    if review_budget is not None:
        return Budget(require_share("review_budget", review_budget))
    if not isinstance(cost_ratio, Real) or isinstance(cost_ratio, bool) or not 0 < cost_ratio < float("inf"):
        raise InvalidInputError(
            f"cost_ratio={cost_ratio!r} is no number above 0",
            hint="give how many reviews cost as much as one accepted error, for example 20",
        )
    return CostRatio(float(cost_ratio))


def _out_of_reach(goal: TargetError, found: Steps, confidence_level: float, items: str) -> InvalidInputError:
    """Say how near the target is, and how many items it takes at least."""
    _, nearest = _nearest(goal, found, confidence_level)
    errors, _ = _rates(found, nearest, confidence_level)
    return InvalidInputError(
        f"no threshold gives {goal} on {items}: nearest is {threshold_at(found, nearest)}, "
        f"with {errors} of {errors.total:,} accepted",
        hint=f"label more (without a single error it takes {goal.fewest:,} accepted items), or allow more errors"
        + (", or ask it of the observed rate alone: hold='observed'" if goal.hold == "upper" else ""),
    )


def _nearest(goal: TargetError, found: Steps, confidence_level: float) -> tuple[float, int]:
    """Return the lowest error that any step gives, and the step."""
    import numpy as np

    if goal.hold == "observed":
        rates = found.errors / found.accepted
        return float(rates.min()), int(rates.argmin())
    # The intervals of millions of steps take minutes: those will do that are lowest by a rule of thumb.
    rule = (found.errors + 2 * np.sqrt(found.errors + 1) + 2) / found.accepted
    low = np.argsort(rule, kind="stable")[:_NEARLY_LOWEST]
    _, high = clopper_pearson(found.errors[low], found.accepted[low], confidence_level)
    return float(high.min()), int(low[high.argmin()])


def _of_classes(labelled: Labelled, goal: Goal, min_items: int, confidence_level: float) -> Calibration:
    import numpy as np

    order = np.argsort(labelled.class_number, kind="stable")
    ends = np.cumsum(np.bincount(labelled.class_number, minlength=len(labelled.classes)))[:-1]
    by_class = zip(
        np.split(labelled.confidence[order], ends), np.split(labelled.right[order], ends), strict=True
    )
    found = [steps(confidence, right) for confidence, right in by_class]
    total = len(labelled.confidence)
    large = [number for number, each in enumerate(found) if each.total >= min_items]
    reviewed = total - sum(found[number].total for number in large)
    if isinstance(goal, Budget) and reviewed > goal.reviews(total):
        raise InvalidInputError(
            f"{reviewed:,} of {total:,} items have labels with fewer than {min_items} items, which are reviewed: "
            "that is more than the budget",
            hint="label more of them, allow more reviews, or take a smaller min_items",
        )
    choices = dict.fromkeys(range(len(found)), NOTHING)
    choices |= zip(large, goal.choose_each([found[n] for n in large], reviewed, total), strict=True)
    if isinstance(goal, TargetError) and set(choices.values()) == {NOTHING}:
        raise _out_of_reach_of_classes(
            goal, dict(zip(labelled.classes, found, strict=True)), min_items, confidence_level
        )
    classes = []
    for number, label in enumerate(labelled.classes):
        each, choice = found[number], choices[number]
        note = "" if choice != NOTHING else _why_reviewed(goal, each, min_items)
        cut = threshold_at(each, choice) if choice != NOTHING else None
        classes.append(ClassThreshold(label, cut, each.total, *_rates(each, choice, confidence_level), note))
    accepted = sum(each.error_rate.total for each in classes)
    errors = sum(each.error_rate.count for each in classes)
    return Calibration(
        PerClass({each.label: each.threshold for each in classes if each.threshold is not None}),
        f"{goal}, by label",
        total,
        counted_rate(errors, accepted, confidence_level),
        counted_rate(total - accepted, total, confidence_level),
        confidence_level,
        tuple(classes),
    )


def _out_of_reach_of_classes(
    goal: TargetError, found: dict[str, Steps], min_items: int, confidence_level: float
) -> InvalidInputError:
    """Say it of the label that comes nearest, or that no label has enough items."""
    large = {label: each for label, each in found.items() if each.total >= min_items}
    if not large:
        most = max(found, key=lambda label: found[label].total)
        return InvalidInputError(
            f"no label has {min_items} items: {most!r} is the most frequent, with {found[most].total}",
            hint="label more, or take a smaller min_items",
        )
    label = min(large, key=lambda label: _nearest(goal, large[label], confidence_level))
    items = f"these {large[label].total:,} items of {label!r}"
    return _out_of_reach(goal, large[label], confidence_level, items)


def _why_reviewed(goal: Goal, found: Steps, min_items: int) -> str:
    if found.total < min_items:
        return f"{found.total} items are fewer than {min_items}"
    return f"no threshold gives {goal}" if isinstance(goal, TargetError) else f"that gives {goal}"


def _rates(found: Steps, choice: int, confidence_level: float) -> tuple[Rate, Rate]:
    """Return the errors among what is accepted, and the reviews among all."""
    accepted = 0 if choice == NOTHING else int(found.accepted[choice])
    errors = 0 if choice == NOTHING else int(found.errors[choice])
    return (
        counted_rate(errors, accepted, confidence_level),
        counted_rate(found.total - accepted, found.total, confidence_level),
    )


def _three(rate: Rate) -> tuple[float | None, float, float]:
    return rate.value, rate.low, rate.high
