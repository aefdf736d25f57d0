"""The work team: the group of people that a flow definition sends its tasks to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from hitl_sdk.errors import DriftError, NotFoundError
from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import (
    ClientId,
    Description,
    GroupName,
    TopicArn,
    WorkforceName,
    WorkteamName,
)
from hitl_sdk.resources.workforce import find_workforce, portal_url
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        MemberDefinitionOutputTypeDef,
        MemberDefinitionUnionTypeDef,
        NotificationConfigurationTypeDef,
    )

__all__ = ["Workteam", "WorkteamState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkteamState(State):
    """A work team as it is.

    Attributes
    ----------
    arn : str
        ``"arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew"``.
    description : str
        Its description.
    members : tuple of str
        The groups that it is made of: ``"POOL/CLIENT/GROUP"``, or ``"oidc/GROUP"``, sorted.
    portal_url : str or None
        Where its people work.
    workforce_arn : str or None
        The workforce that it belongs to.
    notification_topic_arn : str or None
        The SNS topic that tells of new work.

    Examples
    --------
    >>> team = WorkteamState(
    ...     name="crew",
    ...     arn="arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew",
    ...     description="Reviewers",
    ...     members=("eu-west-1_AbCdEf123/1example23/crew",),
    ...     portal_url="https://example.labeling.eu-west-1.sagemaker.aws",
    ...     workforce_arn=None,
    ...     notification_topic_arn=None,
    ... )
    >>> team.members
    ('eu-west-1_AbCdEf123/1example23/crew',)
    """

    arn: str
    description: str
    members: tuple[str, ...]
    portal_url: str | None
    workforce_arn: str | None
    notification_topic_arn: str | None


class Workteam(InUserPool[WorkteamState]):
    """A private work team: one group of the workforce's user pool.

    Parameters
    ----------
    name : str
        1 to 63 letters, digits and hyphens.
    user_pool_id, client_id : str
        Those of the Region's workforce.
    group : str
        The group of the pool whose people are the team.
    description : str, optional
        1 to 200 characters in one line. AWS refuses an empty one, so there is a default.
    workforce_name : str, optional
        The workforce; when left out, the Region's one.
    notification_topic_arn : str, optional
        An SNS topic that tells the people of new work. Left out, it stays as it is.

    Examples
    --------
    >>> team = Workteam(name="crew", user_pool_id="eu-west-1_AbCdEf123", client_id="1example23", group="crew")
    >>> team.description
    'Work team crew'
    """

    kind: ClassVar[str] = "work team"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:DescribeWorkteam",),
        create=("sagemaker:CreateWorkteam", "sagemaker:ListWorkforces"),
        update=("sagemaker:UpdateWorkteam",),
        delete=("sagemaker:DeleteWorkteam",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"description", "members", "notification_topic_arn"})

    name: WorkteamName
    client_id: ClientId
    group: GroupName
    # .get(): before 2.12, pydantic asks for the default even where the other field was refused
    description: Description = Field(default_factory=lambda fields: f"Work team {fields.get('name')}")
    workforce_name: WorkforceName | None = None
    notification_topic_arn: TopicArn | None = None

    def _check(self, session: Session) -> None:
        session.require_human_review()
        super()._check(session)
        if self.notification_topic_arn is not None:
            session.check_arn(self.notification_topic_arn, "sns-topic")

    def _read(self, session: Session) -> WorkteamState:
        team = session.client("sagemaker").describe_workteam(WorkteamName=self.name)["Workteam"]
        return WorkteamState(
            name=team["WorkteamName"],
            arn=team["WorkteamArn"],
            description=team["Description"],
            members=tuple(sorted(_member(definition) for definition in team["MemberDefinitions"])),
            portal_url=portal_url(team.get("SubDomain")),
            workforce_arn=team.get("WorkforceArn"),
            notification_topic_arn=team.get("NotificationConfiguration", {}).get("NotificationTopicArn"),
        )

    def _create(self, session: Session) -> None:
        session.client("sagemaker").create_workteam(
            WorkteamName=self.name,
            WorkforceName=self._workforce_name(session),
            MemberDefinitions=self._member_definitions(),
            Description=self.description,
            NotificationConfiguration=self._notification(),
        )

    def _workforce_name(self, session: Session) -> str:
        """Name the Region's workforce, once it is sure that it signs in where this team's people do."""
        workforce = find_workforce(session)
        if workforce is None:
            raise NotFoundError(
                f"{self.label} needs a workforce, and there is none in {session.region_name}",
                hint="Workforce(...).ensure(session) makes it; PrivateTeam does the whole way",
                resource=self.label,
            )
        differing = [
            str(Difference(field, found, wanted))
            for field, found, wanted in (
                ("user_pool_id", workforce.user_pool_id, self.user_pool_id),
                ("client_id", workforce.client_id, self.client_id),
                ("workforce_name", workforce.name, self.workforce_name or workforce.name),
            )
            if found != wanted
        ]
        if differing:
            raise DriftError(
                f"{self.label} does not fit the workforce of {session.region_name}: {'; '.join(differing)}",
                hint="a work team uses the pool and client of the Region's one workforce",
                resource=self.label,
            )
        return workforce.name

    def _differences(self, state: WorkteamState) -> tuple[Difference, ...]:
        pairs: list[tuple[str, object, object]] = [
            ("members", state.members, (f"{self.user_pool_id}/{self.client_id}/{self.group}",)),
            ("description", state.description, self.description),
        ]
        if self.notification_topic_arn is not None:
            pairs.append(
                ("notification_topic_arn", state.notification_topic_arn, self.notification_topic_arn)
            )
        return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])

    def _update(self, session: Session, state: WorkteamState) -> None:
        session.client("sagemaker").update_workteam(
            WorkteamName=state.name,
            MemberDefinitions=self._member_definitions(),
            Description=self.description,
            NotificationConfiguration=self._notification(state.notification_topic_arn),
        )

    def _delete(self, session: Session, state: WorkteamState) -> None:
        session.client("sagemaker").delete_workteam(WorkteamName=state.name)

    def _member_definitions(self) -> "list[MemberDefinitionUnionTypeDef]":
        return [
            {
                "CognitoMemberDefinition": {
                    "UserPool": self.user_pool_id,
                    "ClientId": self.client_id,
                    "UserGroup": self.group,
                }
            }
        ]

    def _notification(self, existing: str | None = None) -> "NotificationConfigurationTypeDef":
        topic = self.notification_topic_arn or existing
        return {"NotificationTopicArn": topic} if topic else {}


def _member(definition: "MemberDefinitionOutputTypeDef") -> str:
    cognito = definition.get("CognitoMemberDefinition")
    if cognito:
        return f"{cognito['UserPool']}/{cognito['ClientId']}/{cognito['UserGroup']}"
    return "oidc/" + ",".join(sorted(definition.get("OidcMemberDefinition", {}).get("Groups", ())))
