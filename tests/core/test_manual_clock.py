"""A manual clock stops where somebody has something to do."""

from datetime import timedelta

import pytest

from hitl_sdk._clock import ManualClock


class Appointments:
    """Notes the hours at which it was called while one of its own was due."""

    def __init__(self, clock, *seconds):
        self._clock = clock
        self._due = [clock.now() + timedelta(seconds=second) for second in seconds]
        self.kept = []

    def __call__(self):
        while self._due and self._due[0] <= self._clock.now():
            self.kept.append(self._due.pop(0) == self._clock.now())
        return self._due[0] if self._due else None


def test_every_appointment_is_kept_to_the_microsecond():
    clock = ManualClock()
    appointments = Appointments(clock, 0.1, 0.3, 36.2, 3599.999999)
    with clock.attended(appointments):
        clock.advance(3600)
        clock.advance(1)
    assert appointments.kept == [True] * 4
    assert clock.monotonic() == pytest.approx(3601)


def test_two_attendants_are_both_served():
    clock = ManualClock()
    first, second = Appointments(clock, 1, 5), Appointments(clock, 3)
    with clock.attended(first), clock.attended(second):
        clock.sleep(10)
    assert (first.kept, second.kept) == ([True, True], [True])


def test_an_attendant_that_never_gets_done_does_not_stop_time():
    clock = ManualClock()
    overdue = clock.now()
    with clock.attended(lambda: overdue):
        clock.advance(10)
    assert clock.monotonic() == 10


def test_after_the_block_nobody_attends():
    clock = ManualClock()
    appointments = Appointments(clock, 1)
    with clock.attended(appointments):
        pass
    clock.advance(10)
    assert appointments.kept == []


def test_what_an_attendant_raises_reaches_whoever_moves_time():
    clock = ManualClock()
    with clock.attended(lambda: 1 / 0), pytest.raises(ZeroDivisionError):
        clock.sleep(1)
