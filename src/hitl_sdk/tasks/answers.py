"""What a worker's answer is once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Answer"]

LabelT_co = TypeVar("LabelT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[LabelT_co]):
    """What one worker says of one item.

    Attributes
    ----------
    label : str or another label
        As the task spells it; which type, the task says.
    comment : str or None
        What the worker wrote beside it, where the element has room for that.
    modified : bool or None
        Whether the worker changed what was there already, where the element tells (``initialValueModified``).

    Examples
    --------
    >>> Answer("cat", comment="half of it is hidden").label
    'cat'
    """

    label: LabelT_co
    comment: str | None = None
    modified: bool | None = None
