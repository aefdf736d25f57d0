"""Numbers about score vectors: of one item in Python, of a column in numpy, and in the SQL of duckdb.

A column of scores may be a struct (a field a label), a map, a list of structs of a text and a number, or Python's
objects for these. A null score says that the label is not there. Below 0, a result tells why there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.routing._by_batch import in_arrow, quoted
from hitl_sdk.routing._frames import holds_nothing
from hitl_sdk.routing._score_rows import row_scores
from hitl_sdk.routing._shares import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ENTROPY",
    "MARGIN",
    "NONE_ACCEPTED",
    "NO_SCORES",
    "UNUSABLE",
    "Cut",
    "Measure",
    "asked_about",
    "asked_in_sql",
    "require_scores",
    "usable_scores",
]

NO_SCORES, UNUSABLE, NONE_ACCEPTED = -1, -2, -3
# Nine decimals: engines differ in the last bits of a logarithm, and 0.6 - 0.4 is not 0.2.
_GRID = 1e9


def usable_scores(scores: object) -> dict[str, float] | int:
    """Return the scores of one item, or why there are none."""
    there = row_scores(scores)
    if there is None:
        return NO_SCORES
    numbers = {label: _number(score) for label, score in there.items()}
    return numbers if all(0 <= number <= 1 for number in numbers.values()) else UNUSABLE


def _margin(scores: Mapping[str, float]) -> float:
    """Return by how much the best score is above the second; of a single one, the score itself."""
    best, second, *_ = [*sorted(scores.values(), reverse=True), 0.0]
    return _on_grid(best - second)


def _entropy(scores: Mapping[str, float]) -> float:
    """Return the entropy as a share of the largest that so many labels can have; below 0 if all scores are 0."""
    total = sum(scores.values())
    if total == 0:
        return NO_SCORES
    shares = [score / total for score in scores.values() if score > 0]
    most = math.log(len(scores)) or 1.0
    return _on_grid(-sum(share * math.log(share) for share in shares) / most)


@dataclass(frozen=True, slots=True)
class Cut:
    """From which score on a label is accepted, and from which on it is asked about: of each label, and of all others."""

    of_label: Mapping[str, tuple[float, float]]
    of_others: tuple[float, float]


def require_scores(table: Any) -> None:
    """Refuse a column `scores` that can't hold a score for each label."""
    kind = table.collect_schema()["scores"]
    if not (_holds_scores(kind) or holds_nothing(table, "scores")):
        raise InvalidPredictionError(
            f"the column 'scores' holds {kind}, not a score for each label",
            hint="give structs with a number a label, maps of text to number, lists of {label, score}, or dicts (which"
            " dask can't hold)",
        )


def _holds_scores(kind: Any) -> bool:
    if kind == nw.Struct:
        return bool(kind.fields) and all(_holds_numbers(field.dtype) for field in kind.fields)
    if type(kind).__name__ == "Map":  # which not every narwhals names
        return _holds_numbers(kind.value)
    if kind == nw.List and kind.inner == nw.Struct:
        numbers = [field.dtype.is_numeric() for field in kind.inner.fields]
        return sorted(numbers) == [False, True]
    return kind in {nw.Object, nw.Unknown}


def _holds_numbers(kind: Any) -> bool:
    return bool(kind.is_numeric() or kind == nw.Unknown)


def _margins(column: nw.Series[Any]) -> NDArray[np.float64]:
    """Return `_margin` of each row, or below 0 why there is none."""
    import numpy as np

    flat = _Flat.of(column)
    best = flat.largest(flat.values)
    at_best = flat.values == best[flat.rows]
    second = np.where(flat.count(at_best) > 1, best, flat.largest(np.where(at_best, 0.0, flat.values)))
    return flat.told(np.floor((best - second) * _GRID + 0.5) / _GRID)


def _entropies(column: nw.Series[Any]) -> NDArray[np.float64]:
    """Return `_entropy` of each row, or below 0 why there is none."""
    import numpy as np

    flat = _Flat.of(column)
    total = flat.sum(flat.values)
    shares = flat.values / np.where(total > 0, total, 1.0)[flat.rows]
    terms = shares * np.log(np.where(shares > 0, shares, 1.0))
    most = np.log(np.maximum(flat.lengths, 1))
    found = -flat.sum(terms) / np.where(most > 0, most, 1.0)
    told = flat.told(np.floor(found * _GRID + 0.5) / _GRID)
    return np.where((told >= 0) & (total == 0), float(NO_SCORES), told)


def asked_about(column: nw.Series[Any], cut: Cut) -> NDArray[np.int64]:
    """Return how many labels of each row are asked about; below 0 if none is, and none accepted, or why none is."""
    import numpy as np

    flat = _Flat.of(column, labelled=True)
    accept, ask = flat.cuts(cut)
    asked = flat.count((flat.values >= ask) & (flat.values < accept))
    accepted = flat.count(flat.values >= accept)
    return flat.told(np.where((asked == 0) & (accepted == 0), NONE_ACCEPTED, asked)).astype(np.int64)


