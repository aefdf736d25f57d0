"""Workforce, work team, task UI and flow definition."""

import json
from typing import get_args

import botocore.session
import pytest

from hitl_sdk.errors import (
    DriftError,
    InvalidArnError,
    InvalidResourceError,
    NotFoundError,
    RegionNotSupportedError,
)
from hitl_sdk.resources import (
    FlowDefinition,
    HumanTaskUi,
    UserGroup,
    UserPool,
    UserPoolClient,
    Workforce,
    Workteam,
    find_workforce,
)
from hitl_sdk.resources._activation import RequestSource
from hitl_sdk.resources.workforce import portal_url

TEMPLATE = "<crowd-form><p>{{ task.input.taskObject }}</p></crowd-form>"


@pytest.fixture
def client_id(session, pool_id):
    return UserPoolClient(name="portal", user_pool_id=pool_id).ensure(session).id


@pytest.fixture
def people(pool_id, client_id):
    return Workforce(name="people", user_pool_id=pool_id, client_id=client_id)


@pytest.fixture
def crew(session, people):
    people.ensure(session)
    UserGroup(name="crew", user_pool_id=people.user_pool_id).ensure(session)
    return Workteam(name="crew", user_pool_id=people.user_pool_id, client_id=people.client_id, group="crew")


@pytest.fixture
def review(cloud, session, crew):
    return FlowDefinition(
        name="review",
        workteam_arn=crew.ensure(session).arn,
        human_task_ui_arn=HumanTaskUi(name="review", content=TEMPLATE).ensure(session).arn,
        role_arn=cloud.role_arn,
        output=f"s3://{cloud.bucket('answers')}/a2i",
        title="Review",
        keywords=["text", "review"],
    )


def changed(builder, **fields):
    return type(builder)(**dict(builder) | fields)


# The workforce


def test_a_workforce_is_made_and_awaited(session, people):
    state = people.ensure(session)

    assert state.status == "Active"
    assert state.portal_url.startswith("https://")
    assert people.plan(session).is_empty


def test_the_workforce_that_exists_is_adopted_whatever_its_name(session, people):
    people.ensure(session)

    assert changed(people, name="others").ensure(session).name == "people"


def test_a_workforce_with_another_client_is_refused_in_one_sentence(session, people):
    people.ensure(session)
    other = UserPoolClient(name="other", user_pool_id=people.user_pool_id).ensure(session).id

    with pytest.raises(
        DriftError, match=f"client_id is '{people.client_id}', wanted '{other}'.*one workforce"
    ):
        changed(people, client_id=other).ensure(session)


def test_a_client_without_a_secret_is_refused_before_the_workforce_is_made(session, calls, pool_id):
    bare = UserPoolClient(name="bare", user_pool_id=pool_id, generate_secret=False).ensure(session)
    workforce = Workforce(name="people", user_pool_id=pool_id, client_id=bare.id)

    with (
        calls.recorded() as made,
        pytest.raises(InvalidResourceError, match=r"has no secret.*generate_secret=True"),
    ):
        workforce.ensure(session)
    assert "sagemaker:CreateWorkforce" not in made


def test_the_addresses_people_work_from_are_updated(session, people):
    people.ensure(session)
    fenced = changed(people, source_ip_cidrs=["192.0.2.0/24"])

    assert str(fenced.plan(session)) == "~ workforce 'people': source_ip_cidrs is [], wanted ['192.0.2.0/24']"
    assert fenced.ensure(session).source_ip_cidrs == ("192.0.2.0/24",)
    assert people.plan(session).is_empty
    assert changed(people, source_ip_cidrs=[]).ensure(session).source_ip_cidrs == ()


def test_addresses_are_updated_even_while_the_workforce_is_being_made(session, people):
    session.client("sagemaker").create_workforce(
        WorkforceName="people", CognitoConfig={"UserPool": people.user_pool_id, "ClientId": people.client_id}
    )

    assert changed(people, source_ip_cidrs=["192.0.2.0/24"]).ensure(session).source_ip_cidrs == (
        "192.0.2.0/24",
    )


def test_only_the_workforce_of_that_name_is_deleted(session, people):
    people.ensure(session)

    assert changed(people, name="others").delete(session) is False
    assert people.delete(session) is True
    assert find_workforce(session) is None


def test_a_workforce_of_an_own_identity_provider_has_neither_pool_nor_client(session, people):
    make_oidc_workforce(session)

    assert find_workforce(session).user_pool_id is None
    with pytest.raises(DriftError, match="user_pool_id is None"):
        people.ensure(session)


def test_a_region_without_human_review_is_refused(cloud):
    elsewhere = cloud.session("eu-north-1")

    with pytest.raises(RegionNotSupportedError, match="eu-north-1"):
        HumanTaskUi(name="review", content=TEMPLATE).plan(elsewhere)


