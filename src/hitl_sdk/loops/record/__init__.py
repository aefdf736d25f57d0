"""The durable record of runs: a SQLite file, a DynamoDB table or an S3 prefix, written before the calls it speaks of."""

from hitl_sdk.loops.record.base import RecordStore, RunRecord
from hitl_sdk.loops.record.opening import default_address, open_record
from hitl_sdk.loops.record.values import (
    LOOP_STATUSES,
    SCHEMA_VERSION,
    LoopChange,
    RecordedItem,
    RecordedLoop,
    RecordedStatus,
    RunHeader,
)

__all__ = [
    "LOOP_STATUSES",
    "SCHEMA_VERSION",
    "LoopChange",
    "RecordStore",
    "RecordedItem",
    "RecordedLoop",
    "RecordedStatus",
    "RunHeader",
    "RunRecord",
    "default_address",
    "open_record",
]
