"""The training data that comes out of a review: the frame, its split, weights and history, and files to train on."""

from hitl_sdk.training.coco import to_coco
from hitl_sdk.training.conll import to_conll
from hitl_sdk.training.export import Export
from hitl_sdk.training.frame import (
    TRAINING_COLUMNS,
    TRAINING_SCHEMA_VERSION,
    TrainingRow,
    build_training_frame,
)
from hitl_sdk.training.history import append, current
from hitl_sdk.training.huggingface import to_huggingface
from hitl_sdk.training.manifest_export import ManifestExport, to_augmented_manifest
from hitl_sdk.training.mask_pngs import to_mask_pngs
from hitl_sdk.training.picture import picture
from hitl_sdk.training.split import split
from hitl_sdk.training.tables import to_csv, to_jsonl, to_parquet
from hitl_sdk.training.voc import to_voc
from hitl_sdk.training.weights import with_sample_weights
from hitl_sdk.training.yolo import to_yolo

__all__ = [
    "TRAINING_COLUMNS",
    "TRAINING_SCHEMA_VERSION",
    "Export",
    "ManifestExport",
    "TrainingRow",
    "append",
    "build_training_frame",
    "current",
    "picture",
    "split",
    "to_augmented_manifest",
    "to_coco",
    "to_conll",
    "to_csv",
    "to_huggingface",
    "to_jsonl",
    "to_mask_pngs",
    "to_parquet",
    "to_voc",
    "to_yolo",
    "with_sample_weights",
]
