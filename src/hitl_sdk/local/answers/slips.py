"""How people err: the wrong label, the thing overlooked, the hand that shakes, the typo. Drawn from one generator."""

from __future__ import annotations

import math
import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from random import Random

__all__ = ["Slips", "another", "as_chance", "as_pixels", "confusion_rows", "unknown_label"]

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Slips:
    """The errors of one worker at one task.

    Parameters
    ----------
    rng : random.Random
        Where all chance comes from.
    accuracy : float, optional
        Chance that one thing is right, 0 to 1.
    confusion : mapping, optional
        For each true label the chance of each label said; takes the place of `accuracy` for labels.
    jitter : float, optional
        Standard deviation in pixels of what is drawn.

    Examples
    --------
    >>> from random import Random
    >>> Slips(Random(0), accuracy=0.0).said("cat", ("cat", "dog"))
    'dog'
    """

    rng: Random
    accuracy: float = 1.0
    confusion: Mapping[str, Mapping[str, float]] | None = None
    jitter: float = 0.0

    def errs(self) -> bool:
        """Draw whether the next thing is wrong."""
        return self.rng.random() >= self.accuracy

    def said(self, label: str, choices: Sequence[str]) -> str:
        """Return what somebody says to whom `label` is shown; when wrong, every other is equally likely.

        Raises
        ------
        InvalidInputError
            If the label, or what the confusion matrix has for it, is no choice.
        """
        if label not in choices:
            raise unknown_label(f"the truth {label!r}", choices)
        if self.confusion is None:
            return another(label, choices, self.rng) if self.errs() else label
        if label not in self.confusion:
            raise InvalidInputError(
                f"the confusion matrix has no row for {label!r}",
                hint=f"add one beside {sorted(self.confusion)}",
            )
        row = self.confusion[label]
        said = self.rng.choices(list(row), weights=list(row.values()))[0]
        if said not in choices:
            raise unknown_label(f"{said!r} in the confusion row of {label!r}", choices)
        return said

    def seen(self, label: str, choices: Sequence[str]) -> str | None:
        """Return what a thing is called when it is marked; None if it is overlooked, as every second error is."""
        if self.confusion is not None:
            return self.said(label, choices)
        if label not in choices:
            raise unknown_label(f"the truth {label!r}", choices)
        if not self.errs():
            return label
        return None if len(choices) == 1 or self.rng.random() < 0.5 else another(label, choices, self.rng)

    def chosen(self, labels: Collection[str], choices: Sequence[str]) -> tuple[str, ...]:
        """Return which of several labels are chosen, in the order of the choices: each errs by itself."""
        unknown = [label for label in labels if label not in choices]
        if unknown:
            raise unknown_label(f"the truth {unknown[0]!r}", choices)
        if self.confusion is None:
            return tuple(choice for choice in choices if (choice in labels) != self.errs())
        said = {self.said(label, choices) for label in choices if label in labels}
        return tuple(choice for choice in choices if choice in said)

    def moved(self, pixels: float, least: float, most: float) -> float:
        """Return where a hand puts what belongs at `pixels`, within the image."""
        if not self.jitter:
            return pixels
        return min(max(round(self.rng.gauss(pixels, self.jitter)), least), most)

    def typed(self, text: str) -> str:
        """Return the text with a typo in every word that goes wrong."""
        return _WORD.sub(lambda word: _mistyped(word[0], self.rng) if self.errs() else word[0], text)


def another(label: str, choices: Sequence[str], rng: Random) -> str:
    """Return one of the other choices, all equally likely; the label itself where there is none."""
    others = [choice for choice in choices if choice != label]
    return rng.choice(others) if others else label


def unknown_label(what: str, choices: Sequence[str]) -> InvalidInputError:
    """Return the error for what is none of the choices."""
    return InvalidInputError(f"{what} is no choice", hint=f"the choices are {list(choices)}")


def as_chance(what: str, value: object) -> float:
    """Return `value` if it is a chance.

    Raises
    ------
    InvalidInputError
        If it is no number from 0 to 1.

    Examples
    --------
    >>> as_chance("accuracy", 0.95)
    0.95
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInputError(f"{what} is {value!r}", hint="give a chance from 0 to 1")
    return float(value)


def as_pixels(what: str, value: object) -> float:
    """Return `value` if it is a length in pixels.

    Raises
    ------
    InvalidInputError
        If it is no number from 0.

    Examples
    --------
    >>> as_pixels("jitter", 2)
    2.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise InvalidInputError(f"{what} is {value!r}", hint="give pixels from 0")
    return float(value)


def confusion_rows(confusion: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return a confusion matrix, its labels as texts.

    Raises
    ------
    InvalidInputError
        If a row holds no chances, or they don't sum to 1 within 1e-6.
    """
    rows = {}
    for label, row in confusion.items():
        chances = {
            str(said): as_chance(f"the chance of {said!r} in the confusion row of {label!r}", chance)
            for said, chance in row.items()
        }
        total = math.fsum(chances.values())
        if abs(total - 1) > 1e-6:
            raise InvalidInputError(
                f"the confusion row of {str(label)!r} sums to {total:g}", hint="the chances of a row sum to 1"
            )
        rows[str(label)] = chances
    return rows


def _mistyped(word: str, rng: Random) -> str:
    """Return the word with one letter left out, doubled or wrong; a digit is always another digit."""
    place = rng.randrange(len(word))
    letter, letters = word[place], string.ascii_lowercase
    ways = ["wrong", "doubled", *(["left out"] if len(word) > 1 else [])]
    way = rng.choice(ways)
    if letter.isdigit():
        way, letters = "wrong", string.digits
    typed = {"wrong": another(letter, letters, rng), "doubled": letter * 2, "left out": ""}[way]
    return word[:place] + typed + word[place + 1 :]
