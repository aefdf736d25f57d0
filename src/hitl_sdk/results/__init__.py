"""What people said: output.json files, one by one or by the hundred thousand, and output manifests."""

from hitl_sdk.results._manifest_confidence import MixedConfidenceWarning
from hitl_sdk.results.document import HumanAnswer, HumanLoopOutput, parse_output
from hitl_sdk.results.manifest import MANIFEST_COLUMNS, iter_manifest, read_manifest
from hitl_sdk.results.manifest_row import manifest_row
from hitl_sdk.results.outputs import OutputRow, Outputs, answers_frame
from hitl_sdk.results.reading import (
    iter_outputs,
    iter_prefix,
    list_outputs,
    read_loops,
    read_outputs,
    read_prefix,
)
from hitl_sdk.results.worker_responses import (
    RESPONSE_COLUMNS,
    iter_worker_responses,
    read_worker_responses,
)
from hitl_sdk.results.workers import drift_frame, workers_frame

__all__ = [
    "MANIFEST_COLUMNS",
    "RESPONSE_COLUMNS",
    "HumanAnswer",
    "HumanLoopOutput",
    "MixedConfidenceWarning",
    "OutputRow",
    "Outputs",
    "answers_frame",
    "drift_frame",
    "iter_manifest",
    "iter_outputs",
    "iter_prefix",
    "iter_worker_responses",
    "list_outputs",
    "manifest_row",
    "parse_output",
    "read_loops",
    "read_manifest",
    "read_outputs",
    "read_prefix",
    "read_worker_responses",
    "workers_frame",
]
