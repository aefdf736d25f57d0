"""Answers of the element in which pieces of a text are marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hitl_sdk.labels import Span, read_parts
from hitl_sdk.local.answers.slips import unknown_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["Entities"]

_FURTHEST_SHIFT = 3  # characters


class Entities:
    """``{"entities": [{"endOffset": 12, "label": "city", "startOffset": 8}]}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the entities of ``initial-value``, else none."""
        return _answer(_read(question.initial_value()))

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true entities; one that goes wrong is overlooked, called something else, or a bit off."""
        spans = _read(truth)
        text = question.element.attributes.get("text", "")
        if text and any(span.end_offset > len(text) for span in spans):
            raise ValueError(f"an entity lies beyond the text's {len(text)} characters")
        choices = question.element.categories or tuple(span.label for span in spans)
        marked = (_marked(span, len(text), choices, slips) for span in spans)
        return _answer(span for span in marked if span is not None)


def _read(value: object) -> list[Span]:
    """Read spans as `hitl_sdk.labels` has them, or as the element writes them."""
    if isinstance(value, Mapping):
        value = value["entities"]
    return read_parts(Span, value, what="the entities")


def _marked(span: Span, text_length: int, choices: Sequence[str], slips: Slips) -> Span | None:
    if span.label not in choices:
        raise unknown_label(f"the truth {span.label!r}", choices)
    if slips.confusion is None and slips.rng.random() < 0.5:  # if there is an error, then one of place
        return slips.rng.choice(_near(span, text_length)) if slips.errs() else span
    label = slips.seen(span.label, choices)
    return None if label is None else replace(span, label=label)


def _near(span: Span, text_length: int) -> list[Span]:
    """Return the spans of which one end is a few characters off."""
    shifts = [shift for shift in range(-_FURTHEST_SHIFT, _FURTHEST_SHIFT + 1) if shift]
    shifted = [replace(span, start_offset=span.start_offset + shift) for shift in shifts]
    shifted += [replace(span, end_offset=span.end_offset + shift) for shift in shifts]
    end = text_length or span.end_offset + _FURTHEST_SHIFT
    return [each for each in shifted if 0 <= each.start_offset < each.end_offset <= end] or [span]


def _answer(spans: Iterable[Span]) -> dict[str, object]:
    ordered = sorted(spans, key=lambda span: (span.start_offset, span.end_offset))
    return {
        "entities": [
            {"endOffset": span.end_offset, "label": span.label, "startOffset": span.start_offset}
            for span in ordered
        ]
    }
