"""What people said: output.json files, one by one or by the hundred thousand."""

from hitl_sdk.results.document import HumanAnswer, HumanLoopOutput, parse_output
from hitl_sdk.results.outputs import OutputRow, Outputs, answers_frame
from hitl_sdk.results.reading import read_loops, read_outputs, read_prefix

__all__ = [
    "HumanAnswer",
    "HumanLoopOutput",
    "OutputRow",
    "Outputs",
    "answers_frame",
    "parse_output",
    "read_loops",
    "read_outputs",
    "read_prefix",
]
