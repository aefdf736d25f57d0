"""Majority vote: the label most workers gave."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.errors import EmptyInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitl_sdk.consolidation.consensus import Vote

__all__ = ["MajorityVote", "majority"]


class MajorityVote:
    """The label most workers gave; every worker counts as much as any other.

    In a tie the preferred label wins if it is among the tied ones, else the first of them in sorted order, so
    that the outcome does not depend on who answered first. ``confidence`` and ``agreement`` are the share of the
    workers who gave the label.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> votes = [Vote("1", "ann", "cat"), Vote("1", "bob", "dog"), Vote("2", "ann", "dog")]
    >>> consensus = MajorityVote().consolidate(votes, preferred={"1": "dog"})
    >>> consensus["1"]
    Consensus(label='dog', confidence=0.5, agreement=0.5, n_workers=2, tie=True, label_confidences=None)
    >>> consensus["2"].confidence is None
    True
    """

    def consolidate(
        self, votes: Iterable[Vote[str]], *, preferred: Mapping[str, str] | None = None
    ) -> Mapping[str, Consensus[str]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            At most one of a worker for an item; more are counted as given.
        preferred : mapping of str to str, optional
            By item, the label that wins a tie which it is part of: usually the model's.
        """
        labels: dict[str, list[str]] = {}
        for vote in votes:
            labels.setdefault(vote.item, []).append(vote.label)
        preferred = preferred or {}
        return {item: majority(given, preferred=preferred.get(item)) for item, given in labels.items()}


def majority(labels: Sequence[str], *, preferred: str | None = None) -> Consensus[str]:
    """Return the label that was given most often for one item.

    Parameters
    ----------
    labels : sequence of str, one a worker
        What each worker said, in any order.
    preferred : str, optional
        Wins a tie that it is part of: usually the model's label. Any other tie goes to the first of the
        tied labels in sorted order.

    Returns
    -------
    Consensus
        Of one worker ``confidence`` and ``agreement`` are None.

    Raises
    ------
    EmptyInputError
        If there are no labels.

    Examples
    --------
    >>> majority(["cat", "dog", "cat"]).agreement
    0.666...
    >>> majority(["cat", "dog"], preferred="dog").label
    'dog'
    """
    if not labels:
        raise EmptyInputError("there are no labels to consolidate", hint="give at least one")
    counts = Counter(labels)
    most = max(counts.values())
    tied = sorted(label for label, count in counts.items() if count == most)
    label = preferred if preferred is not None and preferred in tied else tied[0]
    share = most / len(labels) if len(labels) > 1 else None
    return Consensus(label, confidence=share, agreement=share, n_workers=len(labels), tie=len(tied) > 1)
