"""The vote of each pixel of semantic masks, and how alike two of them are.

It imports numpy, and so is imported where numpy is needed only.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PixelVote", "Pixels", "all_labels", "mean_iou", "renumbered", "vote_by_pixel"]

Pixels: TypeAlias = npt.NDArray[np.int32]


class PixelVote(NamedTuple):
    """What the workers say of each pixel: three arrays of the image's shape."""

    value: Pixels
    share: npt.NDArray[np.float64]
    tied: npt.NDArray[np.bool_]


def vote_by_pixel(masks: Pixels, preferred: Pixels | None) -> PixelVote:
    """Return the value most workers gave each pixel.

    In a tie it is the preferred one if it is among the tied ones, else the lowest: background first.

    Parameters
    ----------
    masks : array, workers x height x width
    preferred : array, height x width, or None
    """
    best = np.zeros(masks.shape[1:], np.int32)
    value = masks[0]
    counts = []
    # Against each other, not against each label: instances may be many, workers are few.
    for mask in masks:
        count = (masks == mask).sum(axis=0)
        counts.append(count)
        ahead = (count > best) | ((count == best) & (mask < value))
        value, best = np.where(ahead, mask, value), np.maximum(best, count)
    tied = np.zeros(best.shape, np.bool_)
    for mask, count in zip(masks, counts, strict=True):
        tied |= (count == best) & (mask != value)
    if preferred is not None:
        value = np.where((masks == preferred).sum(axis=0) == best, preferred, value)
    return PixelVote(value, best / len(masks), tied)


def mean_iou(mask: Pixels, other: Pixels) -> float:
    """Return the mean over the values in either mask, without the background, of intersection over union."""
    size = int(max(mask.max(), other.max())) + 1
    common = np.bincount(mask[mask == other], minlength=size)
    union = np.bincount(mask.ravel(), minlength=size) + np.bincount(other.ravel(), minlength=size) - common
    seen = np.flatnonzero(union[1:]) + 1
    return fsum((common[seen] / union[seen]).tolist()) / len(seen) if len(seen) else 1.0


def all_labels(several: Sequence[Sequence[str]]) -> list[str]:
    """Return the labels of several masks, each once: in their order if all have the same, else sorted."""
    if len({tuple(labels) for labels in several}) == 1:
        return list(dict.fromkeys(several[0]))
    return sorted({label for labels in several for label in labels})


def renumbered(mask: npt.NDArray[np.integer], values: Sequence[int]) -> Pixels:
    """Return a mask with value i as ``values[i]``."""
    return np.asarray(np.array(values, np.int32)[mask])
