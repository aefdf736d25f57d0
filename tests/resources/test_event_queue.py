"""The queue that is told of ended loops: queue, rule, target and policy, made once, repaired, deleted, never hijacked."""

import json

import boto3
import pytest

from hitl_sdk.errors import DriftError, InvalidArnError, InvalidResourceError, RejectedError
from hitl_sdk.resources import EventQueue

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/reviews"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:reviews"
PARTS = ("queue", "dead queue", "rule", "target", "policy", "disabled", "retention")


@pytest.fixture
def queue():
    return EventQueue(name="reviews", flow_definition_arn=FLOW)


@pytest.fixture
def changing(session):
    """The calls of the session that change something."""
    made = []
    for service in ("sqs", "events"):
        session.client(service).meta.events.register(
            "before-call", lambda model, **_: made.append(model.name), unique_id=f"changing-{service}"
        )
    yield lambda: [name for name in made if not name.startswith(("Get", "List", "Describe"))]
    for service in ("sqs", "events"):
        session.client(service).meta.events.unregister("before-call", unique_id=f"changing-{service}")


def attributes(name):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.mark.parametrize("name", ["", "x" * 65, "reviews.fifo", "my reviews"])
def test_a_name_that_rule_and_queues_can_t_share_is_refused(name):
    with pytest.raises(InvalidResourceError, match="letters, digits, hyphens and underscores"):
        EventQueue(name=name)


def test_a_flow_of_elsewhere_is_refused_before_anything_is_made(session):
    elsewhere = EventQueue(name="reviews", flow_definition_arn=FLOW.replace("eu-west-1", "us-east-1"))

    with pytest.raises(InvalidArnError, match="lies in Region us-east-1"):
        elsewhere.ensure(session)


def test_the_rule_asks_for_the_ends_of_the_flow_s_loops_and_sends_them_to_the_queue(session, queue):
    state = queue.ensure(session)

    rule = boto3.client("events").describe_rule(Name="reviews")
    targets = boto3.client("events").list_targets_by_rule(Rule="reviews")["Targets"]
    assert json.loads(rule["EventPattern"]) == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker A2I HumanLoop Status Change"],
        "detail": {"flowDefinitionArn": [FLOW]},
    }
    assert [target["Arn"] for target in targets] == [state.arn] == [QUEUE]
    [statement] = json.loads(attributes("reviews")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rule["Arn"]}}


def test_what_can_t_be_read_goes_to_a_second_queue_and_all_is_kept_for_14_days(session, queue):
    queue.ensure(session)

    redrive = json.loads(attributes("reviews")["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == attributes("reviews-dead")["QueueArn"]
    kept = [attributes(name)["MessageRetentionPeriod"] for name in ("reviews", "reviews-dead")]
    assert kept == ["1209600", "1209600"]


def test_a_plan_changes_nothing_and_ensure_twice_is_once(session, queue, changing):
    assert str(queue.plan(session)) == "+ event queue 'reviews'"
    assert changing() == []
    first = queue.ensure(session)
    made = len(changing())

    assert queue.ensure(session) == first
    assert (len(changing()), queue.plan(session).is_empty) == (made, True)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_half_made_is_repaired(session, queue, part):
    whole = queue.ensure(session)
    sqs, events = boto3.client("sqs"), boto3.client("events")
    if part in {"rule", "target"}:
        events.remove_targets(Rule="reviews", Ids=["hitl"])
    match part:
        case "queue":
            sqs.delete_queue(QueueUrl=whole.url)
        case "dead queue":
            sqs.delete_queue(QueueUrl=whole.dead_letter_url)
        case "rule":
            events.delete_rule(Name="reviews")
        case "disabled":
            events.disable_rule(Name="reviews")
        case "policy":
            sqs.set_queue_attributes(QueueUrl=whole.url, Attributes={"Policy": ""})
        case "retention":
            sqs.set_queue_attributes(QueueUrl=whole.url, Attributes={"MessageRetentionPeriod": "60"})
    assert str(queue.plan(session)).startswith("~ event queue 'reviews'")

    assert queue.ensure(session) == whole


@pytest.mark.parametrize("number", range(1, 12))
def test_killed_at_any_call_it_is_finished_by_running_again(session, queue, number):
    calls = []

    def die(model, **_):
        calls.append(model.name)
        if len(calls) == number:
            raise KeyboardInterrupt

    for service in ("sqs", "events"):
        session.client(service).meta.events.register("before-call", die, unique_id=f"die-{service}")
    try:
        with pytest.raises(KeyboardInterrupt):
            queue.ensure(session)
    finally:
        for service in ("sqs", "events"):
            session.client(service).meta.events.unregister("before-call", unique_id=f"die-{service}")

    state = queue.ensure(session)

    assert (state.may_send, state.rule.targets, queue.plan(session).is_empty) == (True, (QUEUE,), True)


def test_a_rule_that_asks_for_other_events_is_left_alone(session, queue):
    theirs = json.dumps({"source": ["aws.s3"]})
    boto3.client("events").put_rule(Name="reviews", EventPattern=theirs)

    with pytest.raises(DriftError, match="choose another name"):
        queue.ensure(session)

    assert boto3.client("events").describe_rule(Name="reviews")["EventPattern"] == theirs


def test_a_target_that_eventbridge_does_not_take_is_told(session, queue):
    def refused(parsed, **_):
        entry = {
            "TargetId": "hitl",
            "ErrorCode": "LimitExceededException",
            "ErrorMessage": "too many targets",
        }
        parsed.update(FailedEntryCount=1, FailedEntries=[entry])

    events = session.client("events").meta.events
    events.register("after-call.eventbridge.PutTargets", refused, unique_id="refused")
    try:
        with pytest.raises(RejectedError, match=r"rule 'reviews' .*too many targets"):
            queue.ensure(session)
    finally:
        events.unregister("after-call.eventbridge.PutTargets", unique_id="refused")


def test_other_statements_of_a_queue_s_policy_stay(session, queue):
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "sqs:ReceiveMessage",
        "Resource": QUEUE,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": theirs})
    boto3.client("sqs").create_queue(QueueName="reviews", Attributes={"Policy": policy})

    queue.ensure(session)

    statements = json.loads(attributes("reviews")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Theirs", "HumanLoopEvents"]


def test_deleting_leaves_nothing_also_of_what_was_half_made(session, queue):
    state = queue.ensure(session)
    boto3.client("sqs").delete_queue(QueueUrl=state.url)

    assert queue.delete(session)

    assert "QueueUrls" not in boto3.client("sqs").list_queues()
    assert boto3.client("events").list_rules()["Rules"] == []
    assert not queue.delete(session)


def test_a_queue_that_was_deleted_a_moment_ago_is_waited_for(session, queue):
    refused = []

    def too_early(parsed, http_response, **_):
        if len(refused) < 3:
            refused.append(parsed)
            parsed.clear()
            parsed.update(
                Error={"Code": "AWS.SimpleQueueService.QueueDeletedRecently", "Message": "wait 60 seconds"},
                ResponseMetadata={"HTTPStatusCode": 400},
            )
            http_response.status_code = 400

    events = session.client("sqs").meta.events
    events.register("after-call.sqs.CreateQueue", too_early, unique_id="too-early")
    try:
        state = queue.ensure(session)
    finally:
        events.unregister("after-call.sqs.CreateQueue", unique_id="too-early")

    assert (state.may_send, len(refused)) == (True, 3)
