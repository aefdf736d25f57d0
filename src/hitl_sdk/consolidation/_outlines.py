"""Outlines and lines as functions of the share of their length: places on them, and their mean.

It imports numpy, and so is imported where numpy is needed only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from hitl_sdk.labels import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Points", "mean_outline", "samples"]

Reals: TypeAlias = npt.NDArray[np.float64]
Points: TypeAlias = npt.NDArray[np.float64]
"""The last axis is x and y."""

_SAMPLES = 32  # places on a line by which it is compared with others


def samples(lines: Sequence[Sequence[Point]]) -> Points:
    """Return places at equal shares of the length of each line: an array of lines x places x 2."""
    shares = np.linspace(0, 1, _SAMPLES)
    return np.array([_Line(line, closed=False).at(shares) for line in lines]).reshape(-1, _SAMPLES, 2)


def mean_outline(
    base: Sequence[Point], outlines: Sequence[Sequence[Point]], *, closed: bool
) -> tuple[Point, ...]:
    """Return `base` with each vertex at the mean of the places that correspond to it on all outlines.

    A place corresponds to a vertex if it lies at the same share of the length, in the direction and, on closed
    outlines, from the start that bring the outline closest to the base.
    """
    line = _Line(base, closed=closed)
    moved = [_closest(_Line(outline, closed=closed), line) - line.vertices for outline in outlines]
    mean = line.vertices + np.mean(moved, axis=0)
    return tuple(Point(x, y) for x, y in mean.tolist())


class _Line:
    """A line, whose places are found by their share of its length."""

    def __init__(self, vertices: Sequence[Point] | Points, *, closed: bool) -> None:
        self.vertices = np.asarray(vertices, np.float64)
        self.closed = closed
        path = np.concatenate([self.vertices, self.vertices[:1]]) if closed else self.vertices
        self._path = path
        self._reached = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])

    @property
    def shares(self) -> Reals:
        """At which share of the length each vertex lies."""
        length = self._reached[-1]
        return (self._reached / length if length else self._reached)[: len(self.vertices)]

    def at(self, shares: Reals) -> Points:
        """Return the places at shares of the length; a closed line begins anew after its end."""
        along = (shares % 1 if self.closed else shares) * self._reached[-1]
        return np.stack([np.interp(along, self._reached, axis) for axis in self._path.T], axis=-1)

    def nearest(self, places: Points) -> Reals:
        """Return at which share of the length it comes closest to each place."""
        start, step = self._path[:-1], np.diff(self._path, axis=0)
        squared = (step**2).sum(axis=-1)
        along = ((places[:, None] - start) * step).sum(axis=-1)
        along = np.divide(along, squared, out=np.zeros_like(along), where=squared > 0).clip(0, 1)
        apart = ((start + along[..., None] * step - places[:, None]) ** 2).sum(axis=-1)
        best = apart.argmin(axis=1)
        reached = self._reached[best] + along[np.arange(len(places)), best] * np.sqrt(squared[best])
        length = self._reached[-1]
        return np.asarray(reached / length if length else reached)

    def reversed(self) -> _Line:
        """Return it drawn the other way round."""
        return _Line(self.vertices[::-1], closed=self.closed)


def _closest(outline: _Line, base: _Line) -> Points:
    """Return the places on an outline that correspond to the vertices of the base."""
    if np.array_equal(outline.vertices, base.vertices):
        return base.vertices
    shares = np.linspace(0, 1, _SAMPLES)
    places = base.at(shares)
    best, least = base.vertices, np.inf
    for turned in (outline, outline.reversed()):
        starts = _starts(turned, base)
        # Rounded, so that the last digit, which depends on where the shapes lie, decides nothing.
        apart = ((turned.at(shares + starts[:, None]) - places) ** 2).sum(axis=(1, 2)).round(6)
        if apart.min() < least:
            best, least = turned.at(base.shares + starts[apart.argmin()]), apart.min()
    return best


def _starts(outline: _Line, base: _Line) -> Reals:
    """Return from where the outline may begin: each brings a vertex of one to the nearest place on the other."""
    if not base.closed:
        return np.zeros(1)
    return np.concatenate(
        [
            outline.shares - base.nearest(outline.vertices),
            outline.nearest(base.vertices) - base.shares,
        ]
    )
