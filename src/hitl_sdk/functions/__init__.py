"""Code that runs in AWS Lambda for labeling jobs: before people see an object, and after they have answered.

`pre_annotation` and `post_annotation` make handlers of typed functions; `consolidate` and `pass_through` are ready ones.
`built_in` does what AWS's own functions do, `build_zip` packages a handler for Lambda. Importing this loads neither
pydantic nor numpy: a cold start waits for what the function itself needs.
"""

from hitl_sdk._function_zip import FunctionSettings
from hitl_sdk.functions.built_in import BuiltIn, built_in
from hitl_sdk.functions.events import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
    PreAnnotationResult,
    WorkerAnnotation,
)
from hitl_sdk.functions.handlers import Handler, consolidate, pass_through, post_annotation, pre_annotation
from hitl_sdk.functions.packaging import FunctionZip, build_zip
from hitl_sdk.functions.storage import S3Storage, Storage, storage_of

__all__ = [
    "BuiltIn",
    "ConsolidatedAnnotation",
    "DataObject",
    "FunctionSettings",
    "FunctionZip",
    "Handler",
    "PostAnnotationEvent",
    "PreAnnotationEvent",
    "PreAnnotationResult",
    "S3Storage",
    "Storage",
    "WorkerAnnotation",
    "build_zip",
    "built_in",
    "consolidate",
    "pass_through",
    "post_annotation",
    "pre_annotation",
    "storage_of",
]
