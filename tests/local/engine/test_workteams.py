import pytest

from hitl_sdk.local.engine import EngineError, Settings


def member(**changes):
    return {
        "CognitoMemberDefinition": {
            "UserPool": "eu-west-1_AbCdEfGhI",
            "ClientId": "client1",
            "UserGroup": "reviewers",
            **changes,
        }
    }


def create(world, *members, name="team", **options):
    return world.call(
        "CreateWorkteam", WorkteamName=name, Description="people", MemberDefinitions=list(members), **options
    )


def test_a_team_is_described_with_its_workforce_and_portal(world):
    workforce = world.workforce()
    world.team()
    team = world.call("DescribeWorkteam", WorkteamName="team")["Workteam"]
    assert team["WorkteamArn"] == "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team"
    assert team["WorkforceArn"] == workforce
    portal = world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["SubDomain"]
    assert team["SubDomain"] == portal
    assert team["NotificationConfiguration"] == {}
    assert team["MemberDefinitions"] == [member()]


def test_a_team_needs_the_workforce_of_the_region(world):
    with pytest.raises(EngineError, match="No workforce found in eu-west-1"):
        world.team()


def test_a_team_of_a_workforce_by_another_name_is_refused(world):
    world.workforce()
    with pytest.raises(EngineError, match="No workforce found with name 'other'"):
        create(world, member(), WorkforceName="other")


def test_a_team_of_the_workforce_by_its_name_is_made(world):
    world.workforce()
    assert create(world, member(), WorkforceName="crew")["WorkteamArn"].endswith("/team")


@pytest.mark.parametrize("changes", [{"UserPool": "eu-west-1_Other"}, {"ClientId": "other"}])
def test_members_come_from_the_workforces_pool_and_client(world, changes):
    world.workforce()
    with pytest.raises(EngineError, match="UserPool and ClientId"):
        create(world, member(**changes))


@pytest.mark.parametrize("wrong", [{}, {"OidcMemberDefinition": {"Groups": ["g"]}}])
def test_members_are_of_the_workforces_kind(world, wrong):
    world.workforce()
    with pytest.raises(EngineError, match="CognitoMemberDefinition"):
        create(world, wrong)


def test_a_team_name_is_used_once(world):
    world.workforce()
    world.team()
    with pytest.raises(EngineError) as error:
        world.team()
    assert error.value.code == "ResourceInUse"


def test_teams_are_limited(make_world):
    world = make_world(settings=Settings(workteams=2))
    world.workforce()
    world.team("a")
    world.team("b")
    with pytest.raises(EngineError) as error:
        world.team("c")
    assert error.value.code == "ResourceLimitExceeded"


def test_an_update_changes_what_it_names_alone(world):
    world.workforce()
    world.team()
    world.clock.advance(60)
    updated = world.call("UpdateWorkteam", WorkteamName="team", Description="more people")["Workteam"]
    assert updated["Description"] == "more people"
    assert updated["MemberDefinitions"] == [member()]
    assert updated["LastUpdatedDate"] > updated["CreateDate"]


def test_new_members_are_checked_too(world):
    world.workforce()
    world.team()
    group = member(UserGroup="others")
    updated = world.call("UpdateWorkteam", WorkteamName="team", MemberDefinitions=[group])["Workteam"]
    assert updated["MemberDefinitions"] == [group]
    with pytest.raises(EngineError, match="UserPool and ClientId"):
        world.call("UpdateWorkteam", WorkteamName="team", MemberDefinitions=[member(ClientId="other")])


def test_an_unknown_team_is_a_validation_error_as_on_aws(world):
    for operation in ("DescribeWorkteam", "DeleteWorkteam", "UpdateWorkteam"):
        with pytest.raises(EngineError, match="work team 'ghosts' does not exist") as error:
            world.call(operation, WorkteamName="ghosts")
        assert error.value.code == "ValidationException"


def test_a_team_is_deleted(world):
    world.workforce()
    world.team()
    assert world.call("DeleteWorkteam", WorkteamName="team") == {"Success": True}
    assert world.call("ListWorkteams") == {"Workteams": []}


def test_a_team_that_a_flow_uses_is_not_deleted(reviews):
    with pytest.raises(EngineError, match="in use") as error:
        reviews.call("DeleteWorkteam", WorkteamName="team")
    assert error.value.code == "ResourceInUse"
    reviews.call("DeleteFlowDefinition", FlowDefinitionName="review")
    assert reviews.call("DeleteWorkteam", WorkteamName="team")["Success"]


def test_there_are_no_vendors(world):
    assert world.call("ListSubscribedWorkteams") == {"SubscribedWorkteams": []}
    with pytest.raises(EngineError, match="does not exist"):
        world.call("DescribeSubscribedWorkteam", WorkteamArn=world.scope.arn("workteam/vendor-crowd", "v"))
