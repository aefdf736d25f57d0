"""Runs that wait for events: recorded before their messages are gone, and no loop is asked about by itself."""

import json

import boto3
import pytest

from hitl_sdk import EventQueue
from hitl_sdk.errors import WaitTimeoutError

HOUR = 3600.0


@pytest.fixture
def queue(review):
    resource = EventQueue(name="reviews", flow_definition_arn=review.arn)
    resource.ensure(review.session)
    return resource


def messages(queue_name="reviews"):
    """Return how many messages are in a queue, those included that are being received."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(value) for key, value in counts.items() if key.startswith("ApproximateNumberOfMessages"))


def answer(review, latency=60.0):
    review.cloud.workers.add(1, truth=lambda item: "0", latency=latency)


def test_a_run_waits_without_asking_about_any_loop(review, queue):
    answer(review)
    run = review.router().route(review.predictions(*[0.5] * 250))
    review.calls.count.clear()

    status = run.wait(timeout=HOUR, events=queue.address)

    assert (status.completed, status.ok) == (250, True)
    assert review.calls.count["DescribeHumanLoop"] == 0
    assert review.calls.count["ListHumanLoops"] == 3  # the pages of the list, once
    assert messages() == 0


def test_killed_before_a_message_is_deleted_it_gets_the_event_again_and_starts_nothing(review, queue):
    answer(review)
    run = review.router().route(review.predictions(0.5, 0.5, 0.5), name="killed")

    sqs = review.session.client("sqs").meta.events

    def dead(**_):
        raise KeyboardInterrupt

    sqs.register("before-call.sqs.DeleteMessageBatch", dead, unique_id="dead")
    try:
        with pytest.raises(KeyboardInterrupt):
            run.wait(timeout=HOUR, events=queue.address)
    finally:
        sqs.unregister("before-call.sqs.DeleteMessageBatch", unique_id="dead")

    assert messages() == 3
    again = review.router().route(review.predictions(0.5, 0.5, 0.5), name="killed")
    assert again.wait(timeout=HOUR, events=queue.address).ok
    assert len(review.loops()) == 3


def test_events_of_a_run_that_is_waited_for_in_two_processes_end_both(review, queue):
    answer(review)
    first = review.router().route(review.predictions(*[0.5] * 30), name="both")
    second = review.router().route(review.predictions(*[0.5] * 30), name="both")

    assert first.wait(timeout=HOUR, events=queue.address).ok
    review.calls.count.clear()

    assert second.wait(timeout=HOUR, events=queue.address).ok
    assert review.calls.count["DescribeHumanLoop"] == 0


def test_a_run_whose_events_are_purged_ends_by_the_list(review, queue):
    answer(review)
    run = review.router().route(review.predictions(0.5, 0.5))
    review.cloud.advance(120)
    url = boto3.client("sqs").get_queue_url(QueueName="reviews")["QueueUrl"]
    boto3.client("sqs").purge_queue(QueueUrl=url)
    review.calls.count.clear()

    assert run.wait(timeout=HOUR, events=queue.address).ok
    assert review.calls.count == {"ListHumanLoops": 1}


@pytest.mark.parametrize("code", ["RequestThrottled", "OverLimit", "KMS.ThrottlingException"])
def test_a_queue_that_is_throttled_for_a_while_does_not_end_the_wait(review, queue, watched, code):
    answer(review)
    run = review.router().route(review.predictions(0.5, 0.5))
    calls = watched(review.session, ("sqs",))
    calls.fail("ReceiveMessage", (code, 403), when=lambda params, number: number <= 2)

    assert run.wait(timeout=HOUR, events=queue.address).ok


def test_the_deadline_of_a_run_shows_how_it_stands(review, queue):
    run = review.router().route(review.predictions(0.5, 0.5))

    with pytest.raises(WaitTimeoutError) as late:
        run.wait(timeout=60, events=queue.address)

    assert str(late.value.last_seen) == "2 human loops: 2 in progress"


def test_what_a_queue_holds_of_other_flows_does_not_end_a_run_of_this(review, queue):
    run = review.router().route(review.predictions(0.5))
    [name] = review.loops()
    now = f"{review.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    event = {
        "id": "e",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker A2I HumanLoop Status Change",
        "time": now,
        "detail": {
            "humanLoopName": name,
            "humanLoopArn": f"arn:aws:sagemaker:us-east-1:123456789012:human-loop/{name}",
            "flowDefinitionArn": f"{review.arn}-2",
            "humanLoopStatus": "Completed",
            "creationTime": now,
        },
    }
    url = boto3.client("sqs").get_queue_url(QueueName="reviews")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(event))

    with pytest.raises(WaitTimeoutError):
        run.wait(timeout=60, events=queue.address)
    assert messages() == 1
