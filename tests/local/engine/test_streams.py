"""Streaming labeling jobs: objects that come, wait, are labelled once and told of, until nothing more comes."""

import json

import pytest

from hitl_sdk.local.engine import QueueMessage
from hitl_sdk.local.engine.job_life import HELD_FOR

from .labeling import BUCKET, Labeling

INTO, OUT = (f"arn:aws:sns:eu-west-1:123456789012:{name}" for name in ("in", "out"))
QUEUE = "GroundTruth-mood"
DAY = 86_400


class Stream(Labeling):
    """A world with topics; `send` puts messages where SNS would put them."""

    def __init__(self, world) -> None:
        super().__init__(world)
        world.delivery.topics |= {INTO: [], OUT: []}
        self.number = 0

    def open(self, **changes) -> "Stream":
        changes.setdefault("InputConfig", {"DataSource": {"SnsDataSource": {"SnsTopicArn": INTO}}})
        changes.setdefault("OutputConfig", {"S3OutputPath": f"s3://{BUCKET}/out", "SnsTopicArn": OUT})
        self.create(**changes)
        self.go_on()
        return self

    def send(self, *messages, wait: float = 1) -> None:
        for message in messages:
            self.number += 1
            line = {"source": message} if isinstance(message, str) else message
            body = line.decode() if isinstance(line, bytes) else json.dumps(line)
            sent = QueueMessage(f"receipt-{self.number}", f"message-{self.number}", body)
            self.world.delivery.queues[QUEUE].append(sent)
        self.go_on(wait)

    def told(self) -> list[dict]:
        return [json.loads(message) for message in self.world.delivery.topics[OUT]]

    def waiting(self) -> int:
        return len(self.world.delivery.queues[QUEUE])


@pytest.fixture
def stream(world):
    return Stream(world).open()


def own(text, sku):
    return {"source": text, "sku": sku, "dataset-objectid-attribute-name": "sku"}


def test_a_job_opens_its_queue_and_waits(stream):
    assert stream.status() == "InProgress"
    assert stream.world.delivery.queues == {QUEUE: []}
    assert stream.output() == []


def test_what_comes_is_labelled_and_told(stream):
    stream.send("a")
    stream.answer(label="bad")

    assert stream.status() == "InProgress"
    assert stream.counters() == (1, 0, 0)
    assert [line["mood-metadata"]["class-name"] for line in stream.output()] == ["bad"]
    assert stream.told() == stream.output()
    assert stream.waiting() == 0


def test_what_comes_while_others_are_with_workers_is_offered_at_once(stream):
    stream.send("a")
    stream.send("b")

    assert stream.open_names() == ["mood/0", "mood/1"]


def test_an_answered_object_is_told_of_before_the_others_are_answered(stream):
    stream.send("a", "b")
    stream.answer("mood/1")
    stream.go_on()

    assert [line["source"] for line in stream.told()] == ["b"]
    assert stream.open_names() == ["mood/0"]
    stream.answer()
    assert [line["source"] for line in stream.told()] == ["b", "a"]
    assert stream.counters() == (2, 0, 0)


def test_no_more_than_a_batch_is_with_workers_the_others_wait_in_the_queue(world):
    stream = Stream(world).open(MaxConcurrentTaskCount=3)
    stream.send(*(f"text {number}" for number in range(8)))

    assert (len(stream.open_names()), stream.waiting()) == (3, 5)
    stream.answer("mood/0")
    stream.go_on()
    assert (len(stream.open_names()), stream.waiting()) == (3, 4)


def test_an_object_that_comes_twice_is_labelled_once(stream):
    stream.send(own("a", "A-17"), own("a", "A-17"))
    stream.send(own("a again", "A-17"), own("b", "A-18"))

    assert stream.open_names() == ["mood/0", "mood/1"]
    stream.answer()
    stream.send(own("a", "A-17"))
    assert stream.open_names() == []
    assert [line["sku"] for line in stream.output()] == ["A-17", "A-18"]
    assert stream.output()[0]["source"] == "a"


def test_an_id_of_the_services_making_stands_in_the_line(stream):
    stream.send("a")
    stream.answer()
    (line,) = stream.output()

    assert line["dataset-objectid-attribute-name"] == "$mood-object-id"
    assert line["$mood-object-id"] == "message-1"


def test_a_poison_message_is_its_own_failure_and_the_rest_goes_on(stream):
    stream.send("a", b"{cut o", "b")
    stream.answer()

    assert stream.counters() == (2, 1, 0)
    assert stream.output()[1]["mood-metadata"]["failure-reason"] == "The message is no JSON"
    assert [line["source"] for line in stream.told()] == ["a", "b"]
    assert stream.waiting() == 0


