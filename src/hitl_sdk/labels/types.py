"""What a label is: a text, several, or one of the structures below. The same for people and models.

Coordinates are pixels from the top left corner of the image, in point clouds metres; offsets count Unicode characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

__all__ = [
    "Attribute", "Box", "Cuboid", "FormField", "Frame", "FrameObject", "FrameSequence", "Keypoint", "Label",
    "LabelType", "Mask", "PartT", "PlacedT", "Point", "PointClasses", "Polygon", "Polyline", "ScoredLabel", "ShapeT",
    "Shapes", "Span",
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


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A box around one thing in a 3D point cloud.

    Attributes
    ----------
    label : str
        What it is.
    center_x, center_y, center_z : float
        Its middle, in metres, in the coordinates of the point cloud.
    length, width, height : float
        Along its own x, y and z axis, in metres.
    roll, pitch, yaw : float
        Its rotation in radians; yaw turns counter-clockwise as seen from above.
    confidence : float or None
        How sure, 0 to 1.

    Examples
    --------
    >>> Cuboid("van", center_x=8, center_y=-3, center_z=1, length=5, width=2, height=2.2, yaw=1.5).yaw
    1.5
    """

    label: str
    center_x: float
    center_y: float
    center_z: float
    length: float
    width: float
    height: float
    roll: float = 0
    pitch: float = 0
    yaw: float = 0
    confidence: float | None = None


ShapeT = TypeVar("ShapeT", Box, Polygon, Polyline, Keypoint)
PlacedT = TypeVar("PlacedT", Box, Polygon, Polyline, Keypoint, Cuboid)


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
class ScoredLabel:
    """One of the labels of an item, how sure it is, and who says so.

    Attributes
    ----------
    label : str
        What the item shows, or is about.
    confidence : float or None
        How sure, 0 to 1; None where nobody said.
    source : {"model", "human"} or None
        Who says so.

    Examples
    --------
    >>> ScoredLabel("Polo shirt", 1.0, "human").label
    'Polo shirt'
    """

    label: str
    confidence: float | None = None
    source: Literal["model", "human"] | None = None


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


@dataclass(frozen=True, slots=True)
class Attribute:
    """What was said of a thing, or of a whole frame, beside its label.

    Attributes
    ----------
    name : str
        As the label category configuration has it.
    value : str
        What was chosen, written, or the number as a text.

    Examples
    --------
    >>> Attribute("occluded", "no").value
    'no'
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FrameObject(Generic[PlacedT]):
    """One thing in one frame.

    Attributes
    ----------
    shape : Box, Polygon, Polyline, Keypoint or Cuboid
        Where it is, and what.
    object_id : str or None
        The same in all frames that show this thing; None where things are not tracked.
    object_name : str or None
        For people: ``"van:1"``.
    attributes : tuple of Attribute
        What was said of it.

    Examples
    --------
    >>> FrameObject(Box("van", 5, 6, 20, 10), object_id="a1", object_name="van:1").shape.label
    'van'
    """

    shape: PlacedT
    object_id: str | None = None
    object_name: str | None = None
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame(Generic[PlacedT]):
    """What was marked in one frame, of a video or a point cloud.

    Attributes
    ----------
    number : int or None
        As the sequence has it; None of a frame that stands alone.
    name : str or None
        Of its file, without the sequence's prefix.
    objects : tuple of FrameObject
        In the order in which they were marked.
    attributes : tuple of Attribute
        What was said of the frame as a whole.

    Examples
    --------
    >>> Frame(0, "f_0001.jpg", (FrameObject(Keypoint("nose", 155, 275)),)).objects[0].shape.x
    155
    """

    number: int | None = None
    name: str | None = None
    objects: tuple[FrameObject[PlacedT], ...] = ()
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameSequence(Generic[PlacedT]):
    """What was marked in a sequence of frames.

    Attributes
    ----------
    frames : tuple of Frame
        In the order of the sequence; those in which nothing was marked may be missing.

    Examples
    --------
    >>> van = FrameObject(Box("van", 5, 6, 20, 10), object_id="a1")
    >>> len(FrameSequence((Frame(0, "f_0001.jpg", (van,)), Frame(1, "f_0002.jpg", (van,)))).frames)
    2
    """

    frames: tuple[Frame[PlacedT], ...] = ()


@dataclass(frozen=True, slots=True)
class PointClasses:
    """Which points of a point cloud belong to what.

    Attributes
    ----------
    labels : tuple of str
        What class 1, 2, ... stands for; 0 is the background.
    classes : bytes
        One a point, in the order of the points.
    attributes : tuple of Attribute
        What was said of the frame as a whole.

    Examples
    --------
    >>> list(PointClasses(("road", "tree"), bytes([0, 1, 1, 2])).classes)
    [0, 1, 1, 2]
    """

    labels: tuple[str, ...]
    classes: bytes
    attributes: tuple[Attribute, ...] = ()


PartT = TypeVar("PartT", Box, Polygon, Polyline, Keypoint, Cuboid, Span, FormField, ScoredLabel)

Label: TypeAlias = (
    str
    | tuple[str, ...]
    | tuple[Span, ...]
    | tuple[FormField, ...]
    | tuple[ScoredLabel, ...]
    | Shapes[Box]
    | Shapes[Polygon]
    | Shapes[Polyline]
    | Shapes[Keypoint]
    | Mask
    | Frame[Cuboid]
    | FrameSequence[Box]
    | FrameSequence[Polygon]
    | FrameSequence[Polyline]
    | FrameSequence[Keypoint]
    | FrameSequence[Cuboid]
    | PointClasses
    | Mapping[str, object]
)
"""Any label. A mapping is the label of a form, one entry a field."""

LabelType: TypeAlias = "type[str | float | int | bool | bytes] | list[LabelType] | dict[str, LabelType]"
"""The shape of a label's value in a frame: a scalar, ``[T]`` for a list of T, ``{name: T}`` for a structure."""
