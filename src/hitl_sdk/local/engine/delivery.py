"""The engine's door to the rest of the cloud: S3, EventBridge and Cognito, as far as it needs them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from hitl_sdk.local.engine.errors import BucketMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitl_sdk.local.engine.values import Scope

__all__ = ["Delivery", "MemoryDelivery"]


class Delivery(Protocol):
    """What a face supplies. The engine calls `put_object` and `put_event` outside its transactions.

    Both may be called again with the same thing, after a crash or an error: what is put is put at
    least once. Any error but `BucketMissing` is taken for a passing one.
    """

    def put_object(self, scope: Scope, bucket: str, key: str, body: bytes) -> None:
        """Write an object; raises `BucketMissing` if there is no such bucket."""
        ...

    def put_event(self, scope: Scope, event: dict[str, Any]) -> None:
        """Put an event, in EventBridge's own shape, on the default bus."""
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

    Attributes
    ----------
    objects : dict
        Bodies by ``(bucket, key)``.
    events : list of dict
        The events, oldest first.

    Examples
    --------
    >>> from hitl_sdk.local.engine import Scope
    >>> delivery = MemoryDelivery()
    >>> delivery.put_object(Scope("123456789012", "eu-west-1"), "reviews", "a/output.json", b"{}")
    >>> delivery.objects
    {('reviews', 'a/output.json'): b'{}'}
    """

    def __init__(self, buckets: Iterable[str] | None = None) -> None:
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

    def put_event(self, scope: Scope, event: dict[str, Any]) -> None:  # noqa: ARG002
        """Keep the event."""
        with self._lock:
            self.events.append(event)

    def user_pool_client(
        self,
        scope: Scope,  # noqa: ARG002
        user_pool_id: str,  # noqa: ARG002
        client_id: str,  # noqa: ARG002
    ) -> Mapping[str, bool] | None:
        """Return None: there is no Cognito here to ask."""
        return None
