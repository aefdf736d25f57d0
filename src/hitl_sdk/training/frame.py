"""The training frame: one row an item, with the label as it now stands and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from hitl_sdk._frames import Engine, Frame, Kind, build_frame, time_text
from hitl_sdk.consolidation import Consensus, Consolidation, Vote
from hitl_sdk.errors import InvalidInputError, InvalidOutputError
from hitl_sdk.labels import Label, to_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk.results import HumanLoopOutput
    from hitl_sdk.tasks import Task

__all__ = ["TRAINING_COLUMNS", "TRAINING_SCHEMA_VERSION", "TrainingRow", "build_training_frame"]

TRAINING_SCHEMA_VERSION = 1
"""Goes up when a column changes its name, its type or its meaning."""

_KINDS: Mapping[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "label": "text",
    "label_source": "text",
    "confidence": "float",
    "model_label": "text",
    "model_confidence": "float",
    "decision": "text",
    "reason": "text",
    "n_workers": "int",
    "agreement": "float",
    "human_loop_name": "text",
    "flow_definition_arn": "text",
    "output_s3_uri": "text",
    "created_at": "time",
    "completed_at": "time",
    "schema_version": "int",
    "tie": "bool",
    "label_confidences": [float],
}

TRAINING_COLUMNS: tuple[str, ...] = tuple(_KINDS)
"""The columns of the training frame, in order. Columns of the user's own follow them."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """What is known of one item after its review.

    Attributes
    ----------
    item_id, item : str
        Its id, and its content or S3 URI.
    model_label : str or another label, or None
        What the model said, as the task spells it; None, like the next two, for a prediction that can't be
        used.
    model_confidence : float or None
        How sure it was, 0 to 1.
    decision : {"accept", "review", "drop"} or None
        What the policy decided.
    reason : str
        Why.
    human_loop_name, flow_definition_arn, output_s3_uri : str or None
        Of the item's human loop, if it has one.
    output : HumanLoopOutput or None
        What people said; None as long as the loop has not completed.
    created_at, completed_at : datetime or None
        When the loop was started, and when its last answer came. If the latter is None, the output's own
        submission times tell it.
    note : str or None
        Goes behind the reason: the loop's status or failure.
    extra : mapping or None
        Columns of the user's own.

    Examples
    --------
    >>> row = TrainingRow("1", "It broke", "-1", 0.97, "accept", "confidence 0.97 >= 0.90")
    >>> row.output is None
    True
    """

    item_id: str
    item: str
    model_label: Label | None
    model_confidence: float | None
    decision: str | None
    reason: str
    human_loop_name: str | None = None
    flow_definition_arn: str | None = None
    output: HumanLoopOutput | None = None
    output_s3_uri: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    note: str | None = None
    extra: Mapping[str, object] | None = None


@dataclass(slots=True)
class _Outcome:
    """The columns that follow from the decision and the answers."""

    label: Label | None = None
    label_source: str | None = None
    confidence: float | None = None
    n_workers: int = 0
    agreement: float | None = None
    tie: bool = False
    label_confidences: list[float | None] | None = None
    completed_at: datetime | None = None
    note: str | None = None


class _Answered(NamedTuple):
    """What people said of one row, as far as it can be read: labels, and whose they are."""

    labels: tuple[Label, ...]
    workers: tuple[str, ...]
    note: str | None
    completed_at: datetime | None


@overload
def build_training_frame(
    rows: Iterable[TrainingRow],
    task: Task,
    *,
    engine: Literal["pandas"] = ...,
    consolidation: Consolidation[Any] | None = ...,
) -> pd.DataFrame: ...
@overload
def build_training_frame(
    rows: Iterable[TrainingRow],
    task: Task,
    *,
    engine: Literal["polars"],
    consolidation: Consolidation[Any] | None = ...,
) -> pl.DataFrame: ...
@overload
def build_training_frame(
    rows: Iterable[TrainingRow],
    task: Task,
    *,
    engine: Literal["arrow"],
    consolidation: Consolidation[Any] | None = ...,
) -> pa.Table: ...
@overload
def build_training_frame(
    rows: Iterable[TrainingRow], task: Task, *, engine: Engine, consolidation: Consolidation[Any] | None = ...
) -> Frame: ...


def build_training_frame(
    rows: Iterable[TrainingRow],
    task: Task,
    *,
    engine: Engine = "pandas",
    consolidation: Consolidation[Any] | None = None,
) -> Frame:
    """Return the training frame, schema version 1: one row an item, in the order of `rows`.

    Parameters
    ----------
    rows : iterable of TrainingRow
        One an item, the accepted and the dropped among them.
    task : Task
        What was asked; it reads the answers.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame. All three have the same rows.
    consolidation : Consolidation, optional
        How several answers become one; the task's own method when left out.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The columns of `TRAINING_COLUMNS`, then those of the rows' `extra`; one of these that has the name
        of a training column is called ``extra_NAME``. ``confidence``, ``model_confidence`` and
        ``agreement`` are float64 from 0 to 1, ``n_workers`` and ``schema_version`` int64, ``created_at``
        and ``completed_at`` UTC times with microseconds, ``tie`` boolean, ``label`` and ``model_label`` as
        `Task.label_type` and `Task.model_label_type` say, all others text. What is not there is null.

        ``label_source`` is ``"model"`` for an accepted item, ``"human"`` for one answer,
        ``"consolidated"`` for several. ``confidence`` is the model's, or null for one person, or what the
        consolidation says. ``agreement`` is how far the workers agree with the label (see `Consensus`), null unless
        two or more answered, and ``tie`` whether the consolidation's rule had to decide. ``label_confidences`` has
        one number for each of several labels, or for each field of a form, in their order. An item that was
        dropped, or that people have not answered, has no label.

    Raises
    ------
    InvalidInputError
        If the engine is not known, or the consolidation is not for labels of this task.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> accepted = TrainingRow("1", "It broke", "-1", 0.97, "accept", "confidence 0.97 >= 0.90")
    >>> frame = build_training_frame([accepted], task)
    >>> frame[["item_id", "label", "label_source", "confidence", "n_workers"]]
      item_id label label_source  confidence  n_workers
    0       1    -1        model        0.97          0
    """
    given = list(rows)
    outcomes = _outcomes(given, task, task.consolidation(consolidation))
    columns: dict[str, Sequence[Any]] = {
        name: [getattr(row, name) for row in given]
        for name in (
            "item_id", "item", "model_confidence", "decision",
            "human_loop_name", "flow_definition_arn", "output_s3_uri",
        )
    }  # fmt: skip
    columns |= {
        name: [getattr(outcome, name) for outcome in outcomes]
        for name in ("label_source", "confidence", "n_workers", "agreement", "tie", "label_confidences")
    }
    columns["label"] = [to_value(outcome.label) for outcome in outcomes]
    columns["model_label"] = [to_value(row.model_label) for row in given]
    columns["reason"] = [
        f"{row.reason}; {outcome.note}" if outcome.note else row.reason
        for row, outcome in zip(given, outcomes, strict=True)
    ]
    columns["created_at"] = [time_text(row.created_at) for row in given]
    columns["completed_at"] = [time_text(outcome.completed_at) for outcome in outcomes]
    columns["schema_version"] = [TRAINING_SCHEMA_VERSION] * len(given)
    kinds = {**_KINDS, "label": task.label_type, "model_label": task.model_label_type}
    return build_frame(columns, kinds, engine, extra=_extra_columns(given))


def _outcomes(rows: Sequence[TrainingRow], task: Task, method: Consolidation[Any]) -> list[_Outcome]:
    """Return what became of each row. All votes are consolidated together: some methods learn about the workers."""
    answered = {
        index: _answered(row, task)
        for index, row in enumerate(rows)
        if row.decision != "accept" and row.output is not None
    }
    several: dict[str, _Answered] = {}
    preferred: dict[str, Label] = {}
    for index, said in answered.items():
        key = _review_of(rows[index])
        if (
            len(said.labels) > 1 and key not in several
        ):  # rows of equal content share a loop, and so its answers
            several[key] = said
            if not task.is_judgement and (label := rows[index].model_label) is not None:
                preferred[key] = label
    consensus, problems = _consolidated(several, method, preferred)
    outcomes = []
    for index, row in enumerate(rows):
        if index not in answered:
            outcomes.append(_unanswered(row, task))
        else:
            key = _review_of(row)
            outcome = _outcome(answered[index], consensus.get(key), problems.get(key))
            if outcome.label is not None:
                content = row.output.input_content if row.output else None
                outcome.label = task.merged_label(outcome.label, row.model_label, content)
            outcomes.append(outcome)
    return outcomes


def _review_of(row: TrainingRow) -> str:
    return row.human_loop_name or row.item_id


def _answered(row: TrainingRow, task: Task) -> _Answered:
    """Read the answers of a row; what can't be read is in the note."""
    labels, workers, problems = [], [], []
    given = row.output.answers if row.output else ()
    for answer in given:
        try:
            label = task.parse_answer(answer.content).label
        except InvalidOutputError as error:
            problems.append(error.message)
        else:
            labels.append(label)
            workers.append(answer.worker_id)
    note = "; ".join(dict.fromkeys([*([row.note] if row.note else []), *problems])) or None
    submitted = [answer.submitted_at for answer in given if answer.submitted_at]
    return _Answered(tuple(labels), tuple(workers), note, row.completed_at or max(submitted, default=None))


