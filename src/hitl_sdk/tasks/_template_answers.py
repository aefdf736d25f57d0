"""What a worker template answers, read out of its elements: a field for each name."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hitl_sdk._elements import ANSWER_KEYS, LIQUID, TemplateElement, parse_attribute, read_template
from hitl_sdk._plain import shown, unicode_text
from hitl_sdk.consolidation import Consolidation, MajorityVote
from hitl_sdk.labels import LabelType
from hitl_sdk.tasks.base import Task
from hitl_sdk.tasks.classification import Classification, ListedLabels
from hitl_sdk.tasks.document import TextractForms
from hitl_sdk.tasks.entities import NamedEntityRecognition
from hitl_sdk.tasks.fields import CheckField, ChoiceField, MultiChoiceField, NumberField, TextField
from hitl_sdk.tasks.form import AnswerField
from hitl_sdk.tasks.moderation import RekognitionModeration
from hitl_sdk.tasks.multi_classification import MultiClassification
from hitl_sdk.tasks.segmentation import InstanceSegmentation, SemanticSegmentation
from hitl_sdk.tasks.shapes import BoundingBox, KeypointAnnotation, PolygonAnnotation, PolylineAnnotation
from hitl_sdk.tasks.text import TextClassification, TextMultiClassification

__all__ = ["JsonField", "WidgetField", "read_answer_fields"]

_WIDGETS: Mapping[str, type[Task]] = {
    "crowd-bounding-box": BoundingBox,
    "crowd-classifier": TextClassification,
    "crowd-classifier-multi-select": TextMultiClassification,
    "crowd-entity-annotation": NamedEntityRecognition,
    "crowd-image-classifier": TextClassification,
    "crowd-image-classifier-multi-select": TextMultiClassification,
    "crowd-instance-segmentation": InstanceSegmentation,
    "crowd-keypoint": KeypointAnnotation,
    "crowd-line": PolylineAnnotation,
    "crowd-polygon": PolygonAnnotation,
    "crowd-polyline": PolylineAnnotation,
    "crowd-rekognition-detect-moderation-labels": RekognitionModeration,
    "crowd-semantic-segmentation": SemanticSegmentation,
    "crowd-textract-analyze-document": TextractForms,
}
_RADIOS = frozenset({"crowd-radio-button", "radio"})
_BUTTONS = _RADIOS | {"checkbox", "crowd-checkbox", "crowd-toggle-button"}
_CONTROLS: Mapping[str, type[NumberField | TextField]] = {
    **dict.fromkeys(("crowd-slider", "number", "range"), NumberField),
    **dict.fromkeys(("crowd-input", "crowd-text-area", "input", "textarea"), TextField),
}
_KNOWN = _WIDGETS.keys() | _CONTROLS.keys() | _BUTTONS | {"select"}
_WITHOUT_ANSWER = frozenset({"button", "crowd-button", "file", "image", "reset", "submit"})
_TYPES = _BUTTONS | _WITHOUT_ANSWER | {"number", "range"}


@dataclass(frozen=True, slots=True)
class WidgetField:
    """The answer of an annotation element, read by the task that is built on it."""

    task: Task
    key: str
    required: bool = False

    @property
    def label_type(self) -> LabelType:
        """That of the task."""
        return self.task.label_type

    def read(self, answer: object) -> object:
        """Return the label of an answer."""
        return None if answer is None else self.task.parse_answer({self.key: answer}).label

    def normalise(self, value: object) -> object:
        """Return a model's label."""
        return None if value is None else self.task.normalise_label(value)

    def initial_value(self, value: Any) -> object:
        """Return a label as the element takes it."""
        return self.task.initial_value(value)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the task's method; only tasks of labels out of a list take another."""
        takes_another = isinstance(self.task, Classification | MultiClassification)
        return self.task.consolidation(by if takes_another else None)