@pytest.mark.parametrize(
    ("subdomain", "url"),
    [
        (None, None),
        ("a.labeling.aws", "https://a.labeling.aws"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
    ],
)
def test_the_portal_has_an_address(subdomain, url):
    assert portal_url(subdomain) == url


# The work team


def test_a_team_is_made_in_the_regions_workforce(session, crew):
    state = crew.ensure(session)

    assert state.arn.endswith(":workteam/private-crowd/crew")
    assert state.workforce_arn == find_workforce(session).arn
    assert crew.plan(session).is_empty


def test_the_description_of_a_team_is_updated(session, crew):
    crew.ensure(session)
    described = changed(crew, description="those who look")

    assert (
        str(described.plan(session))
        == "~ work team 'crew': description is 'Work team crew', wanted 'those who look'"
    )
    assert described.ensure(session).description == "those who look"


def test_the_group_of_a_team_is_updated(session, crew):
    crew.ensure(session)
    UserGroup(name="night", user_pool_id=crew.user_pool_id).ensure(session)

    assert changed(crew, group="night").ensure(session).members == (
        f"{crew.user_pool_id}/{crew.client_id}/night",
    )


def test_a_notification_topic_is_set_and_then_left_alone(session, crew):
    topic = f"arn:aws:sns:{session.region_name}:{session.account_id}:news"
    crew.ensure(session)

    assert changed(crew, notification_topic_arn=topic).ensure(session).notification_topic_arn == topic
    assert changed(crew, description="others").ensure(session).notification_topic_arn == topic


def test_a_topic_of_another_region_is_refused(session, crew):
    with pytest.raises(InvalidArnError, match="us-east-1"):
        changed(crew, notification_topic_arn=f"arn:aws:sns:us-east-1:{session.account_id}:news").plan(session)


def test_a_team_of_oidc_groups_is_shown_as_what_it_is(session, crew):
    session.client("sagemaker").delete_workforce(WorkforceName="people")
    make_oidc_workforce(session)
    session.client("sagemaker").create_workteam(
        WorkteamName="crew",
        Description="theirs",
        MemberDefinitions=[{"OidcMemberDefinition": {"Groups": ["b", "a"]}}],
    )

    assert crew.describe(session).members == ("oidc/a,b",)


def test_a_team_without_a_workforce_says_what_is_missing(session, pool_id, client_id):
    team = Workteam(name="crew", user_pool_id=pool_id, client_id=client_id, group="crew")

    with pytest.raises(
        NotFoundError, match=r"needs a workforce, and there is none in eu-west-1.*PrivateTeam"
    ):
        team.ensure(session)


def test_a_team_of_another_pool_than_the_workforces_is_refused(session, crew):
    other = UserPool(name="other").ensure(session).id

    with pytest.raises(DriftError, match="does not fit the workforce of eu-west-1: user_pool_id is"):
        changed(crew, user_pool_id=other).ensure(session)


def test_a_team_of_a_workforce_by_another_name_is_refused(session, crew):
    with pytest.raises(DriftError, match="workforce_name is 'people', wanted 'others'"):
        changed(crew, workforce_name="others").ensure(session)


def test_a_team_is_deleted(session, crew):
    crew.ensure(session)

    assert crew.delete(session) is True
    assert crew.delete(session) is False


# The task UI


def test_a_task_ui_is_kept_when_its_content_is_the_same(session):
    ui = HumanTaskUi(name="review", content=TEMPLATE)
    ui.ensure(session)

    assert ui.plan(session).is_empty


def test_another_content_is_refused_by_its_digest_with_the_cure(session):
    HumanTaskUi(name="review", content=TEMPLATE).ensure(session)
    other = HumanTaskUi(name="review", content=TEMPLATE + " ")

    assert str(other.plan(session)).startswith("! human task UI 'review': content_sha256 is")
    with pytest.raises(DriftError, match=rf"wanted '{other.content_sha256}'.*choose another name"):
        other.ensure(session)


def test_a_task_ui_is_deleted(session):
    ui = HumanTaskUi(name="review", content=TEMPLATE)
    ui.ensure(session)

    assert ui.delete(session) is True
    assert ui.delete(session) is False


# The flow definition


def test_a_flow_is_made_and_awaited(session, review):
    state = review.ensure(session)

    assert state.status == "Active"
    assert state.arn.endswith(":flow-definition/review")
    assert review.plan(session).is_empty


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task_count", 3),
        ("title", "Look"),
        ("task_time_limit", 60),
        ("task_availability_lifetime", 7200),
        ("keywords", ()),
        ("output", "s3://answers/elsewhere"),
        ("kms_key_id", "alias/key"),
    ],
)
def test_a_flow_that_differs_is_refused_by_the_field(session, review, field, value):
    review.ensure(session)

    with pytest.raises(DriftError, match=f"{field} is .*can't be changed"):
        changed(review, **{field: value}).ensure(session)


FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
SAMPLING = (
    '{"Conditions": [{"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 5}}]}'
)


