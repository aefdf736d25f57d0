"""What the consolidation of all built-in kinds has in common: from the answers in a batch to an entry an object."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions._batch import Entry
from hitl_sdk.functions._task_labels import agree, read_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitl_sdk.consolidation import Consensus, Consolidation
    from hitl_sdk.functions._batch import Batch, Consolidator
    from hitl_sdk.functions._task_labels import Given
    from hitl_sdk.tasks import ManifestEntry, Task

__all__ = ["consolidator", "rounded"]

_LOG = logging.getLogger(__name__)

TaskT = TypeVar("TaskT", bound="Task")


def consolidator(
    task_of: Callable[[Batch], TaskT],
    write: Callable[[TaskT, Consensus[Any]], ManifestEntry],
    method: Callable[[], Consolidation[Any]] | None = None,
) -> Consolidator:
    """Return the consolidator of a kind: by a method, or else by the task's own.

    A label that can't be written leaves its object without one, not the batch.
    """

    def consolidate(batch: Batch) -> Mapping[str, Entry]:
        if not batch.labels:
            return {}  # nobody named any, and the event names none: there is no label to write
        task = task_of(batch)
        answers = read_answers(task, batch.objects, lambda content: _named_as(task, content))
        entries = {}
        for object_id, consensus in agree(task, answers, method() if method else None).items():
            try:
                written = write(task, consensus)
            except InvalidInputError as error:
                _LOG.warning("object %r is left out: %s", object_id, error)
            else:
                entry = batch.stored(written, object_id)
                entries[object_id] = _with_what_else_was_said(batch.kind.role, entry, answers[object_id])
        return entries

    return consolidate


def rounded(confidence: float | None) -> float | None:
    """Return a confidence as Ground Truth writes it, with two decimals."""
    return None if confidence is None else round(confidence, 2)


def _named_as(task: Task, content: Mapping[str, object]) -> Mapping[str, object]:
    """Return a worker's answer with its one key renamed, if there is just one: templates of users name it freely."""
    return {task.name: next(iter(content.values()))} if task.has_template and len(content) == 1 else content


def _with_what_else_was_said(role: str, entry: Entry, given: Sequence[Given]) -> Entry:
    """Add what verification and adjustment say beside the label."""
    if role == "verify":
        return _with_feedback(entry, given)
    return _with_status(entry, given) if role == "adjust" else entry


def _with_feedback(entry: Entry, given: Sequence[Given]) -> Entry:
    """Add what workers wrote beside their verdicts; these are numbers in text."""
    comments = [{"comment": each.answer.comment} for each in given if each.answer.comment]
    feedback = {"worker-feedback": comments} if comments else {}
    return Entry(str(entry.value), {**entry.metadata, **feedback})


def _with_status(entry: Entry, given: Sequence[Given]) -> Entry:
    """Add whether any worker changed something, as ``initialValueModified`` of the answers tells.

    The prior label is not in the payload. Where no answer tells, nothing is said.
    """
    told = [each.answer.modified for each in given if each.answer.modified is not None]
    status = {"adjustment-status": "adjusted" if any(told) else "unadjusted"} if told else {}
    return Entry(entry.value, {**entry.metadata, **status})
