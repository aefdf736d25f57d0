"""The fast reader of regular output.json files: needs msgspec, and decodes only what a frame holds.

It accepts nothing that `parse_output` would read differently; what it refuses goes there.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["RegularAnswer", "RegularOutput", "decode_regular"]


class RegularAnswer(msgspec.Struct, gc=False):
    """One element of ``humanAnswers``. Its content stays text: equal contents need reading once."""

    workerId: str
    answerContent: msgspec.Raw
    acceptanceTime: str | None = None
    submissionTime: str | None = None
    timeSpentInSeconds: float | None = None


class RegularOutput(msgspec.Struct, gc=False):
    """One document, under its own names."""

    flowDefinitionArn: str
    humanAnswers: list[RegularAnswer]
    humanLoopName: str
    inputContent: dict[str, Any]


decode_regular = msgspec.json.Decoder(RegularOutput).decode
"""Decodes a regular document; a ValueError or RecursionError says that it is of another shape, or no JSON."""
