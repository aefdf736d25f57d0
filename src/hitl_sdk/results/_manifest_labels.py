"""What a line of an output manifest says of its label, by the ``type`` in its metadata, and the file it names instead.

The forms: Amazon SageMaker developer guide, "Labeling job output data". Read with tolerance for what genuine files
have: class numbers as text, coordinates that are no whole numbers, missing confidences.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.labels import (
    Box,
    Cuboid,
    Span,
    clean_text,
    frame_type,
    mask_type,
    part_type,
    point_classes_type,
    read_colored_png,
    read_compressed_points,
    read_frame,
    read_part,
    read_sequence_label,
    read_shapes,
    sequence_type,
    shapes_type,
    to_value,
)

if TYPE_CHECKING:
    from hitl_sdk.labels import LabelType

__all__ = ["LABEL_SOURCES", "LabelForm", "LineLabel", "boxes", "form_of", "number_of", "one_class"]

Metadata: TypeAlias = Mapping[str, Any]

LABEL_SOURCES = {"yes": "human", "no": "model"}
"""Who gave a label, by ``human-annotated`` in its metadata."""


class LineLabel(NamedTuple):
    """The label of one line, as a plain value, how sure the consolidation was, and the file that has the label."""

    label: object
    confidence: float | None = None
    label_confidences: list[float | None] | None = None
    uri: str | None = None


def _no_file(content: bytes, metadata: Metadata) -> tuple[LabelType, object]:
    raise ValueError(
        f"labels of type {metadata.get('type')!r} stand in no file, this one has {len(content)} bytes"
    )


class LabelForm(NamedTuple):
    """How labels of one family stand in a manifest, and in the files that it names.

    `open` makes of such a file the type and the plain value of the label; a ValueError says why it can't.
    """

    label_type: LabelType
    read: Callable[[Any, Metadata], LineLabel]
    open: Callable[[bytes, Metadata], tuple[LabelType, object]] = _no_file

    @property
    def has_files(self) -> bool:
        """Whether labels stand in files of their own."""
        return self.open is not _no_file


def form_of(metadata_type: object) -> LabelForm:
    """Return the form of labels of a metadata type; what is not known is read as custom labels are."""
    return _FORMS.get(str(metadata_type).lower().removeprefix("groundtruth/"), _CUSTOM)


def number_of(value: object) -> float | None:
    """Return a finite number, also of its text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number + 0.0 if math.isfinite(number) else None  # -0.0 becomes 0.0


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOutputError(f"{what} is {type(value).__name__}, no object")
    return value


def _list(value: object, what: str) -> Sequence[Any]:
    """Return a list; nothing may be null."""
    if not isinstance(value, list | None):
        raise InvalidOutputError(f"{what} are {type(value).__name__}, no list")
    return value or ()


def _class_map(metadata: Metadata) -> Mapping[str, Any]:
    """Return the names of class numbers: those of point clouds stand under ``class_map``."""
    return _mapping(metadata.get("class-map", metadata.get("class_map")), "the class map")


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
    return LineLabel(clean_text(name), number_of(metadata.get("confidence")))


def _classes(value: Any, metadata: Metadata) -> LineLabel:
    if not isinstance(value, list):
        raise InvalidOutputError(f"the classes are {type(value).__name__}, no list")
    names = _class_map(metadata)
    confidences = metadata.get("confidence-map")
    known = confidences if isinstance(confidences, Mapping) else {}
    return LineLabel(
        [_class_name(names, number) for number in value],
        label_confidences=[number_of(known.get(str(number))) for number in value],
    )


def boxes(value: Any, metadata: Metadata) -> LineLabel:
    """Read the boxes of an image; each has the number of its class, and its confidence stands in the metadata."""
    drawn = _mapping(value, "the label")
    annotations = _list(drawn.get("annotations"), "annotations")
    names = _class_map(metadata) if annotations else {}
    confidences = _confidences(metadata, "objects", len(annotations))
    given = [
        {
            **_mapping(each, "a box"),
            "label": _class_name(names, each.get("class_id")),
            "confidence": confidence,
        }
        for each, confidence in zip(annotations, confidences, strict=True)
    ]
    sizes = _list(drawn.get("image_size"), "the sizes of the image")
    size = _mapping(sizes[0], "the size of the image") if sizes else {}
    return LineLabel(_value(read_shapes, Box, given, size.get("width"), size.get("height")))


def _spans(value: Any, metadata: Metadata) -> LineLabel:
    given = _mapping(_mapping(value, "the label").get("annotations"), "annotations").get("entities")
    entities = _list(given, "entities")
    confidences = _confidences(metadata, "entities", len(entities))
    return LineLabel(
        [
            _value(read_part, Span, {**_mapping(each, "a span"), "confidence": confidence})
            for each, confidence in zip(entities, confidences, strict=True)
        ]
    )


