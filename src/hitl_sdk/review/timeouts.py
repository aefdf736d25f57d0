"""What becomes of reviews that nobody answers in time: nothing, the model's answer, or people in another flow.

Every step is written to the run's record before the calls that it needs, so a run that is killed in between is put right
by going on with it: first that a loop is given up and for what, then it is stopped, then another is planned in its place,
and only what is planned is started.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

from hitl_sdk._waiting import check_timeout
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, WaitTimeoutError
from hitl_sdk.loops import DEFAULT_CONCURRENCY, check_flow, human_loop_name, stop_human_loops
from hitl_sdk.loops.record import LoopChange, RecordedLoop
from hitl_sdk.loops.waiting import wait_for_loops
from hitl_sdk.review._codec import read_label
from hitl_sdk.review._reading import changes_of, open_loops, since, update_states, write
from hitl_sdk.review.flow import ReviewFlow
from hitl_sdk.review.outcomes import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hitl_sdk.loops.record import RecordedStatus, RunRecord
    from hitl_sdk.loops.states import LoopState
    from hitl_sdk.session import Session
    from hitl_sdk.tasks import Task

__all__ = ["Escalate", "OnTimeout", "Overdue", "check_on_timeout"]

_UNANSWERED: tuple[RecordedStatus, ...] = ("started", "adopted", "InProgress")
_ENDED_WITHOUT: tuple[RecordedStatus, ...] = ("Stopping", "Stopped", "Failed", "Missing")
_SECONDS_TO_STOP = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Ask other people: what is still open is stopped, and asked again in another flow, with the same task.

    The item's new loop is named as if it had been routed there: if that has been, its loop is adopted. It counts against
    the budget of the run; what that does not allow stays where it is, and so does what those people were asked before.

    Parameters
    ----------
    flow : str or ReviewFlow
        The other flow definition: its name, its ARN, or the builder that made it.
    timeout : float
        Seconds that its people have.
    then : {"fail", "accept"} or Escalate, default "fail"
        What becomes of what they don't answer in time.
    events : str, optional
        The queue that gets the other flow's events, as for `Run.wait`.

    Raises
    ------
    InvalidInputError
        If the timeout is not above 0, or the flow or `then` is none of these.

    Examples
    --------
    >>> Escalate(flow="seniors", timeout=3600, then="accept").flow
    'seniors'
    """

    flow: str | ReviewFlow
    timeout: float
    then: OnTimeout = "fail"
    events: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be."""
        flow: object = self.flow
        if not (isinstance(flow, str | ReviewFlow) and flow):
            raise InvalidInputError(
                f"flow={flow!r} of Escalate", hint="give its name, its ARN, or its builder"
            )
        check_timeout(self.timeout, "Escalate")
        _check_kind("then", self.then)

    @property
    def flow_name(self) -> str:
        """The flow's name or ARN."""
        return self.flow.name if isinstance(self.flow, ReviewFlow) else self.flow


OnTimeout = Literal["fail", "accept"] | Escalate
"""``"fail"``: a `WaitTimeoutError`, and nothing is cancelled. ``"accept"``: the model's answer stands. `Escalate`."""


