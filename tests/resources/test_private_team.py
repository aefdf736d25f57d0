"""A private team in one piece."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hitl_sdk.errors import (
    ConflictError,
    DriftError,
    InvalidResourceError,
    NotFoundError,
    RegionNotSupportedError,
)
from hitl_sdk.resources import (
    Member,
    PrivateTeam,
    UserPool,
    UserPoolClient,
    UserPoolDomain,
    Workforce,
    find_workforce,
)

ANA, EVE = "ana@example.com", "eve@example.com"


@pytest.fixture
def crew():
    return PrivateTeam(name="crew", members=[Member(email=ANA), Member(email=EVE, username="eve")])


@pytest.fixture
def night():
    return PrivateTeam(name="night", members=[Member(email="zoe@example.com")])


def usernames(session, pool_id, group):
    users = session.client("cognito-idp").list_users_in_group(UserPoolId=pool_id, GroupName=group)["Users"]
    return sorted(user["Username"] for user in users)


def pools(session):
    return [
        pool["Name"] for pool in session.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    ]


def test_a_team_is_made_from_nothing(session, crew):
    state = crew.ensure(session)

    assert state.workteam_arn.endswith(":workteam/private-crowd/crew")
    assert state.portal_url.startswith("https://")
    assert state.workforce_name == "crew"
    assert usernames(session, state.user_pool_id, "crew") == [ANA, "eve"]
    assert crew.describe(session) == crew.wait(session) == state


def test_a_second_ensure_changes_nothing(session, calls, crew):
    first = crew.ensure(session)

    with calls.recorded():
        assert crew.ensure(session) == first
    assert calls.changing == []


def test_the_plan_of_a_new_team_shows_one_line_a_resource(session, crew):
    plan = crew.plan(session)

    domain = next(change.name for change in plan if change.kind == "user pool domain")
    assert str(plan).splitlines() == [
        "+ user pool 'crew'",
        f"+ user pool domain '{domain}'",
        "+ user pool client 'crew'",
        "+ workforce 'crew'",
        "+ user group 'crew'",
        "+ user 'a***@example.com'",
        "+ user 'eve'",
        "+ work team 'crew'",
    ]


def test_the_plan_of_what_exists_is_empty(session, crew):
    crew.ensure(session)
    plan = crew.plan(session)

    assert plan.is_empty
    assert {str(change)[0] for change in plan} == {"="}


def test_a_plan_makes_only_read_calls(session, calls, crew):
    for finished in (
        lambda: None,
        lambda: UserPool(name="crew").ensure(session),
        lambda: crew.ensure(session),
    ):
        finished()
        with calls.recorded() as made:
            crew.plan(session)
        assert made
        assert calls.changing == []


def test_the_plan_lists_every_action_that_ensure_needs(session, calls, crew):
    actions = crew.plan(session).iam_actions

    with calls.recorded() as made:
        crew.ensure(session)
    assert set(made) <= set(actions)


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_plan_after_a_crash_creates_only_what_is_missing(session, crew, parts):
    pool = UserPool(name="crew").ensure(session)
    if parts > 1:
        UserPoolDomain(domain="crew-of-example", user_pool_id=pool.id).ensure(session)
    if parts > 2:
        UserPoolClient(name="crew", user_pool_id=pool.id).ensure(session)

    assert [str(change)[0] for change in crew.plan(session)] == ["="] * parts + ["+"] * (8 - parts)


def test_a_second_team_adopts_the_workforce_and_joins_its_pool(session, crew, night):
    first = crew.ensure(session)
    second = night.ensure(session)

    assert (second.user_pool_id, second.client_id) == (first.user_pool_id, first.client_id)
    assert second.workforce_name == "crew"
    assert usernames(session, first.user_pool_id, "night") == ["zoe@example.com"]
    assert pools(session) == ["crew"]


def test_the_plan_of_a_second_team_keeps_the_workforce(session, crew, night):
    crew.ensure(session)

    assert str(night.plan(session)).splitlines() == [
        "= workforce 'crew'",
        "+ user group 'night'",
        "+ user 'z***@example.com'",
        "+ work team 'night'",
    ]


def test_a_new_member_is_added_and_nobody_is_removed(session, crew):
    pool_id = crew.ensure(session).user_pool_id

    PrivateTeam(name="crew", members=[Member(email="zoe@example.com")]).ensure(session)

    assert usernames(session, pool_id, "crew") == [ANA, "eve", "zoe@example.com"]


def test_the_domain_that_is_asked_for_is_taken(session):
    state = PrivateTeam(name="crew", domain="crew-of-example").ensure(session)

    assert UserPool(name="crew").describe(session).domain == "crew-of-example"
    assert state.user_pool_id


def test_a_pool_that_has_a_domain_keeps_it(session, crew):
    pool = UserPool(name="crew").ensure(session)
    UserPoolDomain(domain="mine-already", user_pool_id=pool.id).ensure(session)

    crew.ensure(session)

    assert UserPool(name="crew").describe(session).domain == "mine-already"


def test_a_workforce_with_an_identity_provider_of_its_own_is_refused(session, crew):
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

    with pytest.raises(DriftError, match=r"'people', signs in at an identity provider of its own"):
        crew.plan(session)
    with pytest.raises(DriftError, match="another Region"):
        crew.ensure(session)


@pytest.mark.parametrize("verb", ["plan", "ensure", "describe", "delete"])
def test_a_region_without_human_review_is_refused_before_a_pool_is_made(cloud, crew, verb):
    elsewhere = cloud.session("eu-north-1")

    with pytest.raises(RegionNotSupportedError):
        getattr(crew, verb)(elsewhere)
    assert pools(elsewhere) == []


def test_a_team_that_does_not_exist_is_not_found(session, crew, night):
    with pytest.raises(NotFoundError, match="workforce"):
        crew.describe(session)
    night.ensure(session)
    with pytest.raises(NotFoundError, match="work team 'crew' does not exist"):
        crew.wait(session)


# Invitations


def test_somebody_new_is_invited_into_the_group(session, crew):
    state = crew.ensure(session)

    invited = crew.invite(session, "zoe@example.com")

    assert invited.groups == ("crew",)
    assert "zoe@example.com" in usernames(session, state.user_pool_id, "crew")
    assert "zoe@" not in repr(invited)


def test_a_member_is_invited_again_under_the_same_name(session, calls, crew):
    state = crew.ensure(session)

    with calls.recorded() as made:
        crew.invite(session, EVE.upper())
    assert made.count("cognito-idp:AdminCreateUser") == 1
    assert usernames(session, state.user_pool_id, "crew") == [ANA, "eve"]


def test_an_invitation_to_no_address_is_refused(session, crew):
    crew.ensure(session)

    with pytest.raises(InvalidResourceError, match="e-mail address"):
        crew.invite(session, "zoe")


def test_accounts_can_be_made_without_messages(session):
    sent = []
    session.client("cognito-idp").meta.events.register(
        "provide-client-params.cognito-identity-provider.AdminCreateUser",
        lambda params, **_: sent.append(params.get("MessageAction")),
    )
    PrivateTeam(name="crew", members=[Member(email=ANA)], suppress_invitations=True).ensure(session)

    assert sent == ["SUPPRESS"]


# Deletion


def test_delete_takes_the_team_and_leaves_what_others_may_share(session, crew, night):
    pool_id = crew.ensure(session).user_pool_id
    night.ensure(session)

    assert night.delete(session) is True
    assert night.delete(session) is False
    assert crew.plan(session).is_empty
    assert session.client("cognito-idp").admin_get_user(UserPoolId=pool_id, Username="zoe@example.com")


def test_delete_everything_leaves_nothing_that_the_team_made(session, crew):
    crew.ensure(session)

    assert crew.delete(session, everything=True) is True
    assert (pools(session), find_workforce(session)) == ([], None)
    assert crew.delete(session, everything=True) is False
    assert crew.ensure(session).workforce_name == "crew"


def test_delete_everything_is_refused_while_another_team_is_there(session, crew, night):
    crew.ensure(session)
    night.ensure(session)

    with pytest.raises(ConflictError, match="has other work teams: night"):
        crew.delete(session, everything=True)
    assert crew.plan(session).is_empty


def test_delete_everything_leaves_a_pool_that_the_team_did_not_make(session, crew):
    pool = UserPool(name="crew").ensure(session)
    crew.ensure(session)

    assert crew.delete(session, everything=True) is True
    assert pools(session) == ["crew"]
    assert find_workforce(session).user_pool_id == pool.id


def test_delete_everything_leaves_a_workforce_that_signs_in_elsewhere(session, crew):
    UserPool(name="crew", tags={"hitl-sdk:team": "crew"}).ensure(session)
    other = UserPool(name="other").ensure(session)
    client = UserPoolClient(name="other", user_pool_id=other.id).ensure(session)
    Workforce(name="people", user_pool_id=other.id, client_id=client.id).ensure(session)
    crew.ensure(session)

    assert crew.delete(session, everything=True) is True
    assert find_workforce(session).name == "people"
    assert sorted(pools(session)) == ["crew", "other"]


def test_delete_everything_clears_up_after_a_crash_before_the_workforce(session, crew):
    UserPool(name="crew", tags={"hitl-sdk:team": "crew"}).ensure(session)

    assert crew.delete(session, everything=True) is True
    assert pools(session) == []


def test_threads_that_make_the_same_team_make_it_once(session, crew):
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda _: crew.ensure(session), range(4)))

    assert len(set(states)) == 1
    assert pools(session) == ["crew"]
