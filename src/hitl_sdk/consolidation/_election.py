"""The label with the highest score of each item, by one rule for ties, and what is said of it."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import narwhals as nw
import numpy as np
import numpy.typing as npt

from hitl_sdk.consolidation.consensus import Consensus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.consolidation._votes import Codes, EncodedVotes, Reals

__all__ = [
    "Election",
    "Scores",
    "consensus_by_item",
    "consensus_frame",
    "dense_scores",
    "elect",
    "vote_shares",
]

# Scores that differ by less are equal: sums of floats depend on their order in the last digits.
_EQUAL = 1e-9


class Scores(NamedTuple):
    """What speaks for a label of an item, sorted by item, then label: three arrays of one length."""

    item: Codes
    label: Codes
    score: Reals
    are_confidences: bool = True


class Election(NamedTuple):
    """What is said of each item: arrays of one length. NaN stands for what is not known."""

    label: Codes
    confidence: Reals
    agreement: Reals
    n_workers: Codes
    tie: npt.NDArray[np.bool_]


def dense_scores(posteriors: Reals) -> Scores:
    """Return scores of a matrix of labels x items."""
    n_labels, n_items = posteriors.shape
    return Scores(
        np.repeat(np.arange(n_items), n_labels), np.tile(np.arange(n_labels), n_items), posteriors.T.ravel()
    )


def bare_labels(label: Codes) -> Scores:
    """Return scores of one label an item, of which no more is known."""
    return Scores(np.arange(len(label)), label, np.ones(len(label)), are_confidences=False)


def vote_shares(votes: EncodedVotes) -> Scores:
    """Return the share of an item's votes for each label that it has votes for."""
    n_labels = max(len(votes.labels), 1)
    pairs, counts = np.unique(votes.item * n_labels + votes.label, return_counts=True)
    item, label = pairs // n_labels, pairs % n_labels
    return Scores(item, label, counts / np.bincount(votes.item)[item])


def elect(votes: EncodedVotes, scores: Scores, preferred: Mapping[Any, Any] | None) -> Election:
    """Elect the label with the highest score; of equal ones the preferred, else the first in sorted order."""
    n_items = len(votes.items)
    highest = np.maximum.reduceat(scores.score, _starts(scores.item)) if n_items else scores.score
    ahead = np.flatnonzero(scores.score >= highest[scores.item] - _EQUAL)
    item, label = scores.item[ahead], scores.label[ahead]
    elected = label[_starts(item)]
    wanted = votes.codes_of(preferred)
    if wanted is not None:
        wins = label == wanted[item]
        elected[item[wins]] = label[wins]
    given = np.bincount(votes.item, minlength=n_items)
    for_it = np.bincount(votes.item, votes.label == elected[votes.item], n_items)
    n_workers = _distinct_workers(votes)
    several = n_workers > 1
    return Election(
        elected,
        np.where(several & scores.are_confidences, highest, np.nan),
        np.where(several, for_it / given, np.nan),
        n_workers,
        np.bincount(item, minlength=n_items) > 1,
    )


def consensus_by_item(votes: EncodedVotes, election: Election) -> dict[Any, Consensus[Any]]:
    """Return the outcome as objects."""
    labels = list(votes.labels)
    columns = (column.tolist() for column in election)
    return {
        item: Consensus(
            labels[label],
            confidence=None if isnan(confidence) else confidence,
            agreement=None if isnan(agreement) else agreement,
            n_workers=n_workers,
            tie=tie,
        )
        for item, label, confidence, agreement, n_workers, tie in zip(votes.items, *columns, strict=True)
    }


def consensus_frame(
    votes: EncodedVotes, election: Election, frame: nw.DataFrame[Any], item: str, label: str
) -> nw.DataFrame[Any]:
    """Return the outcome as a frame of the engine of `frame`, whose items and labels keep their type."""
    items, labels = cast("nw.Series[Any]", votes.items), cast("nw.Series[Any]", votes.labels)
    backend = frame.implementation

    def column(name: str, values: list[Any], kind: Any) -> nw.Series[Any]:
        return nw.new_series(name, values, kind, backend=backend)

    def reals(name: str, values: Reals) -> nw.Series[Any]:
        return column(name, [None if isnan(value) else value for value in values.tolist()], nw.Float64)

    made = items.alias(item).to_frame()
    return nw.maybe_reset_index(
        made.with_columns(
            labels[election.label.tolist()].alias(label),
            reals("confidence", election.confidence),
            reals("agreement", election.agreement),
            column("n_workers", election.n_workers.tolist(), nw.Int64),
            column("tie", election.tie.tolist(), nw.Boolean),
        )
    )


def _starts(item: Codes) -> Codes:
    """Return where each item begins in an array of items that is sorted."""
    return np.flatnonzero(np.diff(item, prepend=-1))


def _distinct_workers(votes: EncodedVotes) -> Codes:
    """Return how many workers each item has; one who answers twice is one."""
    n_workers = max(len(votes.workers), 1)
    pairs = np.sort(votes.item * n_workers + votes.worker)  # ten times as fast as np.unique of numpy 2.4
    return np.bincount(pairs[_starts(pairs)] // n_workers, minlength=len(votes.items))
