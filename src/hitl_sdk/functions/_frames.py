"""AWS's functions for jobs on video frames and point clouds: the parsed sequence before, the label's file after.

For these kinds AWS states no method of consolidation. The labels are those of the event; where it does not tell them, as
for jobs made in the console, they are those that workers gave, in sorted order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hitl_sdk.functions._images_and_texts import rounded, with_status
from hitl_sdk.functions._task_labels import agree, read_answers
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
    from hitl_sdk.functions._batch import Batch, Consolidator, Entry
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


def _consolidator(task_type: type[FrameTask]) -> Consolidator:
    def consolidate(batch: Batch) -> Mapping[str, Entry]:
        task = _task(task_type, batch)
        if task is None:
            return {}  # nobody named any label, and the event names none: there is no label to write
        answers = read_answers(task, batch.objects)
        entries = {}
        for object_id, consensus in agree(task, answers, None).items():
            entry = batch.stored(_written(task, consensus), object_id)
            is_adjusted = batch.kind.role == "adjust"
            entries[object_id] = with_status(entry, answers[object_id]) if is_adjusted else entry
        return entries

    return consolidate


def _task(task_type: type[FrameTask], batch: Batch) -> FrameTask | None:
    """Return the task that the answers are to; what was drawn, the event does not say, but they do."""
    labels = batch.labels
    if not labels:
        return None
    answers = [annotation.content for each in batch.objects for annotation in each.annotations]
    fields: dict[str, Any] = {}
    if "annotation_type" in task_type.model_fields:
        fields["annotation_type"] = next(
            (_ANNOTATION_TYPES[key] for key in _keys_in(answers) if key in _ANNOTATION_TYPES), "BoundingBox"
        )
    return task_type(name=str(batch.kind.answer_key), labels=labels, title=batch.kind.title, **fields)


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


CONSOLIDATORS: Mapping[str, Consolidator] = {task.labeling_kind: _consolidator(task) for task in _TASKS}
"""By the name of the kind."""
