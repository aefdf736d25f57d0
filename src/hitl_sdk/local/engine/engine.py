"""The engine itself: a table of operations, the workers' side, and what time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.local.engine import (
    built_in,
    flows,
    job_files,
    job_labeling,
    job_life,
    job_work,
    jobs,
    lifecycle,
    loops,
    outbox,
    streams,
    task_uis,
    work,
    workforces,
    workteams,
)
from hitl_sdk.local.engine.errors import EngineError
from hitl_sdk.local.engine.transactions import Transaction
from hitl_sdk.local.engine.values import Scope, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy.engine import Connection

    from hitl_sdk._clock import Clock
    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.outbox import Parcel
    from hitl_sdk.local.engine.transactions import Operation
    from hitl_sdk.local.engine.values import Lease, OpenTask, Worker
    from hitl_sdk.local.store import Store

__all__ = ["Engine"]

T = TypeVar("T")

_OPERATIONS: dict[str, Operation] = {
    **workforces.OPERATIONS,
    **workteams.OPERATIONS,
    **task_uis.OPERATIONS,
    **flows.OPERATIONS,
    **loops.OPERATIONS,
    **jobs.OPERATIONS,
}
# Another process at the same store may have written something that is due sooner than all we know of.
_LONGEST_NAP = timedelta(seconds=1)
_PAGE = 200


class Engine:
    """Human review, as AWS's API describes it, on a store of one's own.

    It keeps no state but in the store, reads the hour from its clock alone and makes ids up from its
    seed. It may be called from any number of threads; on PostgreSQL, from any number of processes.

    Parameters
    ----------
    store : Store
        Where everything is kept. The caller closes it.
    clock : Clock
        What time it is.
    deliver : Delivery
        Where outputs and events go, and who knows the Cognito clients.
    seed : int, optional
        Goes into the ids that are made up: sub-domains and event ids.
    settings : Settings, optional
        Quotas and delays; AWS's own quotas when left out.

    Attributes
    ----------
    operations : frozenset of str
        The names of the API operations it answers.

    Examples
    --------
    >>> from hitl_sdk._clock import ManualClock
    >>> from hitl_sdk.local.engine import Engine, MemoryDelivery, Scope
    >>> from hitl_sdk.local.store import Store
    >>> store = Store()
    >>> engine = Engine(store, clock=ManualClock(), deliver=MemoryDelivery())
    >>> here = Scope("123456789012", "eu-west-1")
    >>> engine.call(here, "CreateHumanTaskUi", {"HumanTaskUiName": "ui", "UiTemplate": {"Content": "<p>"}})
    {'HumanTaskUiArn': 'arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/ui'}
    >>> engine.call(here, "DescribeHumanLoop", {"HumanLoopName": "loop-1"})
    Traceback (most recent call last):
    ...
    hitl_sdk.local.engine.errors.EngineError: ResourceNotFoundException: HumanLoop 'loop-1' does not exist ...
    >>> store.close()
    """

    operations: frozenset[str] = frozenset(_OPERATIONS)

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        deliver: Delivery,
        seed: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._delivery = deliver
        self._seed = seed or 0
        self._settings = settings or Settings()
        self._desk = _Desk(self, deliver, clock)
        self._alarm = datetime.min.replace(tzinfo=UTC)  # nothing is due before
        self._job_alarm = self._alarm  # no labeling job has anything to do before
        self._jobs_due: datetime | None = None
        self._alarm_lock = Lock()

    def call(self, scope: Scope, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an API request.

        Parameters
        ----------
        scope : Scope
            The account and Region it is made in.
        operation : str
            The operation's name, for example ``"StartHumanLoop"``.
        params : mapping
            The input in botocore's own shape and Python types, already held against the service's
            model; times are aware.

        Returns
        -------
        dict
            The output, in botocore's own shape.

        Raises
        ------
        EngineError
            If the request is refused; nothing has changed then.
        """
        answer = _OPERATIONS.get(operation)
        if answer is None:
            raise EngineError("UnknownOperationException", f"{operation} is not an operation of the engine")
        if operation == "CreateLabelingJob":
            self._delivery.keep()  # the files that the job will read, else a crash could leave it without
        return self._act(lambda tx: answer(tx, scope, params))

    def activate(
        self, scope: Scope, source: str, request: Mapping[str, Any], response: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Evaluate the activation conditions of a flow on what an AI service answers, and start the loop if they say so.

        Parameters
        ----------
        scope : Scope
            The account and Region of the request.
        source : str
            The request source: ``"AWS/Textract/AnalyzeDocument/Forms/V1"``, for example.
        request, response : mapping
            In botocore's own shape; the request has a HumanLoopConfig.

        Returns
        -------
        dict
            HumanLoopActivationOutput.

        Raises
        ------
        EngineError
            ``InvalidParameterException`` or ``HumanLoopQuotaExceededException``; nothing has changed then.
        """
        return self._act(lambda tx: built_in.activate(tx, scope, source, request, response))

    def tick(self) -> None:
        """Let the passing of time take effect: loops expire and stop, deliveries are tried again.

        Every other method does it first. It costs next to nothing while nothing is due.
        """
        now = self._clock.now()
        if now < self._alarm:
            return
        with self._alarm_lock:
            self._alarm = now + _LONGEST_NAP
        for sequence in self._run(lifecycle.due_loops):
            self._run(partial(lifecycle.let_time_pass, sequence=sequence))
        while parcels := self._run(outbox.claim):
            self._deliver(parcels)
        self._set_alarm(self._run(_next_due))

    def work_on_jobs(self) -> bool:
        """Do what labeling jobs have to do by now: read and write files, invoke functions, offer their objects.

        It may take as long as their functions do, so no other method does it.

        Returns
        -------
        bool
            Whether there was anything to do; then more may have become due by it, as answers to what it offered.
        """
        now = self._clock.now()
        if now < self._job_alarm:
            return False
        with self._alarm_lock:
            self._job_alarm = now + _LONGEST_NAP
        worked = streams.wake(self._desk)
        while (job := self._run(job_life.claim)) is not None:
            job_work.carry_on(self._desk, job)
            worked = True
        self._jobs_due = self._run(job_life.next_due)
        self._set_job_alarm(self._jobs_due)
        return worked

    @property
    def jobs_due(self) -> datetime | None:
        """When the next step of a labeling job is due, as far as is known."""
        return self._jobs_due

    def resume_jobs(self) -> None:
        """Let labeling jobs that a crash interrupted go on at once.

        For whoever knows that no other process works on the same store; else they go on when it is sure that
        nobody is at them, 20 minutes later.
        """
        self._run(job_work.resume)

    def put_missing_outputs(self, is_missing: Callable[[Scope, str, str], bool]) -> None:
        """Write output.json of Completed loops and output manifests again where they are gone; no event tells of it.

        Parameters
        ----------
        is_missing : callable
            Takes account and Region, bucket, and key.
        """
        after = 0
        while loops_ := self._run(partial(outbox.completed_after, sequence=after)):
            for loop in loops_:
                place = outbox.place(loop)
                if is_missing(*place):
                    document = self._run(partial(outbox.output_of, sequence=loop.sequence))
                    self._delivery.put_object(*place, document)
            after = loops_[-1].sequence
        for job in self._run(job_life.begun):
            if is_missing(Scope(job.account_id, job.region), *bucket_and_key(job_files.manifest_uri(job))):
                job_labeling.write_manifest(self._desk, job)

    def task_ui_content(self, scope: Scope, human_task_ui_arn: str) -> str:
        """Return the worker template of that ARN.

        Raises
        ------
        EngineError
            ``ResourceNotFound`` if there is none.
        """
        return self._act(lambda tx: task_uis.content_of(tx, scope, human_task_ui_arn))

    def open_tasks(self, scope: Scope, worker: Worker, *, limit: int = 100) -> list[OpenTask]:
        """Return the tasks that the worker may accept or holds, oldest first.

        Loops InProgress of the worker's teams, neither answered nor declined by this worker, with a
        free seat or the worker's own.

        Parameters
        ----------
        scope : Scope
            The account and Region.
        worker : Worker
            Who asks.
        limit : int, optional
            The most that are returned.
        """
        return self._act(lambda tx: work.tasks_for(tx, scope, worker, limit))

    def open_loops(self, scope: Scope | None = None, *, after: int = 0) -> Iterator[OpenTask]:
        """Yield every loop InProgress, oldest first; they may be answered meanwhile.

        Parameters
        ----------
        scope : Scope, optional
            Look there alone; everywhere when left out.
        after : int, optional
            Only loops whose `OpenTask.sequence` is above it: whoever keeps the last sequence seen
            reads each loop once, however often it asks.
        """
        while True:
            tasks = self._act(partial(work.open_page, scope=scope, after=after, limit=_PAGE))
            yield from tasks
            if len(tasks) < _PAGE:
                return
            after = tasks[-1].sequence

    def is_open(self, scope: Scope, human_loop_name: str) -> bool:
        """Tell whether the loop still takes answers."""
        return self._act(lambda tx: work.is_open(tx, scope, human_loop_name))

    def accept(self, scope: Scope, worker: Worker, human_loop_name: str) -> Lease:
        """Give the worker a seat of the loop for TaskTimeLimitInSeconds, or the one already held.

        Raises
        ------
        EngineError
            ``ResourceNotFoundException`` if there is no such loop for the worker's teams;
            ``ConflictException`` if no seat is left, the loop takes no more answers, or the worker has
            answered or declined it.
        """
        return self._act(lambda tx: work.accept(tx, scope, worker, human_loop_name))

    def submit(self, scope: Scope, worker: Worker, human_loop_name: str, answer: Mapping[str, Any]) -> None:
        """Take the answer of a worker who holds a seat of the loop.

        Parameters
        ----------
        scope : Scope
            The account and Region.
        worker : Worker
            Who answers.
        human_loop_name : str
            The loop.
        answer : mapping
            ``answerContent`` of output.json: by the name of each form element, what it holds.

        Raises
        ------
        EngineError
            ``ConflictException`` if the lease has lapsed, or there was none; ``ValidationException``
            if JSON can't carry the answer.
        """
        self._act(lambda tx: work.submit(tx, scope, worker, human_loop_name, answer))

    def decline(self, scope: Scope, worker: Worker, human_loop_name: str) -> None:
        """Give the worker's seat back, for someone else; this worker is not offered the loop again.

        Raises
        ------
        EngineError
            ``ConflictException`` if the worker holds no seat.
        """
        self._act(lambda tx: work.decline(tx, scope, worker, human_loop_name))

    def _act(self, work_: Callable[[Transaction], T]) -> T:
        self.tick()
        return self._run(work_)

    def _run(self, work_: Callable[[Transaction], T]) -> T:
        """Do the work in one transaction; after the commit, deliver what it posted."""
        done: list[Transaction] = []

        def attempt(connection: Connection) -> T:
            tx = Transaction(connection, self._clock.now(), self._settings, self._seed, self._delivery)
            done[:] = [tx]
            return work_(tx)

        result = self._store.run(attempt)
        (tx,) = done
        self._set_alarm(min(tx.due, default=None))
        self._set_job_alarm(min(tx.job_due, default=None))
        self._deliver(tx.parcels)
        return result

    def _deliver(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            failure = outbox.deliver(self._delivery, parcel)
            self._run(partial(lifecycle.settle, parcel=parcel, failure=failure))

    def _set_job_alarm(self, due_at: datetime | None) -> None:
        if due_at is not None:
            with self._alarm_lock:
                self._job_alarm = min(self._job_alarm, due_at)
                self._jobs_due = min(self._jobs_due or due_at, due_at)

    def _set_alarm(self, due_at: datetime | None) -> None:
        if due_at is not None:
            with self._alarm_lock:
                self._alarm = min(self._alarm, due_at)


class _Desk:
    """Where the steps of labeling jobs are done: with the engine's transactions, delivery and clock."""

    def __init__(self, engine: Engine, delivery: Delivery, clock: Clock) -> None:
        self.delivery = delivery
        self._engine = engine
        self._clock = clock

    def run(self, work_: Callable[[Transaction], T], /) -> T:
        return self._engine._run(work_)

    def now(self) -> datetime:
        return self._clock.now()


def _next_due(tx: Transaction) -> datetime | None:
    hours = [hour for hour in (lifecycle.next_due(tx), outbox.next_due(tx)) if hour is not None]
    return min(hours, default=None)
