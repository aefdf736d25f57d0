"""Active learning as Ground Truth does it: which objects people label next, and which a model may label.

The loop is a function of what stands: it keeps nothing between its steps, so a job can be killed after any of
them and goes on where it was. Whoever runs it asks people for `Step.ask`, keeps `Step.labels`, and calls again.
"""

from __future__ import annotations

import copy
import math
import random
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

__all__ = [
    "PROBE",
    "TARGET",
    "ActiveLearning",
    "Estimator",
    "Features",
    "MachineLabel",
    "Step",
    "confidence_threshold",
    "validation_size",
]

PROBE = 10
"""Objects of the first iteration."""

MOST_PROBE_FAILURES = 0.1
"""The share of the probe that may fail; the job fails above it."""

TARGET = 0.95
"""How often the model has to be right, from the threshold on: AWS's own number for classifications."""

Features: TypeAlias = "Callable[[str], Sequence[float] | str | None]"
"""Makes of the id of an object its row of `X`: numbers, or a text; None for what no model can see."""


Purpose: TypeAlias = Literal["probe", "training", "validation", "selection", "end"]
"""What people label some objects for."""


class Estimator(Protocol):
    """Any classifier with scikit-learn's three names.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> estimator: Estimator = LogisticRegression()
    """

    classes_: Any

    def fit(self, X: Any, y: Any, /) -> Any:
        """Learn from rows and their labels."""
        ...

    def predict_proba(self, X: Any, /) -> Any:
        """Return one row a row of `X`: the probability of each class, in the order of `classes_`."""
        ...


@dataclass(frozen=True, slots=True)
class MachineLabel:
    """What the model says of an object, and how sure it is, 0 to 1."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next.

    Attributes
    ----------
    ask : tuple of str
        The objects that people label next, at most a batch. Empty: the loop has ended.
    purpose : {"probe", "training", "validation", "selection", "end"}
        What they are for; ``"selection"`` are those that the model is least sure of.
    labels : mapping of str to MachineLabel
        What the model may label.
    threshold : float or None
        The confidence from which it may; None if no confidence is enough, or there is no model yet.
    accuracy : float or None
        How often it was right on the validation set from there on.
    model : Estimator or None
        The model, where one was trained.
    failure : str or None
        Why the loop can't go on.
    """

    ask: tuple[str, ...] = ()
    purpose: Purpose = "end"
    labels: Mapping[str, MachineLabel] = field(default_factory=dict)
    threshold: float | None = None
    accuracy: float | None = None
    model: Estimator | None = None
    failure: str | None = None


def validation_size(n_objects: int) -> int:
    """Return how many objects the validation set has: a fifth of fewer than 5,000, else a tenth.

    Examples
    --------
    >>> validation_size(1250), validation_size(5000)
    (250, 500)
    """
    return math.ceil(n_objects / (5 if n_objects < 5000 else 10))


def confidence_threshold(
    confidences: Sequence[float], correct: Sequence[bool], target: float
) -> tuple[float, float] | None:
    """Return the lowest confidence from which the model is right often enough, and how often it is.

    It takes enough objects from there on to tell the target from certainty, 20 for 95 %: AWS documents no
    such number, but one lucky hit proves nothing.

    Parameters
    ----------
    confidences : sequence of float
        The model's confidence in its label of each object of the validation set.
    correct : sequence of bool
        Whether people said the same.
    target : float
        How often it has to be right, 0 to 1.

    Returns
    -------
    tuple of float, or None
        None if no confidence is enough.

    Examples
    --------
    >>> confidences = [0.9] * 19 + [0.8] + [0.4] * 5
    >>> confidence_threshold(confidences, [True] * 20 + [False] * 5, 0.95)
    (0.8, 1.0)
    """
    fewest = math.ceil(round(1 / (1 - target), 9)) if target < 1 else len(confidences)
    pairs = sorted(zip(confidences, correct, strict=True), reverse=True)
    found, hits = None, 0
    for count, (confidence, is_right) in enumerate(pairs, 1):
        hits += is_right
        same_follows = count < len(pairs) and pairs[count][0] == confidence
        if not same_follows and count >= fewest and hits / count >= target:
            found = (confidence, hits / count)
    return found


