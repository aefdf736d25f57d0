"""Instances of a mask as parts of an answer: sets of pixels with a label.

It imports numpy, and so is imported where numpy is needed only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from hitl_sdk.consolidation._parts import join
from hitl_sdk.labels import mask_pixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitl_sdk.labels import Mask

__all__ = ["Instance", "InstanceMeasure", "instances_of", "paint"]

Places: TypeAlias = npt.NDArray[np.int32]
_PLACE = np.dtype(">i4")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a mask.

    Attributes
    ----------
    label : str
        What it is.
    places : bytes
        Its pixels, counted row by row: sorted numbers of four bytes. Bytes, because these can be compared.
    confidence : float or None
        How sure, 0 to 1.
    tied : bool
        Whether just half of those who drew it have a pixel more.
    """

    label: str
    places: bytes
    confidence: float | None = None
    tied: bool = False


def instances_of(mask: Mask) -> list[Instance]:
    """Return the instances of a mask that have a pixel."""
    pixels = mask_pixels(mask).ravel()
    order = np.argsort(pixels, kind="stable")
    ends = np.searchsorted(pixels[order], np.arange(len(mask.labels) + 1), side="right")
    return [
        Instance(label, _written(order[start:end]))
        for label, start, end in zip(mask.labels, ends, ends[1:], strict=False)
        if end > start
    ]


def paint(instances: Sequence[Instance], size: tuple[int, int]) -> Places:
    """Return the pixels of a mask of instances; where several claim one, the surest has it, or else the first."""
    canvas = np.zeros(size[0] * size[1], np.int32)
    by_confidence = sorted(
        range(len(instances)), key=lambda index: (instances[index].confidence or 0, -index)
    )
    for index in by_confidence:  # the last to be painted lies on top
        canvas[_read(instances[index])] = index + 1
    return canvas.reshape(size)


class InstanceMeasure:
    """Instances by intersection over union; the average has the pixels that more than half of them have."""

    def __init__(self, least: float, size: tuple[int, int]) -> None:
        self.least = least
        self.size = size

    def groups(self, parts: Sequence[Instance], owners: Sequence[int]) -> list[list[int]]:
        known = dict(self._overlaps(parts, owners))
        pairs = sorted(
            (parts[i].label != parts[j].label, -alike, i, j)
            for (i, j), alike in known.items()
            if alike >= self.least
        )

        def likeness(i: int, j: int) -> float:
            return known.get((min(i, j), max(i, j)), 0.0)

        return join(((i, j) for _, _, i, j in pairs), owners, likeness, self.least)

    def similarity(self, part: Instance, other: Instance) -> float:
        one, two = _read(part), _read(other)
        common = len(np.intersect1d(one, two, assume_unique=True))
        return common / (len(one) + len(two) - common) if common else 0.0

    def are_same(self, part: Instance, other: Instance) -> bool:
        return self.similarity(part, other) >= self.least

    def average(self, parts: Sequence[Instance]) -> Instance:
        places, counts = np.unique(np.concatenate([_read(part) for part in parts]), return_counts=True)
        tied = bool((2 * counts == len(parts)).any())
        return Instance(parts[0].label, _written(places[2 * counts > len(parts)]), tied=tied)

    def name(self, part: Instance) -> str:
        return part.label

    def named(self, part: Instance, name: str, confidence: float | None) -> Instance:
        return replace(part, label=name, confidence=confidence)

    def _overlaps(
        self, parts: Sequence[Instance], owners: Sequence[int]
    ) -> Iterable[tuple[tuple[int, int], float]]:
        """Yield the pairs of instances of different owners that have a pixel in common, and their IoU."""
        canvases = np.full((max(owners, default=-1) + 1, self.size[0] * self.size[1]), -1, np.int32)
        sizes = [len(part.places) // _PLACE.itemsize for part in parts]
        for index, (part, owner) in enumerate(zip(parts, owners, strict=True)):
            canvases[owner, _read(part)] = index
        for one, two in combinations(canvases, 2):
            both = (one >= 0) & (two >= 0)
            met, common = np.unique(one[both].astype(np.int64) * len(parts) + two[both], return_counts=True)
            for pair, n_common in zip(met.tolist(), common.tolist(), strict=True):
                i, j = divmod(pair, len(parts))
                yield (min(i, j), max(i, j)), n_common / (sizes[i] + sizes[j] - n_common)


def _read(instance: Instance) -> Places:
    return np.frombuffer(instance.places, _PLACE).astype(np.int32)


def _written(places: npt.NDArray[np.integer]) -> bytes:
    return places.astype(_PLACE).tobytes()
