"""Reading the texts and numbers that labels are made of, from files where nothing is sure."""

from __future__ import annotations

import math
from typing import SupportsFloat, cast

from hitl_sdk._plain import shown, unicode_text

__all__ = ["clean_text", "read_confidence", "read_number", "read_size", "read_text", "read_whole"]

# Browsers and text editors leave these inside values, where nobody sees them.
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))

# Below it floats hold every whole number, frames take it as either, and areas are finite.
_EXACT = 2**53


def clean_text(text: str) -> str:
    """Return a text without zero-width characters and outer blanks.

    Parameters
    ----------
    text : str
        Any text.

    Examples
    --------
    >>> clean_text(" cat\u200b ")
    'cat'
    """
    return text.translate(_ZERO_WIDTH).strip()


def read_number(value: object, name: str) -> float:
    """Return a number, whole ones as int; a `ValueError` calls it by its name."""
    try:
        # SupportsFloat: numbers of numpy and Decimal are read as well.
        given = clean_text(value) if isinstance(value, str) else cast("SupportsFloat", value)
        number = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is {shown(value)}, no number")
    if abs(number) >= _EXACT:
        raise ValueError(f"{name} is {shown(value)}, larger than any place in a text or an image")
    return int(number) if number.is_integer() else number


def read_whole(value: object, name: str) -> int:
    """Return a whole number."""
    number = read_number(value, name)
    if not isinstance(number, int):
        raise ValueError(f"{name} is {shown(value)}, no whole number")
    return number


def read_size(value: object) -> int | None:
    """Return width or height of an image; None if nobody said."""
    return None if value is None else read_whole(value, "an image's size")


def read_text(value: object, name: str) -> str:
    """Return a text, cleaned; a whole number is one."""
    if isinstance(value, str):
        return unicode_text(clean_text(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{name} is {shown(value)}, no text")


def read_confidence(value: object, name: str) -> float | None:
    """Return a confidence; None if nobody said."""
    return None if value is None else float(read_number(value, name))
