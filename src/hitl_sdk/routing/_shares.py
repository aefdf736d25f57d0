"""Numbers as a user gives them."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

from hitl_sdk.errors import InvalidInputError

__all__ = ["number_of", "share"]


def number_of(value: object) -> float | None:
    """Return a number of any kind as a float, None for what is none; one too large for a float is infinite.

    Examples
    --------
    >>> number_of(Decimal("0.9")), number_of(-(10**400)), number_of(True), number_of("0.9")
    (0.9, -inf, None, None)
    """
    if not isinstance(value, Real | Decimal) or isinstance(value, bool):
        return None
    number: Any = value
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except ValueError:  # a decimal that signals that it is no number
        return math.nan


def share(name: str, value: object) -> float:
    """Return a number from 0 to 1 as a plain float.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    number = number_of(value)
    if number is None:
        raise InvalidInputError(f"{name}={value!r} is not a number", hint="give a number from 0 to 1")
    if not 0 <= number <= 1:
        hint = (
            "it looks like a percentage: divide by 100" if 1 < number <= 100 else "give a number from 0 to 1"
        )
        raise InvalidInputError(f"{name}={value!r} is not from 0 to 1", hint=hint)
    return number
