"""Answers of the elements that stand for AWS's task UIs of video frames and point clouds: frames, cuboids, points.

AWS documents the answer to one video frame alone, ``{"frameNumber": ..., "boundingBoxes": [...], ...}``; a sequence is
a list of these here, and cuboids and points are written in the same way.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._elements import parse_attribute
from hitl_sdk.labels import (
    Box,
    Cuboid,
    Frame,
    FrameObject,
    FrameSequence,
    Keypoint,
    PointClasses,
    Polygon,
    Polyline,
    compress_points,
    read_compressed_points,
    read_frame,
    read_point_classes,
    read_sequence,
    read_sequence_label,
    to_value,
)
from hitl_sdk.labels.frame_files import attribute_values
from hitl_sdk.local.answers.images import size_of
from hitl_sdk.local.answers.shapes import moved_shape

if TYPE_CHECKING:
    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["Cuboids", "FrameShapes", "Points"]

_SHAPES: Mapping[str, type[Any]] = {
    "BoundingBox": Box,
    "Polygon": Polygon,
    "Polyline": Polyline,
    "Keypoint": Keypoint,
}
_KEYS: Mapping[type, str] = {
    Box: "boundingBoxes",
    Polygon: "polygons",
    Polyline: "polylines",
    Keypoint: "keypoints",
    Cuboid: "cuboids",
}
_FOUR_BYTES = 4
_UNBOUNDED = (math.inf, math.inf)


class FrameShapes:
    """``{"frames": [{"frameNumber": "0", "frame": "f_0001.jpg", "boundingBoxes": [...], "frameAttributes": {}}]}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the frames of the former label, else all of them empty."""
        shape = _shape_of(question)
        initial = _initial_sequence(question, page, shape)
        return _answer(shape, _all_frames(initial or FrameSequence(), question), initial, question)

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true frames; a thing that goes wrong is overlooked in a frame, or called something else there."""
        shape = _shape_of(question)
        known = _all_frames(read_sequence(shape, truth), question)
        size = _image_size(question, page) if slips.jitter and shape is not Cuboid else _UNBOUNDED
        drawn = FrameSequence(tuple(_drawn(frame, question, slips, size) for frame in known.frames))
        return _answer(shape, drawn, _initial_sequence(question, page, shape), question)


class Cuboids:
    """``{"cuboids": [{"label": "van", "center-x": ..., ...}], "frameAttributes": {}}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the cuboids of the former label, else none."""
        initial = _initial_frame(question)
        return self._answer(initial or Frame(), initial)

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true cuboids; one that goes wrong is overlooked, or called something else."""
        drawn = _drawn(read_frame(Cuboid, truth), question, slips, _UNBOUNDED)
        return self._answer(drawn, _initial_frame(question))

    def _answer(self, frame: Frame[Cuboid], initial: Frame[Cuboid] | None) -> dict[str, object]:
        named = _with_names(FrameSequence((frame,)), tracking=False).frames[0]
        answer: dict[str, object] = {
            "cuboids": [_written(each) for each in named.objects],
            "frameAttributes": attribute_values(frame.attributes),
        }
        if initial is not None:
            answer["initialValueModified"] = frame.objects != initial.objects
        return answer


class Points:
    """``{"labels": ["road"], "points": "<classes, compressed and in base64>", "frameAttributes": {}}``."""

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the classes of the former label, else the background for every point."""
        initial = _initial_points(question, page)
        background = PointClasses(question.choices(), bytes(_number_of_points(question, page)))
        return self._answer(initial or background, initial)

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true classes; of the points that belong to something each one errs by itself."""
        known = read_point_classes(truth)
        if slips.accuracy < 1 or slips.confusion is not None:
            names, choices = (*known.labels,), question.choices()
            code = {label: number for number, label in enumerate(choices, start=1)}
            said = bytes(code[slips.said(names[each - 1], choices)] if each else 0 for each in known.classes)
            known = PointClasses(choices, said, known.attributes)
        return self._answer(known, _initial_points(question, page))

    def _answer(self, points: PointClasses, initial: PointClasses | None) -> dict[str, object]:
        answer: dict[str, object] = {
            "labels": list(points.labels),
            "points": b64encode(compress_points(points)).decode(),
            "frameAttributes": attribute_values(points.attributes),
        }
        if initial is not None:
            answer["initialValueModified"] = points.classes != initial.classes
        return answer


def _shape_of(question: Question) -> type[Any]:
    """Return what is marked, as the element's attribute says; without it, cuboids."""
    told = question.element.attributes.get("annotation-type")
    return Cuboid if told is None else _SHAPES[told]


def _tracking(question: Question) -> bool:
    return "tracking" in question.element.attributes


def _attribute(question: Question, name: str) -> Any:
    """Return an attribute that holds JSON; None if it is not there, or its Liquid found nothing."""
    text = question.element.attributes.get(name, "").strip()
    return parse_attribute(text) if text else None


def _task_object(question: Question) -> Mapping[str, Any]:
    given = _attribute(question, "task-object")
    return given if isinstance(given, Mapping) else {}


def _all_frames(known: FrameSequence[Any], question: Question) -> FrameSequence[Any]:
    """Return a sequence with every frame of the task's: those that nobody speaks of are empty."""
    by_name = {frame.name: frame for frame in known.frames}
    by_number = {frame.number: frame for frame in known.frames if frame.name is None}
    asked = _task_object(question).get("frames") or ()
    if not asked:
        return known
    frames = []
    for place, each in enumerate(asked):
        number = int(each.get("frame-no", place))
        found = by_name.get(each["frame"]) or by_number.get(number) or Frame()
        frames.append(replace(found, number=number, name=str(each["frame"])))
    return FrameSequence(tuple(frames))


