"""Routes predictions on a cluster: Spark decides, and each of its tasks starts the human loops of a partition.

All tasks share one rate. A loop has the name that `Router` gives it, too, so a partition that Spark runs twice, a job that
is run again, and equal content in two partitions start nothing twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from pickle import PicklingError
from typing import TYPE_CHECKING, Any

from hitl_sdk._optional import load
from hitl_sdk._threads import check_concurrency
from hitl_sdk.errors import ConfigurationError, HitlError, InvalidInputError, InvalidPredictionError
from hitl_sdk.loops import DEFAULT_QUOTA_TIMEOUT, DEFAULT_RATE, SharedRate, check_flow, start_human_loops
from hitl_sdk.loops._room import check_quota_timeout
from hitl_sdk.loops.asking import Asking
from hitl_sdk.routing import Policy
from hitl_sdk.routing._score_rows import row_scores
from hitl_sdk.routing.prediction import item_id_problem, prediction_problem, readable_label
from hitl_sdk.session import Session
from hitl_sdk.spark.reading import recipe
from hitl_sdk.spark.schema import check_frame, struct_type
from hitl_sdk.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

    from hitl_sdk._frames import Kind
    from hitl_sdk.loops import LoopRequest, LoopStart

__all__ = ["route"]

_NEEDED = ("item_id", "item", "label", "confidence")
_TEXTS = ("string", "char", "varchar", "void")  # names of Spark's types; all of a void column is null
_OUTCOME: Mapping[str, Kind] = dict.fromkeys(
    ("item_id", "decision", "reason", "status", "human_loop_name", "error"), "text"
)
_CONCURRENCY = 8


def route(
    frame: DataFrame,
    *,
    flow: str,
    task: Task,
    policy: Policy,
    session: Session | Callable[[], Session],
    rate: float | None = DEFAULT_RATE,
    table: str | None = None,
    concurrency: int = _CONCURRENCY,
    restart_failed: bool = False,
    quota_timeout: float = DEFAULT_QUOTA_TIMEOUT,
) -> DataFrame:
    """Decide predictions on the cluster, and start a human loop for each that people are to review.

    As everything on Spark, it is done when the frame that it returns is computed: write it to a table. What is computed
    again, by Spark or by you, starts nothing twice.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Predictions, with `item_id`, `item`, `label` and `confidence` (0 to 1), and what else the policy looks at. That
        an `item_id` stands once is not checked; equal content is reviewed once anyway.
    flow : str
        The flow definition, by its name or its ARN.
    task : Task
        What people are asked.
    policy : Policy
        Which predictions people see.
    session : Session, or function without arguments that returns one
        Whose flow. Of a session, the executors get the Region and the endpoint, and use the credentials that boto3 finds
        there: their role. A function is sent to them and called there, as it is called here.
    rate : float or None, default 50
        Human loops started a second at most, by all executors together; None for no limit.
    table : str, optional
        The DynamoDB table that the executors keep to the rate by, as `loops.ensure_table` makes it. Needed with a rate. Jobs
        with the same table share one rate, and have to give the same.
    concurrency : int, default 8
        Calls at a time in each task of Spark.
    restart_failed : bool, default False
        Have items reviewed anew whose loop had failed or been stopped.
    quota_timeout : float, default 86400
        Seconds that a task waits for room when as many loops of the flow are in flight as may be.

    Returns
    -------
    pyspark.sql.DataFrame
        One row an item, in the order and the partitions of `frame`, with the texts `item_id`, `decision`, `reason`,
        `status`, `human_loop_name` and `error`, as of `Run.to_frame`. What is wrong with one prediction, or one start, is
        that row's.

    Raises
    ------
    InvalidInputError
        If `frame` is no Spark frame, lacks a column or has two of one name, an argument is of the wrong kind or can't
        be sent to the executors, or there is a rate but no table.
    InvalidPredictionError
        If `item` holds no texts, or a column that the policy looks at is missing, or holds the wrong kind of values.
    RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
        If no loop can be started: see `hitl_sdk.loops.check_flow`. On an executor, it ends the job.
    ConfigurationError
        If the frame is one of Spark Connect, on which policies can't be decided.
    MissingExtraError
        If pyspark or pyarrow is not installed.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> route(
    ...     [hitl.Prediction("1", "It is okay", "1", 0.54)],
    ...     flow="mood",
    ...     task=hitl.tasks.TextClassification(name="mood", labels=["-1", "0", "1"], title="Which mood?"),
    ...     policy=hitl.Threshold(0.90),
    ...     session=hitl.Session(region_name="eu-west-1"),
    ...     table="hitl-runs",
    ... )
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: list is no Spark frame (...)
    """
    _check_columns(frame)
    _check_options(flow, task, policy, rate, table)
    check_concurrency(concurrency)
    check_quota_timeout(quota_timeout)
    here = _session_here(session)
    ready = check_flow(here, flow)
    if rate is not None and table is not None:
        SharedRate(here, table, rate=rate).check()
    work = _Routing(recipe(session), task, ready.arn, rate, table, concurrency, restart_failed, quota_timeout)
    _check_can_be_sent(work)
    return _decided(frame, policy, task).mapInArrow(work.outcomes, struct_type(_OUTCOME))


def _check_columns(frame: DataFrame) -> None:
    """Refuse what Spark, or an executor, would stumble over in words of its own."""
    check_frame(frame, _NEEDED)
    names = Counter(name.lower() for name in frame.columns)  # to Spark, upper case is lower case
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise InvalidInputError(
            f"two columns of the frame are named {twice[0]!r}",
            hint="rename or drop one of them, as after a join",
        )
    kind = frame.schema["item"].dataType.typeName()
    if kind not in _TEXTS:
        raise InvalidPredictionError(
            f"the column 'item' holds {kind}, not texts", hint="convert it, or give the contents' S3 URIs"
        )


def _check_options(flow: object, task: object, policy: object, rate: float | None, table: str | None) -> None:
    for name, value, wanted in (("flow", flow, str), ("task", task, Task), ("policy", policy, Policy)):
        if not isinstance(value, wanted):
            kind = "name or ARN" if wanted is str else wanted.__name__
            raise InvalidInputError(f"{name}={value!r} is no {kind}", hint=f"give a {kind} as {name}")
    if rate is not None and not table:
        raise InvalidInputError(
            f"rate={rate!r} for all executors together needs a DynamoDB table",
            hint="give table=, made once by hitl_sdk.loops.ensure_table(session, table); or rate=None for no limit",
        )


def _session_here(session: object) -> Session:
    made = session() if callable(session) else session
    if not isinstance(made, Session):
        raise InvalidInputError(
            f"session={session!r} is no Session, nor does it return one",
            hint="give a Session, or a function without arguments that returns one",
        )
    return made


def _check_can_be_sent(work: _Routing) -> None:
    cloudpickle: Any = load("pyspark.cloudpickle", extra="spark", needed_for="Python on Spark")
    try:
        cloudpickle.dumps(work)
    except (PicklingError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"the session's function or the task can't be sent to the executors: {error}",
            hint="let the function make the session, partial(hitl_sdk.Session, profile_name=...), in place of holding one",
        ) from error


def _decided(frame: DataFrame, policy: Policy, task: Task) -> DataFrame:
    """Let the engine decide. Contents go on to Python only where a loop is asked for or something is wrong."""
    from pyspark.sql import functions

    try:
        decided = policy.decide(frame)
    except NotImplementedError as error:  # of narwhals, which knows less of Spark Connect
        raise ConfigurationError(
            f"the policy can't be decided on {type(frame).__module__}: {error}",
            hint="use a classic Spark session, not Spark Connect",
        ) from error
    column: Callable[[str], Column] = functions.col
    settled = column("decision").isin("accept", "drop")
    # Of the others it must be known that they have a content, not which.
    item = functions.when(settled, functions.substring(column("item"), 1, 1)).otherwise(column("item"))
    # Where people are asked about many labels, what the model says is in its scores.
    asks_about_scores = "scores" in frame.columns and type(task).model_label is not Task.model_label
    return decided.select(
        column("item_id").cast("string"),
        item.alias("item"),
        "label",
        column("confidence").cast("double"),
        "decision",
        "reason",
        *(["scores"] if asks_about_scores else []),
    )


@dataclass(frozen=True)
class _Routing:
    """What an executor does with the decided items of a partition: this is sent there."""

    make_session: Callable[[], Session]
    task: Task
    flow_definition_arn: str
    rate: float | None
    table: str | None
    concurrency: int
    restart_failed: bool
    quota_timeout: float

    def outcomes(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Return one row an item; where loops are asked for, they are started before."""
        partition = _Partition(self)
        for batch in batches:
            yield partition.routed(batch)


