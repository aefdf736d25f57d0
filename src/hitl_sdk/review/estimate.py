"""What a review will take: human loops, answers, hours of people, and money, as far as that can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from hitl_sdk._data import review_prices
from hitl_sdk._prices import PriceRange, cost_of_reviews
from hitl_sdk.errors import InvalidInputError

__all__ = ["Estimate", "PriceRange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a review will take. Printable. Made by `Run.estimate`.

    Attributes
    ----------
    reviews : int
        Human loops that are still to be started; items of equal content share one.
    workers : int
        People who answer each.
    seconds_per_review : float or None
        What one person takes for one review, as it was stated.
    hourly_wage : float or None
        What an hour of a person costs, in `currency`, as it was stated.
    reviewed_this_month : int
        Reviews that the account has had this month already: they fill the dearer tiers first.

    Raises
    ------
    InvalidInputError
        If a number can't be.

    Examples
    --------
    >>> print(Estimate(reviews=10_000, workers=2, seconds_per_review=18, hourly_wage=20))
    10,000 reviews, each by 2 workers: 20,000 answers
    100 hours of people at 18 s a review: 2,000.00 USD at 20.00 USD an hour
    300.00 to 800.00 USD to Augmented AI, by prices read on 2026-11-29: sources differ
    2,300.00 to 2,800.00 USD together
    not known: what the free tier still covers; whether a second worker on an object is charged for; ...
    """

    reviews: int
    workers: int = 1
    seconds_per_review: float | None = None
    hourly_wage: float | None = None
    reviewed_this_month: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that can't be."""
        least = {
            "reviews": 0,
            "workers": 1,
            "seconds_per_review": 0,
            "hourly_wage": 0,
            "reviewed_this_month": 0,
        }
        for name, number in least.items():
            value = getattr(self, name)
            if value is None and name in {"seconds_per_review", "hourly_wage"}:
                continue
            if not (isinstance(value, Real) and number <= float(value) < math.inf):
                raise InvalidInputError(f"{name}={value!r}", hint=f"give a number from {number}")

    @property
    def answers(self) -> int:
        """How many answers people give."""
        return self.reviews * self.workers

    @property
    def worker_hours(self) -> float | None:
        """Hours of people, together; None if nobody stated the seconds of a review."""
        return None if self.seconds_per_review is None else self.answers * self.seconds_per_review / 3600

    @property
    def wages(self) -> float | None:
        """What people cost; None if the wage or the seconds were not stated."""
        hours = self.worker_hours
        return None if hours is None or self.hourly_wage is None else round(hours * self.hourly_wage, 2)

    @property
    def charges(self) -> PriceRange:
        """What AWS charges, without people, by the cheapest and the dearest reading of its prices."""
        return cost_of_reviews(self.reviews, before=self.reviewed_this_month)

    @property
    def cost(self) -> PriceRange | None:
        """What people cost and what AWS charges, together; None if the former is not known."""
        if self.wages is None:
            return None
        charges = self.charges
        low, high = (round(price + self.wages, 2) for price in (charges.low, charges.high))
        return PriceRange(low, high, charges.currency)

    @property
    def currency(self) -> str:
        """Of all money here."""
        return self.charges.currency

    @property
    def prices_read_on(self) -> str:
        """The date of the price table."""
        return str(review_prices()["_about"]["read_on"])

    @property
    def price_sources(self) -> dict[str, str]:
        """Where each reading of the prices is from."""
        about = review_prices()["_about"]
        return {name: about["source"][name] for name in review_prices()["tiers"]}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the estimate does not know."""
        missing = ["what the free tier still covers"]
        if self.hourly_wage is None:
            missing.insert(0, "what people cost: give hourly_wage, or ask the vendor")
        if self.seconds_per_review is None:
            missing.insert(0, "how long a review takes: give seconds_per_review")
        if self.workers > 1:
            missing.append("whether a second worker on an object is charged for")
        if not self.reviewed_this_month:
            missing.append("what else was reviewed this month: give reviewed_this_month")
        return (*missing, "S3 and the AI services")

    def __str__(self) -> str:
        """Return a line for each thing, and what is not known."""
        people = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        lines = [f"{self.reviews:,} reviews, each by {people}: {self.answers:,} answers"]
        if self.worker_hours is not None:
            hours = f"{self.worker_hours:,.1f}" if self.worker_hours < 10 else f"{self.worker_hours:,.0f}"
            money = f"{self.currency} at {self.hourly_wage or 0:,.2f} {self.currency} an hour"
            paid = "" if self.wages is None else f": {self.wages:,.2f} {money}"
            lines.append(f"{hours} hours of people at {self.seconds_per_review:g} s a review{paid}")
        charges = self.charges
        differ = "" if charges.low == charges.high else ": sources differ"
        lines.append(f"{charges} to Augmented AI, by prices read on {self.prices_read_on}{differ}")
        if self.cost is not None:
            lines.append(f"{self.cost} together")
        return "\n".join([*lines, f"not known: {'; '.join(self.unknown)}"])
