"""A run: the items of one batch on their way through a review, and what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from hitl_sdk._frames import build_frame
from hitl_sdk._progress import progress_bar
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import HitlError, ResourceFailedError
from hitl_sdk.loops import (
    LoopStart,
    LoopState,
    StopResult,
    read_states,
    stop_human_loops,
)
from hitl_sdk.results import Outputs, answers_frame, read_loops, workers_frame
from hitl_sdk.training import TrainingRow, build_training_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame
    from hitl_sdk.consolidation import Consolidation
    from hitl_sdk.labels import Label
    from hitl_sdk.results import OutputRow
    from hitl_sdk.results._scoring import Same, Truth
    from hitl_sdk.routing import DecidedItem, Verdict
    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task

__all__ = ["ItemOutcome", "ItemStatus", "RoutedItem", "Run", "RunStatus"]

ItemStatus = Literal[
    "accepted",
    "dropped",
    "invalid",
    "not started",
    "started",
    "adopted",
    "stopping",
    "completed",
    "failed",
    "stopped",
    "missing",
]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """Where one item stands.

    Attributes
    ----------
    item_id : str
        The item.
    decision : {"accept", "drop", "review"} or None
        What the policy said; None for a prediction that can't be used.
    reason : str
        Why.
    status : str
        ``"accepted"``, ``"dropped"`` or ``"invalid"`` (the prediction can't be used); for an item under review
        ``"started"`` or ``"adopted"`` (the loop was there already), ``"not started"``, and as last seen
        ``"stopping"``, ``"completed"``, ``"failed"``, ``"stopped"`` or ``"missing"`` (somebody has deleted the loop).
    human_loop_name : str or None
        The loop that reviews it. Items of equal content share one.
    error : HitlError or None
        What went wrong with this item; `Transient` errors are gone when you route again.

    Examples
    --------
    >>> outcome = ItemOutcome("1", "accept", "confidence 0.97 >= 0.90", "accepted")
    >>> outcome.error is None
    True
    """

    item_id: str
    decision: Verdict | None
    reason: str
    status: ItemStatus
    human_loop_name: str | None = None
    error: HitlError | None = None


@dataclass(frozen=True, slots=True)
class RoutedItem:
    """A decided item, and the loop that reviews it."""

    decided: DecidedItem
    human_loop_name: str | None = None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How many human loops of a run are in which state.

    Attributes
    ----------
    in_progress, stopping, completed, failed, stopped, missing : int
        Loops in that state; ``missing`` are those that somebody has deleted.
    not_started : int
        Loops that could not be started.
    failures : tuple of LoopState
        Those that have failed, been stopped or gone missing, with the service's reason.

    Examples
    --------
    >>> status = RunStatus(completed=3, failed=1)
    >>> print(status)
    4 human loops: 3 completed, 1 failed
    >>> status.done, status.ok
    (True, False)
    """

    in_progress: int = 0
    stopping: int = 0
    completed: int = 0
    failed: int = 0
    stopped: int = 0
    missing: int = 0
    not_started: int = 0
    failures: tuple[LoopState, ...] = ()

    @property
    def total(self) -> int:
        """All loops of the run."""
        return self.ended + self.in_progress + self.stopping + self.not_started

    @property
    def ended(self) -> int:
        """Loops that nothing more will happen to."""
        return self.completed + self.failed + self.stopped + self.missing

    @property
    def done(self) -> bool:
        """Whether no loop is under way any more."""
        return self.in_progress + self.stopping == 0

    @property
    def ok(self) -> bool:
        """Whether every loop was completed: failed, stopped, missing and never started ones are no success."""
        return self.completed == self.total

    def __str__(self) -> str:
        """Return one line: ``"5 human loops: 3 completed, 1 failed, 1 in progress"``."""
        names = ("completed", "failed", "stopped", "missing", "not_started", "stopping", "in_progress")
        counts = [f"{getattr(self, name)} {name.replace('_', ' ')}" for name in names if getattr(self, name)]
        return f"{self.total} human loops: {', '.join(counts) or 'none'}"


class Run:
    """One batch under review. Made by `Router.route`.

    A run holds nothing that can't be had again: route the same predictions anew, in another process or after
    a crash, and the run you get adopts what this one started.

    Attributes
    ----------
    session : Session
        Where it runs.
    task : Task
        What people are asked.
    flow_definition_arn : str
        The flow.

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
        *,
        session: Session,
        task: Task,
        flow_definition_arn: str,
        items: Sequence[RoutedItem],
        starts: Sequence[LoopStart],
        rate: float | None,
        concurrency: int,
        progress: bool,
    ) -> None:
        self.session = session
        self.task = task
        self.flow_definition_arn = flow_definition_arn
        self._items = items
        self._starts = {start.human_loop_name: start for start in starts}
        self._states = {
            start.human_loop_name: start.state or LoopState(start.human_loop_name, "InProgress")
            for start in starts
            if start.status != "failed"
        }
        self._rate = rate
        self._concurrency = concurrency
        self._progress = progress

    def __repr__(self) -> str:
        """Say how it stood when it was last asked."""
        return f"Run({len(self._items)} items, {self._last_status()})"

    @property
    def outcomes(self) -> list[ItemOutcome]:
        """One outcome an item, in the order of the predictions, as it stood when the run was last asked."""
        return [self._outcome(item) for item in self._items]

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
        # A missing loop is asked about again: a new one may not show at once everywhere in AWS.
        still_open = [
            name for name, state in self._states.items() if not state.ended or state.status == "Missing"
        ]
        if still_open:
            self._states |= read_states(self.session, self.flow_definition_arn, still_open)
        return self._last_status()

    def wait(self, *, timeout: float, on_progress: Callable[[RunStatus], None] | None = None) -> RunStatus:
        """Wait until every human loop has come to its end, whichever.

        Parameters
        ----------
        timeout : float
            Seconds until `WaitTimeoutError`.
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
        ServiceError
            If the service refuses to tell.
        """
        total = len(self._states)
        with progress_bar(
            "human loops", total=total, shown=self._progress and on_progress is None
        ) as move_to:

            def seen(status: RunStatus) -> None:
                move_to(status.ended)
                if on_progress is not None:
                    on_progress(status)

            return wait_until(
                self.status,
                lambda status: status.done,
                timeout=timeout,
                what=f"{total} human loops of {self.flow_definition_arn}",
                first_pause=0.5,
                longest_pause=60.0,
                on_progress=seen,
            )

    def stop(self) -> StopResult:
        """Stop the human loops that are in progress.

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
        names = [name for name, state in self._states.items() if state.status == "InProgress"]
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
        item_ids = {
            item.human_loop_name: item.decided.item_id
            for item in reversed(self._items)
            if item.human_loop_name is not None
        }
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
        rows = [self._training_row(item, answered) for item in self._items]
        return build_training_frame(rows, self.task, engine=engine, consolidation=consolidation)

    def _training_row(self, item: RoutedItem, answered: Mapping[str, OutputRow]) -> TrainingRow:
        decided, name = item.decided, item.human_loop_name
        row = TrainingRow(
            item_id=decided.item_id,
            item=decided.item,
            model_label=cast("Label | None", decided.label),  # the router has normalised it
            model_confidence=decided.confidence,
            decision=decided.decision,
            reason=decided.reason,
            extra=decided.extra,
        )
        if name is None:
            return row
        document, state = answered.get(name), self._states.get(name)
        return replace(
            row,
            human_loop_name=name,
            flow_definition_arn=self.flow_definition_arn,
            output=document.output if document else None,
            output_s3_uri=document.uri if document else None,
            created_at=state.created_at if state else None,
            note=self._note(name, document),
        )

    def _note(self, name: str, document: OutputRow | None) -> str | None:
        """Say why an item under review has no answer."""
        if document is not None:
            return document.error.message if document.error else None
        status, error = self._loop_outcome(name)
        return error.message if error else f"human loop {status}"

    def _read(self, names: Sequence[str]) -> Outputs:
        created_at = {name: at for name in names if (at := self._states[name].created_at) is not None}
        return read_loops(
            self.session, names, created_at=created_at, flow_definition_arn=self.flow_definition_arn
        )

    def _completed(self) -> list[str]:
        return [name for name, state in self._states.items() if state.status == "Completed"]

    def _last_status(self) -> RunStatus:
        counts = Counter(state.status for state in self._states.values())
        return RunStatus(
            in_progress=counts["InProgress"],
            stopping=counts["Stopping"],
            completed=counts["Completed"],
            failed=counts["Failed"],
            stopped=counts["Stopped"],
            missing=counts["Missing"],
            not_started=len(self._starts) - len(self._states),
            failures=tuple(
                state for state in self._states.values() if state.status in {"Failed", "Stopped", "Missing"}
            ),
        )

    def _outcome(self, item: RoutedItem) -> ItemOutcome:
        decided, name = item.decided, item.human_loop_name
        if decided.decision is None:
            return ItemOutcome(decided.item_id, None, decided.reason, "invalid", error=decided.error)
        if name is None:
            status: ItemStatus = "accepted" if decided.decision == "accept" else "dropped"
            return ItemOutcome(decided.item_id, decided.decision, decided.reason, status)
        status, error = self._loop_outcome(name)
        return ItemOutcome(decided.item_id, decided.decision, decided.reason, status, name, error)

    def _loop_outcome(self, name: str) -> tuple[ItemStatus, HitlError | None]:
        start, state = self._starts[name], self._states.get(name)
        if state is None:
            return "not started", start.error
        if state.status == "InProgress":
            return ("adopted" if start.status == "adopted" else "started"), None
        if state.status in {"Completed", "Stopping"}:
            return cast("ItemStatus", state.status.lower()), None
        reason = f": {state.failure_reason}" if state.failure_reason else ""
        error = start.error or ResourceFailedError(
            f"human loop {name!r} is {state.status}{reason}",
            hint="route again with restart_failed=True to have it reviewed anew",
            resource=name,
        )
        return cast("ItemStatus", state.status.lower()), error