class _Partition:
    """One partition on its way: the session and the loops that it has asked for so far."""

    def __init__(self, work: _Routing) -> None:
        self._work = work
        self._asking = Asking(work.flow_definition_arn, work.task)
        self._session = work.make_session()
        self._rate = None
        if work.rate is not None and work.table is not None:
            self._rate = SharedRate(self._session, work.table, rate=work.rate)
        self._starts: dict[str, LoopStart] = {}

    def routed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Start the loops of a batch, and say of each row what has become of it."""
        import pyarrow as pa
        import pyarrow.compute

        pc: Any = pyarrow.compute  # makes its functions as it is imported
        settled = self._settled(batch)
        plain = _plain_outcomes(batch.filter(settled))
        looked_into = self._looked_into(batch.filter(pc.invert(settled)).to_pylist())
        schema = pa.schema([(name, pa.string()) for name in _OUTCOME])
        others = pa.Table.from_pylist([dict(zip(_OUTCOME, row, strict=True)) for row in looked_into], schema)
        # Where each row of the batch stands among the settled ones and, after them, the others.
        places = pc.sort_indices(pc.sort_indices(settled, sort_keys=[("", "descending")]))
        joined = pa.concat_tables([plain, others]).take(places).combine_chunks()
        return joined.to_batches()[0] if len(joined) else pa.RecordBatch.from_pylist([], schema)

    def _settled(self, batch: pa.RecordBatch) -> pa.BooleanArray:
        """Tell which rows are accepted or dropped and have nothing wrong, column by column: those are the many."""
        import pyarrow as pa
        import pyarrow.compute

        pc: Any = pyarrow.compute
        labels = batch["label"]
        if pa.types.is_nested(labels.type) or "scores" in batch.schema.names:
            return pa.array([False] * len(batch))
        known = pa.array(
            [label for label in pc.unique(labels).to_pylist() if self._knows(label)], labels.type
        )
        confidence = batch["confidence"]
        parts = [
            pc.is_in(batch["decision"], pa.array(["accept", "drop"])),
            pc.greater(pc.binary_length(batch["item_id"]), 0),
            pc.greater(pc.binary_length(batch["item"]), 0),
            pc.and_(pc.greater_equal(confidence, 0), pc.less_equal(confidence, 1)),
            pc.is_in(labels, known),
        ]
        return pc.fill_null(reduce(pc.and_, parts), False)

    def _knows(self, label: object) -> bool:
        readable = readable_label(label)
        try:
            return readable is not None and self._asking.label(readable) is not None
        except InvalidPredictionError:
            return False

    def _looked_into(self, rows: list[dict[str, Any]]) -> Iterator[tuple[str | None, ...]]:
        """Start the loops of some rows; return each with what has become of it."""
        asked = [self._asked(row) for row in rows]
        requests = {one.human_loop_name: one for one in asked if not isinstance(one, HitlError | None)}
        self._start([one for name, one in requests.items() if name not in self._starts])
        return (self._outcome(row, one) for row, one in zip(rows, asked, strict=True))

    def _asked(self, row: dict[str, Any]) -> LoopRequest | HitlError | None:
        """Return the loop that is due for a row, what is wrong with it, or None."""
        item_id, item, label = row["item_id"], row["item"], row["label"]
        problem = item_id_problem(item_id) or prediction_problem(item_id, item, label, row["confidence"])
        if problem is not None:
            return problem
        try:
            label = self._asking.label(readable_label(label), row_scores(row.get("scores")))
            return self._asking.request(item, label) if row["decision"] == "review" else None
        except InvalidPredictionError as error:
            return InvalidPredictionError(
                f"item {item_id!r}: {error.message}", hint=error.hint, item_id=item_id
            )

    def _start(self, requests: list[LoopRequest]) -> None:
        work = self._work
        started = start_human_loops(
            self._session,
            requests,
            rate=self._rate,
            concurrency=work.concurrency,
            restart_failed=work.restart_failed,
            quota_timeout=work.quota_timeout,
        )
        self._starts |= {start.human_loop_name: start for start in started}

    def _outcome(self, row: dict[str, Any], asked: LoopRequest | HitlError | None) -> tuple[str | None, ...]:
        if isinstance(asked, HitlError):
            return row["item_id"], None, asked.message, "invalid", None, _text(asked)
        if asked is None:
            return row["item_id"], row["decision"], row["reason"], _SETTLED[row["decision"]], None, None
        start = self._starts[asked.human_loop_name]
        error = None if start.error is None else _text(start.error)
        return row["item_id"], "review", row["reason"], _status(start), asked.human_loop_name, error


_SETTLED = {"accept": "accepted", "drop": "dropped"}


def _plain_outcomes(batch: pa.RecordBatch) -> pa.Table:
    """Return the outcomes of rows that are accepted or dropped."""
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute
    nothing = pa.nulls(len(batch), pa.string())
    decision = batch["decision"]
    status = pc.if_else(pc.equal(decision, "accept"), _SETTLED["accept"], _SETTLED["drop"])
    columns = [batch["item_id"], decision, batch["reason"], status, nothing, nothing]
    return pa.table(dict(zip(_OUTCOME, columns, strict=True)))


def _status(start: LoopStart) -> str:
    """Say how a loop stands, in the words of `ItemOutcome`."""
    if start.status == "failed":
        return "not started"
    if start.state is None or start.state.status == "InProgress":
        return start.status
    return start.state.status.lower()


def _text(error: HitlError) -> str:
    return f"{type(error).__name__}: {error}"
