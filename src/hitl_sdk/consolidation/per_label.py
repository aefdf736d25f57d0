"""Several labels an item: each of them is a yes/no question of its own."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk.consolidation._single_label import labelled
from hitl_sdk.consolidation.consensus import Consensus, Vote
from hitl_sdk.consolidation.majority import MajorityVote
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitl_sdk.consolidation.consensus import Consolidation

__all__ = ["PerLabel"]

# In sorted order "no" comes first, so it wins a tie which the preferred labels do not decide.
_NO, _YES = "no", "yes"


class PerLabel:
    """Asks a method for one label whether the workers meant it, yes or no: of each label by itself.

    A label that is tied is left out, unless it is among the preferred ones. In the outcome:

    - ``label`` has the labels that were meant, in the order of the task's;
    - ``label_confidences`` has, for every label that at least one worker chose, how sure the method is that it was
      meant;
    - ``confidence`` is that of the least sure decision, for or against a label: all others are surer;
    - ``agreement`` is the mean Jaccard similarity of the workers' labels with the outcome: the share of the labels
      in either that are in both;
    - ``tie`` says that at least one label was tied.

    Parameters
    ----------
    labels : iterable of str
        All labels of the task, in its order.
    of : Consolidation of str, default `MajorityVote`
        The method. What it learns of a worker, it learns for each label anew.

    Raises
    ------
    InvalidInputError
        If there are no labels, or one twice.

    Examples
    --------
    >>> from hitl_sdk.consolidation import PerLabel, Vote
    >>> votes = [Vote("1", "ann", ("price", "size")), Vote("1", "bob", ("size",)), Vote("1", "cleo", ())]
    >>> consensus = PerLabel(["price", "size"]).consolidate(votes)["1"]
    >>> consensus.label
    ('size',)
    >>> consensus.label_confidences
    {'price': 0.333..., 'size': 0.666...}
    >>> consensus.agreement
    0.5
    """

    takes: ClassVar[str] = "several labels"

    def __init__(self, labels: Iterable[str], *, of: Consolidation[str] | None = None) -> None:
        self.labels: tuple[str, ...] = tuple(labels)
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise InvalidInputError(
                f"the labels are {list(self.labels)}", hint="name one or more, each of them once"
            )
        self.of: Consolidation[str] = MajorityVote() if of is None else of

    def consolidate(
        self,
        votes: Iterable[Vote[tuple[str, ...]]],
        *,
        preferred: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Mapping[str, Consensus[tuple[str, ...]]]:
        """Return one consensus an item that has votes, in the order in which the items first appear.

        Parameters
        ----------
        votes : iterable of Vote
            Whose label has all labels that the worker chose; none of them is an answer, too.
        preferred : mapping of str to tuple of str, optional
            By item, the labels that win a tie: usually the model's.

        Raises
        ------
        InvalidInputError
            If a worker chose something that is no label of the task.
        """
        given = list(labelled(votes))
        answers: dict[str, list[frozenset[str]]] = {}
        for vote in given:
            answers.setdefault(vote.item, []).append(self._chosen(vote))
        decisions = {label: self._decide(label, given, preferred or {}) for label in self.labels}
        return {
            item: self._whole(chosen, {label: decided[item] for label, decided in decisions.items()})
            for item, chosen in answers.items()
        }

    def _chosen(self, vote: Vote[tuple[str, ...]]) -> frozenset[str]:
        label: object = vote.label
        chosen = frozenset(vote.label)
        if isinstance(label, str) or not chosen.issubset(self.labels):
            raise InvalidInputError(
                f"the labels of item {vote.item!r} are {vote.label!r}",
                hint=f"give several of {', '.join(map(repr, self.labels))}, as a tuple",
            )
        return chosen

    def _decide(
        self, label: str, votes: Sequence[Vote[tuple[str, ...]]], preferred: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Consensus[str]]:
        """Return by item whether a label was meant."""
        return self.of.consolidate(
            [Vote(vote.item, vote.worker, _answer(label in vote.label)) for vote in votes],
            preferred={item: _answer(label in labels) for item, labels in preferred.items()},
        )

    def _whole(
        self, answers: Sequence[frozenset[str]], decided: Mapping[str, Consensus[str]]
    ) -> Consensus[tuple[str, ...]]:
        """Put an item's decisions together."""
        meant = tuple(label for label in self.labels if decided[label].label == _YES)
        by_someone = frozenset(meant).union(*answers)
        n_workers = next(iter(decided.values())).n_workers
        sure = [each.confidence for each in decided.values() if each.confidence is not None]
        if len(sure) < len(decided):
            sure = []  # one worker, or a method that does not say
        return Consensus(
            meant,
            confidence=min(sure, default=None),
            agreement=fmean(_jaccard(each, frozenset(meant)) for each in answers) if n_workers > 1 else None,
            n_workers=n_workers,
            tie=any(each.tie for each in decided.values()),
            label_confidences={
                label: confidence if label in meant else 1 - confidence
                for label, confidence in zip(self.labels, sure, strict=True)
                if label in by_someone
            }
            if sure
            else None,
        )


def _answer(meant: bool) -> str:
    return _YES if meant else _NO


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of the elements in either that are in both; two empty sets are equal."""
    return len(one & other) / len(one | other) if one | other else 1.0
