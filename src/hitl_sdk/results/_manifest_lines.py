"""One line of an output manifest to rows, with care: one row a label attribute, whatever the line is like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json

from hitl_sdk._manifest_line import ITEM_KEYS, METADATA
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results._long_form import error_text
from hitl_sdk.results._manifest_confidence import SINGLE_NOTE, confidences_in, without_confidence
from hitl_sdk.results._manifest_labels import LABEL_SOURCES, LineLabel, form_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FAILURE", "LABEL", "Row", "described_by", "parse_line", "rows_of"]

FAILURE = ("failure-reason", "failure_reason", "failureReason")
"""Where the reason stands why an object has no label. AWS does not document it; the first is the local service's."""

LABEL = frozenset({"type", "job-name", "job_name", "human-annotated", "class-name", *FAILURE})
"""What makes an object under ``...-metadata`` that of a label: one of these keys."""


class Row(NamedTuple):
    """One label of a line, or the line that has none."""

    item: str | None = None
    label: object = None
    label_source: str | None = None
    confidence: float | None = None
    confidence_note: str | None = None
    label_confidences: list[float | None] | None = None
    attribute: str | None = None
    metadata_type: str | None = None
    job_name: str | None = None
    adjustment_status: str | None = None
    completed_at: str | None = None
    label_uri: str | None = None
    status: str = "unlabelled"
    failure_reason: str | None = None
    error: str | None = None
    document: str | None = None
    metadata: Mapping[str, Any] | None = None
    """Of a label that stands in a file of its own."""


def parse_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line. What is null counts as left out.

    Raises
    ------
    InvalidOutputError
        If it is none.
    """
    try:
        fields = from_json(line, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        raise InvalidOutputError("the line is no whole JSON document") from None
    if not isinstance(fields, dict):
        raise InvalidOutputError(f"the line is {type(fields).__name__}, no object")
    return {key: value for key, value in fields.items() if value is not None}


def rows_of(line: bytes, wanted: str | None) -> list[Row]:
    """Return the rows of a line: one for each of its labels, or for the one that is wanted; at least one."""
    try:
        fields = parse_line(line)
    except InvalidOutputError as error:
        return [_unreadable(line, error)]
    item = next((fields[key] for key in ITEM_KEYS if isinstance(fields.get(key), str)), None)
    rows = []
    for name, metadata in _labels(fields, wanted):
        try:
            rows.append(_row(item, name, fields.get(name), metadata))
        except InvalidOutputError as error:
            rows.append(_unreadable(line, error, item=item, attribute=name))
    return rows or [Row(item, attribute=wanted)]


def _unreadable(line: bytes, error: InvalidOutputError, **told: Any) -> Row:
    text = line.decode("utf-8", "replace")
    return Row(**told, status="unreadable", error=error_text(error), document=text)


def _row(item: str | None, name: str, value: object, metadata: Mapping[str, Any]) -> Row:
    row = Row(
        item,
        attribute=name,
        metadata_type=_text(metadata, "type"),
        job_name=_text(metadata, "job-name", "job_name"),
        adjustment_status=_text(metadata, "adjustment-status"),
        completed_at=_text(metadata, "creation-date", "creation_date"),
    )
    if value is None:
        reason = _text(metadata, *FAILURE)
        return row._replace(status="unlabelled" if reason is None else "failed", failure_reason=reason)
    if row.metadata_type is None:
        raise InvalidOutputError(f"the metadata of {name!r} has no type")
    source = LABEL_SOURCES.get(str(metadata.get("human-annotated")).lower())
    label = form_of(row.metadata_type).read(value, metadata)
    honest, note = (label, None) if source == "model" else _without_zero(label)
    return row._replace(
        label=honest.label,
        label_source=source,
        confidence=honest.confidence,
        confidence_note=note,
        label_confidences=honest.label_confidences,
        label_uri=honest.uri,
        status="labelled",
        metadata=None if honest.uri is None else metadata,
    )


def _without_zero(label: LineLabel) -> tuple[LineLabel, str | None]:
    """Return a label that people gave without the confidences that say nothing, and what is said of that."""
    nested = isinstance(label.label, dict | list)
    shares = label.label_confidences
    if (
        label.confidence != 0
        and not (shares and 0 in shares)
        and not (nested and 0 in confidences_in(label.label))
    ):
        return label, None
    honest = LineLabel(
        without_confidence(label.label, 0) if nested else label.label,
        label.confidence or None,
        shares and [share or None for share in shares],
        label.uri,
    )
    return honest, SINGLE_NOTE


def _text(metadata: Mapping[str, Any], *keys: str) -> str | None:
    """Return the text under the first key that has something."""
    found = next((metadata[key] for key in keys if metadata.get(key) is not None), None)
    return found if isinstance(found, str) else None


def described_by(key: str, value: object) -> str | None:
    """Return the label attribute that something in a line describes; None if it is no metadata of a label."""
    if key.endswith(METADATA) and isinstance(value, Mapping) and not LABEL.isdisjoint(value):
        return key.removesuffix(METADATA)
    return None


def _labels(fields: Mapping[str, Any], wanted: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the label attributes of a line that are wanted, in their order, with their metadata."""
    described = {
        name: value for key, value in fields.items() if (name := described_by(key, value)) is not None
    }
    # Metadata that belongs to no attribute: that of a failure, or its key was renamed by mistake.
    strays = [name for name in described if name not in fields]
    stray = strays[0] if len(strays) == 1 and not _has_failed(described[strays[0]]) else None
    if wanted is not None:
        found = described.get(wanted)
        if found is None and wanted in fields:
            found = described.get(stray or "")
        if found is not None:
            yield wanted, found
        return
    others = [
        key for key in fields if key not in ITEM_KEYS and not key.endswith(METADATA) and key not in described
    ]
    for name, value in described.items():
        if name == stray and len(others) == 1 and len(described) == 1:
            yield others[0], value
        else:
            yield name, value


def _has_failed(metadata: Mapping[str, Any]) -> bool:
    return any(isinstance(metadata.get(key), str) for key in FAILURE)
