"""What the lines of a manifest have in common: the schema by which pyarrow parses regular ones, learnt from some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from hitl_sdk._frames import arrow_type
from hitl_sdk._manifest_line import ITEM_KEYS, metadata_key
from hitl_sdk.results._manifest_labels import boxes, form_of, one_class
from hitl_sdk.results._manifest_lines import described_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Irregular", "Layout", "learn"]

_MOST_FIELDS = 500  # each costs memory a line
_TEXTS = frozenset(
    {
        "class-name",
        "type",
        "job-name",
        "human-annotated",
        "creation-date",
        "adjustment-status",
        "failure-reason",
    }
)
_FORMS = (one_class, boxes)
"""Of which labels there are regular ones."""

_BOXES = {
    "image_size": [{"width": int, "height": int}],
    "annotations": [{"class_id": None, "left": float, "top": float, "width": float, "height": float}],
}


class Irregular(Exception):
    """Something is not as regular lines have it: the careful way has to read the block."""


class Layout(NamedTuple):
    """What regular lines have, and which of it is the label."""

    schema: pa.Schema
    attribute: str
    metadata_type: str
    wanted: str | None
    shape: Mapping[str, Any]
    """The schema as a `LabelType`, None where only nulls were seen: more lines may be learnt."""


def learn(
    lines: Sequence[Mapping[str, Any]], wanted: str | None, known: Layout | None = None
) -> Layout | None:
    """Return the layout that lines have in common, and with those of a known layout; None if they have none."""
    shape: Any = known.shape if known else {}
    types = {known.metadata_type} if known else set()
    try:
        for fields in lines:
            shape = _merged(shape, _shape(fields))
        attribute = _attribute(shape, wanted)
        key = metadata_key(attribute)
        types |= {fields[key]["type"] for fields in lines if fields.get(key, {}).get("type") is not None}
        (metadata_type,) = types
        texts = dict.fromkeys(_TEXTS & shape[key].keys(), str) | {"confidence": float}
        shape = _forced(shape, {key: texts} | {name: str for name in ITEM_KEYS if name in shape})
        if form_of(metadata_type).read is boxes:
            shape = _forced(shape, {attribute: _BOXES, key: _names(shape[key].get("class-map"))})
        if _size(shape) > _MOST_FIELDS or form_of(metadata_type).read not in _FORMS:
            return None
        schema = pa.schema(list(arrow_type(_filled(shape))))
    except (Irregular, LookupError, ValueError, TypeError, AttributeError):
        return None
    return Layout(schema, attribute, metadata_type, wanted, shape)


def _attribute(shape: Mapping[str, Any], wanted: str | None) -> str:
    """Return the label attribute that is read of each line."""
    names = [name for key, each in shape.items() if (name := described_by(key, each)) is not None]
    if (len(names) > 1 and wanted is None) or (wanted or names[0]) not in names or names[0] not in shape:
        raise Irregular
    return wanted or names[0]


def _names(class_map: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the metadata of boxes has; which classes there are, the lines tell."""
    return {"objects": [{"confidence": float}], "class-map": dict.fromkeys(class_map or {}, str)}


def _shape(value: object) -> Any:
    """Return the type of a JSON value, as a `LabelType`; None of null."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        shape = None
        for each in value:
            shape = _merged(shape, _shape(each))
        return [shape]
    return None if value is None else type(value)


def _merged(one: Any, other: Any) -> Any:
    """Return the type that has room for both."""
    if one is None or one == other:
        return other
    if other is None:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other.get(key)) for key in one | other}
    if isinstance(one, list) and isinstance(other, list):
        return [_merged(one[0], other[0])]
    if (one, other) in [(int, float), (float, int)]:
        return float
    raise Irregular


def _forced(shape: Any, wanted: Any) -> Any:
    """Return the type with what is wanted in it, of just these types: what lines have must not be of others."""
    if shape is None or wanted is None:
        return shape or wanted
    if isinstance(shape, dict) and isinstance(wanted, dict):
        return {key: _forced(shape.get(key), wanted.get(key)) for key in shape | wanted}
    if isinstance(shape, list) and isinstance(wanted, list):
        return [_forced(shape[0], wanted[0])]
    if shape == wanted or (shape, wanted) == (int, float):
        return wanted
    raise Irregular


def _filled(shape: Any) -> Any:
    """Return the type with texts where only nulls were seen."""
    if isinstance(shape, dict):
        return {key: _filled(each) for key, each in shape.items()}
    if isinstance(shape, list):
        return [_filled(shape[0])]
    return shape or str


def _size(shape: Any) -> int:
    if isinstance(shape, dict):
        return sum(map(_size, shape.values()))
    return _size(shape[0]) if isinstance(shape, list) else 1
