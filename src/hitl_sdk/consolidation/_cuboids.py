"""How alike two cuboids are, and what several of them average to.

It imports numpy, and so is imported where numpy is needed only. Shapely, which cuts footprints, comes later still.
"""

from __future__ import annotations

from math import cos, fsum, pi, remainder, sin
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hitl_sdk._optional import load
from hitl_sdk.consolidation._geometry import Near, ShapeMeasure, mean
from hitl_sdk.labels import Cuboid

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CuboidMeasure"]

Reals: TypeAlias = npt.NDArray[np.float64]

_MEASURES = ("center_x", "center_y", "center_z", "length", "width", "height")


class CuboidMeasure(ShapeMeasure[Cuboid]):
    """Cuboids by the intersection over union of their volumes, turned by yaw; roll and pitch count as none.

    The average has the mean centre, size and angles. A cuboid without a volume is like no other.
    """

    def average(self, parts: Sequence[Cuboid]) -> Cuboid:
        measures = {name: mean([getattr(part, name) for part in parts]) for name in _MEASURES}
        angles = {
            name: _mean_angle([getattr(part, name) for part in parts]) for name in ("roll", "pitch", "yaw")
        }
        return Cuboid(parts[0].label, **measures, **angles)

    def _likeness(self, part: Cuboid, other: Cuboid) -> float:
        shapely = _shapely()
        one, two = (shapely.Polygon(_footprint(cuboid)) for cuboid in (part, other))
        (low, high, volume), (low_2, high_2, volume_2) = _extent(part), _extent(other)
        common = one.intersection(two).area * max(min(high, high_2) - max(low, low_2), 0)
        # Areas of turned footprints are exact to the last digit but one.
        return min(float(common / (volume + volume_2 - common)), 1.0) if common else 0.0

    def _near(self, parts: Sequence[Cuboid]) -> Near:
        shapely = _shapely()
        grounds = shapely.polygons(
            np.array([_footprint(part) for part in parts], np.float64).reshape(-1, 4, 2)
        )
        low, high, volume = np.array([_extent(part) for part in parts], np.float64).reshape(-1, 3).T
        first, second = shapely.STRtree(grounds).query(grounds, predicate="intersects")
        ahead = first < second
        first, second = first[ahead], second[ahead]
        tall = np.maximum(np.minimum(high[first], high[second]) - np.maximum(low[first], low[second]), 0)
        common = shapely.area(shapely.intersection(grounds[first], grounds[second])) * tall
        union = volume[first] + volume[second] - common
        likeness: Reals = np.divide(common, union, out=np.zeros_like(common), where=common > 0)
        enough = likeness >= self.least
        return Near(first[enough], second[enough], np.minimum(likeness[enough], 1.0))


def _shapely() -> Any:
    return load("shapely", extra="images", needed_for="consolidating cuboids")


def _footprint(cuboid: Cuboid) -> list[tuple[float, float]]:
    """Return the corners of a cuboid as seen from above."""
    along, across = (cos(cuboid.yaw), sin(cuboid.yaw)), (-sin(cuboid.yaw), cos(cuboid.yaw))
    return [
        (
            cuboid.center_x + cuboid.length / 2 * ahead * along[0] + cuboid.width / 2 * left * across[0],
            cuboid.center_y + cuboid.length / 2 * ahead * along[1] + cuboid.width / 2 * left * across[1],
        )
        for ahead, left in ((1, 1), (-1, 1), (-1, -1), (1, -1))
    ]


def _extent(cuboid: Cuboid) -> tuple[float, float, float]:
    """Return from where to where a cuboid goes up, and its volume."""
    half = cuboid.height / 2
    return cuboid.center_z - half, cuboid.center_z + half, cuboid.length * cuboid.width * cuboid.height


def _mean_angle(angles: Sequence[float]) -> float:
    """Return the angle in the middle, across the turn if that is the shorter way; exact if all are equal."""
    apart = [remainder(angle - angles[0], 2 * pi) for angle in angles]
    turned = fsum(apart) / len(apart)
    return remainder(angles[0] + turned, 2 * pi) if any(apart) else angles[0]