class ActiveLearning:
    """Ground Truth's loop over the objects of one job: probe, training batch, validation set, then the model.

    Parameters
    ----------
    ids : sequence of str
        The objects to label, each once.
    estimator : Estimator
        An untrained classifier; a copy of it is trained at every step.
    features : callable
        Makes of an object's id its row of `X`: numbers, all rows alike, or a text. What it gives None for
        is left to people. Asked for only once there is something to train.
    batch_size : int, default 1000
        The most objects that people get at once (``MaxConcurrentTaskCount``).
    target : float, default 0.95
        How often a machine label has to be right, above 0, up to 1.
    seed : int, default 0
        Of the order in which objects are drawn.

    Raises
    ------
    InvalidInputError
        If an id is there twice, or a number is out of its range.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> ids = [str(number) for number in range(1500)]
    >>> loop = ActiveLearning(ids, LogisticRegression(), lambda each: [int(each) / 1500])
    >>> for step in loop.run(lambda some: {each: "high" if int(each) >= 750 else "low" for each in some}):
    ...     print(step.purpose, len(step.ask), len(step.labels))
    probe 10 0
    training 990 0
    validation 300 0
    selection 2 198
    end 0 0
    """

    def __init__(
        self,
        ids: Sequence[str],
        estimator: Estimator,
        features: Features,
        *,
        batch_size: int = 1000,
        target: float = TARGET,
        seed: int = 0,
    ) -> None:
        if len(set(ids)) != len(ids):
            raise InvalidInputError("an object is there twice", hint="give every id once")
        if batch_size < 1 or not 0 < target <= 1:
            raise InvalidInputError(
                f"batch_size={batch_size}, target={target}",
                hint="give a batch of at least 1, and a target above 0, up to 1",
            )
        self._estimator = estimator
        self._features = features
        self._batch_size = batch_size
        self._target = target
        self._drawn = random.Random(seed).sample(list(ids), len(ids))
        n_validation = validation_size(len(ids))
        first_batch = self._drawn[: min(batch_size, len(ids) - n_validation)]
        self._probe, self._training = first_batch[:PROBE], first_batch[PROBE:]
        self._validation = self._drawn[len(first_batch) : len(first_batch) + n_validation]

    def step(
        self,
        human: Mapping[str, str],
        machine: Collection[str] = (),
        failed: Collection[str] = (),
        *,
        most_asked: float = math.inf,
        most_labeled: float = math.inf,
    ) -> Step:
        """Say what comes next, given what stands. The same again gives the same.

        Parameters
        ----------
        human : mapping of str to str
            The labels that people gave, by object.
        machine : collection of str, optional
            The objects that have a machine label.
        failed : collection of str, optional
            The objects that got no label and get none.
        most_asked : float, optional
            How many objects people may still be asked for.
        most_labeled : float, optional
            How many objects may still get a label of either kind.

        Raises
        ------
        InvalidInputError
            If the estimator or the features can't be worked with.
        """
        failures = sum(each in failed for each in self._probe)
        if failures > MOST_PROBE_FAILURES * len(self._probe):
            return Step(failure=f"{failures} of the {len(self._probe)} probe objects failed, more than 10 %")
        seen = human.keys() | set(machine) | set(failed)
        room = min(self._batch_size, most_asked, most_labeled)
        for purpose, drawn in self._schedule():
            if waiting := [each for each in drawn if each not in seen]:
                return _asking(purpose, waiting, room)
        open_ = [each for each in self._drawn if each not in seen]
        if not open_ or most_labeled <= 0:
            return Step()
        lesson = self._trained(human)
        if lesson is None:
            return _asking("selection", open_, room)
        return self._selected(lesson, open_, most_asked, most_labeled)

    def run(self, ask: Callable[[Sequence[str]], Mapping[str, str]]) -> Iterator[Step]:
        """Go through the loop to its end, with people who answer at once.

        Parameters
        ----------
        ask : callable
            Takes ids of objects, returns the label of each; what it leaves out has failed.

        Yields
        ------
        Step
            Each one, after its objects have been asked for.
        """
        human: dict[str, str] = {}
        machine: set[str] = set()
        failed: set[str] = set()
        while True:
            step = self.step(human, machine, failed)
            machine |= step.labels.keys()
            answers = ask(step.ask) if step.ask else {}
            human |= answers
            failed |= set(step.ask) - answers.keys()
            yield step
            if not step.ask:
                return

    def _schedule(self) -> tuple[tuple[Purpose, list[str]], ...]:
        """Return what people label before there is a model, in order."""
        return ("probe", self._probe), ("training", self._training), ("validation", self._validation)

    def _trained(self, human: Mapping[str, str]) -> _Lesson | None:
        """Train on what people labelled outside of the validation set, and measure on that; None if there is too little."""
        held_out = set(self._validation)
        training = self._rows([each for each in self._drawn if each in human and each not in held_out])
        validation = self._rows([each for each in self._validation if each in human])
        if not validation or len({human[each] for each in training}) < 2:
            return None
        model = copy.deepcopy(self._estimator)
        matrix = _matrix(training)
        with _told(model, "fit"):
            model.fit(matrix, [human[each] for each in training])
        verdicts = _verdicts(model, validation)
        found = confidence_threshold(
            [verdict.confidence for verdict in verdicts.values()],
            [verdict.label == human[each] for each, verdict in verdicts.items()],
            self._target,
        )
        return _Lesson(model, *(found or (None, None)))

    def _selected(
        self, lesson: _Lesson, open_: Sequence[str], most_asked: float, most_labeled: float
    ) -> Step:
        """Let the model label what it is sure of, and people what it is least sure of."""
        verdicts = _verdicts(lesson.model, self._rows(open_))
        unseen = [each for each in open_ if each not in verdicts]
        by_doubt = sorted(verdicts, key=lambda each: verdicts[each].confidence)  # as drawn where equal
        sure = [each for each in by_doubt if _reaches(verdicts[each].confidence, lesson.threshold)]
        doubtful = unseen + by_doubt[: len(by_doubt) - len(sure)]
        sure = sure[max(0, len(sure) - int(min(most_labeled, len(sure)))) :]
        asking = _asking("selection", doubtful, min(self._batch_size, most_asked, most_labeled - len(sure)))
        return replace(
            asking,
            labels={each: verdicts[each] for each in sure},
            threshold=lesson.threshold,
            accuracy=lesson.accuracy,
            model=lesson.model,
        )

    def _rows(self, ids: Sequence[str]) -> dict[str, Sequence[float] | str]:
        """Return the rows of the objects that a model can see."""
        rows = {each: self._features(each) for each in ids}
        return {each: row for each, row in rows.items() if row is not None}


