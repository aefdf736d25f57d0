"""Majority vote: the label most workers gave."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hitl_sdk.consolidation._single_label import SingleLabelMethod, labelled
from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.errors import EmptyInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitl_sdk.consolidation._election import Scores
    from hitl_sdk.consolidation._votes import EncodedVotes
    from hitl_sdk.consolidation.consensus import Vote

__all__ = ["MajorityVote", "majority"]


class MajorityVote(SingleLabelMethod):
    """The label most workers gave; every worker counts as much as any other.

    In a tie the preferred label wins if it is among the tied ones, else the first of them in sorted order, so
    that the outcome does not depend on who answered first. ``confidence`` and ``agreement`` are the share of the
    votes that are for the label. It learns nothing of the workers, so it has no fitted attributes.

    Examples
    --------
    >>> from hitl_sdk.consolidation import MajorityVote, Vote
    >>> votes = [Vote("1", "ann", "cat"), Vote("1", "bob", "dog"), Vote("2", "ann", "dog")]
    >>> consensus = MajorityVote().consolidate(votes, preferred={"1": "dog"})
    >>> consensus["1"]
    Consensus(label='dog', confidence=0.5, agreement=0.5, n_workers=2, tie=True, label_confidences=None)
    >>> consensus["2"].confidence is None
    True

    A frame goes in and out as crowd-kit's users know it:

    >>> import pandas as pd
    >>> MajorityVote().fit_predict(pd.DataFrame(votes))
      item label  confidence  agreement  n_workers    tie
    0    1   cat         0.5        0.5          2   True
    1    2   dog         NaN        NaN          1  False
    """

    def consolidate(
        self, votes: Iterable[Vote[str]], *, preferred: Mapping[str, str] | None = None
    ) -> Mapping[str, Consensus[str]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Needs no numpy: most flows have a few answers an item, and nothing to learn of them.

        Parameters
        ----------
        votes : iterable of Vote
            More than one of a worker for an item are all counted, and are one worker. One whose label is None is
            left out.
        preferred : mapping of str to str, optional
            By item, the label that wins a tie which it is part of: usually the model's.
        """
        labels: dict[str, list[str]] = {}
        workers: dict[str, list[str]] = {}
        for item, worker, label in labelled(votes):
            labels.setdefault(item, []).append(label)
            workers.setdefault(item, []).append(worker)
        preferred = preferred or {}
        return {
            item: _elect(several, len(set(workers[item])), preferred.get(item))
            for item, several in labels.items()
        }

    def _scores(self, votes: EncodedVotes) -> tuple[Scores, Mapping[str, object]]:
        from hitl_sdk.consolidation._election import vote_shares

        return vote_shares(votes), {}


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
    return _elect(labels, len(labels), preferred)


def _elect(labels: Sequence[str], n_workers: int, preferred: str | None) -> Consensus[str]:
    counts = Counter(labels)
    most = max(counts.values())
    tied = sorted(label for label, count in counts.items() if count == most)
    label = preferred if preferred is not None and preferred in tied else tied[0]
    share = most / len(labels) if n_workers > 1 else None
    return Consensus(label, confidence=share, agreement=share, n_workers=n_workers, tie=len(tied) > 1)
