"""Parts of answers, as boxes or spans are: matched across workers, put to the vote, and made one.

Nothing here depends on the order of the workers: answers and parts are first put in the order of their content.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import fsum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.consolidation.majority import majority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "Measure",
    "PartsConsensus",
    "Verdict",
    "agree_on_parts",
    "content",
    "decide",
    "f1",
    "join",
    "match",
]

PartT = TypeVar("PartT")
LabelT = TypeVar("LabelT")


class Measure(Protocol[PartT]):
    """How parts of one kind are compared, and what several of them make together."""

    def groups(self, parts: Sequence[PartT], owners: Sequence[int]) -> list[list[int]]:
        """Return which parts are the same thing; no two of one owner are. One alone is a group as well."""
        ...

    def similarity(self, part: PartT, other: PartT) -> float:
        """Return how alike two parts are, 0 to 1, whatever they are called."""
        ...

    def are_same(self, part: PartT, other: PartT) -> bool:
        """Tell whether two parts are alike enough to be the same thing."""
        ...

    def average(self, parts: Sequence[PartT]) -> PartT:
        """Return what several parts make together; it is renamed afterwards."""
        ...

    def name(self, part: PartT) -> str:
        """Return what workers vote on: a part's label, or its value."""
        ...

    def named(self, part: PartT, name: str, confidence: float | None) -> PartT:
        """Return a part under a name, and as sure as is said."""
        ...


@dataclass(frozen=True, slots=True)
class PartsConsensus(Generic[PartT]):
    """What the workers say together of one item, in parts.

    Attributes
    ----------
    parts : tuple
        What was kept.
    confidence, agreement, n_workers, tie
        As in `Consensus`.
    origins : tuple of tuple of pairs of int
        By part, what it was made of: the numbers of an answer, and of a part of it.
    """

    parts: tuple[PartT, ...]
    confidence: float | None
    agreement: float | None
    n_workers: int
    tie: bool
    origins: tuple[tuple[tuple[int, int], ...], ...] = ()

    def of(self, label: LabelT) -> Consensus[LabelT]:
        """Return it as the consensus on the label that is made of the parts."""
        return Consensus(label, self.confidence, self.agreement, self.n_workers, self.tie)


class Verdict(NamedTuple):
    """Whether the workers see a thing, and what they call it.

    Attributes
    ----------
    name : str or None
        None if it is left out.
    confidence : float
        The share of the workers who drew it and called it so; of one that is left out, of those who didn't draw it.
    tie : bool
        Whether as many said something else.
    """

    name: str | None
    confidence: float
    tie: bool


class _Drawn(NamedTuple, Generic[PartT]):
    """A part, which of the answers it is from, in the order of their content and as given, and its place there."""

    part: PartT
    owner: int
    answer: int
    place: int


class _Thing(NamedTuple, Generic[PartT]):
    """What several workers drew of one thing, and their average."""

    drawn: list[_Drawn[PartT]]
    average: PartT


def agree_on_parts(
    answers: Sequence[Sequence[PartT]],
    measure: Measure[PartT],
    min_share: float,
    preferred: Sequence[PartT] | None,
) -> PartsConsensus[PartT]:
    """Return what several workers drew together, each thing at its mean place in their lists."""
    if len(answers) == 1:
        alone = tuple(measure.named(part, measure.name(part), None) for part in answers[0])
        origins = tuple(((0, place),) for place in range(len(alone)))
        return PartsConsensus(alone, None, None, 1, tie=False, origins=origins)
    things = _things(answers, measure)
    wanted = _names_in(preferred or (), things, measure)
    verdicts, kept = [], []
    likeness = [0.0] * len(answers)
    for thing, want in zip(things, wanted, strict=True):
        names = [measure.name(each.part) for each in thing.drawn]
        verdict = decide(names, len(answers), min_share, preferred=want, has_preferred=preferred is not None)
        verdicts.append(verdict)
        if verdict.name is not None:
            part = measure.named(thing.average, verdict.name, verdict.confidence)
            place = fsum(each.place for each in thing.drawn) / len(thing.drawn)
            kept.append(
                (place, content(part), part, tuple((each.answer, each.place) for each in thing.drawn))
            )
            for each, name in zip(thing.drawn, names, strict=True):
                likeness[each.owner] += measure.similarity(each.part, part) if name == verdict.name else 0
    kept.sort(key=lambda each: each[:2])
    return PartsConsensus(
        tuple(part for _, _, part, _ in kept),
        fsum(verdict.confidence for verdict in verdicts) / len(verdicts) if verdicts else 1.0,
        _mean_f1(likeness, things, len(kept)),
        len(answers),
        any(verdict.tie for verdict in verdicts),
        tuple(origins for _, _, _, origins in kept),
    )


