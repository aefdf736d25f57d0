"""What a simulated worker answers to a task: the pre-set value, or the truth with errors."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.templates import read_template, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitl_sdk.local.engine import OpenTask
    from hitl_sdk.local.templates import TemplateElement

__all__ = ["Answers", "DefaultAnswers", "FunctionAnswers", "TruthAnswers", "as_chance"]

_ONE_LABEL = frozenset({"crowd-classifier", "crowd-image-classifier"})
_MANY_LABELS = frozenset({"crowd-classifier-multi-select", "crowd-image-classifier-multi-select"})
_SWITCHES = frozenset({"checkbox", "radio", "crowd-checkbox", "crowd-radio-button", "crowd-toggle-button"})
_TEXTS = frozenset({"crowd-input", "crowd-text-area", "input"})
_CANT_BE_GUESSED = frozenset(
    {
        "crowd-bounding-box",
        "crowd-entity-annotation",
        "crowd-instance-segmentation",
        "crowd-keypoint",
        "crowd-line",
        "crowd-polygon",
        "crowd-polyline",
        "crowd-question-answer-generation",
        "crowd-rekognition-detect-moderation-labels",
        "crowd-semantic-segmentation",
        "crowd-slider",
        "crowd-text-ranking",
        "crowd-textract-analyze-document",
    }
)
_HINT = "answer it with a function of yours: cloud.workers.answer(fn)"


class Answers(Protocol):
    """How somebody answers."""

    def answer(self, task: OpenTask, rng: Random) -> Mapping[str, object]:
        """Return the answerContent for the task; all chance comes from `rng`."""
        ...


class FunctionAnswers:
    """Answers that a function gives.

    Parameters
    ----------
    fn : callable
        Takes the task's InputContent, a copy; returns answerContent.

    Examples
    --------
    >>> answers = FunctionAnswers(lambda item: {"sentiment": {"label": "0"}})
    """

    def __init__(self, fn: Callable[[dict[str, Any]], Mapping[str, object]]) -> None:
        if not callable(fn):
            raise InvalidInputError(f"{fn!r} is no function", hint="give a function of the task's input")
        self._fn = fn

    def answer(self, task: OpenTask, rng: Random) -> Mapping[str, object]:  # noqa: ARG002
        """Call the function.

        Raises
        ------
        InvalidInputError
            If the function fails, or returns no mapping that JSON can carry.
        """
        content = _call(self._fn, task)
        if not isinstance(content, Mapping) or not _is_json(dict(content)):
            raise InvalidInputError(
                f"the answer is {type(content).__name__}, not a JSON object",
                hint='return answerContent, for example {"sentiment": {"label": "0"}}',
            )
        return dict(content)


class TruthAnswers:
    """Answers of somebody who knows the truth and errs at a known rate, for tasks with one one-label classifier.

    Parameters
    ----------
    truth : callable
        Takes the task's InputContent, a copy; returns the right label.
    accuracy : float, optional
        Chance of the right label, 0 to 1; every other label is then equally likely. 1 when neither this nor
        `confusion` is given.
    confusion : mapping, optional
        For each true label the chance of each label said. A row may miss 1 by 1e-6.

    Raises
    ------
    InvalidInputError
        If both are given, or one holds no chances.

    Examples
    --------
    >>> TruthAnswers(lambda item: "cat", confusion={"cat": {"cat": 0.9, "dog": 0.2}})
    Traceback (most recent call last):
    hitl_sdk.errors.InvalidInputError: the confusion row of 'cat' sums to 1.1 (...)
    """

    def __init__(
        self,
        truth: Callable[[dict[str, Any]], object],
        *,
        accuracy: float | None = None,
        confusion: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        if accuracy is not None and confusion is not None:
            raise InvalidInputError("accuracy and confusion are both given", hint="give one of them")
        self._truth = truth
        self._accuracy = as_chance("accuracy", 1.0 if accuracy is None else accuracy)
        self._confusion = None if confusion is None else _confusion_rows(confusion)

    def answer(self, task: OpenTask, rng: Random) -> Mapping[str, object]:
        """Return the truth, or an error drawn from `rng`.

        Raises
        ------
        InvalidInputError
            If the template has not exactly one one-label classifier, or the truth is none of its choices.
        """
        classifier = _only_classifier(task)
        choices = _choices(classifier)
        label = str(_call(self._truth, task))
        if label not in choices:
            raise _unknown_label(f"the truth {label!r}", choices)
        return {_key(classifier): {"label": self._said(label, choices, rng)}}

    def _said(self, label: str, choices: tuple[str, ...], rng: Random) -> str:
        if self._confusion is None:
            return label if rng.random() < self._accuracy else _another(label, choices, rng)
        if label not in self._confusion:
            raise InvalidInputError(
                f"the confusion matrix has no row for {label!r}",
                hint=f"add one beside {sorted(self._confusion)}",
            )
        row = self._confusion[label]
        said = rng.choices(list(row), weights=list(row.values()))[0]
        if said not in choices:
            raise _unknown_label(f"{said!r} in the confusion row of {label!r}", choices)
        return said


class DefaultAnswers:
    """Answers of somebody who agrees with what is there: the pre-set value, else the first choice.

    A classifier's pre-set value is its ``initial-value``, or the input's ``initialValue``, if it is one of the
    choices. Other controls keep what they show.

    Parameters
    ----------
    error_rate : float, optional
        Chance, 0 to 1, that a one-label classifier gets another choice instead, all equally likely.
    seed : int, optional
        Decides, with the worker and the human loop's name, where the errors are.

    Examples
    --------
    >>> DefaultAnswers(error_rate=7)
    Traceback (most recent call last):
    hitl_sdk.errors.InvalidInputError: error_rate is 7 (give a chance from 0 to 1)
    """

    def __init__(self, error_rate: float = 0.0, seed: int = 0) -> None:
        self._error_rate = as_chance("error_rate", error_rate)
        self._seed = seed

    def answer(self, task: OpenTask, rng: Random) -> Mapping[str, object]:
        """Return what the rendered template is pre-set to.

        Raises
        ------
        InvalidInputError
            If the template has an element that nobody can answer without looking, as a bounding box.
        """
        rng = Random(f"{self._seed}/{rng.random()}")
        content: dict[str, Any] = {}
        for element in _elements(task, whole=True):
            if element.tag in _ONE_LABEL:
                content[_key(element)] = {"label": self._label(element, task, rng)}
            elif element.tag in _MANY_LABELS:
                content[_key(element)] = {"labels": [_choices(element)[0]]}
            elif element.tag in _CANT_BE_GUESSED:
                raise InvalidInputError(f"<{element.tag}> can't be answered unseen", hint=_HINT)
            elif element.name:
                _answer_control(element.name, element, content)
        return content

    def _label(self, element: TemplateElement, task: OpenTask, rng: Random) -> str:
        choices = _choices(element)
        offers = (element.attributes.get("initial-value"), task.input_content.get("initialValue"))
        label = next((text for text in map(str, offers) if text in choices), choices[0])
        return _another(label, choices, rng) if rng.random() < self._error_rate else label


def _answer_control(name: str, element: TemplateElement, content: dict[str, Any]) -> None:
    """Add what a named form control shows; switches of one name share an object, as A2I writes them."""
    attributes = element.attributes
    kind = attributes.get("type", "text") if element.tag == "input" else element.tag
    if kind in _SWITCHES:
        content.setdefault(name, {})[attributes.get("value") or "on"] = "checked" in attributes
    elif element.tag in _TEXTS and attributes.get("value"):
        content[name] = attributes["value"]


def as_chance(what: str, value: object) -> float:
    """Return `value` if it is a chance.

    Raises
    ------
    InvalidInputError
        If it is no number from 0 to 1.

    Examples
    --------
    >>> as_chance("accuracy", 0.95)
    0.95
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInputError(f"{what} is {value!r}", hint="give a chance from 0 to 1")
    return float(value)


