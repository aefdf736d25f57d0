"""Where a picture is drawn: on axes that were given, or on a new figure; pyplot's global state is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl_sdk._optional import load

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BAND", "EDGE", "INK", "MUTED", "axes_for", "in_percent"]

INK, BAND, EDGE, MUTED = "#1d4ed8", "#bfdbfe", "#93c5fd", "#6b7280"


def axes_for(ax: Axes | None, *, title: str, x: str, y: str) -> Axes:
    """Return the axes to draw on, named.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    figure = load("matplotlib.figure", extra="plots", needed_for="a picture").Figure
    drawn: Axes = figure(figsize=(6.4, 4.4), layout="constrained").add_subplot() if ax is None else ax
    drawn.set(title=title, xlabel=x, ylabel=y)
    drawn.grid(visible=True, color="#e5e7eb", linewidth=0.8)
    drawn.set_axisbelow(True)
    drawn.spines[["top", "right"]].set_visible(False)
    return drawn


def in_percent(ax: Axes, axis: str) -> None:
    """Write the ticks of one axis, or of both, in per cent."""
    ticker = load("matplotlib.ticker", extra="plots", needed_for="a picture")
    for name in axis:
        getattr(ax, f"{name}axis").set_major_formatter(ticker.PercentFormatter(1.0, symbol=" %"))
