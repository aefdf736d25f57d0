"""Policies: which predictions are accepted, which are dropped, and which go to people.

A policy is a pure rule. Over a frame it runs as expressions of the frame's own engine (through narwhals), over
one prediction as plain Python, with the same answer. Inside, every rule yields two small integers an item: its
verdict, and which of its reasons holds; the texts are looked up once, at the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import floor
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing._draws import draw, with_draws
from hitl_sdk.routing._frames import (
    is_probability,
    predictions_frame,
    require_columns,
    require_confidence,
    require_item_ids,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from narwhals.typing import IntoFrameT

    from hitl_sdk.routing.prediction import Prediction

__all__ = ["Bands", "Decision", "Policy", "Sample", "Threshold", "Verdict"]

Verdict = Literal["accept", "drop", "review"]

_VERDICTS: tuple[Verdict, ...] = ("accept", "drop", "review")
_ACCEPT, _DROP, _REVIEW = range(3)
_NO_CONFIDENCE = "invalid: the confidence is not a number from 0 to 1"
_CONFIDENCE = "__hitl_confidence"
# 0.29 * 100 is 28.999999999999996: what lies this close below a step is shown as the step.
_ROUNDING = 1e-9
_MOST_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one prediction, and why.

    Attributes
    ----------
    decision : {"accept", "drop", "review"}
        ``"review"`` sends it to people.
    reason : str
        Why, short and the same for equal input: ``"confidence 0.63 < 0.90"``.

    Examples
    --------
    >>> Decision("review", "confidence 0.63 < 0.90").decision
    'review'
    """

    decision: Verdict
    reason: str


class Policy(ABC):
    """A rule that decides which predictions people review.

    Policies combine. ``a | b`` reviews what either reviews, else drops what either drops, else accepts.
    ``a & b`` reviews what both review, else drops what either drops, else accepts. The reason is that of
    the first part whose verdict it is.

    Examples
    --------
    >>> from hitl_sdk.routing import Prediction, Sample, Threshold
    >>> policy = Threshold(0.90) | Sample(0.02, seed=7)
    >>> policy
    Threshold(threshold=0.9) | Sample(rate=0.02, seed=7)
    >>> policy.decide_one(Prediction("review-1", "It is okay", "1", 0.54))
    Decision(decision='review', reason='confidence 0.54 < 0.90')
    """

    def decide(self, frame: IntoFrameT) -> IntoFrameT:
        """Add `decision` and `reason` to a frame of predictions.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame, polars.LazyFrame, pyarrow.Table, ...
            Any frame that narwhals knows, with `confidence` (a number from 0 to 1) if the policy looks at it, and
            `item_id` if it draws a `Sample`. All other columns are passed through.

        Returns
        -------
        frame of the same kind
            A lazy frame stays lazy. A row of it without a usable confidence gets a null `decision` and says so in
            `reason`, as nobody can have looked at the rows yet.

        Raises
        ------
        InvalidPredictionError
            If it is no frame, a column is missing, or in an eager frame a confidence is null, NaN or outside 0 to
            1, or an `item_id` null.
        InvalidInputError
            If a `Sample` is drawn on a lazy frame of another engine than polars.

        Examples
        --------
        >>> import pandas as pd
        >>> from hitl_sdk.routing import Threshold
        >>> frame = pd.DataFrame({"item_id": ["a", "b"], "confidence": [0.97, 0.31]})
        >>> Threshold(0.90).decide(frame)[["decision", "reason"]].values.tolist()
        [['accept', 'confidence 0.97 >= 0.90'], ['review', 'confidence 0.31 < 0.90']]
        """
        table: Any = predictions_frame(frame)
        if table is None:
            raise InvalidPredictionError(
                f"{type(frame).__name__} is no frame",
                hint="give a pandas, polars or arrow frame, or use decide_one for one prediction",
            )
        require_columns(table, sorted(self._columns()))
        kept = [name for name in table.collect_schema().names() if name not in {"decision", "reason"}]
        decision = _looked_up("__hitl_verdict", _VERDICTS)
        reason = _looked_up("__hitl_reason", self._reasons())
        if "confidence" in self._columns():
            require_confidence(table, "confidence")
            confidence = nw.col("confidence").cast(nw.Float64)
            if isinstance(table, nw.LazyFrame):
                usable = is_probability("confidence")
                confidence = nw.when(usable).then(confidence).otherwise(nw.lit(0.0))
                decision = nw.when(usable).then(decision)
                reason = nw.when(usable).then(reason).otherwise(nw.lit(_NO_CONFIDENCE))
            table = table.with_columns(confidence.alias(_CONFIDENCE))
        if "item_id" in self._columns() and isinstance(table, nw.DataFrame):
            require_item_ids(table)
        judged = self._judged(table, "__hitl")
        return nw.to_native(judged.select(*kept, decision.alias("decision"), reason.alias("reason")))  # type: ignore[no-any-return]

    def decide_one(self, prediction: Prediction) -> Decision:
        """Decide one prediction; `decide` says the same of it in a frame.

        Parameters
        ----------
        prediction : Prediction
            What the model says of one item.

        Examples
        --------
        >>> from hitl_sdk.routing import Bands, Prediction
        >>> Bands(accept=0.90, drop=0.40).decide_one(Prediction("x", "s3://bucket/x.png", "Hospital", 0.35))
        Decision(decision='drop', reason='confidence 0.35 < 0.40')
        """
        verdict, reason = self._judge(prediction)
        return Decision(_VERDICTS[verdict], reason)

    def __or__(self, other: object) -> Policy:
        """Review what either reviews."""
        return _Either(self, other) if isinstance(other, Policy) else NotImplemented

    def __and__(self, other: object) -> Policy:
        """Review what both review."""
        return _Both(self, other) if isinstance(other, Policy) else NotImplemented

    @abstractmethod
    def _columns(self) -> set[str]:
        """Name the columns it reads."""

    @abstractmethod
    def _reasons(self) -> list[str]:
        """List every reason it can give."""

    @abstractmethod
    def _judged(self, table: Any, name: str) -> Any:
        """Add the columns ``{name}_verdict`` and ``{name}_reason``: indices into the verdicts and the reasons."""

    @abstractmethod
    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        """Give the verdict's index and the reason for one prediction."""


