"""What AWS would refuse is refused when the builder is made, with words for what is allowed."""

import pickle

import pytest

from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.resources import (
    FlowDefinition,
    HumanTaskUi,
    Member,
    PrivateTeam,
    User,
    UserGroup,
    UserPool,
    UserPoolClient,
    UserPoolDomain,
    Workforce,
    Workteam,
)

POOL = "eu-west-1_AbCdEf123"
TEAM_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew"
UI_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/review"
ROLE_ARN = "arn:aws:iam::123456789012:role/review"
FLOW = {
    "name": "review",
    "workteam_arn": TEAM_ARN,
    "human_task_ui_arn": UI_ARN,
    "role_arn": ROLE_ARN,
    "output": "s3://bucket/a2i",
    "title": "Review",
}
WORKTEAM = {"name": "crew", "user_pool_id": POOL, "client_id": "1example23", "group": "crew"}
WORKFORCE = {"name": "people", "user_pool_id": POOL, "client_id": "1example23"}


@pytest.mark.parametrize(
    ("builder", "fields", "words"),
    [
        (UserPool, {"name": ""}, "name: allowed are 1 to 128 characters"),
        (UserPool, {"name": "a" * 129}, "it has 129"),
        (UserPool, {"name": "pöol"}, "letters, digits, spaces"),
        (UserPool, {"name": "pool", "tags": {"a\n": "b"}}, "letters, digits, blanks"),
        (UserPoolClient, {"name": "c", "user_pool_id": "pool"}, "REGION_ID"),
        (UserPoolClient, {"name": "c", "user_pool_id": POOL, "callback_urls": []}, "callback_urls"),
        (UserPoolDomain, {"domain": "Crew", "user_pool_id": POOL}, "lower-case letters"),
        (UserPoolDomain, {"domain": "crew-", "user_pool_id": POOL}, "ending with a lower-case letter"),
        (UserPoolDomain, {"domain": "paws", "user_pool_id": POOL}, "reserves the word 'aws'"),
        (UserPoolDomain, {"domain": "amazon-crew", "user_pool_id": POOL}, "reserves the word 'amazon'"),
        (UserPoolDomain, {"domain": "my-cognito", "user_pool_id": POOL}, "reserves the word 'cognito'"),
        (UserGroup, {"name": "a b", "user_pool_id": POOL}, "without blanks"),
        (UserGroup, {"name": "a", "user_pool_id": POOL, "description": "d" * 2049}, "2,048"),
        (User, {"username": "a b", "user_pool_id": POOL}, "without blanks"),
        (Workforce, WORKFORCE | {"name": "-people"}, "beginning with a letter or digit"),
        (Workforce, WORKFORCE | {"source_ip_cidrs": ["192.0.2.0"]}, "192.0.2.0/24"),
        (Workforce, WORKFORCE | {"source_ip_cidrs": ["300.0.2.0/24"]}, "192.0.2.0/24"),
        (Workforce, WORKFORCE | {"source_ip_cidrs": ["192.0.2.0/24"] * 11}, "at most 10"),
        (Workteam, WORKTEAM | {"name": "crew_1"}, "letters, digits and hyphens"),
        (Workteam, WORKTEAM | {"description": ""}, "1 to 200 characters"),
        (Workteam, WORKTEAM | {"description": "d" * 201}, "1 to 200 characters"),
        (Workteam, WORKTEAM | {"description": "two\rlines"}, "one line"),
        (Workteam, WORKTEAM | {"notification_topic_arn": TEAM_ARN}, "not of a sns-topic"),
        (HumanTaskUi, {"name": "Review", "content": "x"}, "lower-case"),
        (HumanTaskUi, {"name": "review", "content": ""}, "1 to 128,000"),
        (HumanTaskUi, {"name": "review", "content": "x" * 128_001}, "it has 128,001"),
        (FlowDefinition, FLOW | {"name": "a--"}, "lower-case"),
        (FlowDefinition, FLOW | {"workteam_arn": UI_ARN}, "human-task-ui, not of a workteam"),
        (FlowDefinition, FLOW | {"human_task_ui_arn": TEAM_ARN}, "workteam, not of a human-task-ui"),
        (FlowDefinition, FLOW | {"role_arn": "review"}, "not an ARN of a role"),
        (FlowDefinition, FLOW | {"role_arn": f"{ROLE_ARN}!"}, "the ARN of a role"),
        (FlowDefinition, FLOW | {"output": "https://bucket/a2i"}, "s3://bucket/prefix"),
        (FlowDefinition, FLOW | {"output": "s3://Bucket/a2i"}, "is not a bucket name"),
        (FlowDefinition, FLOW | {"output": "s3://192.0.2.1/a2i"}, "no IP address"),
        (FlowDefinition, FLOW | {"output": "s3://a..b/a2i"}, "two dots"),
        (FlowDefinition, FLOW | {"title": ""}, "1 to 128"),
        (FlowDefinition, FLOW | {"title": "Review \N{THUMBS UP SIGN}"}, "without emoji"),
        (FlowDefinition, FLOW | {"description": "d" * 256}, "1 to 255"),
        (FlowDefinition, FLOW | {"task_count": 4}, "less than or equal to 3 (got 4)"),
        (FlowDefinition, FLOW | {"task_count": 0}, "greater than or equal to 1"),
        (FlowDefinition, FLOW | {"task_time_limit": 29}, "greater than or equal to 30"),
        (FlowDefinition, FLOW | {"task_time_limit": 28_801}, "less than or equal to 28800"),
        (FlowDefinition, FLOW | {"task_availability_lifetime": 864_001}, "less than or equal to 864000"),
        (FlowDefinition, FLOW | {"task_availability_lifetime": 3599}, "below task_time_limit"),
        (FlowDefinition, FLOW | {"keywords": ["a"] * 6}, "at most 5"),
        (FlowDefinition, FLOW | {"keywords": ["a_b"]}, "keywords.0: allowed are 1 to 30"),
        (FlowDefinition, FLOW | {"kms_key_id": "key id"}, "KMS"),
        (PrivateTeam, {"name": "crew 1"}, "letters, digits and hyphens"),
    ],
)
def test_a_broken_rule_is_refused_in_words(builder, fields, words):
    with pytest.raises(InvalidResourceError, match=builder.__name__) as refusal:
        builder(**fields)

    assert words in str(refusal.value)


