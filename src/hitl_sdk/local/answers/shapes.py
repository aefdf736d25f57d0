"""Answers of the elements in which boxes, outlines, lines and points are drawn on an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, cast

from hitl_sdk.labels import Box, Keypoint, Point, Polygon, Polyline, Shapes, ShapeT, read_shapes, to_value

if TYPE_CHECKING:
    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["Drawing", "moved_shape"]


class Drawing(Generic[ShapeT]):
    """For example ``{"boundingBoxes": [{...}], "inputImageProperties": {"height": 480, "width": 640}}``.

    Parameters
    ----------
    shape : type
        What is drawn.
    key : str
        Under which the shapes stand.
    n_vertices : int, optional
        How many each one has; any number when left out.
    tells_changes : bool, optional
        Whether ``initialValueModified`` is told where there is an initial value.
    """

    def __init__(
        self, shape: type[ShapeT], key: str, *, n_vertices: int | None = None, tells_changes: bool = False
    ) -> None:
        self._shape: type[ShapeT] = shape
        self._key = key
        self._n_vertices = n_vertices
        self._tells_changes = tells_changes

    def preset(self, question: Question, page: Page) -> dict[str, object]:
        """Return the shapes of ``initial-value``, else none."""
        initial = self._initial(question)
        return self._answer(initial or Shapes(), initial, page.image_size(question))

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, object]:
        """Return the true shapes, moved; one that goes wrong is overlooked or called something else."""
        known = self._read(truth)
        choices = question.element.categories or tuple(shape.label for shape in known.shapes)
        width, height = page.image_size(question)
        size = (known.image_width or width, known.image_height or height)
        drawn = tuple(
            moved_shape(replace(shape, label=label), slips, size)
            for shape in known.shapes
            if (label := slips.seen(shape.label, choices)) is not None
        )
        return self._answer(Shapes(drawn), self._initial(question), size)

    def _initial(self, question: Question) -> Shapes[ShapeT] | None:
        value = question.initial_value()
        return None if value is None else self._read(value)

    def _read(self, value: object) -> Shapes[ShapeT]:
        """Read shapes as `hitl_sdk.labels` has them, or as the element writes them."""
        size: Mapping[str, object] = {}
        if isinstance(value, Mapping) and self._key in value:
            size = value.get("inputImageProperties") or {}
            value = value[self._key]
        shapes = read_shapes(self._shape, value, size.get("width"), size.get("height"))
        for shape in shapes.shapes:
            if self._n_vertices and len(getattr(shape, "vertices", ())) != self._n_vertices:
                raise ValueError(f"a line does not have {self._n_vertices} vertices")
        return shapes

    def _answer(
        self, drawn: Shapes[ShapeT], initial: Shapes[ShapeT] | None, size: tuple[int, int]
    ) -> dict[str, object]:
        width, height = size
        answer: dict[str, object] = {
            self._key: [_as_written(shape) for shape in drawn.shapes],
            "inputImageProperties": {"height": height, "width": width},
        }
        if initial is not None and self._tells_changes:
            answer["initialValueModified"] = drawn.shapes != initial.shapes
        return answer


def _as_written(shape: object) -> dict[str, Any]:
    """Return a shape as elements write it: without a confidence."""
    value = cast("dict[str, object]", to_value(shape))
    return {name: part for name, part in sorted(value.items()) if name != "confidence"}


def moved_shape(shape: ShapeT, slips: Slips, size: tuple[float, float]) -> ShapeT:
    """Return a shape where a hand puts it that shakes, within an image of a size."""
    moved: ShapeT = _MOVES[type(shape)](shape, slips, *size)
    return moved


def _moved_box(box: Box, slips: Slips, width: float, height: float) -> Box:
    """Move the corners; what is left is at least a pixel wide and high."""
    if not slips.jitter:
        return box
    left, top = slips.moved(box.left, 0, width - 1), slips.moved(box.top, 0, height - 1)
    right = slips.moved(box.left + box.width, left + 1, width)
    bottom = slips.moved(box.top + box.height, top + 1, height)
    return replace(box, left=left, top=top, width=right - left, height=bottom - top)


def _moved_keypoint(point: Keypoint, slips: Slips, width: float, height: float) -> Keypoint:
    return replace(point, x=slips.moved(point.x, 0, width), y=slips.moved(point.y, 0, height))


def _moved_outline(
    outline: Polygon | Polyline, slips: Slips, width: float, height: float
) -> Polygon | Polyline:
    vertices = tuple(Point(slips.moved(x, 0, width), slips.moved(y, 0, height)) for x, y in outline.vertices)
    return replace(outline, vertices=vertices)


_MOVES: Mapping[type, Callable[..., Any]] = {
    Box: _moved_box,
    Keypoint: _moved_keypoint,
    Polygon: _moved_outline,
    Polyline: _moved_outline,
}