@dataclass(frozen=True, slots=True)
class JsonField:
    """The answer of an element that is not known here: its JSON text."""

    required: bool = False

    @property
    def label_type(self) -> LabelType:
        """A text."""
        return str

    def read(self, answer: object) -> str | None:
        """Return the answer's JSON text."""
        if answer is None:
            return None
        try:
            return unicode_text(json.dumps(answer, sort_keys=True, ensure_ascii=False))
        except (TypeError, RecursionError) as error:
            raise ValueError(f"{shown(answer)} is no JSON: {error}") from None

    def normalise(self, value: object) -> str | None:
        """Return a model's value: a text is JSON already."""
        try:
            return self.read(json.loads(value) if isinstance(value, str) else value)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def initial_value(self, value: str) -> object:
        """Return what the JSON text says."""
        return json.loads(value)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the majority vote."""
        return MajorityVote() if by is None else by


def read_answer_fields(source: str, labels: Mapping[str, Sequence[str]]) -> dict[str, AnswerField]:
    """Find what a template answers, by the keys of the answers.

    Elements whose name holds Liquid share a field, in whose name ``*`` stands for it.

    Parameters
    ----------
    source : str
        The template.
    labels : mapping of str to sequence of str
        By key, the labels of elements that get them from the task's input.

    Raises
    ------
    ValueError
        If nobody can answer the template, or what it answers can't be told.

    Examples
    --------
    >>> source = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
    >>> source += '<crowd-form><crowd-input name="brand"></crowd-input></crowd-form>'
    >>> list(read_answer_fields(source, {}))
    ['brand']
    """
    elements = read_template(source)
    if elements and "crowd-html-elements" not in source:
        raise ValueError("the template does not load crowd-html-elements.js, so no crowd element works")
    if not {"crowd-form", "crowd-entity-annotation"} & {element.tag for element in elements}:
        raise ValueError("the template has no <crowd-form>, so nobody can hand in an answer")
    by_key: dict[str, list[TemplateElement]] = {}
    for element in elements:
        if (key := _key(element)) is not None:
            by_key.setdefault(key, []).append(element)
    if not by_key:
        raise ValueError("the template has no element with a name, so nothing is answered")
    unknown = next((name for name in labels if name not in by_key), None)
    if unknown is not None:
        raise ValueError(f"there are choices for {unknown!r}, but no element of that name")
    has_branches = "{%" in source
    return {
        key: _field(key, same, labels.get(key), has_branches=has_branches) for key, same in by_key.items()
    }


def _key(element: TemplateElement) -> str | None:
    """Return the key of an element's answer; None if it has no answer."""
    kind = _kind(element)
    if "disabled" in element.attributes or kind in _WITHOUT_ANSWER:
        return None
    if kind in ANSWER_KEYS:
        return ANSWER_KEYS[kind]
    # A2I writes an annotation element without a name under its tag.
    name = element.name or (kind if kind in _WIDGETS else None)
    return None if name is None else LIQUID.sub("*", name)


def _kind(element: TemplateElement) -> str:
    """Return the tag of an element, or the type of an input that is no text."""
    kind = element.attributes.get("type", "").lower()
    return kind if element.tag in {"input", "crowd-input"} and kind in _TYPES else element.tag


def _field(
    key: str, same: Sequence[TemplateElement], labels: Sequence[str] | None, *, has_branches: bool
) -> AnswerField:
    """Return how the answer of the elements of one key is read."""
    kind = _kind(same[0])
    if "*" in key or kind not in _KNOWN:
        return JsonField()
    different = any(_kind(element) != kind for element in same)
    # In the branches of an if one element may stand several times.
    if different or (len(same) > 1 and kind not in _BUTTONS and not has_branches):
        raise ValueError(f"several elements have the name {key!r}: one answer would hide the other")
    name = re.sub(r"[^A-Za-z0-9_-]", "-", key)[:63]
    if kind in _BUTTONS:
        return _buttons(name, key, same, labels)
    if kind in _WIDGETS:
        return _widget(name, key, same[0], labels)
    return _select(name, same[0], labels) if kind == "select" else _CONTROLS[kind](name=name)


def _buttons(
    name: str, key: str, same: Sequence[TemplateElement], labels: Sequence[str] | None
) -> AnswerField:
    values = [element.attributes.get("value", "on") for element in same]
    if labels is None and any(LIQUID.search(value) for value in values):
        raise _unknown_labels(key)
    choices = tuple(labels or dict.fromkeys(values))
    if len(choices) == 1:
        return CheckField(name=name)
    return (ChoiceField if _kind(same[0]) in _RADIOS else MultiChoiceField)(name=name, choices=choices)


def _widget(name: str, key: str, element: TemplateElement, labels: Sequence[str] | None) -> AnswerField:
    task = _WIDGETS[element.tag]
    fields: dict[str, Any] = {}
    if issubclass(task, ListedLabels):
        written = element.attributes.get("categories", element.attributes.get("labels", ""))
        if labels is None and (not written or LIQUID.search(written)):
            raise _unknown_labels(key)
        fields["labels"] = labels or element.categories
    if issubclass(task, MultiClassification):
        fields["none_of_these"] = _exclusion(element)
    return WidgetField(task(name=name, title=element.tag, **fields), ANSWER_KEYS.get(element.tag, name))


def _exclusion(element: TemplateElement) -> str:
    """Return the choice that stands for none, of ``exclusion-category="{ text: 'None' }"``."""
    said = parse_attribute(element.attributes.get("exclusion-category") or "null")
    return str(said.get("text", "")) if isinstance(said, Mapping) else ""


def _select(name: str, element: TemplateElement, labels: Sequence[str] | None) -> AnswerField:
    values = [option.attributes.get("value", option.text) for option in element.options]
    if "multiple" in element.attributes:
        return JsonField()
    choices = labels or [value for value in dict.fromkeys(values) if value]
    known = choices and not any(LIQUID.search(value) for value in choices)
    return ChoiceField(name=name, choices=choices) if known else TextField(name=name)


def _unknown_labels(key: str) -> ValueError:
    return ValueError(
        f"the labels of {key!r} come from the task's input: say them in choices={{{key!r}: [...]}}"
    )
