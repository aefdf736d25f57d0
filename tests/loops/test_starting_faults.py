"""Starting when things go wrong for long: no room, no answer, expired credentials. Nothing is lost or doubled."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl_sdk import Session
from hitl_sdk.errors import (
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    QuotaExceededError,
    RejectedError,
    ThrottledError,
    Transient,
    UnavailableError,
)
from hitl_sdk.local.engine import Settings
from hitl_sdk.loops import Breaker, LoopState, TokenBucket, start_human_loops, start_stream
from hitl_sdk.loops._starter import LoopStarter

MANY = [f"text {number}" for number in range(25)]
DAY = 86_400
THROTTLED = ("ThrottlingException", 429)
BROKEN = ("InternalServerException", 500)
RUNTIME = "before-call.sagemaker-a2i-runtime"


def start(review, items, **options):
    requests = [review.request(item) for item in items]
    return start_human_loops(review.session, requests, **{"rate": None, **options})


def statuses(starts):
    return Counter(start.status for start in starts)


def room_for(review, monkeypatch, number):
    monkeypatch.setattr(review.cloud.engine, "_settings", Settings(loops_in_flight=number))


def people_answer(review):
    """Let people answer, each task after a minute or so, as time passes."""
    review.cloud.workers.add(3, truth=lambda _: "0", latency=60.0)


# -- no room


def test_a_full_flow_is_waited_for_until_people_have_answered(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    people_answer(review)
    waits = []
    assert statuses(start(review, MANY, on_wait=waits.append)) == {"started": 25}
    assert len(set(review.loops())) == 25
    assert {wait.reason for wait in waits} == {"no room"}
    assert waits[0].in_flight == 5
    assert isinstance(waits[0].error, QuotaExceededError)
    assert str(waits[0]) == "waiting for room: 5 human loops are in flight"


def test_room_is_looked_for_by_lists_at_growing_intervals_and_never_loop_by_loop(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    start(review, MANY[:5])
    review.calls.count.clear()
    hours = []
    start(review, MANY, quota_timeout=800, on_wait=lambda _: hours.append(review.cloud.clock.monotonic()))
    first, *pauses = [later - earlier for earlier, later in pairwise(hours)]
    assert (
        first == 0
    )  # 5 are few beside AWS's quota: only a second refusal tells that this flow takes no more
    assert pauses[:-1] == sorted(pauses[:-1])
    assert pauses[0] <= 10
    assert len(hours) < 12
    assert review.calls.count["DescribeHumanLoop"] == 0
    assert review.calls.count["ListHumanLoops"] <= len(hours) + 1


def test_after_the_deadline_the_rest_are_outcomes_that_say_how_long_was_waited(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    before = review.cloud.clock.monotonic()
    starts = start(review, MANY, quota_timeout=3600)
    assert statuses(starts) == {"started": 5, "failed": 20}
    errors = [start.error for start in starts if start.status == "failed"]
    assert all(isinstance(error, QuotaExceededError) and isinstance(error, Transient) for error in errors)
    assert all("waited 3600 s for room" in str(error) for error in errors)
    assert 3600 <= review.cloud.clock.monotonic() - before < 3700


def test_the_rest_is_started_when_it_is_run_again_later(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    start(review, MANY, quota_timeout=60)
    room_for(review, monkeypatch, 5_000)
    assert statuses(start(review, MANY)) == {"adopted": 5, "started": 20}


def test_the_deadline_counts_from_the_last_start_that_found_room(review, monkeypatch):
    room_for(review, monkeypatch, 1)
    people_answer(review)
    before = review.cloud.clock.monotonic()
    assert statuses(start(review, MANY, quota_timeout=400)) == {"started": 25}
    assert review.cloud.clock.monotonic() - before > 400


def test_with_no_time_to_wait_the_rest_are_outcomes_at_once(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    before = review.cloud.clock.monotonic()
    assert statuses(start(review, MANY, quota_timeout=0)) == {"started": 5, "failed": 20}
    assert review.cloud.clock.monotonic() == before
    assert review.calls.count["StartHumanLoop"] < 25


def test_what_exists_is_adopted_though_there_is_no_room(review, monkeypatch):
    start(review, MANY[:10])
    room_for(review, monkeypatch, 10)
    assert statuses(start(review, MANY, quota_timeout=0)) == {"adopted": 10, "failed": 15}


def test_a_refusal_though_there_is_room_is_tried_again_after_a_while(review):
    review.calls.fail("StartHumanLoop", ("ServiceQuotaExceededException", 402), when=lambda _, n: n == 3)
    before = review.cloud.clock.monotonic()
    assert statuses(start(review, MANY, concurrency=1)) == {"started": 25}
    assert review.cloud.clock.monotonic() - before < 1000


def test_a_list_that_fails_while_room_is_looked_for_is_looked_at_again(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    start(review, MANY[:5])
    people_answer(review)
    review.calls.fail("ListHumanLoops", BROKEN, when=lambda _, n: 2 <= n <= 4)
    waits = []
    assert statuses(start(review, MANY, on_wait=waits.append)) == {"adopted": 5, "started": 20}
    assert waits[0].in_flight is None
    assert str(waits[0]) == "waiting for room: as many human loops are in flight as may be"


def test_a_flow_that_is_gone_while_room_is_looked_for_ends_it(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    review.calls.fail("ListHumanLoops", ("ResourceNotFoundException", 404), when=lambda _, n: n > 1)
    with pytest.raises(NotFoundError, match="5 of 25 human loops had been started"):
        start(review, MANY)


def test_waiting_for_room_can_be_interrupted(review, monkeypatch):
    room_for(review, monkeypatch, 5)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start(review, MANY, on_wait=interrupt)
    assert len(review.loops()) == 5


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5", None])
def test_a_time_to_wait_that_can_not_be_is_refused_before_anything_is_started(review, seconds):
    with pytest.raises(InvalidInputError, match="quota_timeout"):
        start(review, MANY, quota_timeout=seconds)
    assert not review.calls.count


# -- no answer


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (THROTTLED, ThrottledError),
        (BROKEN, UnavailableError),
        (ReadTimeoutError(endpoint_url="https://x"), UnavailableError),
    ],
)
def test_when_every_start_fails_starting_is_paused_tried_and_given_up(review, fault, error):
    review.calls.fail("StartHumanLoop", fault)
    waits = []
    breaker = Breaker(failures=5, pause=10, trials=3)
    starts = start(review, MANY, concurrency=2, breaker=breaker, on_wait=waits.append)
    assert statuses(starts) == {"failed": 25}
    assert all(isinstance(start.error, error) for start in starts)
    assert {wait.reason for wait in waits} == {"no answer"}
    assert [wait.seconds for wait in waits] == pytest.approx([10, 20, 40])
    assert str(waits[0]).startswith("waiting 10 s, for no start succeeds: human loop 'sentiment-")
    assert breaker.state == "ended"
    # five in a row, those queued or under way by then, and three trials: the others were not even tried
    assert review.calls.count["StartHumanLoop"] <= 5 + 4 * 2 + 3
    not_tried = [
        start for start in starts if "not tried, for no start succeeded any more" in str(start.error)
    ]
    assert len(not_tried) >= 25 - review.calls.count["StartHumanLoop"]
    review.calls.heal()
    assert statuses(start(review, MANY)) == {"started": 25}


def test_when_the_service_answers_again_all_are_started_and_none_has_failed(review):
    until = review.cloud.clock.monotonic() + 100
    review.calls.fail("StartHumanLoop", BROKEN, when=lambda *_: review.cloud.clock.monotonic() < until)
    starts = start(review, MANY, breaker=Breaker(failures=5, pause=60))
    assert statuses(starts) == {"started": 25}
    assert len(review.loops()) == 25


def test_what_a_trial_is_made_with_has_another_chance(review):
    until = review.cloud.clock.monotonic() + 100
    review.calls.fail("StartHumanLoop", BROKEN, when=lambda *_: review.cloud.clock.monotonic() < until)
    breaker = Breaker(failures=3, pause=10)
    assert statuses(start(review, MANY[:3], breaker=breaker)) == {"started": 3}


def test_an_outage_in_which_the_service_did_the_work_doubles_nothing(review):
    until = review.cloud.clock.monotonic() + 100

    def lose(**_):
        if review.cloud.clock.monotonic() < until:
            raise ReadTimeoutError(endpoint_url="https://x")

    review.session.client("sagemaker-a2i-runtime").meta.events.register(
        "after-call.sagemaker-a2i-runtime.StartHumanLoop", lose
    )
    review.calls.fail("DescribeHumanLoop", BROKEN, when=lambda *_: review.cloud.clock.monotonic() < until)
    starts = start(review, MANY, breaker=Breaker(failures=5, pause=60))
    assert set(statuses(starts)) <= {"started", "adopted"}
    assert sorted(review.loops()) == sorted(start.human_loop_name for start in starts)


def test_one_item_that_always_fails_is_its_own_outcome_and_opens_nothing(review):
    bad = review.request("text 7").human_loop_name
    review.calls.fail("StartHumanLoop", BROKEN, when=lambda params, _: params["HumanLoopName"] == bad)
    waits = []
    assert statuses(start(review, MANY, on_wait=waits.append)) == {"started": 24, "failed": 1}
    assert waits == []


def test_items_that_fail_by_themselves_stop_none_of_the_others(review):
    bad = {review.request(item).human_loop_name for item in MANY[:12]}
    review.calls.fail("StartHumanLoop", BROKEN, when=lambda params, _: params["HumanLoopName"] in bad)
    starts = start(review, MANY, breaker=Breaker(failures=4))
    assert {start.human_loop_name for start in starts if start.status == "failed"} == bad
    assert statuses(starts) == {"started": 13, "failed": 12}


def test_refusals_of_items_are_answers_and_open_nothing(review):
    review.calls.fail("StartHumanLoop", ("ValidationException", 400))
    waits = []
    starts = start(review, MANY, breaker=Breaker(failures=3), on_wait=waits.append)
    assert all(isinstance(start.error, RejectedError) for start in starts)
    assert waits == []
    assert review.calls.count["StartHumanLoop"] == 25


def test_fewer_failures_than_open_it_are_outcomes_at_the_end(review):
    review.calls.fail("StartHumanLoop", THROTTLED)
    assert statuses(start(review, MANY[:3], breaker=Breaker(failures=4))) == {"failed": 3}


def test_what_exists_is_adopted_though_no_start_succeeds(review):
    start(review, MANY[:10])
    review.calls.fail("StartHumanLoop", BROKEN)
    starts = start(review, MANY, breaker=Breaker(failures=3, trials=1))
    assert statuses(starts) == {"adopted": 10, "failed": 15}


def test_a_flow_that_fills_up_in_an_outage_is_waited_for_after_it(review, monkeypatch):
    room_for(review, monkeypatch, 5)
    people_answer(review)
    review.calls.fail("StartHumanLoop", BROKEN, when=lambda _, n: 4 <= n <= 12)
    waits = []
    starts = start(
        review, MANY, concurrency=1, breaker=Breaker(failures=3, pause=1, trials=20), on_wait=waits.append
    )
    assert statuses(starts) == {"started": 25}
    assert {wait.reason for wait in waits} == {"no room", "no answer"}


# -- expired credentials


def test_expired_credentials_stop_at_once_and_every_outcome_is_told_before(review):
    review.calls.fail("StartHumanLoop", ("ExpiredTokenException", 403), when=lambda _, n: n > 10)
    seen = []
    with pytest.raises(CredentialsError):
        seen.extend(start_stream(review.session, map(review.request, MANY), rate=None, concurrency=4))
    assert sorted(start.human_loop_name for start in seen) == sorted(review.loops())
    assert len(seen) == 10
    assert review.calls.count["StartHumanLoop"] <= 10 + 4
    review.calls.heal()
    assert statuses(start(review, MANY)) == {"adopted": 10, "started": 15}


def test_failures_before_the_credentials_expired_are_told_too(review):
    review.calls.fail("StartHumanLoop", ("ExpiredTokenException", 403), when=lambda _, n: n == 4)
    review.calls.fail("StartHumanLoop", THROTTLED)
    seen = []
    with pytest.raises(CredentialsError):
        seen.extend(start_stream(review.session, map(review.request, MANY), rate=None, concurrency=1))
    assert [type(start.error) for start in seen] == [ThrottledError] * 3


def test_credentials_that_can_be_refreshed_are_and_nothing_stops(review):
    refreshed = []

    def refresh():
        refreshed.append(f"key-{len(refreshed)}")
        soon = datetime.now(UTC) + timedelta(seconds=60)  # so soon that botocore renews them before each call
        return {"access_key": refreshed[-1], "secret_key": "s", "token": "t", "expiry_time": soon.isoformat()}

    core = botocore.session.Session()
    core._credentials = RefreshableCredentials.create_from_metadata(
        refresh(), refresh_using=refresh, method="test"
    )
    session = Session(boto3_session=boto3.Session(botocore_session=core), region_name="us-east-1")
    requests = [review.request(item) for item in MANY]
    assert statuses(start_human_loops(session, requests, rate=None)) == {"started": 25}
    assert len(refreshed) > 1


# -- the stream


def test_requests_are_read_as_outcomes_are_taken(review):
    read = []

    def requests():
        for number in range(5_000):
            read.append(number)
            yield review.request(f"text {number}")

    stream = start_stream(review.session, requests(), rate=None, concurrency=2)
    assert read == []
    for _ in range(3):
        next(stream)
    assert len(read) <= 1_000
    stream.close()
    assert len(review.loops()) < 100


def test_what_the_asker_knows_is_not_looked_up(review):
    review.start("text 0")
    requests = [
        replace(request, state=LoopState(request.human_loop_name, "Missing"))
        for request in map(review.request, MANY)
    ]
    review.calls.count.clear()
    assert statuses(start_stream(review.session, requests, rate=None)) == {"started": 25}
    assert review.calls.count == {"StartHumanLoop": 25}
    assert len(review.loops()) == 25


def test_closing_the_stream_begins_no_further_call(review):
    stream = start_stream(review.session, map(review.request, MANY), rate=None, concurrency=1)
    next(stream)
    stream.close()
    calls = review.calls.count["StartHumanLoop"]
    assert calls < 25
    assert threading.active_count() == 1 or review.calls.count["StartHumanLoop"] == calls


def test_an_error_of_the_requests_ends_the_stream_and_what_was_started_is_told(review):
    def requests():
        yield from map(review.request, MANY)
        raise RuntimeError("the claims are gone")

    seen = []
    with pytest.raises(RuntimeError, match="the claims are gone"):
        seen.extend(start_stream(review.session, requests(), rate=None))
    assert sorted(start.human_loop_name for start in seen) == sorted(review.loops())


def test_a_breaker_that_has_given_up_before_lets_nothing_through(review):
    breaker = Breaker(failures=1, pause=1, trials=1)
    breaker.failed()
    review.cloud.clock.advance(1)
    breaker.failed()
    starts = start(review, MANY, breaker=breaker)
    assert statuses(starts) == {"failed": 25}
    assert isinstance(starts[0].error, UnavailableError)
    assert review.calls.count["StartHumanLoop"] == 0


def test_a_pace_of_ones_own_is_asked_before_every_start(review):
    taken = []

    class Pace:
        def take(self):
            taken.append(1)

    start(review, MANY[:10])
    start(review, MANY, rate=Pace())
    assert len(taken) == 15


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_fails_whenever_each_request_has_one_outcome_and_no_loop_is_doubled(review, data):
    number = len(review.loops())
    items = [f"run {number} text {n}" for n in range(data.draw(st.integers(1, 40)))]
    faults = data.draw(
        st.lists(
            st.sampled_from([None, None, None, THROTTLED, BROKEN, ("ConflictException", 409)]), max_size=120
        )
    )
    first_call = review.calls.count["StartHumanLoop"]

    def fault(_, n):
        which = n - first_call - 1
        return which < len(faults) and faults[which]

    for kind in (THROTTLED, BROKEN, ("ConflictException", 409)):
        review.calls.fail("StartHumanLoop", kind, when=lambda p, n, kind=kind: fault(p, n) == kind)
    options = {
        "concurrency": data.draw(st.integers(1, 4)),
        "breaker": Breaker(failures=data.draw(st.integers(1, 6)), trials=data.draw(st.integers(1, 3))),
    }
    first = start(review, items, **options)
    review.calls.heal()
    second = start(review, items)
    assert len(first) == len(second) == len(items)
    lost = {start.human_loop_name for start in first if start.status == "failed"}
    assert {start.human_loop_name for start in second if start.status == "started"} == lost
    loops = review.loops()
    assert len(loops) == len(set(loops)) == number + len(items)


def test_a_bucket_is_shared_by_streams(review):
    bucket = TokenBucket(10)
    before = review.cloud.clock.monotonic()
    start(review, MANY[:15], rate=bucket, concurrency=1)
    start(review, [f"other {item}" for item in MANY[:15]], rate=bucket, concurrency=1)
    assert review.cloud.clock.monotonic() - before == pytest.approx(2.0, abs=0.1)


# -- interrupted


class Slow:
    """A rate whose next turn is far away."""

    def __init__(self):
        self.taken, self.begun, self.over = 0, threading.Event(), threading.Event()

    def take(self):
        self.taken += 1
        self.begun.set()
        assert self.over.wait(30)


def test_when_starting_is_put_on_hold_one_thread_at_most_waits_for_its_turn(review):
    """So a slow rate keeps nobody who interrupts a start."""
    rate, held = Slow(), threading.Event()
    runtime = review.session.client("sagemaker-a2i-runtime")
    starter = LoopStarter(runtime, rate, restart_failed=False, held=held.is_set)
    requests = [review.request(item) for item in MANY]
    with ThreadPoolExecutor(4) as pool:
        coming = [
            pool.submit(starter.outcome, request, LoopState(request.human_loop_name, "Missing"))
            for request in requests
        ]
        assert rate.begun.wait(30)
        held.set()
        rate.over.set()
    assert [each.result() for each in coming] == [None] * len(MANY)
    assert (rate.taken, review.loops()) == (1, [])
