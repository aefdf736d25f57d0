"""Reads the labels of a streaming job: through a queue of ours that its output topic sends to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._stream_keys import object_id_of
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import HitlError, InvalidOutputError, NotFoundError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hitl_sdk.session import Session

__all__ = ["ResultsQueue", "StreamResult"]

_RETENTION_SECONDS = 1_209_600  # 14 days, the most that SQS keeps
_HELD_SECONDS = 300  # for the reader to work on what it got
_LONGEST_PAUSE = 5.0
_BATCH = 10  # what SQS gives in one call


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One message of the output topic.

    Attributes
    ----------
    object_id : str or None
        The object's id; None if the message says none.
    line : mapping or None
        The manifest line, with the label; None if the message is none.
    text : str
        The message as it came, for `read_manifest`.
    error : HitlError or None
        Why it can't be read.

    Examples
    --------
    >>> StreamResult("A-17", {"sku": "A-17"}, '{"sku": "A-17"}').error is None
    True
    """

    object_id: str | None
    line: Mapping[str, Any] | None
    text: str
    error: HitlError | None = None


class ResultsQueue:
    """A queue of the user's own, subscribed to the output topic of a job.

    Parameters
    ----------
    session : Session
        As whom and where.
    topic_arn : str
        The output topic.
    name : str
        The queue's name.
    """

    def __init__(self, session: Session, topic_arn: str, name: str) -> None:
        self._sqs = session.client("sqs")
        self._sns = session.client("sns")
        self._topic = topic_arn
        self._name = name
        self._seen: set[str] = set()

    def ensure(self) -> str:
        """Make the queue and the subscription, unless they are there; return the queue's URL."""
        with translated_errors(f"queue {self._name}"):
            # Attributes are set afterwards: CreateQueue refuses the name of a queue that has others.
            url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
            arn = self._arn(url)
            self._sqs.set_queue_attributes(
                QueueUrl=url,
                Attributes={
                    "MessageRetentionPeriod": str(_RETENTION_SECONDS),
                    "VisibilityTimeout": str(_HELD_SECONDS),
                    "Policy": json.dumps(_only_from(self._topic, arn)),
                },
            )
        with translated_errors(f"topic {self._topic}"):
            self._sns.subscribe(
                TopicArn=self._topic,
                Protocol="sqs",
                Endpoint=arn,
                Attributes={"RawMessageDelivery": "true"},
                ReturnSubscriptionArn=True,
            )
        return url

    def read(self, timeout: float, count: int | None) -> Iterator[StreamResult]:
        """Yield each object once, until `count` are read or the time is up; a message is deleted once it is used."""
        url = self.ensure()
        deadline = current_clock().monotonic() + timeout
        n_read = 0
        while count is None or n_read < count:
            for message in self._received(url, deadline):
                result = _read(message["Body"])
                if result.object_id is None or result.object_id not in self._seen:
                    yield result
                    n_read += 1
                if result.object_id is not None:
                    self._seen.add(result.object_id)
                self._delete(url, message["ReceiptHandle"])
                if n_read == count:
                    return
            if current_clock().monotonic() >= deadline:
                return

    def delete(self) -> bool:
        """Delete subscription and queue; False if there was no queue."""
        try:
            with translated_errors(f"queue {self._name}"):
                url = self._sqs.get_queue_url(QueueName=self._name)["QueueUrl"]
                arn = self._arn(url)
        except NotFoundError:
            return False
        with translated_errors(f"topic {self._topic}"):
            pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self._topic)
            for subscription in [each for page in pages for each in page["Subscriptions"]]:
                if subscription["Endpoint"] == arn:
                    self._sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        with translated_errors(f"queue {self._name}"):
            self._sqs.delete_queue(QueueUrl=url)
        return True

    def _arn(self, url: str) -> str:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    def _received(self, url: str, deadline: float) -> Sequence[Mapping[str, Any]]:
        """Return the next messages; none if the time is up."""

        def receive() -> Sequence[Mapping[str, Any]]:
            with translated_errors(f"queue {self._name}"):
                # No long poll: that waits on the machine's clock, not on ours.
                answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_BATCH)
            return answer.get("Messages", [])

        left = deadline - current_clock().monotonic()
        if left <= 0:
            return receive()
        try:
            return wait_until(
                receive,
                bool,
                timeout=left,
                what=f"a label in queue {self._name}",
                longest_pause=_LONGEST_PAUSE,
            )
        except WaitTimeoutError:
            return []

    def _delete(self, url: str, receipt: str) -> None:
        with translated_errors(f"queue {self._name}"):
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)


def _only_from(topic_arn: str, queue_arn: str) -> dict[str, Any]:
    """Return the queue's policy: this topic may send to it, nobody else."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }


def _read(body: str) -> StreamResult:
    """Read a message, in SNS's envelope or without."""
    try:
        line = json.loads(body)
        if (
            isinstance(line, dict)
            and line.get("Type") == "Notification"
            and isinstance(line.get("Message"), str)
        ):
            body = line["Message"]
            line = json.loads(body)
    except (ValueError, RecursionError):
        return StreamResult(None, None, body, InvalidOutputError("the message is no JSON document"))
    if not isinstance(line, dict):
        error = InvalidOutputError(f"the message is {type(line).__name__}, no manifest line")
        return StreamResult(None, None, body, error)
    return StreamResult(object_id_of(line), line, body)
