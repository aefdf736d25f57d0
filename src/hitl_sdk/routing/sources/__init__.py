"""Where predictions come from: one module a source, each a stream of predictions in the order of the items."""

from hitl_sdk.routing.sources.batch_transform import from_batch_transform
from hitl_sdk.routing.sources.bedrock import from_bedrock, from_bedrock_model
from hitl_sdk.routing.sources.callables import from_callable
from hitl_sdk.routing.sources.comprehend import (
    from_comprehend_classifier,
    from_comprehend_entities,
    from_comprehend_sentiment,
)
from hitl_sdk.routing.sources.endpoint import from_endpoint, from_predictor
from hitl_sdk.routing.sources.estimator import from_estimator
from hitl_sdk.routing.sources.frame import predictions_frame
from hitl_sdk.routing.sources.rekognition import (
    from_rekognition_custom_labels,
    from_rekognition_labels,
    from_rekognition_moderation,
)
from hitl_sdk.routing.sources.textract import from_textract, from_textract_documents
from hitl_sdk.routing.sources.transcribe import from_transcribe, from_transcription_jobs, from_transcripts
from hitl_sdk.routing.sources.translate import back_translation, from_translate

__all__ = [
    "back_translation",
    "from_batch_transform",
    "from_bedrock",
    "from_bedrock_model",
    "from_callable",
    "from_comprehend_classifier",
    "from_comprehend_entities",
    "from_comprehend_sentiment",
    "from_endpoint",
    "from_estimator",
    "from_predictor",
    "from_rekognition_custom_labels",
    "from_rekognition_labels",
    "from_rekognition_moderation",
    "from_textract",
    "from_textract_documents",
    "from_transcribe",
    "from_transcription_jobs",
    "from_transcripts",
    "from_translate",
    "predictions_frame",
]
