"""The reader of regular output.json files that needs no extra: pydantic's own JSON parser, and checks by hand.

Like `hitl_sdk.results._regular` it accepts nothing that `parse_output` would read differently.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

__all__ = ["RegularAnswer", "RegularOutput", "decode_regular"]


class RegularAnswer(NamedTuple):
    """One element of ``humanAnswers``, its content as text again."""

    workerId: str
    answerContent: bytes
    acceptanceTime: str | None
    submissionTime: str | None
    timeSpentInSeconds: float | None


class RegularOutput(NamedTuple):
    """One document, under its own names."""

    flowDefinitionArn: str
    humanAnswers: list[RegularAnswer]
    humanLoopName: str
    inputContent: dict[str, Any]


def decode_regular(document: bytes | str) -> RegularOutput:
    """Decode a document of the regular shape.

    Raises
    ------
    LookupError, TypeError, ValueError or ArithmeticError
        If it is of another shape, or no JSON.
    """
    raw = from_json(document, allow_inf_nan=False, cache_strings="keys")
    output = RegularOutput(
        raw["flowDefinitionArn"],
        [_answer(answer) for answer in raw["humanAnswers"]],
        raw["humanLoopName"],
        raw["inputContent"],
    )
    if not (
        type(raw["humanAnswers"]) is list
        and type(output.flowDefinitionArn) is type(output.humanLoopName) is str
        and type(output.inputContent) is dict
    ):
        raise TypeError("not of the regular shape")
    return output


def _answer(raw: dict[str, Any]) -> RegularAnswer:
    worker, accepted, submitted = raw["workerId"], raw.get("acceptanceTime"), raw.get("submissionTime")
    seconds = raw.get("timeSpentInSeconds")
    if not (
        type(worker) is str
        and (accepted is None or type(accepted) is str)
        and (submitted is None or type(submitted) is str)
        and (seconds is None or (type(seconds) is float and isfinite(seconds)))
    ):
        raise TypeError("not of the regular shape")
    return RegularAnswer(
        worker, to_json(raw["answerContent"], inf_nan_mode="constants"), accepted, submitted, seconds
    )
