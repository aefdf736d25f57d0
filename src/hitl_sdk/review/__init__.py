"""The storyline of a review: provision the flow, route predictions, wait, read the training frame."""

from hitl_sdk.review.budget import Budget
from hitl_sdk.review.built_in import BuiltInReviews, HumanLoopActivation
from hitl_sdk.review.estimate import Estimate, PriceRange
from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.review.outcomes import ItemOutcome, ItemStatus, RunStatus
from hitl_sdk.review.router import Router, list_runs
from hitl_sdk.review.run import Run
from hitl_sdk.review.step_functions import start_handler, state_machine_definition
from hitl_sdk.review.timeouts import Escalate, OnTimeout

__all__ = [
    "Budget",
    "BuiltInReviews",
    "Escalate",
    "Estimate",
    "HumanLoopActivation",
    "ItemOutcome",
    "ItemStatus",
    "OnTimeout",
    "PriceRange",
    "ReviewFlow",
    "Router",
    "Run",
    "RunStatus",
    "list_runs",
    "start_handler",
    "state_machine_definition",
]
