"""The flow definition: which team answers which task UI, how often, where the answers go, and who starts loops."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Self, TypedDict

from pydantic import Field, model_validator

from hitl_sdk.arns import parse_arn
from hitl_sdk.resources._activation import (
    ActivationText,
    RequestSource,
    same_json,
    service_of_conditions,
    service_of_source,
)
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.types import (
    FlowName,
    HumanTaskUiArn,
    Keywords,
    KmsKeyId,
    OutputUri,
    RoleArn,
    TaskDescription,
    TaskTitle,
    WorkteamArn,
)
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        DescribeFlowDefinitionResponseTypeDef,
        FlowDefinitionOutputConfigTypeDef,
        HumanLoopActivationConfigTypeDef,
        HumanLoopConfigUnionTypeDef,
        HumanLoopRequestSourceTypeDef,
    )

    class _Activation(TypedDict, total=False):
        HumanLoopRequestSource: HumanLoopRequestSourceTypeDef
        HumanLoopActivationConfig: HumanLoopActivationConfigTypeDef


__all__ = ["FlowDefinition", "FlowDefinitionState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDefinitionState(State):
    """A flow definition as it is.

    Attributes
    ----------
    arn : str
        Its ARN: what human loops are started with.
    workteam_arn, human_task_ui_arn, role_arn : str or None
        What it is made of.
    output : str
        Where answers go: ``"s3://bucket/prefix"``.

    title, description : str or None
        What workers see in their list of tasks.
    task_count : int or None
        Workers for each item.
    task_time_limit : int or None
        Seconds that one worker has for one task.
    task_availability_lifetime : int or None
        Seconds after which a loop that is not answered expires.
    keywords : tuple of str
        For finding the task.
    kms_key_id : str or None
        The key that encrypts the answers.
    request_source : str or None
        Whose requests start its human loops; None if you start them.
    activation_conditions : str or None
        On which conditions they do, as JSON.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     flow = hitl.ReviewFlow(
    ...         name="sentiment",
    ...         team=hitl.PrivateTeam(name="crew"),
    ...         task=hitl.tasks.TextClassification(name="mood", labels=["-1", "0", "1"], title="Which mood?"),
    ...         output="s3://bucket/a2i",
    ...         role_arn=cloud.role_arn,
    ...     )
    ...     state = flow.ensure(cloud.session())
    >>> state.status, state.task_count
    ('Active', 1)
    """

    arn: str
    workteam_arn: str | None
    human_task_ui_arn: str | None
    role_arn: str
    output: str
    title: str | None = field(repr=False)
    description: str | None = field(repr=False)
    task_count: int | None
    task_time_limit: int | None
    task_availability_lifetime: int | None
    keywords: tuple[str, ...]
    kms_key_id: str | None
    request_source: str | None = None
    activation_conditions: str | None = field(default=None, repr=False)


class FlowDefinition(Resource[FlowDefinitionState]):
    """A human review workflow. It can't be changed once made.

    Parameters
    ----------
    name : str
        1 to 63 lower-case letters, digits and hyphens.
    workteam_arn : str
        A private or a vendor's team. The public workforce (Mechanical Turk) is closed.
    human_task_ui_arn : str
        What its workers see.
    role_arn : str
        The role with which AWS reads the items and writes the answers.
    output : str
        ``"s3://bucket/prefix"``.
    title : str
        1 to 128 characters; workers see it in their list of tasks.
    description : str, optional
        1 to 255 characters in one line; the title when left out.
    task_count : int, default 1
        Workers for each item, 1 to 3.
    task_time_limit : int, default 3600
        Seconds that one worker has for one task: 30 to 28,800 (the greatest value is that of the
        Terraform provider's documentation; AWS's model states none).
    task_availability_lifetime : int, default 864000
        Seconds after which a loop that is not answered expires: 1 to 864,000 (ten days; the greatest
        value is that of the Terraform and Pulumi providers' schemas), not below `task_time_limit`.
    keywords : sequence of str, optional
        1 to 5, or none: words of letters and digits, each up to 30 characters.
    kms_key_id : str, optional
        The key that encrypts the answers.
    request_source : str, optional
        Let AWS's own integration start the human loops, from calls with ``HumanLoopConfig``:
        ``"AWS/Textract/AnalyzeDocument/Forms/V1"`` or ``"AWS/Rekognition/DetectModerationLabels/Image/V3"``.
    activation_conditions : str, mapping or ActivationConditions, optional
        Which of these calls start one: HumanLoopActivationConditions, as JSON text of up to 10,240 characters, as what
        it holds, or as what `ActivationConditions` reads. Every call when left out. Needs a `request_source`.

    Examples
    --------
    >>> flow = FlowDefinition(
    ...     name="sentiment",
    ...     workteam_arn="arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew",
    ...     human_task_ui_arn="arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/sentiment",
    ...     role_arn="arn:aws:iam::123456789012:role/review",
    ...     output="s3://bucket/a2i",
    ...     title="Classify reviews",
    ... )
    >>> flow.description, flow.task_count
    ('Classify reviews', 1)
    """

    kind: ClassVar[str] = "flow definition"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeFlowDefinition",),
        create=("sagemaker:CreateFlowDefinition", "iam:PassRole"),
        delete=("sagemaker:DeleteFlowDefinition",),
    )
    cure: ClassVar[str] = (
        "a flow definition can't be changed: choose another name, or delete the one that exists"
    )

    name: FlowName
    workteam_arn: WorkteamArn
    human_task_ui_arn: HumanTaskUiArn
    role_arn: RoleArn
    output: OutputUri
    title: TaskTitle
    # .get(): before 2.12, pydantic asks for the default even where the other field was refused
    description: TaskDescription = Field(
        default_factory=lambda fields: " ".join(fields.get("title", "").split())
    )
    task_count: Annotated[int, Field(ge=1, le=3)] = 1
    task_time_limit: Annotated[int, Field(ge=30, le=28_800)] = 3600
    task_availability_lifetime: Annotated[int, Field(ge=1, le=864_000)] = 864_000
    keywords: Keywords = ()
    kms_key_id: KmsKeyId | None = None
    request_source: RequestSource | None = None
    activation_conditions: ActivationText | None = None

    @model_validator(mode="after")
    def _a_task_lives_as_long_as_a_worker_may_take(self) -> Self:
        if self.task_availability_lifetime < self.task_time_limit:
            raise ValueError(
                f"task_availability_lifetime ({self.task_availability_lifetime} s) is below task_time_limit "
                f"({self.task_time_limit} s): tasks would expire while somebody works on them"
            )
        return self

    @model_validator(mode="after")
    def _conditions_are_for_the_source(self) -> Self:
        if self.activation_conditions is None:
            return self
        if self.request_source is None:
            raise ValueError(
                "activation_conditions need a request_source: AWS takes them for its own integrations alone; route "
                "the predictions of other models by ActivationConditions as a policy"
            )
        service = service_of_conditions(self.activation_conditions)
        if service not in {None, service_of_source(self.request_source)}:
            raise ValueError(
                f"activation_conditions are for {service}, request_source is {self.request_source}"
            )
        return self

    def _check(self, session: Session) -> None:
        session.require_human_review()
        if ":workteam/vendor-crowd/" in self.workteam_arn:
            # A vendor's team carries the vendor's account, not the caller's.
            parse_arn(self.workteam_arn, "workteam", region=session.region_name)
        else:
            session.check_arn(self.workteam_arn, "workteam")
        session.check_arn(self.human_task_ui_arn, "human-task-ui")
        session.check_arn(self.role_arn, "role")

    def _read(self, session: Session) -> FlowDefinitionState:
        return _state(session.client("sagemaker").describe_flow_definition(FlowDefinitionName=self.name))

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_flow_definition(
            FlowDefinitionName=self.name,
            HumanLoopConfig=self._human_loop_config(),
            OutputConfig=self._output_config(),
            RoleArn=self.role_arn,
            **self._activation(),
        )

    def _activation(self) -> "_Activation":
        """Return who starts human loops, and on which conditions: the members are left out where there is none."""
        activation: _Activation = {}
        if self.request_source is not None:
            activation["HumanLoopRequestSource"] = {"AwsManagedHumanLoopRequestSource": self.request_source}
        if self.activation_conditions is not None:
            activation["HumanLoopActivationConfig"] = {
                "HumanLoopActivationConditionsConfig": {
                    "HumanLoopActivationConditions": self.activation_conditions
                }
            }
        return activation

    def _human_loop_config(self) -> "HumanLoopConfigUnionTypeDef":
        config: HumanLoopConfigUnionTypeDef = {
            "WorkteamArn": self.workteam_arn,
            "HumanTaskUiArn": self.human_task_ui_arn,
            "TaskTitle": self.title,
            "TaskDescription": self.description,
            "TaskCount": self.task_count,
            "TaskTimeLimitInSeconds": self.task_time_limit,
            "TaskAvailabilityLifetimeInSeconds": self.task_availability_lifetime,
        }
        if self.keywords:
            config["TaskKeywords"] = list(self.keywords)
        return config

    def _output_config(self) -> "FlowDefinitionOutputConfigTypeDef":
        if self.kms_key_id is None:
            return {"S3OutputPath": self.output}
        return {"S3OutputPath": self.output, "KmsKeyId": self.kms_key_id}

    def _differences(self, state: FlowDefinitionState) -> tuple[Difference, ...]:
        same = same_json(state.activation_conditions, self.activation_conditions)
        own = {"name", "activation_conditions"} if same else {"name"}
        fields = [name for name in type(self).model_fields if name not in own]
        return tuple(
            Difference(name, getattr(state, name), getattr(self, name))
            for name in fields
            if getattr(state, name) != getattr(self, name)
        )

    def _delete(self, session: Session, state: FlowDefinitionState) -> None:
        session.client("sagemaker").delete_flow_definition(FlowDefinitionName=state.name)


def _state(flow: "DescribeFlowDefinitionResponseTypeDef") -> FlowDefinitionState:
    config = flow.get("HumanLoopConfig", {})
    conditions = flow.get("HumanLoopActivationConfig", {}).get("HumanLoopActivationConditionsConfig", {})
    return FlowDefinitionState(
        name=flow["FlowDefinitionName"],
        status=flow["FlowDefinitionStatus"],
        failure_reason=flow.get("FailureReason"),
        arn=flow["FlowDefinitionArn"],
        workteam_arn=config.get("WorkteamArn"),
        human_task_ui_arn=config.get("HumanTaskUiArn"),
        role_arn=flow["RoleArn"],
        output=flow["OutputConfig"]["S3OutputPath"].rstrip("/"),
        title=config.get("TaskTitle"),
        description=config.get("TaskDescription"),
        task_count=config.get("TaskCount"),
        task_time_limit=config.get("TaskTimeLimitInSeconds"),
        task_availability_lifetime=config.get("TaskAvailabilityLifetimeInSeconds"),
        keywords=tuple(config.get("TaskKeywords", ())),
        kms_key_id=flow["OutputConfig"].get("KmsKeyId") or None,
        request_source=flow.get("HumanLoopRequestSource", {}).get("AwsManagedHumanLoopRequestSource"),
        activation_conditions=conditions.get("HumanLoopActivationConditions"),
    )
