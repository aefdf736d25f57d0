"""One label of one line of an output manifest, for whoever goes through lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hitl_sdk.results._manifest_lines import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["manifest_row"]


def manifest_row(line: Mapping[str, Any], attribute: str) -> dict[str, Any]:
    """Read a label of one line as `read_manifest` does.

    Parameters
    ----------
    line : mapping
        The line's JSON object.
    attribute : str
        The label attribute.

    Returns
    -------
    dict
        By the names of the columns of `read_manifest`, without ``item_id``. A line without that label, or whose
        label can't be read, has ``label`` None.

    Examples
    --------
    >>> line = {"source": "It broke", "mood": 0, "mood-metadata": {
    ...     "class-name": "bad", "confidence": 0.61, "type": "groundtruth/text-classification", "human-annotated": "yes"}}
    >>> row = manifest_row(line, "mood")
    >>> row["label"], row["confidence"], row["label_source"]
    ('bad', 0.61, 'human')
    """
    row = rows_of(json.dumps(line).encode(), attribute)[0]._asdict()
    del row["metadata"]  # stays with the reader of files
    return row
