"""One rate for many machines: however many take, together they never get more than the rate brings."""

import math
import threading
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk._clock import current_clock, use_clock
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError
from hitl_sdk.loops import SharedRate, ensure_table
from hitl_sdk.testing import mock_hitl

TABLE = "hitl-runs"


class World:
    """A table, a session, and what the table was told when: it does one thing after the other, as DynamoDB does a row."""

    def __init__(self, cloud, delay=lambda: 0.0):
        self.session, self.clock, self.leases = cloud.session(), cloud.clock, []
        ensure_table(self.session, TABLE)
        self._delay = delay
        self._lock = threading.Lock()
        events = self.session.client("dynamodb").meta.events
        events.register("provide-client-params", self._begin)
        events.register("after-call", self._end)

    def _begin(self, params, **_):
        self._lock.acquire()
        self._params = params
        self.clock.advance(self._delay())

    def _end(self, model, http_response, **_):
        is_lease = ":after" in self._params.get("ExpressionAttributeValues", {})
        if is_lease and http_response.status_code == 200:
            values = self._params["ExpressionAttributeValues"]
            count = int(values[":after"]["N"]) - int(values[":before"]["N"])
            self.leases.append((self.clock.monotonic(), count))
        self.clock.advance(self._delay())
        self._lock.release()

    def take_at_once(self, count):
        """Take tokens as another machine does, that is faster."""
        self.session.client("dynamodb").update_item(
            TableName=TABLE,
            Key={"pk": {"S": "rate#starts"}, "sk": {"S": "bucket"}},
            UpdateExpression="ADD taken :count",
            ExpressionAttributeValues={":count": {"N": str(count)}},
        )

    def excess(self, rate, burst):
        """Return by how much more was leased, in any stretch of time, than the rate brings in it and the burst."""
        most, lowest, taken = -math.inf, math.inf, 0
        for moment, count in self.leases:
            lowest = min(lowest, taken - rate * moment)
            taken += count
            most = max(most, taken - rate * moment - lowest)
        return most - burst


@pytest.fixture(scope="module")
def the_cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def cloud(the_cloud):
    the_cloud.session().client("dynamodb").delete_table(TableName=TABLE) if TABLE in tables(
        the_cloud
    ) else None
    return the_cloud


def tables(cloud):
    return cloud.session().client("dynamodb").list_tables()["TableNames"]


@pytest.fixture
def world(cloud):
    return World(cloud)


@pytest.fixture
def session(world):
    return world.session


def seconds_to_take(rate, count):
    start = current_clock().monotonic()
    for _ in range(count):
        rate.take()
    return current_clock().monotonic() - start


@pytest.mark.parametrize(("rate", "count"), [(50, 500), (10, 30), (0.5, 4), (400, 4000)])
def test_one_taker_gets_the_rate(session, rate, count):
    taken = seconds_to_take(SharedRate(session, TABLE, rate=rate), count)
    assert taken >= count / rate - 1e-6
    assert taken <= count / rate * 1.02 + 0.5


def test_tokens_are_leased_some_at_a_time(session, watched):
    calls = watched(session, ("dynamodb",))
    seconds_to_take(SharedRate(session, TABLE, rate=50), 1000)
    assert calls.count["UpdateItem"] < 80
    assert calls.count["GetItem"] == 1


def test_who_uses_few_throws_away_few(session):
    for _ in range(20):
        seconds_to_take(SharedRate(session, TABLE, rate=50), 10)
    client = session.client("dynamodb")
    taken = int(client.scan(TableName=TABLE)["Items"][0]["taken"]["N"])
    assert 200 <= taken <= 240


def test_who_is_slow_takes_no_more_than_it_uses(session, cloud):
    rate = SharedRate(session, TABLE, rate=50)
    for _ in range(300):
        rate.take()
        cloud.advance(0.2)
    taken = int(session.client("dynamodb").scan(TableName=TABLE)["Items"][0]["taken"]["N"])
    assert 300 <= taken <= 310


class Crowded:
    """The clock of a machine beside others that take all that the rate brings, twice a second."""

    def __init__(self, world):
        self._world, self._true, self.pauses = world, current_clock(), 0
        self._next = self.monotonic()

    def monotonic(self):
        return self._true.monotonic()

    def sleep(self, seconds):
        end = self._true.monotonic() + seconds
        while self._next <= end:
            self._true.advance(max(0.0, self._next - self._true.monotonic()))
            self._next += 0.5
            self._world.take_at_once(25)
        self._true.advance(max(0.0, end - self._true.monotonic()))
        self.pauses += 1
        assert self.pauses < 40, "it gets nothing"


