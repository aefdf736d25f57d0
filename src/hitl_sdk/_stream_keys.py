"""How an object of a streaming labeling job says which one it is, so that it is labelled once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hitl_sdk._data import human_review_quotas

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OBJECT_ID_KEY", "id_problem", "job_queue_name", "object_id_of"]

OBJECT_ID_KEY = "dataset-objectid-attribute-name"
"""The attribute that names the attribute in which an object's id stands (developer guide, streaming jobs)."""

_KEY = re.compile(r"[$a-zA-Z0-9](-*[a-zA-Z0-9])*")


def job_queue_name(job_name: str) -> str:
    """Return the name of the queue in which a streaming job's objects wait.

    Examples
    --------
    >>> job_queue_name("Pets-1")
    'GroundTruth-pets-1'
    """
    return f"GroundTruth-{job_name.lower()}"


def object_id_of(line: Mapping[str, Any]) -> str | None:
    """Return the id that a line gives its object; None if it gives none.

    Examples
    --------
    >>> object_id_of({"sku": "A-17", "dataset-objectid-attribute-name": "sku"})
    'A-17'
    """
    found = line.get(str(line.get(OBJECT_ID_KEY)))
    return found if isinstance(found, str) else None


def id_problem(line: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the id that a line names; None if nothing is.

    Examples
    --------
    >>> id_problem({"sku": 17, "dataset-objectid-attribute-name": "sku"})
    "there is no text under 'sku', which should be the object's id"
    """
    quotas = human_review_quotas()
    longest_key = quotas["streaming_object_id_key_characters"]
    longest_id = quotas["streaming_object_id_characters"]
    name = line.get(OBJECT_ID_KEY)
    if not isinstance(name, str) or len(name) > longest_key or not _KEY.fullmatch(name):
        said = f"{str(name)[:40]!r}"
        return (
            f"the key of the object's id has to be 1 to {longest_key} letters, digits and hyphens, not {said}"
        )
    found = object_id_of(line)
    if not found:
        return f"there is no text under {name!r}, which should be the object's id"
    if len(found) > longest_id:
        return f"the object's id under {name!r} has {len(found):,} characters, allowed are {longest_id:,}"
    return None
