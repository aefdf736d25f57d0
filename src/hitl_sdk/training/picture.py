"""One training row as a picture: the item with its label drawn on it, and what is known of the label."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from io import BytesIO
from itertools import cycle
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import (
    Box,
    Cuboid,
    FrameSequence,
    Keypoint,
    Mask,
    Polygon,
    Polyline,
    Shapes,
    Span,
    mask_pixels,
    to_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hitl_sdk.labels import Label
    from hitl_sdk.tasks import Task

__all__ = ["picture"]

_WIDTH = 640
_CHARACTER = 8.4  # the advance of a monospaced character of 14 pixels
_LINE = 20
_PER_LINE = int((_WIDTH - 20) / _CHARACTER)
_FACTS = (
    "item_id",
    "label",
    "label_source",
    "model_label",
    "confidence",
    "agreement",
    "n_workers",
    "tie",
    "reason",
)
_COLORS = ("#16a34a", "#db2777", "#2563eb", "#ea580c", "#9333ea", "#ca8a04", "#0891b2", "#dc2626")
_MEDIA_TYPES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def picture(row: Mapping[str, object], task: Task, *, image: bytes | None = None) -> str:
    """Return one training row as an SVG, for a notebook, a report or a look at what people said.

    Parameters
    ----------
    row : mapping
        A row of the training frame: ``frame.iloc[0]``, ``frame.row(0, named=True)`` or ``table.to_pylist()[0]``.
    task : Task
        Whose row it is; it reads the label.
    image : bytes, optional
        The item's image (PNG, JPEG, GIF or WebP), if the item is one, or that of the first frame. Boxes, outlines and
        masks are drawn on it.

    Returns
    -------
    str
        In a notebook ``IPython.display.SVG(picture(...))`` shows it; written to a file, a browser does.

    Raises
    ------
    InvalidInputError
        If the row is none of a training frame, or the image is none that can be shown.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> svg = picture({"item_id": "1", "item": "It broke", "label": "-1", "label_source": "human"}, task)
    >>> svg.startswith("<svg"), "It broke" in svg
    (True, True)
    """
    _check_row(row)
    label = _first_frame(_readable(row, task), image)
    colors = _Colors()
    parts, height = _item(cast("str", row["item"]), label, image, colors)
    for name in _FACTS:
        if not _is_missing(value := to_value(row.get(name))):
            for line in _wrapped(f"{name:<13} {_told(value)}"):
                height += _LINE
                parts.append(_text(10, height - 6, line))
    height += 8
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {_WIDTH} {height:g}" font-family="monospace" font-size="14">'
    )
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{height:g}" fill="white"/>', *parts, "</svg>\n"])


def _check_row(row: object) -> None:
    hint = "give a row of a training frame: frame.iloc[0], frame.row(0, named=True) or table.to_pylist()[0]"
    names = getattr(row, "keys", None)  # of a mapping, and of a row of pandas
    if names is None:
        raise InvalidInputError(f"the row is {type(row).__name__}, no mapping", hint=hint)
    if not {"item", "label"} <= set(names()):
        raise InvalidInputError(
            f"the row has no item and label, but {', '.join(map(str, names()))}", hint=hint
        )
    item = row["item"]  # type: ignore[index]
    if not isinstance(item, str):
        raise InvalidInputError(f"the row's item is {type(item).__name__}, no text", hint=hint)


class _Colors(dict[str, str]):
    """One colour a label, in the order in which labels come."""

    def __init__(self) -> None:
        super().__init__()
        self._next = cycle(_COLORS)

    def __missing__(self, label: str) -> str:
        self[label] = color = next(self._next)
        return color


def _readable(row: Mapping[str, object], task: Task) -> Label | None:
    """Return the row's label as an object, or what people were asked to judge."""
    for name in ("label", "model_label"):
        value = row.get(name)
        if not isinstance(value, str) and not _is_missing(to_value(value)):
            return task.normalise_label(value)
    return None


