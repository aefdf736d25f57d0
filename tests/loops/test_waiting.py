"""Waiting for loops: by events, by the list where they fail, and never by a call for each loop."""

import json
import logging

import boto3
import pytest

from hitl_sdk import EventQueue
from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, WaitTimeoutError
from hitl_sdk.loops import start_human_loops, wait_for_loops

HOUR = 3600.0


@pytest.fixture
def queue(review):
    """The flow's queue, made before the loops; its calls are counted."""
    resource = EventQueue(name="reviews", flow_definition_arn=review.arn)
    resource.ensure(review.session)
    return resource


@pytest.fixture
def sqs(review, watched):
    return watched(review.session, ("sqs",))


def start(review, number):
    requests = [review.request(f"text {each}") for each in range(number)]
    started = start_human_loops(review.session, requests, rate=None)
    review.calls.count.clear()
    return [each.human_loop_name for each in started]


def answer(review, latency=60.0):
    review.cloud.workers.add(3, truth=lambda item: "0", latency=latency)


def wait(review, names, queue=None, timeout=HOUR, **options):
    return wait_for_loops(
        review.session, review.arn, names, timeout=timeout, events=queue and queue.address, **options
    )


def statuses(states):
    return {state.status for state in states.values()}


def test_many_loops_are_waited_for_without_asking_about_any(review, queue, sqs):
    answer(review, latency=lambda rng: rng.uniform(1, 900))
    names = start(review, 300)

    states = wait(review, names, queue)

    assert (len(states), statuses(states)) == (300, {"Completed"})
    assert review.calls.count["DescribeHumanLoop"] == 0
    # three pages when the wait begins, and what is still open every five minutes
    assert review.calls.count["ListHumanLoops"] <= 12
    assert sqs.count["DeleteMessageBatch"] <= sqs.count["ReceiveMessage"] < 300


def test_without_a_queue_the_list_tells_and_no_loop_is_asked_about(review):
    answer(review, latency=600)
    names = start(review, 250)

    assert statuses(wait(review, names)) == {"Completed"}
    assert set(review.calls.count) == {"ListHumanLoops"}


def test_once_it_is_known_when_loops_were_started_only_that_time_is_listed(review):
    old = start(review, 2)
    review.cloud.advance(HOUR)
    for number in range(300):
        review.start(f"late {number}")
    review.cloud.workers.add(1, truth=lambda item: "0", latency=HOUR / 4)
    review.calls.count.clear()
    looks = []

    wait(review, old, on_states=looks.append)

    assert review.calls.count["ListHumanLoops"] == 4 + len(looks) - 1


def test_the_list_is_read_no_further_back_than_the_loops_are_old(review):
    start(review, 300)
    review.cloud.advance(HOUR)
    since = review.cloud.clock.now()
    name = review.start("late")
    answer(review)
    review.calls.count.clear()

    wait(review, [name, "not-there"], created_after=since)

    assert review.calls.count["ListHumanLoops"] <= 12  # a page each, though one of the two is never found


def test_states_are_told_before_their_messages_are_deleted(review, queue, sqs):
    answer(review)
    names = start(review, 3)
    told = []

    def keep(states):
        if any(state.ended for state in states.values()):
            told.append((len(states), sqs.count["DeleteMessageBatch"]))

    wait(review, names, queue, on_states=keep)

    assert told == [(3, 0)]
    assert sqs.count["DeleteMessageBatch"] == 1


def test_a_wait_that_dies_before_it_has_kept_an_event_gets_it_again(review, queue):
    answer(review)
    names = start(review, 3)

    def die(states):
        if any(state.ended for state in states.values()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait(review, names, queue, on_states=die)
    url = boto3.client("sqs").get_queue_url(QueueName="reviews")["QueueUrl"]
    review.cloud.advance(61)
    again = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]

    assert {json.loads(message["Body"])["detail"]["humanLoopName"] for message in again} == set(names)


