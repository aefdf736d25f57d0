"""How alike two drawn shapes are, and what several of them average to.

It imports numpy, and so is imported where numpy is needed only. Shapely, which cuts polygons, comes later still.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from math import fsum, hypot
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from hitl_sdk._optional import load
from hitl_sdk.consolidation._outlines import Points, mean_outline, samples
from hitl_sdk.consolidation._parts import join
from hitl_sdk.labels import Box, Keypoint, PlacedT, Point, Polygon, Polyline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import shapely
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "BoxMeasure",
    "KeypointMeasure",
    "Near",
    "PolygonMeasure",
    "PolylineMeasure",
    "ShapeMeasure",
    "mean",
]

Reals: TypeAlias = npt.NDArray[np.float64]

# A matrix of so many numbers is held at a time, however many shapes an image has.
_BLOCK = 1_000_000


class Near(NamedTuple):
    """Pairs of shapes by their numbers, first < second, and how alike they are: three arrays of one length."""

    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    likeness: Reals


class ShapeMeasure(ABC, Generic[PlacedT]):
    """What the measures of all shapes share. A likeness is 1 for the same place; below `least` it is another."""

    across_labels = True
    """Whether shapes of different labels may be the same thing; those of one label are joined first."""

    def __init__(self, least: float) -> None:
        self.least = least

    def groups(self, parts: Sequence[PlacedT], owners: Sequence[int]) -> list[list[int]]:
        near = self._near(parts)
        label_codes = {label: code for code, label in enumerate(sorted({part.label for part in parts}))}
        label = np.array([label_codes[part.label] for part in parts], np.intp)
        owner = np.array(owners, np.intp)
        differ = label[near.first] != label[near.second]
        order = np.lexsort((near.second, near.first, -near.likeness, differ))
        wanted = owner[near.first] != owner[near.second]
        if not self.across_labels:
            wanted &= ~differ
        order = order[wanted[order]]
        pairs = list(zip(near.first[order].tolist(), near.second[order].tolist(), strict=True))
        known = dict(zip(pairs, near.likeness[order].tolist(), strict=True))

        def likeness(i: int, j: int) -> float:
            found = known.get((i, j) if i < j else (j, i))
            return self._likeness(parts[i], parts[j]) if found is None else found

        return join(pairs, owners, likeness, self.least)

    def similarity(self, part: PlacedT, other: PlacedT) -> float:
        return max(self._likeness(part, other), 0.0)

    def are_same(self, part: PlacedT, other: PlacedT) -> bool:
        return (self.across_labels or part.label == other.label) and self._likeness(part, other) >= self.least

    def name(self, part: PlacedT) -> str:
        return part.label

    def named(self, part: PlacedT, name: str, confidence: float | None) -> PlacedT:
        return replace(part, label=name, confidence=confidence)

    @abstractmethod
    def average(self, parts: Sequence[PlacedT]) -> PlacedT:
        """Return what several shapes make together."""

    @abstractmethod
    def _likeness(self, part: PlacedT, other: PlacedT) -> float:
        """Return how alike two shapes are, in places below 0 where they are far apart."""

    @abstractmethod
    def _near(self, parts: Sequence[PlacedT]) -> Near:
        """Return all pairs whose likeness is `least` or more."""


class BoxMeasure(ShapeMeasure[Box]):
    """Boxes by intersection over union; the average has the mean of each edge.

    One without an area is like no other.
    """

    def average(self, parts: Sequence[Box]) -> Box:
        left, top, width, height = (
            mean([getattr(part, name) for part in parts]) for name in ("left", "top", "width", "height")
        )
        return Box(parts[0].label, left, top, width, height)

    def _likeness(self, part: Box, other: Box) -> float:
        right, bottom = part.left + part.width, part.top + part.height
        other_right, other_bottom = other.left + other.width, other.top + other.height
        width = min(right, other_right) - max(part.left, other.left)
        height = min(bottom, other_bottom) - max(part.top, other.top)
        common = max(width, 0) * max(height, 0)
        area = (right - part.left) * (bottom - part.top)
        union = area + (other_right - other.left) * (other_bottom - other.top) - common
        return common / union if common else 0.0

    def _near(self, parts: Sequence[Box]) -> Near:
        edges = np.array([_edges(part) for part in parts], np.float64).reshape(-1, 4)
        left, top, right, bottom = np.ascontiguousarray(edges.T)
        area = (right - left) * (bottom - top)

        def likeness(rows: slice, columns: slice) -> Reals:
            def extent(low: Reals, high: Reals) -> Reals:
                ends = np.minimum(high[rows, None], high[None, columns])
                return np.asarray(np.maximum(ends - np.maximum(low[rows, None], low[None, columns]), 0))

            common = extent(left, right) * extent(top, bottom)
            union = area[rows, None] + area[None, columns] - common
            return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=common > 0))

        return _pairs(len(parts), likeness, self.least)


class KeypointMeasure(ShapeMeasure[Keypoint]):
    """Keypoints by distance, which counts as 0 at `max_distance`; the average is the mean place.

    The label of a keypoint says which point it is, so points of different labels are never the same.
    """

    across_labels = False

    def __init__(self, max_distance: float) -> None:
        super().__init__(0.0)
        self.max_distance = max_distance

    def average(self, parts: Sequence[Keypoint]) -> Keypoint:
        return Keypoint(parts[0].label, mean([part.x for part in parts]), mean([part.y for part in parts]))

    def _likeness(self, part: Keypoint, other: Keypoint) -> float:
        return 1 - hypot(part.x - other.x, part.y - other.y) / self.max_distance

    def _near(self, parts: Sequence[Keypoint]) -> Near:
        return _near_places(np.array([(part.x, part.y) for part in parts], np.float64), self.max_distance)


class PolylineMeasure(ShapeMeasure[Polyline]):
    """Lines by the mean distance of places at equal shares of their lengths, drawn from either end.

    The average has the vertices of the line most like the others, each at the mean of the places at its share of
    all lines.
    """

    def __init__(self, max_distance: float) -> None:
        super().__init__(0.0)
        self.max_distance = max_distance

    def average(self, parts: Sequence[Polyline]) -> Polyline:
        lines = samples([part.vertices for part in parts])
        medoid = parts[_medoid(self._likenesses(lines[:, None], lines))]
        mean = mean_outline(medoid.vertices, [part.vertices for part in parts], closed=False)
        return Polyline(medoid.label, mean)

    def _likeness(self, part: Polyline, other: Polyline) -> float:
        return float(self._likenesses(samples([part.vertices]), samples([other.vertices]))[0])

    def _likenesses(self, lines: Points, others: Points) -> Reals:
        """Return how alike each line is to its counterpart."""
        ahead, back = (
            np.hypot(*np.moveaxis(lines - reached, -1, 0)) for reached in (others, others[..., ::-1, :])
        )
        return np.asarray(1 - np.minimum(ahead.mean(axis=-1), back.mean(axis=-1)) / self.max_distance)

    def _near(self, parts: Sequence[Polyline]) -> Near:
        lines = samples([part.vertices for part in parts])
        # Two lines are no nearer than their centres.
        near = _near_places(lines.mean(axis=1), self.max_distance)
        pairs = max(_BLOCK // (lines.shape[1] * lines.shape[2]), 1)
        likeness = np.concatenate(
            [
                self._likenesses(lines[near.first[start:][:pairs]], lines[near.second[start:][:pairs]])
                for start in range(0, len(near.first), pairs)
            ]
            or [np.zeros(0)]
        )
        enough = likeness >= self.least
        return Near(near.first[enough], near.second[enough], likeness[enough])


class PolygonMeasure(ShapeMeasure[Polygon]):
    """Polygons by intersection over union, which Shapely computes exactly.

    The average has the vertices of the outline most like the others, each at the mean of the places that lie at
    the same share of all outlines, once these are turned so that they lie closest to it. Where that would cross
    itself, the outline most like the others stands.
    """

    def average(self, parts: Sequence[Polygon]) -> Polygon:
        near = self._near(parts)
        likeness = np.zeros((len(parts), len(parts)))
        likeness[near.first, near.second] = likeness[near.second, near.first] = near.likeness
        medoid = parts[_medoid(likeness)]
        mean = mean_outline(medoid.vertices, [part.vertices for part in parts], closed=True)
        return replace(medoid, vertices=mean) if _polygon(mean).is_valid else medoid

    def _likeness(self, part: Polygon, other: Polygon) -> float:
        area, other_area = _area(part.vertices), _area(other.vertices)
        common = area.intersection(other_area).area
        return float(common / (area.area + other_area.area - common)) if common else 0.0

    def _near(self, parts: Sequence[Polygon]) -> Near:
        shapely = load("shapely", extra="images", needed_for="consolidating polygons")
        areas = np.array([_area(part.vertices) for part in parts], dtype=object)
        first, second = shapely.STRtree(areas).query(areas, predicate="intersects")
        ahead = first < second
        first, second = first[ahead], second[ahead]
        common = shapely.area(shapely.intersection(areas[first], areas[second]))
        size = shapely.area(areas)
        likeness = common / (size[first] + size[second] - common)
        enough = likeness >= self.least
        return Near(first[enough], second[enough], likeness[enough])


def _medoid(likeness: Reals) -> int:
    """Return which one is most like the others; the first of equal ones."""
    np.fill_diagonal(likeness, 0)
    # Rounded, so that the last digit of a sum, which depends on where the shapes lie, decides nothing.
    sums = [round(fsum(row), 9) for row in likeness.tolist()]
    return sums.index(max(sums))


def _polygon(vertices: Sequence[Point]) -> shapely.Polygon:
    polygon: shapely.Polygon = load("shapely", extra="images", needed_for="consolidating polygons").Polygon(
        vertices
    )
    return polygon


def _area(vertices: Sequence[Point]) -> BaseGeometry:
    """Return what an outline encloses; one that crosses itself is mended, one without an area is empty."""
    area: BaseGeometry = _polygon(vertices)
    if area.is_valid:
        return area
    from shapely import make_valid

    return make_valid(area, method="structure", keep_collapsed=False)


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.left + box.width, box.top + box.height


def mean(values: Sequence[float]) -> float:
    """Return the mean, which is exact if all are equal, in whatever order."""
    least = min(values)
    return least + fsum(value - least for value in values) / len(values)


def _near_places(places: Reals, max_distance: float) -> Near:
    """Return the pairs of places that are no farther apart."""
    x, y = places.reshape(-1, 2).T

    def likeness(rows: slice, columns: slice) -> Reals:
        apart = np.hypot(x[rows, None] - x[None, columns], y[rows, None] - y[None, columns])
        return np.asarray(1 - apart / max_distance)

    return _pairs(len(x), likeness, 0.0)


def _pairs(size: int, likeness: Callable[[slice, slice], Reals], least: float) -> Near:
    """Return the pairs that are alike enough, from matrices of a few rows each."""
    rows = max(_BLOCK // max(size, 1), 1)
    found = []
    for start in range(0, size, rows):
        # What stands left of the diagonal has been seen.
        alike = likeness(slice(start, start + rows), slice(start, None))
        i, j = np.nonzero(np.triu(alike >= least, 1))
        found.append(Near(i + start, j + start, alike[i, j]))
    if not found:
        nothing = np.zeros(0, np.intp)
        return Near(nothing, nothing, np.zeros(0))
    return Near(*(np.concatenate(column) for column in zip(*found, strict=True)))
