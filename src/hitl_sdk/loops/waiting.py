"""Waits for human loops to come to their end: on events where there are some, by the flow's list in any case."""

from __future__ import annotations

import logging
import math
from datetime import timedelta
from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk._waiting import check_timeout, wait_until
from hitl_sdk.errors import NotFoundError, ThrottledError, UnavailableError
from hitl_sdk.loops.events import LIST_EVERY, LONGEST_POLL, LoopEvents
from hitl_sdk.loops.states import LoopState, list_loops

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from hitl_sdk._loop_event import HumanLoopEvent
    from hitl_sdk.session import Session

__all__ = ["wait_for_loops"]

_MARGIN = timedelta(seconds=1)  # times may be rounded differently in lists, filters and events
_MISSING_FOR = 10.0
_SOON = 5.0

_LOG = logging.getLogger(__name__)


def wait_for_loops(
    session: Session,
    flow_definition_arn: str,
    names: Collection[str],
    *,
    timeout: float,
    events: str | None = None,
    created_after: datetime | None = None,
    on_states: Callable[[Mapping[str, LoopState]], object] | None = None,
) -> dict[str, LoopState]:
    """Wait until all of the named loops of a flow have come to their end, whichever.

    With a queue, their events are received as they come, and the flow's list is read when the wait begins, every five
    minutes, and at the deadline: a lost event costs minutes, and no more. Without one, or when the queue is gone, the
    list is read from time to time, at most a minute apart. No loop is asked about by itself. The list is read as far
    back as the oldest loop that is still open.

    Where the service or the queue is throttled or unavailable for a while, the wait goes on.

    Parameters
    ----------
    session : Session
        Where.
    flow_definition_arn : str
        The flow of all of them.
    names : collection of str
        The loops.
    timeout : float
        Seconds until `WaitTimeoutError`.
    events : str, optional
        The queue that gets the events, as ``"sqs://NAME"``, URL or ARN; see `EventQueue` and `LoopEvents`.
    created_after : datetime, optional
        Since when all of them were started, aware: so far back the list is read at first.
    on_states : callable, optional
        Called with each bunch of states that are new, by name, before their messages are deleted from the queue: what it
        does not keep is told again after a crash. Called with an empty one where a look told nothing new. What it
        returns is the `last_seen` of the error.

    Returns
    -------
    dict of str to LoopState
        The end of each; ``"Missing"`` if the list has not had it for ten seconds, for somebody has deleted it.

    Raises
    ------
    InvalidInputError
        If `events` is no address, or `timeout` not above 0.
    WaitTimeoutError
        If the deadline passes first. Nothing is cancelled.
    NotFoundError
        If there is no such flow. A queue that is not there is logged, and done without.
    ServiceError
        If the service refuses to tell, for another reason than its load.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> from hitl_sdk.loops import LoopRequest, start_human_loops
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     arn = flow.ensure(session).arn
    ...     queue = hitl.EventQueue(name="mood", flow_definition_arn=arn)
    ...     queue_state = queue.ensure(session)
    ...     cloud.workers.answer(lambda item: {"mood": {"label": "bad"}})
    ...     starts = start_human_loops(session, [LoopRequest(arn, "loop-1", task.input("It is okay"))])
    ...     ends = wait_for_loops(session, arn, ["loop-1"], events=queue.address, timeout=7200)
    ...     ends["loop-1"].status
    'Completed'
    """
    watch = _Watch(session, flow_definition_arn, names, created_after, on_states)
    what = f"{len(watch.states)} human loops of {flow_definition_arn}"
    check_timeout(timeout, what)
    clock = current_clock()
    deadline = clock.monotonic() + timeout
    queue = None if events is None else _opened(session, events)
    if queue is not None:
        wait_until(
            lambda: watch.receive(queue, deadline),
            lambda _: watch.done or watch.queue_is_gone,
            timeout=timeout,
            what=what,
            first_pause=0.0,  # SQS makes the pauses: it holds its answer back until there is something to tell
        )
    if queue is None or not watch.done:
        wait_until(
            watch.read_list,
            lambda _: watch.done,
            timeout=timeout if queue is None else max(deadline - clock.monotonic(), 1e-3),
            what=what,
            first_pause=0.5,
            longest_pause=60.0,
        )
    return watch.states


def _opened(session: Session, queue: str) -> LoopEvents | None:
    try:
        return LoopEvents(session, queue)
    except NotFoundError as error:
        _LOG.warning("%s: the flow's list is read from time to time instead", error)
    except (ThrottledError, UnavailableError) as error:
        _LOG.warning("%s: no events are received in this wait; the flow's list is read instead", error)
    return None


