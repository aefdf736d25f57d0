"""Where predictions come from: one module a source, each a stream of predictions in the order of the items."""

from hitl_sdk.routing.sources.batch_transform import from_batch_transform
from hitl_sdk.routing.sources.callables import from_callable
from hitl_sdk.routing.sources.endpoint import from_endpoint, from_predictor
from hitl_sdk.routing.sources.estimator import from_estimator

__all__ = ["from_batch_transform", "from_callable", "from_endpoint", "from_estimator", "from_predictor"]
