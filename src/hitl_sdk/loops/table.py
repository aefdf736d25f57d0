"""The DynamoDB table that records of runs and shared rates lie in: two keys, paid by request."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from hitl_sdk.session import Session

__all__ = ["ensure_table", "table_errors"]


def ensure_table(session: Session, name: str, *, timeout: float = 300.0) -> bool:
    """Make the DynamoDB table that records of runs and shared rates lie in, unless there is one, and wait for it.

    It has a partition key ``pk`` and a sort key ``sk``, both texts, and is paid by request.

    Parameters
    ----------
    session : Session
        Where.
    name : str
        Of the table.
    timeout : float, default 300
        Seconds to wait until it can be used.

    Returns
    -------
    bool
        True if it was made, False if it was there.

    Raises
    ------
    AccessDeniedError
        If the caller may not make or describe it.
    ConflictError
        If there is a table of that name with other keys.
    WaitTimeoutError
        If it can't be used in time.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     ensure_table(cloud.session(), "hitl-runs"), ensure_table(cloud.session(), "hitl-runs")
    (True, False)
    """
    client = session.client("dynamodb")
    made = True
    try:
        with translated_errors(f"table {name!r}"):
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            )
    except ConflictError:
        made = False

    def status() -> str:
        try:
            return _described(client, name)["TableStatus"]
        except NotFoundError:
            if made:  # which DynamoDB may not know for a moment
                return "CREATING"
            raise

    wait_until(
        status,
        lambda seen: seen not in {"CREATING", "DELETING"},
        timeout=timeout,
        what=f"table {name!r} to be usable",
    )
    keys = [key["AttributeName"] for key in _described(client, name)["KeySchema"]]
    if keys != ["pk", "sk"]:
        raise ConflictError(
            f"table {name!r} has the keys {', '.join(keys)}",
            hint="name another table, or one that is still to be made",
            resource=name,
        )
    return made


def _described(client: DynamoDBClient, name: str) -> TableDescriptionTypeDef:
    with translated_errors(f"table {name!r}"):
        return client.describe_table(TableName=name)["Table"]


@contextmanager
def table_errors(name: str) -> Iterator[None]:
    """Translate errors of calls on the table, and say how to make it if it is missing."""
    try:
        with translated_errors(f"table {name!r}"):
            yield
    except NotFoundError as error:
        raise NotFoundError(
            f"there is no DynamoDB table {name!r}",
            hint=f"make it once: hitl_sdk.loops.ensure_table(session, {name!r})",
            code=error.code,
            operation=error.operation,
            request_id=error.request_id,
            resource=name,
        ) from error
