"""Which confidences of a manifest mean something: those of a single worker do not.

Ground Truth writes 0 where one worker was asked, and wrote 0.09 until 2020 (Amazon SageMaker developer guide, "Labeling
job output data" and "Chaining labeling jobs"; both are in genuine files). Elsewhere 0.09 may be true: it is taken for a single
worker's only where every human confidence of the label attribute is 0 or 0.09.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "OLD_SINGLE",
    "SINGLE_NOTE",
    "Confidences",
    "MixedConfidenceWarning",
    "confidences_in",
    "single_note",
    "warn_of_mixed",
    "without_confidence",
]


class MixedConfidenceWarning(UserWarning):
    """A frame holds confidences of people and of a model, which are on scales of their own.

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore", MixedConfidenceWarning)
    """


OLD_SINGLE = 0.09
SINGLE_NOTE = "the file says 0: one worker was asked"


def single_note(confidence: float) -> str:
    """Say why a confidence is null."""
    return SINGLE_NOTE if confidence == 0 else f"the file says {confidence:g}: one worker was asked"


def confidences_in(value: object) -> Iterator[float]:
    """Yield the confidences of the parts of a label, given as a plain value."""
    if isinstance(value, list):
        for part in value:
            yield from confidences_in(part)
    elif isinstance(value, dict):
        if isinstance(value.get("confidence"), float):
            yield value["confidence"]
        yield from confidences_in(value.get("shapes"))


def without_confidence(value: Any, confidence: float) -> Any:
    """Return the plain value of a label with null in place of one confidence."""
    if isinstance(value, list):
        return [without_confidence(part, confidence) for part in value]
    if isinstance(value, dict):
        changed = {"confidence": None} if value.get("confidence") == confidence else {}
        shapes = {"shapes": without_confidence(value["shapes"], confidence)} if "shapes" in value else {}
        return value | changed | shapes
    return value


@dataclass(slots=True)
class Confidences:
    """What a manifest's confidences have shown so far.

    Attributes
    ----------
    human, model : bool
        Whether there are any, of people and of models, that mean something.
    old_single : set of str
        The label attributes that have 0.09 from people.
    several : set of str
        Those that have others from people than 0 and 0.09, so that several workers were asked.
    """

    human: bool = False
    model: bool = False
    old_single: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)

    def add(self, attribute: str, values: Iterable[float], *, of_model: bool) -> None:
        """Note the confidences of labels, without the 0 of people."""
        for value in values:
            if of_model:
                self.model = True
            elif value == OLD_SINGLE:
                self.old_single.add(attribute)
            else:
                self.human = True
                self.several.add(attribute)

    def include(self, other: Confidences) -> None:
        """Note what another part of the manifest has shown."""
        self.human |= other.human
        self.model |= other.model
        self.old_single |= other.old_single
        self.several |= other.several

    @property
    def single(self) -> set[str]:
        """The label attributes whose 0.09 are a single worker's."""
        return self.old_single - self.several

    @property
    def is_mixed(self) -> bool:
        """Whether there are confidences of people and of models."""
        return self.human and self.model


def warn_of_mixed() -> None:
    """Warn the caller of the caller's caller that confidences of people and of a model stand side by side."""
    warnings.warn(
        "confidences of people and of a model stand in one frame, on scales of their own: compare them within "
        'label_source "human" or "model" alone',
        MixedConfidenceWarning,
        stacklevel=4,
    )
