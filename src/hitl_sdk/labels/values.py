"""Labels to the plain values that frames and files hold, and back.

`to_value` writes; its shape is the `LabelType` that `part_type`, `shapes_type` and `mask_type` tell. The readers are
tolerant, for they also read what crowd elements answer and what models say.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import islice
from typing import Any, cast

from hitl_sdk._plain import one_or_several, read_list, shown
from hitl_sdk.labels._scalars import read_confidence, read_number, read_size, read_text, read_whole
from hitl_sdk.labels.types import (
    Box,
    Cuboid,
    FormField,
    Keypoint,
    LabelType,
    Mask,
    PartT,
    Point,
    Polygon,
    Polyline,
    ScoredLabel,
    Shapes,
    ShapeT,
    Span,
)

__all__ = [
    "mask_type",
    "part_type",
    "read_mask",
    "read_part",
    "read_parts",
    "read_shapes",
    "shapes_type",
    "to_value",
]

# Crowd elements write these.
_ALIASES = {"start_offset": "startOffset", "end_offset": "endOffset"}

_PLAIN = frozenset({str, float, int, bool, bytes, type(None)})
_VERTICES: LabelType = [{"x": float, "y": float}]
_PART_TYPES: Mapping[type, LabelType] = {
    Box: {"label": str, "left": float, "top": float, "width": float, "height": float, "confidence": float},
    Polygon: {"label": str, "vertices": _VERTICES, "confidence": float},
    Polyline: {"label": str, "vertices": _VERTICES, "confidence": float},
    Keypoint: {"label": str, "x": float, "y": float, "confidence": float},
    Cuboid: {
        "label": str,
        **dict.fromkeys(("center_x", "center_y", "center_z", "length", "width", "height"), float),
        **dict.fromkeys(("roll", "pitch", "yaw", "confidence"), float),
    },
    Span: {"label": str, "start_offset": int, "end_offset": int, "confidence": float},
    FormField: {"key": str, "value": str, "confidence": float},
    ScoredLabel: {"label": str, "confidence": float, "source": str},
}


def part_type(part: type) -> LabelType:
    """Return the shape of the value of a part: `Box`, `Polygon`, `Polyline`, `Keypoint`, `Cuboid`, `Span`, `FormField`, `ScoredLabel`.

    Parameters
    ----------
    part : type
        One of these.

    Examples
    --------
    >>> part_type(FormField)
    {'key': <class 'str'>, 'value': <class 'str'>, 'confidence': <class 'float'>}
    """
    return _PART_TYPES[part]


def shapes_type(shape: type) -> LabelType:
    """Return the shape of the value of `Shapes` of one kind.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline` or `Keypoint`.

    Examples
    --------
    >>> list(shapes_type(Box))
    ['shapes', 'image_width', 'image_height']
    """
    return {"shapes": [part_type(shape)], "image_width": int, "image_height": int}


def mask_type() -> LabelType:
    """Return the shape of the value of a `Mask`.

    Examples
    --------
    >>> list(mask_type())
    ['width', 'height', 'labels', 'png']
    """
    return {"width": int, "height": int, "labels": [str], "png": bytes}


def to_value(label: object) -> object:
    """Return a label as frames hold it: texts, numbers and bytes, in lists and dicts.

    Parameters
    ----------
    label : object
        A label, or a part of one; arrays of numpy become lists.

    Examples
    --------
    >>> to_value((Span("city", 8, 12),))
    [{'label': 'city', 'start_offset': 8, 'end_offset': 12, 'confidence': None}]
    """
    if type(label) in _PLAIN:  # numpy has subclasses of these
        return label
    if is_dataclass(label) and not isinstance(label, type):
        return {name: to_value(getattr(label, name)) for name in _field_names(cast("Hashable", type(label)))}
    if isinstance(label, Point):
        return label._asdict()
    if isinstance(label, tuple | list):
        return [to_value(part) for part in label]
    if isinstance(label, Mapping):
        return {str(key): to_value(part) for key, part in label.items()}
    # numpy has arrays and scalars of its own, and pandas may hold lists as such arrays.
    to_list = getattr(label, "tolist", None)
    return label if to_list is None else to_value(to_list())


@cache
def _required(part: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(part) if field.default is MISSING)


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def read_part(part: type[PartT], value: object) -> PartT:
    """Read one part of a label: as an object of its own, as `to_value` writes it, or as a crowd element does.

    Tolerated, because genuine files have it: numbers as text, zero-width characters in labels.

    Parameters
    ----------
    part : type
        `Box`, `Polygon`, `Polyline`, `Keypoint`, `Cuboid`, `Span`, `FormField` or `ScoredLabel`.
    value : object
        For example ``{"label": "cat", "left": "10", "top": 12, "width": 90, "height": 60}``.

    Raises
    ------
    ValueError
        If it is none; the message says why.

    Examples
    --------
    >>> read_part(Keypoint, {"label": "nose", "x": "155", "y": 275})
    Keypoint(label='nose', x=155, y=275, confidence=None)
    """
    given = to_value(value) if is_dataclass(value) else value
    if not isinstance(given, Mapping):
        raise ValueError(f"a {part.__name__.lower()} is {type(value).__name__}, no object")
    entries = {
        field.name: given.get(field.name, given.get(_ALIASES.get(field.name))) for field in fields(part)
    }
    missing = [name for name in _required(cast("Hashable", part)) if entries[name] is None]
    if missing:
        there = ", ".join(map(str, islice(given, 10))) or "nothing"
        raise ValueError(f"a {part.__name__.lower()} has no {', '.join(missing)}, but {there}")
    read = {name: _READERS[name](entry, name) for name, entry in entries.items() if entry is not None}
    made = part(**read)  # type: ignore[arg-type]  # each reader gives its field's type
    _check(made)
    return made


def read_parts(part: type[PartT], value: object, *, what: str = "they") -> list[PartT]:
    """Read several parts of a label, of which there may be none.

    Parameters
    ----------
    part : type
        As in `read_part`.
    value : iterable or None
        One entry a part.
    what : str, default "they"
        What they are, for the message.

    Raises
    ------
    ValueError
        If it is no list, or one of them is none; the message says which and why.

    Examples
    --------
    >>> read_parts(FormField, [{"key": "Due", "value": "3 May"}, {"key": "Sum"}])
    Traceback (most recent call last):
    ValueError: number 2 of 2: a formfield has no value, but key
    """
    given = [] if value is None else read_list(value, what)
    read = []
    for number, each in enumerate(given, start=1):
        try:
            read.append(read_part(part, each))
        except ValueError as error:
            which = f"number {number} of {len(given)}: " if len(given) > 1 else ""
            raise ValueError(f"{which}{error}") from None
    return read


def read_shapes(
    shape: type[ShapeT], shapes: object, image_width: object = None, image_height: object = None
) -> Shapes[ShapeT]:
    """Read what was drawn on one image; nothing drawn may be null.

    Parameters
    ----------
    shape : type
        `Box`, `Polygon`, `Polyline` or `Keypoint`.
    shapes : object
        `Shapes`, their plain value, or a list of shapes.
    image_width, image_height : int, optional
        Of the image, in pixels, where the shapes come as a list.

    Raises
    ------
    ValueError
        If one of the shapes is none; the message says which and why.

    Examples
    --------
    >>> read_shapes(Keypoint, [{"label": "nose", "x": 1, "y": 2}], image_width="640", image_height=480).image_width
    640
    """
    if isinstance(shapes, Shapes):
        shapes = to_value(shapes)
    if isinstance(shapes, Mapping) and "shapes" in shapes:
        image_width, image_height = shapes.get("image_width"), shapes.get("image_height")
        shapes = shapes["shapes"]
    parts = tuple(read_parts(shape, shapes, what="the shapes"))
    return Shapes(parts, read_size(image_width), read_size(image_height))


def read_mask(value: object) -> Mask:
    """Read a mask as `to_value` writes it.

    Parameters
    ----------
    value : Mask or mapping
        A mask, or its plain value.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> read_mask({"width": 2, "height": 1, "labels": ["road"], "png": b"..."}).width
    2
    """
    if isinstance(value, Mask):
        value = to_value(value)
    if not isinstance(value, Mapping) or not {"width", "height", "labels", "png"} <= value.keys():
        raise ValueError("a mask is an object with width, height, labels and png")
    labels, png = value["labels"], value["png"]
    if not isinstance(png, bytes | bytearray | memoryview):
        raise ValueError(f"a mask's png is {type(png).__name__}, no bytes")
    width, height = read_whole(value["width"], "width"), read_whole(value["height"], "height")
    return Mask(
        width,
        height,
        tuple(read_text(each, "a mask's label") for each in read_list(labels, "a mask's labels")),
        bytes(png),
    )


def _vertices(value: object, name: str) -> tuple[Point, ...]:
    points = []
    for each in read_list(value, name):
        pair = [each.get("x"), each.get("y")] if isinstance(each, Mapping) else one_or_several(each)
        if len(pair) != 2:
            raise ValueError(f"a vertex is {shown(each)}, not x and y")
        x, y = pair
        points.append(Point(read_number(x, "x"), read_number(y, "y")))
    return tuple(points)


def _source(value: object, name: str) -> str:
    if isinstance(value, str) and value in {"model", "human"}:
        return str(value)
    raise ValueError(f"{name} is {shown(value)}, neither 'model' nor 'human'")


_READERS: Mapping[str, Callable[[object, str], object]] = {
    "label": read_text,
    "key": read_text,
    "value": read_text,
    **dict.fromkeys(("left", "top", "width", "height", "x", "y"), read_number),
    **dict.fromkeys(("center_x", "center_y", "center_z", "length", "roll", "pitch", "yaw"), read_number),
    "vertices": _vertices,
    "start_offset": read_whole,
    "end_offset": read_whole,
    "confidence": read_confidence,
    "source": _source,
}


def _check(part: Box | Polygon | Polyline | Keypoint | Cuboid | Span | FormField | ScoredLabel) -> None:
    if isinstance(part, Cuboid) and min(part.length, part.width, part.height) < 0:
        raise ValueError(f"a cuboid measures {part.length} x {part.width} x {part.height}")
    if isinstance(part, Box) and (part.width < 0 or part.height < 0):
        raise ValueError(f"a box is {part.width} wide and {part.height} high")
    if isinstance(part, Polygon | Polyline):
        fewest = 3 if isinstance(part, Polygon) else 2
        if len(part.vertices) < fewest:
            raise ValueError(
                f"a {type(part).__name__.lower()} has {len(part.vertices)} vertices, fewer than {fewest}"
            )
    if isinstance(part, Span) and not 0 <= part.start_offset < part.end_offset:
        raise ValueError(f"a span goes from {part.start_offset} to {part.end_offset}")
