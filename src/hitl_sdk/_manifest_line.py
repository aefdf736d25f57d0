"""A line of Ground Truth's manifests: where the item stands, where a label, and what is always told of a label."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "ITEM_KEYS",
    "METADATA",
    "ItemKey",
    "can_name_label",
    "creation_date",
    "item_key",
    "label_metadata",
    "metadata_key",
]

ItemKey: TypeAlias = Literal["source-ref", "source"]

ITEM_KEYS: tuple[ItemKey, ...] = ("source-ref", "source")
"""Under which keys the item stands, as an address in S3 or as text; the first that is there counts."""

METADATA = "-metadata"
"""How the key of a label's metadata ends."""

_ATTRIBUTE = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}")  # CreateLabelingJob, LabelAttributeName


def item_key(item: object) -> ItemKey:
    """Return under which key an item stands: an S3 URI under ``source-ref``, else ``source``.

    Examples
    --------
    >>> item_key("s3://bucket/1.jpg"), item_key("It broke")
    ('source-ref', 'source')
    """
    return "source-ref" if str(item).startswith("s3://") else "source"


def metadata_key(attribute: str) -> str:
    """Return where the metadata of a label stands.

    Examples
    --------
    >>> metadata_key("mood")
    'mood-metadata'
    """
    return attribute + METADATA


def can_name_label(attribute: str) -> bool:
    """Tell whether a label may stand under a key, which is neither that of the item nor one of metadata.

    Examples
    --------
    >>> can_name_label("mood"), can_name_label("source"), can_name_label("mood-metadata")
    (True, False, False)
    """
    is_taken = attribute in ITEM_KEYS or attribute.endswith(METADATA)
    return _ATTRIBUTE.fullmatch(attribute) is not None and not is_taken


def creation_date(at: datetime) -> str:
    """Return a time as Ground Truth writes it into metadata and names of files: UTC, microseconds, no zone.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> creation_date(datetime(2026, 11, 8, 23, 6, 49, tzinfo=UTC))
    '2026-11-08T23:06:49.000000'
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def label_metadata(
    metadata_type: str, job_name: str, at: datetime, *, by_people: bool = True
) -> dict[str, object]:
    """Return the metadata that labels of every kind have."""
    return {
        "type": metadata_type,
        "job-name": job_name,
        "human-annotated": "yes" if by_people else "no",
        "creation-date": creation_date(at),
    }
