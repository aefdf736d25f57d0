"""Several answers to one, with their confidence and agreement. Pure arithmetic on labels."""

from hitl_sdk.consolidation.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from hitl_sdk.consolidation.consensus import Consensus, Consolidation, Vote
from hitl_sdk.consolidation.majority import MajorityVote, majority

__all__ = [
    "Consensus",
    "Consolidation",
    "MajorityVote",
    "Vote",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "majority",
]