def test_a_manifest_comes_first(world):
    stream = Stream(world)
    stream.manifest("from the manifest")
    source = {"ManifestS3Uri": f"s3://{BUCKET}/in.manifest"}
    stream.open(InputConfig={"DataSource": {"SnsDataSource": {"SnsTopicArn": INTO}, "S3DataSource": source}})
    stream.send("from the topic")
    stream.answer()

    assert [line["source"] for line in stream.output()] == ["from the manifest", "from the topic"]


def test_ten_idle_days_stop_it(stream):
    stream.send("a")
    stream.answer()
    stream.go_on(9 * DAY)
    assert stream.status() == "InProgress"

    stream.go_on(2 * DAY)
    assert stream.status() == "Stopped"
    assert stream.statuses_told() == ["Stopped"]


def test_what_comes_within_ten_days_keeps_it_going(stream):
    for number in range(4):
        stream.go_on(9 * DAY)
        stream.send(f"text {number}")
        stream.answer()

    assert stream.status() == "InProgress"
    assert stream.counters() == (4, 0, 0)


def test_a_message_that_came_as_the_days_ran_out_is_still_taken(stream):
    stream.world.delivery.queues[QUEUE].append(QueueMessage("r", "m", '{"source": "late"}'))
    stream.go_on(10 * DAY)

    assert stream.open_names() == ["mood/0"]


def test_stopping_ends_it_at_once_when_it_is_idle(stream):
    stream.world.call("StopLabelingJob", LabelingJobName="mood")
    stream.go_on(0)

    assert stream.status() == "Stopped"


def test_stopping_keeps_the_labels_of_what_is_answered(stream):
    stream.send("a", "b")
    world = stream.world
    world.accept(1, "mood/0")
    world.engine.submit(world.scope, world.worker(1), "mood/0", {"crowd-classifier": {"label": "good"}})
    world.call("StopLabelingJob", LabelingJobName="mood")
    stream.go_on()

    assert stream.status() == "Stopped"
    assert stream.counters() == (1, 0, 1)
    assert [line["source"] for line in stream.told()] == ["a"]


def test_a_task_nobody_answers_fails_and_the_job_goes_on(stream):
    stream.send("a")
    stream.go_on(3601)
    stream.send("b")
    stream.answer()

    assert stream.counters() == (1, 1, 0)
    assert stream.status() == "InProgress"


def test_thirty_days_are_no_end_for_what_is_in_use(world):
    stream = Stream(world).open(TaskAvailabilityLifetimeInSeconds=30 * DAY)
    for number in range(5):
        stream.send(f"text {number}")
        stream.go_on(8 * DAY)

    assert stream.status() == "InProgress"


def test_a_task_that_takes_thirty_days_is_waited_for(world):
    stream = Stream(world).open(TaskAvailabilityLifetimeInSeconds=30 * DAY)
    stream.go_on(5 * DAY)
    stream.send("a")
    stream.go_on(29 * DAY)
    stream.answer()

    assert stream.counters() == (1, 0, 0)


def test_it_stops_when_people_have_labelled_as_many_as_they_may(world):
    stream = Stream(world).open(StoppingConditions={"MaxHumanLabeledObjectCount": 2})
    stream.send("a", "b", "c")
    assert len(stream.open_names()) == 2
    stream.answer()

    assert stream.status() == "Stopped"
    assert stream.counters() == (2, 0, 1)


@pytest.mark.parametrize("missing", [INTO, OUT])
def test_a_topic_that_is_not_there_fails_the_job_in_words(world, missing):
    stream = Stream(world)
    del world.delivery.topics[missing]
    stream.open()
    if missing == OUT:
        stream.send("a")
        stream.answer()

    assert stream.status() == "Failed"
    assert f"The topic {missing} does not exist" in stream.describe()["FailureReason"]


def test_a_queue_that_somebody_deleted_is_made_again(stream):
    del stream.world.delivery.queues[QUEUE]
    stream.go_on()
    assert stream.world.delivery.queues == {}
    stream.go_on(10 * DAY)

    assert stream.status() == "Stopped"


def test_a_job_without_an_output_topic_tells_nobody(world):
    stream = Stream(world).open(OutputConfig={"S3OutputPath": f"s3://{BUCKET}/out"})
    stream.send("a")
    stream.answer()

    assert stream.counters() == (1, 0, 0)
    assert stream.told() == []


