"""Keeps botocore from making twice what AWS would make twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

__all__ = ["sent_once"]


def sent_once(client: CognitoIdentityProviderClient, operation: str) -> CognitoIdentityProviderClient:
    """Return `client`, which no longer retries `operation` when the answer may have been lost.

    Cognito takes several pools, and clients, of one name. When a connection breaks or a 5xx comes back,
    the first may exist already, so a blind retry would make a second. Throttling is still retried.

    Parameters
    ----------
    client : boto3 client
        A ``cognito-idp`` client. Calling again with the same client changes nothing.
    operation : str
        For example ``"CreateUserPool"``.

    Examples
    --------
    >>> import boto3
    >>> client = boto3.client("cognito-idp", region_name="eu-west-1")
    >>> sent_once(client, "CreateUserPool") is client
    True
    """
    client.meta.events.register_first(
        f"needs-retry.cognito-identity-provider.{operation}",
        _no_retry_when_unsure,  # type: ignore[arg-type]  # the stub forgets that a handler may answer
        unique_id=f"hitl-sdk-sent-once-{operation}",
    )
    return client


def _no_retry_when_unsure(
    response: tuple[object, dict[str, dict[str, int]]] | None = None, **_: object
) -> bool | None:
    """Answer botocore's question whether to try again: False is no, None leaves it to its own policy."""
    if response is None:
        return False
    status = response[1].get("ResponseMetadata", {}).get("HTTPStatusCode", 200)
    return False if status >= 500 else None
