"""Policies that decide by where the confidence lies: above a threshold, or between two."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._frames import CONFIDENCE
from hitl_sdk.routing._reasons import (
    ACCEPT,
    DROP,
    REVIEW,
    STRIDE,
    Reason,
    decimals_of,
    first_step,
    share_text,
    step_of,
)
from hitl_sdk.routing._shares import share
from hitl_sdk.routing.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["Bands", "Threshold"]


class _Band(NamedTuple):
    """The lowest confidence of a band, its verdict, and what its reason says of the confidence."""

    lowest: float
    verdict: int
    says: str


class _Cuts(Policy):
    """Decides by where the confidence lies among cuts."""

    @cached_property
    @abstractmethod
    def _bands(self) -> Sequence[_Band]:
        """The bands, from the highest down."""

    @cached_property
    def _decimals(self) -> int:
        """With how many decimals a reason shows the confidence: so many that what it says is true."""
        return max(decimals_of(band.lowest) for band in self._bands)

    @property
    def _cuts(self) -> tuple[float, float, int]:
        """From where on it accepts, from where on people see it, and in how many steps reasons show it."""
        accepted, seen, *_ = self._bands
        return accepted.lowest, seen.lowest, 10**self._decimals

    def _columns(self) -> set[str]:
        return {"confidence"}

    def _needs(self) -> frozenset[str]:
        return frozenset({"confidence"})

    def _reasons(self) -> Sequence[Reason]:
        # A number that would be rounded across a cut is shown on its own side of it.
        firsts = [first_step(band.lowest, 10**self._decimals) for band in self._bands]
        lasts = [10**self._decimals, *(first - 1 for first in firsts)]
        return [
            Reason("confidence ", self._decimals, f" {band.says}", lowest, highest)
            for band, lowest, highest in zip(self._bands, firsts, lasts, strict=False)
        ]

    def _judged(self, table: Any, name: str) -> Any:
        confidence = nw.col(CONFIDENCE)
        *higher, lowest = self._bands
        verdict, place = nw.lit(lowest.verdict), nw.lit(len(higher) * STRIDE)
        for number, band in reversed(list(enumerate(higher))):
            reached = confidence >= band.lowest
            verdict = nw.when(reached).then(nw.lit(band.verdict)).otherwise(verdict)
            place = nw.when(reached).then(nw.lit(number * STRIDE)).otherwise(place)
        return table.with_columns(
            verdict.alias(f"{name}_verdict"),
            (place + step_of(confidence, 10**self._decimals)).alias(f"{name}_reason"),
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        place = next(place for place, band in enumerate(self._bands) if prediction.confidence >= band.lowest)
        shown = step_of(prediction.confidence, 10**self._decimals)
        return self._bands[place].verdict, self._all_reasons[place].text(shown)


@dataclass(frozen=True)
class Threshold(_Cuts):
    """Accept from a confidence on, review below it.

    Parameters
    ----------
    threshold : float
        From 0 to 1.

    Raises
    ------
    InvalidInputError
        If it is not from 0 to 1.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Threshold
    >>> Threshold(0.90).decide_one(Prediction("a", "I enjoy this product", "1", 0.9376))
    Decision(decision='accept', reason='confidence 0.93 >= 0.90')
    """

    threshold: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", share("threshold", self.threshold))

    @cached_property
    def _bands(self) -> Sequence[_Band]:
        shown = share_text(self.threshold)
        return (_Band(self.threshold, ACCEPT, f">= {shown}"), _Band(0.0, REVIEW, f"< {shown}"))


@dataclass(frozen=True)
class Bands(_Cuts):
    """Accept from one confidence on, drop below another, and let people see what lies between.

    Parameters
    ----------
    accept : float
        The lowest confidence that is accepted, from 0 to 1.
    drop : float
        The lowest confidence that people see; not above `accept`.

    Raises
    ------
    InvalidInputError
        If they are not from 0 to 1, or `drop` is above `accept`.

    Examples
    --------
    >>> from hitl_sdk.routing import Bands, Prediction
    >>> bands = Bands(accept=0.90, drop=0.40)
    >>> [bands.decide_one(Prediction("x", "item", "label", c)).decision for c in (0.9970, 0.4786, 0.3505)]
    ['accept', 'review', 'drop']
    """

    accept: float
    drop: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "accept", share("accept", self.accept))
        object.__setattr__(self, "drop", share("drop", self.drop))
        if self.drop > self.accept:
            raise InvalidInputError(
                f"Bands(accept={self.accept}, drop={self.drop}): drop lies above accept",
                hint="accept takes the higher confidence",
            )

    @cached_property
    def _bands(self) -> Sequence[_Band]:
        accept, drop = share_text(self.accept), share_text(self.drop)
        return (
            _Band(self.accept, ACCEPT, f">= {accept}"),
            _Band(self.drop, REVIEW, f"between {drop} and {accept}"),
            _Band(0.0, DROP, f"< {drop}"),
        )