def _cuboids(value: Any, metadata: Metadata) -> LineLabel:
    """Read the cuboids of a frame; AWS's example has no confidences, our own functions write those of several workers."""
    annotations = _list(_mapping(value, "the label").get("annotations"), "annotations")
    names = _class_map(metadata) if annotations else {}
    confidences = _confidences(metadata, "objects", len(annotations))
    cuboids = [
        {**_mapping(each, "a cuboid"), "confidence": confidence}
        for each, confidence in zip(annotations, confidences, strict=True)
    ]
    frame = {"annotations": cuboids, "attributes": metadata.get("dataset-object-attributes")}
    return LineLabel(_value(read_frame, Cuboid, frame, class_map=_clean(names)))


def _value(read: Callable[..., object], *given: object, **options: object) -> object:
    """Return the plain value of what a reader of labels makes."""
    try:
        return to_value(read(*given, **options))
    except ValueError as error:
        raise InvalidOutputError(str(error)) from None


def _confidences(metadata: Metadata, key: str, count: int) -> list[float | None]:
    """Return a confidence for each part; those that the metadata does not have are null."""
    given = metadata.get(key)
    listed: Sequence[object] = given if isinstance(given, list) else ()
    known = [
        number_of(each.get("confidence")) if isinstance(each, Mapping) else None for each in listed[:count]
    ]
    return [*known, *[None] * (count - len(known))]


def _address(value: Any, metadata: Metadata) -> LineLabel:
    """Read the address of a file that has the label; of a mask, one confidence stands at all classes."""
    if not isinstance(value, str):
        raise InvalidOutputError(f"the label is {type(value).__name__}, no address of a file")
    colors = metadata.get("internal-color-map", metadata.get("color-map"))
    first = next(iter(colors.values()), None) if isinstance(colors, Mapping) else None
    confidence = number_of(first.get("confidence")) if isinstance(first, Mapping) else None
    return LineLabel(value, confidence, uri=value)


def _as_json(value: Any, metadata: Metadata) -> LineLabel:
    """Read a custom label; where no function made one of the answers, their file is named."""
    uri = metadata.get("worker-response-ref")
    return LineLabel(
        json.dumps(value, ensure_ascii=False),
        number_of(metadata.get("confidence")),
        uri=uri if isinstance(uri, str) else None,
    )


def _open_mask(content: bytes, metadata: Metadata) -> tuple[LabelType, object]:
    """Open a coloured picture; what has no class number, or 0, is background."""
    classes = _mapping(metadata.get("internal-color-map"), "the color map")
    colors = [
        (clean_text(str(each.get("class-name"))), str(each.get("hex-color")))
        for number, each in classes.items()
        if number != "0" and isinstance(each, Mapping)
    ]
    return mask_type(), to_value(read_colored_png(content, colors))


def _open_points(content: bytes, metadata: Metadata) -> tuple[LabelType, object]:
    """Open the classes of points; a class that the color map leaves out is called by its number."""
    classes = _mapping(metadata.get("color-map"), "the color map")
    names = {
        int(number): clean_text(str(each.get("class-name")))
        for number, each in classes.items()
        if number.isascii() and number.isdigit() and len(number) <= 3 and isinstance(each, Mapping)
    }
    labels = [names.get(number, str(number)) for number in range(1, max(names, default=0) + 1)]
    points = read_compressed_points(content, labels, metadata.get("dataset-object-attributes"))
    return point_classes_type(), to_value(points)


def _open_sequence(content: bytes, metadata: Metadata) -> tuple[LabelType, object]:
    shape, sequence = read_sequence_label(content, _clean(_class_map(metadata)))
    return sequence_type(shape), to_value(sequence)


def _open_answers(content: bytes, metadata: Metadata) -> tuple[LabelType, object]:  # noqa: ARG001
    """Open what workers answered, which is a custom label's JSON."""
    try:
        answers = json.loads(content)["answers"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError("it is no file of workers' answers") from None
    return str, json.dumps(answers, ensure_ascii=False)


def _clean(names: Mapping[str, Any]) -> dict[str, str]:
    return {number: clean_text(name) for number, name in names.items() if isinstance(name, str)}


_ONE = LabelForm(str, one_class)
_SEVERAL = LabelForm([str], _classes)
_SEQUENCE = LabelForm(str, _address, _open_sequence)
_CUSTOM = LabelForm(str, _as_json, _open_answers)
_FORMS: Mapping[str, LabelForm] = {
    "image-classification": _ONE,
    "text-classification": _ONE,
    "label-verification": _ONE,
    "video-classification": _ONE,  # the name is ours: AWS shows no output of it
    "image-classification-multilabel": _SEVERAL,
    "text-classification-multilabel": _SEVERAL,
    "object-detection": LabelForm(shapes_type(Box), boxes),
    "text-span": LabelForm([part_type(Span)], _spans),
    "semantic-segmentation": LabelForm(str, _address, _open_mask),
    "video-object-detection": _SEQUENCE,
    "video-object-tracking": _SEQUENCE,
    "point_cloud_object_detection": LabelForm(frame_type(Cuboid), _cuboids),
    "point_cloud_object_tracking": _SEQUENCE,
    "point_cloud_single_frame_semantic_segmentation": LabelForm(str, _address, _open_points),
}
