"""Every rule that the builders hold, held itself against the installed botocore model, so that drift shows."""

from functools import cache
from typing import get_args

import annotated_types
import botocore.session
import pytest
from pydantic import AfterValidator

from hitl_sdk.resources import (
    FlowDefinition,
    HumanTaskUi,
    User,
    UserGroup,
    UserPool,
    UserPoolClient,
    UserPoolDomain,
    Workforce,
    Workteam,
    types,
)
from hitl_sdk.resources.types import TextRule

SAGEMAKER, COGNITO = "sagemaker", "cognito-idp"
TEXTS = [
    ("UserPoolName", COGNITO, "CreateUserPool", "PoolName"),
    ("TagKey", SAGEMAKER, "CreateWorkforce", "Tags.*.Key"),
    ("TagValue", SAGEMAKER, "CreateWorkforce", "Tags.*.Value"),
    ("ClientName", COGNITO, "CreateUserPoolClient", "ClientName"),
    ("CallbackUrl", COGNITO, "CreateUserPoolClient", "CallbackURLs.*"),
    ("UserPoolId", COGNITO, "CreateUserPoolClient", "UserPoolId"),
    ("UserPoolId", SAGEMAKER, "CreateWorkforce", "CognitoConfig.UserPool"),
    ("ClientId", SAGEMAKER, "CreateWorkforce", "CognitoConfig.ClientId"),
    ("DomainPrefix", COGNITO, "CreateUserPoolDomain", "Domain"),
    ("GroupName", COGNITO, "CreateGroup", "GroupName"),
    ("GroupName", SAGEMAKER, "CreateWorkteam", "MemberDefinitions.*.CognitoMemberDefinition.UserGroup"),
    ("UserName", COGNITO, "AdminCreateUser", "Username"),
    ("WorkforceName", SAGEMAKER, "CreateWorkforce", "WorkforceName"),
    ("WorkteamName", SAGEMAKER, "CreateWorkteam", "WorkteamName"),
    ("Description", SAGEMAKER, "CreateWorkteam", "Description"),
    ("TaskUiName", SAGEMAKER, "CreateHumanTaskUi", "HumanTaskUiName"),
    ("TaskUiContent", SAGEMAKER, "CreateHumanTaskUi", "UiTemplate.Content"),
    ("FlowName", SAGEMAKER, "CreateFlowDefinition", "FlowDefinitionName"),
    ("TaskTitle", SAGEMAKER, "CreateFlowDefinition", "HumanLoopConfig.TaskTitle"),
    ("TaskDescription", SAGEMAKER, "CreateFlowDefinition", "HumanLoopConfig.TaskDescription"),
    ("Keyword", SAGEMAKER, "CreateFlowDefinition", "HumanLoopConfig.TaskKeywords.*"),
    ("OutputUri", SAGEMAKER, "CreateFlowDefinition", "OutputConfig.S3OutputPath"),
    ("RoleArn", SAGEMAKER, "CreateFlowDefinition", "RoleArn"),
    ("KmsKeyId", SAGEMAKER, "CreateFlowDefinition", "OutputConfig.KmsKeyId"),
]
# Where the model states no shortest length, or a lower one, for a text that can't be empty.
STRICTER_BY_ONE = {"OutputUri", "KmsKeyId"}


@cache
def model_of(service: str):
    return botocore.session.get_session().get_service_model(service)


def shape_of(service: str, operation: str, path: str):
    shape = model_of(service).operation_model(operation).input_shape
    for part in path.split("."):
        shape = shape.member if part == "*" else shape.members[part]
    return shape


def rule_named(name: str) -> TextRule:
    metadata = get_args(getattr(types, name))[1:]
    functions = [item.func for item in metadata if isinstance(item, AfterValidator)]
    return next(function for function in functions if isinstance(function, TextRule))


@pytest.mark.parametrize(("name", "service", "operation", "path"), TEXTS)
def test_a_text_rule_is_the_services_own(name, service, operation, path):
    rule, metadata = rule_named(name), shape_of(service, operation, path).metadata

    assert rule.pattern == metadata["pattern"]
    assert rule.longest == metadata["max"]
    assert rule.shortest == metadata["min"] + (1 if name in STRICTER_BY_ONE else 0)


@pytest.mark.parametrize(
    ("field", "member"),
    [
        ("task_count", "TaskCount"),
        ("task_time_limit", "TaskTimeLimitInSeconds"),
        ("task_availability_lifetime", "TaskAvailabilityLifetimeInSeconds"),
    ],
)
def test_a_number_of_a_flow_keeps_the_services_range(field, member):
    metadata = shape_of(SAGEMAKER, "CreateFlowDefinition", f"HumanLoopConfig.{member}").metadata
    bounds = FlowDefinition.model_fields[field].metadata
    lowest = next(bound.ge for bound in bounds if isinstance(bound, annotated_types.Ge))
    highest = next(bound.le for bound in bounds if isinstance(bound, annotated_types.Le))

    assert lowest == metadata["min"]
    # Where the model names no maximum, ours comes from elsewhere, as the docstring says.
    assert highest == metadata.get("max", {"task_time_limit": 28_800}.get(field, 864_000))


@pytest.mark.parametrize(
    ("name", "service", "operation", "path"),
    [
        ("Keywords", SAGEMAKER, "CreateFlowDefinition", "HumanLoopConfig.TaskKeywords"),
        ("CallbackUrls", COGNITO, "CreateUserPoolClient", "CallbackURLs"),
    ],
)
def test_a_sequence_is_no_longer_than_the_service_takes(name, service, operation, path):
    field = get_args(getattr(types, name))[2]
    longest = next(bound.max_length for bound in field.metadata if isinstance(bound, annotated_types.MaxLen))

    assert longest == shape_of(service, operation, path).metadata["max"]


def test_the_description_of_a_group_keeps_the_services_length():
    assert (
        rule_named("GroupDescription").longest
        == shape_of(COGNITO, "CreateGroup", "Description").metadata["max"]
    )


@pytest.mark.parametrize(
    "builder",
    [
        FlowDefinition,
        HumanTaskUi,
        User,
        UserGroup,
        UserPool,
        UserPoolClient,
        UserPoolDomain,
        Workforce,
        Workteam,
    ],
)
def test_the_iam_actions_are_operations_of_the_service(builder):
    iam = builder.iam
    for action in (*iam.read, *iam.create, *iam.update, *iam.delete):
        service, operation = action.split(":")
        if action != "iam:PassRole":  # the one action without an operation
            assert operation in model_of(service).operation_names
