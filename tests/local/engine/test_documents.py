import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.local.engine.documents import canonical_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_the_output_holds_what_aws_writes(make_world):
    world = make_world().provision(TaskCount=2)
    world.start(content={"taskObject": "Ein Text", "initialValue": "1"})
    world.clock.advance(2.5)
    world.accept(2)
    world.clock.advance(36.2)
    world.submit(2, label="-1")
    world.clock.advance(60)
    world.accept(1)
    world.clock.advance(1.001)
    world.submit(1, label="0")
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
    assert world.output() == {
        "flowDefinitionArn": world.flow_arn,
        "humanAnswers": [
            {
                "acceptanceTime": "2026-01-01T00:00:03.500Z",
                "answerContent": {"sentiment": {"label": "-1"}},
                "submissionTime": "2026-01-01T00:00:39.700Z",
                "timeSpentInSeconds": 36.2,
                "workerId": "0000000000000002",
                "workerMetadata": {
                    "identityData": {"identityProviderType": "Cognito", "issuer": issuer, "sub": "sub-2"}
                },
            },
            {
                "acceptanceTime": "2026-01-01T00:01:39.700Z",
                "answerContent": {"sentiment": {"label": "0"}},
                "submissionTime": "2026-01-01T00:01:40.701Z",
                "timeSpentInSeconds": 1.001,
                "workerId": "0000000000000001",
                "workerMetadata": {
                    "identityData": {"identityProviderType": "Cognito", "issuer": issuer, "sub": "sub-1"}
                },
            },
        ],
        "humanLoopName": "loop-1",
        "inputContent": {"taskObject": "Ein Text", "initialValue": "1"},
    }


def test_the_keys_of_the_output_stand_in_alphabetical_order(reviews):
    reviews.start(content={"z": {"b": 1, "a": 2}, "a": 1})
    reviews.answer()
    (body,) = reviews.delivery.objects.values()
    assert body.decode() == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))


def test_a_workers_own_issuer_is_written(reviews):
    reviews.start()
    worker = reviews.worker(issuer="https://people.example.com")
    reviews.engine.accept(reviews.scope, worker, "loop-1")
    reviews.engine.submit(reviews.scope, worker, "loop-1", {})
    identity = reviews.output()["humanAnswers"][0]["workerMetadata"]["identityData"]
    assert identity == {
        "identityProviderType": "Cognito",
        "issuer": "https://people.example.com",
        "sub": "sub-1",
    }


def test_workers_of_an_oidc_workforce_are_written_as_such(world):
    addresses = (
        "Issuer",
        "AuthorizationEndpoint",
        "TokenEndpoint",
        "UserInfoEndpoint",
        "LogoutEndpoint",
        "JwksUri",
    )
    config = dict.fromkeys(addresses, "https://login.example.com")
    config |= {"ClientId": "client", "ClientSecret": "hush"}
    world.call("CreateWorkforce", WorkforceName="crew", OidcConfig=config)
    member = {"OidcMemberDefinition": {"Groups": ["reviewers"]}}
    world.call("CreateWorkteam", WorkteamName="team", Description="people", MemberDefinitions=[member])
    world.task_ui()
    world.flow()
    world.clock.advance(1)
    world.start()
    world.answer()
    identity = world.output()["humanAnswers"][0]["workerMetadata"]["identityData"]
    assert identity["identityProviderType"] == "Oidc"
    assert identity["issuer"] == "https://login.example.com"


def test_the_event_of_a_completed_loop_holds_what_aws_sends(reviews):
    reviews.clock.advance(0.345)
    arn = reviews.start()
    reviews.clock.advance(60)
    reviews.answer()
    (event,) = reviews.delivery.events
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0",
        "detail-type": "SageMaker A2I HumanLoop Status Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2026-01-01T00:01:01Z",
        "region": "eu-west-1",
        "resources": [arn],
        "detail": {
            "creationTime": "2026-01-01T00:00:01.345Z",
            "failureCode": None,
            "failureReason": None,
            "flowDefinitionArn": reviews.flow_arn,
            "humanLoopArn": arn,
            "humanLoopName": "loop-1",
            "humanLoopOutput": {"outputS3Uri": reviews.describe()["HumanLoopOutput"]["OutputS3Uri"]},
            "humanLoopStatus": "Completed",
        },
    }


def test_the_event_of_an_expired_loop_says_why_and_when(make_world):
    world = make_world().provision(TaskAvailabilityLifetimeInSeconds=60)
    world.start()
    world.clock.advance(3600)
    world.engine.tick()
    (event,) = world.delivery.events
    assert event["detail"]["humanLoopStatus"] == "Failed"
    assert event["detail"]["failureCode"] == "Expired"
    assert event["detail"]["failureReason"] == world.describe()["FailureReason"]
    assert event["time"] == "2026-01-01T00:01:01Z"


def test_the_event_of_a_stopped_loop_follows_the_stop(reviews):
    reviews.start()
    reviews.call("StopHumanLoop", HumanLoopName="loop-1")
    assert reviews.delivery.events == []
    reviews.clock.advance(1)
    reviews.engine.tick()
    assert [event["detail"]["humanLoopStatus"] for event in reviews.delivery.events] == ["Stopped"]
    assert reviews.delivery.objects == {}


def test_two_loops_by_one_name_have_two_event_ids(reviews):
    for _ in range(2):
        reviews.start()
        reviews.answer()
        reviews.call("DeleteHumanLoop", HumanLoopName="loop-1")
    first, second = (event["id"] for event in reviews.delivery.events)
    assert first != second


def test_answers_at_the_same_time_are_ordered_by_worker(make_world):
    world = make_world().provision(TaskCount=3)
    world.start()
    world.answer(3, 1, 2)
    assert [answer["workerId"][-1] for answer in world.output()["humanAnswers"]] == ["1", "2", "3"]


def test_the_seconds_spent_are_the_difference_of_the_written_times(reviews):
    reviews.start()
    reviews.clock.advance(timedelta(microseconds=999).total_seconds())
    reviews.accept()
    reviews.clock.advance(timedelta(microseconds=2).total_seconds())
    reviews.submit()
    answer = reviews.output()["humanAnswers"][0]
    assert answer["acceptanceTime"].endswith(".000Z")
    assert answer["submissionTime"].endswith(".001Z")
    assert answer["timeSpentInSeconds"] == 0.001


@given(json_values)
def test_canonical_json_gives_the_value_back(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_canonical_json_knows_no_order_of_keys(mapping):
    assert canonical_json(mapping) == canonical_json(dict(reversed(mapping.items())))


@given(json_values)
def test_canonical_json_is_always_utf8(value):
    assert canonical_json([value, "\ud800"]).encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_canonical_json_refuses_numbers_that_are_not_finite(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": value})