def _margin_in_sql(kind: Any) -> str:
    """Return the expression of duckdb for `_margins`."""
    ordered = "list_sort(v, 'DESC')"
    return _told_in_sql(kind, _on_grid_in_sql(f"{ordered}[1] - coalesce({ordered}[2], 0.0::DOUBLE)"))


def _entropy_in_sql(kind: Any) -> str:
    """Return the expression of duckdb for `_entropies`."""
    share = "(x / list_sum(v))"
    terms = f"list_sum(list_transform(list_filter(v, lambda x: x > 0), lambda x: {share} * ln{share}))"
    found = f"CASE WHEN len(v) > 1 THEN -({terms}) / ln(len(v)) ELSE 0.0::DOUBLE END"
    told = f"CASE WHEN list_sum(v) = 0 THEN {NO_SCORES} ELSE {_on_grid_in_sql(found)} END"
    return _told_in_sql(kind, told)


def asked_in_sql(kind: Any, cut: Cut) -> str:
    """Return the expression of duckdb for `asked_about`."""
    accept, ask = (_cut_in_sql(cut, part) for part in range(2))
    asked = f"len(list_filter(e, lambda x: x.score >= {ask} AND x.score < {accept}))"
    accepted = f"len(list_filter(e, lambda x: x.score >= {accept}))"
    counted = f"CASE WHEN {asked} = 0 AND {accepted} = 0 THEN {NONE_ACCEPTED} ELSE {asked} END"
    return f"CAST({_told_in_sql(kind, counted)} AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number from 0 to 1 of scores, or below 0 why there is none: of one item, of a column, and in duckdb's SQL."""

    name: str
    of_one: Callable[[Mapping[str, float]], float]
    of_column: Callable[[nw.Series[Any]], NDArray[np.float64]]
    in_sql: Callable[[Any], str]


MARGIN = Measure("margin", _margin, _margins, _margin_in_sql)
ENTROPY = Measure("entropy", _entropy, _entropies, _entropy_in_sql)


@dataclass(frozen=True, slots=True)
class _Flat:
    """All scores of a column, one after the other."""

    lengths: NDArray[np.int64]
    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    labels: tuple[
        NDArray[np.int64], list[str]
    ]  # of each score the place of its label, if asked for; the labels

    @classmethod
    def of(cls, column: nw.Series[Any], *, labelled: bool = False) -> _Flat:
        import numpy as np

        of_column = _of_arrow if column.dtype.is_nested() else _of_dicts
        lengths, (codes, names), values, there = of_column(column, labelled=labelled)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        if not there.all():
            rows, values, codes = rows[there], values[there], codes[there] if labelled else codes
            lengths = np.bincount(rows, minlength=len(lengths))
        return cls(lengths, rows, values, (codes, names))

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        sums = np.bincount(self.rows, weights=values, minlength=len(self.lengths))
        return sums.astype(np.float64, copy=False)  # of no row they are whole numbers

    def count(self, those: NDArray[np.bool_]) -> NDArray[np.int64]:
        import numpy as np

        return np.bincount(self.rows[those], minlength=len(self.lengths))

    def largest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        largest = np.zeros(len(self.lengths))
        filled = np.flatnonzero(self.lengths)
        if len(filled):
            starts = np.cumsum(self.lengths) - self.lengths
            largest[filled] = np.maximum.reduceat(values, starts[filled])
        return largest

    def cuts(self, cut: Cut) -> NDArray[np.float64]:
        """Return of each score from where on it is accepted, and from where on asked about."""
        import numpy as np

        codes, names = self.labels
        limits = [cut.of_label.get(name, cut.of_others) for name in names]
        return np.array(limits, np.float64).reshape(-1, 2)[codes].T

    def told(self, found: NDArray[Any]) -> NDArray[np.float64]:
        """Return what was found, but for rows without scores, or with one that is not from 0 to 1."""
        import numpy as np

        bad = self.count(~((self.values >= 0) & (self.values <= 1))) > 0
        return np.select([self.lengths == 0, bad], [NO_SCORES, UNUSABLE], default=found)


_Parts = tuple[
    "NDArray[np.int64]", tuple["NDArray[np.int64]", list[str]], "NDArray[np.float64]", "NDArray[np.bool_]"
]


def _of_dicts(column: nw.Series[Any], *, labelled: bool) -> _Parts:
    import numpy as np

    rows = [row_scores(row) or {} for row in column.to_list()]
    values = np.array([_number(score) for row in rows for score in row.values()], np.float64)
    names: dict[str, int] = {}
    given = (label for row in rows for label in row) if labelled else ()
    codes = np.array([names.setdefault(label, len(names)) for label in given], np.int64)
    lengths = np.array([len(row) for row in rows], np.int64)
    return lengths, (codes, list(names)), values, np.ones(len(values), np.bool_)


