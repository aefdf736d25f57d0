"""Columns of regular manifest lines, as arrays of Arrow: classes and boxes, who gave them, how sure, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hitl_sdk._frames import arrow_type
from hitl_sdk.labels import Box, clean_text, part_type, shapes_type
from hitl_sdk.results._manifest_confidence import SINGLE_NOTE, Confidences
from hitl_sdk.results._manifest_labels import LABEL_SOURCES
from hitl_sdk.results._manifest_layout import Irregular

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Metadata", "RegularLabels", "read_boxes", "read_classes", "read_sources"]

_NO_TEXT = pa.scalar(None, pa.string())
_NO_NUMBER = pa.scalar(None, pa.float64())
_EXACT = 2**53  # labels refuse larger coordinates
_PLACES = ("left", "top", "width", "height")
# What a block has where no image of it has a box: what they would look like is not known then.
_NO_BOXES = pa.array([], pa.struct([(name, pa.float64()) for name in _PLACES]))


class Metadata:
    """The metadata of lines, by key; what none of them has is null."""

    def __init__(self, struct: pa.StructArray) -> None:
        self._struct = struct
        self.there: pa.Array = struct.is_valid()

    def get(self, key: str) -> pa.Array | None:
        """Return the values under a key."""
        return pc.struct_field(self._struct, key) if self._struct.type.get_field_index(key) >= 0 else None

    def text(self, key: str) -> pa.Array:
        """Return the texts under a key.

        Raises
        ------
        Irregular
            If there are other things.
        """
        found = self.get(key)
        if found is None:
            return pa.nulls(len(self._struct), pa.string())
        if not pa.types.is_string(found.type):
            raise Irregular
        return found

    def where(self, mask: pa.Array) -> Metadata:
        """Return the metadata of some lines, null for the others."""
        fields = list(self._struct.type)
        return Metadata(
            pa.StructArray.from_arrays(self._struct.flatten(), fields=fields, mask=pc.invert(mask))
        )


class RegularLabels(NamedTuple):
    """Labels, their confidences, and why these are null; `shares` are all confidences, each of the row in `rows`."""

    label: pa.Array
    confidence: pa.Array
    note: pa.Array
    shares: pa.Array
    rows: NDArray[np.int64] | None = None

    def confidences(self, attribute: str, of_model: pa.Array) -> Confidences:
        """Return what the confidences show, without the 0 of people."""
        values, model = self.shares.to_numpy(zero_copy_only=False), _as_numpy(of_model)
        if self.rows is not None:
            model = model[self.rows]
        there = ~np.isnan(values)
        seen = Confidences()
        seen.add(attribute, values[there & model][:1].tolist(), of_model=True)
        seen.add(attribute, np.unique(values[there & ~model]).tolist(), of_model=False)
        return seen


def read_sources(texts: pa.Array) -> pa.Array:
    """Return who gave the labels, by ``human-annotated``."""
    return _mapped(texts, lambda text: LABEL_SOURCES.get(text.lower()))


def read_classes(value: pa.Array, about: Metadata, of_model: pa.Array) -> RegularLabels:
    """Return the names of classes.

    Raises
    ------
    Irregular
        If one has none.
    """
    names = about.text("class-name")
    if names.null_count != value.null_count:
        raise Irregular
    confidence, unsaid = _honest(about.get("confidence"), of_model)
    return RegularLabels(_mapped(names, clean_text), confidence, _note(unsaid), confidence)


def read_boxes(value: pa.Array, about: Metadata, of_model: pa.Array) -> RegularLabels:
    """Return boxes with the names of their classes, and the sizes of their images.

    Raises
    ------
    Irregular
        If a box lacks something or has too much of it, or an image has no one size.
    """
    drawn = _field(value, "annotations", pa.types.is_list)
    counts = pc.fill_null(pc.list_value_length(drawn), 0)
    rows = np.repeat(np.arange(len(value)), _as_numpy(counts))
    flat = drawn.flatten() if len(rows) else _NO_BOXES
    names = _class_names(flat, about, rows)
    places = [_place(flat, name) for name in _PLACES]
    given = _shares(about, counts, len(flat))
    shares, unsaid = _honest(given, of_model.take(pa.array(rows)))
    boxes = pa.StructArray.from_arrays([names, *places, shares], fields=list(arrow_type(part_type(Box))))
    offsets = np.concatenate([[0], np.cumsum(_as_numpy(counts))]).astype(np.int32)
    listed = pa.ListArray.from_arrays(pa.array(offsets), boxes)
    label = pa.StructArray.from_arrays(
        [listed, *_size(value)], fields=list(arrow_type(shapes_type(Box))), mask=value.is_null()
    )
    silent = np.zeros(len(value), dtype=bool)
    silent[rows[_as_numpy(unsaid)]] = True
    return RegularLabels(label, pa.nulls(len(value), pa.float64()), _note(pa.array(silent)), shares, rows)


def _class_names(flat: pa.StructArray, about: Metadata, rows: NDArray[np.int64]) -> pa.Array:
    """Return the name of each box's class: in a block all lines call a class alike, as far as they name it."""
    if not len(flat):
        return pa.nulls(0, pa.string())
    class_map = about.get("class-map")
    ids, codes = np.unique(_as_numpy(_known(flat, "class_id")), return_inverse=True)
    keys = list(map(str, ids.tolist()))
    if class_map is None or not pa.types.is_struct(class_map.type) or len(keys) > len(class_map.type):
        raise Irregular
    names = []
    for code, key in enumerate(keys):
        called = _field(class_map, key, pa.types.is_string)
        known = called.unique().drop_null()
        if len(known) != 1 or not _as_numpy(called.is_valid())[rows[codes == code]].all():
            raise Irregular
        names.append(clean_text(known[0].as_py()))
    return pa.array(names, pa.string()).take(pa.array(codes))


