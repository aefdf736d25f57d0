"""Lines of a manifest as JSON: ``json`` says what can be written and read, msgspec does the same faster where it is there.

Both write the same but for exponents of numbers (``1e+16``, ``1e16``). Of other types than JSON has, msgspec writes some that
``json`` refuses (bytes, sets, times), and null for what is no number; so it is asked only for lines without these.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any, TypeAlias, TypeVar

from hitl_sdk._plain import is_unicode, shown
from hitl_sdk.errors import InvalidInputError

__all__ = ["Line", "batched", "decode_line", "encode_line", "encode_lines", "json_length", "line_error"]

Line: TypeAlias = dict[str, Any]
"""One data object of a manifest: its keys and their JSON values."""

T = TypeVar("T")

BATCH = 1_024
"""Lines that are taken at a time: enough to spread the costs of a call, little to hold."""

_SCALARS = frozenset({str, int, bool, type(None), float})
_COMPACT = (",", ":")
_DEEPEST = 64  # a list may hold itself


def batched(values: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Yield lists of so many values, as a stream.

    Examples
    --------
    >>> list(batched("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def line_error(number: int, problem: str, *, hint: str | None = None) -> InvalidInputError:
    """Return the error of a line, by its number from 1."""
    return InvalidInputError(f"line {number}: {problem}", hint=hint, resource=f"line {number}")


def encode_lines(lines: Sequence[Line], *, first: int = 1) -> bytes:
    r"""Return lines of a manifest as they are written: compact JSON in UTF-8, each with a line feed.

    Parameters
    ----------
    lines : sequence of dict
        The data objects.
    first : int, default 1
        The number of the first of them, for the error.

    Raises
    ------
    InvalidInputError
        If one can't be written, naming its number.

    Examples
    --------
    >>> encode_lines([{"source": "naïve"}]).decode()
    '{"source":"naïve"}\n'
    """
    fast = _fast_encoder()
    if fast is not None and _is_json(lines):
        try:
            written = fast(lines)
        except (ValueError, TypeError, RecursionError):
            written = b"null"  # the careful way says which line it is
        if b"null" not in written:  # else it may stand for a number that is none
            return written
    return b"".join(encode_line(line, number) + b"\n" for number, line in enumerate(lines, first))


def encode_line(line: object, number: int) -> bytes:
    """Return one line, without its line feed.

    Raises
    ------
    InvalidInputError
        If it is no object of JSON values.
    """
    if not isinstance(line, Mapping):
        raise line_error(number, f"it is {type(line).__name__}, no object")
    if not all(isinstance(key, str) for key in line):
        raise line_error(number, "a key is no text")
    try:
        return json.dumps(dict(line), ensure_ascii=False, allow_nan=False, separators=_COMPACT).encode()
    except UnicodeEncodeError:
        problem = "a text holds half a surrogate pair"
    except (TypeError, ValueError) as error:
        problem = str(error).partition(": ")[0]  # never the value itself
    except RecursionError:
        problem = "it is nested too deep"
    raise line_error(number, f"it can't be written: {problem}", hint="a line holds JSON values alone")


def decode_line(raw: bytes) -> Line:
    """Return what a line says.

    Raises
    ------
    ValueError
        If it is no JSON object in UTF-8, saying why.

    Examples
    --------
    >>> decode_line(b'{"source": "naive"}')
    {'source': 'naive'}
    >>> decode_line(b"[]")
    Traceback (most recent call last):
    ...
    ValueError: it is a JSON array, no object
    """
    fast = _fast_decoder()
    if fast is not None:
        try:
            fields = fast(raw)
        except (ValueError, RecursionError):
            pass  # the careful way says why
        else:
            if isinstance(fields, dict):
                return fields
    return _careful_line(raw)


def json_length(value: object) -> int:
    """Return how many characters a value takes in a line; of a text those it has.

    Examples
    --------
    >>> json_length("naive"), json_length([1, 2])
    (5, 5)
    """
    if isinstance(value, str):
        return len(value)
    return len(json.dumps(value, ensure_ascii=False, separators=_COMPACT))


def _careful_line(raw: bytes) -> Line:
    try:
        fields = json.loads(raw.decode("utf-8"), parse_constant=_finite, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 from byte {error.start + 1} on") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} at character {error.pos + 1}") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(fields, dict):
        raise ValueError(f"it is a JSON {_json_type(fields)}, no object")
    if b"\\u" in raw and not is_unicode(json.dumps(fields, ensure_ascii=False)):
        raise ValueError("a text holds half a surrogate pair")
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if math.isfinite(number):
        return number
    raise ValueError(f"{shown(text)} is no number")


def _json_type(value: object) -> str:
    if isinstance(value, list):
        return "array"
    if value is None:
        return "null"
    return "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"


def _is_json(lines: Sequence[Line]) -> bool:
    """Tell whether all lines are dicts with texts as keys, and hold nothing but types that JSON has."""
    if set(map(type, lines)) != {dict} or not _have_texts_as_keys(lines):
        return False
    values: list[Any] = list(chain.from_iterable(map(dict.values, lines)))
    for _ in range(_DEEPEST):
        types = set(map(type, values))
        if types <= _SCALARS:
            return True
        if not types <= _SCALARS | {dict, list}:
            return False
        dicts = [value for value in values if isinstance(value, dict)]
        if not _have_texts_as_keys(dicts):  # msgspec would write bytes as base64
            return False
        lists = [value for value in values if isinstance(value, list)] if list in types else []
        values = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
    return False


def _have_texts_as_keys(dicts: Sequence[Mapping[Any, Any]]) -> bool:
    return set(map(type, set().union(*dicts))) <= {str}


@cache
def _fast_encoder() -> Callable[[Sequence[Line]], bytes] | None:
    try:
        from msgspec.json import Encoder
    except ModuleNotFoundError:
        return None
    return Encoder().encode_lines


@cache
def _fast_decoder() -> Callable[[bytes], Any] | None:
    try:
        from msgspec.json import Decoder
    except ModuleNotFoundError:
        return None
    return Decoder().decode
