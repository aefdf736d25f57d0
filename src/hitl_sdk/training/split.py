"""Splits a training frame into parts that share no item, each with its share of every label."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._columns import read_column
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.training._rows import as_training_frame, in_force

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw
    from narwhals.typing import IntoDataFrameT

__all__ = ["Stratify", "split"]

Stratify: TypeAlias = "str | Callable[[Any], Iterable[str]] | None"
"""By what parts are balanced: a column, what a function says of the value in ``label``, or nothing."""

_DEFAULT: Mapping[str, float] = {"train": 0.8, "test": 0.2}
_SHARE_TOLERANCE = 1e-9


def split(
    frame: IntoDataFrameT,
    *,
    fractions: Mapping[str, float] = _DEFAULT,
    stratify: Stratify = "label",
    groups: str | None = None,
    seed: int = 0,
) -> dict[str, IntoDataFrameT]:
    """Split a training frame into parts: by share, by label, and so that no item is in two of them.

    Only rows in force that have a label are taken; the others are in no part. Items of equal content, or of one address,
    are always in one part, so that no model is tested on what it was trained on. Which part that is depends on the contents, the
    fractions and the seed alone: neither on the order of the rows nor on the engine. With more rows, it may be
    another one.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it.
    fractions : mapping of str to float, default ``{"train": 0.8, "test": 0.2}``
        The share of each part, above 0, together 1.
    stratify : str or callable or None, default "label"
        What each part gets its share of. For a column: of each of its texts or numbers; of a structured label the
        names of its boxes, spans or other parts, or ``"(none)"``. A row with several counts for each of them. A
        callable is given the value of ``label`` and returns the names of its strata. None balances nothing.
    groups : str, optional
        A column; rows of one group are in one part too. Null is no group.
    seed : int, default 0
        Another one gives another split.

    Returns
    -------
    dict of str to frame
        By the names of `fractions`: frames of the same engine, rows in the order in which they were. Where every
        group is one row, a part differs from its share of the rows, and of any stratum that rows belong to alone, by
        few rows at most; large groups can't be divided.

    Raises
    ------
    InvalidInputError
        If the fractions are no shares, a column is missing, or a part would be empty.
    EmptyInputError
        If no row has a label.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": range(10), "item": list("abcdefghij"), "label": ["1", "0"] * 5})
    >>> parts = split(frame, fractions={"train": 0.6, "test": 0.4}, seed=7)
    >>> {name: sorted(part["label"]) for name, part in parts.items()}
    {'train': ['0', '0', '0', '1', '1', '1'], 'test': ['0', '0', '1', '1']}
    """
    check_fractions(fractions)
    data = as_training_frame(
        frame,
        "item",
        "label",
        *([stratify] if isinstance(stratify, str) else []),
        *([groups] if groups else []),
    )
    labels = read_column(data["label"])
    taken = [index for index, current in enumerate(in_force(data)) if current and labels[index] is not None]
    if not taken:
        raise EmptyInputError("no row of the frame has a label", hint="wait for the review: run.wait()")
    strata = _strata(data, stratify)
    contents = [str(item) for item in read_column(data["item"])]
    places = _assign(_bundles(taken, contents, read_column(data[groups]) if groups else None),
                     strata, contents, fractions, seed)  # fmt: skip
    empty = next((name for name in fractions if not places[name]), None)
    if empty is not None:
        raise InvalidInputError(
            f"the part {empty!r} would be empty: {len(taken)} rows are too few, or in too few groups",
            hint="give more rows, or fewer parts",
        )
    return {name: data[sorted(places[name])].to_native() for name in fractions}


def check_fractions(fractions: Mapping[str, float]) -> None:
    """Refuse shares of parts that are not above 0, or are not 1 together."""
    if not all(share > 0 for share in fractions.values()):
        raise InvalidInputError(f"a fraction is not above 0: {dict(fractions)}")
    if not math.isclose(sum(fractions.values()), 1, abs_tol=_SHARE_TOLERANCE):
        raise InvalidInputError(
            f"the fractions sum to {sum(fractions.values()):g}, not to 1: {dict(fractions)}"
        )


def _strata(data: nw.DataFrame[Any], stratify: Stratify) -> Callable[[int], Iterable[str]]:
    """Return what tells the strata of the row at an index."""
    if stratify is None:
        return lambda _: ()
    if isinstance(stratify, str):
        values = read_column(data[stratify])
        return lambda index: _names(values[index]) or {"(none)"}
    labels, function = read_column(data["label"]), stratify
    return lambda index: set(function(labels[index]))


def _names(value: object) -> set[str]:
    """Return the names in a value as frames hold it: a text's or number's own, or the labels of its parts."""
    if isinstance(value, Mapping):
        if "label" in value or "key" in value:
            return {str(value.get("label", value.get("key")))}
        parts = value.get("shapes", value.get("labels"))
        if parts is None:  # a form: what stands in each of its fields
            return {f"{field}: {name}" for field, part in value.items() for name in _names(part)}
        return _names(parts)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return {name for part in value for name in _names(part)}
    return set() if value is None else {str(value)}


def _bundles(
    rows: Sequence[int], contents: Sequence[str], groups: Sequence[object] | None
) -> list[list[int]]:
    """Return rows that must stay together: those of equal content or of one group, and whatever that joins."""
    parent = {row: row for row in rows}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    first: dict[tuple[str, object], int] = {}
    for row in rows:
        keys: list[tuple[str, object]] = [("content", contents[row])]
        if groups is not None and groups[row] is not None:
            keys.append(("group", groups[row]))
        for key in keys:
            parent[root(row)] = root(first.setdefault(key, row))
    bundles: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        bundles[root(row)].append(row)
    return list(bundles.values())


def _assign(
    bundles: Sequence[Sequence[int]],
    strata: Callable[[int], Iterable[str]],
    contents: Sequence[str],
    fractions: Mapping[str, float],
    seed: int,
) -> dict[str, list[int]]:
    """Give each bundle to the part that lacks most of what is in it, the large ones first.

    What a part lacks is its share of what has been given out so far, less what it has: of all rows, and of
    each stratum.
    """

    def draw(bundle: Sequence[int]) -> tuple[int, str]:
        content = min(contents[row] for row in bundle)
        return -len(bundle), blake2b(f"{seed} {content}".encode("utf-8", "surrogatepass")).hexdigest()

    given: Counter[str | None] = Counter()
    has: dict[str, Counter[str | None]] = {name: Counter() for name in fractions}
    places: dict[str, list[int]] = {name: [] for name in fractions}
    for bundle in sorted(bundles, key=draw):
        brings: Counter[str | None] = Counter(name for row in bundle for name in strata(row))
        brings[None] = len(bundle)  # stands for all rows
        given.update(brings)
        lacks = {
            part: sum(count * (share * given[name] - has[part][name]) for name, count in brings.items())
            for part, share in fractions.items()
        }
        part = max(lacks, key=lambda name: (round(lacks[name], 9), fractions[name]))
        has[part].update(brings)
        places[part].extend(bundle)
    return places
