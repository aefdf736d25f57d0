"""Whether a confidence of 80 % is right in 80 of 100: the reliability diagram and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Literal, overload

from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.calibration._labelled import read_labelled
from hitl_sdk.routing.calibration._pictures import BAND, EDGE, INK, MUTED, axes_for, in_percent
from hitl_sdk.routing.rates import Rate, clopper_pearson, percent

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from narwhals.typing import IntoFrame
    from numpy.typing import NDArray

    from hitl_sdk._frames import Engine, Frame

__all__ = ["Reliability", "ReliabilityBin", "reliability"]

_KINDS: dict[str, Literal["float", "int"]] = {
    "low": "float",
    "high": "float",
    "n_items": "int",
    "confidence": "float",
    "accuracy": "float",
    "accuracy_low": "float",
    "accuracy_high": "float",
}


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions whose confidence lies between two numbers.

    Attributes
    ----------
    low, high : float
        Between which the confidences lie: above `low`, up to and with `high`. The first bin has 0, too.
    confidence : float
        Their mean.
    accuracy : Rate
        How many of them are right.

    Examples
    --------
    >>> from hitl_sdk.routing import Rate
    >>> ReliabilityBin(0.8, 0.9, 0.85, Rate(70, 100, 0.6, 0.79)).accuracy.value
    0.7
    """

    low: float
    high: float
    confidence: float
    accuracy: Rate


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far confidence and accuracy are apart. Made by `reliability`.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        Those that hold any prediction, from the lowest up.
    binning : {"width", "count"}
        How they were made.
    n_bins : int
        How many were made, the empty ones among them.
    confidence_level : float
        Of the intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["a"] * 4, "truth": list("abaa"), "confidence": [0.62, 0.71, 0.95, 0.95]})
    >>> found = reliability(frame)
    >>> round(found.expected_calibration_error, 4)
    0.2975
    >>> print(found)
    expected calibration error 29.8 %, in 3 of 10 bins of equal width, on 4 items
    """

    bins: tuple[ReliabilityBin, ...]
    binning: Literal["width", "count"]
    n_bins: int
    confidence_level: float

    @property
    def n_items(self) -> int:
        """How many labelled predictions it stands on."""
        return sum(each.accuracy.total for each in self.bins)

    @property
    def expected_calibration_error(self) -> float:
        """The mean distance of accuracy and confidence over the bins, each by its share of the items.

        That is ECE as Naeini, Cooper and Hauskrecht (2015) and Guo et al. (2017) have it. It depends on the bins.
        """
        return sum(
            abs(each.accuracy.count - each.confidence * each.accuracy.total) for each in self.bins
        ) / self.n_items  # fmt: skip

    def __str__(self) -> str:
        """Return one line with the expected calibration error, and what it was measured by."""
        return (
            f"expected calibration error {percent(self.expected_calibration_error)}, in {len(self.bins)} of {self.n_bins} "
            f"bins of equal {self.binning}, on {self.n_items:,} items"
        )

    @overload
    def to_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def to_frame(self, engine: Engine = "pandas") -> Frame:
        """Return the bins as a frame.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row a bin: `low`, `high`, `n_items`, the mean `confidence`, and `accuracy` with the ends of its interval.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        rows = [
            (b.low, b.high, b.accuracy.total, b.confidence, b.accuracy.value, b.accuracy.low, b.accuracy.high)
            for b in self.bins
        ]
        return build_frame(dict(zip(_KINDS, zip(*rows, strict=True), strict=True)), _KINDS, engine)

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """Draw the reliability diagram: accuracy over confidence, a bar a bin with its interval, and where they are equal.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure when left out.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig("reliability.png")`` or ``"reliability.svg"`` writes it.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        title = f"Reliability: expected calibration error {percent(self.expected_calibration_error)}"
        ax = axes_for(ax, title=title, x="confidence", y="accuracy")
        accuracies = [each.accuracy.count / each.accuracy.total for each in self.bins]
        ax.bar(
            [each.low for each in self.bins],
            accuracies,
            [each.high - each.low for each in self.bins],
            align="edge",
            color=BAND,
            edgecolor=EDGE,
            linewidth=0.8,
            label=f"accuracy of {self.n_items:,} items",
        )
        ax.errorbar(
            [each.confidence for each in self.bins],
            accuracies,
            [
                [y - each.accuracy.low for y, each in zip(accuracies, self.bins, strict=True)],
                [each.accuracy.high - y for y, each in zip(accuracies, self.bins, strict=True)],
            ],
            fmt="o",
            markersize=4,
            color=INK,
            linewidth=1.2,
            clip_on=False,
            label=f"{self.confidence_level * 100:g} % interval",
        )
        ax.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label="calibrated")
        ax.set(xlim=(0, 1), ylim=(0, 1))
        in_percent(ax, "xy")
        # Below the axes: within them it would hide intervals.
        ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
        return ax.figure  # type: ignore[return-value]


def reliability(
    frame: IntoFrame,
    *,
    bins: int = 10,
    binning: Literal["width", "count"] = "width",
    confidence_level: float = 0.95,
    truth: str = "truth",
    label: str = "label",
    confidence: str = "confidence",
) -> Reliability:
    """Compare confidence and accuracy, bin by bin.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, ...
        Labelled predictions: of any engine that narwhals knows; a lazy one is collected.
    bins : int, default 10
        How many.
    binning : {"width", "count"}, default "width"
        Bins from 0 to 1 of equal width, or bins between quantiles, of as equal counts as equal confidences allow.
    confidence_level : float, default 0.95
        Of the intervals of Clopper and Pearson.
    truth, label, confidence : str
        The columns, as in `calibrate`.

    Returns
    -------
    Reliability
        ``.expected_calibration_error``, ``.to_frame()`` and ``.plot()``.

    Raises
    ------
    InvalidInputError
        If a row has no truth, `bins` is less than 1, or the binning is not known.
    InvalidPredictionError
        If a column is missing, or a confidence is none.
    EmptyInputError
        If there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"truth": [True, False], "confidence": [0.8, 0.8]})
    >>> round(reliability(frame).expected_calibration_error, 2)
    0.3
    """
    if not isinstance(bins, Integral) or bins < 1 or binning not in {"width", "count"}:
        raise InvalidInputError(
            f"bins={bins!r}, binning={binning!r}", hint="one bin or more, of equal 'width' or 'count'"
        )
    labelled = read_labelled(frame, truth=truth, label=label, confidence=confidence)
    import numpy as np

    edges = _edges(labelled.confidence, bins, binning)
    # As scikit-learn's calibration_curve: what lies on an edge belongs to the bin below.
    number = np.searchsorted(edges[1:-1], labelled.confidence)
    items = np.bincount(number, minlength=len(edges) - 1)
    right = np.bincount(number, labelled.right, len(edges) - 1).astype(int)
    sums = np.bincount(number, labelled.confidence, len(edges) - 1)
    low, high = clopper_pearson(right, np.maximum(items, 1), confidence_level)
    return Reliability(
        tuple(
            ReliabilityBin(
                float(edges[n]),
                float(edges[n + 1]),
                float(sums[n] / items[n]),
                Rate(int(right[n]), int(items[n]), float(low[n]), float(high[n])),
            )
            for n in np.flatnonzero(items)
        ),
        binning,
        len(edges) - 1,
        confidence_level,
    )


def _edges(confidence: NDArray[np.float64], bins: int, binning: str) -> NDArray[np.float64]:
    import numpy as np

    if binning == "width":
        return np.linspace(0, 1, bins + 1)
    inner = np.unique(np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1]))
    # An edge at 0 stays: below it is a bin of its own, of the confidences of 0. Above one at 1 there is nothing.
    return np.concatenate([[0.0], inner[inner < 1], [1.0]])
