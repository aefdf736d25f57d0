"""Expectation maximisation of the models of Dawid and Skene, on votes as codes.

Matrices are labels x items, so that each label's row is one array: sums of votes by item or by worker are then one
`numpy.bincount` a label, which is within a fifth of a second of a sparse matrix on half a million votes and needs no
scipy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from hitl_sdk.consolidation._votes import Codes, EncodedVotes, Reals

__all__ = [
    "Confusion",
    "Fitted",
    "OneCoin",
    "SmoothedConfusion",
    "WorkerConfusion",
    "WorkerModel",
    "expected_accuracy",
    "maximise",
]

_LEAST = 1e-10  # of a probability, so that its logarithm exists
# Posteriors are rounded: the order of the rows, which decides the last digits of a sum, shall not decide more.
_DIGITS = 12


class WorkerModel(Protocol):
    """How workers err: learnt of posteriors, and asked how likely their votes are."""

    def learn(self, posteriors: Reals) -> None:
        """Take over what the posteriors, labels x items, say of the workers."""
        ...

    def log_likelihood(self) -> Reals:
        """Return the logarithm of the likelihood of each item's votes, by true label: labels x items."""
        ...

    def confusion(self, worker: int) -> Reals:
        """Return a worker's chance of saying each label, by true label: true x given labels."""
        ...


class Fitted(NamedTuple):
    """What expectation maximisation found."""

    posteriors: Reals
    priors: Reals
    n_iter: int
    converged: bool


def maximise(votes: EncodedVotes, model: WorkerModel, *, max_iter: int, tolerance: float) -> Fitted:
    """Alternate between what is true and how workers err, until the evidence lower bound stops growing.

    In the bound the logarithm of a label's prior counts once a vote, as it does in crowd-kit, not once an item: both
    shall end after the same round.
    """
    posteriors = _vote_shares(votes)
    further_votes = np.bincount(votes.item, minlength=len(votes.items)) - 1
    joint, log_priors = _learn(model, posteriors)
    bound, n_iter, converged = -np.inf, 0, not len(votes.item)
    while n_iter < max_iter and not converged:
        n_iter += 1
        joint -= joint.max(axis=0)
        posteriors = np.exp(joint)
        total = posteriors.sum(axis=0)
        posteriors = np.round(posteriors / total, _DIGITS)
        log_posteriors = joint - np.log(total)
        joint, log_priors = _learn(model, posteriors)
        # Sums of products are written out: a BLAS of many threads would slow down everybody for so little.
        of_priors = (log_priors * (posteriors * further_votes).sum(axis=1)).sum()
        before, bound = bound, ((posteriors * (joint - log_posteriors)).sum() + of_priors) / len(votes.item)
        converged = bool(bound - before < tolerance)
    return Fitted(posteriors, _priors(posteriors), n_iter, converged)


def _learn(model: WorkerModel, posteriors: Reals) -> tuple[Reals, Reals]:
    """Return the logarithms of the joint probability of an item's votes and each label, and of the labels' priors."""
    model.learn(posteriors)
    log_priors: Reals = np.log(np.maximum(_priors(posteriors), _LEAST))
    joint: Reals = model.log_likelihood() + log_priors[:, np.newaxis]
    return joint, log_priors


def _priors(posteriors: Reals) -> Reals:
    priors: Reals = posteriors.sum(axis=1) / max(posteriors.shape[1], 1)
    return priors


class Confusion:
    """A worker's chance of saying each label, for every true label.

    Kept for the pairs of worker and label that there are: few workers give every label.
    """

    def __init__(self, votes: EncodedVotes) -> None:
        self._votes = votes
        n_labels = max(len(votes.labels), 1)
        pairs, self._pair = np.unique(votes.worker * n_labels + votes.label, return_inverse=True)
        self._worker, self._given = pairs // n_labels, pairs % n_labels
        self._chance: Reals = np.empty((0, 0))

    def learn(self, posteriors: Reals) -> None:
        """Count a worker's votes, each as often as its item is likely to be of a label."""
        counts = _sums(posteriors, self._votes.item, self._pair, len(self._worker))
        counts = np.maximum(counts, _LEAST)
        self._chance = (
            counts / _sums(counts, slice(None), self._worker, len(self._votes.workers))[:, self._worker]
        )

    def log_likelihood(self) -> Reals:
        """Add up the logarithms of the chances of an item's votes."""
        return _sums(np.log(self._chance), self._pair, self._votes.item, len(self._votes.items))

    def confusion(self, worker: int) -> Reals:
        """Return the chances of a worker; of a label that was never given it is zero."""
        pairs = self._worker == worker
        chances = np.zeros((len(self._chance),) * 2)
        chances[:, self._given[pairs]] = self._chance[:, pairs]
        return chances


