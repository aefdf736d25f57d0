"""The model of Dawid and Skene, smoothed: for batches that are too small to learn every worker's errors from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk.consolidation.dawid_skene import DawidSkene

if TYPE_CHECKING:
    from hitl_sdk.consolidation._em import WorkerModel
    from hitl_sdk.consolidation._votes import EncodedVotes

__all__ = ["SmoothedDawidSkene"]


@dataclass(eq=False, kw_only=True)
class SmoothedDawidSkene(DawidSkene):
    """Learns how each worker confuses the labels, but believes in large differences only after many items.

    As `DawidSkene`, with its attributes, but for how errors are learnt. To the *n(w)* votes of worker *w* come 1.5 times
    as many that nobody gave: *n(w)* as right as the worker's own seem, and half of that as right as those of all workers
    seem on average, each of the other labels as likely. So a worker who never said a label is not taken for one who
    never could, and in a batch of a hundred items it errs less than `DawidSkene` where workers had few of them.

    This is how AWS smooths in a sample notebook for Ground Truth (``MulticlassDawidSkeneEM``, in
    amazon-sagemaker-examples). Whether the service itself does the same, AWS does not say. The start and the end are those
    of `DawidSkene`, after 20 rounds at most as there.

    Examples
    --------
    Cai differs twice. Six items are too few to know why, and so a doubt stays:

    >>> from hitl_sdk.consolidation import SmoothedDawidSkene, Vote
    >>> said = {"ann": "abcabc", "bob": "abcabb", "cai": "abaacb"}
    >>> votes = [Vote(str(item), worker, said[worker][item]) for worker in said for item in range(6)]
    >>> consensus = SmoothedDawidSkene().consolidate(votes)
    >>> [round(each.confidence, 2) for each in consensus.values()]
    [1.0, 1.0, 0.98, 1.0, 1.0, 0.99]
    """

    max_iter: int = 20

    def _model(self, votes: EncodedVotes) -> WorkerModel:
        from hitl_sdk.consolidation._em import SmoothedConfusion

        return SmoothedConfusion(votes)
