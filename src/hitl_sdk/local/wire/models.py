"""What this package reads of botocore's service models, as types.

botocore's own attributes are computed on first use by a descriptor that type checkers can't see
through, so the models are taken as these protocols where they come in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Operation", "Service", "Shape"]


class Shape(Protocol):
    """A type of the model: a structure, list, map or scalar. Only its own kind's attributes are there."""

    name: str
    type_name: str
    metadata: Mapping[str, Any]
    serialization: Mapping[str, Any]
    members: Mapping[str, Shape]  # of a structure
    required_members: Sequence[str]  # of a structure
    member: Shape  # of a list
    value: Shape  # of a map


class Operation(Protocol):
    """An operation of a service."""

    name: str
    http: Mapping[str, str]
    input_shape: Shape  # every operation of human review takes one
    output_shape: Shape | None
    error_shapes: Sequence[Shape]
    has_event_stream_output: bool
    service_model: Service


class Service(Protocol):
    """A service."""

    service_name: str
    protocol: str
    metadata: Mapping[str, Any]
    operation_names: Sequence[str]

    def operation_model(self, operation_name: str) -> Operation:
        """Return the operation of that name."""
        ...
