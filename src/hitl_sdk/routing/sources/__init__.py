"""Where predictions come from: one module a source, each a stream of predictions in the order of the items."""

from hitl_sdk.routing.sources.batch_transform import from_batch_transform
from hitl_sdk.routing.sources.callables import from_callable
from hitl_sdk.routing.sources.endpoint import from_endpoint, from_predictor
from hitl_sdk.routing.sources.estimator import from_estimator
from hitl_sdk.routing.sources.frame import predictions_frame
from hitl_sdk.routing.sources.rekognition import (
    from_rekognition_custom_labels,
    from_rekognition_labels,
    from_rekognition_moderation,
)
from hitl_sdk.routing.sources.textract import from_textract, from_textract_documents

__all__ = [
    "from_batch_transform",
    "from_callable",
    "from_endpoint",
    "from_estimator",
    "from_predictor",
    "from_rekognition_custom_labels",
    "from_rekognition_labels",
    "from_rekognition_moderation",
    "from_textract",
    "from_textract_documents",
    "predictions_frame",
]
