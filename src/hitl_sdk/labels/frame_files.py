"""The files in which Ground Truth keeps labels of frames and points: ``SeqLabel.json``, and classes in ``.zlib``.

The forms: Amazon SageMaker developer guide, "Labeling job output data".
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._plain import read_list
from hitl_sdk.labels.frames import read_point_classes, read_sequence
from hitl_sdk.labels.types import Box, Cuboid, FrameSequence, Keypoint, PointClasses, Polygon, Polyline
from hitl_sdk.labels.values import to_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitl_sdk.labels.types import Attribute, Frame, FrameObject, PlacedT

__all__ = [
    "attribute_values",
    "compress_points",
    "read_compressed_points",
    "read_sequence_label",
    "sequence_label",
    "written_objects",
]

_SHAPES: Mapping[str, type[Any]] = {"polygons": Polygon, "polylines": Polyline, "keypoints": Keypoint}
_LISTS: Mapping[type[Any], str] = {shape: name for name, shape in _SHAPES.items()}
_SEQUENCES = ("tracking-annotations", "detection-annotations")

# Far more than a task may have (500,000 are recommended); few compressed bytes may fill the memory.
_MOST_POINTS = 100_000_000


def read_sequence_label(
    content: bytes | str | Mapping[str, Any], class_map: Mapping[str, str]
) -> tuple[type[Any], FrameSequence[Any]]:
    """Read a ``SeqLabel.json``, of whatever was marked in it.

    Parameters
    ----------
    content : bytes, str or mapping
        The file, or its JSON.
    class_map : mapping of str to str
        The name of each class number: ``class-map`` in the metadata of the manifest's line.

    Returns
    -------
    shape : type
        `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`; `Box` if nothing tells.
    sequence : FrameSequence
        Of such things.

    Raises
    ------
    ValueError
        If it is no such file; the message says why.

    Examples
    --------
    >>> van = '{"class-id": "0", "x": 5, "y": 6, "object-id": "a1", "label-category-attributes": {"hidden": "no"}}'
    >>> frame = '{"frame-no": "0", "frame": "f_0001.jpg", "frame-attributes": {}, "keypoints": [' + van + "]}"
    >>> shape, sequence = read_sequence_label('{"tracking-annotations": [' + frame + "]}", {"0": "van"})
    >>> shape.__name__, sequence.frames[0].objects[0].shape.label
    ('Keypoint', 'van')
    """
    document = content if isinstance(content, Mapping) else _loaded(content)
    name = next((name for name in _SEQUENCES if isinstance(document, Mapping) and name in document), None)
    if name is None:
        raise ValueError(f"it has neither {' nor '.join(_SEQUENCES)}")
    frames = read_list(document[name], name)
    shape = _shape_in(frames)
    return shape, read_sequence(shape, frames, class_map=class_map)


def sequence_label(
    shape: type[PlacedT], sequence: FrameSequence[PlacedT], labels: Sequence[str], *, tracking: bool
) -> dict[str, Any]:
    """Return the document of a ``SeqLabel.json``; confidences have no place in it.

    Parameters
    ----------
    shape : type
        What was marked.
    sequence : FrameSequence
        The label.
    labels : sequence of str
        All labels, in whose order classes are numbered.
    tracking : bool
        Whether things are the same over frames. Detection has neither ids nor names of things.

    Raises
    ------
    ValueError
        If a thing has a label that is none of these.

    Examples
    --------
    >>> from hitl_sdk.labels import Frame, FrameObject
    >>> sequence = FrameSequence((Frame(0, "f_0001.jpg", (FrameObject(Keypoint("van", 5, 6)),)),))
    >>> sequence_label(Keypoint, sequence, ["bus", "van"], tracking=False)["detection-annotations"][0]["keypoints"]
    [{'x': 5, 'y': 6, 'class-id': '1', 'label-category-attributes': {}}]
    """
    name = "tracking-annotations" if tracking else "detection-annotations"
    return {name: [_frame(shape, frame, labels, tracking=tracking) for frame in sequence.frames]}


def written_objects(
    objects: Iterable[FrameObject[Any]], labels: Sequence[str], *, ids: bool = False, names: bool = False
) -> list[dict[str, Any]]:
    """Return the things of a frame as Ground Truth writes them: cuboids with class numbers, others with texts of these.

    Raises
    ------
    ValueError
        If a thing has a label that is none of these.
    """
    written = []
    for each in objects:
        entry: dict[str, Any] = {
            name.replace("_", "-"): value
            for name, value in cast("dict[str, Any]", to_value(each.shape)).items()
            if name not in {"label", "confidence"}
        }
        if isinstance(each.shape, Polygon):
            entry["vertices"] = [*entry["vertices"], entry["vertices"][0]]
        if each.shape.label not in labels:
            raise ValueError(f"a thing is called {each.shape.label!r}, the labels are {list(labels)}")
        number = labels.index(each.shape.label)
        entry["class-id"] = number if isinstance(each.shape, Cuboid) else str(number)
        entry["label-category-attributes"] = attribute_values(each.attributes)
        if ids and each.object_id is not None:
            entry["object-id"] = each.object_id
        if names and each.object_name is not None:
            entry["object-name"] = each.object_name
        written.append(entry)
    return written


def attribute_values(attributes: Iterable[Attribute]) -> dict[str, str]:
    """Return attributes as Ground Truth writes them: values by name."""
    return {attribute.name: attribute.value for attribute in attributes}


def read_compressed_points(content: bytes, labels: Sequence[str], attributes: object = None) -> PointClasses:
    """Read a ``.zlib`` file: a byte a point.

    Parameters
    ----------
    content : bytes
        The file.
    labels : sequence of str
        What class 1, 2, ... stands for: ``color-map`` in the metadata of the manifest's line, without 0.
    attributes : mapping of str to str, optional
        What was said of the frame: ``dataset-object-attributes`` in the same metadata.

    Raises
    ------
    ValueError
        If it is no such file, or a point is of a class without a name.

    Examples
    --------
    >>> points = PointClasses(("road", "tree"), bytes([0, 1, 1, 2]))
    >>> read_compressed_points(compress_points(points), ["road", "tree"]) == points
    True
    """
    reader = zlib.decompressobj()
    try:
        classes = reader.decompress(content, _MOST_POINTS)
    except zlib.error as error:
        raise ValueError(f"the classes of points are no zlib stream: {error}") from None
    if not reader.eof:
        raise ValueError(f"the classes of points are cut short, or more than {_MOST_POINTS:,}")
    return read_point_classes({"labels": labels, "classes": classes, "attributes": attributes})


def compress_points(points: PointClasses) -> bytes:
    """Return the content of a ``.zlib`` file.

    Parameters
    ----------
    points : PointClasses
        The label.

    Examples
    --------
    >>> list(zlib.decompress(compress_points(PointClasses(("road",), bytes([0, 1])))))
    [0, 1]
    """
    return zlib.compress(points.classes)


def _loaded(content: bytes | str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("it is no whole JSON document") from None


def _shape_in(frames: Iterable[object]) -> type[Any]:
    """Return what is marked in frames, by the name of their lists and by what boxes and cuboids have."""
    for frame in frames:
        entries = frame if isinstance(frame, Mapping) else {}
        for name, shape in _SHAPES.items():
            if name in entries:
                return shape
        marked = entries.get("annotations")
        if isinstance(marked, list) and marked and isinstance(marked[0], Mapping):
            return Cuboid if "center-x" in marked[0] else Box
    return Box


def _frame(
    shape: type[PlacedT], frame: Frame[PlacedT], labels: Sequence[str], *, tracking: bool
) -> dict[str, Any]:
    objects = written_objects(frame.objects, labels, ids=tracking, names=tracking)
    attributes = attribute_values(frame.attributes)
    if shape is Cuboid:
        return {
            "frame-number": frame.number,
            "frame-name": frame.name,
            "frame-attributes": attributes,
            "annotations": objects,
        }
    # Numbers are texts in genuine files.
    number = None if frame.number is None else str(frame.number)
    return {
        _LISTS.get(shape, "annotations"): objects,
        "frame-no": number,
        "frame": frame.name,
        "frame-attributes": attributes,
    }