def test_a_job_of_a_manifest_tells_its_topic_too(world):
    stream = Stream(world)
    output = {"S3OutputPath": f"s3://{BUCKET}/out", "SnsTopicArn": OUT}
    stream.begin("a", "b", OutputConfig=output)
    stream.answer()

    assert [line["source"] for line in stream.told()] == ["a", "b"]


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("error", [Crash, OSError])
def test_whatever_breaks_every_object_is_labelled_once_and_told_at_least_once(make_world, error):
    def whole(breaks):
        stream = Stream(make_world())
        stream.create(
            InputConfig={"DataSource": {"SnsDataSource": {"SnsTopicArn": INTO}}},
            OutputConfig={"S3OutputPath": f"s3://{BUCKET}/out", "SnsTopicArn": OUT},
            TaskAvailabilityLifetimeInSeconds=None,
        )
        stream.world.delivery.queues[QUEUE] = [
            QueueMessage(f"r-{text}", f"m-{text}", json.dumps(own(text, text))) for text in "aab"
        ]
        stream.world.delivery.breaks = breaks
        for _ in range(30):
            try:
                stream.go_on()
                stream.answer()
                stream.go_on(2 * HELD_FOR.total_seconds())
            except Crash:
                stream.world.start_engine()
            if not stream.world.delivery.breaks and stream.counters() == (2, 0, 0) and len(stream.told()) > 1:
                break
        return stream

    steps = whole([]).world.delivery.puts
    for number in range(len(steps)):
        stream = whole([None] * number + [error("broken")])

        assert stream.counters() == (2, 0, 0), steps[number]
        assert [line["sku"] for line in stream.output()] == ["a", "b"], steps[number]
        assert {line["sku"] for line in stream.told()} == {"a", "b"}, steps[number]
        assert stream.status() == "InProgress", steps[number]


def test_streams_work_on_each_kind_of_database(anywhere):
    stream = Stream(anywhere).open(MaxConcurrentTaskCount=2)
    stream.send(own("a", "1"), own("a", "1"), own("b", "2"), own("c", "3" * 1024))
    while stream.open_names():
        stream.answer()
        stream.go_on()

    assert stream.counters() == (3, 0, 0)
    assert len(stream.told()) == 3


def test_a_restart_does_not_end_a_job_that_listens(make_world, durable_url):
    stream = Stream(make_world(durable_url)).open()
    stream.world.restart(durable_url)
    stream.world.engine.resume_jobs()
    stream.go_on()
    stream.send("a")

    assert stream.open_names() == ["mood/0"]


def test_a_message_that_comes_between_two_looks_on_the_last_day_is_not_lost(stream, monkeypatch):
    delivery = stream.world.delivery
    looks = iter([0, 1])
    monkeypatch.setattr(delivery, "waiting", lambda scope, queue: next(looks, len(delivery.queues[queue])))
    delivery.queues[QUEUE].append(QueueMessage("r", "m", '{"source": "late"}'))
    stream.go_on(10 * DAY)

    assert stream.open_names() == ["mood/0"]


def test_what_is_stopped_while_labels_are_made_keeps_the_answers_given_meanwhile(stream):
    world = stream.world

    def stopping(event):
        labels = stream.majority(event)
        if world.engine.is_open(world.scope, "mood/1"):
            world.accept(1, "mood/1")
            world.engine.submit(
                world.scope, world.worker(1), "mood/1", {"crowd-classifier": {"label": "bad"}}
            )
            world.call("StopLabelingJob", LabelingJobName="mood")
        return labels

    stream.post = stopping
    stream.send("a", "b")
    stream.answer("mood/0")
    stream.go_on()

    assert stream.status() == "Stopped"
    assert [line["mood"] for line in stream.output()] == [0, 1]
    assert len(stream.told()) == 2


def test_a_job_that_somebody_else_has_taken_on_is_not_woken_again(stream, monkeypatch):
    stream.send("a", wait=0)
    delivery, engine = stream.world.delivery, stream.world.engine
    seen = []

    def waiting(scope, queue):
        if not seen:
            seen.append(queue)
            stream.world.call("StopLabelingJob", LabelingJobName="mood")
        return 1

    monkeypatch.setattr(delivery, "waiting", waiting)
    stream.world.clock.advance(2)
    engine.work_on_jobs()
    stream.go_on(0)

    assert seen
    assert stream.status() == "Stopped"


def test_a_queue_that_can_not_be_looked_at_is_looked_at_again(stream, monkeypatch, caplog):
    def broken(scope, queue):
        raise OSError("no route")

    stream.world.delivery.queues[QUEUE].append(QueueMessage("r", "m", '{"source": "a"}'))
    with monkeypatch.context() as patch:
        patch.setattr(stream.world.delivery, "waiting", broken)
        stream.go_on()
        assert stream.open_names() == []
    stream.go_on()

    assert stream.open_names() == ["mood/0"]
    assert "the queue of labeling job mood can't be looked at" in caplog.text