def check_on_timeout(
    session: Session, on_timeout: OnTimeout, *, first: str, most_workers: int | None = None
) -> None:
    """Check, before anybody waits for hours, that what is to happen then can.

    Parameters
    ----------
    session : Session
        Where.
    on_timeout : {"fail", "accept"} or Escalate
        What is to happen.
    first : str
        ARN of the flow that is asked first.
    most_workers : int, optional
        How many people may answer a review, where the budget counts what they cost.

    Raises
    ------
    InvalidInputError
        If it is none of these, goes back to a flow that was asked already, or to one that is dearer than the budget counts.
    NotFoundError, ResourceFailedError, ConfigurationError
        If a flow can't be asked; see `check_flow`.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> arn = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/mood"
    >>> check_on_timeout(hitl.Session(region_name="eu-west-1"), "accept", first=arn)
    """
    _check_kind("on_timeout", on_timeout)
    asked = {first}
    while isinstance(on_timeout, Escalate):
        flow = check_flow(session, on_timeout.flow_name)
        if flow.arn in asked:
            raise InvalidInputError(
                f"{flow.arn} has been asked already", hint="escalate to people who have not been asked"
            )
        if most_workers is not None and flow.workers > most_workers:
            raise InvalidInputError(
                f"flow {flow.name!r} asks {flow.workers} people about an item, and max_cost counts {most_workers}",
                hint="escalate to a flow that asks no more, or give max_reviews as the budget",
            )
        asked.add(flow.arn)
        on_timeout = on_timeout.then


