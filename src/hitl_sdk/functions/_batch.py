"""What AWS's built-in consolidation functions are given and give: a batch of one kind of job, and a label an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hitl_sdk._manifest_line import creation_date, label_metadata, metadata_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.functions.events import DataObject, PostAnnotationEvent
    from hitl_sdk.functions.storage import Storage
    from hitl_sdk.tasks import ManifestEntry

__all__ = ["Batch", "Consolidator", "Entry"]


class Entry(NamedTuple):
    """What a manifest line says of an object's label: its value, and the metadata that its kind of job has."""

    value: object
    metadata: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batch:
    """One call of a consolidation function.

    Attributes
    ----------
    kind : Kind
        Of the job.
    event : PostAnnotationEvent
        What was asked.
    objects : sequence of DataObject
        Those that could be read.
    storage : Storage
        For the files that labels need.
    now : datetime
        When it is, in UTC.
    """

    kind: Kind
    event: PostAnnotationEvent
    objects: Sequence[DataObject]
    storage: Storage
    now: datetime

    @property
    def timestamp(self) -> str:
        """The hour as Ground Truth writes it into metadata and names of files: microseconds, and no zone."""
        return creation_date(self.now)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the job; where the event does not tell them, those that workers gave, in sorted order."""
        if self.event.label_categories:
            return self.event.label_categories
        answers = [given.content for each in self.objects for given in each.annotations]
        return tuple(sorted(_labels_in(answers)))

    def write(self, name: str, body: bytes) -> str:
        """Write a file among the job's consolidated annotations, and return its address.

        Raises
        ------
        InvalidInputError
            If the event does not say where that is.
        """
        folder = self.event.output_config
        if folder is None:
            raise InvalidInputError(
                "the event has no 'outputConfig', and labels of this kind are files",
                hint="it is the folder of the job's annotations: s3://BUCKET/PREFIX/JOB/annotations",
            )
        uri = f"{folder.rstrip('/')}/consolidated-annotation/output/{name}"
        self.storage.write(uri, body)
        return uri

    def stored(self, entry: ManifestEntry, object_id: str) -> Entry:
        """Return the entry of an object's label, after writing the file that the label is, if it is one."""
        if entry.png is not None:
            value: object = self.write(f"{object_id}_{self.timestamp}.png", entry.png)
        elif entry.file is not None:
            name, body = entry.file
            value = self.write(f"{object_id}/{name}", body)
        else:
            value = entry.value
        return Entry(value, entry.metadata)

    def content(self, entry: Entry) -> dict[str, object]:
        """Return what goes into the manifest line: the label, and all of its metadata."""
        attribute = self.event.label_attribute_name
        metadata = {
            **entry.metadata,
            **label_metadata(
                self.kind.metadata_type, f"labeling-job/{self.event.job_name.lower()}", self.now
            ),
        }
        return {attribute: entry.value, metadata_key(attribute): metadata}


Consolidator: TypeAlias = "Callable[[Batch], Mapping[str, Entry]]"
"""Makes of a batch one entry an object, by its id; an object that can't have one is left out, and logged."""


def _labels_in(value: object) -> set[str]:
    """Return the labels that answers name, of whichever element."""
    found: list[object] = []
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, Mapping):
            todo += part.values()
            found.append(part.get("label"))
            for key in ("labels", "labelMappings"):
                named = part.get(key)
                found += named if isinstance(named, list | Mapping) else ()
    return {clean_text(each) for each in found if isinstance(each, str)} - {""}
