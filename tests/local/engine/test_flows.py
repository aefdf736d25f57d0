import pytest

from hitl_sdk.local.engine import EngineError, Settings


@pytest.fixture
def ready(world):
    """A world in which all stands but a flow definition."""
    world.workforce()
    world.team()
    world.task_ui()
    return world


def test_a_flow_is_described_as_it_was_created(ready):
    arn = ready.flow(TaskKeywords=["a", "b"])
    described = ready.call("DescribeFlowDefinition", FlowDefinitionName="review")
    assert described["FlowDefinitionArn"] == arn == ready.flow_arn
    assert described["OutputConfig"] == {"S3OutputPath": "s3://out/a2i"}
    assert described["HumanLoopConfig"]["TaskKeywords"] == ["a", "b"]
    assert described["RoleArn"] == "arn:aws:iam::123456789012:role/review"
    assert described["CreationTime"] == ready.clock.now()


def test_a_flow_becomes_active_by_the_clock(ready):
    ready.flow()
    assert (
        ready.call("ListFlowDefinitions")["FlowDefinitionSummaries"][0]["FlowDefinitionStatus"]
        == "Initializing"
    )
    ready.clock.advance(1)
    assert ready.call("ListFlowDefinitions")["FlowDefinitionSummaries"][0]["FlowDefinitionStatus"] == "Active"


def test_the_time_to_become_active_is_a_setting(make_world):
    world = make_world(settings=Settings(settling_seconds=0))
    world.workforce()
    world.team()
    world.task_ui()
    world.flow()
    described = world.call("DescribeFlowDefinition", FlowDefinitionName="review")
    assert described["FlowDefinitionStatus"] == "Active"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/ghosts",
        "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
        "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default",
    ],
)
def test_a_flow_needs_a_team_that_exists(ready, arn):
    with pytest.raises(EngineError, match=r"Workteam .* does not exist") as error:
        ready.flow(WorkteamArn=arn)
    assert error.value.code == "ValidationException"


def test_a_flow_needs_a_task_ui_that_exists(ready):
    with pytest.raises(EngineError, match=r"HumanTaskUi .* does not exist") as error:
        ready.flow(HumanTaskUiArn=ready.scope.arn("human-task-ui", "ghost"))
    assert error.value.code == "ValidationException"


def test_a_flow_name_is_used_once(ready):
    ready.flow()
    with pytest.raises(EngineError) as error:
        ready.flow()
    assert error.value.code == "ResourceInUse"


def test_flows_are_limited(make_world):
    world = make_world(settings=Settings(flow_definitions=2)).provision()
    world.flow("b")
    with pytest.raises(EngineError) as error:
        world.flow("c")
    assert error.value.code == "ResourceLimitExceeded"


def test_aws_own_quotas_hold_unless_told_otherwise():
    settings = Settings()
    assert (settings.flow_definitions, settings.human_task_uis, settings.workteams) == (100, 100, 25)
    assert (settings.loops_in_flight, settings.input_bytes) == (5000, 3 * 1024 * 1024)


def test_a_flow_without_human_loop_config_is_refused(ready):
    with pytest.raises(EngineError, match="HumanLoopConfig is missing"):
        ready.call(
            "CreateFlowDefinition",
            FlowDefinitionName="review",
            RoleArn="arn:aws:iam::123456789012:role/review",
            OutputConfig={"S3OutputPath": "s3://out"},
        )


def test_activation_conditions_are_for_built_in_task_types(ready):
    with pytest.raises(EngineError, match="built-in task types"):
        ready.call(
            "CreateFlowDefinition",
            FlowDefinitionName="review",
            RoleArn="arn:aws:iam::123456789012:role/review",
            OutputConfig={"S3OutputPath": "s3://out"},
            HumanLoopConfig={},
            HumanLoopActivationConfig={"HumanLoopActivationConditionsConfig": {}},
        )


def test_output_goes_to_s3_alone(ready):
    with pytest.raises(EngineError, match="s3:// URI"):
        ready.flow(output="https://out.example.com/a2i")


def test_a_task_is_not_available_for_longer_than_ten_days(ready):
    ready.flow(TaskAvailabilityLifetimeInSeconds=864_000)
    with pytest.raises(EngineError, match="864001 is above 864000"):
        ready.flow("other", TaskAvailabilityLifetimeInSeconds=864_001)


def test_a_flow_with_loops_in_flight_is_not_deleted(reviews):
    reviews.start()
    with pytest.raises(EngineError, match="1 human loops in progress") as error:
        reviews.call("DeleteFlowDefinition", FlowDefinitionName="review")
    assert error.value.code == "ResourceInUse"
    reviews.answer()
    assert reviews.call("DeleteFlowDefinition", FlowDefinitionName="review") == {}


def test_a_deleted_flow_is_gone_but_its_loops_are_still_described(reviews):
    reviews.start()
    reviews.answer()
    reviews.call("DeleteFlowDefinition", FlowDefinitionName="review")
    assert reviews.describe()["FlowDefinitionArn"] == reviews.flow_arn
    for operation in ("DescribeFlowDefinition", "DeleteFlowDefinition"):
        with pytest.raises(EngineError) as error:
            reviews.call(operation, FlowDefinitionName="review")
        assert error.value.code == "ResourceNotFound"
