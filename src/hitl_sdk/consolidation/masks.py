"""Segmentation masks of several workers to one, by the vote of each pixel.

AWS says of its own that each pixel is a vote, smoothed with information from the pixels around it. How, it does not
publish; here nothing is smoothed.
"""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, ClassVar

from hitl_sdk._optional import load
from hitl_sdk.consolidation._parts import agree_on_parts
from hitl_sdk.consolidation._per_item import PerItem, check_share
from hitl_sdk.consolidation.consensus import Consensus
from hitl_sdk.labels import Mask, make_mask, mask_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitl_sdk.consolidation._pixels import Pixels

__all__ = ["InstanceMaskConsolidation", "MaskVote"]


class MaskVote(PerItem[Mask]):
    """The label most workers gave each pixel of a semantic mask; no label, the background, counts as one.

    Where labels were given as often, the preferred mask's wins if it is among the tied ones, else the background if
    it is, else the first label in the masks' order. The consensus is flagged as a tie if any pixel is.

    ``confidence`` is the mean over all pixels of the share of the workers who gave the label. ``agreement`` is the
    mean over the workers of the mean IoU of their mask with the result: over the labels in either, background left
    out. The labels keep their order where all masks have the same, else they are sorted.

    Raises `InvalidInputError`, naming the item, for masks of different sizes or that can't be read.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import make_mask, mask_pixels
    >>> drawn = {"ann": [[1, 1, 0]], "bob": [[1, 0, 0]], "cai": [[1, 1, 2]]}
    >>> votes = [Vote("1", worker, make_mask(pixels, ["road", "sky"])) for worker, pixels in drawn.items()]
    >>> consensus = MaskVote().consolidate(votes)["1"]
    >>> mask_pixels(consensus.label).tolist(), consensus.confidence, consensus.tie
    ([[1, 1, 0]], 0.777..., False)
    """

    takes: ClassVar[str] = "semantic masks"

    def _agree(self, answers: Sequence[Mask], preferred: Mask | None) -> Consensus[Mask]:
        if len(answers) == 1:
            return Consensus(answers[0], None, None, 1)
        _check_sizes(answers, preferred)
        import numpy as np

        from hitl_sdk.consolidation._pixels import all_labels, mean_iou, renumbered, vote_by_pixel

        labels = all_labels([answer.labels for answer in answers])
        code = {label: number for number, label in enumerate(labels, start=1)}

        def pixels(mask: Mask) -> Pixels:
            return renumbered(mask_pixels(mask), [0, *(code.get(label, -1) for label in mask.labels)])

        masks = np.stack([pixels(answer) for answer in answers])
        voted = vote_by_pixel(masks, None if preferred is None else pixels(preferred))
        return Consensus(
            make_mask(voted.value, labels),
            float(voted.share.mean()),
            fsum(mean_iou(mask, voted.value) for mask in masks) / len(masks),
            len(masks),
            tie=bool(voted.tied.any()),
        )


class InstanceMaskConsolidation(PerItem[Mask]):
    """Instances, matched across workers by IoU; the pixels of each go by the vote of those who drew it.

    Pairs of instances of different workers are joined from the highest IoU on, those of one label first. Groups
    become one if they have no worker in common and a mean IoU of `min_iou` or more. What at least `min_share` of
    the workers drew is kept, under the label most of them gave, in the mean order in which they drew it. A pixel
    belongs to it if more than half of those who drew it have it there, and if of several instances this one has
    the highest confidence, or else comes first.

    Ties are flagged. An instance that just half of the workers drew is kept, unless there is a preferred mask and
    it has none there. Of labels given as often the preferred one wins, else the first in sorted order. A pixel that
    just half of those who drew an instance have there is left out.

    An instance's confidence is the share of the workers who drew it and called it so. The consensus' ``confidence``
    is the mean over all that anyone drew: of what was left out it counts those who did not draw it. ``agreement`` is
    the workers' mean F1 score against the result, in which an instance counts as much as its IoU with the result's.

    Raises `InvalidInputError`, naming the item, for masks of different sizes or that can't be read.

    Parameters
    ----------
    min_iou : float
        Above 0 and up to 1.
    min_share : float
        Above 0 and up to 1.

    Examples
    --------
    >>> from hitl_sdk.consolidation import Vote
    >>> from hitl_sdk.labels import make_mask, mask_pixels
    >>> drawn = {"ann": [[1, 1, 0, 2]], "bob": [[2, 2, 0, 1]], "cai": [[1, 1, 1, 0]]}
    >>> votes = [Vote("1", worker, make_mask(pixels, ["car", "car"])) for worker, pixels in drawn.items()]
    >>> consensus = InstanceMaskConsolidation().consolidate(votes)["1"]
    >>> mask_pixels(consensus.label).tolist(), consensus.label.labels
    ([[1, 1, 0, 2]], ('car', 'car'))
    """

    takes: ClassVar[str] = "instance masks"

    def __init__(self, min_iou: float = 0.5, *, min_share: float = 0.5) -> None:
        self._min_iou = check_share("min_iou", min_iou)
        self._min_share = check_share("min_share", min_share)

    def _agree(self, answers: Sequence[Mask], preferred: Mask | None) -> Consensus[Mask]:
        if len(answers) == 1:
            return Consensus(answers[0], None, None, 1)
        _check_sizes(answers, preferred)
        from hitl_sdk.consolidation._instances import InstanceMeasure, instances_of, paint

        size = answers[0].height, answers[0].width
        drawn = agree_on_parts(
            [instances_of(answer) for answer in answers],
            InstanceMeasure(self._min_iou, size),
            self._min_share,
            None if preferred is None else instances_of(preferred),
        )
        # One may have no pixel left on which more than half agree.
        seen = [part for part in drawn.parts if part.places]
        mask = make_mask(paint(seen, size), [part.label for part in seen])
        return replace(drawn.of(mask), tie=drawn.tie or any(part.tied for part in seen))


def _check_sizes(answers: Sequence[Mask], preferred: Mask | None) -> None:
    load("numpy", extra="images", needed_for="consolidating masks")
    masks = [*answers, *([] if preferred is None else [preferred])]
    sizes = sorted({(mask.width, mask.height) for mask in masks})
    if len(sizes) > 1:
        raise ValueError(f"the masks have different sizes: {', '.join(f'{w} x {h}' for w, h in sizes)}")
