"""What AWS's task UIs for video frames and point clouds are given: the parsed sequence file, or the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk.functions._reading import object_in, parse_json

if TYPE_CHECKING:
    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.functions.events import PreAnnotationEvent
    from hitl_sdk.functions.storage import Storage

__all__ = ["task_object"]

_SEQUENCES = ("json",)
_FRAMES = ("bin", "txt")


def task_object(kind: Kind, event: PreAnnotationEvent, storage: Storage) -> object:
    """Return what people are to label: the content of a sequence file, a frame of a point cloud, else the item.

    Raises
    ------
    InvalidInputError
        If the line has no item, or the sequence file is no JSON object.
    """
    if kind.extensions == _SEQUENCES:
        return dict(object_in(parse_json(storage.read(event.item), event.item), event.item))
    if kind.extensions == _FRAMES:
        told = event.data_object.get("source-ref-metadata")
        return {"frame": event.item, **(object_in(told, "'source-ref-metadata'") if told is not None else {})}
    return event.item
