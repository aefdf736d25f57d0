"""Labels as the lines of Ground Truth's manifests have them: a value and its metadata, by the family of the label.

Classes are numbered from 0 in the order of the task's labels. A confidence that nobody knows is 0, as Ground Truth
writes it for one worker: readers of manifests expect a number.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from hitl_sdk._image_shapes import clip, whole_edges
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, mask_colors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitl_sdk.labels import Mask, Shapes, Span

__all__ = [
    "BACKGROUND",
    "Known",
    "ManifestEntry",
    "box_entry",
    "check_classes_of_pixels",
    "instances_entry",
    "one_entry",
    "semantic_entry",
    "several_entry",
    "span_entry",
]

BACKGROUND = "BACKGROUND"
"""How Ground Truth calls class 0 of a mask."""

_MOST_CLASSES = 255  # of one byte a pixel, which is what training reads
_WHITE = (255, 255, 255)
_CHANNELS = 3  # which no label tells; Ground Truth always writes it


class Known(NamedTuple):
    """What is known of a label: how sure it is, how sure each of several is, and how large its image is."""

    confidence: float | None
    label_confidences: Mapping[str, float | None]
    image_size: tuple[int, int] | None


class ManifestEntry(NamedTuple):
    """What a manifest line says of a label.

    Attributes
    ----------
    value : object
        What stands under the label attribute; None for a mask or another file, whose value is its address.
    metadata : dict
        Of the label: classes and confidences. What all lines have (type, job, time) is not in it.
    png : bytes or None
        The picture of a mask.
    file : tuple of str and bytes, or None
        Name and content of another file that is the label: a ``SeqLabel.json``, or classes of points.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=["bad", "good"], title="Find the mood")
    >>> task.manifest_entry("good", confidence=0.9)
    ManifestEntry(value=1, metadata={'class-name': 'good', 'confidence': 0.9}, png=None, file=None)
    """

    value: object
    metadata: dict[str, object]
    png: bytes | None = None
    file: tuple[str, bytes] | None = None


def one_entry(label: str, names: Sequence[str], confidence: float | None) -> ManifestEntry:
    """Return the entry of one class."""
    return ManifestEntry(names.index(label), {"class-name": label, "confidence": _known(confidence)})


def several_entry(
    labels: Sequence[str], names: Sequence[str], confidences: Mapping[str, float | None]
) -> ManifestEntry:
    """Return the entry of several classes."""
    numbers = [names.index(label) for label in labels]
    known = [_known(confidences.get(label)) for label in labels]
    return ManifestEntry(
        numbers,
        {
            "class-map": dict(zip(map(str, numbers), labels, strict=True)),
            "confidence-map": dict(zip(map(str, numbers), known, strict=True)),
        },
    )


def box_entry(label: Shapes[Box], names: Sequence[str], image_size: tuple[int, int] | None) -> ManifestEntry:
    """Return the entry of boxes, cut off at the image's edges and rounded to whole pixels.

    Raises
    ------
    InvalidInputError
        If nobody says how large the image is, or nothing of a box is inside it.
    """
    width, height = (label.image_width, label.image_height) if image_size is None else image_size
    if not width or not height:
        raise InvalidInputError(
            "the label has no image size", hint="put image_width and image_height into it, in pixels"
        )
    annotations = []
    for box in label.shapes:
        inside = clip(box, width, height)
        if not isinstance(inside, Box):
            raise InvalidInputError(
                f"the label has a {box.label!r} of which nothing is inside the image", hint="mend or drop it"
            )
        left, top, right, bottom = whole_edges(inside, width, height)
        annotations.append(
            {
                "class_id": names.index(box.label),
                "left": left,
                "top": top,
                "width": right - left,
                "height": bottom - top,
            }
        )
    size = {"width": width, "height": height, "depth": _CHANNELS}
    return ManifestEntry(
        {"image_size": [size], "annotations": annotations},
        {
            "objects": [{"confidence": _known(box.confidence)} for box in label.shapes],
            "class-map": {str(names.index(box.label)): box.label for box in label.shapes},
        },
    )


def span_entry(label: Sequence[Span], names: Sequence[str]) -> ManifestEntry:
    """Return the entry of spans, with all labels of the task beside them."""
    entities = [
        {"label": span.label, "startOffset": span.start_offset, "endOffset": span.end_offset}
        for span in label
    ]
    return ManifestEntry(
        {"annotations": {"labels": [{"label": name} for name in names], "entities": entities}},
        {"entities": [{"confidence": _known(span.confidence)} for span in label]},
    )


def semantic_entry(label: Mask, names: Sequence[str], confidence: float | None) -> ManifestEntry:
    """Return the entry of a semantic mask, with a PNG on white.

    Raises
    ------
    InvalidInputError
        If the numbers of the classes need more than a byte.
    """
    check_classes_of_pixels(names)
    classes = [(BACKGROUND, "#{:02x}{:02x}{:02x}".format(*_WHITE)), *mask_colors(names)]
    colors = {
        str(number): {"class-name": name, "hex-color": color, "confidence": _known(confidence)}
        for number, (name, color) in enumerate(classes)
    }
    return ManifestEntry(None, {"internal-color-map": colors}, _on_white(label.png))


def instances_entry(label: Mask) -> ManifestEntry:
    """Return the entry of a mask of instances, for which Ground Truth has no form: the label of each number."""
    return ManifestEntry(
        None, {"class-map": {str(n): name for n, name in enumerate(label.labels, start=1)}}, label.png
    )


def check_classes_of_pixels(names: Sequence[str]) -> None:
    """Refuse more classes than a byte has numbers for.

    Raises
    ------
    InvalidInputError
        If there are more.
    """
    if len(names) > _MOST_CLASSES:
        raise InvalidInputError(
            f"{len(names)} classes do not fit one byte a pixel", hint=f"use at most {_MOST_CLASSES}"
        )


def _known(confidence: float | None) -> float:
    return 0.0 if confidence is None else float(confidence)


def _on_white(png: bytes) -> bytes:
    """Return a PNG with a palette whose first colour is white, as the color map says of the background."""
    from PIL import Image

    image = Image.open(BytesIO(png))
    palette = image.getpalette() or []
    image.putpalette([*_WHITE, *palette[len(_WHITE) :]])
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()
