"""What a worker's answer is once it has been read, by family of task."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ClassificationAnswer"]


@dataclass(frozen=True, slots=True)
class ClassificationAnswer:
    """One label, chosen by one worker.

    Attributes
    ----------
    label : str
        One of the task's labels, spelled as the task spells it.
    comment : str or None
        What the worker wrote beside it, where the element has room for that.

    Examples
    --------
    >>> ClassificationAnswer("cat", comment="half of it is hidden").label
    'cat'
    """

    label: str
    comment: str | None = None