def _confusion_rows(confusion: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    rows = {}
    for label, row in confusion.items():
        chances = {
            str(said): as_chance(f"the chance of {said!r} in the confusion row of {label!r}", chance)
            for said, chance in row.items()
        }
        total = math.fsum(chances.values())
        if abs(total - 1) > 1e-6:
            raise InvalidInputError(
                f"the confusion row of {str(label)!r} sums to {total:g}", hint="the chances of a row sum to 1"
            )
        rows[str(label)] = chances
    return rows


def _another(label: str, choices: tuple[str, ...], rng: Random) -> str:
    others = [choice for choice in choices if choice != label]
    return rng.choice(others) if others else label


@lru_cache(maxsize=64)
def _elements_as_written(template: str) -> tuple[TemplateElement, ...]:
    return tuple(read_template(template))


def _elements(task: OpenTask, *, whole: bool) -> tuple[TemplateElement, ...]:
    """Return the elements of the task's template, rendered where Liquid decides on them.

    Reading only names and choices (not `whole`) mostly needs no rendering, which is what takes the time.
    """
    elements = _elements_as_written(task.template)
    texts = [
        text
        for element in elements
        for attribute, text in element.attributes.items()
        if whole or attribute in {"name", "categories", "labels"}
    ]
    if "{%" not in task.template and not any("{{" in text for text in texts):
        return elements
    html, errors = render(task.template, task.input_content)
    if errors:
        raise InvalidInputError(f"its template can't be rendered: {errors[0]['Message']}")
    return tuple(read_template(html))


def _only_classifier(task: OpenTask) -> TemplateElement:
    elements = _elements(task, whole=False)
    classifiers = [element for element in elements if element.tag in _ONE_LABEL]
    if len(classifiers) == 1:
        return classifiers[0]
    found = ", ".join(f"<{element.tag}>" for element in elements if element.tag != "crowd-form") or "nothing"
    raise InvalidInputError(
        f"who knows one label can't answer a template that asks for {found}",
        hint=_HINT,
    )


def _choices(element: TemplateElement) -> tuple[str, ...]:
    if not element.categories:
        raise InvalidInputError(f"<{element.tag}> has no categories to choose from")
    return element.categories


def _key(element: TemplateElement) -> str:
    """Return the key of the element's answer: its name, or as A2I writes it for one without, its tag."""
    return element.name or element.tag


def _call(fn: Callable[[dict[str, Any]], object], task: OpenTask) -> object:
    try:
        return fn(copy.deepcopy(dict(task.input_content)))
    except Exception as error:  # the user's code, whatever it raises
        raise InvalidInputError(f"your function failed: {type(error).__name__}: {error}") from error


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _unknown_label(what: str, choices: tuple[str, ...]) -> InvalidInputError:
    return InvalidInputError(f"{what} is no choice", hint=f"the choices are {list(choices)}")
