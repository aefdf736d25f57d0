"""Several answers to one, with their confidence and agreement. Pure arithmetic on labels."""

from hitl_sdk.consolidation.consensus import Consensus, Consolidation, Vote
from hitl_sdk.consolidation.majority import MajorityVote, majority

__all__ = ["Consensus", "Consolidation", "MajorityVote", "Vote", "majority"]
