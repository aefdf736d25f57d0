"""The Cognito app client: how the worker portal talks to the user pool."""

from dataclasses import dataclass
from typing import ClassVar

from hitl_sdk.errors import DriftError
from hitl_sdk.resources._retries import sent_once
from hitl_sdk.resources.base import Difference, IamActions, InUserPool, State
from hitl_sdk.resources.types import CallbackUrls, ClientName
from hitl_sdk.session import Session

__all__ = ["UserPoolClient", "UserPoolClientState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolClientState(State):
    """An app client as it is. Its secret is never read into Python objects of this package.

    Attributes
    ----------
    id : str
        The client id.
    user_pool_id : str
        The pool that it belongs to.
    has_secret : bool
        A workforce takes only a client that has one.

    Examples
    --------
    >>> client = UserPoolClientState(name="portal", id="1example23", user_pool_id="eu-west-1_AbCdEf123", has_secret=True)
    >>> client.id
    '1example23'
    """

    id: str
    user_pool_id: str
    has_secret: bool


class UserPoolClient(InUserPool[UserPoolClientState]):
    """An app client, found by its name in the pool.

    Parameters
    ----------
    name : str
        1 to 128 letters, digits, spaces and ``_+=,.@-``.
    user_pool_id : str
        The pool, for example ``"eu-west-1_AbCdEf123"``.
    generate_secret : bool, default True
        A workforce needs a client with a secret. It can't be added later.
    callback_urls : sequence of str, default ("https://localhost",)
        Where sign-in may return to: 1 to 100 addresses. The OAuth flows that the portal uses need one when the client
        is made; those of an adopted client stay as they are, for the portal's own are among them.

    Examples
    --------
    >>> UserPoolClient(name="portal", user_pool_id="eu-west-1_AbCdEf123").generate_secret
    True
    """

    kind: ClassVar[str] = "user pool client"
    iam: ClassVar[IamActions] = IamActions(
        read=("cognito-idp:ListUserPoolClients", "cognito-idp:DescribeUserPoolClient"),
        create=("cognito-idp:CreateUserPoolClient",),
        delete=("cognito-idp:DeleteUserPoolClient",),
    )

    name: ClientName
    generate_secret: bool = True
    callback_urls: CallbackUrls = ("https://localhost",)

    def _read(self, session: Session) -> UserPoolClientState | None:
        pages = (
            session.client("cognito-idp")
            .get_paginator("list_user_pool_clients")
            .paginate(UserPoolId=self.user_pool_id, PaginationConfig={"PageSize": 60})
        )
        clients = (client for page in pages for client in page["UserPoolClients"])
        ids = [client.get("ClientId", "") for client in clients if client.get("ClientName") == self.name]
        if not ids:
            return None
        if len(ids) > 1:
            raise DriftError(
                f"user pool {self.user_pool_id} has {len(ids)} clients named '{self.name}': "
                + ", ".join(sorted(ids)),
                hint="delete all but one, or choose another name",
                resource=self.label,
            )
        return UserPoolClientState(
            name=self.name,
            id=ids[0],
            user_pool_id=self.user_pool_id,
            has_secret=client_has_secret(session, self.user_pool_id, ids[0]),
        )

    def _create(self, session: Session) -> None:
        sent_once(session.client("cognito-idp"), "CreateUserPoolClient").create_user_pool_client(
            UserPoolId=self.user_pool_id,
            ClientName=self.name,
            GenerateSecret=self.generate_secret,
            SupportedIdentityProviders=["COGNITO"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code", "implicit"],
            AllowedOAuthScopes=["email", "openid", "profile"],
            CallbackURLs=list(self.callback_urls),
        )

    def _differences(self, state: UserPoolClientState) -> tuple[Difference, ...]:
        if state.has_secret == self.generate_secret:
            return ()
        return (Difference("generate_secret", state.has_secret, self.generate_secret),)

    def _delete(self, session: Session, state: UserPoolClientState) -> None:
        session.client("cognito-idp").delete_user_pool_client(UserPoolId=self.user_pool_id, ClientId=state.id)


def client_has_secret(session: Session, user_pool_id: str, client_id: str) -> bool:
    """Ask Cognito whether a client has a secret, without keeping it."""
    answer = session.client("cognito-idp").describe_user_pool_client(
        UserPoolId=user_pool_id, ClientId=client_id
    )
    return bool(answer["UserPoolClient"].get("ClientSecret"))
