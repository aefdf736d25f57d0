"""Entity spans of several workers to one set."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import median_low
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk.consolidation._parts import agree_on_parts, join
from hitl_sdk.consolidation._per_item import PerItem, check_share
from hitl_sdk.labels import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitl_sdk.consolidation.consensus import Consensus

__all__ = ["SpanConsolidation"]


class SpanConsolidation(PerItem[tuple[Span, ...]]):
    """Spans of a text, clustered by the Jaccard index of their characters.

    AWS says of its own that the boundaries are the mode of the workers', or the median where the mode is not clear,
    and that the label is the most frequent one. So they are here. Start and end are settled one by one; of an even
    number the median is the lower of the two in the middle, so that a boundary is always one that a worker drew.

    What at least `min_share` of the workers marked is kept. Ties are flagged: a span that just half of the workers
    marked is kept, unless there is a preferred label and none of its spans lies there; of labels given as often
    the preferred one wins, else the first in sorted order, where AWS draws one at random.

    A span's ``confidence`` is the share of the workers who marked it and called it so. The consensus' ``confidence``
    is the mean over all that anyone marked: of what was left out it counts those who did not mark it. ``agreement``
    is the workers' mean F1 score against the result, in which a span counts as much as its overlap.

    Parameters
    ----------
    min_overlap : float
        The least mean Jaccard index of spans that are the same, above 0 and up to 1; 1 asks for the same boundaries.
        AWS publishes none.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Span
    >>> marks = {"ann": Span("city", 5, 13), "bob": Span("city", 5, 13), "cai": Span("state", 9, 13)}
    >>> votes = [Vote("1", worker, (span,)) for worker, span in marks.items()]  # of "From New York"
    >>> SpanConsolidation().consolidate(votes)["1"].label
    (Span(label='city', start_offset=5, end_offset=13, confidence=0.666...),)
    """

    takes: ClassVar[str] = "spans"

    def __init__(self, min_overlap: float = 0.5, *, min_share: float = 0.5) -> None:
        self._measure = _SpanMeasure(check_share("min_overlap", min_overlap))
        self._min_share = check_share("min_share", min_share)

    def _agree(
        self, answers: Sequence[tuple[Span, ...]], preferred: tuple[Span, ...] | None
    ) -> Consensus[tuple[Span, ...]]:
        marked = agree_on_parts(answers, self._measure, self._min_share, preferred)
        in_order = sorted(marked.parts, key=lambda span: (span.start_offset, span.end_offset, span.label))
        return marked.of(tuple(in_order))


class _SpanMeasure:
    """Spans by the Jaccard index of their characters."""

    def __init__(self, least: float) -> None:
        self.least = least

    def groups(self, parts: Sequence[Span], owners: Sequence[int]) -> list[list[int]]:
        def likeness(i: int, j: int) -> float:
            return self.similarity(parts[i], parts[j])

        pairs = [
            (parts[i].label != parts[j].label, -alike, i, j)
            for i, j in _touching(parts)
            if owners[i] != owners[j] and (alike := likeness(i, j)) >= self.least
        ]
        return join(((i, j) for _, _, i, j in sorted(pairs)), owners, likeness, self.least)

    def similarity(self, part: Span, other: Span) -> float:
        common = min(part.end_offset, other.end_offset) - max(part.start_offset, other.start_offset)
        if common <= 0:
            return 0.0
        sizes = part.end_offset - part.start_offset + other.end_offset - other.start_offset
        return common / (sizes - common)

    def are_same(self, part: Span, other: Span) -> bool:
        return self.similarity(part, other) >= self.least

    def average(self, parts: Sequence[Span]) -> Span:
        starts = [part.start_offset for part in parts]
        ends = [part.end_offset for part in parts]
        start, end = _boundary(starts), _boundary(ends)
        if start >= end:  # the medians never are
            start, end = median_low(starts), median_low(ends)
        return Span(parts[0].label, start, end)

    def name(self, part: Span) -> str:
        return part.label

    def named(self, part: Span, name: str, confidence: float | None) -> Span:
        return replace(part, label=name, confidence=confidence)


def _boundary(offsets: Sequence[int]) -> int:
    """Return the mode, or the lower median where there are several."""
    (offset, most), *others = Counter(offsets).most_common(2)
    return median_low(offsets) if others and others[0][1] == most else offset


def _touching(spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of spans that have a character in common, as i < j."""
    order = sorted(range(len(spans)), key=lambda index: spans[index].start_offset)
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            if spans[j].start_offset >= spans[i].end_offset:
                break
            yield min(i, j), max(i, j)
