"""Answers of the classifiers: one label, or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hitl_sdk.local.answers.slips import another

if TYPE_CHECKING:
    from random import Random

    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["OneLabel", "SeveralLabels", "label_names"]


class OneLabel:
    """``{"label": "cat"}``."""

    def preset(self, question: Question, page: Page) -> dict[str, str]:
        """Return the label of ``initial-value``, else of the input's ``initialValue``, else the first choice."""
        choices = question.choices()
        offers = (question.element.attributes.get("initial-value"), page.input_content.get("initialValue"))
        return {"label": next((text for text in map(str, offers) if text in choices), choices[0])}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, str]:
        """Return the true label, or another."""
        label = truth["label"] if isinstance(truth, Mapping) and "label" in truth else truth
        return {"label": slips.said(str(label), question.choices())}

    def another(self, question: Question, answer: Mapping[str, str], rng: Random) -> dict[str, str]:
        """Return an answer other than `answer`."""
        return {"label": another(answer["label"], question.choices(), rng)}


class SeveralLabels:
    """``{"labels": ["cat", "wet"]}``."""

    def preset(self, question: Question, page: Page) -> dict[str, list[str]]:
        """Return the labels of the input's ``initialValue``, else the first choice."""
        choices = question.choices()
        offered = page.input_content.get("initialValue")
        named = [str(label) for label in offered] if isinstance(offered, list) else [str(offered)]
        return {"labels": [choice for choice in choices if choice in named] or [choices[0]]}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, list[str]]:
        """Return the true labels; of each choice, whether it is chosen may be wrong."""
        return {"labels": list(slips.chosen(label_names(truth, "labels"), question.choices()))}


def label_names(truth: object, key: str) -> tuple[str, ...]:
    """Return the labels of a truth: some texts, one, or an answer with them under `key`."""
    if isinstance(truth, Mapping) and key in truth:
        truth = truth[key]
    if isinstance(truth, str):
        return (truth,)
    if isinstance(truth, Mapping) or not isinstance(truth, Iterable):
        raise ValueError(f"the labels are {type(truth).__name__}, no list")
    return tuple(str(label.get("name")) if isinstance(label, Mapping) else str(label) for label in truth)
