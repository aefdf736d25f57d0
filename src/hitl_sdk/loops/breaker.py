"""A circuit breaker: when every call fails, calling is paused, tried, and at last given up."""

from __future__ import annotations

from numbers import Real
from typing import Literal

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import InvalidInputError

__all__ = ["Breaker", "BreakerState"]

BreakerState = Literal["closed", "open", "half-open", "ended"]


class Breaker:
    """Says whether to go on calling a service of which the last calls have failed.

    =========== ================================ ==========================================================
    state       meaning                          leaves it
    =========== ================================ ==========================================================
    closed      calls are made                   after `failures` failures in a row: open
    open        none are made                    when the pause is over: half-open
    half-open   one is made, a trial             success: closed; failure: open, and after `trials` of them
                                                 in a row: ended
    ended       none are made any more           never
    =========== ================================ ==========================================================

    A single success closes it, whenever it comes, and forgets all failures; only from ``"ended"`` nothing leads back.
    The pause doubles with each failed trial, up to `longest_pause`. Not for use by several threads at once.

    Parameters
    ----------
    failures : int, default 10
        How many calls in a row have to fail.
    pause : float, default 15
        Seconds of the first pause.
    longest_pause : float, default 300
        Seconds of the longest.
    trials : int, default 6
        How many trials in a row have to fail.

    Raises
    ------
    InvalidInputError
        If a number is not above 0.

    Examples
    --------
    >>> from hitl_sdk._clock import ManualClock, use_clock
    >>> breaker, clock = Breaker(failures=2, pause=15, trials=2), ManualClock()
    >>> with use_clock(clock):
    ...     breaker.failed()
    ...     breaker.failed()
    ...     print(breaker.state, breaker.seconds_left)
    ...     clock.advance(15)
    ...     print(breaker.state)
    ...     breaker.failed()
    ...     print(breaker.state, breaker.seconds_left)
    ...     breaker.succeeded()
    ...     print(breaker.state)
    open 15.0
    half-open
    open 30.0
    closed
    """

    def __init__(
        self, *, failures: int = 10, pause: float = 15.0, longest_pause: float = 300.0, trials: int = 6
    ) -> None:
        given = {"failures": failures, "pause": pause, "longest_pause": longest_pause, "trials": trials}
        for name, value in given.items():
            if not (isinstance(value, Real) and float(value) > 0):
                raise InvalidInputError(f"{name}={value!r}", hint="give a number above 0")
        self._failures = failures
        self._pause = float(pause)
        self._longest_pause = float(longest_pause)
        self._trials = trials
        self._failed = 0
        self._failed_trials = 0
        self._until: float | None = None

    def __repr__(self) -> str:
        """Tell the state."""
        return f"Breaker({self.state})"

    @property
    def state(self) -> BreakerState:
        """The state it is in now."""
        if self._failed_trials >= self._trials:
            return "ended"
        if self._until is None:
            return "closed"
        return "open" if self.seconds_left > 0 else "half-open"

    @property
    def seconds_left(self) -> float:
        """Seconds until the pause is over; 0 if there is none."""
        return 0.0 if self._until is None else max(0.0, self._until - current_clock().monotonic())

    def failed(self) -> None:
        """Take note of a call that has failed. One that was under way when the pause began changes nothing."""
        state = self.state
        if state == "closed":
            self._failed += 1
            if self._failed >= self._failures:
                self._open()
        elif state == "half-open":
            self._failed_trials += 1
            self._open()

    def succeeded(self) -> None:
        """Take note of a call that has succeeded."""
        if self.state != "ended":
            self._failed = self._failed_trials = 0
            self._until = None

    def _open(self) -> None:
        pause = min(self._pause * 2.0 ** min(self._failed_trials, 64), self._longest_pause)
        self._until = current_clock().monotonic() + pause
