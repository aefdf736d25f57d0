"""Workers' answers to a task, made one label an object. What can't be read is left out and logged, never the batch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk.consolidation import Vote
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions.events import ConsolidatedAnnotation
from hitl_sdk.labels import to_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hitl_sdk.consolidation import Consensus, Consolidation
    from hitl_sdk.functions.events import DataObject, PostAnnotationEvent
    from hitl_sdk.tasks import Answer, Task

__all__ = ["Given", "agree", "label_documents", "read_answers"]

_LOG = logging.getLogger(__name__)


class Given(NamedTuple):
    """An answer, and whose it is."""

    worker: str
    answer: Answer[Any]


Answers: TypeAlias = "Mapping[str, Sequence[Given]]"
"""By object, the answers that could be read; objects without any are not there."""


def read_answers(
    task: Task,
    objects: Sequence[DataObject],
    prepare: Callable[[Mapping[str, object]], Mapping[str, object]] = lambda content: content,
) -> Answers:
    """Read the answers to a task; `prepare` is asked for each of them first."""
    read: dict[str, list[Given]] = {}
    for each in objects:
        for given in each.annotations:
            try:
                answer = task.parse_answer(prepare(given.content))
            except InvalidInputError as error:
                _LOG.warning("an answer to object %r is left out: %s", each.dataset_object_id, error)
            else:
                read.setdefault(each.dataset_object_id, []).append(Given(given.worker_id, answer))
    return read


def agree(task: Task, answers: Answers, by: Consolidation[Any] | None) -> Mapping[str, Consensus[Any]]:
    """Make one label an object; those whose answers don't fit together are left out."""
    votes = {
        name: [Vote(name, each.worker, each.answer.label) for each in given]
        for name, given in answers.items()
    }
    try:
        return task.consolidate([vote for own in votes.values() for vote in own], by=by)
    except InvalidInputError as error:
        if error.item_id is None:
            raise
    # A method that tells which one it is looks at each object by itself.
    found: dict[str, Consensus[Any]] = {}
    for name, own in votes.items():
        try:
            found |= task.consolidate(own, by=by)
        except InvalidInputError as error:
            _LOG.warning("object %r is left out: %s", name, error)
    return found


def label_documents(
    task: Task,
    by: Consolidation[Any] | None,
    objects: Sequence[DataObject],
    event: PostAnnotationEvent,
) -> Iterator[ConsolidatedAnnotation]:
    """Yield the label of each object as a document of a custom job's manifest."""
    for name, consensus in agree(task, read_answers(task, objects), by).items():
        document = {
            "label": to_value(consensus.label),
            "confidence": consensus.confidence,
            "agreement": consensus.agreement,
            "nWorkers": consensus.n_workers,
        }
        yield ConsolidatedAnnotation(name, {event.label_attribute_name: document})
