"""Who answers: a function, somebody who knows the truth and errs, or somebody who agrees with what is there."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.answers.classifiers import OneLabel
from hitl_sdk.local.answers.images import no_objects
from hitl_sdk.local.answers.page import open_page
from hitl_sdk.local.answers.slips import Slips, as_chance, as_pixels, confusion_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hitl_sdk.local.answers.images import ReadObject
    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.engine import OpenTask

__all__ = ["Answers", "DefaultAnswers", "FunctionAnswers", "TruthAnswers"]

_HINT = "return a dict with an entry for each name, or answer it with a function of yours: cloud.workers.answer(fn)"


class Answers(Protocol):
    """How somebody answers."""

    def answer(
        self, task: OpenTask, rng: Random, read_object: ReadObject = no_objects
    ) -> Mapping[str, object]:
        """Return the answerContent for the task; all chance comes from `rng`, all images from `read_object`."""
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

    def answer(
        self,
        task: OpenTask,
        rng: Random,
        read_object: ReadObject = no_objects,
    ) -> Mapping[str, object]:
        """Call the function.

        Raises
        ------
        InvalidInputError
            If the function fails, or returns no mapping that JSON can carry.
        """
        return _as_json_object(_call(self._fn, task))


class TruthAnswers:
    """Answers of somebody who knows the truth and errs at a known rate.

    The truth is that of the template's one annotation widget, or of its one form control where it has no widget; or a
    mapping with an entry for each name that is known. What it does not speak of keeps what it shows. It is a label as
    `hitl_sdk.labels` has it, or plain values as the element writes them.

    Parameters
    ----------
    truth : callable
        Takes the task's InputContent, a copy; returns what is right.
    accuracy : float, optional
        Chance, 0 to 1, that a label is right; every other is then equally likely. Of several labels, shapes, entities,
        fields, switches and words each one errs by itself: it is not chosen, overlooked, called something else, a bit
        off, or misspelt. 1 when neither this nor `confusion` is given.
    confusion : mapping, optional
        For each true label the chance of each label said, in place of `accuracy`. A row may miss 1 by 1e-6.
    jitter : float, optional
        By how much hands shake that draw boxes, outlines, points and masks: a standard deviation in pixels.

    Raises
    ------
    InvalidInputError
        If accuracy and confusion are both given, or one holds no chances, or the jitter is none.

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
        jitter: float = 0.0,
    ) -> None:
        if accuracy is not None and confusion is not None:
            raise InvalidInputError("accuracy and confusion are both given", hint="give one of them")
        self._truth = truth
        self._accuracy = as_chance("accuracy", 1.0 if accuracy is None else accuracy)
        self._confusion = None if confusion is None else confusion_rows(confusion)
        self._jitter = as_pixels("jitter", jitter)

    def answer(
        self, task: OpenTask, rng: Random, read_object: ReadObject = no_objects
    ) -> Mapping[str, object]:
        """Return the truth, with errors drawn from `rng`.

        Raises
        ------
        InvalidInputError
            If the truth does not fit the template.
        """
        page = open_page(task, read_object, whole=False)
        truths = _by_key(_call(self._truth, task), page)
        slips = Slips(rng, self._accuracy, self._confusion, self._jitter)
        return _as_json_object(_content((each, _told(each, page, truths, slips)) for each in page.questions))


