"""The one loop of this package that waits: a deadline, growing pauses with jitter, and progress."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, TypeVar

from tenacity import Retrying, retry_if_result, wait_exponential, wait_none, wait_random

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import InvalidInputError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

__all__ = ["check_timeout", "wait_until"]

T = TypeVar("T")


def wait_until(
    probe: Callable[[], T],
    done: Callable[[T], bool],
    *,
    timeout: float,
    what: str,
    first_pause: float = 0.25,
    longest_pause: float = 30.0,
    on_progress: Callable[[T], None] | None = None,
) -> T:
    """Call `probe` until `done` accepts its result, and return that result.

    Parameters
    ----------
    probe : callable
        Reads the state. Its errors pass through: the AWS client has retried by then.
    done : callable
        Tells whether a result of `probe` is an end state.
    timeout : float
        Seconds until `WaitTimeoutError`. The last probe is made at the deadline, not before it.
    what : str
        What is awaited, for the error: ``"workforce 'crew' to be Active"``.
    first_pause, longest_pause : float
        Seconds of the first and the longest pause; pauses double and carry jitter. No pauses where the first is 0.
    on_progress : callable, optional
        Called with every result of `probe`.

    Raises
    ------
    InvalidInputError
        If `timeout` is not above zero.
    WaitTimeoutError
        If the deadline passes first.

    Examples
    --------
    >>> answers = iter(["InProgress", "Completed"])
    >>> wait_until(lambda: next(answers), lambda s: s == "Completed", timeout=60, what="it", first_pause=0.01)
    'Completed'
    """
    check_timeout(timeout, what)
    clock = current_clock()
    deadline = clock.monotonic() + timeout

    def observed() -> T:
        state = probe()
        if on_progress is not None:
            on_progress(state)
        return state

    def sleep_no_longer_than_the_deadline(pause: float) -> None:
        clock.sleep(max(0.0, min(pause, deadline - clock.monotonic())))

    def too_late(_: RetryCallState) -> bool:
        return clock.monotonic() >= deadline

    def give_up(retry_state: RetryCallState) -> T:
        last = retry_state.outcome.result() if retry_state.outcome else None
        raise WaitTimeoutError(
            f"waited {timeout:g} s for {what}; last seen: {last}",
            hint="wait again with a longer timeout; nothing was cancelled",
            last_seen=last,
        )

    retrying = Retrying(
        retry=retry_if_result(lambda state: not done(state)),
        # tenacity takes the longest pause for the double of none from the 1,025th probe on
        wait=wait_exponential(multiplier=first_pause, max=longest_pause) + wait_random(0, first_pause)
        if first_pause
        else wait_none(),
        stop=too_late,
        sleep=sleep_no_longer_than_the_deadline,
        retry_error_callback=give_up,
    )
    return retrying(observed)


def check_timeout(timeout: object, what: str) -> None:
    """Refuse what is no number of seconds above zero.

    Examples
    --------
    >>> check_timeout("60", "it")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: timeout='60' for it (give a number of seconds above 0)
    """
    if not (isinstance(timeout, Real) and float(timeout) > 0):
        raise InvalidInputError(f"timeout={timeout!r} for {what}", hint="give a number of seconds above 0")
