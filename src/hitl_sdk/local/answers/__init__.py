"""What simulated workers answer: one family of elements a module, and the people who fill them in."""

from hitl_sdk.local.answers.people import Answers, DefaultAnswers, FunctionAnswers, TruthAnswers
from hitl_sdk.local.answers.slips import as_chance

__all__ = ["Answers", "DefaultAnswers", "FunctionAnswers", "TruthAnswers", "as_chance"]