def _first_frame(label: Label | None, image: bytes | None) -> object:
    """Return of a sequence of frames what is drawn on the first; any other label as it is."""
    if not isinstance(label, FrameSequence):
        return label
    objects = label.frames[0].objects if label.frames else ()
    shapes: list[Any] = [each.shape for each in objects if not isinstance(each.shape, Cuboid)]
    if not shapes or image is None:
        return Shapes(tuple(shapes))
    opened = load("PIL.Image", extra="images", needed_for="drawing on a frame").open(BytesIO(image))
    return Shapes(tuple(shapes), *opened.size)


def _item(item: str, label: object, image: bytes | None, colors: _Colors) -> tuple[list[str], float]:
    """Return the item with its label drawn on it, and how high that is."""
    size = _size(label)
    if size is not None and size[0] > 0 and size[1] > 0:
        return _drawn(item, label, image, size, colors)
    if image is not None:
        height = _WIDTH * 0.5
        return [_image(image, f'width="{_WIDTH}" height="{height:g}"')], height
    spans = [part for part in label if isinstance(part, Span)] if isinstance(label, tuple) else []
    return _written(item, spans, colors)


def _size(label: object) -> tuple[float, float] | None:
    if isinstance(label, Mask):
        return label.width, label.height
    if not isinstance(label, Shapes):
        return None
    if label.image_width and label.image_height:
        return label.image_width, label.image_height
    places = [place for shape in label.shapes for place in _places(shape)]
    return (max(x for x, _ in places) * 1.1, max(y for _, y in places) * 1.1) if places else None


def _places(shape: object) -> Iterator[tuple[float, float]]:
    if isinstance(shape, Box):
        yield shape.left + shape.width, shape.top + shape.height
    elif isinstance(shape, Keypoint):
        yield shape.x, shape.y
    elif isinstance(shape, Polygon | Polyline):
        yield from shape.vertices


def _drawn(
    item: str, label: object, image: bytes | None, size: tuple[float, float], colors: _Colors
) -> tuple[list[str], float]:
    scale = min(_WIDTH / size[0], 480 / size[1])
    parts = [
        f'<g transform="scale({scale:.6g})">',
        f'<rect width="{size[0]:g}" height="{size[1]:g}" fill="#eee"/>',
    ]
    if image is not None:
        parts.append(_image(image, f'width="{size[0]:g}" height="{size[1]:g}" preserveAspectRatio="none"'))
    if isinstance(label, Mask):
        parts += _mask(label, colors)
    elif isinstance(label, Shapes):
        for shape in label.shapes:
            parts.append(_SHAPES[type(shape)](shape, colors[shape.label], 2 / scale))
    parts.append("</g>")
    height = size[1] * scale + _LINE
    parts.append(_legend(colors, height - 5) if colors else _text(10, height - 5, item[:_PER_LINE]))
    return parts, height


def _box(box: Box, color: str, thick: float) -> str:
    return (
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}" '
        f'fill="{color}" fill-opacity="0.15" stroke="{color}" stroke-width="{thick:.4g}"/>'
    )


def _polygon(polygon: Polygon, color: str, thick: float) -> str:
    return (
        f'<polygon points="{_points(polygon.vertices)}" fill="{color}" fill-opacity="0.2" '
        f'stroke="{color}" stroke-width="{thick:.4g}"/>'
    )


def _polyline(line: Polyline, color: str, thick: float) -> str:
    return f'<polyline points="{_points(line.vertices)}" fill="none" stroke="{color}" stroke-width="{thick:.4g}"/>'


def _keypoint(point: Keypoint, color: str, thick: float) -> str:
    return (
        f'<circle cx="{point.x:g}" cy="{point.y:g}" r="{2.5 * thick:.4g}" fill="{color}" '
        f'stroke="white" stroke-width="{thick / 2:.4g}"/>'
    )


_SHAPES: Mapping[type, Callable[[Any, str, float], str]] = {
    Box: _box,
    Polygon: _polygon,
    Polyline: _polyline,
    Keypoint: _keypoint,
}


def _points(vertices: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in vertices)


