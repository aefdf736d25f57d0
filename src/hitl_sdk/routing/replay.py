"""What a policy would have done to predictions whose truth is known: how much, how right, and for how much money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import narwhals as nw

from hitl_sdk._data import review_prices
from hitl_sdk._frames import build_frame
from hitl_sdk._prices import PriceRange, cost_of_reviews
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.routing._frames import require_columns
from hitl_sdk.routing._partitions import by_partition, is_partitioned
from hitl_sdk.routing._shares import number_of
from hitl_sdk.routing._truth import as_held, is_known, is_right, texts_of_labels
from hitl_sdk.routing.rates import Rate, counted_rate, percent

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame

__all__ = ["Replay", "ReplayPart", "replay"]

_INVALID = "invalid"
_KINDS: dict[str, Literal["text", "float", "int"]] = {
    "part": "text",
    "n_items": "int",
    "share": "float",
    "share_low": "float",
    "share_high": "float",
    "known": "int",
    "right": "int",
    "accuracy": "float",
    "accuracy_low": "float",
    "accuracy_high": "float",
}


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """What a policy would have accepted, reviewed or dropped.

    Attributes
    ----------
    share : Rate
        How many items, of all that could be decided.
    accuracy : Rate
        How often the model is right there, of the items whose truth is known.

    Examples
    --------
    >>> part = ReplayPart(Rate(80, 100, 0.71, 0.87), Rate(76, 80, 0.88, 0.99))
    >>> part.n_items, part.accuracy.value
    (80, 0.95)
    """

    share: Rate
    accuracy: Rate

    @property
    def n_items(self) -> int:
        """How many items."""
        return self.share.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a policy would have done to labelled predictions. Printable. Made by `Policy.replay`.

    Attributes
    ----------
    policy : str
        As it prints itself.
    accepted, reviewed, dropped : ReplayPart
        What would have become of the items.
    model : Rate
        How often the model is right, over all parts.
    outcome : Rate
        How often the outcome is right, over what is accepted and reviewed, if people are right in all that they review.
    n_invalid : int
        Rows of a lazy frame that can't be decided, as they have no usable confidence or id. They are in no part.
    n_unknown : int
        Items without a truth, which count for the shares alone.
    cost_per_review : float or None
        What people cost for one review, in the currency of `charges`, as it was stated.
    charges : PriceRange
        What AWS charges for the reviews, without people, by the cheapest and the dearest reading of its prices.

    Examples
    --------
    >>> import pandas as pd
    >>> from hitl_sdk.routing import Threshold
    >>> frame = pd.DataFrame({"label": list("aaab"), "truth": list("aabb"), "confidence": [0.99, 0.95, 0.6, 0.5]})
    >>> print(Threshold(0.90).replay(frame, cost_per_review=0.12))
    Threshold(threshold=0.9) on 4 items
    accepted  2   50.0 % (6.8 % to 93.2 %)   model right in 100.0 % (15.8 % to 100.0 %)
    reviewed  2   50.0 % (6.8 % to 93.2 %)   model right in 50.0 % (1.3 % to 98.7 %)
    dropped   0   0.0 % (0.0 % to 60.2 %)
    right     75.0 % by the model alone, 100.0 % (39.8 % to 100.0 %) with right answers of people
    cost      0.24 USD for people, 0.06 to 0.16 USD to Augmented AI by prices read on ...
    """

    policy: str
    accepted: ReplayPart
    reviewed: ReplayPart
    dropped: ReplayPart
    model: Rate
    outcome: Rate
    n_invalid: int
    n_unknown: int
    cost_per_review: float | None
    charges: PriceRange

    @property
    def n_items(self) -> int:
        """How many items it decided."""
        return self.accepted.share.total

    @property
    def reviews(self) -> int:
        """How many reviews people would have made."""
        return self.reviewed.n_items

    @property
    def cost(self) -> PriceRange | None:
        """What people cost and what AWS charges, together; None if nobody stated what a review costs."""
        if self.cost_per_review is None:
            return None
        people = self.reviews * self.cost_per_review
        low, high = (round(price + people, 2) for price in (self.charges.low, self.charges.high))
        return PriceRange(low, high, self.charges.currency)

    def __str__(self) -> str:
        """Return a line for each part, and what comes of them."""
        parts = {"accepted": self.accepted, "reviewed": self.reviewed, "dropped": self.dropped}
        width = len(f"{max(part.n_items for part in parts.values()):,}")
        lines = [f"{self.policy} on {self.n_items:,} items"]
        for name, part in parts.items():
            line = f"{name:<9} {part.n_items:>{width},}   {part.share}"
            known = part.accuracy.value is not None
            lines.append(f"{line}   model right in {part.accuracy}" if known else line)
        if self.model.value is not None:
            lines.append(
                f"right     {percent(self.model.value)} by the model alone, {self.outcome} with right answers of people"
            )
        currency, read_on = self.charges.currency, review_prices()["_about"]["read_on"]
        people = "people not stated"
        if self.cost_per_review is not None:
            people = f"{self.reviews * self.cost_per_review:,.2f} {currency} for people"
        lines.append(f"cost      {people}, {self.charges} to Augmented AI by prices read on {read_on}")
        if self.n_unknown:
            lines.append(f"{self.n_unknown:,} items have no truth")
        if self.n_invalid:
            lines.append(f"{self.n_invalid:,} rows can't be decided")
        return "\n".join(lines)

    @overload
    def to_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def to_frame(self, engine: Engine = "pandas") -> Frame:
        """Return the parts as a frame.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            Rows for "accepted", "reviewed" and "dropped" in `part`: `n_items`, their `share`, how many have a `known` truth
            and how often the model is `right`, and that `accuracy`; shares with the ends of their intervals, `_low` and
            `_high`.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        rows = []
        for name, part in zip(("accepted", "reviewed", "dropped"), self._parts(), strict=True):
            share, accuracy = part.share, part.accuracy
            shares = (share.count, share.value, share.low, share.high)
            rows.append(
                (name, *shares, accuracy.total, accuracy.count, accuracy.value, accuracy.low, accuracy.high)
            )
        return build_frame(dict(zip(_KINDS, zip(*rows, strict=True), strict=True)), _KINDS, engine)

    def _parts(self) -> tuple[ReplayPart, ReplayPart, ReplayPart]:
        return self.accepted, self.reviewed, self.dropped


def replay(
    decided: Any,
    *,
    policy: str,
    truth: str,
    label: str,
    cost_per_review: float | None,
    reviewed_this_month: int,
    confidence_level: float,
) -> Replay:
    """Count what has been decided, in the frame's own engine; see `Policy.replay`."""
    for name in (truth, label):
        if name in ("decision", "reason"):
            raise InvalidInputError(
                f"the column {name!r} is the policy's own after deciding",
                hint="rename the column of the frame",
            )
    cost = None if cost_per_review is None else _amount("cost_per_review", cost_per_review)
    _amount("reviewed_this_month", reviewed_this_month)
    with texts_of_labels():
        counts = _counted(decided, truth, label)
    n_invalid = counts.pop(_INVALID, (0, 0, 0))[0]
    total = sum(items for items, _, _ in counts.values())
    if not total:
        raise EmptyInputError("there is nothing to decide", hint="give labelled predictions")

    def rate(count: int, of: int) -> Rate:
        return counted_rate(count, of, confidence_level)

    def part(verdict: str) -> ReplayPart:
        items, known, right = counts.get(verdict, (0, 0, 0))
        return ReplayPart(rate(items, total), rate(right, known))

    accepted, reviewed, dropped = part("accept"), part("review"), part("drop")
    known = sum(known for _, known, _ in counts.values())
    kept = accepted.accuracy.total + reviewed.accuracy.total
    return Replay(
        policy=policy,
        accepted=accepted,
        reviewed=reviewed,
        dropped=dropped,
        model=rate(sum(right for _, _, right in counts.values()), known),
        outcome=rate(accepted.accuracy.count + reviewed.accuracy.total, kept),
        n_invalid=n_invalid,
        n_unknown=total - known,
        cost_per_review=cost,
        charges=cost_of_reviews(reviewed.n_items, before=reviewed_this_month),
    )


