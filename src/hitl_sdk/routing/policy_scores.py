"""Policies over a score vector: of one item every label with its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.routing.policy_cuts import Bands, Threshold

__all__ = ["EachLabel", "LabelSplit"]


@dataclass(frozen=True, slots=True)
class LabelSplit:
    """The labels of one item, by what becomes of each; within a part by falling score.

    Attributes
    ----------
    accepted : tuple of str
        Labels that stand without anybody looking.
    asked : tuple of str
        Labels that a person decides on.
    dropped : tuple of str
        Labels that nobody sees.

    Examples
    --------
    >>> LabelSplit(("Clothing",), ("Hospital",), ()).asked
    ('Hospital',)
    """

    accepted: tuple[str, ...]
    asked: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class EachLabel:
    """Decide on every label of an item by its own score; the item is reviewed if any label is.

    Parameters
    ----------
    rule : Bands or Threshold
        What is asked of each label's score.

    Examples
    --------
    >>> from hitl_sdk.routing import Bands
    >>> policy = EachLabel(Bands(accept=0.90, drop=0.40))
    >>> policy.split({"Hospital": 0.6076, "Clothing": 0.9971, "Clinic": 0.3920})
    LabelSplit(accepted=('Clothing',), asked=('Hospital',), dropped=('Clinic',))
    """

    rule: Bands | Threshold

    def split(self, scores: Mapping[str, float]) -> LabelSplit:
        """Sort the labels of one item into those that are accepted, asked about and dropped.

        Parameters
        ----------
        scores : mapping of str to float
            Every label with its score, from 0 to 1.

        Returns
        -------
        LabelSplit
            Each part by falling score; equal scores by label.

        Examples
        --------
        >>> from hitl_sdk.routing import Bands
        >>> EachLabel(Bands(0.90, 0.40)).split({"Coat": 0.61, "Hat": 0.83}).asked
        ('Hat', 'Coat')
        """
        parts: tuple[list[str], list[str], list[str]] = [], [], []
        for label, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])):
            parts[self.rule._band_at(score).verdict].append(label)
        accepted, dropped, asked = map(tuple, parts)
        return LabelSplit(accepted, asked, dropped)
