"""A share that was counted, with the interval in which it may lie: Clopper-Pearson, exact for any count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._shares import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Rate", "clopper_pearson", "counted_rate", "percent", "require_share"]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, and the interval of Clopper and Pearson (1934) around their share.

    Attributes
    ----------
    count, total : int
        How many, of how many.
    low, high : float
        The ends of the interval, from 0 to 1; of nothing at all they are 0 and 1, for all that is known.

    Examples
    --------
    >>> rate = Rate(3, 200, 0.0031, 0.0432)
    >>> rate.value
    0.015
    >>> print(rate)
    1.5 % (0.3 % to 4.3 %)
    """

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1; None of nothing at all."""
        return self.count / self.total if self.total else None

    def __str__(self) -> str:
        """Return the share and its interval in per cent."""
        if self.value is None:
            return "unknown"
        return f"{percent(self.value)} ({percent(self.low)} to {percent(self.high)})"


def counted_rate(count: int, total: int, confidence_level: float = 0.95) -> Rate:
    """Return a share with its two-sided interval of Clopper and Pearson.

    Parameters
    ----------
    count, total : int
        How many, of how many.
    confidence_level : float, default 0.95
        How often, at least, such intervals hold the true share.

    Raises
    ------
    MissingExtraError
        If scipy is not installed.

    Examples
    --------
    >>> print(counted_rate(0, 100))
    0.0 % (0.0 % to 3.6 %)
    """
    low, high = clopper_pearson([count], [total], confidence_level)
    return Rate(count, total, float(low[0]), float(high[0]))


def clopper_pearson(
    counts: Sequence[int] | NDArray[np.int64],
    totals: Sequence[int] | NDArray[np.int64],
    confidence_level: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper ends of many intervals of Clopper and Pearson.

    Parameters
    ----------
    counts, totals : sequence of int
        How many, of how many; equally long.
    confidence_level : float, default 0.95
        Half of what is missing to 1 lies beyond each end.

    Returns
    -------
    tuple of two arrays
        Of floats from 0 to 1, as long as `counts`.

    Raises
    ------
    InvalidInputError
        If the confidence level is none.
    MissingExtraError
        If scipy is not installed.

    Examples
    --------
    >>> low, high = clopper_pearson([0, 1], [100, 2])
    >>> high.round(3).tolist()
    [0.036, 0.987]
    """
    require_share("confidence_level", confidence_level, open_ended=True)
    stats = load("scipy.stats", extra="calibration", needed_for="an interval")
    import numpy as np

    count, total = np.asarray(counts, np.int64), np.asarray(totals, np.int64)
    tail = (1 - confidence_level) / 2
    # At the ends one of the parameters would be 0, where the distribution is none, and the end is known.
    low = np.where(count > 0, stats.beta.ppf(tail, np.maximum(count, 1), total - count + 1), 0.0)
    high = np.where(count < total, stats.beta.ppf(1 - tail, count + 1, np.maximum(total - count, 1)), 1.0)
    return low, high


def require_share(name: str, value: object, *, open_ended: bool = False) -> float:
    """Return a number from 0 to 1, with `open_ended` strictly between them.

    Raises
    ------
    InvalidInputError
        If it is none.

    Examples
    --------
    >>> require_share("review_budget", 0.2)
    0.2
    """
    number = share(name, value)
    if open_ended and number in {0.0, 1.0}:
        raise InvalidInputError(
            f"{name}={value!r} is not between 0 and 1", hint="give a number between 0 and 1"
        )
    return number


def percent(number: float) -> str:
    """Return a share as people read it.

    Examples
    --------
    >>> percent(0.0149), percent(0.0004)
    ('1.5 %', '0.04 %')
    """
    # Below a tenth of a per cent one more digit; below a hundredth nothing that matters is left.
    return f"{number * 100:.{2 if 0.0001 <= number < 0.001 else 1}f} %"