def _place(flat: pa.StructArray, name: str) -> pa.Array:
    values = _as_numpy(_known(flat, name)).astype(np.float64) + 0.0  # -0.0 becomes 0.0
    if (abs(values) >= _EXACT).any() or (name in {"width", "height"} and (values < 0).any()):
        raise Irregular
    return pa.array(values)


def _shares(about: Metadata, counts: pa.Array, boxes: int) -> pa.Array:
    """Return the confidence of each box, which stand beside the boxes, as many of them."""
    objects = about.get("objects")
    if objects is None:
        return pa.nulls(boxes, pa.float64())
    if not pa.types.is_list(objects.type) or not pc.fill_null(pc.list_value_length(objects), 0).equals(
        counts
    ):
        raise Irregular
    flat = objects.flatten()
    if not boxes:
        return pa.nulls(0, pa.float64())
    if not pa.types.is_struct(flat.type) or flat.type.get_field_index("confidence") < 0:
        raise Irregular
    given = pc.struct_field(flat, "confidence")
    if not (pa.types.is_floating(given.type) or pa.types.is_integer(given.type)):
        raise Irregular
    shares = given.cast(pa.float64())
    if pc.any(pc.greater_equal(pc.abs(shares), float(_EXACT)), min_count=0).as_py():
        raise Irregular
    return shares


def _size(value: pa.StructArray) -> list[pa.Array]:
    """Return width and height of each image: lists of one."""
    sizes = _field(value, "image_size", pa.types.is_list)
    if pc.any(pc.not_equal(pc.list_value_length(sizes), 1), min_count=0).as_py():
        raise Irregular
    if sizes.null_count != value.null_count:
        raise Irregular
    flat = sizes.flatten()
    if flat.null_count:
        raise Irregular
    places = pc.cumulative_sum(pc.cast(sizes.is_valid(), pa.int64()))
    at = pc.if_else(sizes.is_valid(), pc.subtract(places, 1), pa.scalar(None, pa.int64()))
    both = [_field(flat, name, pa.types.is_integer) for name in ("width", "height")]
    if any(pc.any(pc.greater_equal(pc.abs(each), _EXACT), min_count=0).as_py() for each in both):
        raise Irregular
    return [each.take(at) for each in both]


def _field(struct: pa.Array, name: str, is_kind: Callable[[pa.DataType], bool]) -> pa.Array:
    if not pa.types.is_struct(struct.type) or struct.type.get_field_index(name) < 0:
        raise Irregular
    field = pc.struct_field(struct, name)
    if not is_kind(field.type):
        raise Irregular
    return field


def _known(struct: pa.Array, name: str) -> pa.Array:
    """Return numbers or texts of which none is null."""
    field = _field(struct, name, lambda kind: not (pa.types.is_nested(kind) or pa.types.is_boolean(kind)))
    if field.null_count or (name != "class_id" and pa.types.is_string(field.type)):
        raise Irregular
    if name == "class_id" and pa.types.is_floating(field.type):
        raise Irregular
    return field


def _honest(values: pa.Array, of_model: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return confidences without the 0 of people, and where these were."""
    unsaid = pc.fill_null(pc.and_(pc.equal(values, 0.0), pc.invert(of_model)), False)
    return pc.if_else(unsaid, _NO_NUMBER, pc.add(values, 0.0)), unsaid


def _note(unsaid: pa.Array) -> pa.Array:
    return pc.if_else(unsaid, SINGLE_NOTE, _NO_TEXT)


def _mapped(texts: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Change each distinct text once: there are few."""
    encoded = texts.dictionary_encode()
    known = encoded.dictionary.to_pylist()
    changed = [change(each) for each in known]
    if changed == known:
        return texts
    return pa.array(changed, pa.string()).take(encoded.indices)


def _as_numpy(array: pa.Array) -> NDArray[Any]:
    return np.asarray(array.to_numpy(zero_copy_only=False))
