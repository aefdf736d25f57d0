"""Columns of regular manifest lines, as arrays of Arrow: classes and boxes, who gave them, how sure, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hitl_sdk._frames import arrow_type
from hitl_sdk.labels import Box, clean_text, part_type, shapes_type
from hitl_sdk.results._manifest_confidence import SINGLE_NOTE, Confidences
from hitl_sdk.results._manifest_labels import LABEL_SOURCES
from hitl_sdk.results._manifest_layout import Irregular

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pc: Any = pyarrow.compute  # makes its functions as it is imported

__all__ = ["Metadata", "RegularLabels", "read_boxes", "read_classes", "read_sources"]

_NO_TEXT = pa.scalar(None, pa.string())
_NO_NUMBER = pa.scalar(None, pa.float64())
_EXACT = 2**53  # labels refuse larger coordinates
_PLACES = ("left", "top", "width", "height")


class Metadata:
    """The metadata of lines, by key; what none of them has is null."""

    def __init__(self, struct: pa.StructArray) -> None:
        self._struct = struct
        self.there: pa.Array = struct.is_valid()

    def get(self, key: str) -> pa.Array:
        """Return the values under a key that the layout has."""
        return pc.struct_field(self._struct, key)

    def text(self, key: str) -> pa.Array:
        """Return the texts under a key; where the layout has no such key, nulls."""
        is_there = self._struct.type.get_field_index(key) >= 0
        return self.get(key) if is_there else pa.nulls(len(self._struct), pa.string())

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
        If a box lacks something, or has what none may have, or an image has no one size.
    """
    drawn = pc.struct_field(value, "annotations")
    counts = _lengths(drawn)
    rows = np.repeat(np.arange(len(value)), counts)
    boxes = drawn.flatten()
    shares, unsaid = _honest(_shares(about, counts), of_model.take(pa.array(rows)))
    columns = [_class_names(boxes, about, rows), *(_place(boxes, name) for name in _PLACES), shares]
    named = pa.StructArray.from_arrays(columns, fields=list(arrow_type(part_type(Box))))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    label = pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays(offsets, named), *_sizes(value)],
        fields=list(arrow_type(shapes_type(Box))),
        mask=value.is_null(),
    )
    silent = np.zeros(len(value), dtype=bool)
    silent[rows[_as_numpy(unsaid)]] = True
    return RegularLabels(label, pa.nulls(len(value), pa.float64()), _note(pa.array(silent)), shares, rows)


def _class_names(boxes: pa.StructArray, about: Metadata, rows: NDArray[np.int64]) -> pa.Array:
    """Return the name of each box's class: in a block all lines call a class alike, as far as they name it."""
    ids, codes = np.unique(_as_numpy(_known(boxes, "class_id")), return_inverse=True)
    class_map = Metadata(about.get("class-map"))
    names = []
    for code, key in enumerate(map(str, ids.tolist())):
        called = class_map.text(key)
        known = called.unique().drop_null()
        if len(known) != 1 or not _as_numpy(called.is_valid())[rows[codes == code]].all():
            raise Irregular
        names.append(clean_text(known[0].as_py()))
    return pa.array(names, pa.string()).take(pa.array(codes))


def _place(boxes: pa.StructArray, name: str) -> pa.Array:
    values = _as_numpy(_known(boxes, name)) + 0.0  # -0.0 becomes 0.0
    if (abs(values) >= _EXACT).any() or (name in {"width", "height"} and (values < 0).any()):
        raise Irregular
    return pa.array(values, pa.float64())


def _shares(about: Metadata, counts: NDArray[np.int32]) -> pa.Array:
    """Return the confidence of each box, which stand beside the boxes, as many of them."""
    objects = about.get("objects")
    if (_lengths(objects) != counts).any():
        raise Irregular
    shares = pc.struct_field(objects.flatten(), "confidence")
    if pc.any(pc.greater_equal(pc.abs(shares), float(_EXACT)), min_count=0).as_py():
        raise Irregular
    return shares


def _sizes(value: pa.StructArray) -> list[pa.Array]:
    """Return width and height of each image, of which each label has one."""
    labelled = _as_numpy(value.is_valid())
    listed = pc.struct_field(value, "image_size")
    sizes = listed.flatten()
    if (_lengths(listed) != labelled).any() or sizes.null_count:
        raise Irregular
    places = pa.array(np.cumsum(labelled) - 1, mask=~labelled)
    both = [pc.struct_field(sizes, name) for name in ("width", "height")]
    for each in both:
        too_large = pc.or_(pc.greater_equal(each, _EXACT), pc.less_equal(each, -_EXACT))
        if pc.any(too_large, min_count=0).as_py():
            raise Irregular
    return [each.take(places) for each in both]


def _lengths(lists: pa.ListArray) -> NDArray[np.int32]:
    return _as_numpy(pc.fill_null(pc.list_value_length(lists), 0))


def _known(boxes: pa.StructArray, name: str) -> pa.Array:
    """Return what every box has."""
    field = pc.struct_field(boxes, name)
    if field.null_count:
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
