"""The wire: AWS's own protocols, read from botocore's service models, seen from the server's side.

What boto3 does to a call on its way out, this package does on its way in, and back: find the
operation, parse the request, refuse what the service would refuse, serialise the result or the
error. It holds no state, no rule of human review, and knows neither moto nor an HTTP server.
"""

from hitl_sdk.local.wire.messages import (
    Credential,
    HttpRequest,
    HttpResponse,
    SerializationError,
    ValidationError,
    WireError,
)
from hitl_sdk.local.wire.protocols import (
    AI_SERVICES,
    Wire,
    find_ai_operation,
    human_review_operations,
    service_model,
)
from hitl_sdk.local.wire.validation import validate

__all__ = [
    "AI_SERVICES",
    "Credential",
    "HttpRequest",
    "HttpResponse",
    "SerializationError",
    "ValidationError",
    "Wire",
    "WireError",
    "find_ai_operation",
    "human_review_operations",
    "service_model",
    "validate",
]
