"""User pool, client, domain, group and user."""

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

from hitl_sdk.errors import DriftError, NotFoundError
from hitl_sdk.resources import User, UserGroup, UserPool, UserPoolClient, UserPoolDomain


@pytest.fixture
def cognito(session):
    return session.client("cognito-idp")


def a_group(pool_id):
    return UserGroup(name="crew", user_pool_id=pool_id)


def ana(pool_id, **more):
    fields = {"username": "ana@example.com", "email": "ana@example.com", "group": "crew"} | more
    return User(user_pool_id=pool_id, **fields)


def test_a_pool_is_adopted_by_its_name_wherever_it_stands_in_the_list(session, cognito):
    cognito.meta.events.register(
        "provide-client-params.cognito-identity-provider.ListUserPools",
        lambda params, **_: params | {"MaxResults": 1},
    )
    for number in range(2):
        cognito.create_user_pool(PoolName=f"other-{number}")
    made = cognito.create_user_pool(PoolName="crew")["UserPool"]["Id"]

    assert UserPool(name="crew").ensure(session).id == made


def test_two_pools_of_one_name_are_not_guessed_between(session, cognito):
    ids = sorted(cognito.create_user_pool(PoolName="crew")["UserPool"]["Id"] for _ in range(2))

    with pytest.raises(DriftError, match=f"{ids[0]}, {ids[1]}.*delete or rename"):
        UserPool(name="crew").ensure(session)


def test_only_an_administrator_adds_people_to_a_new_pool(session, cognito):
    state = UserPool(name="crew", tags={"owner": "us"}).ensure(session)

    pool = cognito.describe_user_pool(UserPoolId=state.id)["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert state.tags == {"owner": "us"}


def test_a_pool_is_deleted(session, pool_id):
    assert UserPool(name="pool").delete(session) is True
    assert UserPool(name="pool").delete(session) is False


def test_a_client_has_a_secret_that_is_never_shown(session, cognito, pool_id):
    state = UserPoolClient(name="portal", user_pool_id=pool_id).ensure(session)

    secret = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=state.id)["UserPoolClient"][
        "ClientSecret"
    ]
    assert state.has_secret
    assert secret not in repr(state)


def test_a_client_of_the_name_without_a_secret_is_refused(session, cognito, pool_id):
    cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="portal")

    with pytest.raises(DriftError, match="generate_secret is False, wanted True"):
        UserPoolClient(name="portal", user_pool_id=pool_id).ensure(session)


def test_two_clients_of_one_name_are_not_guessed_between(session, cognito, pool_id):
    for _ in range(2):
        cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="portal")

    with pytest.raises(DriftError, match="2 clients named 'portal'"):
        UserPoolClient(name="portal", user_pool_id=pool_id).plan(session)


def test_a_client_is_deleted(session, pool_id):
    client = UserPoolClient(name="portal", user_pool_id=pool_id)
    client.ensure(session)

    assert client.delete(session) is True
    assert client.find(session) is None


def test_a_client_of_a_pool_that_is_not_there_is_planned_and_then_refused(session):
    client = UserPoolClient(name="portal", user_pool_id="eu-west-1_missing00")

    assert str(client.plan(session)) == "+ user pool client 'portal'"
    with pytest.raises(NotFoundError, match="user pool client 'portal'"):
        client.ensure(session)


def test_a_pool_gets_its_domain_once(session, pool_id):
    domain = UserPoolDomain(domain="crew-of-example", user_pool_id=pool_id)
    domain.ensure(session)

    assert domain.plan(session).is_empty
    assert UserPool(name="pool").describe(session).domain == "crew-of-example"


def test_a_second_domain_for_a_pool_is_refused(session, pool_id):
    UserPoolDomain(domain="first", user_pool_id=pool_id).ensure(session)

    with pytest.raises(DriftError, match=r"domain is 'first', wanted 'second'.*a pool has one"):
        UserPoolDomain(domain="second", user_pool_id=pool_id).ensure(session)


def test_a_domain_of_another_pool_is_refused_with_the_cure(session, cognito, pool_id):
    other = UserPool(name="other").ensure(session).id
    UserPoolDomain(domain="taken", user_pool_id=other).ensure(session)
    mine = UserPoolDomain(domain="taken", user_pool_id=pool_id)

    assert str(mine.plan(session)).startswith("! user pool domain 'taken': user_pool_id is")
    with pytest.raises(DriftError, match="choose another prefix"):
        mine.ensure(session)
    assert mine.delete(session) is False


def test_a_domain_of_another_account_is_refused_with_the_cure(session, cognito, pool_id):
    def taken(params, **_):
        return _http(400), {
            "Error": {"Code": "InvalidParameterException", "Message": "Domain already exists."},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }

    cognito.meta.events.register("before-call.cognito-identity-provider.CreateUserPoolDomain", taken)

    with pytest.raises(DriftError, match=r"Domain already exists.*choose another prefix"):
        UserPoolDomain(domain="taken", user_pool_id=pool_id).ensure(session)


def test_a_domain_is_deleted(session, pool_id):
    domain = UserPoolDomain(domain="crew-of-example", user_pool_id=pool_id)
    domain.ensure(session)

    assert domain.delete(session) is True
    assert domain.find(session) is None


def test_the_description_of_a_group_is_updated(session, pool_id):
    a_group(pool_id).ensure(session)
    described = UserGroup(name="crew", user_pool_id=pool_id, description="those who look")

    assert str(described.plan(session)) == "~ user group 'crew': description is '', wanted 'those who look'"
    assert described.ensure(session).description == "those who look"
    assert a_group(pool_id).plan(session).is_empty


