"""Labels out of a list, consolidated as Ground Truth does: by a model of the workers' errors, where that can be learnt."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk.consolidation import MajorityVote, SmoothedDawidSkene

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitl_sdk.consolidation import Consensus, Consolidation, Vote

__all__ = ["ErrorModel"]

# Measured: with fewer the model overturns majorities and errs more, in simulated teams as in published crowds.
_FEWEST = 10


class ErrorModel:
    """What AWS calls a variant of expectation maximisation: `SmoothedDawidSkene` on all answers of a batch together.

    In a batch whose workers gave fewer than ten answers each, on average, nothing can be learnt of them: the majority
    decides, as it does where numpy is not installed. AWS's sample keeps what it learnt of the workers from batch to
    batch; here each batch begins anew.
    """

    takes: ClassVar[str] = "single labels"

    def consolidate(
        self, votes: Iterable[Vote[str]], *, preferred: Mapping[str, str] | None = None
    ) -> Mapping[str, Consensus[str]]:
        """Return one consensus an item."""
        given = list(votes)
        n_workers = len({vote.worker for vote in given})
        can_learn = find_spec("numpy") is not None and len(given) >= _FEWEST * max(n_workers, 1)
        method: Consolidation[str] = SmoothedDawidSkene() if can_learn else MajorityVote()
        return method.consolidate(given, preferred=preferred)
