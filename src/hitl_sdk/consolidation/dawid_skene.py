"""The model of Dawid and Skene: who errs how is learnt together with what is true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitl_sdk.consolidation._single_label import SingleLabelMethod
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from hitl_sdk.consolidation._election import Scores
    from hitl_sdk.consolidation._em import WorkerModel
    from hitl_sdk.consolidation._votes import EncodedVotes

__all__ = ["DawidSkene"]


@dataclass(eq=False, kw_only=True)
class DawidSkene(SingleLabelMethod):
    """Learns how each worker confuses the labels, and weighs the votes accordingly.

    Expectation maximisation, after A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates
    Using the EM Algorithm", Journal of the Royal Statistical Society C 28 (1979), pages 20 to 28. With *T(i, t)*, the
    probability that item *i* is of label *t*, at first the share of its votes, two steps take turns:

    - what follows for the labels and the workers: *p(t)* is the mean of *T(i, t)* over all items; *c(w, t, l)*, the
      chance that worker *w* says *l* of an item of label *t*, is the sum of *T(i, t)* over the items of which *w* said
      *l*, divided by its sum over all items of *w*;
    - what follows for the items: *T(i, t)* is *p(t)* times the product of *c(w, t, l)* over the item's votes, divided
      by the sum of that over all *t*.

    They end when the evidence lower bound, divided by the number of votes, grows by less than `tolerance`, or after
    `max_iter` rounds. ``confidence`` is *T* of the label; ``agreement`` is the share of the votes that are for it.
    Labels whose *T* differ by less than 1e-9 are tied: the preferred one wins if it is among them, else the first in
    sorted order. All votes go in together, for what a worker says of one item tells something of the others.

    It pays where workers have many items each, and differ in skill. A worker's errors are *labels x labels* numbers:
    where workers have few items for so many, use `OneCoinDawidSkene` or `MajorityVote`.

    Attributes
    ----------
    max_iter : int, default 100
        Rounds at most.
    tolerance : float, default 1e-5
        See above.
    worker_accuracy_ : mapping of worker to float
        The share of a worker's votes that are right, as far as *T* knows, 0 to 1. This and all below are there after
        `fit_predict`.
    confusion_ : mapping of worker to true label to given label to float
        *c*: what a worker says of an item of each true label; adds up to 1 over the given labels.
    priors_ : mapping of label to float
        *p*: how frequent each label is.
    n_iter_ : int
        How many rounds it took.
    converged_ : bool
        Whether it ended because of the tolerance.

    Raises
    ------
    InvalidInputError
        If `max_iter` is below 1, or `tolerance` negative.

    Examples
    --------
    Cleo says the opposite of what the two others say, and so her vote counts for the opposite:

    >>> import pandas as pd
    >>> from hitl_sdk.consolidation import DawidSkene
    >>> votes = {"ann": "aabbab", "bob": "aabbba", "cleo": "bbaaab"}
    >>> rows = [(str(item), worker, said[item]) for worker, said in votes.items() for item in range(6)]
    >>> method = DawidSkene()
    >>> frame = method.fit_predict(pd.DataFrame(rows, columns=["item", "worker", "label"]))
    >>> frame["label"].str.cat()
    'aabbba'
    >>> method.worker_accuracy_
    {'ann': 0.666..., 'bob': 1.0, 'cleo': 0.0}
    >>> round(method.confusion_["cleo"]["a"]["b"], 6)
    1.0
    """

    max_iter: int = 100
    tolerance: float = 1e-5
    worker_accuracy_: Mapping[Hashable, float] = field(init=False, repr=False)
    confusion_: Mapping[Hashable, Mapping[Hashable, Mapping[Hashable, float]]] = field(init=False, repr=False)
    priors_: Mapping[Hashable, float] = field(init=False, repr=False)
    n_iter_: int = field(init=False, repr=False)
    converged_: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.max_iter < 1 or not self.tolerance >= 0:
            raise InvalidInputError(
                f"max_iter is {self.max_iter} and tolerance {self.tolerance}",
                hint="give one round or more, and a tolerance of zero or more",
            )

    def _model(self, votes: EncodedVotes) -> WorkerModel:
        from hitl_sdk.consolidation._em import Confusion

        return Confusion(votes)

    def _scores(self, votes: EncodedVotes) -> tuple[Scores, Mapping[str, object]]:
        from hitl_sdk.consolidation._election import dense_scores
        from hitl_sdk.consolidation._em import WorkerConfusion, expected_accuracy, maximise

        model = self._model(votes)
        fitted = maximise(votes, model, max_iter=self.max_iter, tolerance=self.tolerance)
        accuracy = expected_accuracy(votes, fitted.posteriors)
        return dense_scores(fitted.posteriors), {
            "worker_accuracy_": dict(zip(votes.workers, accuracy.tolist(), strict=True)),
            "confusion_": WorkerConfusion(list(votes.workers), list(votes.labels), model),
            "priors_": dict(zip(votes.labels, fitted.priors.tolist(), strict=True)),
            "n_iter_": fitted.n_iter,
            "converged_": fitted.converged,
        }
