"""Shapes and the edges of their image: what is cut off, and which whole pixels are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitl_sdk.labels import Box, Keypoint, Point, Polygon

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Drawn", "area", "clip", "whole_edges"]

Drawn: TypeAlias = Box | Polygon | Keypoint
"""The shapes that some format of training data has a way to write."""


def clip(shape: Drawn, width: float, height: float) -> Drawn | None:
    """Cut off what is outside of an image; None if nothing is left. A keypoint on the image's edge is inside."""
    if isinstance(shape, Box):
        left, top = max(shape.left, 0), max(shape.top, 0)
        right = min(shape.left + shape.width, width)
        bottom = min(shape.top + shape.height, height)
        if right <= left or bottom <= top:
            return None
        if (left, top, right, bottom) == (
            shape.left, shape.top, shape.left + shape.width, shape.top + shape.height,
        ):  # fmt: skip
            return shape
        return Box(shape.label, left, top, right - left, bottom - top, shape.confidence)
    if isinstance(shape, Keypoint):
        return shape if 0 <= shape.x <= width and 0 <= shape.y <= height else None
    vertices = _clipped(shape.vertices, width, height)
    return Polygon(shape.label, vertices, shape.confidence) if area(vertices) > 0 else None


def _clipped(vertices: tuple[Point, ...], width: float, height: float) -> tuple[Point, ...]:
    """Clip an outline against the four edges of an image, one after the other (Sutherland and Hodgman, 1974)."""
    for axis, edge, sign in ((0, 0, 1), (0, width, -1), (1, 0, 1), (1, height, -1)):
        kept: list[Point] = []
        for before, here in zip((vertices[-1:] + vertices[:-1]), vertices, strict=True):
            inside = [(point[axis] - edge) * sign >= 0 for point in (before, here)]
            if inside[0] != inside[1]:
                along = (edge - before[axis]) / (here[axis] - before[axis])
                crossing = [a + along * (b - a) for a, b in zip(before, here, strict=True)]
                crossing[axis] = edge
                kept.append(Point(*crossing))
            if inside[1]:
                kept.append(here)
        vertices = tuple(kept)
    return vertices


def area(vertices: Sequence[Point]) -> float:
    """Return the area within an outline."""
    ring = zip(vertices, (*vertices[1:], *vertices[:1]), strict=True)
    return abs(sum(a.x * b.y - b.x * a.y for a, b in ring)) / 2


def whole_edges(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom edge of a box inside an image, in whole pixels and at least one apart."""
    left = min(round(box.left), width - 1)
    top = min(round(box.top), height - 1)
    return left, top, max(round(box.left + box.width), left + 1), max(round(box.top + box.height), top + 1)