def decide(
    names: Sequence[str], n_workers: int, min_share: float, *, preferred: str | None, has_preferred: bool
) -> Verdict:
    """Decide on one thing.

    Parameters
    ----------
    names : sequence of str
        What those who drew it call it, one a worker.
    n_workers : int
        How many answered.
    min_share : float
        The share of the workers who must have drawn it. Where half of them suffice and just half drew it, it is a
        tie: it is kept, unless there is a preferred label and it does not stand there.
    preferred : str or None
        What the preferred label calls it; None if it does not stand there.
    has_preferred : bool
        Whether there is a preferred label.
    """
    share = len(names) / n_workers
    half = share == min_share == 0.5
    if share < min_share or (half and has_preferred and preferred is None):
        return Verdict(None, 1 - share, half)
    voted = majority(names, preferred=preferred)
    return Verdict(voted.label, names.count(voted.label) / n_workers, half or voted.tie)


def join(
    pairs: Iterable[tuple[int, int]],
    owners: Sequence[int],
    similarity: Callable[[int, int], float],
    least: float,
) -> list[list[int]]:
    """Join things to groups: two groups become one if they share no owner and are, on average, alike enough.

    Parameters
    ----------
    pairs : iterable of pairs of int
        Which things may be the same, the most alike first.
    owners : sequence of int
        Whose each thing is.
    similarity : callable
        How alike two things are.
    least : float
        The least mean similarity between the things of two groups that become one.

    Returns
    -------
    list of list of int
        Every thing stands in one of them.
    """
    groups = [[index] for index in range(len(owners))]
    for one, other in pairs:
        group, joining = groups[one], groups[other]
        if group is joining or not {owners[i] for i in group}.isdisjoint(owners[i] for i in joining):
            continue
        alike = fsum(similarity(i, j) for i in group for j in joining)
        if alike >= least * (len(group) * len(joining)):
            group += joining
            for index in joining:
                groups[index] = group
    return [sorted(group) for index, group in enumerate(groups) if min(group) == index]


def match(likeness: Iterable[tuple[float, int, int]]) -> dict[int, int]:
    """Return which thing has which counterpart, at most one each, the most alike first.

    Parameters
    ----------
    likeness : iterable of tuples
        How alike they are, the number of the thing, the number of the counterpart.
    """
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for _, thing, counterpart in sorted((-alike, one, other) for alike, one, other in likeness):
        if thing not in matched and counterpart not in taken:
            matched[thing] = counterpart
            taken.add(counterpart)
    return matched


def content(part: Any) -> tuple[Any, ...]:
    """Return what a part says, its confidence left out; parts of one kind can be sorted by it."""
    return tuple(getattr(part, field.name) for field in fields(part) if field.name != "confidence")


def f1(likeness: float, n_parts: int, n_result: int) -> float:
    """Return the F1 score of an answer whose parts are, summed, so much like their counterparts in the result."""
    return 2 * likeness / (n_parts + n_result) if n_parts + n_result else 1.0


def _things(answers: Sequence[Sequence[PartT]], measure: Measure[PartT]) -> list[_Thing[PartT]]:
    """Return what was drawn, by thing."""
    contents = [[content(part) for part in answer] for answer in answers]
    order = sorted(range(len(answers)), key=contents.__getitem__)
    keyed = sorted(
        (said, owner, place)
        for owner, index in enumerate(order)
        for place, said in enumerate(contents[index])
    )
    drawn = [_Drawn(answers[order[owner]][place], owner, order[owner], place) for _, owner, place in keyed]
    groups = measure.groups([each.part for each in drawn], [each.owner for each in drawn])
    things = []
    for group in groups:
        parts = [drawn[index].part for index in group]
        average = measure.average(parts) if len(parts) > 1 else parts[0]
        things.append(_Thing([drawn[index] for index in group], average))
    return things


def _names_in(
    preferred: Sequence[PartT], things: Sequence[_Thing[PartT]], measure: Measure[PartT]
) -> list[str | None]:
    """Return what the preferred label calls each thing."""
    matched = match(
        (measure.similarity(thing.average, part), index, number)
        for index, thing in enumerate(things)
        for number, part in enumerate(preferred)
        if measure.are_same(thing.average, part)
    )
    return [measure.name(preferred[matched[i]]) if i in matched else None for i in range(len(things))]


def _mean_f1(likeness: Sequence[float], things: Sequence[_Thing[PartT]], n_kept: int) -> float:
    """Return how alike the workers' answers are to the result on average."""
    n_parts = [0] * len(likeness)
    for thing in things:
        for each in thing.drawn:
            n_parts[each.owner] += 1
    scores = [f1(alike, parts, n_kept) for alike, parts in zip(likeness, n_parts, strict=True)]
    return fsum(scores) / len(scores)
