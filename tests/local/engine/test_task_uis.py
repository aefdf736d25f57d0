from hashlib import sha256

import pytest

from hitl_sdk.local.engine import EngineError, Scope, Settings

ROLE = "arn:aws:iam::123456789012:role/review"


def test_a_task_ui_is_described_by_its_digest(world):
    content = "<crowd-form>wählen</crowd-form>"
    arn = world.task_ui(content=content)
    described = world.call("DescribeHumanTaskUi", HumanTaskUiName="ui")
    assert described["HumanTaskUiArn"] == arn == "arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/ui"
    assert described["HumanTaskUiStatus"] == "Active"
    assert described["UiTemplate"]["ContentSha256"] == sha256(content.encode()).hexdigest()
    assert described["UiTemplate"]["Url"].startswith("https://")


def test_the_template_of_a_task_ui_can_be_read(world):
    arn = world.task_ui(content="<p>")
    assert world.engine.task_ui_content(world.scope, arn) == "<p>"


def test_the_template_of_another_region_can_not(world):
    arn = world.task_ui()
    with pytest.raises(EngineError) as error:
        world.engine.task_ui_content(Scope("123456789012", "us-east-1"), arn)
    assert error.value.code == "ResourceNotFound"


def test_a_task_ui_name_is_used_once(world):
    world.task_ui()
    with pytest.raises(EngineError) as error:
        world.task_ui()
    assert error.value.code == "ResourceInUse"


@pytest.mark.parametrize("content", ["<p>\x00</p>", "<p>\ud800</p>"])
def test_a_template_that_not_every_database_can_keep_is_refused(world, content):
    with pytest.raises(EngineError, match=r"^ValidationException: UiTemplate\.Content") as error:
        world.task_ui(content=content)
    assert error.value.code == "ValidationException"


def test_task_uis_are_limited(make_world):
    world = make_world(settings=Settings(human_task_uis=1))
    world.task_ui("a")
    with pytest.raises(EngineError) as error:
        world.task_ui("b")
    assert error.value.code == "ResourceLimitExceeded"


def test_a_deleted_task_ui_is_gone(world):
    world.task_ui()
    world.call("DeleteHumanTaskUi", HumanTaskUiName="ui")
    assert world.call("ListHumanTaskUis") == {"HumanTaskUiSummaries": []}
    for operation in ("DescribeHumanTaskUi", "DeleteHumanTaskUi"):
        with pytest.raises(EngineError) as error:
            world.call(operation, HumanTaskUiName="ui")
        assert error.value.code == "ResourceNotFound"


def test_a_flow_keeps_the_template_of_a_deleted_task_ui(reviews):
    reviews.start()
    reviews.call("DeleteHumanTaskUi", HumanTaskUiName="ui")
    (task,) = reviews.engine.open_loops()
    assert task.template == "<crowd-form></crowd-form>"


def test_a_template_given_with_the_request_is_rendered(world):
    rendered = world.call(
        "RenderUiTemplate",
        RoleArn=ROLE,
        UiTemplate={"Content": "<p>{{ task.input.taskObject }}</p>"},
        Task={"Input": '{"taskObject": "1 < 2"}'},
    )
    assert rendered == {"RenderedContent": "<p>1 &lt; 2</p>", "Errors": []}


def test_the_template_of_a_task_ui_is_rendered(world):
    arn = world.task_ui(content="<p>{{ task.input.taskObject }}</p>")
    rendered = world.call(
        "RenderUiTemplate", RoleArn=ROLE, HumanTaskUiArn=arn, Task={"Input": '{"taskObject": 1}'}
    )
    assert rendered["RenderedContent"] == "<p>1</p>"


def test_a_template_that_can_not_be_rendered_says_why(world):
    rendered = world.call(
        "RenderUiTemplate", RoleArn=ROLE, UiTemplate={"Content": "{% if %}"}, Task={"Input": "{}"}
    )
    assert rendered["Errors"]
    assert set(rendered["Errors"][0]) == {"Code", "Message"}


def test_an_unknown_task_ui_is_not_rendered(world):
    with pytest.raises(EngineError) as error:
        world.call(
            "RenderUiTemplate",
            RoleArn=ROLE,
            HumanTaskUiArn=world.scope.arn("human-task-ui", "ghost"),
            Task={"Input": "{}"},
        )
    assert error.value.code == "ResourceNotFound"


def test_a_preview_has_one_template(world):
    with pytest.raises(EngineError, match="one of UiTemplate and HumanTaskUiArn"):
        world.call("RenderUiTemplate", RoleArn=ROLE, Task={"Input": "{}"})
