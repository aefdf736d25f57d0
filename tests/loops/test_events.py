"""Events through a queue: whose they are, when their messages are deleted, and what can't be read."""

import json
import logging

import boto3
import pytest

from hitl_sdk import EventQueue
from hitl_sdk._loop_event import HumanLoopEvent
from hitl_sdk.errors import AccessDeniedError, InvalidArnError, InvalidInputError, NotFoundError
from hitl_sdk.loops import LoopEvents, queue_url

ACCOUNT = "123456789012"


@pytest.fixture
def queue(review):
    """A queue of all flows, and what is in it."""
    return Queue(review)


class Queue:
    def __init__(self, review) -> None:
        self.review = review
        resource = EventQueue(name="reviews")
        self.state = resource.ensure(review.session)
        self.events = LoopEvents(review.session, resource.address)
        self.sqs = boto3.client("sqs")

    def send(self, body) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.state.url, MessageBody=text)

    def event(self, name="loop-1", status="Completed", **detail):
        """Return an event as Augmented AI sends it, of now."""
        now = f"{self.review.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        return {
            "version": "0",
            "id": f"event of {name}",
            "detail-type": "SageMaker A2I HumanLoop Status Change",
            "source": "aws.sagemaker",
            "account": ACCOUNT,
            "time": now,
            "region": "us-east-1",
            "resources": [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:human-loop/{name}"],
            "detail": {
                "creationTime": now,
                "failureCode": None,
                "failureReason": None,
                "flowDefinitionArn": self.review.arn,
                "humanLoopArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:human-loop/{name}",
                "humanLoopName": name,
                "humanLoopOutput": {"outputS3Uri": f"s3://reviews/{name}/output.json"},
                "humanLoopStatus": status,
                **detail,
            },
        }

    def receive(self, seconds=0, wanted=lambda event: True):
        return self.events.receive(seconds, wanted=wanted)

    def waiting(self, *, after=0) -> int:
        """Return how many messages a receiver would find."""
        self.review.cloud.advance(after)
        counts = self.sqs.get_queue_attributes(
            QueueUrl=self.state.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(counts["Attributes"]["ApproximateNumberOfMessages"])


def test_an_event_is_the_state_of_a_loop(queue):
    queue.send(queue.event("loop-1", "Completed"))
    queue.send(queue.event("loop-2", "Failed", failureCode="Expired", failureReason="nobody answered"))

    completed, failed = sorted(
        (each.state for each in queue.receive()), key=lambda state: state.human_loop_name
    )

    assert (completed.status, completed.output_s3_uri) == ("Completed", "s3://reviews/loop-1/output.json")
    assert completed.flow_definition_arn == queue.review.arn
    assert completed.created_at == queue.review.cloud.clock.now().replace(microsecond=0)
    assert (failed.status, failed.failure_reason, failed.output_s3_uri) == ("Failed", "nobody answered", None)


def test_an_event_of_the_embedded_service_comes_through_rule_and_queue(queue):
    queue.review.cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    name = queue.review.start("it is okay")

    [received] = queue.receive(20)

    assert (received.event.human_loop_name, received.event.status) == (name, "Completed")
    body = queue.review.session.client("s3").get_object(
        Bucket="reviews", Key=received.event.output_s3_uri.removeprefix("s3://reviews/")
    )
    assert json.loads(body["Body"].read())["humanLoopName"] == name


def test_waiting_for_events_lets_time_pass(queue):
    before = queue.review.cloud.clock.now()

    assert queue.receive(20) == []

    assert 20 <= (queue.review.cloud.clock.now() - before).total_seconds() <= 22


def test_a_receiver_that_dies_gets_its_events_again(queue):
    queue.send(queue.event())
    queue.receive()

    assert queue.waiting() == 0
    assert queue.waiting(after=61) == 1


def test_what_is_done_is_deleted(queue):
    queue.send(queue.event())
    queue.events.done(queue.receive())

    assert queue.waiting(after=61) == 0


def test_what_came_in_several_bunches_is_deleted_ten_at_a_time_as_sqs_wants_it(queue, watched):
    for number in range(12):
        queue.send(queue.event(f"loop-{number}"))
    received = [*queue.receive(), *queue.receive()]
    calls = watched(queue.review.session, ("sqs",))
    queue.events.done(received)

    assert calls.count["DeleteMessageBatch"] == 2
    assert queue.waiting(after=61) == 0


def test_ten_come_at_a_time(queue):
    for number in range(12):
        queue.send(queue.event(f"loop-{number}"))

    assert [len(queue.receive()), len(queue.receive())] == [10, 2]


def test_the_events_of_others_are_theirs_again_after_some_seconds(queue):
    queue.send(queue.event())

    assert queue.receive(wanted=lambda event: False) == []

    assert queue.waiting(after=11) == 1


def test_an_event_that_nobody_has_wanted_for_ten_minutes_is_deleted(queue):
    queue.send(queue.event("stale"))
    queue.review.cloud.advance(601)
    queue.send(queue.event("fresh"))

    queue.receive(wanted=lambda event: False)

    assert queue.waiting(after=61) == 1


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[" * 100_000,
        "[]",
        "{}",
        {"source": "aws.sagemaker", "detail-type": "SageMaker Ground Truth Labeling Job State Change"},
    ],
)
def test_what_is_no_such_event_stays_for_the_dead_letter_queue_and_is_told_once(queue, body, caplog):
    queue.send(body)
    queue.send(queue.event())

    with caplog.at_level(logging.WARNING):
        received = queue.receive()
        queue.events.done(received)
        queue.review.cloud.advance(61)
        queue.receive()

    assert [each.event.human_loop_name for each in received] == ["loop-1"]
    assert queue.waiting(after=61) == 1
    assert caplog.text.count("is left there") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"detail": None}, "'detail' is a NoneType"),
        ({"id": ""}, "no 'id'"),
        ({"time": "yesterday"}, "'time' is no time"),
        ({"source": "aws.s3"}, "of 'aws.s3'"),
    ],
)
def test_an_event_that_lacks_something_is_refused_by_its_name(queue, change, words):
    with pytest.raises(InvalidInputError, match=words):
        HumanLoopEvent.from_json({**queue.event(), **change})


