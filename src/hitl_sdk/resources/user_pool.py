"""The Cognito user pool: where a private workforce signs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from hitl_sdk.errors import DriftError
from hitl_sdk.resources._retries import sent_once
from hitl_sdk.resources.base import IamActions, Resource, State
from hitl_sdk.resources.types import TagKey, TagValue, UserPoolName
from hitl_sdk.session import Session

__all__ = ["UserPool", "UserPoolState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolState(State):
    """A user pool as it is.

    Attributes
    ----------
    id : str
        ``"eu-west-1_AbCdEf123"``.
    arn : str
        Its ARN.
    domain : str or None
        The prefix of its sign-in address.
    tags : Mapping of str to str
        Its tags.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     hitl.UserPool(name="crew").ensure(cloud.session()).id
    'us-east-1_...'
    """

    id: str
    arn: str
    domain: str | None
    tags: Mapping[str, str]


class UserPool(Resource[UserPoolState]):
    """A user pool, found by its name.

    Cognito takes several pools of one name; this builder does not: it adopts the one that exists, and
    refuses to guess when there are more. People are added by an administrator only, never by themselves.

    Parameters
    ----------
    name : str
        1 to 128 letters, digits, spaces and ``_+=,.@-``.
    tags : Mapping of str to str, optional
        Given when the pool is made; those of an adopted pool stay as they are.

    Examples
    --------
    >>> UserPool(name="reviewers").label
    "user pool 'reviewers'"
    >>> UserPool(name="reviewers!")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidResourceError: UserPool can't be made:
      name: allowed are 1 to 128 characters: letters, digits, spaces and _+=,.@- (got 'reviewers!')
    """

    kind: ClassVar[str] = "user pool"
    iam: ClassVar[IamActions] = IamActions(
        read=("cognito-idp:ListUserPools", "cognito-idp:DescribeUserPool"),
        create=("cognito-idp:CreateUserPool",),
        delete=("cognito-idp:DeleteUserPool",),
    )

    name: UserPoolName
    tags: Mapping[TagKey, TagValue] = Field(default_factory=dict, max_length=50)

    def _read(self, session: Session) -> UserPoolState | None:
        cognito = session.client("cognito-idp")
        pages = cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
        found = (pool for page in pages for pool in page["UserPools"] if pool.get("Name") == self.name)
        ids = [pool.get("Id", "") for pool in found]
        if not ids:
            return None
        if len(ids) > 1:
            raise DriftError(
                f"there are {len(ids)} user pools named '{self.name}' in {session.region_name}: "
                + ", ".join(sorted(ids)),
                hint="delete or rename all but one, or choose another name",
                resource=self.label,
            )
        pool = cognito.describe_user_pool(UserPoolId=ids[0])["UserPool"]
        return UserPoolState(
            name=self.name,
            id=ids[0],
            arn=pool.get("Arn", ""),
            domain=pool.get("Domain") or pool.get("CustomDomain"),
            tags=pool.get("UserPoolTags", {}),
        )

    def _create(self, session: Session) -> None:
        sent_once(session.client("cognito-idp"), "CreateUserPool").create_user_pool(
            PoolName=self.name,
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            AutoVerifiedAttributes=["email"],
            UsernameConfiguration={"CaseSensitive": False},
            UserPoolTags=dict(self.tags),
        )

    def _delete(self, session: Session, state: UserPoolState) -> None:
        session.client("cognito-idp").delete_user_pool(UserPoolId=state.id)
