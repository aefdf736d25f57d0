"""Forms of several workers to one: field by field."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import fsum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from hitl_sdk.consolidation._parts import agree_on_parts, join
from hitl_sdk.consolidation._per_item import PerItem, check_share
from hitl_sdk.consolidation.consensus import Consensus, Vote
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import FormField, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitl_sdk.consolidation.consensus import Consolidation

__all__ = ["FieldMethod", "FormConsolidation", "FormFieldConsolidation"]

FieldMethod: TypeAlias = "Consolidation[str] | Consolidation[float] | Consolidation[tuple[str, ...]]"
"""How the answers to one field become one; for choices and booleans that is `MajorityVote` or another of texts."""


class FormConsolidation:
    """Forms, each field by a method of its own.

    A worker fills in a field if it stands in his answer and isn't None. A field that fewer than half of the workers
    filled in is left out. One that just half filled in is a tie: it is kept, unless there is a preferred label
    without it. The consensus is flagged as a tie if any field is one.

    ``label_confidences`` has the confidence of each field: its method's times the share of the workers who filled
    it in. ``confidence`` and ``agreement`` are the means over the fields that anyone filled in, in which one that
    was left out counts the workers who did not.

    Parameters
    ----------
    methods : mapping of str to Consolidation
        One a field: `MajorityVote` for choices and booleans, `NumberConsolidation`, `TextConsolidation`, `PerLabel`
        for several choices at once, ...

    Examples
    --------
    >>> from hitl_sdk.consolidation import MajorityVote, NumberConsolidation, Vote
    >>> forms = {"ann": {"kind": "car", "doors": 2}, "bob": {"kind": "car", "doors": 4}, "cai": {"kind": "van"}}
    >>> method = FormConsolidation({"kind": MajorityVote(), "doors": NumberConsolidation()})
    >>> consensus = method.consolidate([Vote("1", worker, form) for worker, form in forms.items()])["1"]
    >>> consensus.label, consensus.tie  # of 2 and 4 doors the mean
    ({'kind': 'car', 'doors': 3.0}, True)
    """

    takes: ClassVar[str] = "forms"

    def __init__(self, methods: Mapping[str, FieldMethod]) -> None:
        self._methods: dict[str, Consolidation[Any]] = dict(methods)

    def consolidate(
        self,
        votes: Iterable[Vote[Mapping[str, object]]],
        *,
        preferred: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Mapping[str, Consensus[Mapping[str, object]]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            At most one of a worker for an item; more are counted as given.
        preferred : mapping of str to mapping, optional
            By item, the form that decides ties: usually the model's.

        Raises
        ------
        InvalidInputError
            If a vote has a field without a method.
        """
        given = list(votes)
        preferred = preferred or {}
        self._check_fields(given)
        n_workers = Counter(vote.item for vote in given)
        tallies = {item: _Tally(n, preferred.get(item)) for item, n in n_workers.items()}
        for name, method in self._methods.items():
            filled = [
                Vote(vote.item, vote.worker, value)
                for vote in given
                if (value := vote.label.get(name)) is not None
            ]
            wanted = {
                item: value for item, form in preferred.items() if (value := form.get(name)) is not None
            }
            n_filled = Counter(vote.item for vote in filled)
            for item, consensus in method.consolidate(filled, preferred=wanted).items():
                tallies[item].add(name, consensus, n_filled[item])
        return {item: tally.consensus() for item, tally in tallies.items()}

    def _check_fields(self, votes: Iterable[Vote[Mapping[str, object]]]) -> None:
        for vote in votes:
            unknown = sorted(vote.label.keys() - self._methods.keys())
            if unknown:
                raise InvalidInputError(
                    f"an answer to item {vote.item} has a field {unknown[0]!r} without a method",
                    hint=f"there are methods for {', '.join(map(repr, self._methods))}",
                    item_id=vote.item,
                )


