"""Where predictions come from: one module a source, each a stream of predictions in the order of the items."""

from hitl_sdk.routing.sources.callables import from_callable
from hitl_sdk.routing.sources.endpoint import from_endpoint

__all__ = ["from_callable", "from_endpoint"]
