"""A whole review in one piece: the team, what its workers see, and the flow that ties them together."""

from collections.abc import Callable
from typing import Any, get_args

from pydantic import InstanceOf, SerializeAsAny, model_validator

from hitl_sdk._model import Model
from hitl_sdk.arns import parse_arn
from hitl_sdk.resources import FlowDefinition, FlowDefinitionState, HumanTaskUi, Plan, PrivateTeam
from hitl_sdk.resources._activation import ActivationText, RequestSource
from hitl_sdk.resources.types import FlowName, Keyword, KmsKeyId, OutputUri, RoleArn, WorkteamArn
from hitl_sdk.session import Session
from hitl_sdk.tasks import Task

__all__ = ["ReviewFlow"]

DEFAULT_TIMEOUT = 900.0


class ReviewFlow(Model):
    """Everything a review needs at AWS: a team, a task UI made from the task, and the flow definition.

    Parameters
    ----------
    name : str
        Of the flow definition and of the task UI: 1 to 63 lower-case letters, digits and hyphens.
    team : PrivateTeam or str
        Who reviews: a team, which is provisioned too, or the ARN of one that exists.
    task : Task
        What they see and answer; its title, description and keywords describe the flow to workers.
    output : str
        Where the answers go: ``"s3://bucket/prefix"``.
    role_arn : str
        The role with which AWS reads the items and writes the answers.
    task_count : int, default 1
        Workers for each item, 1 to 3.
    task_time_limit : int, default 3600
        Seconds that one worker has for one task.
    task_availability_lifetime : int, default 864000
        Seconds after which a loop that is not answered expires.
    keywords : sequence of str, optional
        Up to 5; the task's own when left out.
    kms_key_id : str, optional
        The key that encrypts the answers.
    built_in : bool, default False
        Whether AWS's own integration starts the human loops, from calls of Rekognition or Textract with
        ``HumanLoopConfig``: for a `RekognitionModeration` or `TextractForms` task.
    activation_conditions : str, mapping or ActivationConditions, optional
        Which of these calls start one, as in `FlowDefinition`; every call when left out.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule; nothing has been sent then.
    TemplateError
        If the task is one for labeling jobs alone.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> flow = ReviewFlow(
    ...     name="sentiment",
    ...     team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
    ...     task=hitl.tasks.TextClassification(name="mood", labels=["-1", "0", "1"], title="Which mood?"),
    ...     output="s3://bucket/a2i",
    ...     role_arn="arn:aws:iam::123456789012:role/review",
    ... )
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     print(flow.plan(cloud.session()))
    + user pool 'reviewers'
    ...
    + human task UI 'sentiment'
    + flow definition 'sentiment'
    """

    name: FlowName
    team: PrivateTeam | WorkteamArn
    task: SerializeAsAny[InstanceOf[Task]]
    output: OutputUri
    role_arn: RoleArn
    task_count: int = 1
    task_time_limit: int = 3600
    task_availability_lifetime: int = 864_000
    keywords: tuple[Keyword, ...] | None = None
    kms_key_id: KmsKeyId | None = None
    built_in: bool = False
    activation_conditions: ActivationText | None = None

    @model_validator(mode="after")
    def _the_task_is_one_of_the_integration(self) -> "ReviewFlow":
        if self.built_in and self._request_source() is None:
            raise ValueError(
                f"built_in is for the tasks RekognitionModeration and TextractForms, not {type(self.task).__name__}"
            )
        return self

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        # The resources' own rules, now and offline; which Region it will be does not matter to them.
        self._human_task_ui()
        self._flow_definition("us-east-1")

    def plan(self, session: Session) -> Plan:
        """Work out what `ensure` would do. Makes only read calls.

        Parameters
        ----------
        session : Session
            Where it would be done.

        Returns
        -------
        Plan
            The team's changes, unless the team is given by its ARN, then the task UI's and the flow's.

        Raises
        ------
        InvalidArnError
            If the role or the team lies in another account or Region than the session.
        """
        flow = self._flow_definition(session.region_name)
        team = self.team.plan(session) if isinstance(self.team, PrivateTeam) else Plan()
        return Plan.joined([team, self._human_task_ui().plan(session), flow.plan(session)])

    def ensure(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> FlowDefinitionState:
        """Make it so: the team first, then the task UI, then the flow; wait until loops can be started.

        Safe to run again, after success or after a crash at any point.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 900
            Seconds to wait for any one resource.

        Returns
        -------
        FlowDefinitionState
            The flow as it is, with its `arn`.

        Raises
        ------
        DriftError
            If what exists differs in something that AWS can't change.
        ResourceFailedError
            If a resource ends in a failed state.
        WaitTimeoutError
            If something is not usable in time.
        ServiceError
            If AWS refuses a call.
        """
        team = self.team
        workteam_arn = (
            team.ensure(session, timeout=timeout).workteam_arn if isinstance(team, PrivateTeam) else team
        )
        ui = self._human_task_ui().ensure(session, timeout=timeout)
        flow = self._flow_definition(session.region_name, workteam_arn=workteam_arn, human_task_ui_arn=ui.arn)
        return flow.ensure(session, timeout=timeout)

    def describe(self, session: Session) -> FlowDefinitionState:
        """Return the flow definition as it is.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        NotFoundError
            If there is none of this name.
        """
        return self._flow_definition(session.region_name).describe(session)

    def wait(
        self,
        session: Session,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        on_progress: Callable[[FlowDefinitionState], None] | None = None,
    ) -> FlowDefinitionState:
        """Wait until human loops can be started in the flow.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds until `WaitTimeoutError`.
        on_progress : callable, optional
            Called with every state that is seen.

        Raises
        ------
        ResourceFailedError
            If the flow definition has failed.
        NotFoundError
            If it does not exist.
        WaitTimeoutError
            If the deadline passes first.
        """
        flow = self._flow_definition(session.region_name)
        return flow.wait(session, timeout=timeout, on_progress=on_progress)

    def delete(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> bool:
        """Delete the flow definition and the task UI. The team stays: others may use it, and it has its own `delete`.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds to wait for each to be gone.

        Returns
        -------
        bool
            True if something was deleted, False if there was nothing.

        Raises
        ------
        ServiceError
            If AWS refuses, for example because human loops are still in progress.
        """
        flow_deleted = self._flow_definition(session.region_name).delete(session, timeout=timeout)
        ui_deleted = self._human_task_ui().delete(session, timeout=timeout)
        return flow_deleted or ui_deleted

    def _human_task_ui(self) -> HumanTaskUi:
        return HumanTaskUi(name=self.name, content=self.task.template())

    def _flow_definition(
        self, region: str, *, workteam_arn: str | None = None, human_task_ui_arn: str | None = None
    ) -> FlowDefinition:
        """Return the flow's builder; ARNs of what is yet to be made are those that AWS will give."""
        role = parse_arn(self.role_arn, "role")
        place = f"arn:{role.partition}:sagemaker:{region}:{role.account}"
        team = self.team
        named_arn = f"{place}:workteam/private-crowd/{team.name}" if isinstance(team, PrivateTeam) else team
        return FlowDefinition(
            name=self.name,
            workteam_arn=workteam_arn or named_arn,
            human_task_ui_arn=human_task_ui_arn or f"{place}:human-task-ui/{self.name}",
            role_arn=self.role_arn,
            output=self.output,
            title=self.task.title,
            description=" ".join(self.task.description.split()),
            task_count=self.task_count,
            task_time_limit=self.task_time_limit,
            task_availability_lifetime=self.task_availability_lifetime,
            keywords=tuple(self.task.keywords) if self.keywords is None else self.keywords,
            kms_key_id=self.kms_key_id,
            request_source=self._request_source() if self.built_in else None,
            activation_conditions=self.activation_conditions,
        )

    def _request_source(self) -> RequestSource | None:
        """Return whose requests the task's answers are to: its element answers under the request source's name."""
        key = getattr(self.task, "answer_key", None)
        source: RequestSource | None = key if key in get_args(RequestSource) else None
        return source
