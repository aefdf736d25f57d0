"""Consolidation for the built-in kinds of job on images, texts and video clips, by the family of the label.

What AWS says of its own methods stands beside each. The labels are those of the event; where it does not tell them, as
for jobs made in the console, they are those that workers gave, in sorted order.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk._image_shapes import clip
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions._batch import Entry, answers_under
from hitl_sdk.functions._error_model import ErrorModel
from hitl_sdk.functions._task_labels import agree, read_answers
from hitl_sdk.functions._tasks import Boxes, OneLabel, SeveralLabels
from hitl_sdk.tasks import NamedEntityRecognition, SemanticSegmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hitl_sdk.consolidation import Consensus, Consolidation
    from hitl_sdk.functions._batch import Batch, Consolidator
    from hitl_sdk.functions._task_labels import Given
    from hitl_sdk.labels import Mask, Shapes
    from hitl_sdk.tasks import ManifestEntry
    from hitl_sdk.tasks.classification import ListedLabels

__all__ = ["CONSOLIDATORS", "rounded", "with_status"]

_LOG = logging.getLogger(__name__)


_Finish: TypeAlias = "Callable[[Entry, Sequence[Given]], Entry]"


class _Family(NamedTuple):
    """How labels of one family are consolidated."""

    task: type[ListedLabels]
    method: Callable[[], Consolidation[Any] | None]
    write: Callable[[ListedLabels, Consensus[Any]], ManifestEntry]


def _own_method() -> None:
    """Leave the method to the task."""


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


_ONE = _Family(OneLabel, ErrorModel, _as_a_whole)
_SEVERAL = _Family(SeveralLabels, ErrorModel, _several)
# Boxes of different workers that overlap most, averaged.
_BOXES = _Family(Boxes, _own_method, _drawn)
# Marked pieces clustered by overlap; the mode of their ends, and the most frequent label.
_SPANS = _Family(NamedEntityRecognition, _own_method, _marked)
# The workers vote on every pixel; the smoothing of which AWS speaks is not published, and not done.
_MASKS = _Family(SemanticSegmentation, _own_method, _as_a_whole)


def _consolidator(family: _Family, finish: _Finish | None = None) -> Consolidator:
    """Return the consolidator of a family; `finish` adds what verification and adjustment say beside the label."""

    def consolidate(batch: Batch) -> Mapping[str, Entry]:
        name = str(batch.kind.answer_key)
        if not batch.labels:
            return {}  # nobody named any, and the event names none: there is no label to write
        task = family.task(name=name, labels=batch.labels, title=batch.kind.title[:128])
        answers = read_answers(task, batch.objects, lambda content: answers_under(content, name))
        entries = {}
        for object_id, consensus in agree(task, answers, family.method()).items():
            try:
                written = family.write(task, consensus)
            except InvalidInputError as error:
                _LOG.warning("object %r is left out: %s", object_id, error)
            else:
                entry = batch.stored(written, object_id)
                entries[object_id] = finish(entry, answers[object_id]) if finish else entry
        return entries

    return consolidate


def _with_feedback(entry: Entry, given: Sequence[Given]) -> Entry:
    """Add what workers wrote beside their verdicts; these are numbers in text."""
    comments = [{"comment": each.answer.comment} for each in given if each.answer.comment]
    feedback = {"worker-feedback": comments} if comments else {}
    return Entry(str(entry.value), {**entry.metadata, **feedback})


def with_status(entry: Entry, given: Sequence[Given]) -> Entry:
    """Add whether any worker changed something, as ``initialValueModified`` of the answers tells.

    The prior label is not in the payload. Where no answer tells, nothing is said.
    """
    told = [each.answer.modified for each in given if each.answer.modified is not None]
    status = {"adjustment-status": "adjusted" if any(told) else "unadjusted"} if told else {}
    return Entry(entry.value, {**entry.metadata, **status})


def _sure(parts: Iterable[Any]) -> tuple[Any, ...]:
    """Return boxes or spans with their confidences rounded."""
    return tuple(replace(part, confidence=rounded(part.confidence)) for part in parts)


def rounded(confidence: float | None) -> float | None:
    """Return a confidence as Ground Truth writes it, with two decimals."""
    return None if confidence is None else round(confidence, 2)


CONSOLIDATORS: Mapping[str, Consolidator] = {
    "AdjustmentBoundingBox": _consolidator(_BOXES, with_status),
    "AdjustmentSemanticSegmentation": _consolidator(_MASKS, with_status),
    "BoundingBox": _consolidator(_BOXES),
    "ImageMultiClass": _consolidator(_ONE),
    "ImageMultiClassMultiLabel": _consolidator(_SEVERAL),
    "NamedEntityRecognition": _consolidator(_SPANS),
    "SemanticSegmentation": _consolidator(_MASKS),
    "TextMultiClass": _consolidator(_ONE),
    "TextMultiClassMultiLabel": _consolidator(_SEVERAL),
    "VerificationBoundingBox": _consolidator(_ONE, _with_feedback),
    "VerificationSemanticSegmentation": _consolidator(_ONE, _with_feedback),
    "VideoMultiClass": _consolidator(_ONE),  # AWS states no method for clips
}
"""By the name of the kind."""