def test_events_that_come_twice_count_once(review, queue):
    answer(review)
    names = start(review, 3)
    twin = boto3.client("events")
    url = boto3.client("sqs").get_queue_url(QueueName="reviews")["QueueUrl"]
    arn = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    twin.put_rule(Name="twin", EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    twin.put_targets(Rule="twin", Targets=[{"Id": "t", "Arn": arn["Attributes"]["QueueArn"]}])
    ended = []

    wait(review, names, queue, on_states=lambda states: ended.extend(s for s in states.values() if s.ended))

    assert sorted(state.human_loop_name for state in ended) == sorted(names)


def test_two_runs_share_a_queue_and_neither_loses_an_event_of_the_other(review, queue, sqs):
    answer(review)
    names = start(review, 40)
    mine, theirs = names[:20], names[20:]

    wait(review, mine, queue)
    first = review.calls.count["ListHumanLoops"]
    wait(review, theirs, queue)

    assert first == 1
    url = boto3.client("sqs").get_queue_url(QueueName="reviews")["QueueUrl"]
    counts = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    left = [int(counts[key]) for key in counts if key.startswith("ApproximateNumberOfMessages")]
    assert sum(left) <= 20  # the second wait learnt by its list what had ended before it


def test_when_all_events_are_lost_the_list_ends_the_wait(review, queue):
    answer(review)
    names = start(review, 30)
    boto3.client("events").disable_rule(Name="reviews")
    before = review.cloud.clock.now()

    assert statuses(wait(review, names, queue)) == {"Completed"}

    assert (review.cloud.clock.now() - before).total_seconds() <= 330
    assert review.calls.count == {"ListHumanLoops": 2}


def test_a_queue_that_is_deleted_meanwhile_is_done_without(review, queue, caplog):
    answer(review)
    names = start(review, 3)
    queue.delete(review.session)

    with caplog.at_level(logging.WARNING):
        url = "https://sqs.us-east-1.amazonaws.com/123456789012/reviews"
        states = wait_for_loops(review.session, review.arn, names, timeout=HOUR, events=url)

    assert statuses(states) == {"Completed"}
    assert "the flow's list is read from time to time instead" in caplog.text
    assert review.calls.count["DescribeHumanLoop"] == 0


def test_a_queue_that_was_never_there_is_done_without(review, caplog):
    answer(review)
    names = start(review, 3)

    with caplog.at_level(logging.WARNING):
        assert statuses(wait(review, names, EventQueue(name="gone"))) == {"Completed"}

    assert "queue 'gone'" in caplog.text


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("ReceiveMessage", ("ServiceUnavailable", 503)),
        ("ReceiveMessage", ("ThrottlingException", 400)),
        ("ListHumanLoops", ("ThrottlingException", 429)),
        ("ListHumanLoops", ("InternalServerException", 500)),
    ],
)
def test_a_wait_outlasts_a_service_that_is_down_for_a_while(review, queue, sqs, operation, fault):
    answer(review)
    names = start(review, 3)
    calls = sqs if operation == "ReceiveMessage" else review.calls
    calls.fail(operation, fault, when=lambda _, number: number <= 2)

    assert statuses(wait(review, names, queue)) == {"Completed"}


@pytest.mark.parametrize("with_queue", [True, False])
def test_what_stays_refused_ends_the_wait_at_once(review, queue, with_queue):
    names = start(review, 3)
    review.calls.fail("ListHumanLoops", ("AccessDeniedException", 403))

    with pytest.raises(AccessDeniedError):
        wait(review, names, queue if with_queue else None)


def test_a_receiver_that_may_not_receive_is_told_so(review, queue, sqs):
    sqs.fail("ReceiveMessage", ("AccessDenied", 403))

    with pytest.raises(AccessDeniedError, match="reviews"):
        wait(review, start(review, 1), queue)


