"""What methods share that look at each item alone: votes are grouped by item, nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitl_sdk.consolidation.consensus import Consensus, Vote

__all__ = ["PerItem", "check_share"]

LabelT = TypeVar("LabelT")


class PerItem(ABC, Generic[LabelT]):
    """A method whose consensus on one item depends on the answers to that item alone."""

    def consolidate(
        self, votes: Iterable[Vote[LabelT]], *, preferred: Mapping[str, LabelT] | None = None
    ) -> Mapping[str, Consensus[LabelT]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            At most one of a worker for an item; more are counted as given.
        preferred : mapping of str to label, optional
            By item, the label that decides a tie: usually the model's.

        Raises
        ------
        InvalidInputError
            If the answers to an item don't fit together, as masks of two sizes; it names the item.
        """
        answers: dict[str, list[LabelT]] = {}
        for vote in votes:
            answers.setdefault(vote.item, []).append(vote.label)
        preferred = preferred or {}
        consensus = {}
        for item, given in answers.items():
            try:
                consensus[item] = self._agree(given, preferred.get(item))
            except ValueError as error:
                raise InvalidInputError(f"the answers to item {item}: {error}", item_id=item) from error
        return consensus

    @abstractmethod
    def _agree(self, answers: Sequence[LabelT], preferred: LabelT | None) -> Consensus[LabelT]:
        """Return the consensus on one item, whose answers come in any order; what is wrong is a ValueError."""


def check_share(name: str, share: float) -> float:
    """Return a share above 0 and up to 1, or say that it is none."""
    if not 0 < share <= 1:
        raise InvalidInputError(f"{name} is {share!r}", hint="give a share above 0 and up to 1")
    return share
