"""Labels of frame sequences and point clouds of several workers to one.

AWS states no method for these kinds of jobs. The rules here are this package's.
"""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, ClassVar, Generic

from hitl_sdk._optional import load
from hitl_sdk.consolidation._objects import (
    agree_on_attributes,
    agree_on_objects,
    free_name,
    tracks,
)
from hitl_sdk.consolidation._parts import agree_on_parts
from hitl_sdk.consolidation._per_item import PerItem, check_share
from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.labels import Cuboid, Frame, FrameObject, FrameSequence, PlacedT, PointClasses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.consolidation._objects import AgreedObjects, PlaceMethod, Seen
    from hitl_sdk.consolidation._parts import PartsConsensus

__all__ = ["CuboidConsolidation", "FrameConsolidation", "PointVote"]


class CuboidConsolidation(PerItem[Frame[Cuboid]]):
    """Cuboids of one frame, matched by the intersection over union of their volumes and averaged.

    All is as with `BoxConsolidation` but the overlap, which is that of volumes turned by yaw, roll and pitch left out,
    and the average, which is that of centre, size and angles. An attribute is kept if at least half of those who
    marked the thing tell it, with the value most of them give. A thing has the name most of them gave it, one that
    is not taken.

    Parameters
    ----------
    min_iou : float
        Above 0 and up to 1; 0.25 is the threshold of the SUN RGB-D benchmark of 3D detection.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import Cuboid, Frame, FrameObject
    >>> vans = {"ann": Cuboid("van", 8, 0, 1, 4, 2, 2), "bob": Cuboid("van", 9, 0, 1, 4, 2, 2)}
    >>> votes = [Vote("1", worker, Frame(objects=(FrameObject(van),))) for worker, van in vans.items()]
    >>> CuboidConsolidation().consolidate(votes)["1"].label.objects[0].shape.center_x
    8.5
    """

    takes: ClassVar[str] = "cuboids"

    def __init__(self, min_iou: float = 0.25, *, min_share: float = 0.5) -> None:
        self._min_iou = check_share("min_iou", min_iou)
        self._min_share = check_share("min_share", min_share)

    def agree_on(
        self,
        answers: Sequence[Sequence[Cuboid]],
        size: tuple[int | None, int | None] = (None, None),  # noqa: ARG002  of an image, which a point cloud is not
        preferred: Sequence[Cuboid] | None = None,
    ) -> PartsConsensus[Cuboid]:
        """Return what several workers drew together in one frame.

        Parameters
        ----------
        answers : sequence of sequence of Cuboid
            The cuboids of each worker.
        size : pair
            Of no meaning here; methods for images need it.
        preferred : sequence of Cuboid, optional
            The cuboids that decide ties.
        """
        load("numpy", extra="images", needed_for="consolidating cuboids")
        from hitl_sdk.consolidation._cuboids import CuboidMeasure

        return agree_on_parts(answers, CuboidMeasure(self._min_iou), self._min_share, preferred)

    def _agree(
        self, answers: Sequence[Frame[Cuboid]], preferred: Frame[Cuboid] | None
    ) -> Consensus[Frame[Cuboid]]:
        if len(answers) == 1:
            return Consensus(answers[0], None, None, 1)
        agreed = agree_on_objects(
            [answer.objects for answer in answers], self, None if preferred is None else preferred.objects
        )
        taken: set[str] = set()
        objects = tuple(
            replace(each, object_name=free_name((one.object_name for one in seen), taken))
            for each, seen in zip(agreed.objects, agreed.seen, strict=True)
        )
        frame = replace(_frame_of(answers), objects=objects)
        return agreed.drawn.of(frame)


class FrameConsolidation(PerItem[FrameSequence[PlacedT]], Generic[PlacedT]):
    """Sequences of frames: the things in each frame by a method for their shapes, and tracks through the frames.

    Frames are matched by their number; a worker without a frame marked nothing there. In each, things are matched,
    averaged and voted on as `method` does, and their attributes as `CuboidConsolidation` does. Where things have ids,
    one goes on with the track to which most of those who marked it have given their id before, and else begins a
    new one. A track has the id, and the name, that most of its things had, of those that are not taken.

    ``confidence`` and ``agreement`` are the means over the frames in which anyone marked anything; the consensus is
    flagged as a tie if any of them is.

    Parameters
    ----------
    method : BoxConsolidation, PolygonConsolidation, PolylineConsolidation, KeypointConsolidation or CuboidConsolidation
        For the things of one frame. Frames don't tell their size, so lines and points need a ``max_distance``.

    Examples
    --------
    >>> from hitl_sdk.consolidation import BoxConsolidation, Vote
    >>> from hitl_sdk.labels import Box, Frame, FrameObject, FrameSequence
    >>> def drawn(left, name):
    ...     van = FrameObject(Box("van", left, 10, 40, 40), object_id=name)
    ...     return FrameSequence((Frame(0, "0.jpg", (van,)), Frame(1, "1.jpg", (van,))))
    >>> votes = [Vote("1", "ann", drawn(10, "a")), Vote("1", "bob", drawn(12, "b")), Vote("1", "cai", drawn(14, "b"))]
    >>> sequence = FrameConsolidation(BoxConsolidation()).consolidate(votes)["1"].label
    >>> [(frame.objects[0].shape.left, frame.objects[0].object_id) for frame in sequence.frames]
    [(12.0, 'b'), (12.0, 'b')]
    """

    def __init__(self, method: PlaceMethod[PlacedT]) -> None:
        self._method: PlaceMethod[PlacedT] = method
        self.takes: str = f"frames of {method.takes}"

    def _agree(
        self, answers: Sequence[FrameSequence[PlacedT]], preferred: FrameSequence[PlacedT] | None
    ) -> Consensus[FrameSequence[PlacedT]]:
        if len(answers) == 1:
            return Consensus(answers[0], None, None, 1)
        by_number = [_by_number(answer) for answer in answers]
        wanted = {} if preferred is None else _by_number(preferred)
        frames, agreed, marked = [], [], []
        for number in sorted(set().union(*by_number)):
            given = [answer.get(number, Frame(number)) for answer in by_number]
            frames.append(_frame_of(given))
            things = agree_on_objects(
                [frame.objects for frame in given],
                self._method,
                None if preferred is None else wanted.get(number, Frame(number)).objects,
            )
            agreed.append(things)
            if any(frame.objects for frame in given):
                marked.append(things.drawn)
        objects = _named(agreed)
        label = FrameSequence(
            tuple(replace(frame, objects=things) for frame, things in zip(frames, objects, strict=True))
        )
        return Consensus(
            label,
            _mean([each.confidence for each in marked]),
            _mean([each.agreement for each in marked]),
            len(answers),
            tie=any(each.tie for each in marked),
        )


