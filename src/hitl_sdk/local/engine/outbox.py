"""What is still to be put into S3 and EventBridge, kept in the store until it has been.

A parcel is written in the transaction that makes it necessary, and delivered after the commit: a
crash in between loses nothing. Whoever delivers a parcel holds it for a while; if it has not come back
by then, as after a crash, the parcel is due again. So everything is put at least once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, delete, insert, select, update

from hitl_sdk.local.engine.documents import output_document
from hitl_sdk.local.engine.errors import BucketMissing
from hitl_sdk.local.engine.values import Scope
from hitl_sdk.local.store import loops, outbox, seats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = ["Failure", "Parcel", "claim", "deliver", "drop", "post_event", "post_output", "postpone"]

_LOG = logging.getLogger(__name__)

HELD_FOR = timedelta(seconds=30)  # a put that takes longer is taken for a crash
_BATCH = 100
_LONGEST_PAUSE = timedelta(hours=1)
# With pauses of 1, 2, 4 ... s, an hour at the most: given up after about 5 hours.
MOST_ATTEMPTS = 17

_INSERT = insert(outbox).returning(outbox.c.sequence)
_DELETE = delete(outbox).where(outbox.c.sequence == bindparam("parcel"))
_POSTPONE = update(outbox).where(outbox.c.sequence == bindparam("parcel"))
_DUE = (
    select(outbox)
    .where(outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.sequence)
    .limit(_BATCH)
    .with_for_update(skip_locked=True)
)
_LOOP = select(loops).where(loops.c.sequence == bindparam("loop"))
_SEATS = select(seats).where(seats.c.loop == bindparam("loop"))


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to deliver: the output of a loop, or the event of its end.

    Attributes
    ----------
    sequence : int
        Its number in the outbox.
    kind : str
        ``"output"`` or ``"event"``.
    scope : Scope
        Whose it is.
    loop : int
        The sequence of the loop.
    attempts : int
        How often it has been tried in vain.
    address : str
        The S3 URI of an output; empty for an event.
    content : bytes or mapping
        The document, or the event.
    """

    sequence: int
    kind: Literal["output", "event"]
    scope: Scope
    loop: int
    attempts: int
    address: str
    content: bytes | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a parcel could not be delivered, and whether there is any use in trying again."""

    reason: str
    final: bool
    code: str


def post_output(tx: Transaction, loop: Row[Any], answers: Sequence[Row[Any]]) -> None:
    """Have the loop's output.json written after this transaction."""
    _post(tx, "output", loop, None, address=loop.output_uri, content=output_document(loop, answers))


def post_event(tx: Transaction, loop: Row[Any], event: dict[str, Any]) -> None:
    """Have the event put after this transaction."""
    _post(tx, "event", loop, event, address="", content=event)


def _post(
    tx: Transaction,
    kind: Literal["output", "event"],
    loop: Row[Any],
    event: dict[str, Any] | None,
    *,
    address: str,
    content: bytes | Mapping[str, Any],
) -> None:
    due_at = tx.now + HELD_FOR  # held by the thread that posts it
    values = {
        "kind": kind,
        "account_id": loop.account_id,
        "region": loop.region,
        "loop": loop.sequence,
        "event": event,
        "attempts": 0,
        "due_at": due_at,
    }
    sequence = tx.connection.execute(_INSERT, values).scalar_one()
    scope = Scope(loop.account_id, loop.region)
    tx.parcels.append(Parcel(sequence, kind, scope, loop.sequence, 0, address, content))
    tx.due.append(due_at)


def claim(tx: Transaction) -> list[Parcel]:
    """Take hold of parcels that are due, oldest first; nobody else gets them for a while."""
    rows = tx.connection.execute(_DUE, {"now": tx.now}).all()
    due_at = tx.now + HELD_FOR
    for row in rows:
        tx.connection.execute(_POSTPONE, {"parcel": row.sequence, "due_at": due_at, "attempts": row.attempts})
    if rows:
        tx.due.append(due_at)
    return [_opened(tx, row) for row in rows]


def _opened(tx: Transaction, row: Row[Any]) -> Parcel:
    scope = Scope(row.account_id, row.region)
    if row.kind == "event":
        return Parcel(row.sequence, "event", scope, row.loop, row.attempts, "", row.event)
    loop = tx.connection.execute(_LOOP, {"loop": row.loop}).one()
    document = output_document(loop, tx.connection.execute(_SEATS, {"loop": row.loop}).all())
    return Parcel(row.sequence, "output", scope, row.loop, row.attempts, loop.output_uri, document)


def deliver(delivery: Delivery, parcel: Parcel) -> Failure | None:
    """Put the parcel where it belongs. Called outside of transactions: it may take long."""
    try:
        if isinstance(parcel.content, bytes):
            bucket, _, key = parcel.address.removeprefix("s3://").partition("/")
            delivery.put_object(parcel.scope, bucket, key, parcel.content)
        else:
            delivery.put_event(parcel.scope, dict(parcel.content))
    except BucketMissing as error:
        return Failure(str(error), final=True, code="ValidationError")
    except Exception as error:  # whatever a face's own client raises, the parcel is kept
        final = parcel.attempts + 1 >= MOST_ATTEMPTS
        _LOG.warning(
            "%s of loop %d: attempt %d failed%s",
            parcel.kind,
            parcel.loop,
            parcel.attempts + 1,
            ", given up" if final else "",
            exc_info=error,
        )
        return Failure(f"The {parcel.kind} could not be written", final=final, code="InternalError")
    return None


def postpone(tx: Transaction, parcel: Parcel) -> None:
    """Have the parcel tried again later, each time after a longer pause."""
    attempts = parcel.attempts + 1
    due_at = tx.now + min(timedelta(seconds=2 ** (attempts - 1)), _LONGEST_PAUSE)
    tx.connection.execute(_POSTPONE, {"parcel": parcel.sequence, "due_at": due_at, "attempts": attempts})
    tx.due.append(due_at)


def drop(tx: Transaction, parcel: Parcel) -> bool:
    """Take the parcel out of the outbox; False if somebody else has."""
    return tx.connection.execute(_DELETE, {"parcel": parcel.sequence}).rowcount == 1


def next_due(tx: Transaction) -> datetime | None:
    """Return when the next parcel is due."""
    return tx.connection.execute(_NEXT).scalar()


_NEXT = select(outbox.c.due_at).order_by(outbox.c.due_at).limit(1)
