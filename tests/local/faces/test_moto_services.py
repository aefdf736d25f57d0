"""The engine's door on moto's backends."""

import json
import logging

import boto3
import pytest

from hitl_sdk.local.engine import BucketMissing, Scope
from hitl_sdk.local.moto_services import MotoServices, lacks_object, scope_of
from hitl_sdk.local.moto_state import MotoState
from hitl_sdk.local.wire import HttpRequest
from hitl_sdk.testing import mock_hitl

HERE = Scope("123456789012", "us-east-1")
EVENT = {
    "version": "0",
    "id": "8a5c0000-0000-4000-8000-000000000000",
    "detail-type": "SageMaker A2I HumanLoop Status Change",
    "source": "aws.sagemaker",
    "account": "123456789012",
    "time": "2026-02-03T10:01:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:sagemaker:us-east-1:123456789012:human-loop/loop-1"],
    "detail": {"humanLoopName": "loop-1", "humanLoopStatus": "Completed"},
}


@pytest.fixture(autouse=True)
def cloud():
    with mock_hitl() as cloud:
        yield cloud


def queue(name):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def rule(name, pattern=None, *targets, **options):
    events = boto3.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern or {"source": ["aws.sagemaker"]}), **options)
    events.put_targets(
        Rule=name, Targets=[{"Id": f"t{number}", **target} for number, target in enumerate(targets)]
    )


def messages(url):
    received = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_an_object_is_written_as_json(cloud):
    cloud.bucket("reviews")

    MotoServices().put_object(HERE, "reviews", "a/output.json", b"{}")

    stored = boto3.client("s3").get_object(Bucket="reviews", Key="a/output.json")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"{}", "application/json")


def test_a_bucket_that_is_missing_is_told_as_such():
    with pytest.raises(BucketMissing, match="nowhere"):
        MotoServices().put_object(HERE, "nowhere", "a", b"")


def test_an_object_is_gone_until_it_is_put(cloud):
    cloud.bucket("reviews")

    before = lacks_object(HERE, "reviews", "a")
    MotoServices().put_object(HERE, "reviews", "a", b"{}")

    assert (before, lacks_object(HERE, "reviews", "a")) == (True, False)


def test_a_bucket_that_is_gone_with_its_object_is_created_again():
    assert lacks_object(HERE, "reviews", "a")

    boto3.client("s3").head_bucket(Bucket="reviews")


def test_whoever_keeps_moto_is_told_of_objects_and_events(cloud, tmp_path):
    cloud.bucket("reviews")
    state = MotoState(tmp_path / "moto.pickle")
    services = MotoServices(state)

    told = []
    for put in (
        lambda: services.put_object(HERE, "reviews", "a", b"{}"),
        lambda: services.put_event(HERE, EVENT),
    ):
        state.changed = False
        put()
        told.append(state.changed)

    assert told == [True, True]


def test_an_event_arrives_word_for_word():
    url, arn = queue("all")
    rule("all", None, {"Arn": arn})

    MotoServices().put_event(HERE, EVENT)

    assert messages(url) == [EVENT]


def test_a_rule_gets_only_what_its_pattern_asks_for():
    url, arn = queue("failed")
    rule("failed", {"detail": {"humanLoopStatus": ["Failed"]}}, {"Arn": arn})

    MotoServices().put_event(HERE, EVENT)

    assert messages(url) == []


def test_a_disabled_rule_gets_nothing():
    url, arn = queue("off")
    rule("off", None, {"Arn": arn}, State="DISABLED")

    MotoServices().put_event(HERE, EVENT)

    assert messages(url) == []


def test_a_schedule_is_no_rule_for_events():
    url, arn = queue("hourly")
    events = boto3.client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "t", "Arn": arn}])

    MotoServices().put_event(HERE, EVENT)

    assert messages(url) == []


def test_an_input_transformer_shapes_what_its_target_gets():
    url, arn = queue("short")
    transformer = {"InputPathsMap": {"name": "$.detail.humanLoopName"}, "InputTemplate": '{"loop": "<name>"}'}
    rule("short", None, {"Arn": arn, "InputTransformer": transformer})

    MotoServices().put_event(HERE, EVENT)

    assert messages(url) == [{"loop": "loop-1"}]


def test_a_target_that_moto_can_t_serve_is_logged_and_the_others_get_theirs(caplog):
    url, arn = queue("last")
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    gone = "arn:aws:sqs:us-east-1:123456789012:gone"
    rule("mixed", None, {"Arn": function}, {"Arn": gone}, {"Arn": arn})

    with caplog.at_level(logging.WARNING):
        MotoServices().put_event(HERE, EVENT)

    assert messages(url) == [EVENT]
    assert [function in caplog.text, gone in caplog.text] == [True, True]


@pytest.mark.parametrize("secret", [True, False])
def test_a_cognito_client_is_known_with_or_without_its_secret(secret):
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="c", GenerateSecret=secret)

    found = MotoServices().user_pool_client(HERE, pool, client["UserPoolClient"]["ClientId"])

    assert found == {"exists": True, "has_secret": secret}


def test_a_pool_or_client_that_is_not_there_is_said_not_to_exist():
    pool = boto3.client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Id"]

    for pool_id in (pool, "us-east-1_nothing"):
        assert MotoServices().user_pool_client(HERE, pool_id, "c") == {"exists": False, "has_secret": False}


def test_an_unsigned_request_is_of_the_default_account_and_region():
    assert scope_of(HttpRequest("GET", "/human-loops")) == HERE