class _Cuts(Policy):
    """Decides by where the confidence lies among cuts."""

    @cached_property
    @abstractmethod
    def _bands(self) -> Sequence[tuple[float, int, str]]:
        """From the highest band down: its lowest confidence, its verdict, what its reason says of the confidence."""

    def _columns(self) -> set[str]:
        return {"confidence"}

    def _verdict_at(self, confidence: float) -> int:
        return next(verdict for cut, verdict, _ in self._bands if confidence >= cut)

    @cached_property
    def _scale(self) -> int:
        """In how many steps from 0 to 1 a reason shows the confidence: so many that what it says is true."""
        return int(10 ** max(_decimals(cut) for cut, _, _ in self._bands))

    def _reasons(self) -> list[str]:
        scale = self._scale
        return [_said(step, scale, what) for _, _, what in self._bands for step in range(scale + 1)]

    def _judged(self, table: Any, name: str) -> Any:
        confidence, scale = nw.col(_CONFIDENCE), self._scale
        *higher, (_, lowest, _) = self._bands
        verdict, band = nw.lit(lowest), nw.lit(len(higher))
        for number, (cut, its_verdict, _) in reversed(list(enumerate(higher))):
            verdict = nw.when(confidence >= cut).then(nw.lit(its_verdict)).otherwise(verdict)
            band = nw.when(confidence >= cut).then(nw.lit(number)).otherwise(band)
        step = (confidence * scale + _ROUNDING).floor().cast(nw.Int64)
        return table.with_columns(
            verdict.alias(f"{name}_verdict"), (band * (scale + 1) + step).alias(f"{name}_reason")
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        confidence, scale = prediction.confidence, self._scale
        verdict, what = next((verdict, what) for cut, verdict, what in self._bands if confidence >= cut)
        return verdict, _said(floor(confidence * scale + _ROUNDING), scale, what)


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
        _require_share("threshold", self.threshold)

    @cached_property
    def _bands(self) -> Sequence[tuple[float, int, str]]:
        shown = _shown(self.threshold)
        return ((self.threshold, _ACCEPT, f">= {shown}"), (0.0, _REVIEW, f"< {shown}"))


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
        _require_share("accept", self.accept)
        _require_share("drop", self.drop)
        if self.drop > self.accept:
            raise InvalidInputError(
                f"Bands(accept={self.accept}, drop={self.drop}): drop lies above accept",
                hint="accept takes the higher confidence",
            )

    @cached_property
    def _bands(self) -> Sequence[tuple[float, int, str]]:
        accept, drop = _shown(self.accept), _shown(self.drop)
        return (
            (self.accept, _ACCEPT, f">= {accept}"),
            (self.drop, _REVIEW, f"between {drop} and {accept}"),
            (0.0, _DROP, f"< {drop}"),
        )


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
        _require_share("rate", self.rate)
        seed: object = self.seed
        if not isinstance(seed, Integral):
            raise InvalidInputError(f"seed={seed!r} is no whole number", hint="for example seed=7")

    def _columns(self) -> set[str]:
        return {"item_id"}

    def _reasons(self) -> list[str]:
        share = f"{self.rate * 100:g} %"
        return [f"outside audit sample {share}", f"audit sample {share}"]

    def _judged(self, table: Any, name: str) -> Any:
        drawn = (nw.col(f"{name}_draw") < self.rate).cast(nw.Int64)
        return with_draws(table, column=f"{name}_draw", seed=self.seed).with_columns(
            (drawn * _REVIEW).alias(f"{name}_verdict"), drawn.alias(f"{name}_reason")
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        drawn = draw(prediction.item_id, self.seed) < self.rate
        return (_REVIEW if drawn else _ACCEPT), self._reasons()[drawn]


@dataclass(frozen=True)
class _Pair(Policy):
    """Two policies: for each item the one whose verdict weighs more decides, the first if both weigh the same."""

    first: Policy
    second: Policy

    def _columns(self) -> set[str]:
        return self.first._columns() | self.second._columns()

    def _reasons(self) -> list[str]:
        return self.first._reasons() + self.second._reasons()

    def _judged(self, table: Any, name: str) -> Any:
        judged = self.second._judged(self.first._judged(table, f"{name}a"), f"{name}b")
        verdicts = nw.col(f"{name}a_verdict"), nw.col(f"{name}b_verdict")
        first_decides = self._weight(verdicts[0]) >= self._weight(verdicts[1])
        later_reason = nw.col(f"{name}b_reason") + len(self.first._reasons())
        return judged.with_columns(
            nw.when(first_decides).then(verdicts[0]).otherwise(verdicts[1]).alias(f"{name}_verdict"),
            nw.when(first_decides)
            .then(nw.col(f"{name}a_reason"))
            .otherwise(later_reason)
            .alias(f"{name}_reason"),
        )

    def _judge(self, prediction: Prediction) -> tuple[int, str]:
        judged = self.first._judge(prediction), self.second._judge(prediction)
        return max(judged, key=lambda verdict_and_reason: self._weight(verdict_and_reason[0]))

    @abstractmethod
    def _weight(self, verdict: Any) -> Any:
        """Give the weight of a verdict, or of a column of them."""


class _Either(_Pair):
    """``a | b``: review outweighs drop, drop outweighs accept."""

    def __repr__(self) -> str:
        return f"{self.first!r} | {self.second!r}"

    def _weight(self, verdict: Any) -> Any:
        return verdict


class _Both(_Pair):
    """``a & b``: drop outweighs accept, accept outweighs review."""

    def __repr__(self) -> str:
        return " & ".join(
            f"({part!r})" if isinstance(part, _Either) else repr(part) for part in (self.first, self.second)
        )

    def _weight(self, verdict: Any) -> Any:
        return (verdict + 1) % len(_VERDICTS)


def _looked_up(column: str, texts: Sequence[str]) -> nw.Expr:
    return nw.col(column).replace_strict(list(range(len(texts))), texts, return_dtype=nw.String)


def _said(step: int, scale: int, what: str) -> str:
    decimals = len(str(scale)) - 1
    return f"confidence {step / scale:.{decimals}f} {what}"


def _decimals(share: float) -> int:
    """As many decimals as it takes to write the share down, two or three."""
    return next((n for n in range(2, _MOST_DECIMALS) if round(share, n) == share), _MOST_DECIMALS)


def _shown(share: float) -> str:
    text = f"{share:.{_decimals(share)}f}"
    return text if float(text) == share else repr(share)


def _require_share(name: str, value: object) -> None:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise InvalidInputError(f"{name}={value!r} is not a number", hint="give a number from 0 to 1")
    if not 0 <= float(value) <= 1:
        hint = (
            "it looks like a percentage: divide by 100"
            if 1 < float(value) <= 100
            else "give a number from 0 to 1"
        )
        raise InvalidInputError(f"{name}={value!r} is not from 0 to 1", hint=hint)
