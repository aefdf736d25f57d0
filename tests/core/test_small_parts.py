"""Clock, waiter, ARNs, dated tables and optional dependencies."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import errors
from hitl_sdk._clock import ManualClock, SystemClock, current_clock, use_clock
from hitl_sdk._data import human_review_regions
from hitl_sdk._optional import load
from hitl_sdk._waiting import wait_until
from hitl_sdk.arns import parse_arn

TEAM = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew"


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    clock.sleep(90)
    assert (clock.now().minute, clock.monotonic()) == (1, 90)


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)


def test_the_system_clock_is_in_force_unless_another_is_used():
    assert isinstance(current_clock(), SystemClock)
    clock = ManualClock()
    with use_clock(clock):
        assert current_clock() is clock
    assert isinstance(current_clock(), SystemClock)


def test_the_system_clock_is_aware_and_moves():
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before


def test_a_wait_without_pauses_has_none_however_often_it_looks():
    clock, looks = ManualClock(), iter(range(2000))
    with use_clock(clock):
        wait_until(lambda: next(looks), lambda look: look == 1500, timeout=60, what="it", first_pause=0.0)
    assert clock.monotonic() == 0.0


def test_waiting_ends_with_the_state_that_was_awaited_and_shows_every_state():
    states = iter(["Initializing", "Initializing", "Active"])
    seen = []
    with use_clock(ManualClock()):
        end = wait_until(
            lambda: next(states), lambda s: s == "Active", timeout=60, what="it", on_progress=seen.append
        )
    assert end == "Active"
    assert seen == ["Initializing", "Initializing", "Active"]


@given(timeout=st.floats(0.1, 5000))
def test_waiting_never_outlasts_its_deadline_and_looks_once_more_at_it(timeout):
    clock = ManualClock()
    looked_at = []
    with use_clock(clock), pytest.raises(errors.WaitTimeoutError, match="last seen: False"):
        wait_until(lambda: bool(looked_at.append(clock.monotonic())), bool, timeout=timeout, what="it")
    assert clock.monotonic() == pytest.approx(timeout)
    assert looked_at[-1] == pytest.approx(timeout)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), None, "60"])
def test_a_timeout_must_be_a_time(timeout):
    with pytest.raises(errors.InvalidInputError, match="timeout"):
        wait_until(lambda: 1, bool, timeout=timeout, what="it")


def test_an_arn_is_taken_apart():
    arn = parse_arn(TEAM, "workteam", region="eu-west-1", account="123456789012")
    assert (arn.kind, arn.region, arn.account, arn.name) == ("workteam", "eu-west-1", "123456789012", "crew")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("crew", "workteam", "not an ARN"),
        ("crew", None, "not an ARN"),
        (
            "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/f",
            "workteam",
            "flow-definition, not of a workteam",
        ),
        ("arn:aws:iam::123456789012:role/r", "flow-definition", "role, not of a flow-definition"),
        ("arn:aws:sns:eu-west-1:123456789012:topic", "role", "sns-topic, not of a role"),
        ("arn:aws:s3:::123456789012:bucket", "sns-topic", "not an ARN"),
        ("arn:aws:lambda:eu-west-1:123456789012:function/x", "role", "lambda function, not of a role"),
    ],
)
def test_an_arn_of_another_kind_is_refused(text, kind, message):
    with pytest.raises(errors.InvalidArnError, match=message):
        parse_arn(text, kind)


def test_an_arn_of_another_region_is_refused():
    with pytest.raises(errors.InvalidArnError, match="lies in Region eu-west-1, the session is in us-east-1"):
        parse_arn(TEAM, region="us-east-1")


def test_a_role_has_no_region_to_be_wrong():
    assert parse_arn("arn:aws:iam::123456789012:role/service-role/r", "role", region="eu-west-1").name == "r"


def test_the_twelve_regions_are_sorted_and_dated():
    regions = human_review_regions()
    assert len(regions) == 12
    assert list(regions) == sorted(regions)


def test_a_missing_extra_says_what_to_install():
    with pytest.raises(errors.MissingExtraError) as caught:
        load("no_such_module", extra="polars", needed_for="to_polars()")
    assert str(caught.value) == (
        'to_polars() needs no_such_module, which is not installed (pip install "hitl-sdk[polars]")'
    )


def test_a_module_that_is_there_but_broken_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("import nothing_of_the_kind")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nothing_of_the_kind") as caught:
        load("broken_module", extra="x", needed_for="it")
    assert not isinstance(caught.value, errors.MissingExtraError)
