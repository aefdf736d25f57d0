"""What policies say of an item: one integer an item while a frame is decided, worded at the end.

The integer is ``STRIDE`` times which reason it is, plus the number that the reason shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import floor
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.routing._frames import is_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ACCEPT",
    "DROP",
    "REVIEW",
    "STRIDE",
    "Reason",
    "decimals_of",
    "first_step",
    "looked_up",
    "share_text",
    "step_of",
    "worded",
]

# Verdicts by number, lightest first where either of two policies may decide.
ACCEPT, DROP, REVIEW = range(3)
# A reason shows a number from 0 to 1000: thousandths at most, or a count that is cut off there.
STRIDE = 1001
_MOST_SHOWN = STRIDE - 1
_MOST_DECIMALS = 3
_MOST_LOOKED_UP = 200
# 0.29 * 100 is 28.999999999999996: what lies this close below a step is shown as the step.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Reason:
    """A text, with a number in it if it says how many decimals the number has; the lowest and the highest that is true."""

    before: str
    decimals: int | None = None
    after: str = ""
    lowest: int = 0
    highest: int = _MOST_SHOWN

    def text(self, number: int = 0) -> str:
        """Word it; the number counts steps of the last decimal."""
        if self.decimals is None:
            return self.before
        number = min(max(number, self.lowest), self.highest)
        return f"{self.before}{number / 10**self.decimals:.{self.decimals}f}{self.after}"

    def numbers(self) -> range:
        """Return all numbers that it may show."""
        return range(1 if self.decimals is None else 10**self.decimals + 1 if self.decimals else STRIDE)


def worded(table: Any, codes: str, reasons: Sequence[Reason], *, name: str) -> Any:
    """Add the texts of a column of codes as a column of that name.

    They are looked up, which is fastest, but in SQL and of a thousand classes, where there are too many to write down.
    """
    if is_sql(table) or len(reasons) > _MOST_LOOKED_UP:
        return _put_together(table, codes, reasons, name=name)
    texts: list[str | None] = [None] * (len(reasons) * STRIDE)
    for place, reason in enumerate(reasons):
        for number in reason.numbers():
            texts[place * STRIDE + number] = reason.text(number)
    return looked_up(table, codes, texts, name=name)


def looked_up(table: Any, codes: str, texts: Sequence[str | None], *, name: str) -> Any:
    """Add the texts at the places that a column tells as a column of that name."""
    if isinstance(table, nw.DataFrame):
        text = nw.new_series(name, texts, nw.String, backend=table.implementation)[table[codes]]
        return table.with_columns(text.alias(name))
    known = {place: text for place, text in enumerate(texts) if text is not None}
    return table.with_columns(_replaced(nw.col(codes), known, "").alias(name))


def _put_together(table: Any, codes: str, reasons: Sequence[Reason], *, name: str) -> Any:
    place, lowest, highest, number = (
        nw.col(f"{name}_{what}") for what in ("place", "lowest", "highest", "number")
    )
    at_place = nw.col(codes) // STRIDE
    # A column for each step, as SQL would write an expression out wherever it is needed.
    table = table.with_columns(
        at_place.alias(f"{name}_place"),
        # Not by %, which pandas lacks for Arrow's numbers.
        (nw.col(codes) - at_place * STRIDE).alias(f"{name}_number"),
        _replaced(at_place, {at: each.lowest for at, each in enumerate(reasons)}, 0).alias(f"{name}_lowest"),
        _replaced(at_place, {at: each.highest for at, each in enumerate(reasons)}, 0).alias(
            f"{name}_highest"
        ),
    )
    higher = nw.when(number < lowest).then(lowest).otherwise(number)
    table = table.with_columns(
        nw.when(number > highest).then(highest).otherwise(higher).alias(f"{name}_number")
    )
    shown = nw.lit("")
    for decimals in sorted({reason.decimals for reason in reasons if reason.decimals is not None}):
        those = [at for at, reason in enumerate(reasons) if reason.decimals == decimals]
        whole = number // 10**decimals
        text = whole.cast(nw.String)
        if decimals:
            # Not by zfill, which narwhals turns into a long expression for Spark.
            digits = (number - (whole - 1) * 10**decimals).cast(nw.String).str.slice(1)
            text = nw.concat_str(text, nw.lit("."), digits)
        shown = nw.when(place.is_in(those)).then(text).otherwise(shown)
    before, after = (
        _replaced(place, {at: getattr(reason, part) for at, reason in enumerate(reasons)}, "")
        for part in ("before", "after")
    )
    return table.with_columns(nw.concat_str(before, shown, after).alias(name))


def _replaced(codes: nw.Expr, values: Mapping[int, Any], default: int | str) -> nw.Expr:
    """Look up values; SQL asks for a default, as it can't tell that every code has its value."""
    kind = nw.Int64 if isinstance(default, int) else nw.String
    return codes.replace_strict(
        list(values), list(values.values()), default=nw.lit(default), return_dtype=kind
    )


def decimals_of(share: float) -> int:
    """As many decimals as it takes to write the share down, two or three."""
    return next((n for n in range(2, _MOST_DECIMALS) if round(share, n) == share), _MOST_DECIMALS)


def share_text(share: float) -> str:
    """Write a share down so that it is true to the last digit."""
    text = f"{share:.{decimals_of(share)}f}"
    return text if float(text) == share else repr(share)


def first_step(cut: float, scale: int, *, above: bool = False) -> int:
    """Return the first of so many steps from 0 to 1 that is not below a number, or the first above it."""
    steps = count(floor(cut * scale))
    return next(step for step in steps if (step / scale > cut if above else step / scale >= cut))


def step_of(value: Any, scale: Any) -> Any:
    """Return the step below a number, or below each of a column, in so many steps from 0 to 1."""
    steps = value * scale + _ROUNDING
    return steps.floor().cast(nw.Int32) if isinstance(steps, nw.Expr) else floor(steps)
