"""Reads the payload of a post-annotation event: one object that can't be read does not lose the batch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hitl_sdk.errors import HitlError, InvalidInputError
from hitl_sdk.functions._reading import field, object_in, optional_text_in, parse_json, text_in
from hitl_sdk.functions.events import DataObject, WorkerAnnotation, object_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.functions.events import PostAnnotationEvent
    from hitl_sdk.functions.storage import Storage

__all__ = ["read_payload"]

_LOG = logging.getLogger(__name__)


def read_payload(event: PostAnnotationEvent, storage: Storage) -> list[DataObject]:
    """Return the objects of a batch; those that can't be read are left out, and logged by their id.

    Raises
    ------
    InvalidInputError
        If the payload itself can't be read.
    """
    entries = parse_json(storage.read(event.payload_s3_uri), "the payload")
    if not isinstance(entries, list):
        raise InvalidInputError(f"the payload is {type(entries).__name__}, no list of objects")
    objects = []
    for number, entry in enumerate(entries, start=1):
        try:
            objects.append(_object(object_in(entry, "an entry of the payload"), storage))
        except HitlError as error:
            _LOG.warning("object %s is left out: %s", _name_of(entry, number), error)
    return objects


def _object(given: Mapping[str, object], storage: Storage) -> DataObject:
    object_id = object_id_of(given, "an entry of the payload")
    data = object_in(field(given, "dataObject") or {}, "'dataObject'")
    annotations = field(given, "annotations") or []
    if not isinstance(annotations, list):
        raise InvalidInputError(f"'annotations' is {type(annotations).__name__}, no list")
    return DataObject(
        object_id,
        content=optional_text_in(data, "content", "'dataObject'"),
        s3_uri=optional_text_in(data, "s3Uri", "'dataObject'"),
        annotations=tuple(_annotation(object_in(each, "an annotation"), storage) for each in annotations),
    )


def _annotation(given: Mapping[str, object], storage: Storage) -> WorkerAnnotation:
    """Read one worker's answer: in the payload as JSON text, or, if it is large, by reference."""
    worker = text_in(given, "workerId", "an annotation")
    data = object_in(field(given, "annotationData"), "'annotationData'")
    content = field(data, "content")
    if content is None:
        content = storage.read(text_in(data, "s3Uri", "'annotationData'"))
    if isinstance(content, str | bytes):
        content = parse_json(content, "an answer")
    return WorkerAnnotation(worker, object_in(content, "an answer"))


def _name_of(entry: object, number: int) -> str:
    """Return the id of an object as logs show it, or else which of the batch it is."""
    try:
        return repr(object_id_of(object_in(entry, "an entry"), "an entry"))
    except InvalidInputError:
        return f"number {number}"
