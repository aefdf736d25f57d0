"""The router: decides predictions, and starts a human loop for everything that people are to see."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hitl_sdk._threads import check_concurrency
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.loops import (
    DEFAULT_CONCURRENCY,
    DEFAULT_QUOTA_TIMEOUT,
    DEFAULT_RATE,
    Rate,
    TokenBucket,
    check_flow,
)
from hitl_sdk.loops._room import check_quota_timeout
from hitl_sdk.loops.record import open_record
from hitl_sdk.review._headers import begin, budget_settings, require_same
from hitl_sdk.review._planning import Planner
from hitl_sdk.review.budget import Budget
from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.review.run import Run
from hitl_sdk.routing import Policy, decided_chunks
from hitl_sdk.routing.batch import require_different_ids
from hitl_sdk.session import Session
from hitl_sdk.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from narwhals.typing import IntoFrame

    from hitl_sdk.loops import LoopStart, StartWait
    from hitl_sdk.loops.record import RunHeader, RunRecord
    from hitl_sdk.routing import DecidedItem, InvalidPrediction, Prediction

__all__ = ["Router", "list_runs"]


class Router:
    """Sends predictions the way a policy says: accepted, dropped, or to people.

    Parameters
    ----------
    flow : str or ReviewFlow
        The flow definition: its name, its ARN, or the builder that made it.
    task : Task, optional
        What people are asked; that of `flow` when this is a `ReviewFlow`.
    policy : Policy
        Which predictions people see.
    session : Session
        As whom and where.
    record : str, optional
        Where runs are recorded: ``"sqlite:///runs.db"``, ``"dynamodb://TABLE"`` or ``"s3://BUCKET/PREFIX"``; see
        `hitl_sdk.loops.record.open_record`. What ``HITL_RUN_RECORD`` names when left out, else a file of the user's.
    max_reviews : int, optional
        How many human loops a run starts at most. What exists already costs nothing.
    max_cost : float, optional
        How much a run may cost at most, in the currency of the price table; see `Budget`.
    seconds_per_review, hourly_wage : float, optional
        What one person takes for one review, and costs an hour: for `max_cost` and `Run.estimate`.
    rate : float, Rate or None, default 50
        Human loops started a second at most; None for no limit.
    concurrency : int, default 16
        Calls at a time.
    quota_timeout : float, default 86400
        Seconds to wait for room when as many loops of the flow are in flight as may be.
    progress : bool, default True
        Show progress bars, if tqdm is installed.

    Raises
    ------
    InvalidInputError
        If no task is given, and `flow` brings none, something of another kind is given, or a number can't be.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")
    >>> router = Router(
    ...     flow="sentiment",
    ...     task=task,
    ...     policy=hitl.Threshold(0.90),
    ...     session=hitl.Session(region_name="eu-west-1"),
    ... )
    >>> router
    Router(flow='sentiment', policy=Threshold(threshold=0.9))
    """

    def __init__(
        self,
        *,
        flow: str | ReviewFlow,
        policy: Policy,
        session: Session,
        task: Task | None = None,
        record: str | None = None,
        max_reviews: int | None = None,
        max_cost: float | None = None,
        seconds_per_review: float | None = None,
        hourly_wage: float | None = None,
        rate: float | Rate | None = DEFAULT_RATE,
        concurrency: int = DEFAULT_CONCURRENCY,
        quota_timeout: float = DEFAULT_QUOTA_TIMEOUT,
        progress: bool = True,
    ) -> None:
        _require("flow", flow, str, ReviewFlow)
        _require("policy", policy, Policy)
        _require("session", session, Session)
        if task is not None:
            _require("task", task, Task)
        self.flow: str = flow if isinstance(flow, str) else flow.name
        its_task = task or (None if isinstance(flow, str) else flow.task)
        if its_task is None:
            raise InvalidInputError("no task was given", hint="give the task whose template the flow shows")
        self.task: Task = its_task
        check_concurrency(concurrency)
        check_quota_timeout(quota_timeout)
        if not isinstance(rate, Rate):
            TokenBucket(rate)  # refuses what is no rate now, before a run is begun
        self.policy = policy
        self.session = session
        self.record = record
        self.budget: Budget = Budget(
            max_reviews=max_reviews,
            max_cost=max_cost,
            seconds_per_review=seconds_per_review,
            hourly_wage=hourly_wage,
        )
        self.rate = rate
        self.concurrency = concurrency
        self.quota_timeout = quota_timeout
        self.progress = progress

    def __repr__(self) -> str:
        """Name flow and policy."""
        return f"Router(flow={self.flow!r}, policy={self.policy!r})"

    def route(
        self,
        predictions: IntoFrame | Iterable[Prediction | InvalidPrediction],
        *,
        name: str | None = None,
        restart_failed: bool = False,
        on_progress: Callable[[LoopStart], None] | None = None,
        on_wait: Callable[[StartWait], None] | None = None,
    ) -> Run:
        """Decide every prediction, and start a human loop for each that people are to review.

        First all predictions are taken in, as by `prepare`, then loops are started, as by `Run.start`. Safe to run again:
        a loop's name is made from the flow and the item's content, so what is under review or reviewed is adopted, and
        equal content is reviewed once.

        Parameters
        ----------
        predictions : frame or iterable of Prediction
            A frame with `item_id` (unique), `item`, `label` and `confidence` (0 to 1); or predictions, for example from
            `hitl_sdk.routing.from_endpoint`. Read once, a thousand at a time.
        name : str, optional
            The run's name; see `prepare`.
        restart_failed : bool, default False
            Have items reviewed anew whose loop had failed, been stopped or gone missing.
        on_progress : callable, optional
            Called with the outcome of each start as it comes. Without it a progress bar shows.
        on_wait : callable, optional
            Called when starting waits: for room in the flow, or because nothing succeeds.

        Returns
        -------
        Run
            With one outcome an item. What is wrong with one prediction, or one start, is that item's outcome.

        Raises
        ------
        EmptyInputError, DuplicateItemError, InvalidPredictionError
            If there are no predictions, an item id stands twice, a column is missing. Nothing was started.
        ConflictError
            If the run of that name is of something else.
        RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
            If no loop can be started: see `hitl_sdk.loops.check_flow` and `start_stream`. The message names the run
            that can be resumed.
        """
        run = self.prepare(predictions, name=name)
        run._start(restart_failed, on_progress, on_wait)
        return run

    def prepare(
        self, predictions: IntoFrame | Iterable[Prediction | InvalidPrediction], *, name: str | None = None
    ) -> Run:
        """Decide every prediction, and write down what would be started; nothing is started.

        Predictions are read once, as a stream, and not held in memory. `Run.estimate` then says what the reviews take, and
        `Run.start` starts them.

        Parameters
        ----------
        predictions : frame or iterable of Prediction
            As for `route`.
        name : str, optional
            The run's name: letters, digits, dots, hyphens and underscores. Given again, in this process or another,
            it goes on with the run: items that it has are not taken twice, and keep their first decision; others are
            added. When left out, a new run is begun, named after its flow and the time.

        Returns
        -------
        Run
            Ready to be started.

        Raises
        ------
        EmptyInputError, DuplicateItemError, InvalidPredictionError
            If there are no predictions, an item id stands twice or for another content than in the run of this name, or
            a column is missing.
        ConflictError
            If the run of that name has another flow, task or policy.
        RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
            If no loop could be started: see `hitl_sdk.loops.check_flow`.
        """
        chunks = _without_repetition(decided_chunks(self.policy, predictions))
        first = next(chunks, None)
        if first is None:
            raise EmptyInputError(
                "there are no predictions", hint="check the filter or the file they come from"
            )
        flow = check_flow(self.session, self.flow)
        store = open_record(self.record, session=self.session)
        record = begin(
            store,
            name,
            flow_definition_arn=flow.arn,
            task=self.task,
            policy=self.policy,
            settings=budget_settings(self.budget, flow.workers),
        )
        try:
            planner = Planner(record, self.task)
            for chunk in itertools.chain([first], chunks):
                planner.add(chunk)
        except BaseException as error:
            if name is None and isinstance(error, InvalidInputError):
                store.delete(record.header.name)
            elif record.n_items:
                error.add_note(_interrupted(record))
            raise
        record.mark_complete()
        return self._run(record)

    def resume(
        self,
        name: str,
        *,
        restart_failed: bool = False,
        on_progress: Callable[[LoopStart], None] | None = None,
        on_wait: Callable[[StartWait], None] | None = None,
    ) -> Run:
        """Go on with a run, begun by this process or another, without its predictions.

        Parameters
        ----------
        name : str
            The run.
        restart_failed, on_progress, on_wait
            As for `route`.

        Returns
        -------
        Run
            In which all that was taken in is started. A budget of this router takes the place of the run's own.

        Raises
        ------
        InvalidInputError
            If there is no run of this name; it says which there are. Or if not all of its predictions have been taken in:
            going on without the others would lose them.
        ConflictError
            If it has another flow, task or policy.
        RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
            If no loop can be started.
        """
        record = open_record(self.record, session=self.session).run(name)
        if not record.complete:
            raise InvalidInputError(
                f"run {name!r} has taken in {record.n_items:,} items, and maybe not all: its process was cut off, or is still"
                " at it",
                hint=f"give all predictions again, to route(..., name={name!r}); what it has, Run.open({name!r}, ...).start()"
                " starts",
            )
        flow = check_flow(self.session, self.flow)
        require_same(record, flow_definition_arn=flow.arn, task=self.task, policy=self.policy)
        run = self._run(record)
        run._start(restart_failed, on_progress, on_wait)
        return run

    def _run(self, record: RunRecord) -> Run:
        return Run(
            record,
            session=self.session,
            task=self.task,
            budget=self.budget.over(record.header.settings),
            rate=self.rate,
            concurrency=self.concurrency,
            quota_timeout=self.quota_timeout,
            progress=self.progress,
        )


def list_runs(record: str | None = None, *, session: Session | None = None) -> list[RunHeader]:
    """Return what runs there are, of this process and others.

    Parameters
    ----------
    record : str, optional
        Where runs are recorded, as for `Router`.
    session : Session, optional
        Whose table or bucket, if that is where.

    Returns
    -------
    list of RunHeader
        The oldest first, with the `name` and the flow of each, and when it was begun.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl():
    ...     list_runs()
    []
    """
    return open_record(record, session=session).runs()


def _without_repetition(chunks: Iterable[list[DecidedItem]]) -> Iterator[list[DecidedItem]]:
    """Refuse a chunk in which an item id stands twice; across chunks the record tells."""
    for chunk in chunks:
        require_different_ids(chunk)
        yield chunk


def _interrupted(record: RunRecord) -> str:
    return (
        f"Run {record.header.name!r} has taken in {record.n_items:,} items, and none of them was started now: give all"
        " predictions again, to prepare or route, under this name."
    )


def _require(name: str, value: object, *kinds: type) -> None:
    """Refuse what is of another kind now, and not in the middle of a batch."""
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidInputError(f"{name}={value!r} is no {wanted}", hint=f"give a {wanted} as {name}")
