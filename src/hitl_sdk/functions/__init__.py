"""Code that runs in AWS Lambda: for labeling jobs before and after people answer, and when a human loop has ended.

`pre_annotation`, `post_annotation` and `completion_handler` make handlers of typed functions; `consolidate`, `pass_through`
and `task_token_handler` are ready ones.
`built_in` does what AWS's own functions do, `build_zip` packages a handler for Lambda. Importing this loads neither
pydantic nor numpy: a cold start waits for what the function itself needs.
"""

from hitl_sdk._function_zip import FunctionSettings
from hitl_sdk._loop_event import HumanLoopEvent
from hitl_sdk.functions.built_in import BuiltIn, built_in
from hitl_sdk.functions.completion import completion_handler
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
from hitl_sdk.functions.task_tokens import TaskTokens, task_token_handler

__all__ = [
    "BuiltIn",
    "ConsolidatedAnnotation",
    "DataObject",
    "FunctionSettings",
    "FunctionZip",
    "Handler",
    "HumanLoopEvent",
    "PostAnnotationEvent",
    "PreAnnotationEvent",
    "PreAnnotationResult",
    "S3Storage",
    "Storage",
    "TaskTokens",
    "WorkerAnnotation",
    "build_zip",
    "built_in",
    "completion_handler",
    "consolidate",
    "pass_through",
    "post_annotation",
    "pre_annotation",
    "storage_of",
    "task_token_handler",
]
