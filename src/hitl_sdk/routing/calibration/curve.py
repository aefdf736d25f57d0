"""How many errors are accepted at how many reviews, for every threshold: as a frame and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, overload

from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.calibration._labelled import read_labelled, steps
from hitl_sdk.routing.calibration._pictures import BAND, INK, MUTED, axes_for, in_percent
from hitl_sdk.routing.calibration.thresholds import Calibration
from hitl_sdk.routing.rates import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from narwhals.typing import IntoFrame

    from hitl_sdk._frames import Engine, Frame

__all__ = ["ErrorCurve", "error_curve"]

_KINDS: dict[str, Literal["float", "int"]] = {
    "threshold": "float",
    "review_share": "float",
    "accepted": "int",
    "errors": "int",
    "error_rate": "float",
    "error_rate_low": "float",
    "error_rate_high": "float",
}


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCurve:
    """The error rate of what is accepted against the share of reviews. Made by `error_curve`.

    Attributes
    ----------
    n_items : int
        How many labelled predictions it stands on.
    confidence_level : float
        Of the intervals.
    columns : mapping of str to array
        Those of `to_frame`, as numpy has them.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["a"] * 4, "truth": list("abaa"), "confidence": [0.62, 0.71, 0.90, 0.95]})
    >>> error_curve(frame).to_frame()[["threshold", "review_share", "error_rate"]].round(2).values.tolist()
    [[0.95, 0.75, 0.0], [0.9, 0.5, 0.0], [0.71, 0.25, 0.33], [0.62, 0.0, 0.25]]
    """

    n_items: int
    confidence_level: float
    columns: Mapping[str, Any] = field(repr=False)

    @overload
    def to_frame(self, engine: Literal["pandas"] = ...) -> pd.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_frame(self, engine: Literal["arrow"]) -> pa.Table: ...

    def to_frame(self, engine: Engine = "pandas") -> Frame:
        """Return the curve as a frame.

        Parameters
        ----------
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row a threshold, by falling `threshold`: `review_share`, `accepted`, `errors`, and `error_rate` with the
            ends of its interval, `error_rate_low` and `error_rate_high`.

        Raises
        ------
        MissingExtraError
            If the engine is not installed.
        """
        return build_frame({name: self.columns[name].tolist() for name in _KINDS}, _KINDS, engine)

    def plot(self, *, mark: Calibration | None = None, ax: Axes | None = None) -> Figure:
        """Draw the curve with the band of its intervals.

        Parameters
        ----------
        mark : Calibration, optional
            A choice to mark on it.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure when left out.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig("curve.png")`` or ``"curve.svg"`` writes it.

        Raises
        ------
        InvalidInputError
            If `mark` is no `Calibration`.
        MissingExtraError
            If matplotlib is not installed.
        """
        given: object = mark
        if not isinstance(given, Calibration | None):
            raise InvalidInputError(
                f"mark is {type(given).__name__}, no Calibration", hint="give what calibrate returned"
            )
        ax = axes_for(ax, title="Errors against reviews", x="items reviewed", y="errors among accepted items")
        reviews, errors = self.columns["review_share"], self.columns["error_rate"]
        low, high = self.columns["error_rate_low"], self.columns["error_rate_high"]
        ax.fill_between(reviews, low, high, color=BAND, linewidth=0, label=_interval(self.confidence_level))
        of_one = "o" if len(reviews) == 1 else None  # a line of one point would not be seen
        ax.plot(
            reviews,
            errors,
            color=INK,
            linewidth=1.6,
            marker=of_one,
            label=f"error rate of {self.n_items:,} items",
        )
        if mark is not None and mark.review_share.value is not None and mark.error_rate.value is not None:
            x, y = mark.review_share.value, mark.error_rate.value
            below, above = y - mark.error_rate.low, mark.error_rate.high - y
            bar: dict[str, Any] = {
                "color": "black",
                "capsize": 3,
                "fmt": "o",
                "markersize": 5,
                "clip_on": False,
                "label": "chosen policy",
            }
            ax.errorbar([x], [y], [[below], [above]], **bar)
        else:
            ax.axhline(float(errors[-1]), color=MUTED, linewidth=1, linestyle=":", label="without any review")
        # Where little is accepted the interval says nothing, and would press the rest to the ground.
        told = high[self.columns["accepted"] >= max(30, 0.02 * self.n_items)]
        top = max(float(told.max()) if len(told) else 1.0, float(errors[-1]))
        ax.set(xlim=(0, 1), ylim=(0, min(1.0, 1.1 * top) or 1.0))
        in_percent(ax, "xy")
        ax.legend(frameon=False)
        return ax.figure  # type: ignore[return-value]


def error_curve(
    frame: IntoFrame,
    *,
    points: int = 1000,
    confidence_level: float = 0.95,
    truth: str = "truth",
    label: str = "label",
    confidence: str = "confidence",
) -> ErrorCurve:
    """Return how the error rate of what is accepted falls as more is reviewed.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, ...
        Labelled predictions: of any engine that narwhals knows; a lazy one is collected.
    points : int, default 1000
        How many thresholds at most; of more distinct confidences as many, evenly spread over the shares of reviews.
    confidence_level : float, default 0.95
        Of the intervals of Clopper and Pearson.
    truth, label, confidence : str
        The columns, as in `calibrate`.

    Returns
    -------
    ErrorCurve
        ``.to_frame()`` and ``.plot()``.

    Raises
    ------
    InvalidInputError
        If a row has no truth, or `points` is less than 2.
    InvalidPredictionError
        If a column is missing, or a confidence is none.
    EmptyInputError
        If there are no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["a"] * 4, "truth": list("abaa"), "confidence": [0.62, 0.71, 0.90, 0.95]})
    >>> figure = error_curve(frame).plot()
    >>> figure.axes[0].get_xlabel()
    'items reviewed'
    """
    if not isinstance(points, Integral) or points < 2:
        raise InvalidInputError(f"points={points!r}", hint="a curve has at least 2")
    labelled = read_labelled(frame, truth=truth, label=label, confidence=confidence)
    found = steps(labelled.confidence, labelled.right)
    import numpy as np

    kept = np.arange(len(found.cuts))
    if len(kept) > points:
        wanted = np.linspace(found.accepted[0], found.total, points)
        kept = np.unique(np.searchsorted(found.accepted, wanted))
    accepted, errors = found.accepted[kept], found.errors[kept]
    low, high = clopper_pearson(errors, accepted, confidence_level)
    columns = {
        "threshold": found.cuts[kept],
        "review_share": 1 - accepted / found.total,
        "accepted": accepted,
        "errors": errors,
        "error_rate": errors / accepted,
        "error_rate_low": low,
        "error_rate_high": high,
    }
    return ErrorCurve(found.total, confidence_level, columns)


def _interval(level: float) -> str:
    return f"{level * 100:g} % interval"