class DefaultAnswers:
    """Answers of somebody who agrees with what is there: the pre-set value, else the emptiest answer.

    A classifier's pre-set value is its ``initial-value``, or the input's ``initialValue``, if it is one of the
    choices, else the first of them. Without an initial value nothing is drawn, marked or painted. Other controls keep
    what they show. Images are as large as they are where they lie in the local S3, else as the input's
    ``inputImageProperties`` says, else 640 x 480 pixels.

    Parameters
    ----------
    error_rate : float, optional
        Chance, 0 to 1, that a label is wrong; every other is then equally likely. Of several labels, shapes, entities,
        fields, switches and words each one errs by itself, as in `TruthAnswers`. What is left out stays left out.
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

    def answer(
        self, task: OpenTask, rng: Random, read_object: ReadObject = no_objects
    ) -> Mapping[str, object]:
        """Return what the rendered template is pre-set to.

        Raises
        ------
        InvalidInputError
            If the template can't be rendered, or a classifier has no choices.
        """
        rng = Random(f"{self._seed}/{rng.random()}")
        page = open_page(task, read_object)
        return _content((question, self._answer(question, page, rng)) for question in page.questions)

    def _answer(self, question: Question, page: Page, rng: Random) -> object:
        if isinstance(question.family, OneLabel):
            label = question.family.preset(question, page)
            return question.family.another(question, label, rng) if rng.random() < self._error_rate else label
        preset = _preset(question, page)
        if preset is None or not self._error_rate or question.is_hidden:
            return preset
        with _told_as(f"what <{question.element.tag}> is pre-set to can't be read"):
            return question.family.erring(question, page, preset, Slips(rng, 1 - self._error_rate))


def _preset(question: Question, page: Page) -> object:
    with _told_as(f"what <{question.element.tag}> is pre-set to can't be read"):
        return question.family.preset(question, page)


def _told(question: Question, page: Page, truths: Mapping[str, object], slips: Slips) -> object:
    if question.key not in truths:
        return _preset(question, page)
    with _told_as(f"the truth does not fit <{question.element.tag}>"):
        return question.family.erring(question, page, truths[question.key], slips)


@contextmanager
def _told_as(what: str) -> Iterator[None]:
    """Say which answer a misshapen truth or attribute kept from being given; errors of our own say it themselves."""
    try:
        yield
    except InvalidInputError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{what}: {error}",
            hint="give labels of hitl_sdk.labels, or plain values as the element writes them",
        ) from error


def _content(answers: Iterable[tuple[Question, object]]) -> dict[str, object]:
    """Return answerContent; buttons of one name share an object, as A2I writes them."""
    content: dict[str, object] = {}
    for question, answer in answers:
        before = content.get(question.key)
        if isinstance(before, dict) and isinstance(answer, dict):
            content[question.key] = before | answer
        elif answer is not None:
            content[question.key] = answer
    return content


def _by_key(truth: object, page: Page) -> Mapping[str, object]:
    """Return what is true by the key of the question."""
    keys = {question.key for question in page.questions}
    if isinstance(truth, Mapping) and truth.keys() & keys:
        unknown = truth.keys() - keys
        if unknown:
            raise InvalidInputError(
                f"the truth has {sorted(map(str, unknown))}, which the template does not ask for",
                hint=f"it asks for {sorted(keys)}",
            )
        return truth
    widgets = [question for question in page.questions if question.is_widget]
    asking = widgets or [question for question in page.questions if not question.is_hidden]
    if len(asking) == 1:
        return {asking[0].key: truth}
    found = ", ".join(f"<{question.element.tag}>" for question in asking) or "nothing"
    raise InvalidInputError(f"one truth can't answer a template that asks for {found}", hint=_HINT)


def _call(fn: Callable[[dict[str, Any]], object], task: OpenTask) -> object:
    try:
        return fn(copy.deepcopy(dict(task.input_content)))
    except Exception as error:  # the user's code, whatever it raises
        raise InvalidInputError(f"your function failed: {type(error).__name__}: {error}") from error


def _as_json_object(content: object) -> dict[str, object]:
    """Return `content` if it is a mapping that JSON can carry."""
    try:
        if isinstance(content, Mapping):
            json.dumps(dict(content), allow_nan=False)
            return dict(content)
    except (TypeError, ValueError, RecursionError):
        pass
    raise InvalidInputError(
        f"the answer is {type(content).__name__}, not a JSON object",
        hint='return answerContent, for example {"sentiment": {"label": "0"}}',
    )
