"""What is still to be put into S3 and EventBridge, kept in the store until it has been.

A parcel is written in the transaction that makes it necessary, and delivered after the commit: a
crash in between loses nothing. Whoever delivers a parcel holds it for a while; if it has not come back
by then, as after a crash, the parcel is due again. So everything is put at least once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, delete, insert, select, update

from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.local.engine.documents import JOB_EVENT, output_document
from hitl_sdk.local.engine.errors import BucketMissing
from hitl_sdk.local.engine.values import Scope
from hitl_sdk.local.store import loops, outbox, seats, without_documents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.transactions import Transaction

__all__ = [
    "Event",
    "Failure",
    "Output",
    "Parcel",
    "claim",
    "completed_after",
    "deliver",
    "drop",
    "next_due",
    "output_of",
    "place",
    "post_event",
    "post_output",
    "postpone",
]

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
_NEXT_DUE = select(outbox.c.due_at).order_by(outbox.c.due_at).limit(1)
_LOOP = select(loops).where(loops.c.sequence == bindparam("loop"))
_SEATS = select(seats).where(seats.c.loop == bindparam("loop"))
_COMPLETED = (
    select(*without_documents(loops))
    .where(loops.c.state == "Completed", loops.c.job.is_(None), loops.c.sequence > bindparam("after"))
    .order_by(loops.c.sequence)
    .limit(_BATCH)
)


@dataclass(frozen=True, slots=True)
class Output:
    """An output.json to deliver.

    Attributes
    ----------
    sequence : int
        Its number in the outbox.
    attempts : int
        How often it has been tried in vain.
    loop : Row
        The loop it is of.
    document : bytes
        What to write.
    """

    sequence: int
    attempts: int
    loop: Row[Any]
    document: bytes

    def put(self, delivery: Delivery) -> None:
        """Write it to S3."""
        delivery.put_object(*place(self.loop), self.document)


@dataclass(frozen=True, slots=True)
class Event:
    """An event to deliver.

    Attributes
    ----------
    sequence : int
        Its number in the outbox.
    attempts : int
        How often it has been tried in vain.
    event : mapping
        In EventBridge's shape. It stands for itself: its loop may have been deleted.
    """

    sequence: int
    attempts: int
    event: Mapping[str, Any]

    def put(self, delivery: Delivery) -> None:
        """Put it on the account's bus. That of a labeling job's end is told once, and outlasts a crash from then on."""
        delivery.put_event(Scope(self.event["account"], self.event["region"]), dict(self.event))
        if self.event["detail-type"] == JOB_EVENT:  # to save after every loop's would take too long
            delivery.keep()


Parcel: TypeAlias = Output | Event


def place(loop: Row[Any]) -> tuple[Scope, str, str]:
    """Return where a loop's output.json lies: account and Region, bucket, key."""
    return Scope(loop.account_id, loop.region), *bucket_and_key(loop.output_uri)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a parcel could not be delivered, and whether there is any use in trying again."""

    code: str
    reason: str
    final: bool


def post_output(tx: Transaction, loop: Row[Any], answers: Sequence[Row[Any]]) -> None:
    """Have the loop's output.json written after this transaction."""
    sequence = _post(tx, {"loop": loop.sequence})
    tx.parcels.append(Output(sequence, 0, loop, output_document(loop, answers)))


def post_event(tx: Transaction, event: dict[str, Any]) -> None:
    """Have the event put after this transaction."""
    tx.parcels.append(Event(_post(tx, {"event": event}), 0, event))


def _post(tx: Transaction, content: dict[str, Any]) -> int:
    """Write the parcel, held by the thread that posts it, and return its number."""
    due_at = tx.now + HELD_FOR
    tx.due.append(due_at)
    return int(tx.connection.execute(_INSERT, {"attempts": 0, "due_at": due_at, **content}).scalar_one())


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
    if row.loop is None:
        return Event(row.sequence, row.attempts, row.event)
    loop = tx.connection.execute(_LOOP, {"loop": row.loop}).one()
    return Output(row.sequence, row.attempts, loop, _document(tx, loop))


def output_of(tx: Transaction, sequence: int) -> bytes:
    """Return output.json of a loop, the same whenever it is asked for."""
    return _document(tx, tx.connection.execute(_LOOP, {"loop": sequence}).one())


def _document(tx: Transaction, loop: Row[Any]) -> bytes:
    return output_document(loop, tx.connection.execute(_SEATS, {"loop": loop.sequence}).all())


def completed_after(tx: Transaction, sequence: int) -> Sequence[Row[Any]]:
    """Return the next loops that are Completed, oldest first, without their documents."""
    return tx.connection.execute(_COMPLETED, {"after": sequence}).all()


def deliver(delivery: Delivery, parcel: Parcel) -> Failure | None:
    """Put the parcel where it belongs. Called outside of transactions: it may take long."""
    try:
        parcel.put(delivery)
    except BucketMissing as error:
        return Failure("ValidationError", str(error), final=True)
    except Exception as error:  # whatever a face's own client raises, the parcel is kept
        what, attempts = type(parcel).__name__.lower(), parcel.attempts + 1
        final = attempts >= MOST_ATTEMPTS
        _LOG.warning(
            "%s %d: attempt %d of %d failed: %s", what, parcel.sequence, attempts, MOST_ATTEMPTS, repr(error)
        )
        return Failure("InternalError", f"The {what} could not be written", final=final)
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
    return tx.connection.execute(_NEXT_DUE).scalar()
