"""Human loops: their names, starting them in bulk, their states, stopping them."""

from hitl_sdk.loops.checks import ReadyFlow, check_flow
from hitl_sdk.loops.naming import human_loop_name
from hitl_sdk.loops.rate import TokenBucket
from hitl_sdk.loops.starting import (
    DEFAULT_CONCURRENCY,
    DEFAULT_RATE,
    INPUT_LENGTH_LIMIT,
    LoopRequest,
    LoopStart,
    start_human_loops,
)
from hitl_sdk.loops.states import ENDED, LoopState, LoopStatus, list_loops, read_states
from hitl_sdk.loops.stopping import StopResult, stop_human_loops

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_RATE",
    "ENDED",
    "INPUT_LENGTH_LIMIT",
    "LoopRequest",
    "LoopStart",
    "LoopState",
    "LoopStatus",
    "ReadyFlow",
    "StopResult",
    "TokenBucket",
    "check_flow",
    "human_loop_name",
    "list_loops",
    "read_states",
    "start_human_loops",
    "stop_human_loops",
]
