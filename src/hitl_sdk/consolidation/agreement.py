"""How far workers agree beyond chance: Krippendorff's alpha, Cohen's and Fleiss' kappa.

1 is perfect agreement, 0 is what chance gives, below 0 is worse than chance. Where the arithmetic is 0 / 0 they are None:
nobody labelled what another one labelled, or all gave one and the same label, which does not show that they can
tell labels apart.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._columns import is_frame, read_column, read_columns
from hitl_sdk._equality import value_key
from hitl_sdk.consolidation._differences import nominal, scale, weighting
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from narwhals.typing import IntoFrame

    from hitl_sdk.consolidation._differences import Labels, Level, Weights

__all__ = ["cohen_kappa", "fleiss_kappa", "krippendorff_alpha"]


def krippendorff_alpha(
    votes: IntoFrame | Iterable[tuple[str, str, object]],
    level: Level = "nominal",
    *,
    order: Sequence[object] | None = None,
    distance: Callable[[Any, Any], float] | None = None,
) -> float | None:
    """Return Krippendorff's alpha, for any number of workers of whom any may miss any item.

    One minus the disagreement within items over that among all labels: K. Krippendorff, "Computing Krippendorff's
    Alpha-Reliability" (2011).

    Parameters
    ----------
    votes : frame, or iterable of Vote
        One row an answer: a frame of any engine with the columns ``item``, ``worker`` and ``label``, such as
        `hitl_sdk.results.answers_frame` gives. Rows without a label don't count, nor do items with only one.
    level : {"nominal", "ordinal", "interval", "ratio"}, default "nominal"
        How labels differ: all alike, by rank, by their difference, or by their difference over their sum. The last
        three take numbers, or texts that are numbers.
    order : sequence, optional
        For ``"ordinal"``, the labels from least to most, if they are no numbers.
    distance : callable, optional
        Instead of a level, for boxes, spans and other structures: from two labels, as they stand in `votes`, to their
        difference. It is 0 for the same and symmetric, and stands where Krippendorff has a squared difference. It is
        asked once for every two different labels, so time grows with the square of their number.

    Returns
    -------
    float or None
        Up to 1. None if no item has two labels, or if nothing differs among the labels of such items.

    Raises
    ------
    InvalidInputError
        If a column is missing, a worker has two labels for one item, or labels don't fit the level.

    Examples
    --------
    >>> votes = [("a", "w1", "cat"), ("a", "w2", "cat"), ("b", "w1", "dog"), ("b", "w2", "dog"), ("c", "w1", "cat")]
    >>> krippendorff_alpha(votes)
    1.0
    >>> stars = [("a", "w1", "1"), ("a", "w2", "2"), ("b", "w1", "5"), ("b", "w2", "5")]
    >>> round(krippendorff_alpha(stars, "interval"), 3)
    0.941
    """
    by_item, labels = _read_votes(votes)
    kept = [keys for keys in by_item.values() if len(keys) > 1]
    counts = Counter(key for keys in kept for key in keys)
    values, spread = scale({key: labels[key] for key in counts}, counts, level, order, distance)
    units = [[values[key] for key in keys] for keys in kept]
    pairable = [value for unit in units for value in unit]
    expected = spread(pairable) if len(set(pairable)) > 1 else 0.0
    if not expected:
        return None
    observed = math.fsum(spread(unit) / (len(unit) - 1) for unit in units)
    return 1 - (len(pairable) - 1) * observed / expected


def cohen_kappa(
    a: Iterable[object],
    b: Iterable[object],
    weights: Weights | None = None,
    *,
    order: Sequence[object] | None = None,
) -> float | None:
    """Return Cohen's kappa of two workers who labelled the same items.

    J. Cohen, "A coefficient of agreement for nominal scales" (1960), and with weights "Weighted kappa" (1968).

    Parameters
    ----------
    a, b : sequence of labels
        What each said of the items: lists, arrays or series of any engine, equally long, paired by position. A pair
        with None or NaN in it does not count.
    weights : {"linear", "quadratic"}, optional
        Count a difference by how many grades lie between the labels, or by the square of that.
    order : sequence, optional
        For weights, all labels from least to most. Without it, labels must be numbers, or texts that are numbers,
        and the grades are those that were given, in order.

    Returns
    -------
    float or None
        From -1 to 1. None if there are no pairs, or if both gave one and the same label throughout.

    Raises
    ------
    InvalidInputError
        If one is longer than the other, or labels have no order.

    Examples
    --------
    >>> round(cohen_kappa(["cat", "dog", "dog", "cat"], ["cat", "dog", "cat", "cat"]), 3)
    0.5
    >>> round(cohen_kappa(["1", "2", "3", "3"], ["1", "3", "3", "2"], weights="quadratic"), 3)
    0.636
    """
    pairs = _pairs_of_labels(a, b)
    weigh = weighting({value_key(label): label for pair in pairs for label in pair}, weights, order)
    joint = Counter((value_key(of_a), value_key(of_b)) for of_a, of_b in pairs)
    all_a, all_b = (Counter(value_key(pair[side]) for pair in pairs) for side in (0, 1))
    expected = math.fsum(weigh(x, y) * n * m for x, n in all_a.items() for y, m in all_b.items())
    if not expected:
        return None
    observed = math.fsum(weigh(x, y) * n for (x, y), n in joint.items())
    return 1 - len(pairs) * observed / expected


def fleiss_kappa(votes: IntoFrame | Iterable[tuple[str, str, object]]) -> float | None:
    """Return Fleiss' kappa, for items of which each was labelled by equally many workers.

    They need not be the same workers. J. L. Fleiss, "Measuring nominal scale agreement among many raters" (1971).

    Parameters
    ----------
    votes : frame, or iterable of Vote
        As in `krippendorff_alpha`.

    Returns
    -------
    float or None
        From -1 to 1. None if there are no items with two labels or more, or if all labels are the same.

    Raises
    ------
    InvalidInputError
        If a column is missing, a worker has two labels for one item, or some items have more labels than others.

    Examples
    --------
    >>> votes = [("a", "w1", "cat"), ("a", "w2", "cat"), ("b", "w1", "dog"), ("b", "w3", "cat")]
    >>> round(fleiss_kappa(votes), 3)
    -0.333
    """
    by_item, _ = _read_votes(votes)
    sizes = {len(keys) for keys in by_item.values()}
    if len(sizes) > 1:
        raise InvalidInputError(
            f"the items have from {min(sizes)} to {max(sizes)} labels; Fleiss' kappa is of equally many for each",
            hint="use krippendorff_alpha, or keep the items that all have labelled",
        )
    n_workers = max(sizes, default=0)
    counts = Counter(key for keys in by_item.values() for key in keys)
    if n_workers < 2 or len(counts) < 2:
        return None
    pairs = len(by_item) * n_workers * (n_workers - 1)
    observed = sum(map(nominal, by_item.values())) / pairs
    total = counts.total()
    return 1 - observed / (1 - sum((count / total) ** 2 for count in counts.values()))


def _read_votes(
    votes: IntoFrame | Iterable[tuple[str, str, object]],
) -> tuple[dict[Hashable, list[Hashable]], Labels]:
    """Return the keys of the labels by item, and by key the first label that has it."""
    labels: dict[Hashable, object] = {}
    by_item: dict[Hashable, list[Hashable]] = {}
    seen = set()
    for row, (item, worker, label) in enumerate(zip(*_columns_of(votes), strict=True)):
        if label is None:
            continue
        if item is None or worker is None:
            missing = "item" if item is None else "worker"
            raise InvalidInputError(
                f"row {row} has a label and no {missing!r}", hint="name it or drop the row"
            )
        if (item, worker) in seen:
            raise InvalidInputError(
                f"worker {worker!r} has a second label for the item of row {row}",
                hint="keep one: answers.drop_duplicates(['item', 'worker'], keep='last')",
            )
        seen.add((item, worker))
        key = value_key(label)
        labels.setdefault(key, label)
        by_item.setdefault(item, []).append(key)
    return by_item, labels


def _columns_of(votes: IntoFrame | Iterable[tuple[str, str, object]]) -> list[list[Any]]:
    if is_frame(votes):
        return [*read_columns(votes, ("item", "worker", "label"), what="the answers").values()]
    given = list(cast("Iterable[Sequence[object]]", votes))
    odd = next((len(vote) for vote in given if len(vote) != 3), None)
    if odd is not None:
        raise InvalidInputError(
            f"a vote has {odd} entries, not item, worker and label", hint="give one vote an answer"
        )
    return [read_column([vote[place] for vote in given]) for place in range(3)]


def _pairs_of_labels(a: Iterable[object], b: Iterable[object]) -> list[tuple[object, object]]:
    left, right = read_column(a), read_column(b)
    if len(left) != len(right):
        raise InvalidInputError(
            f"one worker has {len(left)} labels and the other {len(right)}",
            hint="give one label an item of each, None where there is none",
        )
    return [
        (one, other) for one, other in zip(left, right, strict=True) if one is not None and other is not None
    ]
