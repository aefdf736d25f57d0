"""Receives Augmented AI's events of ended human loops from an SQS queue, as states of loops."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._loop_event import HumanLoopEvent
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import HitlError, InvalidInputError, NotFoundError, Transient
from hitl_sdk.loops.states import LoopState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
    )

    from hitl_sdk.session import Session

__all__ = ["LIST_EVERY", "LoopEvents", "ReceivedEvent", "queue_url"]

LIST_EVERY = 300.0
"""Seconds between two readings of the flow's list by a wait that receives events: one that is lost costs no more."""

LONGEST_POLL = 20
"""Seconds that SQS lets a receiver wait for messages."""

_BATCH = 10
_FOR_OTHERS_SECONDS = 10
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(\.fifo)?")
_OF_USE = timedelta(seconds=2 * LIST_EVERY)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event, and what its message is deleted by.

    Attributes
    ----------
    event : HumanLoopEvent
        What it tells.
    receipt : str
        SQS's receipt handle of this delivery.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> event = HumanLoopEvent("loop-1", "arn", "flow", "Failed", "8a5c", datetime(2026, 1, 1, tzinfo=UTC), failure_reason="late")
    >>> ReceivedEvent(event, "receipt").state
    LoopState(human_loop_name='loop-1', status='Failed', failure_reason='late', ...)
    """

    event: HumanLoopEvent
    receipt: str

    @property
    def state(self) -> LoopState:
        """The loop's state, as the event tells it."""
        said = self.event
        return LoopState(
            said.human_loop_name,
            said.status,
            said.failure_reason,
            said.created_at,
            said.flow_definition_arn,
            said.human_loop_arn,
            said.output_s3_uri,
        )


