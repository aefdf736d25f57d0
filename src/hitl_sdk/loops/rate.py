"""A token bucket: how many calls a second, shared by all threads."""

from __future__ import annotations

from numbers import Real
from threading import Lock

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import InvalidInputError

__all__ = ["TokenBucket"]


class TokenBucket:
    """Lets through `rate` calls a second, and as many at once as a second brings.

    Parameters
    ----------
    rate : float or None
        Calls a second, above 0; None for no limit.

    Raises
    ------
    InvalidInputError
        If `rate` is not above 0.

    Examples
    --------
    >>> TokenBucket(rate=20).take()
    """

    def __init__(self, rate: float | None) -> None:
        given: object = rate
        if given is not None and not (isinstance(given, Real) and float(given) > 0):
            raise InvalidInputError(
                f"rate={rate!r}", hint="give calls a second, above 0, or None for no limit"
            )
        self._interval = 1 / rate if rate else 0.0
        self._burst = max(1.0, self._interval)
        self._lock = Lock()
        self._full_at = 0.0

    def take(self) -> None:
        """Take a token, waiting on the process's clock until there is one."""
        if not self._interval:
            return
        clock = current_clock()
        with self._lock:
            now = clock.monotonic()
            # The bucket is full again at `_full_at`: every token taken puts that off by one interval.
            self._full_at = max(self._full_at, now) + self._interval
            pause = self._full_at - now - self._burst
        if pause > 0:
            clock.sleep(pause)
