"""Answers of the elements of the second version, for data of generative models.

The developer guide does not show what they answer. Of the ranking a sample reads ``ordinalRankingDimensions``;
what the other one writes is this package's guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hitl_sdk._elements import parse_attribute

if TYPE_CHECKING:
    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["QuestionsAndAnswers", "Rankings"]


class Rankings:
    """``[{"name": "Clarity", "responseRankings": [1, 2]}]``: for each dimension the rank of each response."""

    def preset(self, question: Question, page: Page) -> list[dict[str, object]]:
        """Return the responses ranked as they stand there."""
        ranks = list(range(1, len(_list_of(question, "responses")) + 1))
        return [{"name": name, "responseRankings": ranks} for name in _dimensions(question)]

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> list[dict[str, object]]:
        """Return the true ranks of each dimension; where one goes wrong, two responses change places."""
        names = _dimensions(question)
        if isinstance(truth, list) and all(isinstance(each, Mapping) for each in truth):
            truth = {each.get("name"): each.get("responseRankings") for each in truth}
        if not isinstance(truth, Mapping) or set(truth) != set(names):
            raise ValueError(f"it is no dict with a list of ranks for each of {names}")
        return [{"name": name, "responseRankings": _ranked(truth[name], slips)} for name in names]


class QuestionsAndAnswers:
    """A list of questions with their answers."""

    def preset(self, question: Question, page: Page) -> list[object]:
        """Return none."""
        return []

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> object:
        """Return the truth as it is."""
        return truth


def _dimensions(question: Question) -> list[str]:
    given = _list_of(question, "ordinal-ranking-dimensions")
    return [str(each["name"]) if isinstance(each, Mapping) else str(each) for each in given]


def _list_of(question: Question, attribute: str) -> list[object]:
    value = parse_attribute(question.element.attributes.get(attribute) or "[]")
    if not isinstance(value, list):
        raise ValueError(f"{attribute} is no list")
    return value


def _ranked(ranks: Sequence[int], slips: Slips) -> list[int]:
    ranked = list(ranks)
    if len(ranked) > 1 and slips.errs():
        first, second = slips.rng.sample(range(len(ranked)), 2)
        ranked[first], ranked[second] = ranked[second], ranked[first]
    return ranked
