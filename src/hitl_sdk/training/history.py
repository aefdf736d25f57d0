"""Adds a run's training frame to an older one: newer labels take the place of older ones, which stay as history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._columns import read_column
from hitl_sdk._equality import value_key
from hitl_sdk.errors import DuplicateItemError, InvalidInputError
from hitl_sdk.training._rows import CURRENT, as_training_frame, in_force, repeated
from hitl_sdk.training.frame import TRAINING_COLUMNS, TRAINING_SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Hashable

    from narwhals.typing import IntoDataFrameT

__all__ = ["append", "current"]

_NEEDED = ("item_id", "item", "label", "schema_version")


def append(older: IntoDataFrameT, newer: IntoDataFrameT) -> IntoDataFrameT:
    """Return an older training frame with the rows of a newer run behind it.

    - A newer row takes the place of the older ones of its ``item_id``: it is in force, they are history.
    - But a newer row without a label does not take the place of one with a label: it is history from the start.
      So an item that is dropped, or waits for people again, keeps the label it had.
    - A row that is there already is not added again: to append a run twice changes nothing. Rows are the same if
      their training columns are; columns of your own make no difference.

    Parameters
    ----------
    older : frame
        Of pandas, polars or arrow: a training frame, or what `append` has returned.
    newer : frame
        Of the same engine: a training frame of one row an item.

    Returns
    -------
    frame
        All older rows, then the newer ones that are not among them, with the columns of both and a boolean column
        ``current``, true for the one row of each item that is in force. What a frame has no column for is null.
        `split`, `with_sample_weights` and the exports take rows in force only, and so does `current`.

    Raises
    ------
    InvalidInputError
        If a frame is no training frame or of another schema version, the engines differ, or a column is of two types.
    DuplicateItemError
        If one of them has two rows in force for an item, or an ``item_id`` stands for other content in the other.

    Examples
    --------
    >>> import pandas as pd
    >>> first = pd.DataFrame({"item_id": ["1", "2"], "item": ["a", "b"], "label": ["x", "x"], "schema_version": 1})
    >>> second = pd.DataFrame({"item_id": ["2"], "item": ["b"], "label": ["y"], "schema_version": 1})
    >>> append(first, second)[["item_id", "label", "current"]]
      item_id label  current
    0       1     x     True
    1       2     x    False
    2       2     y     True
    """
    old, new = (as_training_frame(frame, *_NEEDED) for frame in (older, newer))
    if old.implementation is not new.implementation:
        raise InvalidInputError(
            f"the older frame is of {old.implementation}, the newer of {new.implementation}",
            hint="make both with the same engine",
        )
    new = new.drop(CURRENT, strict=False)
    for frame in (old, new):
        _check(frame)
    _check_contents(old, new)
    added = _not_among(new, old)
    superseding = _superseding(old, new, added)
    old_flags = [
        current and item not in superseding
        for current, item in zip(in_force(old), old["item_id"].to_list(), strict=True)
    ]
    kept = new[added]
    new_flags = [item in superseding for item in kept["item_id"].to_list()]
    return _joined(_flagged(old, old_flags), _flagged(kept, new_flags)).to_native()


def current(frame: IntoDataFrameT) -> IntoDataFrameT:
    """Return the rows in force of what `append` has returned, as a training frame of one row an item.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow. Without a column ``current``, all rows are in force.

    Raises
    ------
    InvalidInputError
        If it is no frame.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": ["1", "1"], "label": ["x", "y"], "current": [False, True]})
    >>> current(frame)
      item_id label
    1       1     y
    """
    data = as_training_frame(frame)
    rows = [index for index, flag in enumerate(in_force(data)) if flag]
    return data[rows].drop(CURRENT, strict=False).to_native()


def _check(frame: nw.DataFrame[Any]) -> None:
    """Refuse a frame of another schema version, or with two rows in force for an item."""
    others = sorted(set(read_column(frame["schema_version"])) - {TRAINING_SCHEMA_VERSION})
    if others:
        raise InvalidInputError(
            f"the frame has rows of schema version {others[0]}, this package makes version {TRAINING_SCHEMA_VERSION}",
            hint="make the frame again from the outputs, with this version of hitl-sdk",
        )
    ids = zip(frame["item_id"].to_list(), in_force(frame), strict=True)
    twice = repeated(str(item) for item, flag in ids if flag)
    if twice is not None:
        raise DuplicateItemError(
            f"item {twice!r} has more than one row in force", hint="append run by run", item_id=twice
        )


def _check_contents(old: nw.DataFrame[Any], new: nw.DataFrame[Any]) -> None:
    """Refuse to let one item take the place of another that happens to have the same id."""
    contents = dict(zip(old["item_id"].to_list(), old["item"].to_list(), strict=True))
    for item_id, content in zip(new["item_id"].to_list(), new["item"].to_list(), strict=True):
        if contents.get(item_id, content) != content:
            raise DuplicateItemError(
                f"item_id {item_id!r} stands for other content in the older frame",
                hint="name items so that an id means the same in every run",
                item_id=str(item_id),
            )


def _not_among(new: nw.DataFrame[Any], old: nw.DataFrame[Any]) -> list[int]:
    """Return which newer rows the older frame does not have yet."""
    shared = [name for name in TRAINING_COLUMNS if name in new.columns and name in old.columns]

    def keys(frame: nw.DataFrame[Any]) -> list[Hashable]:
        columns = (map(value_key, read_column(frame[name])) for name in shared)
        return list(zip(*columns, strict=True))

    known = set(keys(old))
    return [index for index, key in enumerate(keys(new)) if key not in known]


def _superseding(old: nw.DataFrame[Any], new: nw.DataFrame[Any], added: list[int]) -> set[object]:
    """Return the items whose newer row takes the place of what is in force."""
    labels = zip(old["item_id"].to_list(), read_column(old["label"]), in_force(old), strict=True)
    labelled = {item for item, label, flag in labels if flag and label is not None}
    items, given = new["item_id"].to_list(), read_column(new["label"])
    return {items[index] for index in added if given[index] is not None or items[index] not in labelled}


def _flagged(frame: nw.DataFrame[IntoDataFrameT], flags: list[bool]) -> nw.DataFrame[IntoDataFrameT]:
    return frame.with_columns(nw.new_series(CURRENT, flags, nw.Boolean(), backend=frame.implementation))


def _joined(
    old: nw.DataFrame[IntoDataFrameT], new: nw.DataFrame[IntoDataFrameT]
) -> nw.DataFrame[IntoDataFrameT]:
    """Put the newer rows behind the older ones, with the columns of both, ``current`` last."""
    if not len(new):
        return old
    names = [name for name in dict.fromkeys([*old.columns, *new.columns]) if name != CURRENT]
    for name in set(old.columns) & set(new.columns):
        if old.schema[name] != new.schema[name]:
            old, new = _aligned(old, new, name)
    joined = nw.concat([old, new], how="diagonal")
    return nw.maybe_reset_index(joined.select([*names, CURRENT]))


def _aligned(
    old: nw.DataFrame[IntoDataFrameT], new: nw.DataFrame[IntoDataFrameT], name: str
) -> tuple[nw.DataFrame[IntoDataFrameT], nw.DataFrame[IntoDataFrameT]]:
    """Make a column, which is of two types, of one. Where it is all null, it is left out, and null again later."""
    if new[name].is_null().all():
        return old, new.drop(name)
    if old[name].is_null().all():
        return old.drop(name), new
    types = old.schema[name], new.schema[name]
    if all(each.is_numeric() for each in types):
        as_float = nw.col(name).cast(nw.Float64())
        return old.with_columns(as_float), new.with_columns(as_float)
    try:
        if types[0].base_type() is types[1].base_type():
            return old, new.with_columns(nw.col(name).cast(types[0]))
    except Exception as error:  # each engine has its own
        raise _of_two_types(name, *types) from error
    raise _of_two_types(name, *types)


def _of_two_types(name: str, old: object, new: object) -> InvalidInputError:
    return InvalidInputError(
        f"the column {name!r} holds {old} in the older frame and {new} in the newer",
        hint="convert or rename one of them",
    )
