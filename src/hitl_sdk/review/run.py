"""A run: the items of one batch on their way through a review, kept in a record that outlives the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from hitl_sdk._frames import build_frame
from hitl_sdk.errors import WaitTimeoutError
from hitl_sdk.loops import (
    DEFAULT_CONCURRENCY,
    DEFAULT_QUOTA_TIMEOUT,
    DEFAULT_RATE,
    check_flow,
    stop_human_loops,
)
from hitl_sdk.loops.record import open_record
from hitl_sdk.results import Outputs, answers_frame, read_loops, workers_frame
from hitl_sdk.review._headers import require_same
from hitl_sdk.review._reading import (
    is_over,
    item_outcomes,
    last_status,
    training_rows,
    update_states,
)
from hitl_sdk.review._starts import Starts
from hitl_sdk.review._waits import wait_for_run
from hitl_sdk.review.budget import Budget
from hitl_sdk.review.estimate import Estimate
from hitl_sdk.review.timeouts import Overdue, check_on_timeout
from hitl_sdk.training import build_training_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame
    from hitl_sdk.consolidation import Consolidation
    from hitl_sdk.loops import LoopStart, Rate, StartWait, StopResult
    from hitl_sdk.loops.record import RecordedLoop, RunRecord
    from hitl_sdk.results._scoring import Same, Truth
    from hitl_sdk.review.outcomes import ItemOutcome, RunStatus
    from hitl_sdk.review.timeouts import OnTimeout
    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task

__all__ = ["Run"]


class Run:
    """One batch under review. Made by `Router.route` or `Router.prepare`, found again by `Run.open`.

    All that a run knows is in its record, written before the call that it speaks of. So it can be killed at any point,
    and another process goes on with it: what was started is found, and nothing is started twice.

    Attributes
    ----------
    name : str
        Its name, under which it is found again.
    session : Session
        Where it runs.
    task : Task
        What people are asked.
    flow_definition_arn : str
        The flow.
    budget : Budget
        How many reviews it may start.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     state = flow.ensure(session)
    ...     cloud.workers.answer(lambda item: {"mood": {"label": "bad"}})
    ...     run = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session).route(
    ...         [hitl.Prediction("1", item="It is okay", label="good", confidence=0.54)]
    ...     )
    ...     status = run.wait(timeout=7200)
    ...     run.training_frame()["label"].tolist()
    ['bad']
    """

    def __init__(
        self,
        record: RunRecord,
        *,
        session: Session,
        task: Task,
        budget: Budget,
        rate: float | Rate | None,
        concurrency: int,
        quota_timeout: float,
        progress: bool,
    ) -> None:
        self.name: str = record.header.name
        self.session = session
        self.task = task
        self.flow_definition_arn: str = record.header.flow_definition_arn
        self.budget = budget
        self._record = record
        self._rate = rate
        self._concurrency = concurrency
        self._quota_timeout = quota_timeout
        self._progress = progress

    @classmethod
    def open(
        cls,
        name: str,
        *,
        session: Session,
        task: Task,
        record: str | None = None,
        max_reviews: int | None = None,
        max_cost: float | None = None,
        rate: float | Rate | None = DEFAULT_RATE,
        concurrency: int = DEFAULT_CONCURRENCY,
        quota_timeout: float = DEFAULT_QUOTA_TIMEOUT,
        progress: bool = True,
    ) -> Run:
        """Find a run again, begun by this process or another; nothing is started.

        Parameters
        ----------
        name : str
            Its name.
        session : Session
            As whom and where.
        task : Task
            What people are asked: the task it was begun with.
        record : str, optional
            Where runs are recorded, as for `Router`.
        max_reviews, max_cost : optional
            Another budget than the run was begun with.
        rate, concurrency, quota_timeout, progress
            As for `Router`.

        Raises
        ------
        InvalidInputError
            If there is no run of this name; it says which there are.
        ConflictError
            If it was begun with another task.

        Examples
        --------
        >>> import hitl_sdk as hitl
        >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
        >>> with hitl.testing.mock_hitl() as cloud:
        ...     Run.open("march", session=cloud.session(), task=task)
        Traceback (most recent call last):
        ...
        hitl_sdk.errors.InvalidInputError: sqlite://mock-... has no run 'march' (it has no run yet)
        """
        found = open_record(record, session=session).run(name)
        require_same(found, task=task)
        budget = Budget(max_reviews=max_reviews, max_cost=max_cost)
        return cls(
            found,
            session=session,
            task=task,
            budget=budget.over(found.header.settings),
            rate=rate,
            concurrency=concurrency,
            quota_timeout=quota_timeout,
            progress=progress,
        )

    def __repr__(self) -> str:
        """Say how it stood when it was last asked."""
        more = "" if self.complete else " and maybe more"
        return f"Run({self.name!r}, {self._record.n_items} items{more}, {self._last_status()})"

    @property
    def complete(self) -> bool:
        """Whether all predictions were taken in. If not, give them again, to `Router.prepare` under the run's name."""
        return self._record.complete

    @property
    def outcomes(self) -> list[ItemOutcome]:
        """One outcome an item, in the order of the predictions, as it stood when the run was last asked."""
        return list(item_outcomes(self._record, self._over_budget()))

    def estimate(
        self,
        *,
        seconds_per_review: float | None = None,
        hourly_wage: float | None = None,
        reviewed_this_month: int = 0,
    ) -> Estimate:
        """Say what is still to be started, and what it will take. Calls nobody.

        Parameters
        ----------
        seconds_per_review : float, optional
            What one person takes for one review; the router's, when left out.
        hourly_wage : float, optional
            What an hour of a person costs; the router's, when left out.
        reviewed_this_month : int, default 0
            Reviews that the account has had this month already: they fill the dearer tiers first.

        Returns
        -------
        Estimate
            At most: what is under review or reviewed already, for another run, costs nothing.
        """
        counts, limit = self._record.counts(), self.budget.limit
        planned = counts.get("planned", 0) + counts.get("failed", 0)
        room = planned if limit is None else max(0, limit - self._record.n_charged())
        wage, seconds = self.budget.hourly_wage, self.budget.seconds_per_review
        return Estimate(
            reviews=min(planned, room) + counts.get("starting", 0),
            workers=self.budget.workers,
            seconds_per_review=seconds if seconds_per_review is None else seconds_per_review,
            hourly_wage=wage if hourly_wage is None else hourly_wage,
            reviewed_this_month=reviewed_this_month,
        )

    def start(
        self,
        *,
        restart_failed: bool = False,
        on_progress: Callable[[LoopStart], None] | None = None,
        on_wait: Callable[[StartWait], None] | None = None,
    ) -> RunStatus:
        """Start a human loop for each item that people are to review, and that has none yet.

        Safe to run again, after success or after a crash at any point, and by several processes at once. What was begun
        when a process ended is looked up; what could not be started is tried again. A loop that was started and is gone
        since stays missing.

        Parameters
        ----------
        restart_failed : bool, default False
            Have items reviewed anew whose loop has failed, was stopped or has gone missing. It counts once in the budget.
        on_progress : callable, optional
            Called with the outcome of each start as it comes. Without it a progress bar shows.
        on_wait : callable, optional
            Called when starting waits: for room in the flow, or because nothing succeeds.

        Returns
        -------
        RunStatus
            How the loops stand. What is wrong with one start is its item's outcome.

        Raises
        ------
        RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
            If no loop can be started: see `hitl_sdk.loops.check_flow` and `start_stream`. Start again to go on.
        """
        check_flow(self.session, self.flow_definition_arn)
        return self._start(restart_failed, on_progress, on_wait)

    def _start(
        self,
        restart_failed: bool,
        on_progress: Callable[[LoopStart], None] | None,
        on_wait: Callable[[StartWait], None] | None,
    ) -> RunStatus:
        self._overdue().go_on()
        starts = Starts(
            self.session,
            self._record,
            limit=self.budget.limit,
            rate=self._rate,
            concurrency=self._concurrency,
            restart_failed=restart_failed,
            quota_timeout=self._quota_timeout,
            on_wait=on_wait,
        )
        starts.run(on_progress, progress=self._progress)
        return self._last_status()

    @overload
    def to_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def to_frame(self, engine: Engine = "pandas") -> Frame:
        """Return the outcomes as a frame.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row an item with the text columns `item_id`, `decision`, `reason`, `status`, `human_loop_name` and
            `error`; what is not there is null.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        names = ("item_id", "decision", "reason", "status", "human_loop_name", "error")
        outcomes = self.outcomes
        columns = {name: [getattr(outcome, name) for outcome in outcomes] for name in names}
        columns["error"] = [error and f"{type(error).__name__}: {error}" for error in columns["error"]]
        return build_frame(columns, dict.fromkeys(names, "text"), engine)

    def status(self) -> RunStatus:
        """Ask the service how the loops stand that had not ended when last seen.

        Returns
        -------
        RunStatus
            Counts by state.

        Raises
        ------
        ServiceError
            If the service refuses to tell.
        """
        update_states(self.session, self._record)
        return self._last_status()

    def wait(
        self,
        *,
        timeout: float,
        on_timeout: OnTimeout = "fail",
        events: str | None = None,
        on_progress: Callable[[RunStatus], None] | None = None,
    ) -> RunStatus:
        """Wait until every human loop has come to its end, whichever.

        Parameters
        ----------
        timeout : float
            Seconds until `on_timeout`.
        on_timeout : {"fail", "accept"} or Escalate, default "fail"
            What becomes of what nobody has answered by then. ``"fail"``: a `WaitTimeoutError`, and nothing is cancelled.
            ``"accept"``: the model's answer stands. `Escalate`: people in another flow are asked. The loops are stopped,
            whoever else waits for them. A run that was killed meanwhile goes on with it at its next wait or start.
        events : str, optional
            The queue that gets the loops' events, as ``"sqs://NAME"``; see `EventQueue`. Without one the flow's list is
            read from time to time.
        on_progress : callable, optional
            Called with every status that is seen. Without it a progress bar shows, if tqdm is installed and the
            router was made with ``progress=True``.

        Returns
        -------
        RunStatus
            The end. Look at `ok`: failed, stopped and missing loops are ends too, but no success.

        Raises
        ------
        WaitTimeoutError
            If the deadline passes first; its `last_seen` is the `RunStatus` at that time. Nothing is cancelled.
        InvalidInputError, NotFoundError
            If `on_timeout` can't be done; nobody has waited then.
        ServiceError
            If the service refuses to tell.
        """
        first, most_workers = self.flow_definition_arn, self.budget.most_workers
        check_on_timeout(self.session, on_timeout, first=first, most_workers=most_workers)
        overdue = self._overdue()
        overdue.go_on()
        if overdue.is_to_be_started():
            self._start(False, None, None)
        try:
            wait_for_run(
                self.session,
                self._record,
                self._last_status,
                timeout=timeout,
                events=events,
                on_progress=on_progress,
                progress=self._progress,
            )
        except WaitTimeoutError:
            if on_timeout == "fail":
                raise
        else:
            return self._last_status()
        if on_timeout == "accept":
            overdue.accept()
            return self._last_status()
        overdue.escalate(check_flow(self.session, on_timeout.flow_name).arn, limit=self.budget.limit)
        self._start(False, None, None)
        return self.wait(
            timeout=on_timeout.timeout,
            on_timeout=on_timeout.then,
            events=on_timeout.events,
            on_progress=on_progress,
        )

    def _overdue(self) -> Overdue:
        return Overdue(self.session, self._record, self.task, concurrency=self._concurrency)

    def stop(self) -> StopResult:
        """Stop the human loops that are in progress. What is planned stays so.

        Returns
        -------
        StopResult
            How many took the order, and how many had ended before.

        Raises
        ------
        CredentialsError
            If the session has expired.
        """
        self.status()
        names = [loop.human_loop_name for loop in self._record.loops(("started", "adopted", "InProgress"))]
        result = stop_human_loops(self.session, names, rate=self._rate, concurrency=self._concurrency)
        self.status()
        return result

    def outputs(self) -> Outputs:
        """Read the output.json of every completed loop.

        Returns
        -------
        Outputs
            One document a completed loop; one that can't be read is a row with its error.

        Raises
        ------
        ServiceError
            If the service refuses to tell how the loops stand.
        """
        self.status()
        return self._read(self._completed())

    @overload
    def answers_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def answers_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def answers_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def answers_frame(self, engine: Engine = "pandas") -> Frame:
        """Return what people said in the long form, one row an answer.

        The columns of `hitl_sdk.results.answers_frame`. Where items of equal content share a loop, `item_id` is
        that of the first.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row an answer of a completed loop.
        """
        item_ids: dict[str, str] = {}
        for outcome in item_outcomes(self._record, None):
            if outcome.human_loop_name is not None:
                item_ids.setdefault(outcome.human_loop_name, outcome.item_id)
        return answers_frame(self.outputs(), self.task, engine, item_ids=item_ids)

    @overload
    def workers_frame(
        self,
        engine: Literal["pandas"] = ...,
        *,
        gold: Truth | None = ...,
        consensus: Truth | None = ...,
        same: Same | None = ...,
    ) -> pd.DataFrame: ...
    @overload
    def workers_frame(
        self,
        engine: Literal["polars"],
        *,
        gold: Truth | None = ...,
        consensus: Truth | None = ...,
        same: Same | None = ...,
    ) -> pl.DataFrame: ...
    @overload
    def workers_frame(
        self,
        engine: Literal["arrow"],
        *,
        gold: Truth | None = ...,
        consensus: Truth | None = ...,
        same: Same | None = ...,
    ) -> pa.Table: ...

    def workers_frame(
        self,
        engine: Engine = "pandas",
        *,
        gold: Truth | None = None,
        consensus: Truth | None = None,
        same: Same | None = None,
    ) -> Frame:
        """Return one row a worker: how often right, how fast, and how both drift; see `hitl_sdk.results.workers_frame`.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.
        gold : mapping of item id to label, or frame with ``item_id`` and ``label``, optional
            Labels that are known to be right.
        consensus : mapping of item id to label, or frame with ``item_id`` and ``label``, optional
            What the workers say together, for example ``run.training_frame()``; what an item's other workers say when
            left out.
        same : callable, optional
            Whether two labels are the same, both as plain values, as frames have them. No two people draw equal boxes, outlines or
            masks, so that their accuracy is null without it.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row a worker who has answered.

        Raises
        ------
        InvalidInputError
            As `hitl_sdk.results.workers_frame`.
        """
        answers = self.answers_frame("arrow")
        return workers_frame(
            answers, consensus=consensus, gold=gold, same=same, item="item_id", engine=engine
        )

    @overload
    def training_frame(
        self, engine: Literal["pandas"] = ..., *, consolidation: Consolidation[Any] | None = ...
    ) -> pd.DataFrame: ...
    @overload
    def training_frame(
        self, engine: Literal["polars"], *, consolidation: Consolidation[Any] | None = ...
    ) -> pl.DataFrame: ...
    @overload
    def training_frame(
        self, engine: Literal["arrow"], *, consolidation: Consolidation[Any] | None = ...
    ) -> pa.Table: ...

    def training_frame(
        self, engine: Engine = "pandas", *, consolidation: Consolidation[Any] | None = None
    ) -> Frame:
        """Return one row an item with the label as it now stands; see `hitl_sdk.training`.

        Accepted predictions keep the model's label, reviewed ones get the people's, dropped ones none. An item
        whose loop has not been completed has no label, and its `reason` says why.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.
        consolidation : Consolidation, optional
            How several answers become one, for example ``hitl.consolidation.DawidSkene()``; the task's own method
            when left out.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The training frame, schema version 1, in the order of the predictions.

        Raises
        ------
        InvalidInputError
            If the consolidation is not for labels of this task.
        """
        self.status()
        completed = self._completed()  # once, for another thread may be asking how the loops stand
        answered = dict(zip(completed, self._read(completed), strict=True))
        rows = training_rows(self._record, self.task, answered, self._over_budget())
        return build_training_frame(rows, self.task, engine=engine, consolidation=consolidation)

    def _read(self, loops: Mapping[str, RecordedLoop]) -> Outputs:
        created_at = {name: loop.created_at for name, loop in loops.items() if loop.created_at is not None}
        flows = {loop.flow_definition_arn for loop in loops.values()}
        flow = flows.pop() if len(flows) == 1 else None
        return read_loops(self.session, loops, created_at=created_at, flow_definition_arn=flow)

    def _completed(self) -> dict[str, RecordedLoop]:
        return {loop.human_loop_name: loop for loop in self._record.loops(["Completed"])}

    def _last_status(self) -> RunStatus:
        return last_status(self._record, self.budget.limit)

    def _over_budget(self) -> str | None:
        return self.budget.said if is_over(self._record, self.budget.limit) else None
