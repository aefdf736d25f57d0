"""Several answers to one, with their confidence and agreement. Pure arithmetic on labels."""

from hitl_sdk.consolidation.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from hitl_sdk.consolidation.consensus import Consensus, Consolidation, Vote
from hitl_sdk.consolidation.dawid_skene import DawidSkene
from hitl_sdk.consolidation.majority import MajorityVote, majority
from hitl_sdk.consolidation.one_coin import OneCoinDawidSkene
from hitl_sdk.consolidation.per_label import PerLabel

__all__ = [
    "Consensus",
    "Consolidation",
    "DawidSkene",
    "MajorityVote",
    "OneCoinDawidSkene",
    "PerLabel",
    "Vote",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "majority",
]
