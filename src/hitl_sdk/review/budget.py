"""What a run may take: the hard stop of a number of reviews, or of money."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from hitl_sdk._prices import cost_of_reviews
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.review.estimate import Estimate

__all__ = ["Budget"]

_MOST_REVIEWS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many reviews a run may start at most. Made by `Router`.

    Attributes
    ----------
    max_reviews : int or None
        So many human loops, or any number.
    max_cost : float or None
        So much money, in the currency of the price table: what AWS charges by the dearest reading of its prices, and what
        people cost, as far as `seconds_per_review` and `hourly_wage` are known.
    seconds_per_review, hourly_wage : float or None
        What one person takes for one review, and what an hour of a person costs.
    workers : int
        People who answer each review.

    Raises
    ------
    InvalidInputError
        If a number can't be.

    Examples
    --------
    >>> Budget(max_cost=100).limit
    1250
    >>> Budget(max_cost=100, seconds_per_review=18, hourly_wage=20, workers=2).limit
    357
    >>> Budget().limit is None
    True
    """

    max_reviews: int | None = None
    max_cost: float | None = None
    seconds_per_review: float | None = None
    hourly_wage: float | None = None
    workers: int = 1

    def __post_init__(self) -> None:
        given: object = self.max_reviews
        whole = isinstance(given, Integral) and not isinstance(given, bool)
        if given is not None and not (whole and (self.max_reviews or 0) >= 0):
            raise InvalidInputError(f"max_reviews={given!r}", hint="give a whole number from 0")
        # Plain numbers of Python's, for the record is JSON, and whoever counts with numpy has others.
        if self.max_reviews is not None:
            object.__setattr__(self, "max_reviews", int(self.max_reviews))
        for name in ("max_cost", "seconds_per_review", "hourly_wage"):
            number: Any = getattr(self, name)
            if number is None:
                continue
            is_number = isinstance(number, Real) and not isinstance(number, bool)
            if not (is_number and 0 <= float(number) < math.inf):
                raise InvalidInputError(f"{name}={number!r}", hint="give a number from 0, or leave it out")
            object.__setattr__(self, name, number if isinstance(number, int) else float(number))

    def over(self, settings: str) -> Budget:
        """Return this budget, and for what it leaves open what a run was begun with, as its record tells it.

        Parameters
        ----------
        settings : str
            Of the run's header.
        """
        fields: dict[str, Any] = {
            name: value for name, value in json.loads(settings).items() if name in self.__slots__
        }
        if self.max_reviews is not None or self.max_cost is not None:
            fields |= {"max_reviews": None, "max_cost": None}
        given = {name: getattr(self, name) for name in self.__slots__ if name != "workers"}
        fields |= {name: value for name, value in given.items() if value is not None}
        return Budget(**fields)

    @property
    def limit(self) -> int | None:
        """How many reviews may be started; None for any number."""
        if self.max_cost is None:
            return self.max_reviews
        least, most = 0, _MOST_REVIEWS if self.max_reviews is None else self.max_reviews
        while least < most:
            middle = (least + most + 1) // 2
            least, most = (middle, most) if self._cost(middle) <= self.max_cost else (least, middle - 1)
        return least

    @property
    def most_workers(self) -> int | None:
        """How many people may answer a review, where what they cost counts; None where it doesn't."""
        by_wages = None not in {self.max_cost, self.seconds_per_review, self.hourly_wage}
        return self.workers if by_wages else None

    @property
    def said(self) -> str:
        """The budget as it was given: ``"max_reviews=100"``."""
        given = {"max_reviews": self.max_reviews, "max_cost": self.max_cost}
        return ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)

    def _cost(self, reviews: int) -> float:
        estimate = Estimate(
            reviews=reviews,
            workers=self.workers,
            seconds_per_review=self.seconds_per_review,
            hourly_wage=self.hourly_wage,
        )
        return cost_of_reviews(reviews).high + (estimate.wages or 0.0)
