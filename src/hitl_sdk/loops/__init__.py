"""Human loops: their names, starting them in bulk, their states and events, waiting for them, stopping them."""

from hitl_sdk.loops.breaker import Breaker, BreakerState
from hitl_sdk.loops.checks import ReadyFlow, check_flow
from hitl_sdk.loops.events import LIST_EVERY, LoopEvents, ReceivedEvent, queue_url
from hitl_sdk.loops.naming import human_loop_name
from hitl_sdk.loops.rate import TokenBucket
from hitl_sdk.loops.requests import LoopRequest, LoopStart, StartWait
from hitl_sdk.loops.shared_rate import SharedRate
from hitl_sdk.loops.starting import (
    DEFAULT_CONCURRENCY,
    DEFAULT_QUOTA_TIMEOUT,
    DEFAULT_RATE,
    INPUT_LENGTH_LIMIT,
    Rate,
    start_human_loops,
    start_stream,
)
from hitl_sdk.loops.states import ENDED, LoopState, LoopStatus, list_loops, read_states
from hitl_sdk.loops.stopping import StopResult, stop_human_loops
from hitl_sdk.loops.table import ensure_table
from hitl_sdk.loops.waiting import wait_for_loops

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_QUOTA_TIMEOUT",
    "DEFAULT_RATE",
    "ENDED",
    "INPUT_LENGTH_LIMIT",
    "LIST_EVERY",
    "Breaker",
    "BreakerState",
    "LoopEvents",
    "LoopRequest",
    "LoopStart",
    "LoopState",
    "LoopStatus",
    "Rate",
    "ReadyFlow",
    "ReceivedEvent",
    "SharedRate",
    "StartWait",
    "StopResult",
    "TokenBucket",
    "check_flow",
    "ensure_table",
    "human_loop_name",
    "list_loops",
    "queue_url",
    "read_states",
    "start_human_loops",
    "start_stream",
    "stop_human_loops",
    "wait_for_loops",
]
