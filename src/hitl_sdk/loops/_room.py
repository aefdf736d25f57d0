"""Room in a flow: so many loops may be in flight, and people have to answer before there can be more."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk._data import human_review_quotas
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import HitlError, InvalidInputError, Transient, WaitTimeoutError
from hitl_sdk.loops.requests import StartWait
from hitl_sdk.loops.states import list_loops

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitl_sdk.errors import QuotaExceededError
    from hitl_sdk.session import Session

__all__ = ["Room", "check_quota_timeout"]

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two looks. A look at 5,000 loops in flight is 50 pages."""

TRY_ANYWAY = 900.0
"""Seconds after which a start is tried although no fewer are in flight: what refuses us may be another limit."""

IN_FLIGHT = frozenset({"InProgress", "Stopping"})
"""The states that count, says https://docs.aws.amazon.com/general/latest/gr/a2i.html."""


class Room:
    """What is known of the room in each flow."""

    def __init__(
        self, session: Session, *, timeout: float, on_wait: Callable[[StartWait], None] | None
    ) -> None:
        check_quota_timeout(timeout)
        self._session = session
        self._timeout = timeout
        self._on_wait = on_wait
        self._closed: dict[str, QuotaExceededError] = {}
        self._since: dict[str, float] = {}  # when we were refused first after a success
        self._full: dict[str, int] = {}  # so many are too many: AWS's quota, until a refusal teaches another
        self._let_in: dict[str, int] = {}  # so many there were when we last went on

    def closed(self, flow: str) -> QuotaExceededError | None:
        """Return why nothing is started in a flow any more."""
        return self._closed.get(flow)

    def started(self, flow: str) -> None:
        """Take note that there was room."""
        self._since.pop(flow, None)
        self._let_in.pop(flow, None)

    def wait_for(self, flow: str, error: QuotaExceededError) -> None:
        """Wait until fewer loops of the flow are in flight, or it is too late: then the flow is closed."""
        now = current_clock().monotonic()
        left = self._since.setdefault(flow, now) + self._timeout - now
        if left <= 0:
            self._closed[flow] = _waited(error, self._timeout)
            return
        if flow in self._let_in:  # and nothing was started since: that many are too many
            self._full[flow] = self._let_in[flow]
        self._full.setdefault(flow, human_review_quotas()["loops_in_flight_per_flow_definition"])

        def is_room(in_flight: int | None) -> bool:
            return in_flight is not None and in_flight < self._full[flow]

        def tell(in_flight: int | None) -> None:
            if self._on_wait is not None:
                self._on_wait(StartWait("no room", error, in_flight=in_flight))

        with suppress(WaitTimeoutError):
            seen = wait_until(
                lambda: self._in_flight(flow),
                is_room,
                timeout=min(left, TRY_ANYWAY),
                what=f"room in {flow}",
                first_pause=FIRST_PAUSE,
                longest_pause=LONGEST_PAUSE,
                on_progress=tell,
            )
            if seen is not None:
                self._let_in[flow] = seen

    def _in_flight(self, flow: str) -> int | None:
        """Count the loops in flight, no further than to know that there are too many; None if the list does not tell."""
        longest = timedelta(seconds=human_review_quotas()["task_availability_lifetime_seconds"])
        full, count = self._full[flow], 0
        try:
            # Whatever is older has expired. A day more, for a loop stays Stopping for a while, and clocks differ.
            since = current_clock().now() - longest - timedelta(days=1)
            for state in list_loops(self._session, flow, created_after=since):
                count += state.status in IN_FLIGHT
                if count == full:
                    break
        except HitlError as error:
            if not isinstance(error, Transient):
                raise
            return None
        return count


def check_quota_timeout(timeout: object) -> None:
    """Refuse what is no number of seconds."""
    if not (isinstance(timeout, Real) and float(timeout) >= 0):
        raise InvalidInputError(f"quota_timeout={timeout!r}", hint="give a number of seconds from 0")


def _waited(error: QuotaExceededError, seconds: float) -> QuotaExceededError:
    twin = copy(error)
    if seconds:
        twin.message = f"{error.message}; waited {seconds:g} s for room"
    return twin
