"""What every benchmark does with its result: a table for people, a file for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["report"]


def report(result: dict[str, Any], table: str, file: Path | None) -> dict[str, Any]:
    """Print the table, write the result as JSON if a file is named, and return it."""
    print(table)
    if file is not None:
        file.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return result