def _consolidated(
    said: Mapping[str, _Answered], method: Consolidation[Any], preferred: Mapping[str, Label]
) -> tuple[Mapping[str, Consensus[Label]], Mapping[str, str]]:
    """Return the consensus by review, and what is wrong with those that have none."""
    try:
        return method.consolidate(_votes(said), preferred=preferred), {}
    except (InvalidInputError, InvalidOutputError):
        pass  # one of them can't be consolidated: find out which
    consensus: dict[str, Consensus[Label]] = {}
    problems: dict[str, str] = {}
    for key, each in said.items():
        try:
            consensus.update(method.consolidate(_votes({key: each}), preferred=preferred))
        except (InvalidInputError, InvalidOutputError) as error:
            problems[key] = error.message
    return consensus, problems


def _votes(said: Mapping[str, _Answered]) -> Iterator[Vote[Label]]:
    for review, (labels, workers, *_) in said.items():
        yield from map(Vote, repeat(review), workers, labels)


def _unanswered(row: TrainingRow, task: Task) -> _Outcome:
    if row.decision != "accept":
        return _Outcome(completed_at=row.completed_at, note=row.note)
    label = task.accepted_label(row.model_label)
    if label is None:
        return _Outcome(note=row.note)
    return _Outcome(label, "model", row.model_confidence, note=row.note)


