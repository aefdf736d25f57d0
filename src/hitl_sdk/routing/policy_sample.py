"""The policy that draws an audit sample."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._draws import draw, with_draws
from hitl_sdk.routing._reasons import ACCEPT, REVIEW, STRIDE, Reason
from hitl_sdk.routing._shares import share
from hitl_sdk.routing.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["Sample"]


@dataclass(frozen=True)
class Sample(Policy):
    """Review a share of the items, drawn by a hash of `item_id`: the same ones on every run and every engine.

    Parameters
    ----------
    rate : float
        The share, from 0 to 1.
    seed : int, default 0
        Another seed draws another, independent sample.

    Raises
    ------
    InvalidInputError
        If `rate` is not from 0 to 1, or `seed` is no whole number.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Sample
    >>> Sample(0.02, seed=7).decide_one(Prediction("review-1", "It is okay", "1", 0.99))
    Decision(decision='accept', reason='outside audit sample 2 %')
    """

    rate: float
    seed: int = 0

    def __post_init__(self) -> None:
        seed: object = self.seed
        if not isinstance(seed, Integral) or isinstance(seed, bool):
            raise InvalidInputError(f"seed={seed!r} is no whole number", hint="for example seed=7")
        object.__setattr__(self, "rate", share("rate", self.rate))
        object.__setattr__(self, "seed", int(seed))

    def _columns(self) -> set[str]:
        return {"item_id"}

    def _needs(self) -> frozenset[str]:
        return frozenset({"item_id"})

    def _reasons(self) -> Sequence[Reason]:
        shown = f"{self.rate * 100:g} %"
        return [Reason(f"outside audit sample {shown}"), Reason(f"audit sample {shown}")]

    def _judged(self, table: Any, name: str) -> Any:
        drawn = (nw.col(f"{name}_draw") < self.rate).cast(nw.Int32)
        return with_draws(table, name=f"{name}_draw", seed=self.seed).with_columns(
            (drawn * REVIEW).alias(f"{name}_verdict"), (drawn * STRIDE).alias(f"{name}_reason")
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        drawn = draw(prediction.item_id, self.seed) < self.rate
        return (REVIEW if drawn else ACCEPT), self._all_reasons[drawn].text()
