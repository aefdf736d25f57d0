"""Policies over a score vector: of one item every label with its score."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing import _scores
from hitl_sdk.routing._by_batch import with_computed
from hitl_sdk.routing._policy_json import Read, fields_of
from hitl_sdk.routing._reasons import (
    ACCEPT,
    DROP,
    REVIEW,
    STRIDE,
    Reason,
    decimals_of,
    first_step,
    share_text,
    step_of,
)
from hitl_sdk.routing._shares import share
from hitl_sdk.routing.policy import Policy
from hitl_sdk.routing.policy_classes import PerClass
from hitl_sdk.routing.policy_cuts import Bands, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["EachLabel", "Entropy", "LabelSplit", "Margin"]

_NO_SCORES = Reason("no scores")
_UNUSABLE = Reason("scores that are not from 0 to 1")
_MOST_COUNTED = STRIDE - 1


class _OfScores(Policy):
    """Decides by one number that is computed of the scores; below 0 the number says why there is none."""

    def _columns(self) -> set[str]:
        return {"scores"}

    def _with_number(
        self,
        table: Any,
        function: Callable[[nw.Series[Any]], Any],
        sql: Callable[[Any], str],
        *,
        name: str,
        dtype: type[nw.Float64 | nw.Int64],
    ) -> Any:
        _scores.require_scores(table)
        return with_computed(
            table, ["scores"], function, name=name, dtype=dtype, sql=sql, needed_for=type(self).__name__
        )


class _Measured(_OfScores):
    """Decides by a measure from 0 to 1 of the scores: on one side of its limit people look."""

    _measure: ClassVar[_scores.Measure]
    # What is said of a measure that is accepted, and of one that is reviewed.
    _signs: ClassVar[tuple[str, str]]

    @property
    @abstractmethod
    def _limit(self) -> float: ...

    @abstractmethod
    def _is_reviewed(self, measure: Any) -> Any: ...

    @abstractmethod
    def _shown(self, measure: Any, scale: int) -> Any: ...

    def _reasons(self) -> Sequence[Reason]:
        decimals, limit = decimals_of(self._limit), share_text(self._limit)
        # A number that would be rounded across the limit is shown on its own side of it.
        first = first_step(self._limit, 10**decimals, above="<=" in self._signs)
        below, above = (0, first - 1), (first, 10**decimals)
        said = [
            Reason(f"{self._measure.name} ", decimals, f" {sign} {limit}", *(below if "<" in sign else above))
            for sign in self._signs
        ]
        return [*said, _NO_SCORES, _UNUSABLE]

    def _judged(self, table: Any, name: str) -> Any:
        measure = nw.col(f"{name}_measure")
        table = self._with_number(
            table, self._measure.of_column, self._measure.in_sql, name=f"{name}_measure", dtype=nw.Float64
        )
        reviewed = (measure < 0) | self._is_reviewed(measure)
        place = nw.when(self._is_reviewed(measure)).then(nw.lit(STRIDE)).otherwise(nw.lit(0))
        code = place + self._shown(
            nw.when(measure < 0).then(nw.lit(0.0)).otherwise(measure), 10 ** decimals_of(self._limit)
        )
        code = nw.when(measure == _scores.NO_SCORES).then(nw.lit(2 * STRIDE)).otherwise(code)
        code = nw.when(measure == _scores.UNUSABLE).then(nw.lit(3 * STRIDE)).otherwise(code)
        verdict = nw.when(reviewed).then(nw.lit(REVIEW)).otherwise(nw.lit(ACCEPT))
        return table.with_columns(verdict.alias(f"{name}_verdict"), code.alias(f"{name}_reason"))

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        scores = _scores.usable_scores(prediction.scores)
        measure = scores if isinstance(scores, int) else self._measure.of_one(scores)
        if measure < 0:
            return REVIEW, self._all_reasons[2 if measure == _scores.NO_SCORES else 3].text()
        reviewed = bool(self._is_reviewed(measure))
        shown = self._shown(measure, 10 ** decimals_of(self._limit))
        return (REVIEW if reviewed else ACCEPT), self._all_reasons[reviewed].text(shown)


@dataclass(frozen=True)
class Margin(_Measured):
    """Review the items whose best label is less than so much ahead of the second; without scores, too.

    The margin is compared to nine decimals. That of a single label is its score.

    Parameters
    ----------
    least : float
        The smallest difference of the two best scores that is accepted, from 0 to 1.

    Raises
    ------
    InvalidInputError
        If it is not from 0 to 1.

    Examples
    --------
    >>> from hitl_sdk.routing import Margin, Prediction
    >>> close = Prediction("a", "It is okay", "0", 0.48, scores={"-1": 0.07, "0": 0.48, "1": 0.45})
    >>> Margin(0.20).decide_one(close)
    Decision(decision='review', reason='margin 0.03 < 0.20')
    """

    least: float

    _measure = _scores.MARGIN
    _signs = (">=", "<")

    def __post_init__(self) -> None:
        object.__setattr__(self, "least", share("least", self.least))

    @property
    def _limit(self) -> float:
        return self.least

    def _is_reviewed(self, measure: Any) -> Any:
        return measure < self.least

    def _shown(self, measure: Any, scale: int) -> Any:
        return step_of(measure, scale)


@dataclass(frozen=True)
class Entropy(_Measured):
    """Review the items whose scores are spread more evenly than so; without scores, too.

    The entropy is that of the scores divided by their sum, as a share of the largest that so many labels can have: 0 if
    one label has it all, 1 if all have the same, whatever the base of the logarithm. It is compared to nine decimals.

    Parameters
    ----------
    most : float
        The largest entropy that is accepted, from 0 to 1.

    Raises
    ------
    InvalidInputError
        If it is not from 0 to 1.

    Examples
    --------
    >>> from hitl_sdk.routing import Entropy, Prediction
    >>> close = Prediction("a", "It is okay", "0", 0.48, scores={"-1": 0.07, "0": 0.48, "1": 0.45})
    >>> Entropy(0.50).decide_one(close)
    Decision(decision='review', reason='entropy 0.82 > 0.50')
    """

    most: float

    _measure = _scores.ENTROPY
    _signs = ("<=", ">")

    def __post_init__(self) -> None:
        object.__setattr__(self, "most", share("most", self.most))

    @property
    def _limit(self) -> float:
        return self.most

    def _is_reviewed(self, measure: Any) -> Any:
        return measure > self.most

    def _shown(self, measure: Any, scale: int) -> Any:
        # Rounded up, so that what is above the limit never reads as the limit.
        return scale - step_of(1 - measure, scale)


@dataclass(frozen=True, slots=True)
class LabelSplit:
    """The labels of one item, by what becomes of each; within a part by falling score.

    Attributes
    ----------
    accepted : tuple of str
        Labels that stand without anybody looking.
    asked : tuple of str
        Labels that a person decides on.
    dropped : tuple of str
        Labels that nobody sees.

    Examples
    --------
    >>> LabelSplit(("Clothing",), ("Hospital",), ()).asked
    ('Hospital',)
    """

    accepted: tuple[str, ...]
    asked: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class EachLabel(_OfScores):
    """Decide on every label of an item by its own score; people see the item if they are asked about any label.

    An item of which no label is asked about is accepted with those that are, and dropped if none is. One without
    scores is reviewed.

    Parameters
    ----------
    rule : Bands, Threshold or PerClass
        What each label's score is judged by; with `PerClass` by the label's own entry.

    Raises
    ------
    InvalidInputError
        If the rule is another policy.

    Examples
    --------
    >>> from hitl_sdk.routing import Bands, EachLabel, Prediction
    >>> policy = EachLabel(Bands(accept=0.90, drop=0.40))
    >>> scores = {"Hospital": 0.6076, "Clothing": 0.9971, "Clinic": 0.3920}
    >>> policy.split(scores)
    LabelSplit(accepted=('Clothing',), asked=('Hospital',), dropped=('Clinic',))
    >>> policy.decide_one(Prediction("a", "s3://images/a.png", "Clothing", 0.9971, scores=scores))
    Decision(decision='review', reason='labels in doubt: 1')
    """

    rule: Bands | Threshold | PerClass

    def __post_init__(self) -> None:
        rule: object = self.rule
        if not isinstance(rule, Bands | Threshold | PerClass):
            raise InvalidInputError(
                f"EachLabel has {rule!r} for its rule", hint="give Bands, a Threshold, or PerClass"
            )

    def split(self, scores: Mapping[str, float]) -> LabelSplit:
        """Sort the labels of one item into those that are accepted, asked about and dropped.

        Parameters
        ----------
        scores : mapping of str to float
            Every label with its score, from 0 to 1; a label without a score (None) is left out.

        Returns
        -------
        LabelSplit
            Each part by falling score; equal scores by label.

        Raises
        ------
        InvalidInputError
            If a score is not a number from 0 to 1.

        Examples
        --------
        >>> from hitl_sdk.routing import Bands
        >>> EachLabel(Bands(0.90, 0.40)).split({"Coat": 0.61, "Hat": 0.83}).asked
        ('Hat', 'Coat')
        """
        usable = _scores.usable_scores(scores)
        if usable == _scores.UNUSABLE:
            raise InvalidInputError(
                f"the scores {scores!r} are not all from 0 to 1", hint="divide percentages by 100"
            )
        given = {} if isinstance(usable, int) else usable
        parts: dict[int, list[str]] = {ACCEPT: [], REVIEW: [], DROP: []}
        for label in sorted(given, key=lambda label: (-given[label], label)):
            accept, ask = self._cut.of_label.get(label, self._cut.of_others)
            score = given[label]
            parts[ACCEPT if score >= accept else REVIEW if score >= ask else DROP].append(label)
        return LabelSplit(*(tuple(parts[verdict]) for verdict in (ACCEPT, REVIEW, DROP)))

    @cached_property
    def _cut(self) -> _scores.Cut:
        if not isinstance(self.rule, PerClass):
            return _scores.Cut({}, self.rule._cuts[:2])
        # A label that nothing says anything of is asked about, whatever its score.
        limits = [(2.0, 0.0) if rule is None else rule._cuts[:2] for rule in self.rule._rules]
        return _scores.Cut({label: limits[place] for label, place in self.rule._places.items()}, limits[-1])

    def _reasons(self) -> Sequence[Reason]:
        none = ["no label in doubt", "no label is accepted"]
        return [Reason("labels in doubt: ", 0), *map(Reason, none), _NO_SCORES, _UNUSABLE]

    def _judged(self, table: Any, name: str) -> Any:
        asked = nw.col(f"{name}_asked")
        table = self._with_number(
            table,
            partial(_scores.asked_about, cut=self._cut),
            partial(_scores.asked_in_sql, cut=self._cut),
            name=f"{name}_asked",
            dtype=nw.Int64,
        )
        verdict, code = (
            nw.lit(REVIEW),
            nw.when(asked > _MOST_COUNTED).then(nw.lit(_MOST_COUNTED)).otherwise(asked),
        )
        for value, its_verdict, place in _WITHOUT_DOUBT:
            verdict = nw.when(asked == value).then(nw.lit(its_verdict)).otherwise(verdict)
            code = nw.when(asked == value).then(nw.lit(place * STRIDE)).otherwise(code)
        return table.with_columns(verdict.alias(f"{name}_verdict"), code.alias(f"{name}_reason"))

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        scores = _scores.usable_scores(prediction.scores)
        if isinstance(scores, int):
            asked = scores
        else:
            split = self.split(scores)
            asked = len(split.asked) if split.asked or split.accepted else _scores.NONE_ACCEPTED
        for value, verdict, place in _WITHOUT_DOUBT:
            if asked == value:
                return verdict, self._all_reasons[place].text()
        return REVIEW, self._all_reasons[0].text(min(asked, _MOST_COUNTED))

    def _as_value(self) -> dict[str, Any]:
        return {self._kind: {"rule": self.rule._as_value()}}

    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy:
        return cls(read(fields_of(cls, value)["rule"]))  # type: ignore[arg-type]


# What the number of labels in doubt is, if there is none: the verdict, and which of the reasons.
_WITHOUT_DOUBT = (
    (0, ACCEPT, 1),
    (_scores.NONE_ACCEPTED, DROP, 2),
    (_scores.NO_SCORES, REVIEW, 3),
    (_scores.UNUSABLE, REVIEW, 4),
)