def test_the_public_workforce_is_refused_with_the_reason():
    public = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"

    with pytest.raises(InvalidResourceError, match="closed on 30 September 2026"):
        FlowDefinition(**FLOW | {"workteam_arn": public})


def test_every_broken_field_has_its_own_line():
    with pytest.raises(InvalidResourceError) as refusal:
        FlowDefinition(**FLOW | {"task_count": 9, "title": ""})

    assert [line.split(":")[0] for line in str(refusal.value).splitlines()[1:]] == ["  title", "  task_count"]


def test_an_unknown_field_is_answered_with_the_one_that_was_meant():
    with pytest.raises(InvalidResourceError, match="did you mean 'task_count'"):
        FlowDefinition(**FLOW | {"taskcount": 1})


def test_a_field_like_no_other_is_answered_with_those_there_are():
    with pytest.raises(InvalidResourceError, match="there are name, content"):
        HumanTaskUi(name="review", content="x", zzz=1)


def test_a_long_value_is_shown_shortened():
    with pytest.raises(InvalidResourceError) as refusal:
        UserPool(name="!" * 500)

    assert len(str(refusal.value)) < 300


def test_an_address_that_is_none_is_not_repeated():
    with pytest.raises(InvalidResourceError) as refusal:
        Member(email="ana.private.example.com")

    assert "private" not in str(refusal.value)


@pytest.mark.parametrize("members", [["ana@example.com"], [{"email": "ana@example.com", "phone": "1"}]])
def test_an_address_in_the_wrong_place_is_shown_masked(members):
    with pytest.raises(InvalidResourceError) as refusal:
        PrivateTeam(name="crew", members=members)

    assert "a***@example.com" in str(refusal.value)
    assert "ana@" not in str(refusal.value)


def test_a_template_is_not_repeated_in_the_error_nor_in_the_repr():
    ui = HumanTaskUi(name="review", content="<p>secret item</p>")

    assert "secret" not in repr(ui)


def test_a_builder_is_frozen_and_compares_by_value():
    with pytest.raises(ValueError, match="frozen"):
        UserPool(name="a").name = "b"
    assert UserPool(name="a") == UserPool(name="a")


def test_a_builder_pickles():
    flow = FlowDefinition(**FLOW)

    assert pickle.loads(pickle.dumps(flow)) == flow


def test_the_description_of_a_flow_is_its_title_on_one_line():
    assert FlowDefinition(**FLOW | {"title": "Review\nthis"}).description == "Review this"


def test_a_slash_at_the_end_of_the_output_makes_no_difference():
    assert FlowDefinition(**FLOW | {"output": "s3://bucket/a2i/"}) == FlowDefinition(**FLOW)


def test_a_vendors_team_is_accepted():
    vendor = "arn:aws:sagemaker:eu-west-1:999999999999:workteam/vendor-crowd/labels"

    assert FlowDefinition(**FLOW | {"workteam_arn": vendor}).workteam_arn == vendor


def test_one_person_can_not_be_two_members():
    with pytest.raises(InvalidResourceError) as refusal:
        PrivateTeam(name="crew", members=[Member(email="ana@example.com"), Member(email="Ana@example.com")])

    assert "A***@example.com is there twice" in str(refusal.value)
    assert "Ana@" not in str(refusal.value)


def test_a_member_shows_only_masked():
    member = Member(email="ana@example.com", username="ana.smith@example.com")

    assert repr(member) == str(member) == "Member(a***@example.com)"
    assert "ana@" not in repr(PrivateTeam(name="crew", members=[member]))