@dataclass(slots=True)
class _Tally:
    """What is known of one form, as field is added to field."""

    n_workers: int
    preferred: Mapping[str, object] | None
    label: dict[str, object] = field(default_factory=dict)
    label_confidences: dict[str, float] = field(default_factory=dict)
    confidences: list[float] = field(default_factory=list)
    agreements: list[float] = field(default_factory=list)
    tie: bool = False

    def add(self, name: str, consensus: Consensus[object], n_filled: int) -> None:
        """Count a field that so many workers filled in."""
        share = n_filled / self.n_workers
        half = share == 0.5
        self.tie |= half
        if share < 0.5 or (half and self.preferred is not None and self.preferred.get(name) is None):
            self.confidences.append(1 - share)
            self.agreements.append(1 - share)
            return
        # Of one worker out of two nothing is known but that the other left the field empty.
        confidence, agreement = (
            share * (1.0 if known is None else known) for known in (consensus.confidence, consensus.agreement)
        )
        self.label[name] = consensus.label
        self.label_confidences[name] = confidence
        self.confidences.append(confidence)
        self.agreements.append(agreement)
        self.tie |= consensus.tie

    def consensus(self) -> Consensus[Mapping[str, object]]:
        """Return what the workers say of the form."""
        if self.n_workers == 1:
            return Consensus(self.label, None, None, 1, self.tie)
        n_fields = len(self.confidences)
        return Consensus(
            self.label,
            fsum(self.confidences) / n_fields if n_fields else 1.0,
            fsum(self.agreements) / n_fields if n_fields else 1.0,
            self.n_workers,
            self.tie,
            self.label_confidences,
        )


class FormFieldConsolidation(PerItem[tuple[FormField, ...]]):
    """The fields of a document: matched by their keys, the value by vote.

    Keys are the same if they differ in case, blanks or a colon at the end alone; the result has the form that most
    workers wrote. A key that one worker has several times stands for as many fields: those whose values are the same
    are matched first. Values that differ in blanks alone are the same, and come with single ones.

    What at least `min_share` of the workers found is kept. Ties are flagged: a field that just half of them found is
    kept, unless there is a preferred label without it; of values given as often the preferred one wins, else the
    first in sorted order.

    A field's ``confidence`` is the share of the workers who found it and gave it that value. The consensus'
    ``confidence`` is the mean over all that anyone found: of what was left out it counts those who did not find it.
    ``agreement`` is the workers' mean F1 score against the result.

    Parameters
    ----------
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import FormField
    >>> read = {"ann": ("Date:", "3 May"), "bob": ("date", "3 May"), "cai": ("Date:", "8 May")}
    >>> votes = [Vote("1", worker, (FormField(*field),)) for worker, field in read.items()]
    >>> FormFieldConsolidation().consolidate(votes)["1"].label
    (FormField(key='Date:', value='3 May', confidence=0.666...),)
    """

    takes: ClassVar[str] = "fields of documents"

    def __init__(self, *, min_share: float = 0.5) -> None:
        self._min_share = check_share("min_share", min_share)

    def _agree(
        self, answers: Sequence[tuple[FormField, ...]], preferred: tuple[FormField, ...] | None
    ) -> Consensus[tuple[FormField, ...]]:
        found = agree_on_parts(answers, _FieldMeasure(), self._min_share, preferred)
        return found.of(found.parts)


class _FieldMeasure:
    """Fields of a document by their keys: the same, or not."""

    def groups(self, parts: Sequence[FormField], owners: Sequence[int]) -> list[list[int]]:
        by_key: dict[str, list[int]] = {}
        for index, part in enumerate(parts):
            by_key.setdefault(_same(part.key), []).append(index)
        pairs = [
            (self.name(parts[i]) != self.name(parts[j]), i, j)
            for alike in by_key.values()
            for place, i in enumerate(alike)
            for j in alike[place + 1 :]
        ]
        return join(((i, j) for _, i, j in sorted(pairs)), owners, lambda *_: 1.0, 1.0)

    def similarity(self, part: FormField, other: FormField) -> float:
        return float(self.are_same(part, other))

    def are_same(self, part: FormField, other: FormField) -> bool:
        return _same(part.key) == _same(other.key)

    def average(self, parts: Sequence[FormField]) -> FormField:
        keys = Counter(part.key for part in parts)
        return FormField(min(keys, key=lambda key: (-keys[key], key)), parts[0].value)

    def name(self, part: FormField) -> str:
        return " ".join(clean_text(part.value).split())

    def named(self, part: FormField, name: str, confidence: float | None) -> FormField:
        return replace(part, value=name, confidence=confidence)


def _same(key: str) -> str:
    """Return what keys have in common that are the same."""
    return " ".join(clean_text(key).casefold().split()).rstrip(": ")