def _image_size(question: Question, page: Page) -> tuple[float, float]:
    """Return the size of the first frame's image; without a bound if it can't be read."""
    task_object = _task_object(question)
    names = [each["frame"] for each in task_object.get("frames") or ()]
    image = page.content_at(f"{task_object.get('prefix', '')}{names[0]}") if names else None
    return (size_of(image) if image else None) or _UNBOUNDED


def _drawn(frame: Frame[Any], question: Question, slips: Slips, size: tuple[float, float]) -> Frame[Any]:
    """Return a frame as somebody marks it who errs."""
    choices = question.choices()
    objects = []
    for each in frame.objects:
        label = slips.seen(each.shape.label, choices)
        if label is not None:
            shape = _moved(replace(each.shape, label=label, confidence=None), slips, size)
            objects.append(replace(each, shape=shape))
    return replace(frame, objects=tuple(objects))


def _moved(shape: Any, slips: Slips, size: tuple[float, float]) -> Any:
    """Move a shape by pixels, the middle of a cuboid by centimetres."""
    if not isinstance(shape, Cuboid):
        return moved_shape(shape, slips, size)
    if not slips.jitter:
        return shape
    x, y, z = (
        slips.rng.gauss(place, slips.jitter / 100)
        for place in (shape.center_x, shape.center_y, shape.center_z)
    )
    return replace(shape, center_x=x, center_y=y, center_z=z)


def _initial_sequence(question: Question, page: Page, shape: type[Any]) -> FrameSequence[Any] | None:
    """Return the former label, from its file; None if there is none."""
    content = _file_at(question, page)
    if content is None:
        return None
    _, sequence = read_sequence_label(content, _metadata(question).get("class-map") or {})
    return _all_frames(read_sequence(shape, sequence), question)


def _initial_frame(question: Question) -> Frame[Cuboid] | None:
    value = _attribute(question, "initial-value")
    if value is None:
        return None
    metadata = _metadata(question)
    class_map = metadata.get("class_map") or metadata.get("class-map") or {}
    told = read_frame(Cuboid, {"attributes": metadata.get("dataset-object-attributes")})
    return replace(read_frame(Cuboid, value, class_map=class_map), attributes=told.attributes)


def _initial_points(question: Question, page: Page) -> PointClasses | None:
    content = _file_at(question, page)
    if content is None:
        return None
    metadata = _metadata(question)
    colors = metadata.get("color-map") or {}
    names = [colors[str(number)]["class-name"] for number in range(1, len(colors))]
    return read_compressed_points(content, names, metadata.get("dataset-object-attributes"))


def _metadata(question: Question) -> Mapping[str, Any]:
    """Return the metadata of the former label."""
    metadata = _attribute(question, "initial-metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _file_at(question: Question, page: Page) -> bytes | None:
    address = _attribute(question, "initial-value")
    return page.content_at(address) if isinstance(address, str) else None


def _number_of_points(question: Question, page: Page) -> int:
    """Return how many points the frame has: by its format a line each, or so many packed numbers."""
    frame = _task_object(question)
    address = str(frame.get("frame", ""))
    content = page.content_at(address) or b""
    kind, _, fields = str(
        frame.get("format") or ("text/xyzi" if address.endswith(".txt") else "binary/xyzi")
    ).partition("/")
    if kind == "text":
        return sum(1 for line in content.splitlines() if line.strip())
    return len(content) // (_FOUR_BYTES * len(fields))


def _answer(
    shape: type[Any], drawn: FrameSequence[Any], initial: FrameSequence[Any] | None, question: Question
) -> dict[str, object]:
    named = _with_names(drawn, tracking=True) if _tracking(question) else drawn
    answer: dict[str, object] = {
        "frames": [
            {
                "frameNumber": str(frame.number),
                "frame": frame.name,
                _KEYS[shape]: [_written(each) for each in frame.objects],
                "frameAttributes": attribute_values(frame.attributes),
            }
            for frame in named.frames
        ]
    }
    if initial is not None:
        answer["initialValueModified"] = drawn != initial
    return answer


def _with_names(sequence: FrameSequence[Any], *, tracking: bool) -> FrameSequence[Any]:
    """Return a sequence in which every thing has a name, ``van:1``, and in tracking an id.

    A thing without an id is taken for the one of that label which stands at its place in other frames.
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    frames = []
    for frame in sequence.frames:
        places: Counter[str] = Counter()
        objects = []
        for each in frame.objects:
            label = each.shape.label
            places[label] += 1
            key = each.object_id or (f"{label}-{places[label]}" if tracking else f"{label}/{len(names)}")
            if key not in names:
                counts[label] += 1
                names[key] = each.object_name or f"{label}:{counts[label]}"
            object_id = key if tracking else each.object_id
            objects.append(replace(each, object_id=object_id, object_name=names[key]))
        frames.append(replace(frame, objects=tuple(objects)))
    return FrameSequence(tuple(frames))


def _written(each: FrameObject[Any]) -> dict[str, Any]:
    """Return a thing as workers' responses have it: without a confidence, and with an id only where there is one."""
    place = cast("dict[str, Any]", to_value(each.shape))
    written = {key: value for key, value in place.items() if key != "confidence"}
    if isinstance(each.shape, Cuboid):
        written = {key.replace("_", "-"): value for key, value in written.items()}
    names = {"objectId": each.object_id, "objectName": each.object_name}
    written |= {key: value for key, value in names.items() if value is not None}
    written["labelCategoryAttributes"] = attribute_values(each.attributes)
    return written
