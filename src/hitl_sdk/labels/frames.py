"""Labels of video frames and point clouds to the plain values that frames hold, and back.

The readers take objects, the values that `to_value` writes, and the spellings of Ground Truth's files:
``frame-no`` and ``frameNumber``, numbers as text, classes by name or by number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hitl_sdk._plain import read_list, shown, unicode_text
from hitl_sdk.labels._scalars import read_text, read_whole
from hitl_sdk.labels.types import (
    Attribute,
    Frame,
    FrameObject,
    FrameSequence,
    PlacedT,
    PointClasses,
    Polygon,
)
from hitl_sdk.labels.values import part_type, read_part, to_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitl_sdk.labels.types import LabelType

__all__ = [
    "frame_type",
    "point_classes_type",
    "read_frame",
    "read_point_classes",
    "read_sequence",
    "sequence_type",
]

_ATTRIBUTES: LabelType = [{"name": str, "value": str}]
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
_OBJECTS = ("objects", "annotations", "bounding_boxes", "polygons", "polylines", "keypoints", "cuboids")
_FRAMES = ("frames", "detection_annotations", "tracking_annotations")
_OF_FRAME = ("attributes", "frame_attributes", "dataset_object_attributes")
_MOST_LABELS = 255
_NUMBER = ("number", "frame_no", "frame_number")
_NAME = ("name", "frame", "frame_name")


def frame_type(shape: type) -> LabelType:
    """Return the shape of the value of a `Frame`.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`.

    Examples
    --------
    >>> from hitl_sdk.labels import Cuboid
    >>> list(frame_type(Cuboid))
    ['number', 'name', 'objects', 'attributes']
    """
    thing: LabelType = {
        "shape": part_type(shape),
        "object_id": str,
        "object_name": str,
        "attributes": _ATTRIBUTES,
    }
    return {"number": int, "name": str, "objects": [thing], "attributes": _ATTRIBUTES}


def sequence_type(shape: type) -> LabelType:
    """Return the shape of the value of a `FrameSequence`.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`.

    Examples
    --------
    >>> from hitl_sdk.labels import Cuboid
    >>> list(sequence_type(Cuboid))
    ['frames']
    """
    return {"frames": [frame_type(shape)]}


def point_classes_type() -> LabelType:
    """Return the shape of the value of `PointClasses`.

    Examples
    --------
    >>> list(point_classes_type())
    ['labels', 'classes', 'attributes']
    """
    return {"labels": [str], "classes": bytes, "attributes": _ATTRIBUTES}


def read_sequence(
    shape: type[PlacedT], value: object, *, class_map: Mapping[str, str] | None = None
) -> FrameSequence[PlacedT]:
    """Read what was marked in a sequence of frames.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`.
    value : FrameSequence, mapping or list
        A sequence, its plain value, ``SeqLabel.json``, a worker's answer, or a list of frames.
    class_map : mapping of str to str, optional
        The name of each class number, where things are called by these.

    Raises
    ------
    ValueError
        If it is none; the message says in which frame, and why.

    Examples
    --------
    >>> from hitl_sdk.labels import Keypoint
    >>> nose = {"class-id": "0", "x": 155, "y": "275", "object-id": "a1"}
    >>> sequence = read_sequence(Keypoint, [{"frame-no": "3", "frame": "3.jpg", "keypoints": [nose]}], class_map={"0": "nose"})
    >>> sequence.frames[0].number, sequence.frames[0].objects[0].shape
    (3, Keypoint(label='nose', x=155, y=275, confidence=None))
    """
    given = to_value(value) if is_dataclass(value) else value
    if isinstance(given, Mapping):
        entries = _entries(given)
        listed = [entries[key] for key in _FRAMES if key in entries]
        given = (
            (() if listed[0] is None else listed[0]) if listed else [given]
        )  # else a response to one frame
    frames = []
    for place, each in enumerate(read_list(given, "the frames")):
        frame = read_frame(shape, each, class_map=class_map)
        frames.append(replace(frame, number=place) if frame.number is None else frame)
    numbers = Counter(frame.number for frame in frames)
    if len(numbers) < len(frames):
        raise ValueError(f"two frames have number {numbers.most_common(1)[0][0]}")
    return FrameSequence(tuple(frames))


def read_frame(
    shape: type[PlacedT], value: object, *, class_map: Mapping[str, str] | None = None
) -> Frame[PlacedT]:
    """Read what was marked in one frame; nothing marked may be null.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`.
    value : Frame, mapping or list
        A frame, its plain value, a frame of Ground Truth's files, or a list of things.
    class_map : mapping of str to str, optional
        The name of each class number, where things are called by these.

    Raises
    ------
    ValueError
        If it is none; the message says why.

    Examples
    --------
    >>> from hitl_sdk.labels import Cuboid
    >>> van = {"label": "van", "center-x": 8, "center-y": -3, "center-z": 1, "length": 5, "width": 2, "height": 2}
    >>> read_frame(Cuboid, {"annotations": [van | {"object-name": "van:1"}]}).objects[0].object_name
    'van:1'
    """
    given = to_value(value) if is_dataclass(value) else value
    if not isinstance(given, Mapping):
        return Frame(objects=_read_objects(shape, given, class_map))
    entries = _entries(given)
    number, name = _first(entries, _NUMBER), _first(entries, _NAME)
    read_number = None if number is None else read_whole(number, "a frame's number")
    where = f"frame {read_number}: " if read_number is not None else ""
    try:
        return Frame(
            read_number,
            None if name is None else read_text(name, "a frame's name"),
            _read_objects(shape, _first(entries, _OBJECTS), class_map),
            _read_attributes(_first(entries, _OF_FRAME)),
        )
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


def read_point_classes(value: object) -> PointClasses:
    """Read the classes of points as `to_value` writes them.

    Parameters
    ----------
    value : PointClasses or mapping
        Classes of points, or their plain value; ``classes`` may be a list or an array of numbers.

    Raises
    ------
    ValueError
        If it is none, or a point is of a class without a name.

    Examples
    --------
    >>> list(read_point_classes({"labels": ["road", "tree"], "classes": [0, 1, 1, 2]}).classes)
    [0, 1, 1, 2]
    """
    given = to_value(value) if is_dataclass(value) else value
    if not isinstance(given, Mapping) or not {"labels", "classes"} <= given.keys():
        raise ValueError("classes of points are an object with labels and classes")
    labels = tuple(read_text(each, "a label") for each in read_list(given["labels"], "the labels"))
    if len(labels) > _MOST_LABELS:
        raise ValueError(f"{len(labels)} labels do not fit a byte a point")
    classes = _read_bytes(given["classes"])
    if classes and max(classes) > len(labels):
        raise ValueError(f"a point is of class {max(classes)}, there are {len(labels)}")
    return PointClasses(labels, classes, _read_attributes(given.get("attributes")))


def _read_bytes(value: object) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    try:
        return bytes(read_whole(each, "a class") for each in read_list(value, "the classes"))
    except ValueError as error:
        raise ValueError(f"the classes of points can't be read: {error}") from None


def _read_objects(
    shape: type[PlacedT], value: object, class_map: Mapping[str, str] | None
) -> tuple[FrameObject[PlacedT], ...]:
    things = []
    given = [] if value is None else read_list(value, "what was marked")
    for number, each in enumerate(given, start=1):
        try:
            things.append(_read_object(shape, each, class_map))
        except ValueError as error:
            raise ValueError(f"number {number} of {len(given)}: {error}") from None
    return tuple(things)


def _read_object(
    shape: type[PlacedT], value: object, class_map: Mapping[str, str] | None
) -> FrameObject[PlacedT]:
    given = to_value(value) if is_dataclass(value) else value
    if not isinstance(given, Mapping):
        raise ValueError(f"it is {type(given).__name__}, no object")
    entries = _entries(given)
    placed = entries.get("shape", entries)
    if isinstance(placed, Mapping):
        placed = _entries(placed)
        if placed.get("label") is None and placed.get("class_id") is not None:
            placed["label"] = _class_name(placed["class_id"], class_map)
    object_id, object_name = entries.get("object_id"), entries.get("object_name")
    return FrameObject(
        _opened(read_part(shape, placed)),
        None if object_id is None else read_text(object_id, "an object's id"),
        None if object_name is None else read_text(object_name, "an object's name"),
        _read_attributes(_first(entries, ("attributes", "label_category_attributes"))),
    )


def _class_name(number: object, class_map: Mapping[str, str] | None) -> str:
    name = (class_map or {}).get(str(number))
    if not isinstance(name, str):
        raise ValueError(f"the class map has no name for class {shown(number)}")
    return name


def _opened(shape: Any) -> Any:
    """Return a polygon without the last vertex if that is the first again, as Ground Truth writes it."""
    if isinstance(shape, Polygon) and len(shape.vertices) > 3 and shape.vertices[0] == shape.vertices[-1]:
        return replace(shape, vertices=shape.vertices[:-1])
    return shape


def _read_attributes(value: object) -> tuple[Attribute, ...]:
    """Read ``{name: value}``, or a list of names and values; what has no value is left out."""
    if value is None:
        return ()
    pairs: Iterable[tuple[object, object]]
    if isinstance(value, Mapping):
        pairs = value.items()
    else:
        pairs = [_pair(each) for each in read_list(value, "the attributes")]
    return tuple(
        Attribute(read_text(name, "an attribute's name"), _value(told, str(name)))
        for name, told in pairs
        if told is not None
    )


def _pair(attribute: object) -> tuple[object, object]:
    given = to_value(attribute) if is_dataclass(attribute) else attribute
    if not isinstance(given, Mapping) or not {"name", "value"} <= given.keys():
        raise ValueError("an attribute is an object with name and value")
    return given["name"], given["value"]


def _value(value: object, name: str) -> str:
    """Return the value of an attribute as a text; blanks are part of a free one."""
    if isinstance(value, str):
        return unicode_text(value)
    if isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    raise ValueError(f"attribute {shown(name)} is {type(value).__name__}, no text and no number")


def _entries(given: Mapping[Any, object]) -> dict[str, object]:
    """Return a mapping with its keys in snake case: ``frame-no`` and ``frameNo`` become ``frame_no``."""
    return {_snake(str(key)): value for key, value in given.items()}


@lru_cache(maxsize=1024)
def _snake(key: str) -> str:
    return _WORD_START.sub("_", key).lower()


def _first(entries: Mapping[str, object], keys: Iterable[str]) -> object:
    """Return what stands under the first key that has something; None if none has."""
    return next((entries[key] for key in keys if entries.get(key) is not None), None)
