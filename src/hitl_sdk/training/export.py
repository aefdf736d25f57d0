"""What an export has written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Export"]


@dataclass(frozen=True, slots=True)
class Export:
    """What an export has written.

    Attributes
    ----------
    path : Path
        The file, or the folder that holds the files.
    files : tuple of Path
        All files that were written.
    n_rows : int
        How many rows of the frame are in them.
    left_out : int
        How many are not: rows without a label, and rows that are not in force.

    Examples
    --------
    >>> from pathlib import Path
    >>> Export(Path("train.csv"), files=(Path("train.csv"),), n_rows=90, left_out=10).left_out
    10
    """

    path: Path
    files: tuple[Path, ...]
    n_rows: int
    left_out: int
