"""Free texts and numbers of several workers to one."""

from __future__ import annotations

from collections import Counter
from math import fsum
from statistics import median, median_high, median_low
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk._optional import load
from hitl_sdk.consolidation._per_item import PerItem
from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NumberConsolidation", "TextConsolidation"]


class TextConsolidation(PerItem[str]):
    """The text that most workers wrote, or else the one that is closest to all others.

    Texts that differ in blanks and line breaks alone are the same; of their forms the most frequent stands, or else
    the shortest. The text that more than half of the workers wrote wins. If there is none, it is the one with the
    highest mean similarity to the others', the medoid: one that somebody wrote, and nothing put together. In a tie
    the preferred text wins if it is among the tied ones, else the first of them in sorted order; it is flagged.

    Two texts are as alike as the share of the longer one's characters that stay when the fewest are inserted,
    deleted and replaced to turn one into the other (the normalised Levenshtein similarity, by RapidFuzz).
    ``confidence`` is the mean similarity of the text to the other workers', ``agreement`` that to all workers'.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> heard = {"ann": "turn left here", "bob": "turn left  here", "cai": "turn left there"}
    >>> consensus = TextConsolidation().consolidate([Vote("1", worker, text) for worker, text in heard.items()])
    >>> consensus["1"].label
    'turn left here'
    >>> consensus["1"].confidence  # of the two others' one is the same, one has 14 of 15 characters
    0.966...
    """

    takes: ClassVar[str] = "single labels"

    def _agree(self, answers: Sequence[str], preferred: str | None) -> Consensus[str]:
        forms: dict[str, str] = {}
        for text, _ in Counter(sorted(answers, key=lambda text: (len(text), text))).most_common():
            forms.setdefault(_normalised(text), text)
        counts = Counter(map(_normalised, answers))
        likeness = {text: _likeness(text, counts) for text in counts}
        ahead, most = counts.most_common(1)[0]
        tied = [ahead]
        if 2 * most <= len(answers):
            highest = max(likeness.values())
            tied = sorted(text for text, alike in likeness.items() if alike == highest)
        wanted = None if preferred is None else _normalised(preferred)
        chosen = wanted if wanted is not None and wanted in tied else tied[0]
        if len(answers) == 1:
            return Consensus(forms[chosen], None, None, 1)
        return Consensus(
            forms[chosen],
            (likeness[chosen] - 1) / (len(answers) - 1),
            likeness[chosen] / len(answers),
            len(answers),
            tie=len(tied) > 1,
        )


class NumberConsolidation(PerItem[float]):
    """The median of several numbers.

    Of an even number of workers whose two middle numbers differ, every number between these is as good: a tie, which
    is flagged. The preferred number wins if it lies there, else it is the mean of the two. ``confidence`` and
    ``agreement`` are the share of the workers whose number is the result's, or within `tolerance` of it.

    Parameters
    ----------
    tolerance : float
        How far a number may lie from the result and still agree with it; 0 or more.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> counted = {"ann": 12, "bob": 13, "cai": 40}
    >>> votes = [Vote("1", worker, number) for worker, number in counted.items()]
    >>> NumberConsolidation(tolerance=1).consolidate(votes)["1"]
    Consensus(label=13, confidence=0.666..., agreement=0.666..., n_workers=3, tie=False, label_confidences=None)
    """

    takes: ClassVar[str] = "numbers"

    def __init__(self, tolerance: float = 0.0) -> None:
        if not tolerance >= 0:
            raise InvalidInputError(f"tolerance is {tolerance!r}", hint="give 0 or more")
        self._tolerance = tolerance

    def _agree(self, answers: Sequence[float], preferred: float | None) -> Consensus[float]:
        low, high = median_low(answers), median_high(answers)
        between = preferred is not None and low <= preferred <= high
        number = preferred if preferred is not None and between else low if low == high else median(answers)
        near = sum(abs(answer - number) <= self._tolerance for answer in answers)
        share = near / len(answers) if len(answers) > 1 else None
        return Consensus(number, share, share, len(answers), tie=low != high)


def _normalised(text: str) -> str:
    return " ".join(clean_text(text).split())


def _likeness(text: str, counts: Counter[str]) -> float:
    """Return the summed similarity of a text to those of all workers."""
    if len(counts) == 1:
        return float(counts[text])
    levenshtein = load("rapidfuzz.distance.Levenshtein", extra="text", needed_for="comparing texts")
    return fsum(levenshtein.normalized_similarity(text, other) * n for other, n in counts.items())
