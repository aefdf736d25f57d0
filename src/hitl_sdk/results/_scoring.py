"""Each answer beside what the others said, and beside what is known to be true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from hitl_sdk._columns import read_columns
from hitl_sdk._equality import value_key
from hitl_sdk._frames import utc_time
from hitl_sdk.consolidation import Consensus
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import to_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from narwhals.typing import IntoFrame

__all__ = ["Same", "ScoredAnswer", "Truth", "score_answers"]

Truth: TypeAlias = "Mapping[str, object] | IntoFrame"
Same: TypeAlias = Callable[[Any, Any], bool]


class _Answer(NamedTuple):
    item: Hashable
    worker: str
    label: object
    submitted_at: datetime | None
    seconds: float | None


class ScoredAnswer(NamedTuple):
    """One answer; `agrees` and `right` are None where there is no consensus, or no gold, to judge it by."""

    answer: _Answer
    agrees: bool | None
    right: bool | None


def score_answers(
    frame: IntoFrame, *, consensus: Truth | None, gold: Truth | None, same: Same | None, item: str
) -> list[ScoredAnswer]:
    """Return the answers that have an item, a worker and a label, in the order of their rows.

    Raises
    ------
    InvalidInputError
        If a column is missing or holds what it should not, or labels are of types that are never equal.
    """
    answers = _read_answers(frame, item)
    by_item: dict[Hashable, list[int]] = {}
    for row, answer in enumerate(answers):
        by_item.setdefault(answer.item, []).append(row)
    if consensus is None:
        agrees = _agree_with_others(answers, by_item.values(), same)
    else:
        truth = _read_truth(consensus, item, "the consensus labels")
        several = {
            name: truth[name]
            for name, rows in by_item.items()
            if name in truth and len({answers[row].worker for row in rows}) > 1
        }
        agrees = _judge(answers, several, same, "the consensus labels")
    known = _read_truth(gold, item, "the gold labels")
    right = _judge(answers, {name: known[name] for name in by_item.keys() & known}, same, "the gold labels")
    return list(map(ScoredAnswer, answers, agrees, right))


def _read_answers(frame: IntoFrame, item: str) -> list[_Answer]:
    what = "the answers"
    columns = read_columns(frame, (item, "worker", "label"), ("submitted_at", "seconds_spent"), what=what)
    return [
        _Answer(name, worker, to_value(label), _time(submitted_at), _seconds(seconds))
        for name, worker, label, submitted_at, seconds in zip(*columns.values(), strict=True)
        if not (name is None or worker is None or label is None)
    ]


def _time(value: object) -> datetime | None:
    moment = utc_time(value)
    if moment is None and value is not None:
        raise InvalidInputError(
            f"the column 'submitted_at' holds {value!r}, which is no time", hint="convert it to times"
        )
    return moment


def _seconds(value: object) -> float | None:
    try:
        return None if value is None else float(cast("float", value))
    except (TypeError, ValueError):
        raise InvalidInputError(
            f"the column 'seconds_spent' holds {value!r}, which is no number", hint="convert it to float"
        ) from None


def _read_truth(truth: Truth | None, item: str, what: str) -> dict[Hashable, object]:
    """Return what is known, by item; what is known twice must be the same."""
    if truth is None:
        return {}
    if isinstance(truth, Mapping):
        labels = {name: each.label if isinstance(each, Consensus) else each for name, each in truth.items()}
        return {name: to_value(label) for name, label in labels.items() if label is not None}
    columns = read_columns(truth, (item, "label"), what=what)
    known: dict[Hashable, object] = {}
    for row, (name, label) in enumerate(zip(columns[item], columns["label"], strict=True)):
        if name is None or label is None:
            continue
        if value_key(known.setdefault(name, to_value(label))) != value_key(label):
            raise InvalidInputError(
                f"{what} have a second one, another, for the item of row {row}",
                hint="give one label an item",
            )
    return known


def _judge(
    answers: Sequence[_Answer], truth: Mapping[Hashable, object], same: Same | None, what: str
) -> list[bool | None]:
    """Tell of each answer whether its label is the item's true one, or None where that is not known."""
    if same is not None:
        return [bool(same(each.label, truth[each.item])) if each.item in truth else None for each in answers]
    said = {_kind(each.label) for each in answers if each.item in truth}
    known = {_kind(label) for label in truth.values()}
    if said and not said & known:
        raise InvalidInputError(
            f"{what} are {' or '.join(sorted(known))}, the answers' are {' or '.join(sorted(said))}",
            hint="give both the same type, or say with same= when two labels are the same",
        )
    keys = {name: value_key(label) for name, label in truth.items()}
    return [value_key(each.label) == keys[each.item] if each.item in keys else None for each in answers]


def _kind(label: object) -> str:
    if isinstance(label, str):
        return "texts"
    return "numbers" if hasattr(label, "__float__") and not hasattr(label, "__len__") else "structures"


def _agree_with_others(
    answers: Sequence[_Answer], items: Iterable[Sequence[int]], same: Same | None
) -> list[bool | None]:
    """Tell of each answer whether most of the item's other workers say the same, or None where there is no most."""
    agrees: list[bool | None] = [None] * len(answers)
    for rows in items:
        groups = _groups([answers[row].label for row in rows], same)
        all_votes = Counter(groups)
        own_votes: defaultdict[str, Counter[Hashable]] = defaultdict(Counter)
        for row, group in zip(rows, groups, strict=True):
            own_votes[answers[row].worker][group] += 1
        for row, group in zip(rows, groups, strict=True):
            others = all_votes - own_votes[answers[row].worker]
            most = max(others.values(), default=0)
            winners = [each for each, votes in others.items() if votes == most]
            agrees[row] = winners[0] == group if len(winners) == 1 else None
    return agrees


def _groups(labels: Sequence[object], same: Same | None) -> list[Hashable]:
    """Return what labels have in common that are the same; with `same`, the first one of them."""
    if same is None:
        return [value_key(label) for label in labels]
    firsts: list[object] = []
    groups: list[Hashable] = []
    for label in labels:
        group = next((place for place, first in enumerate(firsts) if same(label, first)), len(firsts))
        if group == len(firsts):
            firsts.append(label)
        groups.append(group)
    return groups
