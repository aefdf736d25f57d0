"""Every method of crowd-kit for one label an item, as a consolidation like our own."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hitl_sdk._optional import load
from hitl_sdk.consolidation._single_label import SingleLabelMethod
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.consolidation._election import Scores
    from hitl_sdk.consolidation._votes import EncodedVotes

__all__ = ["CrowdKit"]


class CrowdKit(SingleLabelMethod):
    """Asks an aggregator of crowd-kit: ``GLAD``, ``KOS``, ``MACE``, ``MMSR`` and so on.

    ``confidence`` is the aggregator's probability of the label; None if it has none, as ``KOS`` and ``MMSR``. Labels
    whose probabilities differ by less than 1e-9 are tied: the preferred one wins if it is among them, else the first
    in sorted order. Where there is one label only, the aggregator is not asked. Needs the extra ``crowd``.

    Parameters
    ----------
    aggregator : str or crowdkit.aggregation.base.BaseClassificationAggregator
        Its name in `crowdkit.aggregation`, or one with settings of yours, such as ``MACE(n_restarts=3)``: anything
        whose ``fit_predict`` takes a frame of ``task``, ``worker`` and ``label`` and returns the label by task. It
        stays as it is: a copy of it does the work, on numbers that stand for the tasks, workers and labels.

    Attributes
    ----------
    aggregator_ : object
        The fitted copy; after `fit_predict`.

    Raises
    ------
    MissingExtraError
        If crowd-kit is named and not installed.
    InvalidInputError
        If it has no such aggregator.

    Examples
    --------
    >>> from hitl_sdk.consolidation import CrowdKit, Vote
    >>> class FirstInSortedOrder:
    ...     def fit_predict(self, votes):
    ...         return votes.groupby("task")["label"].min()
    >>> votes = [Vote("1", "ann", "dog"), Vote("1", "bob", "cat")]
    >>> CrowdKit(FirstInSortedOrder()).consolidate(votes)["1"].label
    'cat'
    """

    aggregator_: object

    def __init__(self, aggregator: object) -> None:
        self.aggregator: object = _named(aggregator) if isinstance(aggregator, str) else aggregator
        if not hasattr(self.aggregator, "fit_predict"):
            raise InvalidInputError(
                f"{self.aggregator!r} is no aggregator: it has no fit_predict()",
                hint="name one, or give an object of crowdkit.aggregation",
            )

    def _scores(self, votes: EncodedVotes) -> tuple[Scores, Mapping[str, object]]:
        from hitl_sdk.consolidation._election import bare_labels, dense_scores, vote_shares

        aggregator: Any = deepcopy(self.aggregator)
        if len(votes.labels) < 2:
            return vote_shares(votes), {"aggregator_": aggregator}
        pandas = load("pandas", extra="crowd", needed_for="crowd-kit")
        frame = pandas.DataFrame({"task": votes.item, "worker": votes.worker, "label": votes.label})
        try:
            elected = aggregator.fit_predict(frame)  # some know labels and probabilities only after this
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                f"{type(aggregator).__name__} can't do with these votes: {error}", hint="take another method"
            ) from error
        items, labels = range(len(votes.items)), range(len(votes.labels))
        probabilities = getattr(aggregator, "probas_", None)
        if probabilities is None:
            scores = bare_labels(elected.reindex(items).to_numpy())
        else:
            scores = dense_scores(probabilities.reindex(items, columns=labels, fill_value=0.0).to_numpy().T)
        return scores, {"aggregator_": aggregator}


def _named(name: str) -> object:
    aggregation = load("crowdkit.aggregation", extra="crowd", needed_for=f"CrowdKit({name!r})")
    base = aggregation.base.BaseClassificationAggregator
    known = {
        each: kind
        for each, kind in vars(aggregation).items()
        if isinstance(kind, type) and issubclass(kind, base)
    }
    if name not in known:
        raise InvalidInputError(
            f"crowd-kit has no aggregator {name!r} for one label an item",
            hint=f"use one of {', '.join(sorted(known))}",
        )
    return known[name]()