class _Watch:
    """What is known of the loops that are waited for."""

    def __init__(
        self,
        session: Session,
        flow_definition_arn: str,
        names: Collection[str],
        created_after: datetime | None,
        on_states: Callable[[Mapping[str, LoopState]], object] | None,
    ) -> None:
        self.states = {
            name: LoopState(name, "InProgress", flow_definition_arn=flow_definition_arn) for name in names
        }
        self.queue_is_gone = False
        self._open = set(self.states)
        self._session = session
        self._flow = flow_definition_arn
        self._created_after = created_after
        self._on_states = on_states
        self._to_list_at = -math.inf
        self._missing_since: dict[str, float] = {}

    @property
    def done(self) -> bool:
        return not self._open

    def receive(self, queue: LoopEvents, deadline: float) -> object:
        """Wait for events, no longer than until the list is to be read again; read it when it is time."""
        clock = current_clock()
        left = min(self._to_list_at, deadline) - clock.monotonic()
        if left <= 0:
            return self.read_list()
        try:
            received = queue.receive(left, wanted=self._is_ours)
        except NotFoundError as error:
            _LOG.warning("%s: the flow's list is read from time to time instead", error)
            self.queue_is_gone = True
            return self.read_list()
        except (ThrottledError, UnavailableError) as error:
            _LOG.warning("%s: trying again", error)
            received = []
            clock.sleep(min(left, LONGEST_POLL))
        if not received and left < 1:  # less than SQS can wait
            clock.sleep(left)
        new = [each.state for each in received if self._is_new(each.event)]
        last_seen = self._note(new)
        queue.done(received)
        return self.read_list() if clock.monotonic() >= deadline and self._open else last_seen

    def read_list(self) -> object:
        """Read the flow's list, as far as it may speak of loops that are still open."""
        clock = current_clock()
        self._to_list_at = clock.monotonic() + LIST_EVERY
        after, before = self._window()
        wanted = set(self._open)
        found: list[LoopState] = []
        if not wanted:
            return self._note(found)
        try:
            for state in list_loops(self._session, self._flow, created_after=after, created_before=before):
                if state.human_loop_name in wanted:
                    wanted.remove(state.human_loop_name)
                    found.append(state)
                    if not wanted:
                        break
        except (ThrottledError, UnavailableError) as error:
            _LOG.warning("%s: trying again", error)
            self._to_list_at = clock.monotonic() + _SOON
            wanted.clear()
        return self._note([*found, *self._gone(wanted)])

    def _gone(self, unlisted: set[str]) -> list[LoopState]:
        """Return those that have been out of the list for so long that it is not because they are new."""
        now = current_clock().monotonic()
        self._missing_since = {name: self._missing_since.get(name, now) for name in unlisted}
        if unlisted:
            self._to_list_at = now + _SOON
        return [
            LoopState(name, "Missing", flow_definition_arn=self._flow)
            for name, since in self._missing_since.items()
            if now - since >= _MISSING_FOR
        ]

    def _window(self) -> tuple[datetime | None, datetime | None]:
        """Return between which times the loops that are still open were started, as far as that is known."""
        times = [self.states[name].created_at for name in self._open]
        known = [time for time in times if time is not None]
        if len(known) < len(times) or not known:
            return self._created_after and self._created_after - _MARGIN, None
        return min(known) - _MARGIN, max(known) + _MARGIN

    def _is_ours(self, event: HumanLoopEvent) -> bool:
        return event.human_loop_name in self.states and event.flow_definition_arn == self._flow

    def _is_new(self, event: HumanLoopEvent) -> bool:
        """Tell whether an event says something: not a second time, and not of a former loop of the same name."""
        known = self.states[event.human_loop_name].created_at
        is_former = known is not None and event.created_at is not None and event.created_at < known - _MARGIN
        return event.human_loop_name in self._open and not is_former

    def _note(self, states: Iterable[LoopState]) -> object:
        """Tell the caller what is new, and only then take it as known."""
        new = {
            state.human_loop_name: state for state in states if state != self.states[state.human_loop_name]
        }
        last_seen = None if self._on_states is None else self._on_states(new)
        self.states |= new
        self._open -= {name for name, state in new.items() if state.ended}
        n_ended = len(self.states) - len(self._open)
        return last_seen if self._on_states is not None else f"{n_ended} of {len(self.states)} ended"
