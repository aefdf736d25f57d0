"""The router: decides a batch, and starts a human loop for everything that people are to see."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from hitl_sdk._progress import progress_bar
from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.loops import (
    DEFAULT_CONCURRENCY,
    DEFAULT_RATE,
    LoopRequest,
    check_flow,
    human_loop_name,
    start_human_loops,
)
from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.review.run import RoutedItem, Run
from hitl_sdk.routing import Policy, decide_batch
from hitl_sdk.session import Session
from hitl_sdk.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from narwhals.typing import IntoFrame

    from hitl_sdk.labels import Label
    from hitl_sdk.loops import LoopStart
    from hitl_sdk.routing import DecidedItem, InvalidPrediction, Prediction

__all__ = ["Router"]


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
    rate : float or None, default 50
        Human loops started a second at most; None for no limit.
    concurrency : int, default 16
        Calls at a time.
    progress : bool, default True
        Show progress bars, if tqdm is installed.

    Raises
    ------
    InvalidInputError
        If no task is given, and `flow` brings none, or something of another kind is given.

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
        rate: float | None = DEFAULT_RATE,
        concurrency: int = DEFAULT_CONCURRENCY,
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
        self.policy = policy
        self.session = session
        self.rate = rate
        self.concurrency = concurrency
        self.progress = progress

    def __repr__(self) -> str:
        """Name flow and policy."""
        return f"Router(flow={self.flow!r}, policy={self.policy!r})"

    def route(
        self,
        predictions: IntoFrame | Iterable[Prediction | InvalidPrediction],
        *,
        restart_failed: bool = False,
        on_progress: Callable[[LoopStart], None] | None = None,
    ) -> Run:
        """Decide every prediction, and start a human loop for each that people are to review.

        Safe to run again: a loop's name is made from the flow and the item's content, so what is under review or
        reviewed is adopted, and equal content is reviewed once.

        Parameters
        ----------
        predictions : frame or iterable of Prediction
            A pandas, polars or arrow frame with `item_id` (unique), `item`, `label` and `confidence` (0 to 1); or
            predictions, for example from `hitl_sdk.routing.from_endpoint`.
        restart_failed : bool, default False
            Have items reviewed anew whose loop had failed or been stopped.
        on_progress : callable, optional
            Called with the outcome of each start as it comes. Without it a progress bar shows.

        Returns
        -------
        Run
            With one outcome an item. What is wrong with one prediction, or one start, is that item's outcome.

        Raises
        ------
        EmptyInputError, DuplicateItemError, InvalidPredictionError
            If there are no predictions, an item id stands twice, a column is missing. Nothing was started.
        RegionNotSupportedError, CredentialsError, NotFoundError, AccessDeniedError, ResourceFailedError
            If no loop can be started: see `hitl_sdk.loops.check_flow` and `start_human_loops`.
        """
        decided = decide_batch(self.policy, predictions)
        flow = check_flow(self.session, self.flow)
        normalise = _remembering(self.task.normalise_label)
        requests: dict[str, LoopRequest] = {}
        items = [self._routed(item, flow.arn, normalise, requests) for item in decided]
        starts = self._start(list(requests.values()), restart_failed, on_progress)
        return Run(
            session=self.session,
            task=self.task,
            flow_definition_arn=flow.arn,
            items=items,
            starts=starts,
            rate=self.rate,
            concurrency=self.concurrency,
            progress=self.progress,
        )

    def _routed(
        self,
        item: DecidedItem,
        flow_arn: str,
        normalise: Callable[[object], Label],
        requests: dict[str, LoopRequest],
    ) -> RoutedItem:
        """Bring the label into the task's spelling, and ask for a human loop where one is due."""
        if item.error is not None:
            return RoutedItem(item)
        try:
            label = normalise(item.label)
            if item.decision != "review":
                return RoutedItem(item if label is item.label else replace(item, label=label))
            name = human_loop_name(flow_arn, self.task.review_key(item.item, label))
            if name not in requests:
                requests[name] = LoopRequest(flow_arn, name, self.task.input(item.item, label))
        except InvalidPredictionError as error:
            problem = InvalidPredictionError(
                f"item {item.item_id!r}: {error.message}", hint=error.hint, item_id=item.item_id
            )
            unusable = replace(
                item, label=None, confidence=None, decision=None, reason=problem.message, error=problem
            )
            return RoutedItem(unusable)
        return RoutedItem(replace(item, label=label), name)

    def _start(
        self,
        requests: Sequence[LoopRequest],
        restart_failed: bool,
        on_progress: Callable[[LoopStart], None] | None,
    ) -> list[LoopStart]:
        shown = self.progress and on_progress is None
        with progress_bar("starting human loops", total=len(requests), shown=shown) as move_to:
            count = itertools.count(1)

            def seen(start: LoopStart) -> None:
                move_to(next(count))
                if on_progress is not None:
                    on_progress(start)

            return start_human_loops(
                self.session,
                requests,
                rate=self.rate,
                concurrency=self.concurrency,
                restart_failed=restart_failed,
                on_progress=seen,
            )


def _remembering(normalise: Callable[[object], Label]) -> Callable[[object], Label]:
    """Normalise each distinct label once, where labels can be compared: of texts there are few."""
    remembered = cache(normalise)
    return lambda label: remembered(label) if isinstance(label, str) else normalise(label)


def _require(name: str, value: object, *kinds: type) -> None:
    """Refuse what is of another kind now, and not in the middle of a batch."""
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidInputError(f"{name}={value!r} is no {wanted}", hint=f"give a {wanted} as {name}")
