"""Consolidation for the built-in kinds of job on images, texts and video clips, by the family of the label.

What AWS says of its own methods stands beside each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hitl_sdk._image_shapes import clip
from hitl_sdk.functions._entries import consolidator, rounded
from hitl_sdk.functions._error_model import ErrorModel
from hitl_sdk.functions._tasks import Boxes, OneLabel, SeveralLabels
from hitl_sdk.tasks import NamedEntityRecognition, SemanticSegmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hitl_sdk.consolidation import Consensus
    from hitl_sdk.functions._batch import Batch, Consolidator
    from hitl_sdk.labels import Mask, Shapes
    from hitl_sdk.tasks import ManifestEntry
    from hitl_sdk.tasks.classification import ListedLabels

__all__ = ["CONSOLIDATORS"]


def _as_a_whole(task: ListedLabels, consensus: Consensus[str] | Consensus[Mask]) -> ManifestEntry:
    return task.manifest_entry(consensus.label, confidence=rounded(consensus.confidence))


def _several(task: ListedLabels, consensus: Consensus[tuple[str, ...]]) -> ManifestEntry:
    """List every label that at least one worker chose, each with its confidence, as Ground Truth does."""
    sure = consensus.label_confidences
    if sure is None:
        return task.manifest_entry(consensus.label)
    chosen = tuple(label for label in task.labels if label in sure)
    return task.manifest_entry(
        chosen, label_confidences={label: rounded(confidence) for label, confidence in sure.items()}
    )


def _drawn(task: ListedLabels, consensus: Consensus[Shapes[Any]]) -> ManifestEntry:
    """Write boxes without those of which nothing is inside the image: a slip of the hand is no label."""
    label = consensus.label
    width, height = label.image_width or 0, label.image_height or 0
    inside = [box for box in label.shapes if not (width and height) or clip(box, width, height) is not None]
    return task.manifest_entry(replace(label, shapes=_sure(inside)))


def _marked(task: ListedLabels, consensus: Consensus[Any]) -> ManifestEntry:
    return task.manifest_entry(_sure(consensus.label))


def _sure(parts: Iterable[Any]) -> tuple[Any, ...]:
    """Return boxes or spans with their confidences rounded."""
    return tuple(replace(part, confidence=rounded(part.confidence)) for part in parts)


def _task_of(task_type: type[ListedLabels]) -> Callable[[Batch], ListedLabels]:
    """Return what makes the task that the answers are to, with the labels of the batch."""

    def task_of(batch: Batch) -> ListedLabels:
        return task_type(name=str(batch.kind.answer_key), labels=batch.labels, title=batch.kind.title[:128])

    return task_of


_ONE = consolidator(_task_of(OneLabel), _as_a_whole, ErrorModel)
_SEVERAL = consolidator(_task_of(SeveralLabels), _several, ErrorModel)
# Boxes of different workers that overlap most, averaged.
_BOXES = consolidator(_task_of(Boxes), _drawn)
# Marked pieces clustered by overlap; the mode of their ends, and the most frequent label.
_SPANS = consolidator(_task_of(NamedEntityRecognition), _marked)
# The workers vote on every pixel; the smoothing of which AWS speaks is not published, and not done.
_MASKS = consolidator(_task_of(SemanticSegmentation), _as_a_whole)


CONSOLIDATORS: Mapping[str, Consolidator] = {
    "AdjustmentBoundingBox": _BOXES,
    "AdjustmentSemanticSegmentation": _MASKS,
    "BoundingBox": _BOXES,
    "ImageMultiClass": _ONE,
    "ImageMultiClassMultiLabel": _SEVERAL,
    "NamedEntityRecognition": _SPANS,
    "SemanticSegmentation": _MASKS,
    "TextMultiClass": _ONE,
    "TextMultiClassMultiLabel": _SEVERAL,
    "VerificationBoundingBox": _ONE,
    "VerificationSemanticSegmentation": _ONE,
    "VideoMultiClass": _ONE,  # AWS states no method for clips
}
"""By the name of the kind."""
