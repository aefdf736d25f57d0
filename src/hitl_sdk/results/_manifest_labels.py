"""What a line of an output manifest says of its label, by the ``type`` in its metadata.

The forms: Amazon SageMaker developer guide, "Labeling job output data". Read with tolerance for what genuine files
have: class numbers as text, coordinates that are no whole numbers, missing confidences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.labels import Box, Span, clean_text, part_type, read_part, shapes_type, to_value

if TYPE_CHECKING:
    from hitl_sdk.labels import LabelType

__all__ = ["LABEL_SOURCES", "LabelForm", "LineLabel", "form_of", "one_class"]

Metadata: TypeAlias = Mapping[str, Any]

LABEL_SOURCES = {"yes": "human", "no": "model"}
"""Who gave a label, by ``human-annotated`` in its metadata."""


class LineLabel(NamedTuple):
    """The label of one line, as a plain value, and how sure the consolidation was."""

    label: object
    confidence: float | None = None
    label_confidences: list[float | None] | None = None


class LabelForm(NamedTuple):
    """How labels of one family stand in a manifest."""

    label_type: LabelType
    read: Callable[[Any, Metadata], LineLabel]


def form_of(metadata_type: object) -> LabelForm:
    """Return the form of labels of a metadata type; what is not known is read as custom labels are."""
    return _FORMS.get(str(metadata_type).lower().removeprefix("groundtruth/"), _CUSTOM)


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOutputError(f"{what} is {type(value).__name__}, no object")
    return value


def _class_name(names: Mapping[str, Any], number: object) -> str:
    found = names.get(str(number))
    if not isinstance(found, str):
        raise InvalidOutputError(f"the class map has no name for class {number!r}")
    return clean_text(found)


def one_class(value: Any, metadata: Metadata) -> LineLabel:
    """Read the class by its name; the number counts from 0 in a label category file that nobody may have."""
    name = metadata.get("class-name")
    if not isinstance(name, str):
        raise InvalidOutputError(f"the metadata has no class-name for class {value!r}")
    return LineLabel(clean_text(name), _number(metadata.get("confidence")))


def _classes(value: Any, metadata: Metadata) -> LineLabel:
    if not isinstance(value, list):
        raise InvalidOutputError(f"the classes are {type(value).__name__}, no list")
    names = _mapping(metadata.get("class-map"), "the class map")
    confidences = metadata.get("confidence-map")
    known = confidences if isinstance(confidences, Mapping) else {}
    return LineLabel(
        [_class_name(names, number) for number in value],
        label_confidences=[_number(known.get(str(number))) for number in value],
    )


def _boxes(value: Any, metadata: Metadata) -> LineLabel:
    drawn = _mapping(value, "the label")
    annotations = drawn.get("annotations") or []
    names = _mapping(metadata.get("class-map"), "the class map") if annotations else {}
    boxes = [
        to_value(_part(Box, each, confidence, names))
        for each, confidence in zip(
            annotations, _confidences(metadata, "objects", len(annotations)), strict=True
        )
    ]
    size = (drawn.get("image_size") or [{}])[0]
    return LineLabel({"shapes": boxes, "image_width": size.get("width"), "image_height": size.get("height")})


def _spans(value: Any, metadata: Metadata) -> LineLabel:
    entities = _mapping(_mapping(value, "the label").get("annotations"), "annotations").get("entities") or []
    confidences = _confidences(metadata, "entities", len(entities))
    return LineLabel(
        [
            to_value(_part(Span, each, confidence))
            for each, confidence in zip(entities, confidences, strict=True)
        ]
    )


def _part(
    part: type[Any], value: object, confidence: float | None, names: Mapping[str, Any] | None = None
) -> object:
    """Read a box or a span; the label of a box is the number of its class."""
    given = _mapping(value, f"a {part.__name__.lower()}")
    label = given.get("label") if names is None else _class_name(names, given.get("class_id"))
    try:
        return read_part(part, {**given, "label": label, "confidence": confidence})
    except ValueError as error:
        raise InvalidOutputError(str(error)) from None


def _confidences(metadata: Metadata, key: str, count: int) -> list[float | None]:
    """Return a confidence for each part; those that the metadata does not have are null."""
    given = metadata.get(key)
    listed: Sequence[object] = given if isinstance(given, list) else ()
    known = [
        _number(each.get("confidence")) if isinstance(each, Mapping) else None for each in listed[:count]
    ]
    return [*known, *[None] * (count - len(known))]


def _address(value: Any, metadata: Metadata) -> LineLabel:
    """Read the address of a file that has the label; of a mask, one confidence stands at all classes."""
    if not isinstance(value, str):
        raise InvalidOutputError(f"the label is {type(value).__name__}, no address of a file")
    colors = metadata.get("internal-color-map")
    first = next(iter(colors.values()), None) if isinstance(colors, Mapping) else None
    return LineLabel(value, _number(first.get("confidence")) if isinstance(first, Mapping) else None)


def _as_json(value: Any, metadata: Metadata) -> LineLabel:
    return LineLabel(json.dumps(value, ensure_ascii=False), _number(metadata.get("confidence")))


_ONE = LabelForm(str, one_class)
_SEVERAL = LabelForm([str], _classes)
_CUSTOM = LabelForm(str, _as_json)
_FORMS: Mapping[str, LabelForm] = {
    "image-classification": _ONE,
    "text-classification": _ONE,
    "label-verification": _ONE,
    "image-classification-multilabel": _SEVERAL,
    "text-classification-multilabel": _SEVERAL,
    "object-detection": LabelForm(shapes_type(Box), _boxes),
    "text-span": LabelForm([part_type(Span)], _spans),
    "semantic-segmentation": LabelForm(str, _address),
    "video-object-detection": LabelForm(str, _address),
    "video-object-tracking": LabelForm(str, _address),
}
