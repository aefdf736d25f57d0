"""The circuit breaker: its states, and what leads from one to the next."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hitl_sdk._clock import ManualClock, use_clock
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops import Breaker


@pytest.fixture
def clock():
    clock = ManualClock()
    with use_clock(clock):
        yield clock


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_so_many_failures_in_a_row_open_it(clock):
    breaker = Breaker(failures=3, pause=20)
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker, 1)
    assert (breaker.state, breaker.seconds_left) == ("open", 20)


def test_a_success_between_failures_keeps_it_closed(clock):
    breaker = Breaker(failures=3)
    for _ in range(5):
        fail(breaker, 2)
        breaker.succeeded()
    assert breaker.state == "closed"


def test_after_the_pause_one_trial_decides(clock):
    breaker = Breaker(failures=1, pause=20)
    fail(breaker, 1)
    clock.advance(19.9)
    assert breaker.state == "open"
    clock.advance(0.1)
    assert (breaker.state, breaker.seconds_left) == ("half-open", 0)
    breaker.succeeded()
    assert breaker.state == "closed"


def test_pauses_double_up_to_the_longest_until_it_is_given_up(clock):
    breaker, pauses = Breaker(failures=1, pause=20, longest_pause=70, trials=4), []
    while breaker.state != "ended":
        fail(breaker, 1)
        pauses.append(breaker.seconds_left)
        clock.advance(breaker.seconds_left)
    assert pauses == [20, 40, 70, 70, 70]


def test_after_a_success_it_is_as_new(clock):
    breaker = Breaker(failures=2, pause=20)
    fail(breaker, 2)
    clock.advance(20)
    fail(breaker, 1)
    clock.advance(40)
    breaker.succeeded()
    fail(breaker, 1)
    assert breaker.state == "closed"
    fail(breaker, 1)
    assert breaker.seconds_left == 20


def test_a_call_that_was_under_way_when_it_opened_neither_lengthens_the_pause_nor_is_a_trial(clock):
    breaker = Breaker(failures=1, pause=20, trials=1)
    fail(breaker, 5)
    assert (breaker.state, breaker.seconds_left) == ("open", 20)


def test_a_late_success_closes_it_before_the_pause_is_over(clock):
    breaker = Breaker(failures=1)
    fail(breaker, 1)
    breaker.succeeded()
    assert breaker.state == "closed"


def test_nothing_leads_back_from_the_end(clock):
    breaker = Breaker(failures=1, trials=1, pause=1)
    fail(breaker, 1)
    clock.advance(1)
    fail(breaker, 1)
    breaker.succeeded()
    clock.advance(10_000)
    assert repr(breaker) == "Breaker(ended)"


def test_a_thousand_trials_are_no_overflow(clock):
    breaker = Breaker(failures=1, trials=5_000)
    for _ in range(2_000):
        fail(breaker, 1)
        clock.advance(300)
    assert breaker.state == "half-open"


@pytest.mark.parametrize("name", ["failures", "pause", "longest_pause", "trials"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), "3", None])
def test_a_number_that_can_not_be_is_refused(name, value):
    with pytest.raises(InvalidInputError, match=name):
        Breaker(**{name: value})


class LifeCycle(RuleBasedStateMachine):
    """Whatever happens in whatever order, the states follow the table in the class's docstring."""

    def __init__(self):
        super().__init__()
        self.clock = ManualClock()
        self.breaker = Breaker(failures=3, pause=10, longest_pause=35, trials=3)
        self.in_a_row = self.trials = 0

    def teardown(self):
        assert self.trials <= 3

    def state(self):
        with use_clock(self.clock):
            return self.breaker.state, self.breaker.seconds_left

    @rule()
    def a_call_fails(self):
        before, left = self.state()
        with use_clock(self.clock):
            self.breaker.failed()
        after, now_left = self.state()
        if before == "closed":
            self.in_a_row += 1
            assert after == ("open" if self.in_a_row == 3 else "closed")
        elif before == "half-open":
            self.trials += 1
            assert after == ("ended" if self.trials == 3 else "open")
            assert now_left == pytest.approx(min(10 * 2**self.trials, 35))
        else:
            assert (after, now_left) == (before, left)

    @rule()
    def a_call_succeeds(self):
        before, _ = self.state()
        with use_clock(self.clock):
            self.breaker.succeeded()
        if before != "ended":
            self.in_a_row = self.trials = 0
            assert self.state() == ("closed", 0)

    @precondition(lambda self: self.state()[0] == "open")
    @rule(share=st.sampled_from([0, 0.25, 0.5, 1.5]))
    def time_passes(self, share):
        _, left = self.state()
        self.clock.advance(left * share)
        assert self.state()[0] == ("half-open" if share >= 1 else "open")

    @invariant()
    def there_is_a_pause_only_where_nothing_is_called(self):
        state, left = self.state()
        assert (left > 0) == (state == "open") or state == "ended"


TestLifeCycle = LifeCycle.TestCase
