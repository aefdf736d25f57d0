"""Takes decided predictions into a run's record, in batches: what each becomes, and the human loops they ask for."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from hitl_sdk.errors import DuplicateItemError, HitlError, InvalidPredictionError
from hitl_sdk.loops.asking import Asking
from hitl_sdk.loops.record import RecordedItem, RecordedLoop
from hitl_sdk.review._codec import columns_text, error_text, label_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitl_sdk.loops.record import RunRecord
    from hitl_sdk.routing import DecidedItem
    from hitl_sdk.tasks import Task

__all__ = ["Planner"]

_GAP = 100
"""Positions that are read over rather than looked for anew."""


class Planner:
    """Takes in the predictions of one run, batch after batch."""

    def __init__(self, record: RunRecord, task: Task) -> None:
        self._record = record
        self._asking = Asking(record.header.flow_definition_arn, task)
        self._seen = (
            bytearray()
        )  # by position, what has been given already: an item stands once among the predictions

    def add(self, batch: Sequence[DecidedItem]) -> None:
        """Take in a batch. What is in the record already, of the same content, stays as it is.

        Raises
        ------
        DuplicateItemError
            If an item id was given before, or is in the record for another content; the batch is not taken in then.
        """
        known = self._record.positions([item.item_id for item in batch])
        self._check(batch, known)
        rows = [self._row(item) for item in batch if item.item_id not in known]
        loops = {loop.human_loop_name: loop for _, loop in rows if loop is not None}
        added = self._record.add_items([item for item, _ in rows], list(loops.values())) if rows else []
        for position in (*known.values(), *added):
            if position >= len(self._seen):
                self._seen.extend(bytes(position + 1 - len(self._seen)))
            self._seen[position] = 1

    def _check(self, batch: Sequence[DecidedItem], known: Mapping[str, int]) -> None:
        """Refuse ids that stand for two items."""
        for item_id, position in known.items():
            if position < len(self._seen) and self._seen[position]:
                raise DuplicateItemError(
                    f"more than one prediction has the item_id {item_id!r}",
                    hint="give every row an item_id of its own; equal content is reviewed once anyway",
                    item_id=item_id,
                )
        if not known:
            return
        given = {item.item_id: item.item for item in batch}
        for recorded in _items_at(self._record, sorted(known.values())):
            if recorded.item != given.get(recorded.item_id, recorded.item):
                raise DuplicateItemError(
                    f"run {self._record.header.name!r} has taken in the item_id {recorded.item_id!r} with another content",
                    hint="give the item another id, or the run another name",
                    item_id=recorded.item_id,
                )

    def _row(self, item: DecidedItem) -> tuple[RecordedItem, RecordedLoop | None]:
        """Bring the label into the task's spelling, and ask for a human loop where one is due."""
        if item.error is not None:
            return _invalid(item, item.error), None
        name, loop = None, None
        try:
            label = self._asking.label(item.label, item.scores)
            if item.decision == "review":
                asked = self._asking.request(item.item, label)
                name = asked.human_loop_name
                loop = RecordedLoop(name, asked.flow_definition_arn, _input_text(asked.input_content))
        except InvalidPredictionError as error:
            problem = InvalidPredictionError(
                f"item {item.item_id!r}: {error.message}", hint=error.hint, item_id=item.item_id
            )
            return _invalid(item, problem), None
        recorded = RecordedItem(
            item.item_id,
            item.item,
            label_text(label),
            item.confidence,
            item.decision,
            item.reason,
            extra=_extra(item),
            human_loop_name=name,
        )
        return recorded, loop


def _invalid(item: DecidedItem, error: HitlError) -> RecordedItem:
    return RecordedItem(
        item.item_id, item.item, None, None, None, error.message, error_text(error), _extra(item)
    )


def _extra(item: DecidedItem) -> str | None:
    return columns_text(item.extra) if item.extra else None


def _input_text(content: Mapping[str, object]) -> str:
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPredictionError(
            "what workers are to see can't be written as JSON",
            hint="give texts, finite numbers, lists and mappings with text keys",
        ) from error
    return text


def _items_at(record: RunRecord, positions: Sequence[int]) -> Iterator[RecordedItem]:
    """Yield the items at these positions, and those that lie between close ones."""
    start = 0
    for index in range(1, len(positions) + 1):
        if index == len(positions) or positions[index] - positions[index - 1] > _GAP:
            first, last = positions[start], positions[index - 1]
            yield from islice(record.items(first), last + 1 - first)
            start = index
