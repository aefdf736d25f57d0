"""Workforces, teams, task UIs and flow definitions through plain boto3, in both faces."""

from hashlib import sha256

import pytest
from botocore.exceptions import ClientError

from hitl_sdk.local.engine import Engine

TEMPLATE = "<p>{{ task.input.taskObject }}</p>"


@pytest.fixture
def sagemaker(face):
    return face.client("sagemaker")


def refused(call, **params):
    """Return code, message and status of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_workforce_becomes_active_and_keeps_its_pool(face, sagemaker):
    pool, client = face.workforce()
    assert sagemaker.describe_workforce(WorkforceName="people")["Workforce"]["Status"] == "Initializing"

    workforce = face.wait(
        lambda: sagemaker.describe_workforce(WorkforceName="people")["Workforce"],
        lambda workforce: workforce["Status"] == "Active",
    )

    assert workforce["CognitoConfig"] == {"UserPool": pool, "ClientId": client}
    assert workforce["WorkforceArn"] == f"arn:aws:sagemaker:{face.region}:123456789012:workforce/people"
    assert workforce["SubDomain"].endswith(f".labeling.{face.region}.sagemaker.aws")
    assert [one["WorkforceName"] for one in sagemaker.list_workforces()["Workforces"]] == ["people"]


def test_a_region_has_one_workforce(face, sagemaker):
    pool, client = face.workforce()

    code, _, status = refused(
        sagemaker.create_workforce,
        WorkforceName="second",
        CognitoConfig={"UserPool": pool, "ClientId": client},
    )

    assert (code, status) == ("ValidationException", 400)


def test_a_workforce_wants_a_client_that_exists_and_has_a_secret(face, sagemaker):
    pool, _ = face.cognito()
    bare = face.client("cognito-idp").create_user_pool_client(UserPoolId=pool, ClientName="bare")
    for client, said in [("unknown", "does not exist"), (bare["UserPoolClient"]["ClientId"], "secret")]:
        code, message, _ = refused(
            sagemaker.create_workforce,
            WorkforceName="people",
            CognitoConfig={"UserPool": pool, "ClientId": client},
        )
        assert code == "ValidationException"
        assert said in message


def test_an_update_of_a_workforce_waits_until_it_is_active(face, sagemaker):
    face.workforce()
    allowed = {"WorkforceName": "people", "SourceIpConfig": {"Cidrs": ["10.0.0.0/8"]}}

    with pytest.raises(sagemaker.exceptions.ConflictException) as caught:
        sagemaker.update_workforce(**allowed)
    assert caught.value.response["Message"]

    face.wait(
        lambda: sagemaker.describe_workforce(WorkforceName="people")["Workforce"],
        lambda workforce: workforce["Status"] == "Active",
    )
    updated = sagemaker.update_workforce(**allowed)["Workforce"]
    assert updated["SourceIpConfig"] == {"Cidrs": ["10.0.0.0/8"]}


def test_a_deleted_workforce_is_gone(face, sagemaker):
    face.workforce()

    sagemaker.delete_workforce(WorkforceName="people")

    assert sagemaker.list_workforces()["Workforces"] == []
    code, _, status = refused(sagemaker.describe_workforce, WorkforceName="people")
    assert (code, status) == ("ValidationException", 400)


def test_a_workforce_with_teams_stays(face, sagemaker):
    face.workteam()

    assert refused(sagemaker.delete_workforce, WorkforceName="people")[0] == "ResourceInUse"


def test_a_team_lives_from_create_to_delete(face, sagemaker):
    arn = face.workteam("crew")

    team = sagemaker.describe_workteam(WorkteamName="crew")["Workteam"]
    assert team["WorkteamArn"] == arn
    assert team["WorkforceArn"].endswith("workforce/people")
    updated = sagemaker.update_workteam(WorkteamName="crew", Description="new words")["Workteam"]
    assert updated["Description"] == "new words"
    assert updated["MemberDefinitions"] == team["MemberDefinitions"]
    assert sagemaker.delete_workteam(WorkteamName="crew")["Success"] is True
    assert refused(sagemaker.describe_workteam, WorkteamName="crew")[0] == "ValidationException"


def test_a_team_s_name_is_taken_once(face, sagemaker):
    face.workteam("crew")
    member = sagemaker.describe_workteam(WorkteamName="crew")["Workteam"]["MemberDefinitions"]

    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_workteam(WorkteamName="crew", Description="again", MemberDefinitions=member)


def test_the_26th_team_is_over_the_limit(face, sagemaker):
    face.workteam("crew-0")
    member = sagemaker.describe_workteam(WorkteamName="crew-0")["Workteam"]["MemberDefinitions"]
    for number in range(1, 25):
        sagemaker.create_workteam(WorkteamName=f"crew-{number}", Description="d", MemberDefinitions=member)

    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded) as caught:
        sagemaker.create_workteam(WorkteamName="crew-25", Description="d", MemberDefinitions=member)

    assert "25" in caught.value.response["Message"]


def test_teams_are_found_by_part_of_their_name_in_pages(face, sagemaker):
    face.workteam("alpha")
    member = sagemaker.describe_workteam(WorkteamName="alpha")["Workteam"]["MemberDefinitions"]
    for name in ("beta", "alphabet", "gamma"):
        sagemaker.create_workteam(WorkteamName=name, Description="d", MemberDefinitions=member)

    pages = sagemaker.get_paginator("list_workteams").paginate(
        NameContains="alpha", SortBy="Name", SortOrder="Descending", PaginationConfig={"PageSize": 1}
    )

    assert [[team["WorkteamName"] for team in page["Workteams"]] for page in pages] == [
        ["alphabet"],
        ["alpha"],
    ]


def test_there_are_no_subscribed_teams(sagemaker, face):
    assert sagemaker.list_subscribed_workteams()["SubscribedWorkteams"] == []
    arn = f"arn:aws:sagemaker:{face.region}:123456789012:workteam/vendor-crowd/vendor"
    assert refused(sagemaker.describe_subscribed_workteam, WorkteamArn=arn)[0] == "ValidationException"


def test_a_task_ui_keeps_the_digest_of_its_template(face, sagemaker):
    arn = face.task_ui("ui", TEMPLATE)

    ui = sagemaker.describe_human_task_ui(HumanTaskUiName="ui")

    assert (ui["HumanTaskUiArn"], ui["HumanTaskUiStatus"]) == (arn, "Active")
    assert ui["UiTemplate"]["ContentSha256"] == sha256(TEMPLATE.encode()).hexdigest()


def test_task_uis_are_listed_and_deleted(face, sagemaker):
    for name in ("one", "two", "three"):
        face.task_ui(name)

    listed = sagemaker.list_human_task_uis(SortOrder="Ascending")["HumanTaskUiSummaries"]
    assert [ui["HumanTaskUiName"] for ui in listed] == ["one", "two", "three"]
    sagemaker.delete_human_task_ui(HumanTaskUiName="two")
    assert len(sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]) == 2
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.delete_human_task_ui(HumanTaskUiName="two")


def test_a_task_ui_that_does_not_exist_is_not_found(sagemaker):
    with pytest.raises(sagemaker.exceptions.ResourceNotFound) as caught:
        sagemaker.describe_human_task_ui(HumanTaskUiName="nobody-made-this")

    assert "nobody-made-this" in caught.value.response["Message"]


def test_a_task_ui_s_name_is_taken_once(face, sagemaker):
    face.task_ui("ui")

    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        face.task_ui("ui")


def test_a_template_is_rendered_with_its_input(face, sagemaker):
    rendered = sagemaker.render_ui_template(
        UiTemplate={"Content": TEMPLATE}, Task={"Input": '{"taskObject": "a < b"}'}, RoleArn=face.role
    )
    assert rendered["RenderedContent"] == "<p>a &lt; b</p>"
    assert rendered["Errors"] == []


def test_a_task_ui_is_rendered_by_its_arn(face, sagemaker):
    arn = face.task_ui("ui", TEMPLATE)

    rendered = sagemaker.render_ui_template(
        HumanTaskUiArn=arn, Task={"Input": '{"taskObject": "x"}'}, RoleArn=face.role
    )

    assert rendered["RenderedContent"] == "<p>x</p>"
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.render_ui_template(HumanTaskUiArn=arn + "x", Task={"Input": "{}"}, RoleArn=face.role)


def test_a_flow_lives_from_create_to_delete(face, sagemaker):
    arn = face.flow("review", face.workteam(), face.task_ui(), TaskKeywords=["text", "sentiment"])

    assert (
        sagemaker.describe_flow_definition(FlowDefinitionName="review")["FlowDefinitionStatus"]
        == "Initializing"
    )
    face.wait_for_flow("review")
    flow = sagemaker.describe_flow_definition(FlowDefinitionName="review")
    assert flow["FlowDefinitionArn"] == arn
    assert flow["HumanLoopConfig"]["TaskKeywords"] == ["text", "sentiment"]
    assert flow["OutputConfig"] == {"S3OutputPath": "s3://reviews/a2i"}
    assert [
        one["FlowDefinitionName"] for one in sagemaker.list_flow_definitions()["FlowDefinitionSummaries"]
    ] == ["review"]
    sagemaker.delete_flow_definition(FlowDefinitionName="review")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_flow_definition(FlowDefinitionName="review")


def test_a_flow_s_name_is_taken_once(face, sagemaker):
    team, ui = face.workteam(), face.task_ui()
    face.flow("review", team, ui)

    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        face.flow("review", team, ui)


def test_a_flow_wants_a_team_that_exists(face, sagemaker):
    team = f"arn:aws:sagemaker:{face.region}:123456789012:workteam/private-crowd/nobody"

    with pytest.raises(ClientError, match="nobody") as caught:
        face.flow("review", team, face.task_ui())

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_flow_wants_at_most_three_workers(face):
    with pytest.raises(ClientError) as caught:
        face.flow("review", face.workteam(), face.task_ui(), TaskCount=4)

    assert "at 'humanLoopConfig.taskCount' failed to satisfy constraint" in str(caught.value)


def test_a_flow_with_loops_in_progress_stays(review):
    review.start()
    sagemaker = review.face.client("sagemaker")

    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.delete_flow_definition(FlowDefinitionName=review.flow_name)


def test_an_operation_that_is_not_there_says_so(cloud_review, monkeypatch):
    monkeypatch.setattr(Engine, "operations", Engine.operations - {"ListLabelingJobs"})

    code, message, status = refused(cloud_review.face.client("sagemaker").list_labeling_jobs)

    assert (code, status) == ("UnknownOperationException", 400)
    assert "does not answer" in message


def test_two_regions_share_nothing(face):
    face.task_ui("ui")
    other = type(face)(region="ap-northeast-1", cloud=face.cloud, server=face.server)

    with pytest.raises(ClientError):
        other.client("sagemaker").describe_human_task_ui(HumanTaskUiName="ui")


def test_the_rest_of_sagemaker_stays_motos(face, sagemaker):
    sagemaker.create_model(ModelName="model", ExecutionRoleArn=face.role, PrimaryContainer={"Image": "image"})

    assert sagemaker.describe_model(ModelName="model")["ModelName"] == "model"
