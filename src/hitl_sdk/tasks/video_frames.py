"""Tasks on the frames of a video: things in each of them, and the same things over all of them. For labeling jobs."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from hitl_sdk.consolidation import (
    BoxConsolidation,
    Consolidation,
    FrameConsolidation,
    KeypointConsolidation,
    PolygonConsolidation,
    PolylineConsolidation,
)
from hitl_sdk.labels import Box, Keypoint, Polygon, Polyline
from hitl_sdk.tasks.frames import SequenceTask

__all__ = [
    "VideoObjectDetection",
    "VideoObjectDetectionAdjustment",
    "VideoObjectTracking",
    "VideoObjectTrackingAdjustment",
]

AnnotationType = Literal["BoundingBox", "Polygon", "Polyline", "Keypoint"]

_SHAPES: Mapping[str, type[Any]] = {
    "BoundingBox": Box,
    "Polygon": Polygon,
    "Polyline": Polyline,
    "Keypoint": Keypoint,
}

# Frames don't tell their size, of which other tasks take a share.
_FAR = 20.0  # pixels


class _VideoTask(SequenceTask):
    """What all tasks on video frames share."""

    annotation_type: AnnotationType = "BoundingBox"

    @property
    def shape(self) -> type[Any]:
        """What is drawn."""
        return _SHAPES[self.annotation_type]

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches what was drawn frame by frame, and averages it."""
        if self.annotation_type == "BoundingBox":
            return FrameConsolidation(BoxConsolidation())
        if self.annotation_type == "Polygon":
            return FrameConsolidation(PolygonConsolidation())
        if self.annotation_type == "Polyline":
            return FrameConsolidation(PolylineConsolidation(_FAR))
        return FrameConsolidation(KeypointConsolidation(_FAR))


class VideoObjectDetection(_VideoTask):
    """Find things in each frame of a video; what is in one frame has nothing to do with the next. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.
    annotation_type : {"BoundingBox", "Polygon", "Polyline", "Keypoint"}, default "BoundingBox"
        What is drawn.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> task = VideoObjectDetection(name="vans", labels=["van"], title="Draw a box around every van")
    >>> box = {"label": "van", "left": 5, "top": 6, "width": 20, "height": 10}
    >>> answer = {"frames": [{"frameNumber": "0", "frame": "f_0001.jpg", "boundingBoxes": [box]}]}
    >>> task.parse_answer({"detectionAnnotations": answer}).label.frames[0].objects[0].shape.width
    20
    >>> task.template()
    Traceback (most recent call last):
    hitl_sdk.errors.TemplateError: task 'vans' has no worker template: its workers see AWS's own task UI ...
    """

    labeling_kind = "VideoObjectDetection"
    tracks: ClassVar[bool] = False


class VideoObjectDetectionAdjustment(VideoObjectDetection):
    """Mend what was found in each frame of a video. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once.
    annotation_type : {"BoundingBox", "Polygon", "Polyline", "Keypoint"}, default "BoundingBox"
        What was drawn.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> VideoObjectDetectionAdjustment(name="vans", labels=["van"], title="Mend the boxes").labeling_kind
    'AdjustmentVideoObjectDetection'
    """

    labeling_kind = "AdjustmentVideoObjectDetection"


class VideoObjectTracking(_VideoTask):
    """Follow things through the frames of a video: each has one id in all frames that show it. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.
    annotation_type : {"BoundingBox", "Polygon", "Polyline", "Keypoint"}, default "BoundingBox"
        What is drawn.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> task = VideoObjectTracking(name="vans", labels=["van"], title="Follow every van", annotation_type="Keypoint")
    >>> van = {"label": "van", "x": 5, "y": 6, "objectId": "a1", "objectName": "van:1"}
    >>> answer = {"frames": [{"frameNumber": number, "keypoints": [van]} for number in (0, 1)]}
    >>> label = task.parse_answer({"trackingAnnotations": answer}).label
    >>> {frame.objects[0].object_id for frame in label.frames}
    {'a1'}
    """

    labeling_kind = "VideoObjectTracking"
    tracks: ClassVar[bool] = True


class VideoObjectTrackingAdjustment(VideoObjectTracking):
    """Mend how things were followed through the frames of a video. For labeling jobs.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once.
    annotation_type : {"BoundingBox", "Polygon", "Polyline", "Keypoint"}, default "BoundingBox"
        What was drawn.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.

    Examples
    --------
    >>> VideoObjectTrackingAdjustment(name="vans", labels=["van"], title="Mend the tracks").labeling_kind
    'AdjustmentVideoObjectTracking'
    """

    labeling_kind = "AdjustmentVideoObjectTracking"
