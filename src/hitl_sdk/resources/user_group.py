"""The Cognito group: who in the user pool belongs to a work team."""

from dataclasses import dataclass
from typing import ClassVar

from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import GroupDescription, GroupName
from hitl_sdk.session import Session

__all__ = ["UserGroup", "UserGroupState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroupState(State):
    """A group as it is.

    Attributes
    ----------
    user_pool_id : str
        The pool that it belongs to.
    description : str
        Its description, empty where it has none.

    Examples
    --------
    >>> UserGroupState(name="crew", user_pool_id="eu-west-1_AbCdEf123", description="").user_pool_id
    'eu-west-1_AbCdEf123'
    """

    user_pool_id: str
    description: str


class UserGroup(InUserPool[UserGroupState]):
    """A group of a user pool.

    Parameters
    ----------
    name : str
        1 to 128 characters without blanks.
    user_pool_id : str
        The pool.
    description : str, optional
        Up to 2,048 characters. Left out, it stays as it is.

    Examples
    --------
    >>> UserGroup(name="reviewers", user_pool_id="eu-west-1_AbCdEf123").label
    "user group 'reviewers'"
    """

    kind: ClassVar[str] = "user group"
    iam: ClassVar[IamActions] = IamActions(
        read=("cognito-idp:GetGroup",),
        create=("cognito-idp:CreateGroup",),
        update=("cognito-idp:UpdateGroup",),
        delete=("cognito-idp:DeleteGroup",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"description"})

    name: GroupName
    description: GroupDescription | None = None

    def _read(self, session: Session) -> UserGroupState:
        group = session.client("cognito-idp").get_group(UserPoolId=self.user_pool_id, GroupName=self.name)[
            "Group"
        ]
        return UserGroupState(
            name=self.name, user_pool_id=self.user_pool_id, description=group.get("Description", "")
        )

    def _create(self, session: Session) -> None:
        session.client("cognito-idp").create_group(
            UserPoolId=self.user_pool_id, GroupName=self.name, Description=self.description or ""
        )

    def _differences(self, state: UserGroupState) -> tuple[Difference, ...]:
        if self.description in (None, state.description):
            return ()
        return (Difference("description", state.description, self.description),)

    def _update(self, session: Session, state: UserGroupState) -> None:
        session.client("cognito-idp").update_group(
            UserPoolId=self.user_pool_id, GroupName=state.name, Description=self.description or ""
        )

    def _delete(self, session: Session, state: UserGroupState) -> None:
        session.client("cognito-idp").delete_group(UserPoolId=self.user_pool_id, GroupName=state.name)
