"""A crash between any two calls is repaired by running again: every call fails once, in both ways.

A call can fail before it reaches AWS, or AWS does the work and the answer is lost.
"""

from itertools import count

import pytest

from hitl_sdk.errors import HitlError
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

WAYS = pytest.mark.parametrize("lost_answer", [False, True], ids=["never sent", "answer lost"])


def whole_team(session):
    return PrivateTeam(name="crew", members=[Member(email="ana@example.com")])


def pool(session):
    return UserPool(name="crew")


def client(session):
    return UserPoolClient(name="portal", user_pool_id=UserPool(name="base").ensure(session).id)


def domain(session):
    return UserPoolDomain(domain="crew-of-example", user_pool_id=UserPool(name="base").ensure(session).id)


def group(session):
    return UserGroup(name="crew", user_pool_id=UserPool(name="base").ensure(session).id, description="looks")


def user(session):
    pool_id = UserPool(name="base").ensure(session).id
    UserGroup(name="crew", user_pool_id=pool_id).ensure(session)
    return User(username="ana", user_pool_id=pool_id, email="ana@example.com", group="crew")


def workforce(session):
    portal = client(session)
    return Workforce(
        name="people",
        user_pool_id=portal.user_pool_id,
        client_id=portal.ensure(session).id,
        source_ip_cidrs=["192.0.2.0/24"],
    )


def workteam(session):
    state = PrivateTeam(name="base").ensure(session)
    return Workteam(name="crew", user_pool_id=state.user_pool_id, client_id=state.client_id, group="base")


def task_ui(session):
    return HumanTaskUi(name="review", content="<crowd-form></crowd-form>")


def flow(session):
    return FlowDefinition(
        name="review",
        workteam_arn=PrivateTeam(name="base").ensure(session).workteam_arn,
        human_task_ui_arn=task_ui(session).ensure(session).arn,
        role_arn=f"arn:aws:iam::{session.account_id}:role/review",
        output="s3://answers/a2i",
        title="Review",
    )


SMALL = (pool, client, domain, group, user, workforce, workteam, task_ui, flow)
# A whole team takes some thirty calls, each of which fails once: in four tests, so that none is long.
BUILDERS = pytest.mark.parametrize(
    ("build", "first", "step"),
    [pytest.param(build, 1, 1, id=build.__name__) for build in SMALL]
    + [pytest.param(whole_team, first, 4, id=f"whole_team-{first}") for first in range(1, 5)],
)


def inventory(session) -> list[str]:
    """Name everything that exists, so that a second anything shows."""
    cognito, sagemaker = session.client("cognito-idp"), session.client("sagemaker")
    names = []
    for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]:
        names.append(f"pool {pool['Name']}")
        where = {"UserPoolId": pool["Id"]}
        domain = cognito.describe_user_pool(**where)["UserPool"].get("Domain")
        names += [f"domain {domain}"] if domain else []
        names += [
            f"client {one['ClientName']}"
            for one in cognito.list_user_pool_clients(**where)["UserPoolClients"]
        ]
        for one in cognito.list_groups(**where)["Groups"]:
            users = cognito.list_users_in_group(**where, GroupName=one["GroupName"])["Users"]
            names.append(f"group {one['GroupName']}: {sorted(user['Username'] for user in users)}")
        names += [f"user {one['Username']}" for one in cognito.list_users(**where)["Users"]]
    names += [f"workforce {one['WorkforceName']}" for one in sagemaker.list_workforces()["Workforces"]]
    names += [f"team {one['WorkteamName']}" for one in sagemaker.list_workteams()["Workteams"]]
    names += [
        f"ui {one['HumanTaskUiName']}" for one in sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]
    ]
    flows = sagemaker.list_flow_definitions()["FlowDefinitionSummaries"]
    return sorted(names + [f"flow {one['FlowDefinitionName']}" for one in flows])


def failing(call, calls, numbers, *, lost_answer):
    """Make the call again and again, each time with another of its AWS calls failing, and yield in between."""
    for number in numbers:
        calls.fail(number, lost_answer=lost_answer)
        try:
            call()
        except HitlError:
            assert not calls.failure_is_still_due
        if calls.failure_is_still_due:
            calls.heal()
            return
        yield


def take_away(builder, session):
    if isinstance(builder, PrivateTeam):
        builder.delete(session, everything=True)
    else:
        builder.delete(session)


@BUILDERS
@WAYS
def test_ensure_is_repaired_by_running_it_again(session, calls, build, first, step, lost_answer):  # noqa: PLR0917
    builder = build(session)
    before = inventory(session)
    crashes = 0
    for _ in failing(lambda: builder.ensure(session), calls, count(first, step), lost_answer=lost_answer):
        crashes += 1
        builder.ensure(session)
        found = inventory(session)
        assert len(found) == len(set(found)) > len(before)
        assert builder.plan(session).is_empty
        take_away(builder, session)
        assert inventory(session) == before
    assert crashes


@BUILDERS
@WAYS
def test_delete_is_repaired_by_running_it_again(session, calls, build, first, step, lost_answer):  # noqa: PLR0917
    builder = build(session)
    before = inventory(session)
    builder.ensure(session)
    crashes = 0
    for _ in failing(lambda: take_away(builder, session), calls, count(first, step), lost_answer=lost_answer):
        crashes += 1
        take_away(builder, session)
        assert inventory(session) == before
        builder.ensure(session)
    assert crashes
