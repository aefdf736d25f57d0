"""Boxes, polygons, polylines and keypoints of several workers to one set.

AWS says of its own consolidation that the boxes of different workers that are most alike by the Jaccard index are
averaged; thresholds, and which boxes survive, it does not publish. The rules here are this package's.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from math import hypot, isfinite
from typing import TYPE_CHECKING, ClassVar, Generic

from hitl_sdk._optional import load
from hitl_sdk.consolidation._parts import agree_on_parts
from hitl_sdk.consolidation._per_item import PerItem, check_share
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Keypoint, Polygon, Polyline, Shapes, ShapeT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.consolidation._geometry import ShapeMeasure
    from hitl_sdk.consolidation._parts import PartsConsensus
    from hitl_sdk.consolidation.consensus import Consensus

__all__ = ["BoxConsolidation", "KeypointConsolidation", "PolygonConsolidation", "PolylineConsolidation"]

# Of the diagonal of an image: 16 pixels of 640 x 480.
_FAR = 0.02


class _ShapeConsolidation(PerItem[Shapes[ShapeT]], Generic[ShapeT]):
    """What the methods for all shapes share."""

    def __init__(self, limit: float | None, min_share: float) -> None:
        self._limit = limit
        self._min_share = check_share("min_share", min_share)

    def _agree(
        self, answers: Sequence[Shapes[ShapeT]], preferred: Shapes[ShapeT] | None
    ) -> Consensus[Shapes[ShapeT]]:
        size = _size(answers)
        drawn = self.agree_on(
            [answer.shapes for answer in answers], size, None if preferred is None else preferred.shapes
        )
        return drawn.of(Shapes(drawn.parts, *size))

    def agree_on(
        self,
        answers: Sequence[Sequence[ShapeT]],
        size: tuple[int | None, int | None],
        preferred: Sequence[ShapeT] | None,
    ) -> PartsConsensus[ShapeT]:
        """Return what several workers drew together on one image of a size.

        Parameters
        ----------
        answers : sequence of sequence
            The shapes of each worker.
        size : pair of int or None
            Width and height of the image.
        preferred : sequence, optional
            The shapes that decide ties.
        """
        load("numpy", extra="images", needed_for="consolidating shapes")
        limit = _far(*size) if self._limit is None else self._limit
        return agree_on_parts(answers, self._measure(limit), self._min_share, preferred)

    @abstractmethod
    def _measure(self, limit: float) -> ShapeMeasure[ShapeT]:
        """Return how shapes are compared, given the least IoU or the greatest distance."""


class _ByOverlap(_ShapeConsolidation[ShapeT], Generic[ShapeT]):
    """For shapes that have an area."""

    def __init__(self, min_iou: float = 0.5, *, min_share: float = 0.5) -> None:
        super().__init__(check_share("min_iou", min_iou), min_share)


class _ByDistance(_ShapeConsolidation[ShapeT], Generic[ShapeT]):
    """For shapes that have none."""

    def __init__(self, max_distance: float | None = None, *, min_share: float = 0.5) -> None:
        if max_distance is not None and not (max_distance > 0 and isfinite(max_distance)):
            raise InvalidInputError(f"max_distance is {max_distance!r}", hint="give pixels, more than 0")
        super().__init__(max_distance, min_share)


class BoxConsolidation(_ByOverlap[Box]):
    """Boxes, matched by intersection over union (IoU) and averaged edge by edge.

    Pairs of boxes of different workers are joined from the highest IoU on, those of one label first, then those that
    workers call differently. Groups become one if they have no worker in common and their boxes have a mean IoU of
    `min_iou` or more. What at least `min_share` of the workers drew is kept, under the label most of them gave.

    Ties are flagged. A box that just half of the workers drew is kept, unless there is a preferred label and none of
    its boxes lies there. Of labels given as often the preferred one wins, else the first in sorted order.

    A box's ``confidence`` is the share of the workers who drew it and called it so. The consensus' ``confidence`` is
    the mean over all that anyone drew: of what was left out it counts those who did not draw it. ``agreement`` is
    the workers' mean F1 score against the result, in which a box counts as much as its IoU with the result's.
    The size of the image is the one told most often. A box without an area is like no other.

    Parameters
    ----------
    min_iou : float
        Above 0 and up to 1. AWS publishes none; 0.5 is the threshold of the PASCAL VOC detection challenge.
    min_share : float
        Above 0 and up to 1. AWS publishes no rule.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Box, Shapes
    >>> lefts = {"ann": 10, "bob": 12, "cai": 17}
    >>> votes = [Vote("1", worker, Shapes((Box("cat", left, 10, 40, 40),))) for worker, left in lefts.items()]
    >>> BoxConsolidation().consolidate(votes)["1"].label.shapes
    (Box(label='cat', left=13.0, top=10.0, width=40.0, height=40.0, confidence=1.0),)
    """

    takes: ClassVar[str] = "boxes"

    def _measure(self, limit: float) -> ShapeMeasure[Box]:
        from hitl_sdk.consolidation._geometry import BoxMeasure

        return BoxMeasure(limit)


class PolygonConsolidation(_ByOverlap[Polygon]):
    """Polygons, matched by intersection over union and averaged along their outlines.

    All is as with `BoxConsolidation` but the average: it has the vertices of the outline that is most like the
    others, each moved to the mean of the places at the same share of the length of all outlines. These are turned
    and, if need be, reversed beforehand so that they lie closest to that one. Where the average would cross itself,
    the outline most like the others stands. An outline without an area is like no other.

    Parameters
    ----------
    min_iou : float
        Above 0 and up to 1.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Point, Polygon, Shapes
    >>> small = Polygon("roof", (Point(2, 2), Point(8, 2), Point(8, 8), Point(2, 8)))
    >>> large = Polygon("roof", (Point(9, 9), Point(1, 9), Point(1, 1), Point(9, 1)))
    >>> votes = [Vote("1", "ann", Shapes((small,))), Vote("1", "bob", Shapes((large,)))]
    >>> roof = PolygonConsolidation().consolidate(votes)["1"].label.shapes[0]
    >>> sorted((point.x, point.y) for point in roof.vertices)
    [(1.5, 1.5), (1.5, 8.5), (8.5, 1.5), (8.5, 8.5)]
    """

    takes: ClassVar[str] = "polygons"

    def _measure(self, limit: float) -> ShapeMeasure[Polygon]:
        from hitl_sdk.consolidation._geometry import PolygonMeasure

        return PolygonMeasure(limit)


class PolylineConsolidation(_ByDistance[Polyline]):
    """Polylines, matched by their mean distance and averaged along their lengths.

    The distance of two lines is the mean distance of the places at equal shares of their lengths; from which end
    a line was drawn does not matter. All else is as with `BoxConsolidation`, where a distance counts as
    ``1 - distance / max_distance`` in place of the IoU. The average has the vertices of the line that is most like
    the others, each moved to the mean of the places at the same share of all lines.

    Parameters
    ----------
    max_distance : float, optional
        In pixels; 2 % of the diagonal of the image when left out.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Point, Polyline, Shapes
    >>> lanes = {"ann": (Point(0, 0), Point(90, 0)), "bob": (Point(90, 2), Point(0, 2))}
    >>> votes = [Vote("1", worker, Shapes((Polyline("lane", lane),))) for worker, lane in lanes.items()]
    >>> PolylineConsolidation(max_distance=10).consolidate(votes)["1"].label.shapes[0].vertices
    (Point(x=0.0, y=1.0), Point(x=90.0, y=1.0))
    """

    takes: ClassVar[str] = "polylines"

    def _measure(self, limit: float) -> ShapeMeasure[Polyline]:
        from hitl_sdk.consolidation._geometry import PolylineMeasure

        return PolylineMeasure(limit)


class KeypointConsolidation(_ByDistance[Keypoint]):
    """Keypoints of one label, matched by distance; the result is their mean place.

    A label says which point it is, so those of different labels are never matched. All else is as with
    `BoxConsolidation`, where a distance counts as ``1 - distance / max_distance`` in place of the IoU.

    Parameters
    ----------
    max_distance : float, optional
        In pixels; 2 % of the diagonal of the image when left out.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Keypoint, Shapes
    >>> places = {"ann": (100, 80), "bob": (104, 82)}
    >>> votes = [Vote("1", worker, Shapes((Keypoint("nose", *place),), 640, 480)) for worker, place in places.items()]
    >>> KeypointConsolidation().consolidate(votes)["1"].label.shapes
    (Keypoint(label='nose', x=102.0, y=81.0, confidence=1.0),)
    """

    takes: ClassVar[str] = "keypoints"

    def _measure(self, limit: float) -> ShapeMeasure[Keypoint]:
        from hitl_sdk.consolidation._geometry import KeypointMeasure

        return KeypointMeasure(limit)


def _size(answers: Sequence[Shapes[ShapeT]]) -> tuple[int | None, int | None]:
    """Return the size of the image that was told most often; of several the least."""
    told = Counter(
        (answer.image_width, answer.image_height)
        for answer in answers
        if answer.image_width is not None and answer.image_height is not None
    )
    return min(told, key=lambda size: (-told[size], size), default=(None, None))


def _far(width: int | None, height: int | None) -> float:
    """Return the greatest distance at which two shapes are the same, by the size of the image."""
    if not width or not height:
        raise ValueError("none says how large the image is; give max_distance in pixels")
    return _FAR * hypot(width, height)
