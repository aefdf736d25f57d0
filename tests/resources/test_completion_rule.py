"""A rule that calls a function at the end of a loop: rule, target and permission, made once, repaired, deleted."""

import io
import json
import zipfile

import boto3
import pytest

from hitl_sdk.errors import DriftError, NotFoundError
from hitl_sdk.resources import CompletionRule, LambdaFunction

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/reviews"


@pytest.fixture
def function(cloud, session):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("main.py", "def handler(event, context): return None")
    return LambdaFunction(
        name="SageMaker-reviewed",
        code=packed.getvalue(),
        handler="main.handler",
        runtime="python3.14",
        role_arn=cloud.role_arn,
    ).ensure(session)


@pytest.fixture
def rule():
    return CompletionRule(name="reviews", function_name="SageMaker-reviewed", flow_definition_arn=FLOW)


def statements():
    policy = boto3.client("lambda").get_policy(FunctionName="SageMaker-reviewed")["Policy"]
    return json.loads(policy)["Statement"]


def test_the_rule_calls_the_function_and_may(session, function, rule):
    state = rule.ensure(session)

    found = boto3.client("events").describe_rule(Name="reviews")
    assert state.rule.targets == (function.arn,)
    assert json.loads(found["EventPattern"])["detail"] == {"flowDefinitionArn": [FLOW]}
    [statement] = statements()
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == found["Arn"]
    assert rule.plan(session).is_empty
    assert rule.ensure(session) == state
    assert len(statements()) == 1


def test_rules_whose_names_differ_by_a_dot_may_both_call_the_function(session, function):
    for name in ("re.views", "re-views"):
        CompletionRule(name=name, function_name="SageMaker-reviewed").ensure(session)

    sources = [statement["Condition"]["ArnLike"]["AWS:SourceArn"] for statement in statements()]
    assert [source.rpartition("/")[2] for source in sources] == ["re.views", "re-views"]


@pytest.mark.parametrize("part", ["rule", "target", "permission", "disabled"])
def test_what_is_half_made_is_repaired(session, function, rule, part):
    whole = rule.ensure(session)
    events = boto3.client("events")
    if part in {"rule", "target"}:
        events.remove_targets(Rule="reviews", Ids=["hitl"])
    if part == "rule":
        events.delete_rule(Name="reviews")
    elif part == "permission":
        boto3.client("lambda").remove_permission(
            FunctionName="SageMaker-reviewed", StatementId=statements()[0]["Sid"]
        )
    elif part == "disabled":
        events.disable_rule(Name="reviews")
    assert not rule.plan(session).is_empty

    assert rule.ensure(session) == whole


def test_a_function_that_is_not_there_is_told_before_there_is_a_rule(session, rule):
    with pytest.raises(NotFoundError, match="SageMaker-reviewed"):
        rule.ensure(session)

    assert boto3.client("events").list_rules()["Rules"] == []


def test_a_rule_that_asks_for_other_events_is_left_alone(session, function, rule):
    boto3.client("events").put_rule(Name="reviews", ScheduleExpression="rate(1 hour)")

    with pytest.raises(DriftError, match="asks for other events"):
        rule.ensure(session)


def test_deleting_takes_the_permission_back(session, function, rule):
    rule.ensure(session)

    assert [rule.delete(session), rule.delete(session)] == [True, False]
    assert boto3.client("events").list_rules()["Rules"] == []
    with pytest.raises(boto3.client("lambda").exceptions.ResourceNotFoundException):
        statements()
