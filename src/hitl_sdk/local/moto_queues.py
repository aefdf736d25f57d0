"""The queues and topics of streaming labeling jobs, on moto's SQS and SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.sns.exceptions import SNSNotFoundError
from moto.sns.models import sns_backends
from moto.sqs.exceptions import QueueDoesNotExist, ReceiptHandleIsInvalid
from moto.sqs.models import sqs_backends

from hitl_sdk._data import human_review_quotas
from hitl_sdk.local.engine import QueueMessage, TopicMissing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitl_sdk.local.engine import Scope

__all__ = ["drop", "open_queue", "publish", "receive", "waiting"]

_HELD_SECONDS = 60  # a message that is not dropped by then comes again
_RETENTION_SECONDS = human_review_quotas()["streaming_unsent_days"] * 86_400


def open_queue(scope: Scope, queue: str, topic_arn: str) -> None:
    """Make a queue and subscribe it to a topic, unless both are done.

    Raises
    ------
    TopicMissing
        If there is no such topic.
    """
    sqs = sqs_backends[scope.account_id][scope.region]
    if queue not in sqs.queues:
        sqs.create_queue(queue, MessageRetentionPeriod=str(_RETENTION_SECONDS))
    try:
        sns_backends[scope.account_id][scope.region].subscribe(topic_arn, sqs.queues[queue].queue_arn, "sqs")
    except SNSNotFoundError:
        raise TopicMissing(topic_arn) from None


def waiting(scope: Scope, queue: str) -> int | None:
    """Return how many messages wait in a queue; None if there is no such queue."""
    found = sqs_backends[scope.account_id][scope.region].queues.get(queue)
    return None if found is None else len(found.messages)


def receive(scope: Scope, queue: str, limit: int) -> list[QueueMessage]:
    """Return the next messages of a queue, and keep them from others for a while.

    Not by moto's own ``receive_message``, which counts the whole queue once for every message.
    """
    found = sqs_backends[scope.account_id][scope.region].queues.get(queue)
    messages = [] if found is None else found.messages[:limit]
    for each in messages:
        each.mark_received(visibility_timeout=_HELD_SECONDS)
    return [QueueMessage(str(each.receipt_handle), str(each.id), str(each.body)) for each in messages]


def drop(scope: Scope, queue: str, receipts: Iterable[str]) -> None:
    """Delete messages that were received."""
    for receipt in receipts:
        try:
            sqs_backends[scope.account_id][scope.region].delete_message(queue, receipt)
        except (QueueDoesNotExist, ReceiptHandleIsInvalid):
            continue  # it is gone, which is what was wanted


def publish(scope: Scope, topic_arn: str, message: str) -> None:
    """Send a message to all that have subscribed to a topic.

    Raises
    ------
    TopicMissing
        If there is no such topic.
    """
    try:
        sns_backends[scope.account_id][scope.region].publish(message, topic_arn)
    except SNSNotFoundError:
        raise TopicMissing(topic_arn) from None
