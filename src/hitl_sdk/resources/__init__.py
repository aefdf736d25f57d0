"""What a review stands on at AWS: one builder for each resource, one life cycle for all, and the private team.

A builder is the wanted state of one resource, checked offline. `plan` shows what `ensure` would do,
`ensure` does it and is safe to run again, `describe` reads, `wait` waits, `delete` deletes.
"""

from hitl_sdk.resources.base import Resource, State
from hitl_sdk.resources.completion_rule import CompletionRule, CompletionRuleState, RuleState
from hitl_sdk.resources.event_queue import EventQueue, EventQueueState
from hitl_sdk.resources.flow_definition import FlowDefinition, FlowDefinitionState
from hitl_sdk.resources.human_task_ui import HumanTaskUi, HumanTaskUiState
from hitl_sdk.resources.lambda_function import LambdaFunction, LambdaFunctionState
from hitl_sdk.resources.model_endpoint import ModelEndpoint, ModelEndpointState
from hitl_sdk.resources.plan import Change, Plan
from hitl_sdk.resources.sagemaker_v3 import SageMakerEndpoint, deployed_by_sagemaker
from hitl_sdk.resources.task_token_table import TaskTokenTable, TaskTokenTableState
from hitl_sdk.resources.team import Member, PrivateTeam, TeamState
from hitl_sdk.resources.user import User, UserState
from hitl_sdk.resources.user_group import UserGroup, UserGroupState
from hitl_sdk.resources.user_pool import UserPool, UserPoolState
from hitl_sdk.resources.user_pool_client import UserPoolClient, UserPoolClientState
from hitl_sdk.resources.user_pool_domain import UserPoolDomain, UserPoolDomainState
from hitl_sdk.resources.workforce import Workforce, WorkforceState, find_workforce
from hitl_sdk.resources.workteam import Workteam, WorkteamState

__all__ = [
    "Change",
    "CompletionRule",
    "CompletionRuleState",
    "EventQueue",
    "EventQueueState",
    "FlowDefinition",
    "FlowDefinitionState",
    "HumanTaskUi",
    "HumanTaskUiState",
    "LambdaFunction",
    "LambdaFunctionState",
    "Member",
    "ModelEndpoint",
    "ModelEndpointState",
    "Plan",
    "PrivateTeam",
    "Resource",
    "RuleState",
    "SageMakerEndpoint",
    "State",
    "TaskTokenTable",
    "TaskTokenTableState",
    "TeamState",
    "User",
    "UserGroup",
    "UserGroupState",
    "UserPool",
    "UserPoolClient",
    "UserPoolClientState",
    "UserPoolDomain",
    "UserPoolDomainState",
    "UserPoolState",
    "UserState",
    "Workforce",
    "WorkforceState",
    "Workteam",
    "WorkteamState",
    "deployed_by_sagemaker",
    "find_workforce",
]
