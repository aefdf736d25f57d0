"""Majority vote: the label most workers gave."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk.errors import EmptyInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Consensus", "majority"]


@dataclass(frozen=True, slots=True)
class Consensus:
    """What several workers say together.

    Attributes
    ----------
    label : str
        The label they stand for.
    agreement : float
        Share of the workers who gave that label, above 0 and up to 1.
    n_workers : int
        How many answered.
    tie : bool
        Whether another label was given as often.

    Examples
    --------
    >>> Consensus("cat", agreement=1.0, n_workers=3, tie=False).agreement
    1.0
    """

    label: str
    agreement: float
    n_workers: int
    tie: bool


def majority(labels: Sequence[str], *, preferred: str | None = None) -> Consensus:
    """Return the label that was given most often.

    Parameters
    ----------
    labels : sequence of str, one a worker
        What each worker said, in any order.
    preferred : str, optional
        Wins a tie that it is part of: usually the model's label. Any other tie goes to the first of the
        tied labels in sorted order, so that the outcome does not depend on who answered first.

    Raises
    ------
    EmptyInputError
        If there are no labels.

    Examples
    --------
    >>> majority(["cat", "dog", "cat"])
    Consensus(label='cat', agreement=0.666..., n_workers=3, tie=False)
    >>> majority(["cat", "dog"], preferred="dog")
    Consensus(label='dog', agreement=0.5, n_workers=2, tie=True)
    """
    if not labels:
        raise EmptyInputError("there are no labels to consolidate", hint="give at least one")
    counts = Counter(labels)
    most = max(counts.values())
    tied = sorted(label for label, count in counts.items() if count == most)
    label = preferred if preferred is not None and preferred in tied else tied[0]
    return Consensus(label, most / len(labels), len(labels), len(tied) > 1)