def test_a_status_that_is_no_end_is_refused(queue):
    with pytest.raises(InvalidInputError, match="'InProgress', and no end"):
        HumanLoopEvent.from_json(queue.event(status="InProgress"))


def test_a_message_that_can_t_be_deleted_comes_again(queue, watched, caplog):
    queue.send(queue.event())
    calls = watched(queue.review.session, ("sqs",))
    calls.fail("DeleteMessageBatch", ("ServiceUnavailable", 503))

    with caplog.at_level(logging.WARNING):
        queue.events.done(queue.receive())

    assert "could not be deleted" in caplog.text
    assert queue.waiting(after=61) == 1


def test_a_receiver_that_may_not_delete_is_told_so(queue, watched):
    queue.send(queue.event())
    watched(queue.review.session, ("sqs",)).fail("DeleteMessageBatch", ("AccessDenied", 403))

    with pytest.raises(AccessDeniedError):
        queue.events.done(queue.receive())


def test_a_queue_is_named_by_its_name_its_url_or_its_arn(queue):
    addresses = ("sqs://reviews", queue.state.url, queue.state.arn)

    assert {queue_url(queue.review.session, address) for address in addresses} == {queue.state.url}


@pytest.mark.parametrize(
    "address",
    [
        "reviews",
        "sqs://",
        "sqs://a/b",
        "sqs://[a",
        "https://",
        "s3://reviews",
        None,
        EventQueue(name="reviews"),
    ],
)
def test_what_is_no_address_of_a_queue_is_refused(review, address):
    with pytest.raises(InvalidInputError, match="sqs://NAME"):
        queue_url(review.session, address)


def test_a_queue_that_is_not_there_or_elsewhere_is_told_so(review):
    with pytest.raises(NotFoundError, match="queue 'gone'"):
        queue_url(review.session, "sqs://gone")
    with pytest.raises(InvalidArnError, match="lies in Region eu-west-1"):
        queue_url(review.session, f"arn:aws:sqs:eu-west-1:{ACCOUNT}:reviews")
