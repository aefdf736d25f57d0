"""Whose request starts the human loops of a flow, and on which conditions: checked offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from hitl_sdk._activation_tree import KINDS, checks_in, read_conditions, written
from hitl_sdk.errors import InvalidInputError

__all__ = ["ActivationText", "RequestSource", "same_json", "service_of_conditions", "service_of_source"]

RequestSource = Literal[
    "AWS/Rekognition/DetectModerationLabels/Image/V3", "AWS/Textract/AnalyzeDocument/Forms/V1"
]
"""Of the API: AwsManagedHumanLoopRequestSource."""

_MOST_CHARACTERS = 10_240


def _as_text(given: Any) -> Any:
    """Let an object that writes itself, or what the JSON holds, stand for the text."""
    if hasattr(given, "to_json"):
        return given.to_json()
    if not isinstance(given, Mapping):
        return given
    # Read and written again: its numbers may be numpy's, which JSON has none of.
    return json.dumps({"Conditions": [written(node) for node in read_conditions(given)]})


def _checked(text: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"allowed are up to {_MOST_CHARACTERS:,} characters; it has {len(text):,}")
    try:
        read_conditions(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested beyond reason") from None
    except InvalidInputError as error:
        raise ValueError(str(error)) from None
    return text


ActivationText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]


def service_of_conditions(text: str) -> str | None:
    """Return whose responses the conditions look at, None if both services' (sampling alone)."""
    services = (KINDS[check.kind].service for check in checks_in(read_conditions(json.loads(text))))
    return next((service for service in services if service is not None), None)


def service_of_source(source: str) -> str:
    """Return the service of a request source.

    Examples
    --------
    >>> service_of_source("AWS/Textract/AnalyzeDocument/Forms/V1")
    'textract'
    """
    return source.split("/")[1].lower()


def same_json(one: str | None, other: str | None) -> bool:
    """Tell whether two texts hold the same JSON, however they are written."""
    if one is None or other is None:
        return one is other
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one == other
