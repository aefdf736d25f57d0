"""Several answers to one, with their agreement. Pure arithmetic on labels."""

from hitl_sdk.consolidation.majority import Consensus, majority

__all__ = ["Consensus", "majority"]
