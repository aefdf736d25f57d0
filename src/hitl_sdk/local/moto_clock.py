"""Lets moto's SQS live on a clock that can be moved: a long poll lets time pass in place of blocking."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from moto.sqs import models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk._clock import Clock

__all__ = ["queues_on"]


@contextmanager
def queues_on(clock: Clock) -> Iterator[None]:
    """Let the queues of this process tell the time by `clock`, inside the block.

    Messages become visible, and too old, by it, and who waits for messages sleeps on it: whatever is due meanwhile
    happens, and may send one.

    Examples
    --------
    >>> import boto3
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:  # which does it
    ...     sqs, before = boto3.client("sqs"), cloud.clock.now()
    ...     url = sqs.create_queue(QueueName="reviews")["QueueUrl"]
    ...     "Messages" in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    ...     print((cloud.clock.now() - before).seconds)
    False
    21
    """

    def seconds() -> float:
        return clock.now().timestamp()

    def wait(queue: models.Queue, timeout: float) -> None:
        if not queue.messages:
            clock.sleep(timeout)

    with ExitStack() as stack:
        stack.enter_context(patch.object(models, "unix_time", seconds))
        stack.enter_context(patch.object(models, "unix_time_millis", lambda: seconds() * 1000))
        stack.enter_context(patch.object(models.Queue, "wait_for_messages", wait))
        yield
