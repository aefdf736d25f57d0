"""The prefix domain of a user pool: the address of its sign-in page."""

from dataclasses import dataclass
from typing import ClassVar

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import DriftError, RejectedError
from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import DomainPrefix
from hitl_sdk.session import Session

__all__ = ["UserPoolDomain", "UserPoolDomainState"]

_CURE = "choose another prefix: it is unique in a Region, over all accounts, and a pool has one"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolDomainState(State):
    """A prefix domain as it is.

    Attributes
    ----------
    user_pool_id : str
        The pool that it belongs to.

    Examples
    --------
    >>> UserPoolDomainState(name="crew-sign-in", user_pool_id="eu-west-1_AbCdEf123").name
    'crew-sign-in'
    """

    user_pool_id: str


class UserPoolDomain(InUserPool[UserPoolDomainState]):
    """The one prefix domain of a user pool. A private workforce can't be made without.

    Parameters
    ----------
    domain : str
        1 to 63 lower-case letters, digits and hyphens; without the words that Cognito reserves
        ("aws", "amazon", "cognito"). Unique in a Region over all accounts.
    user_pool_id : str
        The pool.

    Examples
    --------
    >>> UserPoolDomain(domain="reviewers-of-example", user_pool_id="eu-west-1_AbCdEf123").label
    "user pool domain 'reviewers-of-example'"
    >>> UserPoolDomain(domain="my-aws-team", user_pool_id="eu-west-1_AbCdEf123")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidResourceError: UserPoolDomain can't be made:
      domain: Cognito reserves the word 'aws' in domain prefixes (got 'my-aws-team')
    """

    kind: ClassVar[str] = "user pool domain"
    named_by: ClassVar[str] = "domain"
    iam: ClassVar[IamActions] = IamActions(
        read=("cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolDomain"),
        create=("cognito-idp:CreateUserPoolDomain",),
        delete=("cognito-idp:DeleteUserPoolDomain",),
    )
    cure: ClassVar[str] = _CURE

    domain: DomainPrefix

    def _read(self, session: Session) -> UserPoolDomainState | None:
        """Return the pool's own domain, whatever its name; else whoever has ours."""
        cognito = session.client("cognito-idp")
        pool = cognito.describe_user_pool(UserPoolId=self.user_pool_id)["UserPool"]
        name = pool.get("Domain") or self.domain
        described = cognito.describe_user_pool_domain(Domain=name)["DomainDescription"]
        owner = described.get("UserPoolId")
        if not owner:
            return None
        return UserPoolDomainState(name=name, user_pool_id=owner, status=described.get("Status", "ACTIVE"))

    def _create(self, session: Session) -> None:
        try:
            with translated_errors(self.label):
                session.client("cognito-idp").create_user_pool_domain(
                    Domain=self.domain, UserPoolId=self.user_pool_id
                )
        except RejectedError as error:
            raise DriftError(error.message, hint=_CURE, code=error.code, resource=self.label) from error

    def _differences(self, state: UserPoolDomainState) -> tuple[Difference, ...]:
        pairs = (
            ("domain", state.name, self.domain),
            ("user_pool_id", state.user_pool_id, self.user_pool_id),
        )
        return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])

    def _is_this(self, state: UserPoolDomainState) -> bool:
        return not self._differences(state)

    def _delete(self, session: Session, state: UserPoolDomainState) -> None:
        session.client("cognito-idp").delete_user_pool_domain(Domain=state.name, UserPoolId=self.user_pool_id)
