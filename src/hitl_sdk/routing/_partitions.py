"""Frames of dask: partitions of pandas, each of which is decided by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["by_partition", "is_partitioned"]


def is_partitioned(frame: object) -> bool:
    """Tell whether it is a frame of dask."""
    return bool(nw.dependencies.is_dask_dataframe(frame))


def by_partition(decide: Callable[[Any], Any], frame: Any) -> Any:
    """Return the frame with a function of pandas frames applied to each partition; it stays lazy."""
    return frame.map_partitions(decide, meta=decide(frame._meta))
