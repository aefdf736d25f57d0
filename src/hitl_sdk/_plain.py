"""Reading plain values from anywhere, of which nothing is sure: texts, lists, and what a message shows of them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping

__all__ = ["is_unicode", "one_or_several", "read_list", "shown", "unicode_text"]


def is_unicode(text: str) -> bool:
    r"""Tell whether a text can be written anywhere: half a surrogate pair fits no file and no frame.

    Examples
    --------
    >>> is_unicode("naïve"), is_unicode("\ud83d")
    (True, False)
    """
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unicode_text(text: str) -> str:
    """Return a text that can be written anywhere.

    Raises
    ------
    ValueError
        If it can't.

    Examples
    --------
    >>> unicode_text("cat")
    'cat'
    """
    if not is_unicode(text):
        raise ValueError("a text is not valid Unicode: it holds half a surrogate pair")
    return text


def read_list(value: object, what: str) -> list[object]:
    """Return the elements of a list, a tuple, a set, a one-dimensional array or the like.

    Raises
    ------
    ValueError
        If it is a text, an object or no list at all; it names `what` is read.

    Examples
    --------
    >>> read_list((1, 2), "the labels")
    [1, 2]
    """
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping):
        try:
            return list(value)
        except TypeError:
            pass  # an array without a dimension, or a class
    raise ValueError(f"{what} are {type(value).__name__}, no list")


def one_or_several(value: object) -> list[object]:
    """Return the elements of what is a list, and what is none as the only one.

    Examples
    --------
    >>> one_or_several("cat"), one_or_several(["cat", "dog"])
    (['cat'], ['cat', 'dog'])
    """
    try:
        return read_list(value, "they")
    except ValueError:
        return [value]


def shown(value: object) -> str:
    """Return a value as messages show it: shortened, however long or deep it is.

    Examples
    --------
    >>> shown("cat"), shown([[[[[[[[]]]]]]]])
    ("'cat'", '[[[[[[[...]]]]]]]')
    """
    try:
        return reprlib.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return f"something of type {type(value).__name__}, too long to show,"