def _amount(name: str, value: object) -> float:
    number = number_of(value)
    if number is None or not 0 <= number < math.inf:
        raise InvalidInputError(f"{name}={value!r}", hint="give a number from 0")
    return number


def _counted(decided: Any, truth: str, label: str) -> dict[str, tuple[int, int, int]]:
    """Return by decision how many items there are, of how many the truth is known, and how many are right."""
    if is_partitioned(decided):
        parts = by_partition(lambda part: nw.to_native(_marked_and_grouped(part, truth, label)), decided)
        grouped = _grouped(nw.from_native(parts.compute(), eager_only=True))
    else:
        grouped = _marked_and_grouped(decided, truth, label)
    counted = grouped.collect() if isinstance(grouped, nw.LazyFrame) else grouped
    return {
        row["decision"]: (int(row["items"]), int(row["known"]), int(row["right"]))
        for row in counted.iter_rows(named=True)
    }


def _marked_and_grouped(decided: Any, truth: str, label: str) -> Any:
    table: Any = nw.from_native(decided)
    require_columns(table, [truth])
    table = as_held(table, [truth, label])
    schema = table.collect_schema()
    known, right = is_known(schema, truth), is_right(schema, truth=truth, label=label)
    marked = table.select(
        nw.col("decision").fill_null(_INVALID),
        nw.lit(1).alias("items"),
        known.cast(nw.Int64).alias("known"),
        nw.when(known).then(right).otherwise(nw.lit(value=False)).cast(nw.Int64).alias("right"),
    )
    return _grouped(marked)


def _grouped(marked: Any) -> Any:
    return marked.group_by("decision").agg(nw.col("items", "known", "right").sum())