def _mask(mask: Mask, colors: _Colors) -> Iterator[str]:
    """Draw each run of equal pixels of a line as one rectangle; instances of one label get colours of their own."""
    several = len(set(mask.labels)) < len(mask.labels)
    names = [f"{label} {number}" if several else label for number, label in enumerate(mask.labels, start=1)]
    for y, line in enumerate(mask_pixels(mask).tolist()):
        start = 0
        for x in range(1, len(line) + 1):
            if x == len(line) or line[x] != line[start]:
                if line[start]:
                    fill = colors[names[line[start] - 1]]
                    yield f'<rect x="{start}" y="{y}" width="{x - start}" height="1" fill="{fill}" fill-opacity="0.55"/>'
                start = x


def _legend(colors: Mapping[str, str], y: float) -> str:
    texts = (f'<tspan fill="{color}">{escape(label)}</tspan>' for label, color in colors.items())
    return f'<text x="10" y="{y:g}" font-weight="bold">{"  ".join(texts)}</text>'


def _written(item: str, spans: Sequence[Span], colors: _Colors) -> tuple[list[str], float]:
    """Write a text, and mark its spans by the colour of their label."""
    parts: list[str] = []
    height = 8.0
    position = 0
    for line in _wrapped(item):
        height += _LINE
        for span in spans:
            start = max(span.start_offset - position, 0)
            length = min(span.end_offset - position, len(line)) - start
            if length > 0:
                parts.append(
                    f'<rect x="{10 + start * _CHARACTER:.1f}" y="{height - 20:g}" width="{length * _CHARACTER:.1f}" '
                    f'height="{_LINE - 2}" fill="{colors[span.label]}" fill-opacity="0.25"/>'
                )
        parts.append(_text(10, height - 6, line, width=len(line) * _CHARACTER))
        position += len(line)
    if colors:
        height += _LINE
        parts.append(_legend(colors, height - 6))
    return parts, height + 8


def _wrapped(text: str) -> list[str]:
    """Cut a text into lines of equal length, so that the place of each character is known."""
    flat = text.replace("\n", " ").replace("\t", " ")
    return [flat[start : start + _PER_LINE] for start in range(0, len(flat), _PER_LINE)] or [""]


def _text(x: float, y: float, text: str, width: float | None = None) -> str:
    length = "" if width is None else f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:g}" y="{y:g}" xml:space="preserve"{length}>{escape(text)}</text>'


def _image(image: bytes, size: str) -> str:
    if not isinstance(image, bytes):
        raise InvalidInputError(
            f"the image is {type(image).__name__}, no bytes", hint="read the file: Path(...).read_bytes()"
        )
    media_type = next((kind for start, kind in _MEDIA_TYPES if image.startswith(start)), None)
    if media_type is None:
        raise InvalidInputError(
            "the image is neither PNG nor JPEG, GIF or WebP", hint="give the file's bytes"
        )
    return f'<image href="data:{media_type};base64,{b64encode(image).decode()}" {size}/>'


def _told(value: object) -> str:
    """Tell a value in one line; of structures, how much there is."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        tell = next((tell for key, tell in _STRUCTURES.items() if key in value), None)
        return tell(value) if tell else ", ".join(f"{key}={_told(part)}" for key, part in value.items())
    if isinstance(value, str) or not isinstance(value, Sequence):
        return str(value)
    return _several(value)


def _told_frames(value: Mapping[str, Any]) -> str:
    frames = value["frames"]
    return f"{len(frames)} frames: {_several([each for frame in frames for each in frame['objects']])}"


_STRUCTURES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "shapes": lambda value: _several(value["shapes"]),
    "png": lambda value: f"mask of {value['width']} x {value['height']}: {_several(value['labels'])}",
    "frames": _told_frames,
    "objects": lambda value: _several(value["objects"]),
    "classes": lambda value: f"{len(value['classes'])} points: {_several(value['labels'])}",
}
"""How structures are told, by a key that they alone have."""


def _several(parts: Sequence[Any]) -> str:
    told = [
        f"{part['key']}={part['value']}" if "key" in part else str(part.get("shape", part).get("label"))
        for part in parts
        if isinstance(part, Mapping)
    ]
    return ", ".join(told or map(str, parts)) or "nothing"


def _is_missing(value: object) -> bool:
    return value is None or (value == value) is not True  # noqa: PLR0124  NaN, NaT and NA are not equal to themselves
