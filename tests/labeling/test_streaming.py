"""Both ends of a streaming job: objects sent under back-pressure, labels read each once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from hitl_sdk import Session
from hitl_sdk.errors import (
    AccessDeniedError,
    InvalidInputError,
    InvalidResourceError,
    NotFoundError,
    RejectedError,
    UnavailableError,
    WaitTimeoutError,
)
from hitl_sdk.labeling import SnsInput, Stream
from hitl_sdk.results import read_manifest
from hitl_sdk.testing import mock_hitl

LABELLED = {"type": "groundtruth/text-classification", "class-name": "good", "human-annotated": "yes"}


@dataclass
class Job:
    name: str
    input: object
    output_topic_arn: str | None


@dataclass
class World:
    """A streaming job's topics and queue, as Ground Truth makes them when a job starts; no people."""

    cloud: Any
    session: Session
    job: Job
    calls: Any

    def __post_init__(self):
        self.stream = Stream(self.job, self.session)
        self.sqs = self.session.client("sqs")
        self.sns = self.session.client("sns")
        self.queue = self.sqs.get_queue_url(QueueName="GroundTruth-pets")["QueueUrl"]

    def arrived(self) -> list[dict[str, Any]]:
        """Take all that has arrived in the job's queue."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def label(self, text: str, object_id: str | None = None) -> str:
        """Publish the label of an object; return the message."""
        line: dict[str, Any] = {"source": text, "mood": 1, "mood-metadata": LABELLED}
        if object_id:
            line |= {"dataset-objectid-attribute-name": "$mood-object-id", "$mood-object-id": object_id}
        return self.publish(json.dumps(line))

    def publish(self, body: str) -> str:
        self.sns.publish(TopicArn=self.job.output_topic_arn, Message=body)
        return body


@pytest.fixture
def world(one_boto3_session, watched):
    with mock_hitl() as cloud:
        session = Session(region_name="us-east-1", boto3_session=one_boto3_session)
        sns, sqs = session.client("sns"), session.client("sqs")
        into, out = (sns.create_topic(Name=name)["TopicArn"] for name in ("objects", "labels"))
        url = sqs.create_queue(QueueName="GroundTruth-pets")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=into, Protocol="sqs", Endpoint=arn)
        yield World(
            cloud, session, Job("Pets", SnsInput(topic_arn=into), out), watched(session, ("sns", "sqs"))
        )


def test_input_that_is_no_topic_is_refused():
    with pytest.raises(InvalidResourceError, match="sns-topic"):
        SnsInput(topic_arn="arn:aws:sqs:us-east-1:123456789012:objects")


def test_a_job_that_takes_a_manifest_alone_has_no_stream(world):
    with pytest.raises(InvalidInputError, match="'pets' is no streaming job"):
        Stream(Job("pets", "s3://in/a.manifest", None), world.session)


def test_what_is_sent_arrives_with_its_key(world):
    report = world.stream.send(["Loved it", {"source": "Came late", "batch": 7}])
    arrived = world.arrived()

    assert str(report) == "2 sent, 0 repeated, 0 failed"
    assert [line["source"] for line in arrived] == ["Loved it", "Came late"]
    assert [line[line["dataset-objectid-attribute-name"]] for line in arrived] == [
        each.object_id for each in report.objects
    ]


def test_sending_again_gives_the_same_keys(world):
    first = world.stream.send(f"text {number}" for number in range(12))
    again = world.stream.send(f"text {number}" for number in range(12))

    assert [each.object_id for each in first.objects] == [each.object_id for each in again.objects]


def test_an_item_given_twice_is_sent_once(world):
    report = world.stream.send(["a", "b", "a"])

    assert [each.status for each in report.objects] == ["sent", "sent", "repeated"]
    assert len(world.arrived()) == 2


def test_a_bad_item_is_its_own_failure_and_the_others_go_on(world):
    report = world.stream.send(["a", {"colour": "red"}, "b"])
    (failure,) = report.failures

    assert [each.status for each in report.objects] == ["sent", "failed", "sent"]
    assert (failure.position, failure.object_id) == (1, None)
    assert isinstance(failure.error, InvalidInputError)


def test_nothing_to_send_calls_no_topic(world):
    assert world.stream.send([]).objects == ()
    assert "PublishBatch" not in world.calls.count


def test_batches_keep_to_ten_messages_and_to_the_bytes_sns_takes(world):
    world.stream.send(str(number) for number in range(25))
    assert world.calls.count["PublishBatch"] == 3

    world.stream.send("\N{GRINNING FACE}" * 15_000 + str(number) for number in range(8))
    assert world.calls.count["PublishBatch"] == 5


def test_progress_tells_of_every_item(world):
    seen = []
    report = world.stream.send(["a", "a", 3, "b"], on_progress=seen.append)

    assert sorted(seen, key=lambda each: each.position) == list(report.objects)


def test_what_sns_refuses_is_that_items_failure(world, monkeypatch):
    sns = world.session.client("sns")

    def publish_batch(PublishBatchRequestEntries, **_):
        return {
            "Successful": [],
            "Failed": [
                {"Id": PublishBatchRequestEntries[1]["Id"], "Code": "InvalidParameter", "SenderFault": True}
            ],
        }

    monkeypatch.setattr(sns, "publish_batch", publish_batch)
    report = world.stream.send(["a", "b", "c"])

    assert [each.status for each in report.objects] == ["sent", "failed", "sent"]
    assert isinstance(report.failures[0].error, RejectedError)
    assert report.failures[0].object_id is not None


def test_what_sns_fails_at_by_its_own_fault_is_tried_again(world, monkeypatch):
    sns = world.session.client("sns")
    real, asked = sns.publish_batch, []

    def publish_batch(TopicArn, PublishBatchRequestEntries):
        asked.append(len(PublishBatchRequestEntries))
        if len(asked) == 1:
            entry = PublishBatchRequestEntries.pop()
            real(TopicArn=TopicArn, PublishBatchRequestEntries=PublishBatchRequestEntries)
            return {"Failed": [{"Id": entry["Id"], "Code": "InternalFailure", "SenderFault": False}]}
        return real(TopicArn=TopicArn, PublishBatchRequestEntries=PublishBatchRequestEntries)

    monkeypatch.setattr(sns, "publish_batch", publish_batch)

    assert world.stream.send(["a", "b", "c"]).n_sent == 3
    assert asked == [3, 1]
    assert len(world.arrived()) == 3


def test_a_topic_that_stays_away_is_each_items_failure(world):
    world.calls.fail("PublishBatch", ("InternalFailure", 500))
    report = world.stream.send(["a", "b"])

    assert [each.status for each in report.objects] == ["failed", "failed"]
    assert isinstance(report.objects[0].error, UnavailableError)


def test_a_batch_that_is_refused_is_not_tried_again(world):
    world.calls.fail("PublishBatch", ("InvalidParameter", 400), when=lambda _, number: number == 1)
    report = world.stream.send(str(number) for number in range(15))

    assert [each.status for each in report.objects] == ["failed"] * 10 + ["sent"] * 5
    assert world.calls.count["PublishBatch"] == 2


@pytest.mark.parametrize(
    ("fault", "error"), [(("AuthorizationError", 403), AccessDeniedError), (("NotFound", 404), NotFoundError)]
)
def test_what_no_item_can_pass_ends_it_and_says_what_was_sent(world, fault, error):
    world.calls.fail("PublishBatch", fault, when=lambda _, number: number == 2)

    with pytest.raises(error) as caught:
        world.stream.send(str(number) for number in range(15))

    assert caught.value.__notes__ == [
        "10 objects were sent before; sending them again labels none of them twice"
    ]


def test_a_job_that_has_not_started_is_sent_nothing(world):
    world.job.name = "cars"

    with pytest.raises(NotFoundError, match="'cars' has no queue yet"):
        world.stream.send(["a"])
    assert "PublishBatch" not in world.calls.count


def test_no_more_than_told_ever_wait(world):
    most = []
    world.stream.send(["first"])

    def work_off():
        most.append(world.stream.waiting())
        world.arrived()

    with world.cloud.clock.attended(work_off):
        report = world.stream.send((str(number) for number in range(95)), most_waiting=30)

    assert report.n_sent == 95
    assert max(most) <= 30


def test_without_room_in_time_it_ends_and_says_what_was_sent(world):
    with pytest.raises(WaitTimeoutError, match="room in the queue of labeling job 'Pets'") as caught:
        world.stream.send((str(number) for number in range(50)), most_waiting=20, timeout=60)

    assert caught.value.__notes__ == [
        "20 objects were sent before; sending them again labels none of them twice"
    ]
    assert world.stream.waiting() == 20


def test_room_for_less_than_a_batch_is_refused(world):
    with pytest.raises(InvalidInputError, match="most_waiting=9"):
        world.stream.send(["a"], most_waiting=9)


def test_labels_are_read_as_they_came(world):
    world.stream.subscribe()
    body = world.label("Loved it", "17")
    (result,) = world.stream.results(timeout=60)

    assert (result.object_id, result.error, result.text) == ("17", None, body)
    assert result.line["mood-metadata"]["class-name"] == "good"
    assert read_manifest([result.text])["label"].tolist() == ["good"]


def test_a_label_that_comes_twice_is_read_once(world):
    world.stream.subscribe()
    for _ in range(2):
        world.label("Loved it", "17")
    world.label("Came late", "18")

    assert [result.object_id for result in world.stream.results(timeout=60)] == ["17", "18"]
    assert list(world.stream.results(timeout=60)) == []


def test_an_object_read_before_is_not_read_again_later(world):
    world.stream.subscribe()
    world.label("Loved it", "17")
    list(world.stream.results(timeout=60))
    world.label("Loved it", "17")

    assert list(world.stream.results(timeout=60)) == []


def test_labels_without_an_id_are_all_read(world):
    world.stream.subscribe()
    for _ in range(2):
        world.label("Loved it")

    assert [result.object_id for result in world.stream.results(timeout=60)] == [None, None]


@pytest.mark.parametrize(
    ("body", "words"), [("{cut o", "no JSON document"), ("[1]", "list, no manifest line")]
)
def test_a_message_that_is_no_label_is_its_own_failure_and_gone(world, body, words):
    world.stream.subscribe()
    world.publish(body)
    world.label("Loved it", "17")
    first, second = world.stream.results(timeout=60)

    assert words in str(first.error)
    assert (first.object_id, first.line, first.text) == (None, None, body)
    assert second.object_id == "17"
    assert list(world.stream.results(timeout=60)) == []


def test_a_label_in_the_envelope_of_sns_is_read_too(world):
    world.stream.subscribe()
    url = world.sqs.get_queue_url(QueueName="Pets-results")["QueueUrl"]
    line = json.dumps({"source": "a", "mood": 0})
    world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"Type": "Notification", "Message": line}))
    (result,) = world.stream.results(timeout=60)

    assert result.text == line


def test_reading_ends_with_the_count_and_leaves_the_rest(world):
    world.stream.subscribe()
    for number in range(5):
        world.label("a", str(number))
    first = [result.object_id for result in world.stream.results(timeout=60, count=2)]
    url = world.sqs.get_queue_url(QueueName="Pets-results")["QueueUrl"]
    counts = world.sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]

    assert first == ["0", "1"]
    assert sum(map(int, counts.values())) == 3


def test_what_a_crash_cuts_off_stays_in_the_queue(world):
    world.stream.subscribe()
    world.label("a", "17")
    next(world.stream.results(timeout=60))

    assert "DeleteMessage" not in world.calls.count


def test_labels_that_come_while_one_waits_are_read(world):
    world.stream.subscribe()
    due = world.cloud.clock.now().timestamp() + 30
    late = []

    def somebody():
        if world.cloud.clock.now().timestamp() >= due and not late:
            late.append(world.label("a", "17"))

    with world.cloud.clock.attended(somebody):
        results = list(world.stream.results(timeout=600, count=1))

    assert [result.object_id for result in results] == ["17"]


def test_subscribing_twice_is_once(world):
    for _ in range(2):
        world.stream.subscribe()
    found = world.sns.list_subscriptions_by_topic(TopicArn=world.job.output_topic_arn)["Subscriptions"]

    assert len(found) == 1


def test_only_the_topic_may_send_to_the_queue(world):
    world.stream.subscribe()
    url = world.sqs.get_queue_url(QueueName="Pets-results")["QueueUrl"]
    attributes = world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]

    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": world.job.output_topic_arn}}
    assert attributes["MessageRetentionPeriod"] == "1209600"


def test_unsubscribing_leaves_nothing(world):
    assert world.stream.unsubscribe() is False
    world.stream.subscribe()

    assert world.stream.unsubscribe() is True
    assert world.sns.list_subscriptions_by_topic(TopicArn=world.job.output_topic_arn)["Subscriptions"] == []
    assert [url.rpartition("/")[2] for url in world.sqs.list_queues()["QueueUrls"]] == ["GroundTruth-pets"]


def test_a_job_without_an_output_topic_has_no_results(world):
    world.job.output_topic_arn = None

    with pytest.raises(InvalidInputError, match="'Pets' has no output topic"):
        world.stream.results(timeout=60)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_time_that_is_none_is_refused(world, timeout):
    with pytest.raises(InvalidInputError, match="timeout="):
        world.stream.results(timeout=timeout)


@pytest.mark.parametrize("operation", ["CreateQueue", "SetQueueAttributes", "Subscribe", "ReceiveMessage"])
def test_what_aws_refuses_at_the_output_is_told_in_our_words(world, operation):
    world.calls.fail(operation, ("AccessDenied", 403))

    with pytest.raises(AccessDeniedError):
        list(world.stream.results(timeout=60))


def test_a_message_that_could_not_be_deleted_comes_again_and_is_passed_over(world):
    world.stream.subscribe()
    world.label("a", "17")
    world.calls.fail("DeleteMessage", ("ServiceUnavailable", 503))
    with pytest.raises(UnavailableError):
        list(world.stream.results(timeout=60))
    world.calls.heal()
    url = world.sqs.get_queue_url(QueueName="Pets-results")["QueueUrl"]
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    world.label("a", "17")

    assert list(world.stream.results(timeout=60)) == []
