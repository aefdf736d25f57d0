"""The model of Dawid and Skene with one number a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk.consolidation.dawid_skene import DawidSkene

if TYPE_CHECKING:
    from hitl_sdk.consolidation._em import WorkerModel
    from hitl_sdk.consolidation._votes import EncodedVotes

__all__ = ["OneCoinDawidSkene"]


@dataclass(eq=False, kw_only=True)
class OneCoinDawidSkene(DawidSkene):
    """Learns how often each worker is right, and weighs the votes accordingly.

    As `DawidSkene`, with its attributes, but for how workers err: worker *w* is right with the chance *s(w)*, whatever
    the label, and says each of the *K - 1* other labels with the chance *(1 - s(w)) / (K - 1)*. *s(w)* is the mean of
    *T(i, l)* over the votes of the worker, label *l* of item *i*; *K* is the number of labels that were given at all.
    See Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral Methods Meet EM", Journal of Machine Learning Research 17
    (2016), section 2.

    One number can be learnt of few items, and so this is the safer choice where workers have few each, or where there
    are many labels.

    Examples
    --------
    >>> from hitl_sdk.consolidation import OneCoinDawidSkene, Vote
    >>> said = {"ann": "ababab", "bob": "ababaa", "cleo": "abbbba"}
    >>> votes = [Vote(str(item), worker, said[worker][item]) for worker in said for item in range(6)]
    >>> consensus = OneCoinDawidSkene().consolidate(votes)
    >>> "".join(each.label for each in consensus.values())
    'ababaa'
    """

    def _model(self, votes: EncodedVotes) -> WorkerModel:
        from hitl_sdk.consolidation._em import OneCoin

        return OneCoin(votes)
