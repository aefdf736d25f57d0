"""Votes as arrays of codes: texts are looked up once, all arithmetic is done on whole numbers.

It imports numpy, and so is imported where numpy is needed only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from hitl_sdk._columns import lacking
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping, Sequence

    import narwhals as nw

    from hitl_sdk.consolidation.consensus import Vote

__all__ = ["Codes", "EncodedVotes", "Reals", "encode_frame", "encode_votes"]

Codes: TypeAlias = "npt.NDArray[np.int64]"
Reals: TypeAlias = "npt.NDArray[np.float64]"
# A list, or a column of the caller's frame, which keeps its type.
Names: TypeAlias = "Collection[Any] | nw.Series[Any]"


@dataclass(frozen=True, slots=True)
class EncodedVotes:
    """Votes as codes, one an element of the arrays, and what the codes stand for.

    Items and workers are numbered as they first appear, labels in sorted order.
    """

    item: Codes
    worker: Codes
    label: Codes
    items: Names
    workers: Names
    labels: Names

    def codes_of(self, preferred: Mapping[Any, Any] | None) -> Codes | None:
        """Return the code of each item's preferred label; -1 where there is none, or nobody gave it to any item."""
        if not preferred:
            return None
        label_codes = {label: code for code, label in enumerate(self.labels)}
        return np.array([label_codes.get(preferred.get(item), -1) for item in self.items], np.int64)


def encode_votes(votes: Sequence[Vote[str]]) -> EncodedVotes:
    """Encode votes."""
    item, items = _encode_values([vote.item for vote in votes])
    worker, workers = _encode_values([vote.worker for vote in votes])
    label, labels = _encode_values([vote.label for vote in votes])
    order = _sorted_order(labels, "label")
    return EncodedVotes(
        item, worker, _ranks(order)[label], items, workers, [labels[position] for position in order]
    )


def encode_frame(frame: nw.DataFrame[Any], item: str, worker: str, label: str) -> EncodedVotes:
    """Encode the rows of a long frame; those without a label are left out."""
    if problem := lacking(frame.columns, (item, worker, label)):
        raise InvalidInputError(
            f"the frame has {problem}", hint="name them: fit_predict(frame, item=..., worker=..., label=...)"
        )
    unlabelled = frame[label].is_null()
    if unlabelled.any():
        frame = frame.filter(~unlabelled)
    for name in (item, worker):
        unknown = int(frame[name].is_null().sum())
        if unknown:
            raise InvalidInputError(
                f"{unknown} rows have a label but no {name!r}", hint="fill it in, or name another column"
            )
    item_code, items = _encode_column(frame[item])
    worker_code, workers = _encode_column(frame[worker])
    label_code, labels = _encode_column(frame[label])
    order = _sorted_order(labels.to_list(), label)
    return EncodedVotes(
        item_code, worker_code, _ranks(order)[label_code], items, workers, labels[order.tolist()]
    )


def _encode_column(column: nw.Series[Any]) -> tuple[Codes, nw.Series[Any]]:
    """Return the codes of a column's values, and these as a column of the same type."""
    codes = _codes_by_arrow(column)
    if codes is None:
        codes, _ = _encode_values(column.to_list())
    first = np.empty(codes.max(initial=-1) + 1, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # of several rows, the last to be written is the first
    return codes, column[first.tolist()]


def _codes_by_arrow(column: nw.Series[Any]) -> Codes | None:
    """Return codes eight times as fast as Python does, or None where pyarrow is not installed or can't."""
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return None
    try:
        values: Any = column.to_arrow()
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)  # its categories may be unused
        encoded = values.dictionary_encode()
    except pa.ArrowException:
        return None
    return cast("Codes", encoded.indices.to_numpy().astype(np.int64))


def _encode_values(values: Sequence[Hashable]) -> tuple[Codes, list[Any]]:
    try:
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
    except TypeError as error:
        raise InvalidInputError(
            f"a vote holds something that can't be counted: {error}",
            hint="a label is a text here; for several at once use PerLabel",
        ) from error
    return np.fromiter(map(codes.__getitem__, values), np.int64, len(values)), list(codes)


def _sorted_order(labels: Sequence[Any], name: str) -> Codes:
    try:
        return np.array(sorted(range(len(labels)), key=labels.__getitem__), np.int64)
    except TypeError as error:
        raise InvalidInputError(
            f"the labels in {name!r} can't be sorted: {error}", hint="make all of them texts"
        ) from error


def _ranks(order: Codes) -> Codes:
    """Return the place of each element in an order."""
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks
