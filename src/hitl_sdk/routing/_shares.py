"""Numbers from 0 to 1 as a user gives them."""

from __future__ import annotations

from numbers import Real
from typing import Any

from hitl_sdk.errors import InvalidInputError

__all__ = ["share"]


def share(name: str, value: object) -> float:
    """Return a number from 0 to 1 as a plain float.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise InvalidInputError(f"{name}={value!r} is not a number", hint="give a number from 0 to 1")
    number: Any = value
    if not 0 <= number <= 1:
        hint = (
            "it looks like a percentage: divide by 100" if 1 < number <= 100 else "give a number from 0 to 1"
        )
        raise InvalidInputError(f"{name}={value!r} is not from 0 to 1", hint=hint)
    return float(number)
