"""What AWS charges for objects that people look at: arithmetic on the dated tables, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hitl_sdk._data import review_prices
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PriceRange", "cost_of_reviews", "tiered_price"]


@dataclass(frozen=True, slots=True)
class PriceRange:
    """A price of which more than one reading is known.

    Attributes
    ----------
    low, high : float
        The cheapest and the dearest reading.
    currency : str
        For example ``"USD"``.

    Examples
    --------
    >>> print(PriceRange(3.0, 8.0, "USD"), PriceRange(5.0, 5.0, "USD"), sep="; ")
    3.00 to 8.00 USD; 5.00 USD
    """

    low: float
    high: float
    currency: str

    def __str__(self) -> str:
        """Return it as text for people."""
        low = "" if self.low == self.high else f"{self.low:,.2f} to "
        return f"{low}{self.high:,.2f} {self.currency}"


def tiered_price(count: int, tiers: Sequence[tuple[int | None, float]], *, before: int = 0) -> float:
    """Return the price of `count` objects after `before` others in one month, the tiers filled one after the other.

    Parameters
    ----------
    count : int
        Objects.
    tiers : sequence of (int or None, float)
        Up to how many objects a month, None for no end, and the price of each of them.
    before : int, default 0
        Objects that the month has seen already.

    Returns
    -------
    float
        In the tiers' currency, to the cent.

    Examples
    --------
    >>> tiered_price(60_000, [(50_000, 0.08), (None, 0.04)])
    4400.0
    >>> tiered_price(60_000, [(50_000, 0.08), (None, 0.04)], before=50_000)
    2400.0
    """
    last = before + count
    ends = [before, *(last if end is None else max(before, min(end, last)) for end, _ in tiers)]
    parts = zip(pairwise(ends), tiers, strict=True)
    return round(sum((end - start) * each for (start, end), (_, each) in parts), 2)


def cost_of_reviews(count: int, *, before: int = 0) -> PriceRange:
    """Return what Augmented AI charges for so many reviewed objects, by each reading of its prices.

    People cost extra. A budget that is to hold goes by `high`.

    Parameters
    ----------
    count : int
        Objects, that is human loops, from 0.
    before : int, default 0
        Objects that were reviewed this month already.

    Returns
    -------
    PriceRange
        In USD.

    Raises
    ------
    InvalidInputError
        If a number is below 0.

    Examples
    --------
    >>> print(cost_of_reviews(10_000))
    300.00 to 800.00 USD
    """
    for name, value in (("count", count), ("before", before)):
        if value < 0:
            raise InvalidInputError(f"{name}={value!r}", hint="give a number from 0")
    table = review_prices()
    prices = [tiered_price(count, tiers, before=before) for tiers in table["tiers"].values()]
    return PriceRange(min(prices), max(prices), table["_about"]["currency"])
