"""Makes one label of several on a cluster: each group of answers by the same methods as a frame in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk._frames import build_frame
from hitl_sdk._optional import load
from hitl_sdk.consolidation import MajorityVote, PerLabel, Vote
from hitl_sdk.consolidation._per_item import PerItem
from hitl_sdk.consolidation._single_label import SingleLabelMethod
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import to_value
from hitl_sdk.spark.schema import check_frame, struct_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from hitl_sdk._frames import Kind
    from hitl_sdk.consolidation import Consolidation
    from hitl_sdk.tasks import Task

__all__ = ["consolidate"]

_SAID: Mapping[str, Kind] = {"confidence": "float", "agreement": "float", "n_workers": "int", "tie": "bool"}


def consolidate(
    answers: DataFrame,
    method: Consolidation[Any] | None = None,
    *,
    task: Task | None = None,
    by: str | Sequence[str] = (),
    item: str = "item",
    worker: str = "worker",
    label: str = "label",
    preferred: str | None = None,
    buckets: int = 200,
) -> DataFrame:
    """Return one row an item that has answers.

    Each group of `by` is consolidated by itself, and so must fit into the memory of one task of Spark. Without groups,
    items are dealt out into buckets where the method looks at each item alone, as `MajorityVote`, `PerLabel` of it and
    those of shapes, spans, masks and texts do; that goes on for any number of items. A method that learns of
    workers, as `DawidSkene` does, must see all of their answers: without `by` they all go to one task, which needs 1.2 GB
    for five million answers. Group by what has workers of its own: the flow, the language, the month.

    Parameters
    ----------
    answers : pyspark.sql.DataFrame
        One row an answer, as of `read_prefix`. Rows without a label are left out.
    method : Consolidation, optional
        How; the task's own when left out. What it learns of the workers stays on the cluster.
    task : Task, optional
        What was asked. Needed where labels are structures, or no method is given.
    by : str or sequence of str, optional
        Columns that tell the groups apart.
    item, worker, label : str
        Columns of the answers, as for ``fit_predict`` of a method.
    preferred : str, optional
        A column with the label that wins a tie of its item, usually the model's; null for none.
    buckets : int, default 200
        Into how many parts items are dealt out where there are no groups. Each must fit into the memory of one task.

    Returns
    -------
    pyspark.sql.DataFrame
        The columns `by`, the item and the label under their names and with their types, then ``confidence`` and
        ``agreement`` (0 to 1, null for one worker), ``n_workers`` and ``tie``. In no order.

    Raises
    ------
    InvalidInputError
        If `answers` is no Spark frame, lacks a column or would have one twice, the method can't do with labels of the
        task, or there is no task where one is needed. What is wrong with the answers themselves ends the job when it
        runs.
    MissingExtraError
        If pyspark, pandas or pyarrow is not installed.

    Examples
    --------
    >>> from hitl_sdk.consolidation import MajorityVote
    >>> consolidate([("1", "ann", "cat")], MajorityVote())
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: list is no Spark frame (...)
    """
    by = [by] if isinstance(by, str) else list(by)
    given = [item, worker, label, *([] if preferred is None else [preferred])]
    check_frame(answers, [*by, *given])
    _check_distinct([*by, item, label, *_SAID])
    if buckets < 1:
        raise InvalidInputError(f"buckets={buckets}", hint="give at least 1")
    work = _Work(_method(method, task), task, tuple(by), item, worker, label, preferred)
    functions: Any = load("pyspark.sql.functions", extra="spark", needed_for="a Spark frame")
    groups = [functions.col(name) for name in by]
    if not groups and _looks_at_each_item_alone(work.method):
        groups = [functions.pmod(functions.xxhash64(item), functions.lit(buckets))]
    rows = answers.where(functions.col(label).isNotNull()).select(*by, *given)
    # A lambda has no annotations; of others Spark would read which of its interfaces is meant.
    return rows.groupBy(*groups).applyInArrow(
        lambda key, table: work.consolidated(key, table),  # noqa: PLW0108
        _schema(answers, [*by, item, label]),
    )


@dataclass(frozen=True)
class _Work:
    """What an executor does with one group of answers: this is sent there."""

    method: Consolidation[Any]
    task: Task | None
    by: tuple[str, ...]
    item: str
    worker: str
    label: str
    preferred: str | None

    def consolidated(self, key: Sequence[pa.Scalar], table: pa.Table) -> pa.Table:
        """Return the rows of the items of a group; `key` has its values of `by`, or its bucket."""
        import pyarrow as pa

        made = self._by_frame(table) if isinstance(self.method, SingleLabelMethod) else self._by_votes(table)
        for position, (name, value) in enumerate(zip(self.by, key, strict=False)):
            made = made.add_column(position, table.schema.field(name), pa.repeat(value, made.num_rows))
        return made

    def _by_frame(self, table: pa.Table) -> pa.Table:
        assert isinstance(self.method, SingleLabelMethod)  # noqa: S101
        preferred = self._preferred(table)
        return self.method.fit_predict(
            table, item=self.item, worker=self.worker, label=self.label, preferred=preferred
        )

    def _by_votes(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa

        assert self.task is not None  # noqa: S101
        columns = [table[name].to_pylist() for name in (self.item, self.worker, self.label)]
        votes = [
            Vote(item, worker, self.task.read_label(label))
            for item, worker, label in zip(*columns, strict=True)
        ]
        preferred = {item: self.task.read_label(label) for item, label in self._preferred(table).items()}
        consensus = self.method.consolidate(votes, preferred=preferred)
        rows = {name: [getattr(one, name) for one in consensus.values()] for name in _SAID}
        rows[self.label] = [to_value(one.label) for one in consensus.values()]
        made: Any = build_frame(rows, {self.label: self.task.label_type, **_SAID}, "arrow")
        field = table.schema.field(self.item)
        return made.add_column(0, field, pa.array(list(consensus), field.type))

    def _preferred(self, table: pa.Table) -> dict[Any, Any]:
        if self.preferred is None:
            return {}
        pairs = zip(table[self.item].to_pylist(), table[self.preferred].to_pylist(), strict=True)
        return {item: label for item, label in pairs if label is not None}


def _method(method: Consolidation[Any] | None, task: Task | None) -> Consolidation[Any]:
    if task is not None:
        return task.consolidation(method)
    if isinstance(method, SingleLabelMethod):
        return method
    what = (
        "there is neither a method nor a task" if method is None else f"{type(method).__name__} needs a task"
    )
    raise InvalidInputError(what, hint="give task=, which knows its labels")


def _looks_at_each_item_alone(method: Consolidation[Any]) -> bool:
    if isinstance(method, PerLabel):
        return _looks_at_each_item_alone(method.of)
    return isinstance(method, MajorityVote | PerItem)


def _check_distinct(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(
            f"the outcome would have two columns {' and '.join(map(repr, twice))}", hint="rename yours"
        )


def _schema(answers: DataFrame, names: Sequence[str]) -> StructType:
    schema = struct_type(_SAID)
    schema.fields[:0] = [answers.schema[name] for name in names]
    return type(schema)(schema.fields)