def _outcome(said: _Answered, consensus: Consensus[Label] | None, problem: str | None) -> _Outcome:
    if not said.labels:
        return _Outcome(completed_at=said.completed_at, note=said.note or "nobody answered")
    if len(said.labels) == 1:
        return _Outcome(said.labels[0], "human", n_workers=1, completed_at=said.completed_at, note=said.note)
    if consensus is None:
        note = "; ".join(part for part in (said.note, problem) if part)
        return _Outcome(n_workers=len(said.labels), completed_at=said.completed_at, note=note)
    return _Outcome(
        consensus.label,
        "consolidated",
        consensus.confidence,
        consensus.n_workers,
        consensus.agreement,
        consensus.tie,
        _label_confidences(consensus),
        said.completed_at,
        said.note,
    )


def _label_confidences(consensus: Consensus[Label]) -> list[float | None] | None:
    """Return one for each of several labels, or for each field of a form, in their order."""
    if consensus.label_confidences is None or not isinstance(consensus.label, tuple | Mapping):
        return None
    return [consensus.label_confidences.get(str(name)) for name in consensus.label]


def _extra_columns(rows: Sequence[TrainingRow]) -> dict[str, list[object]]:
    names = dict.fromkeys(name for row in rows for name in row.extra or ())
    return {
        f"extra_{name}" if name in _KINDS else name: [(row.extra or {}).get(name) for row in rows]
        for name in names
    }