class Overdue:
    """Gives up what nobody has answered in time, for the model's answer or for another flow.

    Parameters
    ----------
    session : Session
        Where.
    record : RunRecord
        The run's record.
    task : Task
        What people are asked.
    concurrency : int, default 16
        Calls at a time.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> from datetime import UTC, datetime
    >>> from hitl_sdk.loops.record import RunHeader, open_record
    >>> flow = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/mood"
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> header = RunHeader("march", flow, "{}", "{}", "{}", datetime(2026, 3, 1, tzinfo=UTC))
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     Overdue(cloud.session(), open_record("sqlite://").create(header), task).accept()
    """

    def __init__(
        self, session: Session, record: RunRecord, task: Task, *, concurrency: int = DEFAULT_CONCURRENCY
    ) -> None:
        self._session = session
        self._record = record
        self._task = task
        self._concurrency = concurrency

    def accept(self) -> None:
        """Let the model's answer stand for all that is open."""
        self._give_up(self._unanswered(), MODEL)
        self.go_on()

    def escalate(self, flow_definition_arn: str, *, limit: int | None) -> None:
        """Plan loops in another flow for all that is open and was not asked there, as far as the budget allows.

        Parameters
        ----------
        flow_definition_arn : str
            The other flow.
        limit : int or None
            How many loops the run may start in all.
        """
        given_up = self._given_up()
        before = _before(given_up)
        asked_there = {
            name for name, loop in given_up.items() if loop.flow_definition_arn == flow_definition_arn
        }
        loops = [
            loop
            for loop in self._unanswered()
            if loop.flow_definition_arn != flow_definition_arn
            and asked_there.isdisjoint(_chain(loop.human_loop_name, before))
        ]
        room = len(loops) if limit is None else self._room(limit, given_up)
        self._give_up(loops[: max(0, room)], flow_definition_arn)
        self.go_on()

    def go_on(self) -> None:
        """Bring to its end what was begun, by this process or by one that is gone: stop, then plan.

        Safe to run again. What is planned, `Run.start` starts.

        Raises
        ------
        AccessDeniedError
            If the caller may not stop loops: without that, nothing given up can be asked elsewhere.
        """
        given_up = self._given_up()
        still_open = [name for name, loop in given_up.items() if loop.status in _UNANSWERED]
        if still_open:
            refused = stop_human_loops(self._session, still_open, concurrency=self._concurrency).errors
            for error in refused.values():
                if isinstance(error, AccessDeniedError):
                    raise error
            self._let_them_end()
        for flow in sorted({loop.escalated_to or "" for loop in given_up.values()}):
            if flow.startswith("arn:"):
                self._plan(flow)

    def is_to_be_started(self) -> bool:
        """Tell whether a loop of another flow is planned that nobody has come to start."""
        first = self._record.header.flow_definition_arn
        counts = self._record.counts()
        return bool(counts.get("planned") or counts.get("starting")) and any(
            loop.flow_definition_arn != first for loop in self._record.loops(("planned", "starting"))
        )

    def _room(self, limit: int, given_up: Mapping[str, RecordedLoop]) -> int:
        """Return how many loops may be asked for yet, beside those that are given up for another, planned or started.

        They are counted in the order in which a loop becomes the next, so that another process can't have one uncounted.
        """
        to_be_planned = sum((loop.escalated_to or "").startswith("arn:") for loop in given_up.values())
        planned = self._record.counts().get("planned", 0)
        return limit - to_be_planned - planned - self._record.n_charged()

    def _unanswered(self) -> list[RecordedLoop]:
        loops = self._record.loops(_UNANSWERED)
        return [replace(loop, input_content="") for loop in loops if loop.escalated_to is None]

    def _given_up(self) -> dict[str, RecordedLoop]:
        loops = self._record.loops((*_UNANSWERED, *_ENDED_WITHOUT))
        return {loop.human_loop_name: loop for loop in loops if loop.escalated_to is not None}

    def _give_up(self, loops: Iterable[RecordedLoop], instead: str) -> None:
        """Write of each loop what is asked instead: a flow, until its loop there is planned, or the model."""
        write(self._record, (_change(loop, instead) for loop in loops))

    def _let_them_end(self) -> None:
        """Wait until those that were stopped have ended: an answer may still come in."""
        update_states(self._session, self._record)
        for flow, loops in open_loops(self._record).items():
            ending = {loop.human_loop_name: loop for loop in loops if loop.escalated_to is not None}
            if ending:
                with suppress(WaitTimeoutError):
                    wait_for_loops(
                        self._session,
                        flow,
                        ending,
                        timeout=_SECONDS_TO_STOP,
                        created_after=since(self._record, loops),
                        on_states=partial(self._note, ending),
                    )

    def _note(self, loops: Mapping[str, RecordedLoop], states: Mapping[str, LoopState]) -> None:
        write(self._record, changes_of(loops, states))

    def _plan(self, flow: str) -> None:
        """Plan the loops of another flow, then write of each old loop which one is asked instead."""
        given_up = self._given_up()
        old = {
            name: loop
            for name, loop in given_up.items()
            if loop.escalated_to == flow and loop.status in _ENDED_WITHOUT
        }
        new = {
            name: RecordedLoop(other, flow, old[name].input_content)
            for name, other in self._names(old, given_up, flow)
        }
        if new:
            self._record.add_items([], list(new.values()))
            write(self._record, (_change(old[name], loop.human_loop_name) for name, loop in new.items()))

    def _names(
        self, old: Mapping[str, RecordedLoop], given_up: Mapping[str, RecordedLoop], flow: str
    ) -> Iterator[tuple[str, str]]:
        """Yield each old loop's name with that of its item's loop in the flow."""
        label = lru_cache(10_000)(lambda text: self._task.normalise_label(read_label(text)))
        before = _before(given_up)
        wanted = {_chain(name, before)[-1]: name for name in old}
        for item in self._record.items():
            name = wanted.pop(item.human_loop_name or "", None)
            if name is not None and item.label is not None:
                yield name, human_loop_name(flow, self._task.review_key(item.item, label(item.label)))


def _before(given_up: Mapping[str, RecordedLoop]) -> dict[str | None, str]:
    """Return of each loop that was asked instead of another, that other."""
    return {loop.escalated_to: name for name, loop in given_up.items()}


def _chain(name: str, before: Mapping[str | None, str]) -> list[str]:
    """Return a loop, and those that its item was asked about before it; the first of all is the last."""
    chain = [name]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    return chain


def _change(loop: RecordedLoop, instead: str) -> LoopChange:
    return LoopChange(
        loop.human_loop_name, loop.status, error=loop.error, charged=loop.charged, escalated_to=instead
    )


def _check_kind(name: str, value: object) -> None:
    if not (value in ("fail", "accept") or isinstance(value, Escalate)):
        raise InvalidInputError(
            f"{name}={value!r}", hint='give "fail", "accept" or an Escalate(flow=..., timeout=...)'
        )
