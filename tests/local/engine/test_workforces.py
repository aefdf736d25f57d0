import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from hitl_sdk.local.engine import EngineError, Scope

OIDC = {
    "ClientId": "client",
    "ClientSecret": "hush",
    "Issuer": "https://login.example.com",
    "AuthorizationEndpoint": "https://login.example.com/authorize",
    "TokenEndpoint": "https://login.example.com/token",
    "UserInfoEndpoint": "https://login.example.com/me",
    "LogoutEndpoint": "https://login.example.com/logout",
    "JwksUri": "https://login.example.com/jwks",
}


def oidc_workforce(world):
    return world.call("CreateWorkforce", WorkforceName="crew", OidcConfig=OIDC)


def test_a_workforce_is_described_as_it_was_created(world):
    arn = world.workforce()
    workforce = world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]
    assert workforce["WorkforceArn"] == arn == "arn:aws:sagemaker:eu-west-1:123456789012:workforce/crew"
    assert workforce["CognitoConfig"] == {"UserPool": "eu-west-1_AbCdEfGhI", "ClientId": "client1"}
    assert workforce["SourceIpConfig"] == {"Cidrs": []}
    assert workforce["CreateDate"] == workforce["LastUpdatedDate"] == world.clock.now()


def test_the_portal_of_a_workforce_has_ten_characters_and_the_region(world):
    world.workforce()
    domain = world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["SubDomain"]
    label, _, rest = domain.partition(".")
    assert len(label) == 10
    assert label.isalnum()
    assert rest == "labeling.eu-west-1.sagemaker.aws"


def test_the_portal_depends_on_the_seed_alone(make_world):
    domains = []
    for seed in (1, 1, 2):
        world = make_world(seed=seed)
        world.workforce()
        domains.append(world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["SubDomain"])
    assert domains[0] == domains[1] != domains[2]


def test_a_workforce_becomes_active_by_the_clock(world):
    world.workforce()
    assert world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["Status"] == "Initializing"
    world.clock.advance(1)
    assert world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["Status"] == "Active"


def test_a_region_has_one_workforce(world):
    world.workforce()
    with pytest.raises(EngineError, match="Cannot create more than one workforce") as error:
        world.workforce("other")
    assert error.value.code == "ValidationException"


def test_another_region_and_another_account_have_their_own_workforce(world):
    world.workforce()
    for scope in (Scope("123456789012", "us-east-1"), Scope("210987654321", "eu-west-1")):
        params = {"WorkforceName": "crew", "CognitoConfig": {"UserPool": "p_1", "ClientId": "c"}}
        arn = world.engine.call(scope, "CreateWorkforce", params)["WorkforceArn"]
        assert arn == scope.arn("workforce", "crew")


@pytest.mark.parametrize(
    "config", [{}, {"CognitoConfig": {"UserPool": "p_1", "ClientId": "c"}, "OidcConfig": OIDC}]
)
def test_a_workforce_has_one_identity_provider(world, config):
    with pytest.raises(EngineError, match="one of CognitoConfig and OidcConfig"):
        world.call("CreateWorkforce", WorkforceName="crew", **config)


def test_a_client_that_does_not_exist_is_refused(world):
    world.delivery.clients = {}
    with pytest.raises(EngineError, match="client does not exist"):
        world.workforce()


def test_a_client_without_secret_is_refused(world):
    world.delivery.clients = {("eu-west-1_AbCdEfGhI", "client1"): False}
    with pytest.raises(EngineError, match="no secret"):
        world.workforce()


def test_a_client_with_secret_is_taken(world):
    world.delivery.clients = {("eu-west-1_AbCdEfGhI", "client1"): True}
    assert world.workforce().endswith("/crew")


def test_the_secret_of_an_oidc_client_is_not_kept(world):
    oidc_workforce(world)
    config = world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["OidcConfig"]
    assert config == {key: value for key, value in OIDC.items() if key != "ClientSecret"}


def test_an_unknown_workforce_is_a_validation_error_as_on_aws(world):
    with pytest.raises(EngineError, match="No workforce found") as error:
        world.call("DescribeWorkforce", WorkforceName="ghosts")
    assert error.value.code == "ValidationException"


def test_an_update_changes_addresses_at_once(world):
    world.workforce()
    world.clock.advance(5)
    updated = world.call(
        "UpdateWorkforce",
        WorkforceName="crew",
        SourceIpConfig={"Cidrs": ["10.0.0.0/16"]},
        IpAddressType="ipv4",
    )["Workforce"]
    assert updated["SourceIpConfig"] == {"Cidrs": ["10.0.0.0/16"]}
    assert updated["Status"] == "Active"
    assert updated["LastUpdatedDate"] == world.clock.now() > updated["CreateDate"]


