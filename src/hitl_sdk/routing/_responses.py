"""What activation conditions look at in a response of Rekognition or Textract: its inferences, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitl_sdk._activation_tree import Check

__all__ = ["Inference", "inferences_in", "service_of", "with_only"]

_OWN_PARTS = ("KEY_VALUE_SET", "SELECTION_ELEMENT", "WORD")


@dataclass(frozen=True, slots=True)
class Inference:
    """A moderation label, or a form's key with its value.

    Attributes
    ----------
    name : str
        The label, or the key's words.
    confidences : mapping of str to tuple of float
        By the word that conditions have for them, from 0 to 100.
    parts : tuple of mapping
        What of the response belongs to it: the label; or the blocks of key, value and their words.
    """

    name: str
    confidences: Mapping[str, tuple[float, ...]]
    parts: tuple[Mapping[str, Any], ...]

    def meets(self, check: Check) -> bool:
        """Tell whether a condition matches it: every confidence of a kind must hold."""
        return check.is_about(self.name) and all(
            check.holds(number, value) for number, values in self.confidences.items() for value in values
        )


def service_of(response: object) -> str:
    """Return whose response it is.

    Raises
    ------
    InvalidInputError
        If it is neither of Rekognition's DetectModerationLabels nor of Textract's AnalyzeDocument.
    """
    if isinstance(response, Mapping):
        if isinstance(response.get("ModerationLabels"), list | tuple):
            return "rekognition"
        if isinstance(response.get("Blocks"), list | tuple):
            return "textract"
    raise InvalidInputError(
        "that is no response which activation conditions are for",
        hint="give what Rekognition's detect_moderation_labels or Textract's analyze_document answered",
    )


def inferences_in(response: Mapping[str, Any]) -> tuple[Inference, ...]:
    """Return the inferences of a response, in its order.

    Raises
    ------
    InvalidInputError
        If it is no such response, or lacks what one has.
    """
    read = _labels if service_of(response) == "rekognition" else _pairs
    try:
        return tuple(read(response))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"the response can't be read: {error!r}", hint="give it as boto3 returns it"
        ) from error


def with_only(response: Mapping[str, Any], inferences: Iterable[Inference]) -> dict[str, Any]:
    """Return the response with only these of its inferences.

    Of Textract's blocks those remain that no pair of key and value consists of: pages, lines, tables.
    """
    kept = {id(part) for inference in inferences for part in inference.parts}
    if service_of(response) == "rekognition":
        return {
            **response,
            "ModerationLabels": [each for each in response["ModerationLabels"] if id(each) in kept],
        }
    of_pairs = {id(part) for inference in inferences_in(response) for part in inference.parts}
    return {
        **response,
        "Blocks": [each for each in response["Blocks"] if id(each) in kept or id(each) not in of_pairs],
    }


def _labels(response: Mapping[str, Any]) -> Iterable[Inference]:
    for label in response["ModerationLabels"]:
        yield Inference(label["Name"], {"Confidence": (float(label["Confidence"]),)}, (label,))


def _pairs(response: Mapping[str, Any]) -> Iterable[Inference]:
    blocks = {block["Id"]: block for block in response["Blocks"]}

    def related(block: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
        relations = block.get("Relationships") or ()
        return [
            blocks[name]
            for each in relations
            if each["Type"] == kind
            for name in each["Ids"]
            if name in blocks
        ]

    for key in blocks.values():
        if key["BlockType"] != "KEY_VALUE_SET" or "KEY" not in (key.get("EntityTypes") or ()):
            continue
        values = related(key, "VALUE")
        of_key = related(key, "CHILD")
        below = [*of_key, *(part for value in values for part in related(value, "CHILD"))]
        words = [part for part in below if part["BlockType"] == "WORD"]
        yield Inference(
            " ".join(part["Text"] for part in of_key if part["BlockType"] == "WORD"),
            {
                "KeyValueBlockConfidence": (float(key["Confidence"]),),
                "WordBlockConfidence": tuple(float(word["Confidence"]) for word in words),
            },
            (key, *values, *(part for part in below if part["BlockType"] in _OWN_PARTS)),
        )
