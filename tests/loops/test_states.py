"""Reading the states of loops, and stopping them."""

from datetime import timedelta

import pytest

from hitl_sdk.errors import CredentialsError, NotFoundError, ThrottledError, UnavailableError
from hitl_sdk.loops import list_loops, read_states, start_human_loops, stop_human_loops


@pytest.fixture
def many(review):
    """Return the names of 250 loops: three pages."""
    requests = [review.request(f"text {number}") for number in range(250)]
    started = start_human_loops(review.session, requests, rate=None)
    review.calls.count.clear()
    return [start.human_loop_name for start in started]


def test_the_list_is_complete_over_all_pages(review, many):
    assert sorted(loop.human_loop_name for loop in list_loops(review.session, review.arn)) == sorted(many)
    assert review.calls.count["ListHumanLoops"] == 3


def test_many_loops_cost_a_list_and_not_a_call_each(review, many):
    states = read_states(review.session, review.arn, many)
    assert {name: state.status for name, state in states.items()} == dict.fromkeys(many, "InProgress")
    assert review.calls.count == {"ListHumanLoops": 3}


def test_few_loops_cost_no_more_than_the_pages_that_they_are_on(review, many):
    newest_first = [loop.human_loop_name for loop in list_loops(review.session, review.arn)]
    review.calls.count.clear()

    read_states(review.session, review.arn, newest_first[97:100])
    read_states(review.session, review.arn, newest_first[100:101])

    assert review.calls.count == {"ListHumanLoops": 1 + 2}


def test_a_loop_that_the_list_does_not_have_is_missing(review, many):
    names = [*many[:30], "not-there"]
    states = read_states(review.session, review.arn, names)
    assert [name for name, state in states.items() if state.status == "Missing"] == ["not-there"]
    assert review.calls.count == {"ListHumanLoops": 3}


def test_no_name_costs_no_call(review):
    assert read_states(review.session, review.arn, []) == {}
    assert review.calls.count == {}


def test_only_loops_of_a_time_are_listed_when_it_is_told(review):
    names = []
    for number in range(3):
        names.append(review.start(f"text {number}"))
        review.cloud.advance(60)
    second = next(loop for loop in list_loops(review.session, review.arn) if loop.human_loop_name == names[1])
    early, late = (second.created_at + timedelta(seconds=seconds) for seconds in (-30, 30))

    of_then = list_loops(review.session, review.arn, created_after=early, created_before=late)

    assert [loop.human_loop_name for loop in of_then] == [names[1]]
    assert (
        read_states(review.session, review.arn, names[:1], created_after=early)[names[0]].status == "Missing"
    )


def test_a_token_given_twice_ends_the_listing(review, many):
    def again(parsed, **_):
        parsed["NextToken"] = "the same"

    def drop(params, **_):
        params.pop("NextToken", None)

    events = review.session.client("sagemaker-a2i-runtime").meta.events
    events.register("provide-client-params.sagemaker-a2i-runtime.ListHumanLoops", drop)
    events.register("after-call.sagemaker-a2i-runtime.ListHumanLoops", again)
    with pytest.raises(UnavailableError, match="same page token twice"):
        list(list_loops(review.session, review.arn))


def test_the_loops_of_an_unknown_flow_can_not_be_listed(review):
    with pytest.raises(NotFoundError):
        list(list_loops(review.session, f"{review.arn}-2"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [(("ThrottlingException", 429), ThrottledError), (("ExpiredTokenException", 403), CredentialsError)],
)
def test_a_state_that_can_not_be_read_is_a_typed_error(review, many, fault, error):
    review.calls.fail("ListHumanLoops", fault)
    with pytest.raises(error):
        read_states(review.session, review.arn, many[:2])


def test_stopping_stops_what_is_in_progress_and_counts_the_rest(review):
    names = [review.start(f"text {number}") for number in range(3)]
    bad = names[1]
    review.calls.fail(
        "StopHumanLoop", ("ThrottlingException", 429), when=lambda p, _: p["HumanLoopName"] == bad
    )
    result = stop_human_loops(review.session, [*names, "not-there"], rate=None)
    assert (result.stopping, result.ended, list(result.errors)) == (2, 1, [bad])
    assert isinstance(result.errors[bad], ThrottledError)
    review.cloud.advance(3600)
    assert [review.status(name) for name in names] == ["Stopped", "InProgress", "Stopped"]


def test_an_expired_session_ends_the_stopping(review):
    review.calls.fail("StopHumanLoop", ("ExpiredTokenException", 403))
    with pytest.raises(CredentialsError):
        stop_human_loops(review.session, [review.start("x")])
