"""How well people work: one row a worker, and how that changes with time."""

from __future__ import annotations

from operator import itemgetter
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Literal, overload

from hitl_sdk._frames import Engine, Frame, Kind, build_frame, time_text
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.results._scoring import score_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from narwhals.typing import IntoFrame

    from hitl_sdk.results._scoring import Same, ScoredAnswer, Truth

__all__ = ["drift_frame", "workers_frame"]

_FIGURES: Mapping[str, Kind] = {
    "n_answers": "int",
    "n_items": "int",
    "accuracy_to_consensus": "float",
    "n_consensus": "int",
    "accuracy_to_gold": "float",
    "n_gold": "int",
    "median_seconds": "float",
    "mean_seconds": "float",
    "first_submitted_at": "time",
    "last_submitted_at": "time",
}
_DRIFTS: Mapping[str, Kind] = {
    "accuracy_to_consensus_drift": "float",
    "accuracy_to_gold_drift": "float",
    "seconds_drift": "float",
}


@overload
def workers_frame(
    answers: IntoFrame,
    *,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    min_for_drift: int = ...,
    engine: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def workers_frame(
    answers: IntoFrame,
    *,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    min_for_drift: int = ...,
    engine: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def workers_frame(
    answers: IntoFrame,
    *,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    min_for_drift: int = ...,
    engine: Literal["arrow"],
) -> pa.Table: ...
@overload
def workers_frame(
    answers: IntoFrame,
    *,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    min_for_drift: int = ...,
    engine: Engine,
) -> Frame: ...


def workers_frame(
    answers: IntoFrame,
    *,
    consensus: Truth | None = None,
    gold: Truth | None = None,
    same: Same | None = None,
    item: str = "item",
    min_for_drift: int = 30,
    engine: Engine = "pandas",
) -> Frame:
    """Return how well each worker works: accuracy, time, and how both change.

    Only rows with an item, a worker and a label count; those whose ``error`` says why there is no label don't.

    Parameters
    ----------
    answers : frame
        One row an answer, as `answers_frame` gives it, of any engine: ``item``, ``worker`` and ``label``, and for time and
        drift ``submitted_at`` and ``seconds_spent``, which may be missing or null.
    consensus : mapping of item to label or Consensus, or frame with ``item`` and ``label``, optional
        What the workers say together, for example of `DawidSkene` or a training frame. It was made with the worker's
        own answer in it, which flatters. By default each answer is compared with those of the item's *other* workers
        instead, if one label is most frequent among them; where two are, or there is no other worker, it does not
        count.
    gold : mapping of item to label, or frame with ``item`` and ``label``, optional
        What is known to be true, of some items.
    same : callable, optional
        Whether two labels are the same, both as plain values, also where `consensus` or `gold` has objects of
        `hitl_sdk.labels`; for boxes say by their IoU. By default they are if their values are equal.
    item : str, default "item"
        The column that names the items, in all three: ``"item_id"`` takes ids of your own.
    min_for_drift : int, default 30
        How many answers a worker must have for a drift.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame. All three have the same rows.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row a worker, in the order in which they first appear:

        - ``worker``; ``n_answers`` and ``n_items``, int64.
        - ``accuracy_to_consensus``, 0 to 1, of the ``n_consensus`` answers to items that two or more workers
          answered and that have a consensus.
        - ``accuracy_to_gold``, 0 to 1, of the ``n_gold`` answers to items with a gold label.
        - ``median_seconds`` and ``mean_seconds`` an item, of the answers whose time is known.
        - ``first_submitted_at`` and ``last_submitted_at``, UTC.
        - ``accuracy_to_consensus_drift``, ``accuracy_to_gold_drift`` and ``seconds_drift``: the accuracy, or the
          median of the seconds, in the last third of the worker's answers less that in the first third, by
          ``submitted_at``. Below 0 for accuracy is getting worse. Of n answers a third is ``n // 3``; they are those
          that count for the figure and whose time is known, and fewer than `min_for_drift` give null.

        What there is no answer to work out from is null.

    Raises
    ------
    InvalidInputError
        If a column is missing or holds no times or numbers, labels of the three are of types that are never equal,
        an item has two gold labels, or the engine is not known.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({
    ...     "item": ["a", "a", "a", "b", "b", "b"],
    ...     "worker": ["w1", "w2", "w3", "w1", "w2", "w3"],
    ...     "label": ["cat", "cat", "dog", "dog", "dog", "dog"],
    ...     "seconds_spent": [10.0, 12.0, 3.0, 14.0, 10.0, 1.0],
    ... })
    >>> frame = workers_frame(answers, gold={"a": "cat"})
    >>> frame[["worker", "accuracy_to_consensus", "n_consensus", "median_seconds"]]
      worker  accuracy_to_consensus  n_consensus  median_seconds
    0     w1                    1.0            1            12.0
    1     w2                    1.0            1            11.0
    2     w3                    0.5            2             2.0
    >>> frame["accuracy_to_gold"].tolist()
    [1.0, 1.0, 0.0]

    Of item a, w1 and w2 are not judged: the other two say different things.
    """
    if min_for_drift < 3:
        raise InvalidInputError(f"min_for_drift={min_for_drift} makes no thirds", hint="give 3 or more")
    scored = score_answers(answers, consensus=consensus, gold=gold, same=same, item=item)
    rows = [
        {"worker": worker} | _figures(given) | _drifts(given, min_for_drift)
        for worker, given in _by_worker(scored).items()
    ]
    return _frame(rows, {"worker": "text", **_FIGURES, **_DRIFTS}, engine)


@overload
def drift_frame(
    answers: IntoFrame,
    *,
    per: Literal["day"] | int = ...,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    engine: Literal["pandas"] = ...,
) -> pd.DataFrame: ...
@overload
def drift_frame(
    answers: IntoFrame,
    *,
    per: Literal["day"] | int = ...,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    engine: Literal["polars"],
) -> pl.DataFrame: ...
@overload
def drift_frame(
    answers: IntoFrame,
    *,
    per: Literal["day"] | int = ...,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    engine: Literal["arrow"],
) -> pa.Table: ...
@overload
def drift_frame(
    answers: IntoFrame,
    *,
    per: Literal["day"] | int = ...,
    consensus: Truth | None = ...,
    gold: Truth | None = ...,
    same: Same | None = ...,
    item: str = ...,
    engine: Engine,
) -> Frame: ...


def drift_frame(
    answers: IntoFrame,
    *,
    per: Literal["day"] | int = "day",
    consensus: Truth | None = None,
    gold: Truth | None = None,
    same: Same | None = None,
    item: str = "item",
    engine: Engine = "pandas",
) -> Frame:
    """Return how each worker works by the day, or by so many answers.

    Answers whose ``submitted_at`` is not known are left out, but still count as what others say of an item.

    Parameters
    ----------
    answers, consensus, gold, same, item, engine
        As in `workers_frame`.
    per : "day" or int, default "day"
        A window: a day in UTC, or so many answers of the worker; the last may have fewer.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row a worker and window with answers in it, by worker as they first appear and then by time: ``worker``,
        ``window`` (int64, counted from 1 for each worker), then the columns of `workers_frame` up to
        ``last_submitted_at``, of the window's answers.

    Raises
    ------
    InvalidInputError
        As in `workers_frame`, or if `per` is neither.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({
    ...     "item": ["a", "b", "c"], "worker": "w1", "label": ["cat", "dog", "cat"], "seconds_spent": [9.0, 7.0, 2.0],
    ...     "submitted_at": ["2026-03-01T09:00:00Z", "2026-03-01T09:01:00Z", "2026-03-02T16:00:00Z"],
    ... })
    >>> drift_frame(answers, gold={"a": "cat", "b": "dog", "c": "dog"})[
    ...     ["worker", "window", "n_answers", "accuracy_to_gold", "median_seconds"]
    ... ]
      worker  window  n_answers  accuracy_to_gold  median_seconds
    0     w1       1          2               1.0             8.0
    1     w1       2          1               0.0             2.0
    """
    window: object = per
    if window != "day" and not (isinstance(window, int) and window > 0):
        raise InvalidInputError(f"per={per!r} is no window", hint="use 'day' or a number of answers")
    scored = score_answers(answers, consensus=consensus, gold=gold, same=same, item=item)
    rows = [
        {"worker": worker, "window": number} | _figures(within)
        for worker, given in _by_worker(scored).items()
        for number, within in enumerate(_windows(_by_time(given), per), 1)
    ]
    return _frame(rows, {"worker": "text", "window": "int", **_FIGURES}, engine)


def _by_worker(scored: Iterable[ScoredAnswer]) -> dict[str, list[ScoredAnswer]]:
    by_worker: dict[str, list[ScoredAnswer]] = {}
    for each in scored:
        by_worker.setdefault(each.answer.worker, []).append(each)
    return by_worker


def _by_time(scored: Iterable[ScoredAnswer]) -> list[tuple[datetime, ScoredAnswer]]:
    timed = [(each.answer.submitted_at, each) for each in scored if each.answer.submitted_at is not None]
    return sorted(timed, key=itemgetter(0))


def _windows(
    in_time: Sequence[tuple[datetime, ScoredAnswer]], per: Literal["day"] | int
) -> Iterable[Sequence[ScoredAnswer]]:
    windows: dict[object, list[ScoredAnswer]] = {}
    for place, (time, each) in enumerate(in_time):
        windows.setdefault(time.date() if per == "day" else place // per, []).append(each)
    return windows.values()


def _figures(scored: Sequence[ScoredAnswer]) -> dict[str, Any]:
    agrees = [each.agrees for each in scored if each.agrees is not None]
    right = [each.right for each in scored if each.right is not None]
    seconds = [each.answer.seconds for each in scored if each.answer.seconds is not None]
    times = [each.answer.submitted_at for each in scored if each.answer.submitted_at is not None]
    return {
        "n_answers": len(scored),
        "n_items": len({each.answer.item for each in scored}),
        "accuracy_to_consensus": fmean(agrees) if agrees else None,
        "n_consensus": len(agrees),
        "accuracy_to_gold": fmean(right) if right else None,
        "n_gold": len(right),
        "median_seconds": median(seconds) if seconds else None,
        "mean_seconds": fmean(seconds) if seconds else None,
        "first_submitted_at": time_text(min(times, default=None)),
        "last_submitted_at": time_text(max(times, default=None)),
    }


def _drifts(scored: Sequence[ScoredAnswer], minimum: int) -> dict[str, float | None]:
    in_time = _by_time(scored)
    return {
        "accuracy_to_consensus_drift": _drift([each.agrees for _, each in in_time], fmean, minimum),
        "accuracy_to_gold_drift": _drift([each.right for _, each in in_time], fmean, minimum),
        "seconds_drift": _drift([each.answer.seconds for _, each in in_time], median, minimum),
    }


def _drift(
    values: Iterable[float | None], summary: Callable[[Sequence[float]], float], minimum: int
) -> float | None:
    known = [value for value in values if value is not None]
    third = len(known) // 3
    return summary(known[-third:]) - summary(known[:third]) if len(known) >= minimum else None


def _frame(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Kind], engine: Engine) -> Frame:
    return build_frame({name: [row[name] for row in rows] for name in kinds}, kinds, engine)
