"""Answers of form controls, plain HTML ones and those of the crowd: texts, numbers, switches, buttons, lists.

A crowd-form sends texts as they are, and of a checkbox or radio button ``{value: whether it is chosen}``; those of one
name share an object. What is left empty is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hitl_sdk.local.answers.classifiers import label_names

if TYPE_CHECKING:
    from hitl_sdk._elements import TemplateElement
    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["Number", "OneButton", "Options", "Slider", "Switches", "Text"]


class Text:
    """``"the text"``; left out when it is empty."""

    def preset(self, question: Question, page: Page) -> str | None:
        """Return the text that stands there; the shortest that will do where there has to be one."""
        element = question.element
        return element.text or element.attributes.get("value") or _unset(element)

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> str | None:
        """Return the true text, with typos."""
        return None if truth is None else slips.typed(str(truth)) or None


class Number(Text):
    """``"58"``: a number as text."""

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> str | None:
        """Return the true number, or one that is a step off."""
        return None if truth in (None, "") else str(_near(question, truth, slips, -math.inf, math.inf))


class Slider:
    """A number."""

    def preset(self, question: Question, page: Page) -> float:
        """Return the number it stands at, else the least one."""
        attributes = question.element.attributes
        return _number(attributes.get("value") or attributes.get("min") or 0)

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> float:
        """Return the true number, or one that is a step off; a slider always stands somewhere."""
        return self.preset(question, page) if truth is None else _near(question, truth, slips, 0, 100)


class Switches:
    """``{"wet": true, "dim": false}``: checkboxes and toggle buttons of one name."""

    def preset(self, question: Question, page: Page) -> dict[str, bool]:
        """Return them as they stand; what has to be chosen is."""
        return {
            _value(switch): bool({"checked", "required"} & switch.attributes.keys())
            for switch in question.elements
        }

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, bool]:
        """Return the true values, of one switch also told as true or false; each may be the other way."""
        values = [_value(switch) for switch in question.elements]
        if truth is None or (isinstance(truth, bool) and len(values) == 1):
            truth = values if truth else ()
        elif isinstance(truth, Mapping) and all(isinstance(on, bool) for on in truth.values()):
            truth = _on(truth)
        chosen = replace(slips, confusion=None).chosen(label_names(truth, question.key), values)
        return {value: value in chosen for value in values}


class OneButton:
    """``{"yes": true, "no": false}``: radio buttons of one name."""

    def preset(self, question: Question, page: Page) -> dict[str, bool]:
        """Return the last one that is checked, as browsers have it; the first where there has to be one."""
        checked = [_value(each) for each in question.elements if "checked" in each.attributes]
        required = [_value(each) for each in question.elements if "required" in each.attributes]
        return _pressed(question, checked[-1] if checked else next(iter(required), None))

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, bool]:
        """Return the true one, or another; of a button alone the truth may be true or false."""
        values = [_value(each) for each in question.elements]
        if isinstance(truth, bool) and len(values) == 1:
            return {values[0]: truth != slips.errs()}
        if isinstance(truth, Mapping):
            truth = next(iter(_on(truth)), None)
        return _pressed(question, None if truth is None else slips.said(str(truth), values))


class Options:
    """``"the value"`` of the option that is selected."""

    def preset(self, question: Question, page: Page) -> str | None:
        """Return the last option that is selected, else the first, as browsers have it; one that says something if it must."""
        select = question.element
        selected = [_option(each) for each in select.options if "selected" in each.attributes]
        if not selected and "multiple" not in select.attributes:
            selected = [_option(each) for each in select.options[:1]]
        said = selected[-1] if selected else ""
        if not said and "required" in select.attributes:
            said = next(filter(None, map(_option, select.options)), "")
        return said or None

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> str | None:
        """Return the true option, or another that says something."""
        options = [_option(each) for each in question.element.options]
        return None if truth is None else slips.said(str(truth), [option for option in options if option])


def _unset(element: TemplateElement) -> str | None:
    """Return what a text control without a value sends: what browsers set, the least that is asked for, or nothing."""
    attributes = element.attributes
    kind = attributes.get("type", "text")
    if kind == "range":
        return f"{(float(attributes.get('min') or 0) + float(attributes.get('max') or 100)) / 2:g}"
    if "required" not in attributes:
        return None
    least = {"email": "ana@example.com", "number": attributes.get("min") or "0"}
    length = attributes.get("min-length") or attributes.get("minlength") or "1"
    return least.get(kind) or "-" * int(length)


def _near(question: Question, truth: object, slips: Slips, least: float, most: float) -> float:
    """Return a true number, or one that is a step off; it stays between the limits of its element."""
    number = _number(truth)
    if not slips.errs():
        return number
    attributes = question.element.attributes
    step = _number(attributes.get("step", "any").replace("any", "") or 1)
    least, most = _number(attributes.get("min") or least), _number(attributes.get("max") or most)
    near = [_number(each) for each in (number - step, number + step) if least <= each <= most]
    return slips.rng.choice(near) if near else number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")
    number = float(value)
    return int(number) if number.is_integer() else number


def _value(button: TemplateElement) -> str:
    return button.attributes.get("value") or "on"


def _on(buttons: Mapping[str, object]) -> list[str]:
    """Return which buttons are on, of what the elements write."""
    return [value for value, on in buttons.items() if on]


def _option(option: TemplateElement) -> str:
    return option.attributes.get("value", option.text)


def _pressed(question: Question, value: str | None) -> dict[str, bool]:
    return {_value(button): _value(button) == value for button in question.elements}