def test_a_vpc_takes_a_while_and_gets_an_endpoint(world):
    world.workforce()
    world.clock.advance(1)
    vpc = {"VpcId": "vpc-1", "SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    updated = world.call("UpdateWorkforce", WorkforceName="crew", WorkforceVpcConfig=vpc)["Workforce"]
    assert updated["Status"] == "Updating"
    assert updated["WorkforceVpcConfig"]["VpcEndpointId"].startswith("vpce-")
    world.clock.advance(1)
    assert world.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["Status"] == "Active"


def test_an_empty_vpc_takes_it_away(world):
    world.workforce()
    world.clock.advance(1)
    vpc = {"VpcId": "vpc-1", "SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    world.call("UpdateWorkforce", WorkforceName="crew", WorkforceVpcConfig=vpc)
    world.clock.advance(1)
    updated = world.call("UpdateWorkforce", WorkforceName="crew", WorkforceVpcConfig={})["Workforce"]
    assert "WorkforceVpcConfig" not in updated


def test_a_workforce_that_is_not_active_yet_is_not_updated(world):
    world.workforce()
    with pytest.raises(EngineError, match="Initializing") as error:
        world.call("UpdateWorkforce", WorkforceName="crew", SourceIpConfig={"Cidrs": []})
    assert error.value.code == "ConflictException"


def test_more_than_ten_address_ranges_are_refused(world):
    world.workforce()
    world.clock.advance(1)
    with pytest.raises(EngineError, match="more than 10 Cidrs"):
        world.call("UpdateWorkforce", WorkforceName="crew", SourceIpConfig={"Cidrs": ["10.0.0.0/16"] * 11})


def test_a_cognito_workforce_takes_no_oidc_configuration(world):
    world.workforce()
    world.clock.advance(1)
    with pytest.raises(EngineError, match="Cognito workforce"):
        world.call("UpdateWorkforce", WorkforceName="crew", OidcConfig=OIDC)


def test_the_identity_provider_does_not_change_under_a_team(world):
    oidc_workforce(world)
    world.clock.advance(1)
    changed = {**OIDC, "ClientId": "other"}
    assert (
        world.call("UpdateWorkforce", WorkforceName="crew", OidcConfig=changed)["Workforce"]["OidcConfig"][
            "ClientId"
        ]
        == "other"
    )
    member = {"OidcMemberDefinition": {"Groups": ["reviewers"]}}
    world.call("CreateWorkteam", WorkteamName="team", Description="people", MemberDefinitions=[member])
    with pytest.raises(EngineError, match="work teams"):
        world.call("UpdateWorkforce", WorkforceName="crew", OidcConfig=OIDC)


def test_a_workforce_with_teams_is_not_deleted(world):
    world.workforce()
    world.team()
    with pytest.raises(EngineError) as error:
        world.call("DeleteWorkforce", WorkforceName="crew")
    assert error.value.code == "ResourceInUse"


def test_after_a_delete_the_region_may_have_another_workforce(world):
    world.workforce()
    world.call("DeleteWorkforce", WorkforceName="crew")
    assert world.call("ListWorkforces") == {"Workforces": []}
    world.workforce("other")
    assert [w["WorkforceName"] for w in world.call("ListWorkforces")["Workforces"]] == ["other"]


def test_every_shape_is_botocores_own(world):
    """What describe and list give fits the service's model: no member it does not know, none missing."""
    world.provision()
    world.start()
    world.answer()
    sagemaker = get_session().get_service_model("sagemaker")
    runtime = get_session().get_service_model("sagemaker-a2i-runtime")
    for model, operation, params in (
        (sagemaker, "DescribeWorkforce", {"WorkforceName": "crew"}),
        (sagemaker, "ListWorkforces", {}),
        (sagemaker, "DescribeWorkteam", {"WorkteamName": "team"}),
        (sagemaker, "ListWorkteams", {}),
        (sagemaker, "ListSubscribedWorkteams", {}),
        (sagemaker, "DescribeHumanTaskUi", {"HumanTaskUiName": "ui"}),
        (sagemaker, "ListHumanTaskUis", {}),
        (sagemaker, "DescribeFlowDefinition", {"FlowDefinitionName": "review"}),
        (sagemaker, "ListFlowDefinitions", {}),
        (runtime, "DescribeHumanLoop", {"HumanLoopName": "loop-1"}),
        (runtime, "ListHumanLoops", {"FlowDefinitionArn": world.flow_arn}),
    ):
        shape = model.operation_model(operation).output_shape
        answer = world.call(operation, **params)
        assert not ParamValidator().validate(answer, shape).has_errors(), operation
        assert set(answer) <= set(shape.members), operation