class PointVote(PerItem[PointClasses]):
    """The class that most workers gave each point of a point cloud; the background counts as one.

    Ties, ``confidence`` and ``agreement`` are those of `MaskVote`, of points in place of pixels. The attributes are
    those that at least half of the workers tell.

    Raises `InvalidInputError`, naming the item, for different numbers of points.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import PointClasses
    >>> given = {"ann": [1, 1, 0], "bob": [1, 0, 0], "cai": [1, 1, 2]}
    >>> votes = [Vote("1", worker, PointClasses(("road", "tree"), bytes(each))) for worker, each in given.items()]
    >>> list(PointVote().consolidate(votes)["1"].label.classes)
    [1, 1, 0]
    """

    takes: ClassVar[str] = "classes of points"

    def _agree(
        self, answers: Sequence[PointClasses], preferred: PointClasses | None
    ) -> Consensus[PointClasses]:
        if len(answers) == 1:
            return Consensus(answers[0], None, None, 1)
        numbers = sorted(
            {len(each.classes) for each in (*answers, *([] if preferred is None else [preferred]))}
        )
        if len(numbers) > 1:
            raise ValueError(f"the numbers of points differ: {', '.join(map(str, numbers))}")
        np = load("numpy", extra="images", needed_for="consolidating classes of points")
        from hitl_sdk.consolidation._pixels import Pixels, all_labels, mean_iou, renumbered, vote_by_pixel

        labels = all_labels([answer.labels for answer in answers])
        code = {label: number for number, label in enumerate(labels, start=1)}

        def classes(points: PointClasses) -> Pixels:
            given = np.frombuffer(points.classes, np.uint8)
            return renumbered(given, [0, *(code.get(label, -1) for label in points.labels)])

        several = np.stack([classes(answer) for answer in answers])
        voted = vote_by_pixel(several, None if preferred is None else classes(preferred))
        attributes = agree_on_attributes([answer.attributes for answer in answers])
        return Consensus(
            PointClasses(tuple(labels), voted.value.astype(np.uint8).tobytes(), attributes),
            _mean(voted.share.tolist()),
            _mean([mean_iou(each, voted.value) for each in several]),
            len(answers),
            tie=bool(voted.tied.any()),
        )


def _by_number(sequence: FrameSequence[PlacedT]) -> dict[int, Frame[PlacedT]]:
    """Return frames by their number; one without, which no reader leaves, counts as 0."""
    return {frame.number or 0: frame for frame in sequence.frames}


def _frame_of(given: Sequence[Frame[PlacedT]]) -> Frame[PlacedT]:
    """Return what workers say of a frame, without the things in it."""
    numbers, names = ([getattr(frame, name) for frame in given] for name in ("number", "name"))
    return Frame(
        next((number for number in numbers if number is not None), None),
        min((name for name in names if name is not None), default=None),
        attributes=agree_on_attributes([frame.attributes for frame in given]),
    )


def _named(agreed: Sequence[AgreedObjects[PlacedT]]) -> list[tuple[FrameObject[PlacedT], ...]]:
    """Return the things of each frame with the id and the name of their track."""
    numbers = tracks(each.seen for each in agreed)
    seen: dict[int, list[Seen]] = {}
    for each, of_frame in zip(agreed, numbers, strict=True):
        for who, track in zip(each.seen, of_frame, strict=True):
            seen.setdefault(track, []).extend(who)
    ids: set[str] = set()
    names: set[str] = set()
    called = {
        track: (
            free_name((one.object_id for one in who), ids),
            free_name((one.object_name for one in who), names),
        )
        for track, who in seen.items()
    }
    return [
        tuple(
            replace(thing, object_id=called[track][0], object_name=called[track][1])
            for thing, track in zip(each.objects, of_frame, strict=True)
        )
        for each, of_frame in zip(agreed, numbers, strict=True)
    ]


def _mean(shares: Sequence[float | None]) -> float:
    """Return the mean of what is known; 1 of nothing, on which all agree."""
    known = [share for share in shares if share is not None]
    return fsum(known) / len(known) if known else 1.0
