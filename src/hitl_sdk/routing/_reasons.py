"""What policies say of an item: one integer an item while a frame is decided, worded at the end.

The integer is ``STRIDE`` times which reason it is, plus the number that the reason shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ACCEPT",
    "DROP",
    "REVIEW",
    "STRIDE",
    "Reason",
    "decimals_of",
    "looked_up",
    "share_text",
    "step_of",
    "steps_of",
    "worded",
    "worded_in_sql",
]

# Verdicts by number, lightest first where either of two policies may decide.
ACCEPT, DROP, REVIEW = range(3)
# A reason shows a number from 0 to 1000: thousandths at most, or a count that is cut off there.
STRIDE = 1001
_MOST_DECIMALS = 3
# 0.29 * 100 is 28.999999999999996: what lies this close below a step is shown as the step.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Reason:
    """A text, with a number in it if it says how many decimals the number has."""

    before: str
    decimals: int | None = None
    after: str = ""

    def text(self, number: int = 0) -> str:
        """Word it; the number counts steps of the last decimal."""
        if self.decimals is None:
            return self.before
        return f"{self.before}{number / 10**self.decimals:.{self.decimals}f}{self.after}"

    def numbers(self) -> range:
        """Return all numbers that it may show."""
        return range({None: 1, 0: STRIDE}.get(self.decimals, 10 ** (self.decimals or 0) + 1))


def worded(column: str, reasons: Sequence[Reason]) -> nw.Expr:
    """Return the texts of a column of codes, by looking them up."""
    texts = {
        place * STRIDE + number: reason.text(number)
        for place, reason in enumerate(reasons)
        for number in reason.numbers()
    }
    return looked_up(nw.col(column), texts, in_sql=False)


def worded_in_sql(column: str, reasons: Sequence[Reason]) -> nw.Expr:
    """Return the texts of a column of codes, put together: a query with a text for every number would be too long."""
    place, number = nw.col(column) // STRIDE, nw.col(column) % STRIDE
    shown = nw.lit("")
    for decimals in sorted({reason.decimals for reason in reasons} - {None}):  # type: ignore[type-var]
        those = [at for at, reason in enumerate(reasons) if reason.decimals == decimals]
        unit = 10**decimals  # type: ignore[operator]
        text = (number // unit).cast(nw.String)
        if decimals:
            text = nw.concat_str(text, nw.lit("."), (number % unit).cast(nw.String).str.zfill(decimals))
        shown = nw.when(place.is_in(those)).then(text).otherwise(shown)
    before = {at: reason.before for at, reason in enumerate(reasons)}
    after = {at: reason.after for at, reason in enumerate(reasons)}
    return nw.concat_str(looked_up(place, before, in_sql=True), shown, looked_up(place, after, in_sql=True))


def looked_up(codes: nw.Expr, texts: Mapping[int, str], *, in_sql: bool) -> nw.Expr:
    """Return the text of each code; every code has one."""
    default = {"default": nw.lit("")} if in_sql else {}  # SQL can't tell that none is left out
    return codes.replace_strict(list(texts), list(texts.values()), return_dtype=nw.String, **default)


def decimals_of(share: float) -> int:
    """As many decimals as it takes to write the share down, two or three."""
    return next((n for n in range(2, _MOST_DECIMALS) if round(share, n) == share), _MOST_DECIMALS)


def share_text(share: float) -> str:
    """Write a share down so that it is true to the last digit."""
    text = f"{share:.{decimals_of(share)}f}"
    return text if float(text) == share else repr(share)


def step_of(value: float, scale: int) -> int:
    """Return the step below a value, in so many steps from 0 to 1."""
    return floor(value * scale + _ROUNDING)


def steps_of(values: nw.Expr, scale: int | nw.Expr) -> nw.Expr:
    """Return the step below each value of a column."""
    return (values * scale + _ROUNDING).floor().cast(nw.Int64)
