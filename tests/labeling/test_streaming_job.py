"""Streaming jobs from end to end: this SDK, moto's SNS, SQS and S3, the embedded service and its workers."""

from __future__ import annotations

import json

import pytest

import hitl_sdk as hitl
from hitl_sdk.errors import UnavailableError
from hitl_sdk.labeling import SnsInput, Stream, delete_leftover_queues, leftover_queues
from hitl_sdk.testing import mock_hitl

DAY = 86_400


class World:
    """A cloud with a streaming job of texts, or of images, that runs."""

    def __init__(self, cloud, boto3_session, **changes) -> None:
        self.cloud = cloud
        self.session = hitl.Session(region_name="us-east-1", boto3_session=boto3_session)
        self.sns, self.s3 = self.session.client("sns"), self.session.client("s3")
        for bucket in ("labels", "photos"):
            cloud.bucket(bucket)
        fields = {
            "name": "Moods",
            "task": hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Which mood?"),
            "label_attribute": "mood",
            "team": hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            "role_arn": cloud.role_arn,
            "input": SnsInput(topic_arn=self.topic("in")),
            "output": "s3://labels/stream",
            "output_topic_arn": self.topic("out"),
            "workers_per_object": 1,
        }
        self.job = hitl.LabelingJob(**{**fields, **changes})
        self.job.ensure(self.session)
        cloud.workers.add(truth=lambda item: "good" if "good" in item["taskObject"] else "bad")
        cloud.advance(60)
        self.stream = Stream(self.job, self.session)
        self.stream.subscribe()

    def topic(self, name: str) -> str:
        return self.sns.create_topic(Name=name)["TopicArn"]

    def results(self, count: int, timeout: float = DAY) -> list:
        return list(self.stream.results(timeout=timeout, count=count))

    def labels(self, count: int) -> dict[str, str]:
        return {
            each.line.get("source") or each.line["source-ref"]: each.line["mood-metadata"]["class-name"]
            for each in self.results(count)
        }


@pytest.fixture
def make(one_boto3_session):
    with mock_hitl() as cloud:
        yield lambda **changes: World(cloud, one_boto3_session, **changes)


def test_what_is_sent_comes_back_labelled(make):
    world = make()
    sent = world.stream.send(["good day", "bad day"])
    results = world.results(2)

    assert {each.object_id for each in results} == {each.object_id for each in sent.objects}
    assert {each.line["source"]: each.line["mood"] for each in results} == {"good day": 1, "bad day": 0}
    assert world.job.describe(world.session).counters.labeled == 2


def test_sending_again_labels_nothing_twice(make):
    world = make()
    for _ in range(3):
        world.stream.send(["good day", "bad day"])
    world.cloud.advance(600)

    assert world.job.describe(world.session).counters.labeled == 2
    assert len(world.results(5, timeout=120)) == 2


def test_more_than_the_people_can_take_waits_in_the_queue(make):
    world = make(max_concurrent_tasks=5)
    report = world.stream.send((f"good day {number}" for number in range(60)), most_waiting=20)

    assert report.n_sent == 60
    assert len(world.labels(60)) == 60


def test_an_image_that_lands_in_the_bucket_is_labelled(make):
    task = hitl.tasks.ImageClassification(name="mood", labels=["bad", "good"], title="Which mood?")
    world = make(task=task)
    topic = {"TopicArn": world.job.input.topic_arn, "Events": ["s3:ObjectCreated:*"]}
    world.s3.put_bucket_notification_configuration(
        Bucket="photos", NotificationConfiguration={"TopicConfigurations": [topic]}
    )
    world.s3.put_object(Bucket="photos", Key="a good one.png", Body=b"1")
    (result,) = world.results(1)

    assert result.line["source-ref"] == "s3://photos/a good one.png"
    assert result.line["mood-metadata"]["class-name"] == "good"
    assert result.object_id.startswith("s3://photos/a good one.png")


def test_a_poison_message_is_told_in_the_manifest_and_the_rest_is_labelled(make):
    world = make()
    for message in ("{cut o", json.dumps({"colour": "red"})):
        world.sns.publish(TopicArn=world.job.input.topic_arn, Message=message)
    world.stream.send(["good day"])

    assert world.labels(1) == {"good day": "good"}
    counters = world.job.describe(world.session).counters
    assert (counters.labeled, counters.failed) == (1, 2)


def test_the_labels_of_one_stream_are_the_objects_of_the_next(make):
    first = make()
    second = World(
        first.cloud,
        first.session.boto3_session,
        name="Again",
        label_attribute="again",
        input=SnsInput(topic_arn=first.job.output_topic_arn),
        output_topic_arn=first.topic("out-2"),
    )
    first.stream.send(["good day"])
    (result,) = second.results(1)

    assert result.line["mood-metadata"]["class-name"] == result.line["again-metadata"]["class-name"] == "good"
    assert result.object_id == first.results(1)[0].object_id


def test_labels_come_in_spite_of_a_queue_that_fails_for_a_while(make, watched):
    world = make()
    calls = watched(world.session, ("sqs",))
    world.stream.send(["good day"])
    calls.fail("ReceiveMessage", ("ServiceUnavailable", 503))
    with pytest.raises(UnavailableError):
        world.results(1)
    calls.heal()

    assert world.labels(1) == {"good day": "good"}


def test_stop_ends_it_and_its_queue_is_a_leftover(make):
    world = make()
    assert leftover_queues(world.session) == ()
    world.job.stop(world.session)
    (found,) = leftover_queues(world.session)

    assert (found.name, found.job_name, found.job_status) == ("GroundTruth-moods", "Moods", "Stopped")
    assert delete_leftover_queues(world.session, [found]) == (found,)
    assert leftover_queues(world.session) == ()


def test_ten_days_without_an_object_end_it(make):
    world = make()
    world.cloud.advance(11 * DAY)

    assert world.job.describe(world.session).status == "Stopped"


def test_a_topic_that_was_deleted_fails_the_job(make):
    world = make()
    world.stream.send(["good day"])
    world.sns.delete_topic(TopicArn=world.job.output_topic_arn)
    world.cloud.advance(600)

    state = world.job.describe(world.session)
    assert state.status == "Failed"
    assert "The topic" in state.failure_reason


def test_an_input_topic_that_goes_before_the_job_begins_fails_it(make):
    world = make()
    gone = world.topic("gone")
    job = world.job.clone(name="other", input=SnsInput(topic_arn=gone))
    job.ensure(world.session)
    world.sns.delete_topic(TopicArn=gone)
    world.cloud.advance(60)

    assert "gone does not exist" in job.describe(world.session).failure_reason
