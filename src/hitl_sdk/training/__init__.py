"""The training data that comes out of a review."""

from hitl_sdk.training.frame import (
    TRAINING_COLUMNS,
    TRAINING_SCHEMA_VERSION,
    TrainingRow,
    build_training_frame,
)
from hitl_sdk.training.picture import picture

__all__ = ["TRAINING_COLUMNS", "TRAINING_SCHEMA_VERSION", "TrainingRow", "build_training_frame", "picture"]