def _of_arrow(column: nw.Series[Any], *, labelled: bool) -> _Parts:
    import numpy as np

    pa = load("pyarrow", extra="polars", needed_for="a policy on scores")
    pc = load("pyarrow.compute", extra="polars", needed_for="a policy on scores")
    array: Any = in_arrow(column).combine_chunks()
    if pa.types.is_struct(array.type):
        return _of_structs(array)
    if pa.types.is_map(array.type):
        entry = pa.struct([("label", array.type.key_type), ("score", array.type.item_type)])
        array = array.cast(pa.list_(entry))
    compute: Any = pc  # whose functions are made when it is loaded
    lengths = (
        compute.fill_null(compute.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    labels, scores = _label_and_score(compute.list_flatten(array))
    codes, names = np.empty(0, np.int64), []
    if labelled:
        encoded = labels.cast(pa.string()).fill_null("").dictionary_encode()  # a label without rule
        codes, names = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
    return lengths, (codes, names), *_floats(scores)


def _of_structs(array: Any) -> _Parts:
    import numpy as np

    names = [array.type.field(place).name for place in range(array.type.num_fields)]
    parts = [_floats(part) for part in array.flatten()]
    values, there = (np.stack(columns, axis=1).ravel() for columns in zip(*parts, strict=True))
    lengths = np.full(len(array), len(names))
    return lengths, (np.tile(np.arange(len(names)), len(array)), names), values, there


def _label_and_score(entries: Any) -> tuple[Any, Any]:
    """Return of structs of two the text and the number."""
    labels, scores = sorted(entries.flatten(), key=lambda part: _is_number(part.type))
    return labels, scores


def _floats(array: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of an Arrow array, and which of them are there."""
    import pyarrow as pa

    # Decimals by their digits: Arrow makes 0.5700000000000001 of 0.57.
    numbers = (array.cast(pa.string()) if pa.types.is_decimal(array.type) else array).cast(pa.float64())
    return numbers.fill_null(0.0).to_numpy(zero_copy_only=False), array.is_valid().to_numpy(
        zero_copy_only=False
    )


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return any(told(kind) for told in (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal))


def _number(score: object) -> float:
    number = number_of(score)
    return math.nan if number is None else number


def _on_grid(number: float) -> float:
    return math.floor(number * _GRID + 0.5) / _GRID


def _on_grid_in_sql(number: str) -> str:
    return f"(floor(({number}) * {_GRID!r}::DOUBLE + 0.5::DOUBLE) / {_GRID!r}::DOUBLE)"


def _told_in_sql(kind: Any, found: str) -> str:
    """Return SQL in which `e` names the list of labels with their scores and `v` the list of the scores."""
    told = (
        f"CASE WHEN coalesce(len(v), 0) = 0 THEN {NO_SCORES}"
        f" WHEN len(list_filter(v, lambda x: NOT (x >= 0 AND x <= 1))) > 0 THEN {UNUSABLE} ELSE {found} END"
    )
    there = f"list_filter({_entries_in_sql(kind)}, lambda x: x.score IS NOT NULL)"
    values = "list_transform(e, lambda x: x.score)"
    return f"list_transform([{there}], lambda e: list_transform([{values}], lambda v: {told})[1])[1]"


def _entries_in_sql(kind: Any) -> str:
    """Return SQL for the list of structs of label and score that a column holds."""
    column = quoted("scores")
    if kind.id == "map":
        return _as_entries(f"map_entries({column})", "key", "value")
    if kind.id == "struct":
        pairs = [
            f"{{'label': {_text_in_sql(name)}, 'score': CAST({column}.{quoted(name)} AS DOUBLE)}}"
            for name, _ in kind.children
        ]
        return f"[{', '.join(pairs)}]"
    if kind.id == "list":
        (label, _), (score, _) = sorted(
            kind.children[0][1].children, key=lambda part: part[1].id not in {"enum", "varchar"}
        )
        return _as_entries(column, label, score)
    return "NULL"  # a column of nulls has no kind


def _as_entries(entries: str, label: str, score: str) -> str:
    parts = f"{{'label': CAST(x.{quoted(label)} AS VARCHAR), 'score': CAST(x.{quoted(score)} AS DOUBLE)}}"
    return f"list_transform({entries}, lambda x: {parts})"


def _cut_in_sql(cut: Cut, part: int) -> str:
    cases = "".join(
        f" WHEN {_text_in_sql(label)} THEN {limits[part]!r}::DOUBLE" for label, limits in cut.of_label.items()
    )
    other = f"{cut.of_others[part]!r}::DOUBLE"
    return f"(CASE x.label{cases} ELSE {other} END)" if cases else other


def _text_in_sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
