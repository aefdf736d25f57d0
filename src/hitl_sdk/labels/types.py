"""What a label is: a text, several, or one of the structures below. The same for people and models.

Coordinates are pixels from the top left corner of the image; offsets count Unicode characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

__all__ = [
    "Box", "FormField", "Keypoint", "Label", "LabelType", "Mask", "PartT", "Point", "Polygon", "Polyline",
    "ShapeT", "Shapes", "Span",
]  # fmt: skip


class Point(NamedTuple):
    """A place in an image, in pixels.

    Examples
    --------
    >>> Point(3, 4).y
    4
    """

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around one thing.

    Attributes
    ----------
    label : str
        What it is.
    left, top, width, height : float
        In pixels.
    confidence : float or None
        How sure, 0 to 1; None where nobody said.

    Examples
    --------
    >>> Box("cat", left=10, top=12, width=90, height=60).width
    90
    """

    label: str
    left: float
    top: float
    width: float
    height: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; the last vertex joins the first.

    Attributes
    ----------
    label : str
        What it is.
    vertices : tuple of Point
        Three or more, in order.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> len(Polygon("roof", (Point(0, 0), Point(4, 0), Point(2, 3))).vertices)
    3
    """

    label: str
    vertices: tuple[Point, ...]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Polyline:
    """An open line; of two vertices it is a straight one.

    Attributes
    ----------
    label : str
        What it is.
    vertices : tuple of Point
        Two or more, in order.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> Polyline("lane", (Point(0, 0), Point(4, 0))).label
    'lane'
    """

    label: str
    vertices: tuple[Point, ...]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Keypoint:
    """One marked place.

    Attributes
    ----------
    label : str
        What it is.
    x, y : float
        In pixels.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> Keypoint("nose", 155, 275).x
    155
    """

    label: str
    x: float
    y: float
    confidence: float | None = None


ShapeT = TypeVar("ShapeT", Box, Polygon, Polyline, Keypoint)


@dataclass(frozen=True, slots=True)
class Shapes(Generic[ShapeT]):
    """What was drawn on one image: the label of boxes, polygons, polylines and keypoints.

    Attributes
    ----------
    shapes : tuple
        In the order in which they were drawn; empty if there is nothing to mark.
    image_width, image_height : int or None
        Of the image, in pixels; None where nobody said.

    Examples
    --------
    >>> Shapes((Box("cat", 10, 12, 90, 60),), image_width=640, image_height=480).shapes[0].label
    'cat'
    """

    shapes: tuple[ShapeT, ...] = ()
    image_width: int | None = None
    image_height: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text.

    Attributes
    ----------
    label : str
        What it is.
    start_offset, end_offset : int
        In Unicode characters; the end is the first character that is not in it.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> span = Span("city", 8, 12)
    >>> "I am in Rome"[span.start_offset : span.end_offset]
    'Rome'
    """

    label: str
    start_offset: int
    end_offset: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a document's form: what it is called and what stands in it.

    Attributes
    ----------
    key : str
        As it stands in the document.
    value : str
        As it stands in the document; empty if nothing does.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> FormField("Due date", "3 May").value
    '3 May'
    """

    key: str
    value: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """Which pixels of an image belong to what.

    Attributes
    ----------
    width, height : int
        In pixels.
    labels : tuple of str
        What pixel value 1, 2, ... stands for; 0 is the background. In a semantic mask each label stands there once,
        in an instance mask once for every instance.
    png : bytes
        A PNG of one channel, whose pixel values these are.

    Examples
    --------
    >>> Mask(2, 1, ("road",), png=b"...").labels
    ('road',)
    """

    width: int
    height: int
    labels: tuple[str, ...]
    png: bytes


PartT = TypeVar("PartT", Box, Polygon, Polyline, Keypoint, Span, FormField)

Label: TypeAlias = (
    str
    | tuple[str, ...]
    | tuple[Span, ...]
    | tuple[FormField, ...]
    | Shapes[Box]
    | Shapes[Polygon]
    | Shapes[Polyline]
    | Shapes[Keypoint]
    | Mask
    | Mapping[str, object]
)
"""Any label. A mapping is the label of a form, one entry a field."""

LabelType: TypeAlias = "type[str | float | int | bool | bytes] | list[LabelType] | dict[str, LabelType]"
"""The shape of a label's value in a frame: a scalar, ``[T]`` for a list of T, ``{name: T}`` for a structure."""