class SmoothedConfusion(Confusion):
    """A worker's chance of saying each label, learnt of the votes and of others that tell of accuracy alone."""

    def __init__(self, votes: EncodedVotes) -> None:
        super().__init__(votes)
        self._others = max(len(votes.labels) - 1, 1)
        self._votes_of = np.bincount(votes.worker, minlength=len(votes.workers))
        self._accuracy: Reals = np.empty(0)
        self._totals: Reals = np.empty((0, 0))

    def learn(self, posteriors: Reals) -> None:
        """Count a worker's votes, once more as right as the worker seems, and by half as right as all seem."""
        counts = _sums(posteriors, self._votes.item, self._pair, len(self._worker))
        self._accuracy = expected_accuracy(self._votes, posteriors)
        self._totals = _sums(counts, slice(None), self._worker, len(self._votes_of)) + 1.5 * self._votes_of
        counts = np.maximum(counts + self._added(self._worker, self._given), _LEAST)
        self._chance = counts / self._totals[:, self._worker]

    def confusion(self, worker: int) -> Reals:
        """Return the chances of a worker; of a label that was never given it is that of the added votes."""
        labels = np.arange(len(self._chance))
        chances = self._added(np.full_like(labels, worker), labels) / self._totals[:, [worker]]
        pairs = self._worker == worker
        chances[:, self._given[pairs]] = self._chance[:, pairs]
        return chances

    def _added(self, worker: Codes, given: Codes) -> Reals:
        """Return the votes that are added to pairs of worker and given label, by true label."""
        is_right = np.arange(len(self._votes.labels))[:, np.newaxis] == given

        def shares(accuracy: Reals) -> Reals:
            return np.where(is_right, accuracy, (1 - accuracy) / self._others)

        return self._votes_of[worker] * (
            shares(self._accuracy[worker]) + shares(self._accuracy.sum() / max(len(self._accuracy), 1)) / 2
        )


class OneCoin:
    """A worker's chance of being right; if wrong, every other label is as likely."""

    def __init__(self, votes: EncodedVotes) -> None:
        self._votes = votes
        self._others = max(len(votes.labels) - 1, 1)
        self._chance: Reals = np.empty(0)

    def learn(self, posteriors: Reals) -> None:
        """Take the share of a worker's votes that are right, as far as is known."""
        self._chance = expected_accuracy(self._votes, posteriors)

    def log_likelihood(self) -> Reals:
        """Add up the logarithms of the chances of an item's votes: all count as wrong but those for the label."""
        votes, (n_labels, n_items) = self._votes, (len(self._votes.labels), len(self._votes.items))
        right = np.log(np.clip(self._chance, _LEAST, 1 - _LEAST))
        wrong = np.log(np.clip((1 - self._chance) / self._others, _LEAST, 1 - _LEAST))
        all_wrong = _sum(wrong[votes.worker], votes.item, n_items)
        cell = votes.label * n_items + votes.item
        gain = _sum((right - wrong)[votes.worker], cell, n_labels * n_items)
        return all_wrong + gain.reshape(n_labels, n_items)

    def confusion(self, worker: int) -> Reals:
        """Return the chance of being right on the diagonal, and of each other label beside it."""
        n_labels = len(self._votes.labels)
        right = float(self._chance[worker])
        chances = np.full((n_labels, n_labels), (1 - right) / self._others)
        np.fill_diagonal(chances, right)
        return chances


class WorkerConfusion(Mapping[Hashable, Mapping[Hashable, Mapping[Hashable, float]]]):
    """By worker, true label and given label: a chance. Made for the worker that is asked for, for all are many."""

    def __init__(self, workers: Sequence[Hashable], labels: Sequence[Hashable], model: WorkerModel) -> None:
        self._codes = {worker: code for code, worker in enumerate(workers)}
        self._labels = labels
        self._model = model

    def __getitem__(self, worker: Hashable) -> Mapping[Hashable, Mapping[Hashable, float]]:
        chances = self._model.confusion(self._codes[worker]).tolist()
        return {
            true: dict(zip(self._labels, row, strict=True))
            for true, row in zip(self._labels, chances, strict=True)
        }

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


def expected_accuracy(votes: EncodedVotes, posteriors: Reals) -> Reals:
    """Return the share of each worker's votes that are right, as far as the posteriors know."""
    n_workers = len(votes.workers)
    right = _sum(posteriors[votes.label, votes.item], votes.worker, n_workers)
    return right / np.bincount(votes.worker, minlength=n_workers)


def _vote_shares(votes: EncodedVotes) -> Reals:
    """Return the share of an item's votes for each label: labels x items."""
    n_labels, n_items = len(votes.labels), len(votes.items)
    counts = np.bincount(votes.label * n_items + votes.item, minlength=n_labels * n_items)
    return counts.reshape(n_labels, n_items) / np.bincount(votes.item, minlength=n_items)


def _sums(matrix: Reals, column: Codes | slice, group: Codes, n_groups: int) -> Reals:
    """Take a column of the matrix for every element of `group`, and add up those of a group."""
    sums = np.empty((len(matrix), n_groups))
    for row, into in zip(matrix, sums, strict=True):
        into[:] = _sum(row[column], group, n_groups)
    return sums


def _sum(values: Reals, group: Codes, n_groups: int) -> Reals:
    return cast("Reals", np.bincount(group, values, n_groups))  # numpy's stubs take it for whole numbers
