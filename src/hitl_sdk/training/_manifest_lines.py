"""Rows of a training frame as lines of an augmented manifest: what a row adds to what its label is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hitl_sdk._frames import utc_time
from hitl_sdk._manifest_line import label_metadata
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.training._rows import item_error

if TYPE_CHECKING:
    from datetime import datetime

    from hitl_sdk.tasks import ManifestEntry, Task
    from hitl_sdk.training._rows import LabelledRow

__all__ = ["common_metadata", "manifest_entry"]


def manifest_entry(row: LabelledRow, task: Task) -> ManifestEntry:
    """Return what a line says of the label of a row.

    Raises
    ------
    InvalidInputError
        Naming the item, if the label can't be written.
    """
    known = row.columns.get("label_confidences")
    labels: Any = row.label
    try:
        return task.manifest_entry(
            row.label,
            confidence=row.columns.get("confidence"),
            label_confidences=None if known is None else dict(zip(labels, known, strict=True)),
        )
    except InvalidInputError as error:
        raise item_error(row.item_id, f"can't be written: {error.message}", hint=error.hint) from None


def common_metadata(row: LabelledRow, task: Task, job_name: str | None, now: datetime) -> dict[str, object]:
    """Return the metadata that every line has. A label without a time of its own is of now."""
    loop = row.columns.get("human_loop_name")
    of_row = (utc_time(row.columns.get(name)) for name in ("completed_at", "created_at"))
    created = next((time for time in of_row if time is not None), now)
    by_people = row.columns.get("label_source") != "model"
    name = job_name or (f"a2i/{loop}" if loop else task.name)
    return label_metadata(task.metadata_type, name, created, by_people=by_people)
