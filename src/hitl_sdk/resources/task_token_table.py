"""The DynamoDB table of the executions that wait for human loops."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from hitl_sdk._token_table import EXPIRES_AT, LOOP, TOKEN_ID
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.types import TextRule
from hitl_sdk.session import Session

__all__ = ["TaskTokenTable", "TaskTokenTableState"]

_NAME = TextRule(r"[a-zA-Z0-9_.-]+", 255, "letters, digits, underscores, hyphens and dots", 3)
_KEY = ((LOOP, "HASH"), (TOKEN_ID, "RANGE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTokenTableState(State):
    """A table as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    key : tuple
        The names of its key's attributes, with their parts in it.
    deletes_after : str or None
        The attribute that says when DynamoDB deletes an entry.

    Examples
    --------
    >>> TaskTokenTableState(name="tokens", arn="arn", key=(), deletes_after=None).status
    'Active'
    """

    arn: str
    key: tuple[tuple[str, str], ...]
    deletes_after: str | None


class TaskTokenTable(Resource[TaskTokenTableState]):
    """A table of task tokens: which executions of Step Functions wait for which human loop.

    Charged by the request. An entry is deleted when its execution was answered, or after a year, the longest that an
    execution can last.

    Parameters
    ----------
    name : str
        3 to 255 letters, digits, underscores, hyphens and dots.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     TaskTokenTable(name="review-tokens").ensure(cloud.session()).deletes_after
    'expires_at'
    """

    kind: ClassVar[str] = "table of task tokens"
    iam: ClassVar[IamActions] = IamActions(
        read=("dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"),
        create=("dynamodb:CreateTable",),
        update=("dynamodb:UpdateTimeToLive",),
        delete=("dynamodb:DeleteTable",),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"deletes_after"})

    name: Annotated[str, AfterValidator(_NAME)]

    def _read(self, session: Session) -> TaskTokenTableState:
        client = session.client("dynamodb")
        table = client.describe_table(TableName=self.name)["Table"]
        expiry = client.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        is_on = expiry.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
        return TaskTokenTableState(
            name=table["TableName"],
            status=table["TableStatus"],
            arn=table["TableArn"],
            key=tuple((part["AttributeName"], part["KeyType"]) for part in table["KeySchema"]),
            deletes_after=expiry.get("AttributeName") if is_on else None,
        )

    def _create(self, session: Session) -> None:
        session.client("dynamodb").create_table(
            TableName=self.name,
            AttributeDefinitions=[
                {"AttributeName": LOOP, "AttributeType": "S"},
                {"AttributeName": TOKEN_ID, "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": LOOP, "KeyType": "HASH"},
                {"AttributeName": TOKEN_ID, "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def _differences(self, state: TaskTokenTableState) -> tuple[Difference, ...]:
        pairs = (("key", state.key, _KEY), ("deletes_after", state.deletes_after, EXPIRES_AT))
        return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])

    def _update(self, session: Session, state: TaskTokenTableState) -> None:
        session.client("dynamodb").update_time_to_live(
            TableName=state.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT},
        )

    def _delete(self, session: Session, state: TaskTokenTableState) -> None:
        session.client("dynamodb").delete_table(TableName=state.name)
