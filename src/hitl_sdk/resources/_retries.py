"""Keeps botocore from making twice what AWS would make twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.model import OperationModel
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
        _raise_when_unsure,
        unique_id=f"hitl-sdk-sent-once-{operation}",
    )
    return client


def _raise_when_unsure(
    operation: OperationModel,
    response: tuple[object, dict[str, Any]] | None = None,
    caught_exception: Exception | None = None,
    **_: object,
) -> None:
    """Answer botocore's question whether to try again by raising; no answer leaves it to its own policy.

    To answer False would not do: older versions of botocore take that for a pause of no seconds, and try for ever.
    """
    from botocore.exceptions import ClientError

    if caught_exception is not None:
        raise caught_exception
    if response is not None and response[1].get("ResponseMetadata", {}).get("HTTPStatusCode", 200) >= 500:
        raise ClientError(cast("Any", response[1]), operation.name)
