"""When two labels say the same: if their values do, whether they are objects of this package or come out of a frame."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from hitl_sdk.labels import to_value

__all__ = ["value_key"]


def value_key(label: object) -> Hashable:
    """Return what labels of equal value, and only they, have in common; it fits a dict or a set.

    The order of a structure's entries does not matter, nor whether an entry is null or left out: engines differ in
    both. The order of a list does.

    Examples
    --------
    >>> from hitl_sdk.labels import Keypoint
    >>> value_key(Keypoint("nose", 1, 2)) == value_key({"y": 2.0, "x": 1.0, "label": "nose"})
    True
    >>> value_key(["joy", "surprise"]) == value_key(("joy",))
    False
    """
    return label if isinstance(label, str) else _frozen(to_value(label))


def _frozen(value: object) -> Hashable:
    if isinstance(value, Mapping):
        return frozenset((str(key), _frozen(part)) for key, part in value.items() if part is not None)
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
