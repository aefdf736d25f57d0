"""The engine's door to the rest of the cloud: S3, EventBridge, Lambda and Cognito, as far as it needs them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hitl_sdk.local.engine.errors import BucketMissing, FunctionFailed, TopicMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hitl_sdk.local.algorithms import Algorithm
    from hitl_sdk.local.engine.values import Scope

__all__ = ["Delivery", "MemoryDelivery", "QueueMessage"]


class QueueMessage(NamedTuple):
    """A message of an SQS queue: what it is dropped by, its id, and what it says."""

    receipt: str
    message_id: str
    body: str


class Delivery(Protocol):
    """What a face supplies. The engine puts, gets and invokes outside its transactions.

    All of it may be done again with the same thing, after a crash or an error: what is put is put at
    least once. Any error but `BucketMissing` and `FunctionFailed` is taken for a passing one.
    """

    def put_object(self, scope: Scope, bucket: str, key: str, body: bytes) -> None:
        """Write an object; raises `BucketMissing` if there is no such bucket."""
        ...

    def keep(self) -> None:
        """Let all that was put outlast a crash of this process, as what the engine's store keeps does."""
        ...

    def get_object(self, scope: Scope, bucket: str, key: str) -> bytes | None:
        """Return the content of an object; None if there is none."""
        ...

    def put_event(self, scope: Scope, event: dict[str, Any]) -> None:
        """Put an event, in EventBridge's own shape, on the default bus."""
        ...

    def invoke(self, scope: Scope, function_arn: str, event: object) -> object:
        """Call a Lambda function, one of AWS's own or of the account; raises `FunctionFailed`."""
        ...

    def has_function(self, scope: Scope, function_arn: str) -> bool:
        """Tell whether the account has that Lambda function; nobody asks for AWS's own."""
        ...

    def open_queue(self, scope: Scope, queue: str, topic_arn: str) -> None:
        """Make an SQS queue that a topic sends to, unless it is there; raises `TopicMissing`."""
        ...

    def waiting(self, scope: Scope, queue: str) -> int | None:
        """Return how many messages wait in a queue; None if there is no such queue."""
        ...

    def receive(self, scope: Scope, queue: str, limit: int) -> list[QueueMessage]:
        """Return the next messages; they come again unless they are dropped."""
        ...

    def drop(self, scope: Scope, queue: str, receipts: Iterable[str]) -> None:
        """Delete messages that were received."""
        ...

    def publish(self, scope: Scope, topic_arn: str, message: str) -> None:
        """Send a message to a topic; raises `TopicMissing`."""
        ...

    def algorithm(self, name: str) -> Algorithm | None:
        """Return what does the work of AWS's algorithm for automated labeling; None if nothing does."""
        ...

    def user_pool_client(self, scope: Scope, user_pool_id: str, client_id: str) -> Mapping[str, bool] | None:
        """Return ``{"exists": ..., "has_secret": ...}``, or None where nobody knows."""
        ...


