"""Reads the dated tables in `hitl_sdk/data`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, cast

__all__ = [
    "human_review_quotas",
    "human_review_regions",
    "labeling_kinds",
    "labeling_prices",
    "review_prices",
]


@cache
def _table(name: str) -> dict[str, Any]:
    text = files("hitl_sdk.data").joinpath(f"{name}.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def human_review_quotas() -> dict[str, int]:
    """Return the quotas and limits of human review, by name; the file says where each is from."""
    return {name: int(value) for name, value in _table("quotas").items() if name != "_about"}


def human_review_regions() -> tuple[str, ...]:
    """Return the Regions in which Ground Truth and A2I exist, sorted.

    boto3 can't tell: its `get_available_regions("sagemaker-a2i-runtime")` is empty.
    """
    return tuple(_table("regions")["regions"])


def labeling_kinds() -> dict[str, Any]:
    """Return the built-in kinds of labeling jobs and the patterns of AWS's ARNs; see `hitl_sdk._ground_truth`."""
    return _table("labeling_kinds")


def labeling_prices() -> dict[str, Any]:
    """Return what Ground Truth charges for labelled objects, in both readings of its tiers; the file says from where."""
    return _table("prices")


def review_prices() -> dict[str, Any]:
    """Return what Augmented AI charges for reviewed objects, in both readings of its prices; the file says from where."""
    return cast("dict[str, Any]", _table("prices")["reviews"])
