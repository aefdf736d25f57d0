"""A training frame of any engine, read for what can be trained on: the rows in force that have a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import narwhals as nw

from hitl_sdk._columns import lacking, read_column
from hitl_sdk.errors import (
    DuplicateItemError,
    EmptyInputError,
    HitlError,
    InvalidInputError,
    MissingExtraError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from narwhals.typing import IntoDataFrameT

    from hitl_sdk.labels import Label
    from hitl_sdk.tasks import Task

__all__ = [
    "CURRENT", "LabelledRow", "LabelledRows", "as_training_frame", "in_force", "item_error", "labelled_rows",
    "repeated",
]  # fmt: skip

CURRENT = "current"
"""The column that tells rows in force from older ones, in a frame that `append` has made."""


class LabelledRow(NamedTuple):
    """One row that can be trained on; `columns` holds the others of its columns, None for null."""

    item_id: str
    item: str
    label: Label
    columns: Mapping[str, Any]


class LabelledRows(NamedTuple):
    """The rows that can be trained on, and how many are not among them."""

    rows: list[LabelledRow]
    left_out: int


def as_training_frame(native: IntoDataFrameT, *columns: str) -> nw.DataFrame[IntoDataFrameT]:
    """Return a frame of any engine as narwhals sees it.

    Raises
    ------
    InvalidInputError
        If it is none, is lazy, or lacks one of the columns.
    """
    frame: Any = nw.from_native(cast("Any", native), pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise InvalidInputError("the frame is lazy", hint="collect it first: frame.collect()")
    if not isinstance(frame, nw.DataFrame):
        raise InvalidInputError(
            f"{type(native).__name__} is no frame", hint="give a pandas or polars frame, or an Arrow table"
        )
    if problem := lacking(frame.columns, columns):
        raise InvalidInputError(
            f"the frame has {problem}", hint="give a training frame, as run.training_frame() returns it"
        )
    return cast("nw.DataFrame[IntoDataFrameT]", frame)


def in_force(frame: nw.DataFrame[Any]) -> list[bool]:
    """Tell which rows are in force: all, unless `append` has put newer ones in the place of some."""
    if CURRENT not in frame.columns:
        return [True] * len(frame)
    return [bool(value) for value in read_column(frame[CURRENT])]


def labelled_rows(native: object, task: Task) -> LabelledRows:
    """Return the rows in force that have a label, which is read as the task's.

    Raises
    ------
    InvalidInputError
        If the frame is no training frame, or a label is none of the task's.
    DuplicateItemError
        If two rows in force are of the same item.
    EmptyInputError
        If no row has a label.
    MissingExtraError
        If what reads masks is not installed.
    """
    frame = as_training_frame(cast("Any", native), "item_id", "item", "label")
    values = {name: read_column(frame[name]) for name in frame.columns}
    rows = []
    for index, current in enumerate(in_force(frame)):
        columns = {name: column[index] for name, column in values.items()}
        label = columns.pop("label")
        if current and label is not None:
            rows.append(_row(str(columns["item_id"]), columns, label, task))
    if not rows:
        raise EmptyInputError("no row of the frame has a label", hint="wait for the review: run.wait()")
    twice = repeated(row.item_id for row in rows)
    if twice is not None:
        raise DuplicateItemError(
            f"item {twice!r} has more than one row",
            hint="keep one an item, for example by append",
            item_id=twice,
        )
    return LabelledRows(rows, len(frame) - len(rows))


def item_error(item_id: str, problem: str, *, hint: str | None = None) -> InvalidInputError:
    """Return an error that names the item."""
    return InvalidInputError(f"item {item_id!r} {problem}", hint=hint, item_id=item_id)


def repeated(names: Iterable[str]) -> str | None:
    """Return the first name that stands there twice, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _row(item_id: str, columns: Mapping[str, Any], label: object, task: Task) -> LabelledRow:
    if columns["item"] is None:
        raise item_error(item_id, "has no content")
    try:
        return LabelledRow(item_id, str(columns["item"]), task.read_label(label), columns)
    except MissingExtraError:
        raise
    except (HitlError, ValueError, TypeError) as error:
        reason = error.message if isinstance(error, HitlError) else str(error)
        raise item_error(
            item_id, f"has a label that can't be used: {reason}", hint="mend or drop the row"
        ) from error
