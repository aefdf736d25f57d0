"""A number from 0 to 1 for every item id: drawn from a hash, so the same everywhere and at any time.

The id's UTF-8 bytes are taken eight at a time (little-endian, the last word filled up with zeros); each word
is XORed into a 64-bit state that is then mixed by the finaliser of SplitMix64 (Steele, Lea and Flood 2014),
and the length goes in last. Whole columns are hashed with numpy on the bytes as they lie in memory; duckdb
computes the same in its SQL.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.routing._by_batch import in_arrow, quoted, with_computed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["draw", "with_draws"]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))
# Rows hashed at a time: the working set of a block stays in the processor's cache.
_BLOCK = 1 << 16


def draw(item_id: str, seed: int) -> float:
    """Return the number from 0 (included) to 1 (excluded) that belongs to an item id under a seed.

    Examples
    --------
    >>> draw("review-1", seed=7) == draw("review-1", seed=7)
    True
    """
    data = item_id.encode()
    state = _mix((seed + _GOLDEN) & _MASK)
    for start in range(0, len(data), 8):
        state = _mix(state ^ int.from_bytes(data[start : start + 8], "little"))
    return float((_mix(state ^ len(data)) >> 11) * 2.0**-53)


def _mix(state: int) -> int:
    for shift, factor in _ROUNDS:
        state = ((state ^ (state >> shift)) * factor) & _MASK
    return state


def with_draws(table: Any, *, name: str, seed: int) -> Any:
    """Add to a narwhals frame with `item_id` the column of its draws."""
    return with_computed(
        table,
        ["item_id"],
        partial(_drawn, seed=seed),
        name=name,
        dtype=nw.Float64,
        sql=lambda _kind: _in_sql(quoted("item_id"), seed),
        needed_for="Sample",
    )


def _drawn(ids: nw.Series[Any], seed: int) -> NDArray[np.float64]:
    import numpy as np

    draws = np.empty(len(ids), np.float64)
    if len(ids):
        try:
            offsets, words = _utf8(ids.cast(nw.String))
        except UnicodeError as error:
            raise InvalidPredictionError(
                f"an item_id is not valid Unicode: {error}", hint="decode it again"
            ) from error
        state = np.uint64(_mix((seed + _GOLDEN) & _MASK))
        for start in range(0, len(ids), _BLOCK):
            rows = offsets[start : start + _BLOCK + 1]
            draws[start : start + _BLOCK] = _hash_block(words, rows[:-1], np.diff(rows), state)
    return draws


def _in_sql(column: str, seed: int) -> str:
    """Return the expression of duckdb for the draws of a column.

    A word's sixteen hexadecimal digits, turned round, are its number but for the two digits of each byte, which are
    put back in order. ``list_transform([x], lambda y: ...)[1]`` gives x a name, so that it is computed once.
    """
    text = f"hex(encode(CAST({column} AS VARCHAR)))"
    digits = "reverse(rpad(substr(h, 2 * i + 1, 16), 16, '0'))"
    number = f"CAST('0x' || {digits} AS UBIGINT)"
    low = 0x0F0F0F0F0F0F0F0F
    word = f"((({number}) & {low}::UBIGINT) << 4) | ((({number}) >> 4) & {low}::UBIGINT)"
    words = f"list_transform(range(0, length(h) // 2, 8), lambda i: {word})"
    start = f"[{_mix((seed + _GOLDEN) & _MASK)}::UBIGINT]"
    states = f"list_concat({start}, list_concat({words}, [(length(h) // 2)::UBIGINT]))"
    mixed = "xor(state, word)"
    for shift, factor in _ROUNDS:
        product = f"(xor(x, x >> {shift})::UHUGEINT * {factor}::UHUGEINT) % {_MASK + 1}::UHUGEINT"
        mixed = f"list_transform([{mixed}], lambda x: ({product})::UBIGINT)[1]"
    last = f"list_reduce({states}, lambda state, word: {mixed})"
    return f"list_transform([{text}], lambda h: ({last} >> 11)::DOUBLE * {2.0**-53!r}::DOUBLE)[1]"


def _utf8(ids: nw.Series[Any]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return where each id starts, and a view of all bytes that reads eight at any of them."""
    import numpy as np

    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        encoded = [str(text).encode() for text in ids.to_list()]
        offsets = np.fromiter(accumulate(map(len, encoded), initial=0), np.int64, len(encoded) + 1)
        data: Any = b"".join(encoded)
    else:
        array = in_arrow(ids).cast(pa.large_string()).combine_chunks()
        _, ends, data = array.buffers()
        offsets = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    # Only what belongs to these ids: those of a block lie among all of the frame.
    first, end = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(end - first + 8, np.uint8)
    padded[:-8] = np.frombuffer(data or b"", np.uint8)[first:end]
    return offsets - first, np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))


def _hash_block(
    words: NDArray[np.uint64], starts: NDArray[np.int64], lengths: NDArray[np.int64], seeded: np.uint64
) -> NDArray[np.float64]:
    import numpy as np

    # What a word keeps when only so many of its bytes belong to the id.
    keep = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
    state = np.full(len(starts), seeded, np.uint64)
    for position in range(0, int(lengths.max()), 8):
        active = np.flatnonzero(lengths > position)
        left = np.minimum(lengths[active] - position, 8)
        state[active] = _mix_all(state[active] ^ (words[starts[active] + position] & keep[left]))
    mixed = _mix_all(state ^ lengths.astype(np.uint64)) >> np.uint64(11)
    return mixed * np.float64(2.0**-53)


def _mix_all(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix in place: a copy a step would double the time."""
    for shift, factor in _ROUNDS:
        state ^= state >> shift
        state *= factor
    return state
