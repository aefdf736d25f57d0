"""Reads what a model of one's own answers for an item: a pair, or a record under the usual names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hitl_sdk.routing.sources._asking import predicted, unusable

if TYPE_CHECKING:
    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = ["from_record"]

_LABEL_KEYS = ("predicted_label", "label")
_CONFIDENCE_KEYS = ("probability", "confidence")


def from_record(asked: Asked, record: object) -> Outcome:
    """Read the record of one item; what can't be read is kept beside the reason."""
    if not isinstance(record, Mapping):
        return unusable(asked, f"the answer is a {type(record).__name__}, not a record", raw=record)
    label_key = next((key for key in _LABEL_KEYS if key in record), None)
    confidence_key = next((key for key in _CONFIDENCE_KEYS if key in record), None)
    if label_key is None or confidence_key is None:
        wanted = " or ".join(_LABEL_KEYS if label_key is None else _CONFIDENCE_KEYS)
        found = sorted(map(str, record))
        return unusable(asked, f"the answer has no {wanted}; it has {found}", raw=record)
    return predicted(
        asked, record[label_key], record[confidence_key], scores=record.get("scores"), raw=record
    )
