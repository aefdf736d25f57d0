"""AWS's functions for jobs on video frames and point clouds: the parsed sequence before, the label's file after.

For these kinds AWS states no method of consolidation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hitl_sdk.functions._entries import consolidator, rounded
from hitl_sdk.labels import Frame
from hitl_sdk.tasks import (
    PointCloudObjectDetection,
    PointCloudObjectDetectionAdjustment,
    PointCloudObjectTracking,
    PointCloudObjectTrackingAdjustment,
    PointCloudSemanticSegmentation,
    PointCloudSemanticSegmentationAdjustment,
    VideoObjectDetection,
    VideoObjectDetectionAdjustment,
    VideoObjectTracking,
    VideoObjectTrackingAdjustment,
)

if TYPE_CHECKING:
    from hitl_sdk.consolidation import Consensus
    from hitl_sdk.functions._batch import Batch, Consolidator
    from hitl_sdk.tasks import ManifestEntry, Task
    from hitl_sdk.tasks.frames import FrameTask

__all__ = ["CONSOLIDATORS"]

_TASKS: tuple[type[FrameTask], ...] = (
    PointCloudObjectDetection,
    PointCloudObjectDetectionAdjustment,
    PointCloudObjectTracking,
    PointCloudObjectTrackingAdjustment,
    PointCloudSemanticSegmentation,
    PointCloudSemanticSegmentationAdjustment,
    VideoObjectDetection,
    VideoObjectDetectionAdjustment,
    VideoObjectTracking,
    VideoObjectTrackingAdjustment,
)
_ANNOTATION_TYPES: Mapping[str, str] = {
    "boundingBoxes": "BoundingBox",
    "polygons": "Polygon",
    "polylines": "Polyline",
    "keypoints": "Keypoint",
}


def _task_of(task_type: type[FrameTask]) -> Callable[[Batch], FrameTask]:
    """Return what makes the task that the answers are to; what was drawn, the event does not say, but they do."""

    def task_of(batch: Batch) -> FrameTask:
        answers = [annotation.content for each in batch.objects for annotation in each.annotations]
        fields: dict[str, Any] = {}
        if "annotation_type" in task_type.model_fields:
            fields["annotation_type"] = next(
                (_ANNOTATION_TYPES[key] for key in _keys_in(answers) if key in _ANNOTATION_TYPES),
                "BoundingBox",
            )
        return task_type(
            name=str(batch.kind.answer_key), labels=batch.labels, title=batch.kind.title, **fields
        )

    return task_of


def _written(task: Task, consensus: Consensus[Any]) -> ManifestEntry:
    """Return the entry of a label, confidences with two decimals."""
    label = consensus.label
    if isinstance(label, Frame):
        objects = tuple(
            replace(each, shape=replace(each.shape, confidence=rounded(each.shape.confidence)))
            for each in label.objects
        )
        label = replace(label, objects=objects)
    return task.manifest_entry(label, confidence=rounded(consensus.confidence))


def _keys_in(value: object) -> Iterator[str]:
    """Yield the keys of all objects in an answer."""
    yield from map(str, value if isinstance(value, Mapping) else ())
    for part in _parts(value):
        yield from _keys_in(part)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


CONSOLIDATORS: Mapping[str, Consolidator] = {
    task.labeling_kind: consolidator(_task_of(task), _written) for task in _TASKS
}
"""By the name of the kind."""
