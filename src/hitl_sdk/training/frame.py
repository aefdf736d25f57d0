"""The training frame: one row an item, with the label as it now stands and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from hitl_sdk._frames import Engine, Frame, Kind, build_frame, time_text
from hitl_sdk.consolidation import majority
from hitl_sdk.errors import InvalidOutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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
    model_label : str or None
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
    model_label: str | None
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


class _Outcome(NamedTuple):
    """The columns that follow from the decision and the answers."""

    label: str | None = None
    label_source: str | None = None
    confidence: float | None = None
    n_workers: int = 0
    agreement: float | None = None
    completed_at: datetime | None = None
    note: str | None = None


@overload
def build_training_frame(
    rows: Iterable[TrainingRow], task: Task, *, engine: Literal["pandas"] = ...
) -> pd.DataFrame: ...
@overload
def build_training_frame(
    rows: Iterable[TrainingRow], task: Task, *, engine: Literal["polars"]
) -> pl.DataFrame: ...
@overload
def build_training_frame(
    rows: Iterable[TrainingRow], task: Task, *, engine: Literal["arrow"]
) -> pa.Table: ...
@overload
def build_training_frame(rows: Iterable[TrainingRow], task: Task, *, engine: Engine) -> Frame: ...


def build_training_frame(rows: Iterable[TrainingRow], task: Task, *, engine: Engine = "pandas") -> Frame:
    """Return the training frame, schema version 1: one row an item, in the order of `rows`.

    Parameters
    ----------
    rows : iterable of TrainingRow
        One an item, the accepted and the dropped among them.
    task : Task
        What was asked; it reads the answers.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame. All three have the same rows.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The columns of `TRAINING_COLUMNS`, then those of the rows' `extra`; one of these that has the name
        of a training column is called ``extra_NAME``. ``confidence``, ``model_confidence`` and
        ``agreement`` are float64 from 0 to 1, ``n_workers`` and ``schema_version`` int64, ``created_at``
        and ``completed_at`` UTC times with microseconds, all others text. What is not there is null.

        ``label_source`` is ``"model"`` for an accepted item, ``"human"`` for one answer,
        ``"consolidated"`` for several. ``confidence`` is the model's, or null for one person, or the
        agreement of several. ``agreement`` is the share of the workers who gave the label, null unless two
        or more answered. An item that was dropped, or that people have not answered, has no label.

    Raises
    ------
    InvalidInputError
        If the engine is not known.
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
    outcomes = [_outcome(row, task) for row in given]
    columns: dict[str, Sequence[Any]] = {
        name: [getattr(row, name) for row in given]
        for name in (
            "item_id", "item", "model_label", "model_confidence", "decision",
            "human_loop_name", "flow_definition_arn", "output_s3_uri",
        )
    }  # fmt: skip
    columns |= {
        name: [getattr(outcome, name) for outcome in outcomes]
        for name in ("label", "label_source", "confidence", "n_workers", "agreement")
    }
    columns["reason"] = [
        f"{row.reason}; {outcome.note}" if outcome.note else row.reason
        for row, outcome in zip(given, outcomes, strict=True)
    ]
    columns["created_at"] = [time_text(row.created_at) for row in given]
    columns["completed_at"] = [time_text(outcome.completed_at) for outcome in outcomes]
    columns["schema_version"] = [TRAINING_SCHEMA_VERSION] * len(given)
    return build_frame(columns, _KINDS, engine, extra=_extra_columns(given))


def _outcome(row: TrainingRow, task: Task) -> _Outcome:
    if row.decision == "accept":
        return _Outcome(row.model_label, "model", row.model_confidence, note=row.note)
    if row.output is None:
        return _Outcome(completed_at=row.completed_at, note=row.note)
    labels, problems = [], []
    for answer in row.output.answers:
        try:
            labels.append(task.parse_answer(answer.content).label)
        except InvalidOutputError as error:
            problems.append(error.message)
    note = "; ".join(dict.fromkeys([*([row.note] if row.note else []), *problems])) or None
    submitted = [answer.submitted_at for answer in row.output.answers if answer.submitted_at]
    completed_at = row.completed_at or max(submitted, default=None)
    if not labels:
        return _Outcome(completed_at=completed_at, note=note or "nobody answered")
    if len(labels) == 1:
        return _Outcome(labels[0], "human", None, 1, None, completed_at, note)
    consensus = majority(labels, preferred=row.model_label)
    return _Outcome(
        consensus.label,
        "consolidated",
        consensus.agreement,
        consensus.n_workers,
        consensus.agreement,
        completed_at,
        note,
    )


def _extra_columns(rows: Sequence[TrainingRow]) -> dict[str, list[object]]:
    names = dict.fromkeys(name for row in rows for name in row.extra or ())
    return {
        f"extra_{name}" if name in _KINDS else name: [(row.extra or {}).get(name) for row in rows]
        for name in names
    }