@dataclass(frozen=True, slots=True)
class _Lesson:
    model: Estimator
    threshold: float | None
    accuracy: float | None


def _asking(purpose: Purpose, waiting: Sequence[str], room: float) -> Step:
    ask = tuple(waiting[: int(max(0, min(room, len(waiting))))])
    return Step(ask, purpose) if ask else Step()


def _reaches(confidence: float, threshold: float | None) -> bool:
    return threshold is not None and confidence >= threshold


def _verdicts(model: Estimator, rows: Mapping[str, Sequence[float] | str]) -> dict[str, MachineLabel]:
    """Return the model's most probable class of each row."""
    if not rows:
        return {}
    numpy = load("numpy", extra="consensus", needed_for="automated labeling")
    matrix = _matrix(rows)
    with _told(model, "predict_proba"):
        table = numpy.asarray(model.predict_proba(matrix), dtype=float)
    if table.shape != (len(rows), len(model.classes_)) or not ((table >= 0) & (table <= 1)).all():
        raise InvalidInputError(
            f"{type(model).__name__}.predict_proba gave an array of shape {table.shape}",
            hint=f"it gives probabilities, for {len(rows)} rows and {len(model.classes_)} classes",
        )
    best = table.argmax(axis=1)
    return {
        each: MachineLabel(str(model.classes_[column]), float(row[column]))
        for each, row, column in zip(rows, table, best, strict=True)
    }


@contextmanager
def _told(model: Estimator, method: str) -> Iterator[None]:
    """Say which method of the user's estimator failed, whatever it raises."""
    try:
        yield
    except Exception as error:
        raise InvalidInputError(
            f"{type(model).__name__}.{method} failed: {type(error).__name__}: {error}",
            hint="look whether its features are what it takes",
        ) from error


def _matrix(rows: Mapping[str, Sequence[float] | str]) -> Any:
    """Return the rows as an estimator takes them: texts as a list, numbers as an array."""
    values = list(rows.values())
    if all(isinstance(value, str) for value in values):
        return values
    numpy = load("numpy", extra="consensus", needed_for="automated labeling")
    try:
        matrix = numpy.array(values, dtype=float)
    except (TypeError, ValueError):
        matrix = numpy.empty(0)
    if matrix.ndim != 2:
        raise InvalidInputError(
            "the features of the objects are no table of numbers",
            hint="give every object a vector of the same length, or a text",
        )
    return matrix
