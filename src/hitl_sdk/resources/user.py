"""The Cognito user: one worker. Addresses show only masked."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._model import masked
from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import Email, GroupName, UserName
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

__all__ = ["User", "UserState"]

_INVITED = "FORCE_CHANGE_PASSWORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState(State):
    """A user as it is.

    Attributes
    ----------
    sub : str
        Cognito's own id of the person; human answers carry it as ``workerMetadata``.
    user_status : str
        ``"FORCE_CHANGE_PASSWORD"`` until the first sign-in, then ``"CONFIRMED"``.
    email : str or None
        The address; not in the repr.
    groups : tuple of str
        The groups that the user is in.

    Examples
    --------
    >>> user = UserState(
    ...     name="ana", sub="0f1e2d3c", user_status="CONFIRMED", email="ana@example.com", groups=("crew",)
    ... )
    >>> user
    UserState(status='Active', failure_reason=None, sub='0f1e2d3c', user_status='CONFIRMED', groups=('crew',))
    """

    sub: str
    user_status: str
    email: str | None = field(repr=False)
    groups: tuple[str, ...]


class User(InUserPool[UserState]):
    """A worker's account. An existing one is adopted, and added to the group.

    Parameters
    ----------
    username : str
        1 to 128 characters without blanks; may be the address.
    user_pool_id : str
        The pool.
    email : str, optional
        Where the invitation goes.
    group : str, optional
        The group the user must be in, which must exist. Without one, a worker sees no tasks.
    suppress_invitation : bool, default False
        Make the account without sending a message; `invite` sends it later.

    Examples
    --------
    >>> user = User(username="ana@example.com", user_pool_id="eu-west-1_AbCdEf123", group="reviewers")
    >>> user.label
    "user 'a***@example.com'"
    """

    kind: ClassVar[str] = "user"
    named_by: ClassVar[str] = "username"
    iam: ClassVar[IamActions] = IamActions(
        read=("cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser"),
        create=("cognito-idp:AdminCreateUser",),
        update=("cognito-idp:AdminAddUserToGroup", "cognito-idp:AdminUpdateUserAttributes"),
        delete=("cognito-idp:AdminDeleteUser",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"email", "group"})

    username: UserName = Field(repr=False)
    email: Email | None = Field(default=None, repr=False)
    group: GroupName | None = None
    suppress_invitation: bool = False

    def invite(self, session: Session) -> UserState:
        """Make the account where it is missing, add it to the group, and send the invitation (again).

        Somebody who has signed in already gets no second invitation.

        Parameters
        ----------
        session : Session
            Where the pool is.

        Returns
        -------
        UserState
            The account as it is now.

        Raises
        ------
        ServiceError
            If AWS refuses a call.
        """
        self._check(session)
        before = self.find(session)
        if before is not None and before.user_status == _INVITED:
            with translated_errors(self.label):
                session.client("cognito-idp").admin_create_user(
                    UserPoolId=self.user_pool_id,
                    Username=self.username,
                    MessageAction="RESEND",
                    DesiredDeliveryMediums=["EMAIL"],
                )
        return self.model_copy(update={"suppress_invitation": False}).ensure(session)

    def _shown_name(self) -> str:
        return masked(self.username)

    def _read(self, session: Session) -> UserState:
        cognito = session.client("cognito-idp")
        user = cognito.admin_get_user(UserPoolId=self.user_pool_id, Username=self.username)
        pages = cognito.get_paginator("admin_list_groups_for_user").paginate(
            UserPoolId=self.user_pool_id, Username=self.username, PaginationConfig={"PageSize": 60}
        )
        attributes = {pair["Name"]: pair.get("Value", "") for pair in user["UserAttributes"]}
        return UserState(
            name=self.username,
            sub=attributes["sub"],
            user_status=user["UserStatus"],
            email=attributes.get("email"),
            groups=tuple(group.get("GroupName", "") for page in pages for group in page["Groups"]),
        )

    def _create(self, session: Session) -> None:
        if self.suppress_invitation:
            session.client("cognito-idp").admin_create_user(
                UserPoolId=self.user_pool_id,
                Username=self.username,
                UserAttributes=self._attributes(),
                MessageAction="SUPPRESS",
            )
        else:
            # Cognito's default medium is a text message, to a telephone number that we don't ask for.
            session.client("cognito-idp").admin_create_user(
                UserPoolId=self.user_pool_id,
                Username=self.username,
                UserAttributes=self._attributes(),
                DesiredDeliveryMediums=["EMAIL"],
            )

    def _attributes(self) -> "list[AttributeTypeTypeDef]":
        if self.email is None:
            return []
        return [{"Name": "email", "Value": self.email}, {"Name": "email_verified", "Value": "true"}]

    def _differences(self, state: UserState) -> tuple[Difference, ...]:
        found: list[Difference] = []
        if self.group is not None and self.group not in state.groups:
            found.append(Difference("group", ", ".join(state.groups) or None, self.group))
        if self.email is not None and self.email != state.email:
            found.append(Difference("email", masked(state.email or "") or None, masked(self.email)))
        return tuple(found)

    def _update(self, session: Session, state: UserState) -> None:
        cognito = session.client("cognito-idp")
        differing = {difference.field for difference in self._differences(state)}
        if "email" in differing:
            cognito.admin_update_user_attributes(
                UserPoolId=self.user_pool_id, Username=self.username, UserAttributes=self._attributes()
            )
        if "group" in differing and self.group is not None:
            cognito.admin_add_user_to_group(
                UserPoolId=self.user_pool_id, Username=self.username, GroupName=self.group
            )

    def _delete(self, session: Session, state: UserState) -> None:
        session.client("cognito-idp").admin_delete_user(UserPoolId=self.user_pool_id, Username=state.name)
