"""One transaction of the engine: what every rule works with, and what is left to do after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, func, select

from hitl_sdk.local.store import without_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row, Select, Table
    from sqlalchemy.engine import Connection

    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.outbox import Parcel
    from hitl_sdk.local.engine.values import Scope, Settings

__all__ = ["Operation", "Params", "Result", "Transaction", "count", "derived_id", "derived_uuid", "find"]

Params: TypeAlias = "Mapping[str, Any]"
Result: TypeAlias = "dict[str, Any]"
Operation: TypeAlias = "Callable[[Transaction, Scope, Params], Result]"

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class Transaction:
    """The connection, the hour and the settings; and what the transaction leaves behind.

    Attributes
    ----------
    connection : sqlalchemy.Connection
        Inside a transaction.
    now : datetime
        The one hour that holds throughout.
    settings : Settings
        Quotas and delays.
    seed : int
        Goes into every id that is made up.
    delivery : Delivery
        The door to Cognito; objects and events are put after the transaction, never in it.
    parcels : list of Parcel
        What the outbox got, to be delivered as soon as this is committed.
    due : list of datetime
        When time alone will have changed something that was written here.
    job_due : list of datetime
        When labeling jobs that were written here have something to do.
    """

    connection: Connection
    now: datetime
    settings: Settings
    seed: int
    delivery: Delivery
    parcels: list[Parcel] = field(default_factory=list)
    due: list[datetime] = field(default_factory=list)
    job_due: list[datetime] = field(default_factory=list)


@cache
def _by_name(table: Table) -> Select[Any]:
    return select(*without_documents(table)).where(
        table.c.account_id == bindparam("account_id"),
        table.c.region == bindparam("region"),
        table.c.name == bindparam("name"),
    )


@cache
def _by_name_locked(table: Table) -> Select[Any]:
    return _by_name(table).with_for_update()


@cache
def _count(table: Table) -> Select[Any]:
    return (
        select(func.count())
        .select_from(table)
        .where(table.c.account_id == bindparam("account_id"), table.c.region == bindparam("region"))
    )


def find(tx: Transaction, scope: Scope, table: Table, name: str, *, lock: bool = False) -> Row[Any] | None:
    """Return the row of that name, without its documents, or None.

    With `lock`, nobody else changes or deletes it before this transaction ends.
    """
    statement = _by_name_locked(table) if lock else _by_name(table)
    values = {"account_id": scope.account_id, "region": scope.region, "name": name}
    return tx.connection.execute(statement, values).one_or_none()


def count(tx: Transaction, scope: Scope, table: Table, *where: ColumnElement[bool]) -> int:
    """Return how many rows the account has in the Region, of those that meet the conditions."""
    values = {"account_id": scope.account_id, "region": scope.region}
    return int(tx.connection.execute(_count(table).where(*where), values).scalar_one())


def derived_id(tx: Transaction, *parts: object, length: int) -> str:
    """Return letters and digits that are always the same for the same seed and parts."""
    number = int.from_bytes(_digest(tx, parts), "big")
    characters = []
    for _ in range(length):
        number, place = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[place])
    return "".join(characters)


def derived_uuid(tx: Transaction, *parts: object) -> str:
    """Return a UUID that is always the same for the same seed and parts."""
    return str(UUID(bytes=_digest(tx, parts)[:16], version=4))


def _digest(tx: Transaction, parts: tuple[object, ...]) -> bytes:
    return blake2b("\n".join(map(str, (tx.seed, *parts))).encode(), digest_size=32).digest()
