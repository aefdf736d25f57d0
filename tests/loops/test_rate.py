"""The token bucket, and calls in threads."""

import threading
from random import Random

import pytest

from hitl_sdk._clock import ManualClock, use_clock
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops import TokenBucket


@pytest.fixture
def clock():
    clock = ManualClock()
    with use_clock(clock):
        yield clock


@pytest.mark.parametrize(
    ("rate", "taken", "seconds"), [(10, 10, 0.0), (10, 30, 2.0), (0.5, 3, 4.0), (None, 1000, 0.0)]
)
def test_a_bucket_gives_a_seconds_worth_at_once_and_then_its_rate(clock, rate, taken, seconds):
    bucket = TokenBucket(rate)
    for _ in range(taken):
        bucket.take()
    assert clock.monotonic() == pytest.approx(seconds)


def test_a_bucket_fills_while_nobody_takes(clock):
    bucket = TokenBucket(10)
    for _ in range(10):
        bucket.take()
    clock.advance(3600)
    start = clock.monotonic()
    for _ in range(20):
        bucket.take()
    assert clock.monotonic() - start == pytest.approx(1.0)


def test_threads_share_the_rate(clock):
    bucket = TokenBucket(100)
    in_threads(lambda _: bucket.take(), range(500), concurrency=16)
    assert clock.monotonic() >= 4.0 - 1e-6


class LateClock(ManualClock):
    """A machine under load: every sleep is longer than was asked for, by up to 0.2 s."""

    def __init__(self):
        super().__init__()
        self._random = Random(0)

    def sleep(self, seconds):
        super().sleep(seconds + self._random.uniform(0, 0.2))


@pytest.mark.parametrize("rate", [20, 50, 333.3])
def test_sleeps_that_are_too_long_lose_nothing_of_the_rate(rate):
    late, bucket, taken = LateClock(), TokenBucket(rate), round(60 * rate)
    with use_clock(late):
        for _ in range(taken):
            bucket.take()
    assert taken / late.monotonic() == pytest.approx(rate, rel=0.05)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), "50"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InvalidInputError, match="calls a second"):
        TokenBucket(rate)


def test_results_come_in_the_order_of_the_work_whoever_is_first():
    second_is_done = threading.Event()

    def call(number):
        if number == 0:
            second_is_done.wait(10)
        else:
            second_is_done.set()
        return number

    seen = []
    assert in_threads(call, [0, 1], concurrency=2, on_result=seen.append) == [0, 1]
    assert sorted(seen) == [0, 1]


def test_after_an_error_nothing_new_is_begun_and_what_was_done_is_reported():
    begun, seen = [], []

    def call(number):
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        in_threads(call, range(10_000), concurrency=2, on_result=seen.append)
    assert len(begun) < 10_000
    assert sorted([*seen, 3]) == sorted(begun)


def test_an_error_of_the_caller_ends_it_too():
    begun, never = [], threading.Event()

    def call(number):
        begun.append(number)
        if number:
            never.wait(0.05)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(call, range(100), concurrency=1, on_result=interrupt)
    assert begun in ([0], [0, 1])


def test_no_threads_at_all_are_refused():
    for concurrency in (0, 1.5, float("nan"), "2", None):
        with pytest.raises(InvalidInputError, match=f"concurrency={concurrency}"):
            in_threads(print, [1], concurrency=concurrency)