class LoopEvents:
    """The events of ended human loops that come through one queue.

    Several runs may share the queue, of one flow or of many, at the same time. What is whose, and when a message is
    deleted:

    - An event that the caller wants is the caller's: it is deleted by `done`, after the caller has kept what it tells.
      A caller that dies before gets it again.
    - An event that the caller does not want is made visible again for the others after some seconds; once it is older
      than ten minutes it is deleted. Nobody misses it then: every wait reads the flow's list when it begins, and every
      five minutes from then on.
    - A message that is no such event is left as it is: SQS moves it to the dead-letter queue, if there is one, or drops
      it at the end of its retention.

    Parameters
    ----------
    session : Session
        Where the queue is.
    queue : str
        ``"sqs://NAME"``, the queue's URL, or its ARN.

    Raises
    ------
    InvalidInputError
        If it is none of the three.
    NotFoundError
        If there is no such queue.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     queue = hitl.EventQueue(name="reviews")
    ...     state = queue.ensure(cloud.session())
    ...     LoopEvents(cloud.session(), queue.address).receive(5, wanted=lambda event: True)
    []
    """

    def __init__(self, session: Session, queue: str) -> None:
        self._client = session.client("sqs")
        self._url = queue_url(session, queue)
        self._told: set[str] = set()

    def __repr__(self) -> str:
        """Name the queue."""
        return f"LoopEvents({self._url!r})"

    def receive(self, seconds: float, *, wanted: Callable[[HumanLoopEvent], bool]) -> list[ReceivedEvent]:
        """Wait for events: SQS answers when there are some, or when the time is up.

        Parameters
        ----------
        seconds : float
            How long; whole seconds, at most 20. Below 1 it looks and does not wait.
        wanted : callable
            Tells whether an event is the caller's.

        Returns
        -------
        list of ReceivedEvent
            At most ten that are wanted, in no order; one event may come twice.

        Raises
        ------
        NotFoundError
            If the queue is gone.
        ServiceError
            If SQS refuses to tell.
        """
        with translated_errors(f"queue {self._url}"):
            messages = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_BATCH,
                WaitTimeSeconds=int(min(max(seconds, 0), LONGEST_POLL)),
            ).get("Messages", [])
        found: list[ReceivedEvent] = []
        foreign: list[ReceivedEvent] = []
        for message in messages:
            event = self._read(message.get("Body", ""), message.get("MessageId", ""))
            if event is not None:
                received = ReceivedEvent(event, message.get("ReceiptHandle", ""))
                (found if wanted(event) else foreign).append(received)
        self._leave_to_others(foreign)
        return found

    def done(self, received: Iterable[ReceivedEvent]) -> None:
        """Delete the messages of events that the caller has kept.

        A message that SQS does not delete comes again, which is no harm; that is logged.

        Parameters
        ----------
        received : iterable of ReceivedEvent
            What `receive` returned, once or several times.
        """
        entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(received)
        ]
        for first in range(0, len(entries), _BATCH):
            self._try("deleted", partial(self._delete, entries[first : first + _BATCH]))

    def _delete(self, entries: list[DeleteMessageBatchRequestEntryTypeDef]) -> Sequence[object]:
        return self._client.delete_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", [])

    def _read(self, body: str, message_id: str) -> HumanLoopEvent | None:
        try:
            return HumanLoopEvent.from_json(json.loads(body))
        except (ValueError, RecursionError) as error:  # an InvalidInputError is one, too
            if message_id not in self._told:  # it comes again until SQS puts it away
                self._told.add(message_id)
                what = error.message if isinstance(error, InvalidInputError) else "its body is no JSON"
                _LOG.warning("message %s in %s is left there: %s", message_id, self._url, what)
            return None

    def _leave_to_others(self, foreign: list[ReceivedEvent]) -> None:
        of_use_since = current_clock().now() - _OF_USE
        self.done(each for each in foreign if each.event.sent_at < of_use_since)
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {"Id": str(number), "ReceiptHandle": each.receipt, "VisibilityTimeout": _FOR_OTHERS_SECONDS}
            for number, each in enumerate(foreign)
            if each.event.sent_at >= of_use_since
        ]
        if entries:
            self._try(
                "made visible",
                lambda: self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries).get(
                    "Failed"
                ),
            )

    def _try(self, what: str, call: Callable[[], Sequence[object]]) -> None:
        """Do what need not succeed: if it does not, messages come again by themselves."""
        try:
            with translated_errors(f"queue {self._url}"):
                failed = call()
        except HitlError as error:
            if not isinstance(error, NotFoundError | Transient):
                raise
            _LOG.warning("messages could not be %s: %s", what, error)
        else:
            if failed:
                _LOG.warning("%d messages could not be %s in %s", len(failed), what, self._url)


def queue_url(session: Session, queue: str) -> str:
    """Return the URL of a queue.

    Parameters
    ----------
    session : Session
        Where it is.
    queue : str
        ``"sqs://NAME"``, the URL itself, or the queue's ARN.

    Raises
    ------
    InvalidInputError
        If it is none of the three.
    InvalidArnError
        If the ARN is of another Region.
    NotFoundError
        If there is no such queue.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     queue_url(cloud.session(), "https://sqs.us-east-1.amazonaws.com/123456789012/reviews")
    'https://sqs.us-east-1.amazonaws.com/123456789012/reviews'
    """
    given: object = queue
    scheme, _, rest = queue.partition("://") if isinstance(given, str) else ("", "", "")
    if scheme in {"http", "https"} and rest.partition("/")[2]:
        return queue
    owner = {}
    if scheme.startswith("arn:"):
        arn = parse_arn(queue, "sqs-queue", region=session.region_name)
        name, owner = arn.name, {"QueueOwnerAWSAccountId": arn.account}
    elif scheme == "sqs" and _QUEUE_NAME.fullmatch(rest):
        name = rest
    else:
        raise InvalidInputError(
            f"{queue!r} is no address of an SQS queue",
            hint="write sqs://NAME, which is EventQueue.address, or the queue's URL or ARN",
        )
    with translated_errors(f"queue {name!r}"):
        return session.client("sqs").get_queue_url(QueueName=name, **owner)["QueueUrl"]
