"""The private workforce: one to a Region and account, so it is adopted rather than made."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import Cidrs, ClientId, WorkforceName
from hitl_sdk.resources.user_pool_client import client_has_secret
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import WorkforceTypeDef

__all__ = ["Workforce", "WorkforceState", "find_workforce"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkforceState(State):
    """A workforce as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    user_pool_id, client_id : str or None
        Where its people sign in; None for a workforce with an identity provider of its own (OIDC).
    portal_url : str or None
        Where its people work; None until AWS has given it.
    source_ip_cidrs : tuple of str
        From where they may work; empty for everywhere.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     team = hitl.PrivateTeam(name="crew").ensure(cloud.session())
    ...     workforce = find_workforce(cloud.session())
    >>> workforce.name, workforce.source_ip_cidrs
    ('crew', ())
    """

    arn: str
    user_pool_id: str | None
    client_id: str | None
    portal_url: str | None
    source_ip_cidrs: tuple[str, ...]


class Workforce(InUserPool[WorkforceState]):
    """The private workforce of a Region.

    AWS allows one to a Region and account. If there is one, it is adopted whatever its name, provided
    that it uses the same pool and client; if it does not, `ensure` says so and changes nothing.

    Parameters
    ----------
    name : str
        1 to 63 letters, digits and hyphens. Used only when the workforce has to be made.
    user_pool_id, client_id : str
        Where its people sign in. The client must have a secret, the pool a domain.
    source_ip_cidrs : sequence of str, optional
        From where they may work, for example ``["192.0.2.0/24"]``; empty for everywhere; left out, it
        stays as it is.

    Raises
    ------
    InvalidResourceError
        By `ensure`, if the client has no secret.

    Examples
    --------
    >>> Workforce(name="people", user_pool_id="eu-west-1_AbCdEf123", client_id="1example23").label
    "workforce 'people'"
    """

    kind: ClassVar[str] = "workforce"
    iam: ClassVar[IamActions] = IamActions(
        read=("sagemaker:ListWorkforces",),
        create=("sagemaker:CreateWorkforce", "cognito-idp:DescribeUserPoolClient"),
        update=("sagemaker:UpdateWorkforce",),
        delete=("sagemaker:DeleteWorkforce",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"source_ip_cidrs"})
    cure: ClassVar[str] = (
        "a Region has one workforce: use the pool and client of the one that exists, or delete it, "
        "its work teams first"
    )

    name: WorkforceName
    client_id: ClientId
    source_ip_cidrs: Cidrs | None = None

    def _check(self, session: Session) -> None:
        session.require_human_review()
        super()._check(session)

    def _read(self, session: Session) -> WorkforceState | None:
        return find_workforce(session)

    def _create(self, session: Session) -> None:
        if not client_has_secret(session, self.user_pool_id, self.client_id):
            raise InvalidResourceError(
                f"{self.label}: client {self.client_id} of user pool {self.user_pool_id} has no secret, "
                "and a workforce needs one",
                hint="make a client with UserPoolClient(generate_secret=True)",
                resource=self.label,
            )
        session.client("sagemaker").create_workforce(
            WorkforceName=self.name,
            CognitoConfig={"UserPool": self.user_pool_id, "ClientId": self.client_id},
            SourceIpConfig={"Cidrs": list(self.source_ip_cidrs or ())},
        )

    def _differences(self, state: WorkforceState) -> tuple[Difference, ...]:
        pairs: list[tuple[str, object, object]] = [
            ("user_pool_id", state.user_pool_id, self.user_pool_id),
            ("client_id", state.client_id, self.client_id),
        ]
        if self.source_ip_cidrs is not None:
            pairs.append(("source_ip_cidrs", sorted(state.source_ip_cidrs), sorted(self.source_ip_cidrs)))
        return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])

    def _update(self, session: Session, state: WorkforceState) -> None:
        session.client("sagemaker").update_workforce(
            WorkforceName=state.name, SourceIpConfig={"Cidrs": list(self.source_ip_cidrs or ())}
        )

    def _delete(self, session: Session, state: WorkforceState) -> None:
        session.client("sagemaker").delete_workforce(WorkforceName=state.name)


def find_workforce(session: Session) -> WorkforceState | None:
    """Return the one private workforce of the session's Region, or None.

    Parameters
    ----------
    session : Session
        Where to look.

    Raises
    ------
    ServiceError
        If AWS refuses to tell.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     print(find_workforce(cloud.session()))
    None
    """
    with translated_errors(f"the workforce of {session.region_name}"):
        pages = session.client("sagemaker").get_paginator("list_workforces").paginate()
        for page in pages:
            for workforce in page["Workforces"]:
                return _state(workforce)
    return None


def _state(workforce: "WorkforceTypeDef") -> WorkforceState:
    cognito = workforce.get("CognitoConfig")
    subdomain = workforce.get("SubDomain")
    return WorkforceState(
        name=workforce["WorkforceName"],
        status=workforce.get("Status", "Active"),
        failure_reason=workforce.get("FailureReason"),
        arn=workforce["WorkforceArn"],
        user_pool_id=cognito["UserPool"] if cognito else None,
        client_id=cognito["ClientId"] if cognito else None,
        portal_url=portal_url(subdomain),
        source_ip_cidrs=tuple(workforce.get("SourceIpConfig", {}).get("Cidrs", ())),
    )


def portal_url(subdomain: str | None) -> str | None:
    """Return the address of the worker portal for what AWS calls its subdomain."""
    if not subdomain or "://" in subdomain:
        return subdomain
    return f"https://{subdomain}"
