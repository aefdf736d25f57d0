"""The fast reader of manifest lines with one class each: needs msgspec, and decodes only what a frame holds.

It accepts nothing that `hitl_sdk.results.manifest` would read differently line by line; what it refuses goes there.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hitl_sdk.labels import clean_text
from hitl_sdk.results._manifest_labels import LABEL_SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["regular_reader"]


class _Metadata(msgspec.Struct, gc=False, rename="kebab"):
    class_name: str
    type: str
    confidence: float | None = None
    job_name: str | None = None
    human_annotated: Literal["yes", "no"] | None = None
    creation_date: str | None = None
    adjustment_status: str | None = None


class _Cleaned(dict[str, str]):
    """Cleans each distinct class name once: there are few."""

    def __missing__(self, name: str) -> str:
        self[name] = cleaned = clean_text(name)
        return cleaned


def regular_reader(
    first: Mapping[str, Any], source: str, attribute: str
) -> Callable[[Sequence[str | bytes]], dict[str, list[Any]]]:
    """Return what reads lines with the same keys as the first one to columns.

    It raises ValueError if one of the lines is not regular.
    """
    others = [key for key in first if key not in {source, attribute, f"{attribute}-metadata"}]
    names = {"item": source, "number": attribute, "metadata": f"{attribute}-metadata"}
    kinds: dict[str, Any] = {"item": str, "number": int | str, "metadata": _Metadata}
    for index, key in enumerate(others):
        kinds[f"other_{index}"], names[f"other_{index}"] = msgspec.Raw, key
    line = msgspec.defstruct("Line", list(kinds.items()), rename=names, forbid_unknown_fields=True, gc=False)
    decode = msgspec.json.Decoder(line).decode
    cleaned = _Cleaned()

    def read(lines: Sequence[str | bytes]) -> dict[str, list[Any]]:
        rows = list(map(decode, lines))
        about = list(map(attrgetter("metadata"), rows))
        types = _column("type", about)
        if any(kind != first[f"{attribute}-metadata"]["type"] for kind in set(types)):
            raise ValueError("of another type")
        return {
            "item": _column("item", rows),
            "label": list(map(cleaned.__getitem__, _column("class_name", about))),
            "label_source": list(map(LABEL_SOURCES.get, _column("human_annotated", about))),
            "confidence": _column("confidence", about),
            "attribute": [attribute] * len(rows),
            "metadata_type": types,
            "job_name": _column("job_name", about),
            "adjustment_status": _column("adjustment_status", about),
            "completed_at": _in_utc(_column("creation_date", about)),
        }

    return read


def _column(name: str, rows: Iterable[Any]) -> list[Any]:
    return list(map(attrgetter(name), rows))


def _in_utc(times: list[str | None]) -> list[str | None]:
    """Say that times are in UTC, as they are: engines then read them in bulk."""
    return [time if time is None or time.endswith("Z") else f"{time}Z" for time in times]
