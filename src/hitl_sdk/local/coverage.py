"""Writes the page that says which operations of human review the local service answers.

Held against the installed botocore: an operation that AWS adds shows up as not answered, and a test
fails until the page says so. ``python -m hitl_sdk.local.coverage docs/operations.md`` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hitl_sdk.local.engine import Engine
from hitl_sdk.local.wire import human_review_operations

__all__ = ["operations_page"]

_HEAD = """\
# Operations of the local service

Written by `python -m hitl_sdk.local.coverage`, from the installed botocore and the engine; not by hand.

Human review is {total} operations of two services. The local service answers {answered} of them, with the same
engine in both faces: in process (`hitl_sdk.testing.mock_hitl`) and over HTTP (`hitl local up`). An operation that
it does not answer is refused with `UnknownOperationException`. All other operations of AWS are moto's.

| service | operation | in process | over HTTP |
|---|---|---|---|
"""


def operations_page() -> str:
    """Return the page, as Markdown.

    Examples
    --------
    >>> print(operations_page().splitlines()[0])
    # Operations of the local service
    """
    operations = human_review_operations()
    answered = operations.keys() & Engine.operations
    rows = [
        f"| `{operation.service_model.service_name}` | {name} | {mark} | {mark} |"
        for name, operation in sorted(
            operations.items(), key=lambda entry: (entry[1].service_model.service_name, entry[0])
        )
        for mark in ["yes" if name in answered else "no"]
    ]
    return _HEAD.format(total=len(operations), answered=len(answered)) + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(operations_page(), "utf-8")