def test_a_group_is_deleted(session, pool_id):
    a_group(pool_id).ensure(session)

    assert a_group(pool_id).delete(session) is True
    assert a_group(pool_id).delete(session) is False


def test_a_new_user_is_in_the_group_with_a_verified_address(session, cognito, pool_id):
    a_group(pool_id).ensure(session)

    state = ana(pool_id).ensure(session)

    attributes = cognito.admin_get_user(UserPoolId=pool_id, Username="ana@example.com")["UserAttributes"]
    assert state.groups == ("crew",)
    assert {"Name": "email_verified", "Value": "true"} in attributes


def test_a_user_without_the_group_is_added_to_it(session, cognito, pool_id):
    a_group(pool_id).ensure(session)
    cognito.admin_create_user(UserPoolId=pool_id, Username="ana@example.com")
    user = User(username="ana@example.com", user_pool_id=pool_id, group="crew")

    assert str(user.plan(session)) == "~ user 'a***@example.com': group is None, wanted 'crew'"
    assert user.ensure(session).groups == ("crew",)


def test_an_address_that_has_changed_is_updated_and_shown_masked(session, pool_id):
    User(username="ana", user_pool_id=pool_id, email="ana@example.com").ensure(session)
    moved = User(username="ana", user_pool_id=pool_id, email="anna@example.com")

    assert str(moved.plan(session)) == "~ user 'ana': email is 'a***@example.com', wanted 'a***@example.com'"
    assert moved.ensure(session).email == "anna@example.com"


def test_a_user_without_an_address_may_exist(session, pool_id):
    state = User(username="ana", user_pool_id=pool_id, suppress_invitation=True).ensure(session)

    assert state.email is None


def test_an_invitation_is_sent_by_mail_or_not_at_all(session, cognito, pool_id):
    sent = []
    cognito.meta.events.register(
        "provide-client-params.cognito-identity-provider.AdminCreateUser",
        lambda params, **_: sent.append((params.get("MessageAction"), params.get("DesiredDeliveryMediums"))),
    )
    User(username="ana", user_pool_id=pool_id, email="ana@example.com").ensure(session)
    User(username="eve", user_pool_id=pool_id, email="eve@example.com", suppress_invitation=True).ensure(
        session
    )
    User(username="eve", user_pool_id=pool_id, email="eve@example.com").invite(session)

    assert sent == [(None, ["EMAIL"]), ("SUPPRESS", None), ("RESEND", ["EMAIL"])]


def test_somebody_who_has_signed_in_gets_no_second_invitation(session, cognito, calls, pool_id):
    ana(pool_id, group=None).ensure(session)
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="ana@example.com", Password="Long-enough-1", Permanent=True
    )
    with calls.recorded() as made:
        ana(pool_id, group=None).invite(session)

    assert "cognito-idp:AdminCreateUser" not in made


def test_inviting_somebody_new_makes_the_account_once(session, calls, pool_id):
    with calls.recorded() as made:
        ana(pool_id, group=None, suppress_invitation=True).invite(session)

    assert made.count("cognito-idp:AdminCreateUser") == 1


def test_a_user_is_deleted(session, pool_id):
    ana(pool_id, group=None).ensure(session)

    assert ana(pool_id).delete(session) is True
    assert ana(pool_id).delete(session) is False


def test_no_address_shows_in_errors_plans_and_reprs(session, pool_id):
    user = ana(pool_id, group="missing")

    with pytest.raises(NotFoundError) as refusal:
        user.ensure(session)

    texts = [
        str(refusal.value),
        repr(user),
        str(user.plan(session)),
        repr(user.plan(session)),
        repr(user.find(session)),
    ]
    assert not [text for text in texts if "ana@" in text]


CREATIONS = [
    ("CreateUserPool", lambda pool_id: UserPool(name="crew")),
    ("CreateUserPoolClient", lambda pool_id: UserPoolClient(name="crew", user_pool_id=pool_id)),
]


@pytest.mark.parametrize(("operation", "builder"), CREATIONS)
def test_a_broken_connection_does_not_make_botocore_create_twice(
    session, cognito, pool_id, operation, builder
):
    """The break comes under botocore's own retries, after moto has done the work."""
    attempts = []

    def answer_is_lost(event_name, **_):
        if event_name.endswith(f".{operation}"):
            attempts.append(event_name)
            raise ConnectionClosedError(endpoint_url="https://cognito.example.com")

    cognito.meta.events.register_last("before-send", answer_is_lost)

    state = builder(pool_id).ensure(session)

    assert len(attempts) == 1
    assert builder(pool_id).describe(session) == state


@pytest.mark.parametrize(("operation", "builder"), CREATIONS)
def test_a_server_error_does_not_make_botocore_create_twice(session, cognito, pool_id, operation, builder):
    attempts = []

    def server_error(**_):
        attempts.append(operation)
        return AWSResponse("https://cognito.example.com", 500, {}, _Body(b"{}"))

    cognito.meta.events.register_first(f"before-send.cognito-identity-provider.{operation}", server_error)

    state = builder(pool_id).ensure(session)

    assert len(attempts) == 1
    assert builder(pool_id).describe(session) == state


def test_throttling_on_creation_is_left_to_botocore():
    from hitl_sdk.resources._retries import _raise_when_unsure

    assert _raise_when_unsure(None, (None, {"ResponseMetadata": {"HTTPStatusCode": 429}})) is None


def _http(status):
    return AWSResponse("https://cognito.example.com", status, {}, None)


class _Body:
    def __init__(self, content):
        self._content = content

    def stream(self, *_, **__):
        yield self._content