class MemoryDelivery:
    """A delivery that keeps what it is given, for an engine that stands alone.

    Parameters
    ----------
    buckets : iterable of str, optional
        The buckets there are; any, when left out.
    functions : mapping, optional
        What Lambda functions do, by their ARN: each takes the event and returns the answer.

    Attributes
    ----------
    objects : dict
        Bodies by ``(bucket, key)``.
    events : list of dict
        The events, oldest first.
    functions : dict
        Lambda functions by their ARN.
    algorithms : dict
        What labels automatically, by the name of AWS's algorithm.
    topics : dict
        What was sent to a topic, by its ARN; put a topic in to let it be there.
    queues : dict
        What waits in a queue, by its name; `open_queue` makes one.

    Examples
    --------
    >>> from hitl_sdk.local.engine import Scope
    >>> delivery = MemoryDelivery()
    >>> delivery.put_object(Scope("123456789012", "eu-west-1"), "reviews", "a/output.json", b"{}")
    >>> delivery.objects
    {('reviews', 'a/output.json'): b'{}'}
    """

    def __init__(
        self,
        buckets: Iterable[str] | None = None,
        functions: Mapping[str, Callable[[Any], object]] | None = None,
    ) -> None:
        self.functions: dict[str, Callable[[Any], object]] = dict(functions or {})
        self.algorithms: dict[str, Algorithm] = {}
        self.topics: dict[str, list[str]] = {}
        self.queues: dict[str, list[QueueMessage]] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.events: list[dict[str, Any]] = []
        self._buckets = None if buckets is None else frozenset(buckets)
        self._lock = Lock()

    def put_object(self, scope: Scope, bucket: str, key: str, body: bytes) -> None:  # noqa: ARG002
        """Keep the object.

        Raises
        ------
        BucketMissing
            If it was told of its buckets, and this is none of them.
        """
        if self._buckets is not None and bucket not in self._buckets:
            raise BucketMissing(bucket)
        with self._lock:
            self.objects[bucket, key] = body

    def keep(self) -> None:
        """Do nothing: what is in memory outlasts no crash."""

    def get_object(self, scope: Scope, bucket: str, key: str) -> bytes | None:  # noqa: ARG002
        """Return what was put."""
        with self._lock:
            return self.objects.get((bucket, key))

    def invoke(self, scope: Scope, function_arn: str, event: object) -> object:  # noqa: ARG002
        """Call the function.

        Raises
        ------
        FunctionFailed
            If there is none, or it raises.
        """
        if function_arn not in self.functions:
            raise FunctionFailed(f"there is no function {function_arn}")
        try:
            return self.functions[function_arn](event)
        except Exception as error:
            raise FunctionFailed(f"{type(error).__name__}: {error}") from error

    def has_function(self, scope: Scope, function_arn: str) -> bool:  # noqa: ARG002
        """Tell whether it was told of the function."""
        return function_arn in self.functions

    def put_event(self, scope: Scope, event: dict[str, Any]) -> None:  # noqa: ARG002
        """Keep the event."""
        with self._lock:
            self.events.append(event)

    def open_queue(self, scope: Scope, queue: str, topic_arn: str) -> None:  # noqa: ARG002
        """Make the queue; the test fills it.

        Raises
        ------
        TopicMissing
            If there is no such topic.
        """
        if topic_arn not in self.topics:
            raise TopicMissing(topic_arn)
        self.queues.setdefault(queue, [])

    def waiting(self, scope: Scope, queue: str) -> int | None:  # noqa: ARG002
        """Return how many messages the queue has."""
        return len(self.queues[queue]) if queue in self.queues else None

    def receive(self, scope: Scope, queue: str, limit: int) -> list[QueueMessage]:  # noqa: ARG002
        """Return the first messages of the queue."""
        return self.queues.get(queue, [])[:limit]

    def drop(self, scope: Scope, queue: str, receipts: Iterable[str]) -> None:  # noqa: ARG002
        """Take messages out of the queue."""
        gone = set(receipts)
        self.queues[queue] = [each for each in self.queues.get(queue, []) if each.receipt not in gone]

    def publish(self, scope: Scope, topic_arn: str, message: str) -> None:  # noqa: ARG002
        """Keep the message.

        Raises
        ------
        TopicMissing
            If there is no such topic.
        """
        if topic_arn not in self.topics:
            raise TopicMissing(topic_arn)
        self.topics[topic_arn].append(message)

    def algorithm(self, name: str) -> Algorithm | None:
        """Return what it was told of."""
        return self.algorithms.get(name)

    def user_pool_client(
        self,
        scope: Scope,  # noqa: ARG002
        user_pool_id: str,  # noqa: ARG002
        client_id: str,  # noqa: ARG002
    ) -> Mapping[str, bool] | None:
        """Return None: there is no Cognito here to ask."""
        return None
