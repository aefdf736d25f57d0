"""What a worker sees and answers: one file per family of tasks, and their worker templates."""

from hitl_sdk.tasks._manifest_entry import ManifestEntry
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import Task
from hitl_sdk.tasks.custom import Custom
from hitl_sdk.tasks.document import TextractForms
from hitl_sdk.tasks.entities import NamedEntityRecognition
from hitl_sdk.tasks.fields import CheckField, ChoiceField, FormInput, MultiChoiceField, NumberField, TextField
from hitl_sdk.tasks.form import Form
from hitl_sdk.tasks.image import ImageClassification, ImageMultiClassification
from hitl_sdk.tasks.instructions import Example, Instructions
from hitl_sdk.tasks.label_review import LabelReview
from hitl_sdk.tasks.media import TranscriptionReview, VideoClassification
from hitl_sdk.tasks.moderation import RekognitionModeration
from hitl_sdk.tasks.point_clouds import (
    PointCloudObjectDetection,
    PointCloudObjectDetectionAdjustment,
    PointCloudObjectTracking,
    PointCloudObjectTrackingAdjustment,
    PointCloudSemanticSegmentation,
    PointCloudSemanticSegmentationAdjustment,
)
from hitl_sdk.tasks.segmentation import InstanceSegmentation, SemanticSegmentation
from hitl_sdk.tasks.shapes import BoundingBox, KeypointAnnotation, PolygonAnnotation, PolylineAnnotation
from hitl_sdk.tasks.text import TextClassification, TextMultiClassification
from hitl_sdk.tasks.verification import (
    BoundingBoxAdjustment,
    BoundingBoxVerification,
    ImageClassificationVerification,
    SemanticSegmentationAdjustment,
    SemanticSegmentationVerification,
)
from hitl_sdk.tasks.video_frames import (
    VideoObjectDetection,
    VideoObjectDetectionAdjustment,
    VideoObjectTracking,
    VideoObjectTrackingAdjustment,
)

__all__ = [
    "Answer",
    "BoundingBox",
    "BoundingBoxAdjustment",
    "BoundingBoxVerification",
    "CheckField",
    "ChoiceField",
    "Custom",
    "Example",
    "Form",
    "FormInput",
    "ImageClassification",
    "ImageClassificationVerification",
    "ImageMultiClassification",
    "InstanceSegmentation",
    "Instructions",
    "KeypointAnnotation",
    "LabelReview",
    "ManifestEntry",
    "MultiChoiceField",
    "NamedEntityRecognition",
    "NumberField",
    "PointCloudObjectDetection",
    "PointCloudObjectDetectionAdjustment",
    "PointCloudObjectTracking",
    "PointCloudObjectTrackingAdjustment",
    "PointCloudSemanticSegmentation",
    "PointCloudSemanticSegmentationAdjustment",
    "PolygonAnnotation",
    "PolylineAnnotation",
    "RekognitionModeration",
    "SemanticSegmentation",
    "SemanticSegmentationAdjustment",
    "SemanticSegmentationVerification",
    "Task",
    "TextClassification",
    "TextField",
    "TextMultiClassification",
    "TextractForms",
    "TranscriptionReview",
    "VideoClassification",
    "VideoObjectDetection",
    "VideoObjectDetectionAdjustment",
    "VideoObjectTracking",
    "VideoObjectTrackingAdjustment",
]