def test_who_wants_many_is_not_shut_out_by_others_who_want_few(world):
    many = SharedRate(world.session, TABLE, rate=50)
    seconds_to_take(many, 200)
    with use_clock(Crowded(world)):
        assert seconds_to_take(many, 30) <= 20


def test_after_a_pause_no_more_than_the_burst_comes_at_once(session, cloud):
    rate = SharedRate(session, TABLE, rate=50, burst=10)
    seconds_to_take(rate, 200)
    cloud.advance(3600)
    start = current_clock().monotonic()
    assert seconds_to_take(rate, 10) == 0.0
    assert start == current_clock().monotonic()
    assert seconds_to_take(rate, 40) >= 38 / 50


def test_leased_tokens_do_not_last(session, cloud):
    rate = SharedRate(session, TABLE, rate=50, burst=1)
    seconds_to_take(rate, 100)
    held = rate._tokens
    cloud.advance(10)
    assert seconds_to_take(rate, 50) >= 49 / 50 - 1e-6
    assert held >= 0


@pytest.mark.parametrize("takers", [2, 16])
def test_machines_share_the_rate(world, takers):
    """Each with a bucket of its own, and many threads."""
    start = current_clock().monotonic()
    rates = [SharedRate(world.session, TABLE, rate=50) for _ in range(takers)]
    in_threads(lambda number: rates[number % takers].take(), range(600), concurrency=16)
    assert sum(count for _, count in world.leases) >= 600
    assert world.excess(rate=50, burst=50) <= 1e-6
    assert current_clock().monotonic() - start >= 600 / 50 - 1


class Machine:
    """A machine with a clock of its own, that says another hour than all others."""

    def __init__(self, offset):
        self._true, self._offset = current_clock(), offset

    def now(self):
        return self._true.now()

    def monotonic(self):
        return self._true.monotonic() + self._offset

    def sleep(self, seconds):
        self._true.sleep(seconds)


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.5, 7, 50]), burst=st.sampled_from([1, 5, 60]))
def test_whoever_takes_when_by_whatever_clock_and_network_it_is_never_too_much(the_cloud, seed, rate, burst):
    drawn, true = Random(seed), current_clock()
    world = World(the_cloud, delay=lambda: drawn.choice([0, 0.01, 0.3]))
    rates = [
        SharedRate(world.session, TABLE, rate=rate, burst=burst, name=f"{seed} {rate} {burst}")
        for _ in range(4)
    ]
    machines = [(each, Machine(drawn.uniform(0, 1e6))) for each in rates]
    for _ in range(40):
        each, clock = drawn.choice(machines)
        with use_clock(clock):
            each.take()
        if drawn.random() < 0.1:
            true.advance(drawn.choice([0.1, 1, 100]))
    assert len(world.leases) > 10
    assert world.excess(rate, max(1, burst)) <= 1e-6


def test_rows_of_other_names_know_nothing_of_each_other(session):
    starts, others = (SharedRate(session, TABLE, rate=10, name=name) for name in ("starts", "others"))
    seconds_to_take(starts, 50)
    assert seconds_to_take(others, 10) <= 1.2


def test_who_comes_second_looks_again_and_waits(session, cloud):
    first, second = (SharedRate(session, TABLE, rate=10) for _ in range(2))
    seconds_to_take(first, 5)
    seconds_to_take(second, 1)
    start = current_clock().monotonic()
    for _ in range(10):
        first.take()
        second.take()
    assert current_clock().monotonic() - start >= 20 / 10 - 0.3


def test_a_missing_table_says_how_to_make_it(session):
    with pytest.raises(NotFoundError, match=r"no DynamoDB table 'nope' .*ensure_table"):
        SharedRate(session, "nope", rate=10).check()


def test_a_refusal_passes_through(session, watched):
    watched(session, ("dynamodb",)).fail("UpdateItem", ("AccessDeniedException", 400))
    with pytest.raises(AccessDeniedError):
        SharedRate(session, TABLE, rate=10).take()


@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf"), "50", None])
def test_a_rate_or_burst_that_is_none_is_refused(session, given):
    with pytest.raises(InvalidInputError, match="rate="):
        SharedRate(session, TABLE, rate=given)
    if given is not None:
        with pytest.raises(InvalidInputError, match="burst="):
            SharedRate(session, TABLE, rate=5, burst=given)
