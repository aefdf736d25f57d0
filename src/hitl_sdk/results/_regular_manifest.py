"""The fast reader of manifest lines that are alike, with one class or boxes each: pyarrow parses them, block by block.

It accepts nothing that `hitl_sdk.results._manifest_lines` would read differently. pyarrow refuses what is not of the
schema: other fields, other types, a key that stands twice, and what is no JSON. What it takes and should not is looked for
here: bytes that are no UTF-8, NaN, several objects in a line, and nulls where something must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.json as pj

from hitl_sdk._frames import arrow_times
from hitl_sdk._manifest_line import ITEM_KEYS, metadata_key
from hitl_sdk.results._manifest_labels import boxes, form_of, one_class
from hitl_sdk.results._manifest_layout import Irregular
from hitl_sdk.results._manifest_lines import FAILURE
from hitl_sdk.results._regular_labels import Metadata, read_boxes, read_classes, read_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitl_sdk.results._manifest_confidence import Confidences
    from hitl_sdk.results._manifest_layout import Layout
    from hitl_sdk.results._regular_labels import RegularLabels

pc: Any = pyarrow.compute  # makes its functions as it is imported

__all__ = ["read_regular"]

_ODD = ("job_name", "creation_date", "worker-response-ref", *FAILURE[1:])
"""What metadata may have that is left to the careful way."""

_READERS: Mapping[object, Callable[[pa.Array, Metadata, pa.Array], RegularLabels]] = {
    one_class: read_classes,
    boxes: read_boxes,
}


def read_regular(content: bytes, layout: Layout) -> tuple[dict[str, pa.Array], list[str], Confidences]:
    """Return the columns of lines as arrays, their types, and what their confidences show.

    Raises
    ------
    Irregular
        If one of the lines is not of the layout, or is blank.
    """
    lines = _count(content)
    table = _parsed(content, lines, layout.schema)
    value, told = table[layout.attribute], Metadata(table[metadata_key(layout.attribute)])
    labelled = value.is_valid()
    reason = told.text(FAILURE[0])
    _check(told, labelled, reason, layout.metadata_type)
    about = told if not value.null_count else told.where(labelled)
    sources = read_sources(about.text("human-annotated"))
    of_model = pc.fill_null(pc.equal(sources, "model"), False)
    labels = _READERS[form_of(layout.metadata_type).read](value, about, of_model)
    columns = {
        "item": _item(table, lines),
        "label": labels.label,
        "label_source": sources,
        "confidence": labels.confidence,
        "confidence_note": labels.note,
        "attribute": pa.repeat(layout.attribute, lines),
        "metadata_type": told.text("type"),
        "job_name": told.text("job-name"),
        "adjustment_status": told.text("adjustment-status"),
        "completed_at": arrow_times(told.text("creation-date")),
        "status": pa.repeat("labelled", lines),
    }
    if value.null_count:
        columns |= {
            "attribute": pc.if_else(told.there, layout.attribute, pa.scalar(layout.wanted, pa.string())),
            "status": pc.if_else(labelled, "labelled", pc.if_else(told.there, "failed", "unlabelled")),
            "failure_reason": pc.if_else(labelled, pa.scalar(None, pa.string()), reason),
        }
    types = [layout.metadata_type] if labelled.true_count else []
    return columns, types, labels.confidences(layout.attribute, of_model)


def _count(content: bytes) -> int:
    """Return how many lines there are.

    Each has to look like an object: as inside of one no ``}`` ends a line where ``{`` begins the next, a line can't have
    a piece of an object then.
    """
    letters = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if content[:1] != b"{" or content[-1:] != b"}":
        raise Irregular
    if (letters[ends - 1] != ord("}")).any() or (letters[ends + 1] != ord("{")).any():
        raise Irregular
    return len(ends) + 1


def _parsed(content: bytes, lines: int, schema: pa.Schema) -> dict[str, pa.Array]:
    if not content.isascii():
        try:
            content.decode()
        except UnicodeDecodeError:
            raise Irregular from None
    try:
        table = pj.read_json(
            pa.BufferReader(content),
            parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(content) + 1),
        )
    except pa.ArrowInvalid:
        raise Irregular from None
    columns = {name: _whole(table[name]) for name in table.column_names}
    if table.num_rows != lines or not all(map(_is_finite, columns.values())):
        raise Irregular
    return columns


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array: `combine_chunks` copies even where there is one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _is_finite(array: pa.Array) -> bool:
    """Tell whether no number in an array, however deep, is NaN or infinite: JSON has neither."""
    if pa.types.is_floating(array.type):
        return bool(pc.all(pc.is_finite(array), min_count=0).as_py())
    if pa.types.is_struct(array.type):
        return all(map(_is_finite, array.flatten()))
    return not pa.types.is_list(array.type) or _is_finite(array.flatten())


def _check(told: Metadata, labelled: pa.Array, reason: pa.Array, metadata_type: str) -> None:
    """Refuse labels without metadata, metadata of neither a label nor a failure, other types, and odd keys."""
    explained = pc.or_(labelled, reason.is_valid())
    types = pc.fill_null(pc.equal(told.text("type"), metadata_type), False)
    if (
        pc.and_(told.there, pc.invert(explained)).true_count
        or pc.and_(labelled, pc.invert(types)).true_count
        or any(told.text(key).null_count < len(labelled) for key in _ODD)
    ):
        raise Irregular


def _item(table: Mapping[str, pa.Array], lines: int) -> pa.Array:
    there = [table[key] for key in ITEM_KEYS if key in table]
    if not there:
        return pa.nulls(lines, pa.string())
    return there[0] if len(there) == 1 or not there[0].null_count else pc.coalesce(*there)