def test_a_flow_of_awss_own_integration_keeps_its_source_and_conditions(session, review):
    built_in = changed(review, request_source=FORMS, activation_conditions=SAMPLING)

    state = built_in.ensure(session)

    assert (state.request_source, state.activation_conditions) == (FORMS, SAMPLING)
    assert built_in.plan(session).is_empty


def test_conditions_that_are_only_written_otherwise_are_the_same(session, review):
    changed(review, request_source=FORMS, activation_conditions=SAMPLING).ensure(session)
    spaced = json.dumps(json.loads(SAMPLING), indent=2)

    for same in (spaced, json.loads(SAMPLING)):
        assert changed(review, request_source=FORMS, activation_conditions=same).plan(session).is_empty


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"request_source": FORMS}, "activation_conditions"),
        (
            {"request_source": FORMS, "activation_conditions": SAMPLING.replace("5", "6")},
            "activation_conditions",
        ),
        ({}, "request_source"),
    ],
)
def test_another_source_and_other_conditions_can_t_be_had_of_the_same_flow(session, review, fields, field):
    changed(review, request_source=FORMS, activation_conditions=SAMPLING).ensure(session)

    with pytest.raises(DriftError, match=f"{field} is .*can't be changed"):
        changed(review, **fields).ensure(session)


@pytest.mark.parametrize(
    ("conditions", "problem"),
    [
        ("no json", "activation_conditions: "),
        ('{"Conditions": [{"ConditionType": "Luck"}]}', "has the ConditionType 'Luck'"),
        ('{"Conditions": ' + "[" * 100_000, "10,240 characters"),
        ("[" * 10_000, "activation_conditions: "),
        (
            '{"Conditions": [{"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": '
            '{"ModerationLabelName": "*"}}]}',
            "are for rekognition, request_source is AWS/Textract",
        ),
    ],
)
def test_conditions_that_aws_would_not_take_are_refused_offline(review, conditions, problem):
    with pytest.raises(InvalidResourceError, match=problem):
        changed(review, request_source=FORMS, activation_conditions=conditions)


def test_conditions_are_for_awss_own_integrations(review):
    with pytest.raises(InvalidResourceError, match="need a request_source"):
        changed(review, activation_conditions=SAMPLING)


def test_the_sources_are_those_of_the_service():
    shape = (
        botocore.session.get_session()
        .get_service_model("sagemaker")
        .shape_for("AwsManagedHumanLoopRequestSource")
    )

    assert sorted(get_args(RequestSource)) == sorted(shape.enum)


def test_a_flow_with_a_key_is_made(session, review):
    assert changed(review, kms_key_id="alias/key").ensure(session).kms_key_id == "alias/key"


def test_a_flow_without_keywords_is_made(session, review):
    assert changed(review, keywords=()).ensure(session).keywords == ()


@pytest.mark.parametrize(
    ("field", "arn"),
    [
        ("workteam_arn", "arn:aws:sagemaker:us-east-1:{account}:workteam/private-crowd/crew"),
        ("workteam_arn", "arn:aws:sagemaker:eu-west-1:999999999999:workteam/private-crowd/crew"),
        ("workteam_arn", "arn:aws:sagemaker:us-east-1:999999999999:workteam/vendor-crowd/them"),
        ("human_task_ui_arn", "arn:aws:sagemaker:eu-west-1:999999999999:human-task-ui/review"),
        ("role_arn", "arn:aws:iam::999999999999:role/review"),
    ],
)
def test_an_arn_of_another_place_is_refused_before_a_call(session, calls, review, field, arn):
    there = changed(review, **{field: arn.format(account=session.account_id)})

    with (
        calls.recorded() as made,
        pytest.raises(InvalidArnError, match=r"lies in (Region us-east-1|account 9{12})"),
    ):
        there.plan(session)
    assert made == []


def test_a_vendors_team_is_of_the_vendors_account(session, review):
    vendor = "arn:aws:sagemaker:eu-west-1:999999999999:workteam/vendor-crowd/them"

    assert str(changed(review, workteam_arn=vendor).plan(session)) == "+ flow definition 'review'"


def test_a_missing_team_is_named(session, review):
    gone = review.workteam_arn.replace("crew", "gone")

    with pytest.raises(NotFoundError, match="private-crowd/gone does not exist"):
        changed(review, workteam_arn=gone).ensure(session)


def test_a_flow_is_deleted(session, review):
    review.ensure(session)

    assert review.delete(session) is True
    assert review.delete(session) is False


def make_oidc_workforce(session):
    address = "https://id.example.com"
    endpoints = (
        "Issuer",
        "AuthorizationEndpoint",
        "TokenEndpoint",
        "UserInfoEndpoint",
        "LogoutEndpoint",
        "JwksUri",
    )
    session.client("sagemaker").create_workforce(
        WorkforceName="people",
        OidcConfig={"ClientId": "id", "ClientSecret": "secret"} | dict.fromkeys(endpoints, address),
    )
