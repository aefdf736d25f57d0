"""Logs of runs in a DynamoDB table: one item a segment, in parts where it is longer than DynamoDB's 400 KB."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._clock import current_clock
from hitl_sdk.errors import NotFoundError, RejectedError, ThrottledError
from hitl_sdk.loops.table import table_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from hitl_sdk.loops.record._log import Log

__all__ = ["DynamoShelf"]

_PART = 380_000
"""Bytes of a segment that go into one item, of the 400 KB (409,600 bytes) that DynamoDB takes, names included."""

_HEADERS = "runs"
_DELETED_AT_ONCE = 25
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0


class DynamoShelf:
    """A table of `ensure_table`."""

    def __init__(self, address: str, client: DynamoDBClient, table: str) -> None:
        self.address = address
        self._rows = _Rows(client, table)

    def put_header(self, name: str, body: bytes) -> bool:
        """Write a header, unless there is one of this name."""
        return self._rows.put(_HEADERS, name, {"body": {"B": body}})

    def header(self, name: str) -> bytes | None:
        """Read a header."""
        row = self._rows.get(_HEADERS, name)
        return None if row is None else bytes(row["body"]["B"])

    def headers(self) -> Iterator[bytes]:
        """Read all headers."""
        for row in self._rows.between(_HEADERS, "!", "~"):
            yield bytes(row["body"]["B"])

    def log(self, key: str) -> Log:
        """Return the log of a key."""
        return _DynamoLog(self._rows, key)

    def erase(self, name: str, key: str) -> None:
        """Delete a header, then the log."""
        self._rows.delete([(_HEADERS, name)])
        self._rows.delete(
            [
                (f"run#{key}", row["sk"]["S"])
                for row in self._rows.between(f"run#{key}", "!", "~", keys_only=True)
            ]
        )


class _DynamoLog:
    def __init__(self, rows: _Rows, key: str) -> None:
        self._rows = rows
        self._pk = f"run#{key}"

    def put(self, number: int, body: bytes) -> bool:
        if len(body) <= _PART:
            return self._rows.put(self._pk, _segment(number), {"body": {"B": body}})
        # The parts first, and named by what they hold: without its segment a part is nobody's.
        digest = blake2b(body, digest_size=16).hexdigest()
        parts = [body[start : start + _PART] for start in range(0, len(body), _PART)]
        for place, part in enumerate(parts):
            self._rows.put(self._pk, f"part#{digest}#{place:06}", {"body": {"B": part}})
        return self._rows.put(self._pk, _segment(number), {"parts": {"S": digest}})

    def get(self, number: int) -> bytes:
        row = self._rows.get(self._pk, _segment(number))
        if row is None:  # though it was read or written before
            raise NotFoundError(
                "the run was deleted meanwhile", hint="route its predictions again, as a new run"
            )
        return self._body(row)

    def since(self, number: int) -> Iterator[tuple[int, bytes]]:
        for row in self._rows.between(self._pk, _segment(number), "segment#~"):
            yield int(row["sk"]["S"].rpartition("#")[2]), self._body(row)

    def _body(self, row: dict[str, Any]) -> bytes:
        if "parts" not in row:
            return bytes(row["body"]["B"])
        start = f"part#{row['parts']['S']}#"
        return b"".join(bytes(part["body"]["B"]) for part in self._rows.between(self._pk, start, f"{start}~"))


class _Rows:
    """Items of the table by their two keys."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, pk: str, sk: str, values: dict[str, Any]) -> bool:
        """Write an item, unless there is one of these keys."""
        try:
            with table_errors(self._table):
                self._client.put_item(
                    TableName=self._table,
                    Item={"pk": {"S": pk}, "sk": {"S": sk}, **values},
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except RejectedError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Read an item, as it now is."""
        with table_errors(self._table):
            said = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        return said.get("Item")

    def between(self, pk: str, first: str, last: str, *, keys_only: bool = False) -> Iterator[dict[str, Any]]:
        """Read the items of one partition key in the order of the other, as they now are, page by page."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
            "ConsistentRead": True,
        }
        if keys_only:
            query["ProjectionExpression"] = "sk"
        while True:
            with table_errors(self._table):
                page = self._client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def delete(self, keys: list[tuple[str, str]]) -> None:
        """Delete items, some at once; what DynamoDB leaves over is given again."""
        requests = [{"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}} for pk, sk in keys]
        pause = _FIRST_PAUSE
        while requests:
            some, requests = requests[:_DELETED_AT_ONCE], requests[_DELETED_AT_ONCE:]
            with table_errors(self._table):
                said = self._client.batch_write_item(RequestItems={self._table: cast("Any", some)})
            left = said.get("UnprocessedItems", {}).get(self._table, [])
            if left and pause > _LONGEST_PAUSE:
                raise ThrottledError(f"table {self._table!r} takes no more deletions", hint="try again later")
            if left:
                current_clock().sleep(pause)
            pause = pause * 2 if left else _FIRST_PAUSE
            requests += cast("Any", left)


def _segment(number: int) -> str:
    return f"segment#{number:012}"
