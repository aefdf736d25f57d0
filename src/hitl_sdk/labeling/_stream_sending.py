"""Sends objects to the topic of a streaming job: in batches, each with an outcome of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    HitlError,
    NotFoundError,
    RejectedError,
    ServiceError,
    UnavailableError,
    WaitTimeoutError,
)
from hitl_sdk.labeling._stream_items import MESSAGE_BYTES, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hitl_sdk.labeling._stream_items import Message
    from hitl_sdk.session import Session

__all__ = ["SendReport", "Sender", "SentObject"]

_BATCH = 10  # what SNS takes in one call
_RETRY_SECONDS = 30.0
# What the next object would meet as well.
_FATAL = (ConfigurationError, AccessDeniedError, NotFoundError)


@dataclass(frozen=True, slots=True)
class SentObject:
    """What became of one item.

    Attributes
    ----------
    position : int
        The item's place, from 0.
    status : {"sent", "repeated", "failed"}
        ``"repeated"``: an item before it in the same call has the same id, so it was not sent again.
    object_id : str or None
        The key by which the job labels it once; None for an item that has none.
    error : HitlError or None
        Why it was not sent.

    Examples
    --------
    >>> SentObject(0, "sent", "A-17").error is None
    True
    """

    position: int
    status: Literal["sent", "repeated", "failed"]
    object_id: str | None = None
    error: HitlError | None = None


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of all items, in their order.

    Attributes
    ----------
    objects : tuple of SentObject
        One an item.

    Examples
    --------
    >>> print(SendReport((SentObject(0, "sent", "A-17"), SentObject(1, "repeated", "A-17"))))
    1 sent, 1 repeated, 0 failed
    """

    objects: tuple[SentObject, ...]

    @property
    def n_sent(self) -> int:
        """How many were sent."""
        return sum(each.status == "sent" for each in self.objects)

    @property
    def failures(self) -> tuple[SentObject, ...]:
        """Those that could not be sent."""
        return tuple(each for each in self.objects if each.status == "failed")

    def __str__(self) -> str:
        """Return the counts."""
        n_failed = len(self.failures)
        return f"{self.n_sent} sent, {len(self.objects) - self.n_sent - n_failed} repeated, {n_failed} failed"


class _Waiting(NamedTuple):
    position: int
    message: Message


class Sender:
    """Sends items to a topic in batches of ten, after asking whether there is room for them.

    Parameters
    ----------
    session : Session
        As whom and where.
    topic_arn : str
        The topic.
    make_room : callable
        Called with the size of each batch before it is sent; returns when there is room.
    """

    def __init__(self, session: Session, topic_arn: str, make_room: Callable[[int], None]) -> None:
        self._session = session
        self._topic = topic_arn
        self._make_room = make_room
        self._outcomes: dict[int, SentObject] = {}
        self._batch: list[_Waiting] = []
        self._n_bytes = 0

    def send(
        self,
        items: Iterable[str | Mapping[str, Any]],
        key: str | None,
        on_progress: Callable[[SentObject], None] | None,
    ) -> SendReport:
        """Send all items; a bad one is its own failure."""
        seen: set[str] = set()
        try:
            for position, item in enumerate(items):
                for outcome in self._take(position, item, key, seen):
                    self._note(outcome, on_progress)
            for outcome in self._flush():
                self._note(outcome, on_progress)
        except (*_FATAL, WaitTimeoutError) as error:
            n_sent = sum(each.status == "sent" for each in self._outcomes.values())
            error.add_note(f"{n_sent} objects were sent before; sending them again labels none of them twice")
            raise
        return SendReport(tuple(self._outcomes[position] for position in sorted(self._outcomes)))

    def _note(self, outcome: SentObject, on_progress: Callable[[SentObject], None] | None) -> None:
        self._outcomes[outcome.position] = outcome
        if on_progress is not None:
            on_progress(outcome)

    def _take(
        self, position: int, item: str | Mapping[str, Any], key: str | None, seen: set[str]
    ) -> Sequence[SentObject]:
        """Put the item to the batch; return the outcomes that are known by then."""
        try:
            message = message_of(item, key)
        except HitlError as error:
            return [SentObject(position, "failed", error=error)]
        if message.object_id in seen:
            return [SentObject(position, "repeated", message.object_id)]
        seen.add(message.object_id)
        n_bytes = len(message.body.encode())
        full = len(self._batch) == _BATCH or self._n_bytes + n_bytes > MESSAGE_BYTES
        outcomes = self._flush() if full else []
        self._batch.append(_Waiting(position, message))
        self._n_bytes += n_bytes
        return outcomes

    def _flush(self) -> list[SentObject]:
        """Send the batch; what SNS fails at by its own fault is tried again for a while."""
        batch, self._batch, self._n_bytes = self._batch, [], 0
        if not batch:
            return []
        self._make_room(len(batch))
        outcomes: dict[int, SentObject] = {}
        left = {each.position: each for each in batch}

        def publish() -> int:
            for outcome in self._published(list(left.values())):
                outcomes[outcome.position] = outcome
                if not isinstance(outcome.error, UnavailableError):
                    del left[outcome.position]
            return len(left)

        with suppress(WaitTimeoutError):  # the outcomes say it
            wait_until(publish, lambda n_left: not n_left, timeout=_RETRY_SECONDS, what="SNS to take a batch")
        return list(outcomes.values())

    def _published(self, batch: Sequence[_Waiting]) -> list[SentObject]:
        entries: Any = [{"Id": str(each.position), "Message": each.message.body} for each in batch]
        try:
            with translated_errors(f"topic {self._topic}"):
                answer = self._session.client("sns").publish_batch(
                    TopicArn=self._topic, PublishBatchRequestEntries=entries
                )
        except _FATAL:
            raise
        except ServiceError as error:  # of the batch as a whole
            return [SentObject(each.position, "failed", each.message.object_id, error) for each in batch]
        failed = {int(entry["Id"]): _failure(entry) for entry in answer.get("Failed", [])}
        return [
            SentObject(
                each.position,
                "failed" if each.position in failed else "sent",
                each.message.object_id,
                failed.get(each.position),
            )
            for each in batch
        ]


def _failure(entry: Mapping[str, Any]) -> HitlError:
    kind = RejectedError if entry.get("SenderFault") else UnavailableError
    return kind(
        f"SNS did not take the object: {entry.get('Message') or entry['Code']}",
        code=entry["Code"],
        operation="PublishBatch",
    )
