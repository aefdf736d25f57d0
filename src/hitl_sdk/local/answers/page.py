"""What a simulated worker has in front of them: the questions of the rendered template, and the images.

A question is an element that takes an answer, or the checkboxes or radio buttons of one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hitl_sdk._elements import ANSWER_KEYS, TemplateElement, parse_attribute, read_template
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local.answers.families import CONTROLS, FAMILIES, WIDGETS
from hitl_sdk.local.answers.images import content_at, size_of
from hitl_sdk.local.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.local.answers.families import Family
    from hitl_sdk.local.answers.images import ReadObject
    from hitl_sdk.local.engine import OpenTask

__all__ = ["Page", "Question", "kind_of", "open_page"]

DEFAULT_SIZE = (640, 480)
"""Width and height of an image that can't be read and whose size nobody tells."""

_ONE_LABEL = frozenset({"crowd-classifier", "crowd-image-classifier"})
_BUTTONS = frozenset(
    {"crowd-checkbox", "crowd-radio-button", "crowd-toggle-button", "input checkbox", "input radio"}
)
_INPUTS_OF_THEIR_OWN = frozenset({"checkbox", "hidden", "number", "radio", "range"})
_INPUTS_WITHOUT_ANSWER = frozenset({"button", "file", "image", "reset", "submit"})


@dataclass(frozen=True, slots=True)
class Question:
    """What gets one answer.

    Attributes
    ----------
    key : str
        Under which it stands in answerContent.
    elements : tuple of TemplateElement
        The element; several only for buttons of one name.
    family : Family
        Who answers it.
    is_widget : bool
        Whether it is an annotation widget, not a form control.
    """

    key: str
    elements: tuple[TemplateElement, ...]
    family: Family
    is_widget: bool

    @property
    def element(self) -> TemplateElement:
        """The first element."""
        return self.elements[0]

    @property
    def is_hidden(self) -> bool:
        """Whether no worker sees it."""
        return kind_of(self.element) == "input hidden"

    def choices(self) -> tuple[str, ...]:
        """Return the choices of ``categories`` or ``labels``.

        Raises
        ------
        InvalidInputError
            If there are none.
        """
        if not self.element.categories:
            raise InvalidInputError(f"<{self.element.tag}> has no categories to choose from")
        return self.element.categories

    def initial_value(self) -> object:
        """Return the ``initial-value``, read as JSON; None if there is none."""
        text = self.element.attributes.get("initial-value", "").strip()
        return parse_attribute(text) if text else None


@dataclass(frozen=True, slots=True)
class Page:
    """A task as its worker sees it.

    Attributes
    ----------
    questions : tuple of Question
        In the order of the template.
    input_content : mapping
        The InputContent of the human loop.
    read_object : callable
        Reads the S3 objects that the page shows.
    """

    questions: tuple[Question, ...]
    input_content: Mapping[str, Any]
    read_object: ReadObject

    def content_at(self, address: str) -> bytes | None:
        """Return what lies at an S3 or ``data:`` address; None if it can't be read, or is another address."""
        return content_at(address, self.read_object)

    def image_size(self, question: Question) -> tuple[int, int]:
        """Return width and height of the image that an element shows.

        They are the image's own if it can be read, else those of ``inputImageProperties`` in the InputContent, else
        640 x 480.
        """
        image = self.content_at(question.element.attributes.get("src", ""))
        size = size_of(image) if image else None
        if size is not None:
            return size
        told = self.input_content.get("inputImageProperties")
        if isinstance(told, Mapping) and {"width", "height"} <= told.keys():
            return int(told["width"]), int(told["height"])
        return DEFAULT_SIZE


def open_page(task: OpenTask, read_object: ReadObject, *, whole: bool = True) -> Page:
    """Return the task's page, rendered where Liquid decides on it.

    Parameters
    ----------
    task : OpenTask
        What is to be answered.
    read_object : callable
        Reads S3 objects.
    whole : bool, optional
        Whether everything matters. Else of one-label classifiers only names and choices do, and then there is mostly
        nothing to render, which is what takes the time.

    Raises
    ------
    InvalidInputError
        If the template can't be rendered.
    """
    questions = _questions_as_written(task.template)
    elements = (element for question in questions for element in question.elements)
    texts = (text for element in elements for text in _texts(element, whole=whole))
    if "{%" in task.template or any("{{" in text for text in texts):
        html, errors = render(task.template, task.input_content)
        if errors:
            raise InvalidInputError(f"its template can't be rendered: {errors[0]['Message']}")
        questions = _questions(html)
    return Page(questions, task.input_content, read_object)


def kind_of(element: TemplateElement) -> str:
    """Return the tag of an element, for inputs that are no text with their type.

    Examples
    --------
    >>> kind_of(TemplateElement("input", {"type": "radio"})), kind_of(TemplateElement("input", {"type": "email"}))
    ('input radio', 'input')
    """
    kind = element.attributes.get("type", "text").lower()
    if element.tag != "input" or kind not in _INPUTS_OF_THEIR_OWN | _INPUTS_WITHOUT_ANSWER:
        return element.tag
    return f"input {kind}"


def _questions(html: str) -> tuple[Question, ...]:
    asking: dict[tuple[str, object], list[TemplateElement]] = {}
    for number, element in enumerate(read_template(html)):
        kind = kind_of(element)
        is_asking = kind in WIDGETS or (kind in CONTROLS and element.name)
        if is_asking and "disabled" not in element.attributes:
            asking.setdefault((kind, element.name if kind in _BUTTONS else number), []).append(element)
    # A2I writes an annotation widget without a name under its tag.
    return tuple(
        Question(ANSWER_KEYS.get(kind) or same[0].name or kind, tuple(same), FAMILIES[kind], kind in WIDGETS)
        for (kind, _), same in asking.items()
    )


_questions_as_written = lru_cache(maxsize=64)(_questions)


def _texts(element: TemplateElement, *, whole: bool) -> Iterator[str]:
    """Yield what is written in and on an element, as far as it matters."""
    for attribute, text in element.attributes.items():
        if whole or element.tag not in _ONE_LABEL or attribute in {"name", "categories", "labels"}:
            yield text
    yield element.text
    for option in element.options:
        yield from _texts(option, whole=whole)
