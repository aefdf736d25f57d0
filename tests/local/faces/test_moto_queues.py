"""Queues and topics of streaming jobs on moto: what is there, what is not, and what comes twice."""

import pytest

from hitl_sdk.local import moto_queues
from hitl_sdk.local.engine import TopicMissing
from hitl_sdk.local.moto_services import scope_in
from hitl_sdk.testing import mock_hitl

HERE = scope_in("us-east-1")


@pytest.fixture
def topic():
    with mock_hitl() as cloud:
        yield cloud.session().client("sns").create_topic(Name="in")["TopicArn"]


def test_a_queue_gets_what_its_topic_is_sent(topic):
    moto_queues.open_queue(HERE, "GroundTruth-mood", topic)
    moto_queues.publish(HERE, topic, "hello")

    assert moto_queues.waiting(HERE, "GroundTruth-mood") == 1
    (message,) = moto_queues.receive(HERE, "GroundTruth-mood", 10)
    assert '"Message": "hello"' in message.body
    assert moto_queues.receive(HERE, "GroundTruth-mood", 10) == []


def test_opening_twice_is_once(topic):
    for _ in range(2):
        moto_queues.open_queue(HERE, "GroundTruth-mood", topic)
    moto_queues.publish(HERE, topic, "hello")

    assert moto_queues.waiting(HERE, "GroundTruth-mood") == 1


def test_what_is_dropped_is_gone_however_often(topic):
    moto_queues.open_queue(HERE, "GroundTruth-mood", topic)
    moto_queues.publish(HERE, topic, "hello")
    (message,) = moto_queues.receive(HERE, "GroundTruth-mood", 10)
    for _ in range(2):
        moto_queues.drop(HERE, "GroundTruth-mood", [message.receipt, "no receipt"])

    assert moto_queues.waiting(HERE, "GroundTruth-mood") == 0


def test_a_topic_that_is_not_there_is_missing(topic):
    gone = f"{topic}-gone"
    with pytest.raises(TopicMissing, match="in-gone does not exist"):
        moto_queues.open_queue(HERE, "GroundTruth-mood", gone)
    with pytest.raises(TopicMissing, match="in-gone does not exist"):
        moto_queues.publish(HERE, gone, "hello")


def test_a_queue_that_is_not_there_has_nothing(topic):
    assert moto_queues.waiting(HERE, "ghost") is None
    assert moto_queues.receive(HERE, "ghost", 10) == []
    moto_queues.drop(HERE, "ghost", ["receipt"])
