"""What goes into consolidation and what comes out: votes, and one consensus an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Consensus", "Consolidation", "Vote"]

LabelT = TypeVar("LabelT")
LabelT_co = TypeVar("LabelT_co", covariant=True)


class Vote(NamedTuple, Generic[LabelT]):
    """What one worker says of one item.

    Examples
    --------
    >>> Vote("item-1", "worker-1", "cat").label
    'cat'
    """

    item: str
    worker: str
    label: LabelT


@dataclass(frozen=True, slots=True)
class Consensus(Generic[LabelT_co]):
    """What several workers say together of one item.

    Attributes
    ----------
    label : str or another label
        The label they stand for.
    confidence : float or None
        How sure the method is of it, 0 to 1; None for one worker, of whom nothing is known.
    agreement : float or None
        How far the workers agree with it, 0 to 1: for single labels the share of those who gave it, for structures
        their mean similarity to it. None for one worker.
    n_workers : int
        How many answered.
    tie : bool
        Whether another label had as much for it, and the method's stated rule chose.
    label_confidences : mapping of str to float, or None
        For several labels at once, how sure the method is of each of them.

    Examples
    --------
    >>> Consensus("cat", confidence=None, agreement=None, n_workers=1).tie
    False
    """

    label: LabelT_co
    confidence: float | None
    agreement: float | None
    n_workers: int
    tie: bool = False
    label_confidences: Mapping[str, float] | None = None


class Consolidation(Protocol[LabelT]):
    """A method of making one label of several.

    A method of your own may say in an attribute ``takes`` which labels it is for, as those of this package do
    ("single labels", "boxes", ...); a task refuses one that is for others than its own.

    Examples
    --------
    >>> from hitl_sdk.consolidation import MajorityVote
    >>> method: Consolidation[str] = MajorityVote()
    """

    def consolidate(
        self, votes: Iterable[Vote[LabelT]], *, preferred: Mapping[str, LabelT] | None = None
    ) -> Mapping[str, Consensus[LabelT]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            At most one of a worker for an item; more are counted as given.
        preferred : mapping of str to label, optional
            By item, the label that wins a tie which it is part of: usually the model's.
        """
        ...
