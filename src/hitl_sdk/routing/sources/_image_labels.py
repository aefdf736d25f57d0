"""How the many labels of an image, each with a confidence of its own, become one prediction.

Those from `threshold` on are the prediction, all are its `scores`. The item's confidence is that of the least sure
predicted label. Where no label is predicted, it is the confidence that there is none: 1 less the highest score; and
where the service returned none at all, 1 less the `min_confidence` that it was asked for, since it says no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._shares import share
from hitl_sdk.routing.sources._asking import predicted, read_as_told, unusable
from hitl_sdk.routing.sources._records import checked_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = ["LabelCount"]


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Which labels of a response count, and how they become one prediction.

    Made by `made`, which checks them.

    Examples
    --------
    >>> LabelCount.made(None, 0.05, 0.5).percentage
    5.0
    """

    labels: tuple[str, ...] | None
    min_confidence: float
    threshold: float
    one_label: bool = False

    @classmethod
    def made(
        cls,
        labels: Iterable[str] | None,
        min_confidence: float,
        threshold: float,
        *,
        one_label: bool = False,
    ) -> LabelCount:
        """Return it, or refuse what can't be.

        Raises
        ------
        InvalidInputError
            If a label stands twice, or a confidence is not from 0 to 1.
        """
        min_confidence, threshold = share("min_confidence", min_confidence), share("threshold", threshold)
        if min_confidence > threshold:
            raise InvalidInputError(
                f"min_confidence={min_confidence!r}, threshold={threshold!r}",
                hint="give a min_confidence that is not above threshold",
            )
        return cls(checked_labels(labels), min_confidence, threshold, one_label)

    @property
    def percentage(self) -> float:
        """`min_confidence` as Rekognition takes it."""
        return round(self.min_confidence * 100, 6)

    def outcome(
        self,
        asked: Asked,
        found: Iterable[Mapping[str, Any]],
        raw: object,
        *,
        extra: Mapping[str, object] | None = None,
    ) -> Outcome:
        """Return the prediction that the labels found make."""
        scores: dict[str, float] = {}
        with read_as_told("Rekognition"):
            for each in found:
                name = each["Name"]
                if self.labels is None or name in self.labels:
                    scores[name] = max(scores.get(name, 0.0), each["Confidence"] / 100)
        scores = dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
        if self.one_label:
            if not scores:
                return unusable(asked, f"no label has a score of {self.min_confidence} or more", raw=raw)
            label, score = next(iter(scores.items()))
            return predicted(asked, label, score, scores=scores, extra=extra, raw=raw)
        chosen = tuple(name for name, score in scores.items() if score >= self.threshold)
        confidence = scores[chosen[-1]] if chosen else 1 - max(scores.values(), default=self.min_confidence)
        return predicted(asked, chosen, confidence, scores=scores, extra=extra, raw=raw)