@pytest.mark.parametrize("with_queue", [True, False])
def test_the_deadline_is_kept_and_says_what_was_seen_last(review, queue, with_queue):
    names = start(review, 3)
    before = review.cloud.clock.now()

    with pytest.raises(WaitTimeoutError, match="waited 100 s for 3 human loops") as late:
        wait(review, names, queue if with_queue else None, timeout=100)

    assert late.value.last_seen == "0 of 3 ended"
    assert 100 <= (review.cloud.clock.now() - before).total_seconds() <= 102


def test_what_on_states_returns_is_what_the_error_shows(review, queue):
    with pytest.raises(WaitTimeoutError) as late:
        wait(review, start(review, 1), queue, timeout=5, on_states=lambda states: "all quiet")

    assert late.value.last_seen == "all quiet"


def test_an_end_that_no_event_told_is_seen_at_the_deadline(review, queue):
    answer(review, latency=95)
    names = start(review, 1)
    boto3.client("events").disable_rule(Name="reviews")

    assert statuses(wait(review, names, queue, timeout=100)) == {"Completed"}


@pytest.mark.parametrize("with_queue", [True, False])
def test_failed_and_stopped_are_ends_too(make_review, with_queue):
    review = make_review(task_availability_lifetime=HOUR)
    queue = EventQueue(name="reviews")
    queue.ensure(review.session)
    expiring, stopped = review.start("a"), review.start("b")
    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=stopped)

    states = wait(review, [expiring, stopped], queue if with_queue else None, timeout=2 * HOUR)

    assert (states[expiring].status, states[stopped].status) == ("Failed", "Stopped")
    assert states[expiring].failure_reason


def test_a_loop_that_somebody_has_deleted_is_missing(review):
    answer(review)
    gone, there = review.start("a"), review.start("b")
    review.cloud.advance(120)
    review.session.client("sagemaker-a2i-runtime").delete_human_loop(HumanLoopName=gone)

    states = wait(review, [gone, there])

    assert (states[gone].status, states[there].status) == ("Missing", "Completed")


def test_a_new_loop_that_the_list_does_not_show_yet_is_not_missing(review, queue):
    answer(review, latency=20)
    names = start(review, 2)
    hidden = []

    def hide(parsed, **_):
        if len(hidden) < 2:
            hidden.append(parsed["HumanLoopSummaries"].pop())

    review.session.client("sagemaker-a2i-runtime").meta.events.register(
        "after-call.sagemaker-a2i-runtime.ListHumanLoops", hide
    )

    assert statuses(wait(review, names)) == {"Completed"}
    assert len(hidden) == 2


def test_the_event_of_a_former_loop_of_the_name_is_not_the_new_one_s(review, queue):
    name = review.start("text")
    runtime = review.session.client("sagemaker-a2i-runtime")
    runtime.stop_human_loop(HumanLoopName=name)
    review.cloud.advance(120)
    runtime.delete_human_loop(HumanLoopName=name)
    assert review.start("text") == name
    answer(review)

    states = wait(review, [name], queue)

    assert states[name].status == "Completed"


def test_nothing_to_wait_for_asks_nothing(review):
    assert wait(review, []) == {}
    assert review.calls.count == {}


@pytest.mark.parametrize("timeout", [0, "5", None])
def test_a_wait_without_a_deadline_is_refused(review, timeout):
    with pytest.raises(InvalidInputError, match="timeout"):
        wait(review, ["loop-1"], timeout=timeout)


def test_a_wait_with_no_address_is_refused(review):
    with pytest.raises(InvalidInputError, match="sqs://NAME"):
        wait_for_loops(review.session, review.arn, ["loop-1"], timeout=5, events="reviews")


def test_the_loops_of_a_flow_that_is_not_there_are_not_waited_for(review):
    with pytest.raises(NotFoundError):
        wait_for_loops(review.session, f"{review.arn}-2", ["loop-1"], timeout=5)
