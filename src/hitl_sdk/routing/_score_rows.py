"""The scores of one item, however a frame holds them: a struct, a map, or a list of labels with their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["row_scores"]


def row_scores(value: object) -> Mapping[str, Any] | None:
    """Return the score of each label, where a row has any; a null score says that the label is not there.

    Examples
    --------
    >>> row_scores({"a": 0.9, "b": None}), row_scores([("a", 0.9)]), row_scores([{"key": "a", "value": 0.9}])
    ({'a': 0.9}, {'a': 0.9}, {'a': 0.9})
    >>> row_scores(None) is None, row_scores(0.9) is None
    (True, True)
    """
    listed = getattr(value, "tolist", None)
    value = value if listed is None else listed()  # numpy's array, as pandas has it of Arrow's list
    if isinstance(value, list):
        pairs = [_label_first(each) if isinstance(each, Mapping) else each for each in value]
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            return None
        value = {str(label): score for label, score in pairs}
    if not isinstance(value, Mapping):
        return None
    return {str(label): score for label, score in value.items() if score is not None} or None


def _label_first(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(entry.values(), key=lambda part: not isinstance(part, str)))
