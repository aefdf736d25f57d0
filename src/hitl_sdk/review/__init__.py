"""The storyline of a review: provision the flow, route predictions, wait, read the training frame."""

from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.review.router import Router
from hitl_sdk.review.run import ItemOutcome, ItemStatus, Run, RunStatus

__all__ = ["ItemOutcome", "ItemStatus", "ReviewFlow", "Router", "Run", "RunStatus"]
