"""Time as a value that can be passed in: what the package sleeps on and reads the hour from.

Everything that waits asks `current_clock()`. It is the machine's clock, unless `use_clock` has put
another in its place for the whole process, as `hitl_sdk.testing` does so that hours pass at once.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Clock", "ManualClock", "SystemClock", "current_clock", "use_clock"]


class Clock(Protocol):
    """What time is it, how much has passed, and let some pass."""

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the thread for that many seconds."""
        time.sleep(seconds)  # noqa: TID251  the one place that sleeps


class ManualClock:
    """A clock that moves only when it is told to: `sleep` and `advance` return at once.

    Parameters
    ----------
    start : datetime, optional
        Its first time of day, aware; 2026-01-01 00:00 UTC when left out.

    Examples
    --------
    >>> clock = ManualClock()
    >>> clock.advance(3600)
    >>> clock.now().isoformat()
    '2026-01-01T01:00:00+00:00'
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._elapsed = 0.0
        self._lock = Lock()
        self._attendants: list[Callable[[], datetime | None]] = []

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move on by that many seconds, at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by that many seconds, at once, with a stop wherever an attendant has something to do.

        Raises
        ------
        ValueError
            If `seconds` is negative: time does not run backwards.
        """
        if seconds < 0:
            raise ValueError(f"time does not run backwards: advance({seconds})")
        while seconds > 0:
            step = min(
                seconds, *(self._seconds_until(attendant()) for attendant in self._attendants), math.inf
            )
            with self._lock:
                self._elapsed += step
            seconds -= step

    @contextmanager
    def attended(self, attendant: Callable[[], datetime | None]) -> Iterator[None]:
        """Inside the block, let `attendant` act at each hour that it names, however far time is moved at once.

        Parameters
        ----------
        attendant : callable
            Does what is due, and returns when to be called next; None if that is not known.

        Examples
        --------
        >>> clock = ManualClock()
        >>> at_noon = clock.now() + timedelta(hours=12)
        >>> seen = []
        >>> def note_noon():
        ...     if clock.now() == at_noon:
        ...         seen.append(clock.now().hour)
        ...     return at_noon
        >>> with clock.attended(note_noon):
        ...     clock.advance(24 * 3600)
        >>> seen
        [12]
        """
        self._attendants.append(attendant)
        try:
            yield
        finally:
            self._attendants.remove(attendant)

    def _seconds_until(self, hour: datetime | None) -> float:
        """Return the seconds until `hour`; without end when it is not ahead."""
        pause = math.inf if hour is None else (hour - self.now()).total_seconds()
        return pause if pause > 0 else math.inf


_current: Clock = SystemClock()


def current_clock() -> Clock:
    """Return the clock that this process waits on."""
    return _current


@contextmanager
def use_clock(clock: Clock) -> Iterator[None]:
    """Let the whole process wait on `clock` inside the block."""
    global _current  # noqa: PLW0603  one clock a process, as there is one moto a process
    previous, _current = _current, clock
    try:
        yield
    finally:
        _current = previous
