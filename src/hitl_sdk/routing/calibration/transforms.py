"""Mending confidences: temperature scaling and isotonic regression, fitted on labelled predictions.

They are for confidences to mean what they say. Of confidences alone both keep the order, isotonic regression but for ties, so
that thresholds chosen before and after accept the same items; of score vectors they may change it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing._frames import require_columns, require_confidence
from hitl_sdk.routing._truth import is_known
from hitl_sdk.routing.calibration._labelled import collected, frame_of, read_labelled
from hitl_sdk.routing.calibration._scores import read_scores, scores_column
from hitl_sdk.routing.prediction import readable_label

if TYPE_CHECKING:
    from os import PathLike

    import numpy as np
    from narwhals.typing import IntoFrame
    from numpy.typing import NDArray

__all__ = ["Calibrator", "IsotonicCalibration", "TemperatureScaling"]

# A logarithm needs something above 0; scikit-learn takes the same.
_LEAST = 2.0**-52
_COLDEST, _HOTTEST = 0.01, 100.0


class Calibrator(ABC):
    """A way of mending confidences that has been fitted. Abstract: use `TemperatureScaling` or `IsotonicCalibration`.

    Examples
    --------
    >>> issubclass(TemperatureScaling, Calibrator)
    True
    """

    kind: ClassVar[str]
    labels: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        frame: IntoFrame,
        *,
        truth: str = "truth",
        label: str = "label",
        confidence: str = "confidence",
        scores: str | None = None,
    ) -> Self:
        """Learn from predictions whose truth is known.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, ...
            Labelled predictions: of any engine that narwhals knows; a lazy one is collected.
        truth, label, confidence : str
            The columns, as in `calibrate`.
        scores : str, optional
            A column of score vectors to mend, each a mapping of labels to scores from 0 to 1 (a struct, a map, or dicts);
            the confidences alone when left out.

        Returns
        -------
        TemperatureScaling or IsotonicCalibration
            Fitted.

        Raises
        ------
        InvalidInputError
            If a row has no truth, or the data can't tell: all are right, or all are wrong. Or if there are `scores`, and
            `truth` says not which label is true, but whether the model is right.
        InvalidPredictionError
            If a column is missing, or a confidence is none.
        EmptyInputError
            If there are no rows.
        MissingExtraError
            If scikit-learn is not installed.
        """
        if cls is Calibrator:
            raise InvalidInputError(
                "a Calibrator is no way of its own", hint="fit a TemperatureScaling or an IsotonicCalibration"
            )
        labelled = read_labelled(frame, truth=truth, label=label, confidence=confidence)
        if labelled.right.all() or not labelled.right.any():
            all_of = "right" if labelled.right.all() else "wrong"
            raise InvalidInputError(
                f"all {len(labelled.right):,} predictions are {all_of}: there is nothing to learn from",
                hint="label more, also such as the model is not sure of",
            )
        if scores is None:
            return cls._fit_confidence(labelled.confidence, labelled.right)
        columns = collected(frame, [scores, truth], [])
        labels, matrix = read_scores(columns[scores])
        if columns[truth].dtype == nw.Boolean and "True" not in labels:
            raise InvalidInputError(
                f"{truth!r} says whether the model is right, not which label is true",
                hint="score vectors are mended by the true labels; leave out scores to mend the confidences",
            )
        return cls._fit_scores(labels, matrix, _numbers(columns[truth].to_list(), labels, truth))

    def apply(
        self,
        frame: Any,
        *,
        label: str = "label",
        confidence: str = "confidence",
        scores: str = "scores",
        into: str | None = None,
    ) -> Any:
        """Return a frame with mended confidences.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, ...
            Predictions: of any engine that narwhals knows. A lazy one is collected.
        label, confidence, scores : str
            The columns. If it was fitted on score vectors, `scores` is mended, and the confidence is the mended score of the
            label.
        into : str, optional
            Where the mended confidences stand; `confidence` when left out.

        Returns
        -------
        frame of the same kind
            With the same rows in the same order. A row without a confidence, or without a label where scores are mended, has
            no prediction; it keeps its place without one, and a router gives it an outcome of its own.

        Raises
        ------
        InvalidPredictionError
            If a column is missing, or a confidence is none.
        InvalidInputError
            If the scores can't be read, or have labels that were not there when it was fitted.
        """
        table: Any = frame_of(frame)
        require_columns(table, [label, scores] if self.labels else [confidence])
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        import numpy as np

        is_there = is_known(table.collect_schema(), label if self.labels else confidence)
        there = table.select(is_there.alias("there"))["there"].to_numpy().astype(bool)
        confidences = np.full(len(table), np.nan)
        if self.labels:
            _, matrix = read_scores(table[scores], self.labels, there=there)
            said = _numbers(table.filter(is_there)[label].to_list(), self.labels, label)
            matrix[there] = self._mend_scores(matrix[there])
            table = table.with_columns(scores_column(table[scores], self.labels, matrix, there))
            confidences[there] = matrix[there, said]
        else:
            confidences[there] = self._mend(_confidences(table, confidence, is_there)[there])
        name = into or confidence
        table = table.with_columns(nw.new_series(name, confidences, nw.Float64, backend=table.implementation))
        # Not a number becomes null, where the engine tells them apart.
        return nw.to_native(
            table.with_columns(nw.when(~nw.col(name).is_nan()).then(nw.col(name)).alias(name))
        )

    def to_json(self) -> str:
        """Return it as a text of JSON, for `from_json`.

        Examples
        --------
        >>> TemperatureScaling(1.5).to_json()
        '{"kind": "temperature", "temperature": 1.5, "labels": []}'
        """
        return json.dumps({"kind": self.kind} | self._fields())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return what `to_json` wrote; of any kind, if it is asked of `Calibrator`.

        Parameters
        ----------
        text : str
            Of JSON, or its bytes in UTF-8.

        Raises
        ------
        InvalidInputError
            If it is none of this kind.

        Examples
        --------
        >>> TemperatureScaling.from_json('{"kind": "temperature", "temperature": 1.5, "labels": []}').temperature
        1.5
        """
        try:
            given = json.loads(text)
            kind = _KINDS.get(given.pop("kind"), Calibrator)
            if kind is Calibrator or not issubclass(kind, cls):
                raise ValueError("it is of another kind")
            return kind._from_fields(given)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"that is no {cls.__name__}: {error}", hint="give what to_json or save wrote"
            ) from error

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file of JSON.

        Parameters
        ----------
        path : str or path
            Where.
        """
        Path(path).write_text(self.to_json() + "\n", "utf-8")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read it from a file that `save` wrote; one of any kind, if it is asked of `Calibrator`.

        Parameters
        ----------
        path : str or path
            Where.

        Raises
        ------
        InvalidInputError
            If it holds none of this kind.
        """
        return cls.from_json(Path(path).read_bytes())

    @classmethod
    @abstractmethod
    def _fit_confidence(cls, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Self:
        """Learn from confidences."""

    @classmethod
    @abstractmethod
    def _fit_scores(
        cls, labels: tuple[str, ...], scores: NDArray[np.float64], true: NDArray[np.int64]
    ) -> Self:
        """Learn from score vectors, one a row, and the number of the true label of each."""

    @abstractmethod
    def _mend(self, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return mended confidences."""

    @abstractmethod
    def _mend_scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return mended score vectors."""

    @abstractmethod
    def _fields(self) -> dict[str, object]:
        """Return what it has learned, ready for JSON."""

    @classmethod
    @abstractmethod
    def _from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return it of what `_fields` returned."""


@dataclass(frozen=True, slots=True)
class TemperatureScaling(Calibrator):
    """Divides logits by one number, the temperature: above 1 confidences shrink, below 1 they grow (Guo et al., 2017).

    The temperature is that of the greatest likelihood, between 0.01 and 100. Of confidences alone the logit is
    ``log(c / (1 - c))`` of being right; of score vectors the logits are the scores' logarithms, and the mended scores sum to 1.
    A confidence of exactly 0 or 1, or a score of 0, counts as 2**-52 away from it: it has been rounded, and has no logit.

    Parameters
    ----------
    temperature : float
        Above 0; usually from `fit`.
    labels : tuple of str, default ()
        Those of the score vectors that it was fitted on; empty where it was fitted on confidences.

    Raises
    ------
    InvalidInputError
        If the temperature is no number above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"truth": [True] * 7 + [False] * 3, "confidence": [0.9] * 10})
    >>> mended = TemperatureScaling.fit(frame)
    >>> round(mended.temperature, 2), mended.apply(frame)["confidence"].round(3).unique().tolist()
    (2.59, [0.7])
    """

    temperature: float
    labels: tuple[str, ...] = ()

    kind: ClassVar[str] = "temperature"

    def __post_init__(self) -> None:
        if not (isinstance(self.temperature, Real) and 0 < self.temperature < float("inf")):
            raise InvalidInputError(
                f"temperature={self.temperature!r} is no number above 0", hint="let fit find it"
            )

    @classmethod
    def _fit_confidence(cls, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Self:
        import numpy as np

        logits = _logits(confidence)
        against = np.where(right, -logits, logits)
        return cls(_likeliest(lambda inverse: float(np.logaddexp(0, inverse * against).sum())))

    @classmethod
    def _fit_scores(
        cls, labels: tuple[str, ...], scores: NDArray[np.float64], true: NDArray[np.int64]
    ) -> Self:
        special = load("scipy.special", extra="calibration", needed_for="temperature scaling")
        import numpy as np

        logits = np.log(np.maximum(scores, _LEAST))
        of_truth = logits[range(len(true)), true]

        def loss(inverse: float) -> float:
            return float((special.logsumexp(inverse * logits, axis=1) - inverse * of_truth).sum())

        return cls(_likeliest(loss), labels)

    def _mend(self, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        special = load("scipy.special", extra="calibration", needed_for="temperature scaling")
        return special.expit(_logits(confidence) / self.temperature)  # type: ignore[no-any-return]

    def _mend_scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        # A 0 is a score too small to be told. Left at 0 it would stay there at any temperature, and the best score at 1.
        smallest = np.where(scores > 0, scores, _LEAST).min(axis=1, keepdims=True)
        kept = np.where(scores > 0, scores, smallest)
        # Divided by the greatest first: a small number to a high power would be 0.
        powers = (kept / kept.max(axis=1, keepdims=True)) ** (1 / self.temperature)
        return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

    def _fields(self) -> dict[str, object]:
        return {"temperature": self.temperature, "labels": list(self.labels)}

    @classmethod
    def _from_fields(cls, fields: dict[str, Any]) -> Self:
        return cls(float(fields["temperature"]), _read_labels(fields))


@dataclass(frozen=True, slots=True)
class IsotonicCalibration(Calibrator):
    """Replaces a confidence by what was right of those near it, such that more never becomes less (Zadrozny and Elkan, 2002).

    It can mend any shape, and wants more data than a temperature: some hundred items. Of score vectors each label's scores
    are mended by themselves, as whether it is the true one, and then divided by their sum.

    Parameters
    ----------
    knots : tuple
        For confidences, or for each label: the confidences at which the line bends, and what becomes of them.
    labels : tuple of str, default ()
        Those of the score vectors that it was fitted on; empty where it was fitted on confidences.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"truth": [False, True, False, True, True], "confidence": [0.5, 0.6, 0.7, 0.8, 0.9]})
    >>> IsotonicCalibration.fit(frame).apply(frame)["confidence"].tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    """

    knots: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    labels: tuple[str, ...] = ()

    kind: ClassVar[str] = "isotonic"

    @classmethod
    def _fit_confidence(cls, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Self:
        return cls((_knots(confidence, right),))

    @classmethod
    def _fit_scores(
        cls, labels: tuple[str, ...], scores: NDArray[np.float64], true: NDArray[np.int64]
    ) -> Self:
        return cls(tuple(_knots(scores[:, n], true == n) for n in range(len(labels))), labels)

    def _mend(self, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        return np.interp(confidence, *self.knots[0])

    def _mend_scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        mended = np.column_stack([np.interp(scores[:, n], *knots) for n, knots in enumerate(self.knots)])
        sums = mended.sum(axis=1, keepdims=True)
        # Where every label came out as impossible, nothing is known, as scikit-learn has it.
        nothing_known = np.full_like(mended, 1 / len(self.labels))
        return np.divide(mended, sums, out=nothing_known, where=sums > 0)  # type: ignore[no-any-return]

    def _fields(self) -> dict[str, object]:
        return {"knots": [[list(x), list(y)] for x, y in self.knots], "labels": list(self.labels)}

    @classmethod
    def _from_fields(cls, fields: dict[str, Any]) -> Self:
        knots = tuple((tuple(map(float, x)), tuple(map(float, y))) for x, y in fields["knots"])
        if not knots or any(len(x) != len(y) or not x for x, y in knots):
            raise ValueError("its knots are no pairs of equally long lists")
        if any(list(x) != sorted(x) or not all(0 <= each <= 1 for each in (*x, *y)) for x, y in knots):
            raise ValueError("its knots are no rising numbers from 0 to 1")
        labels = _read_labels(fields)
        if len(knots) != max(len(labels), 1):
            raise ValueError("it has not as many knots as labels")
        return cls(knots, labels)


_KINDS: dict[str, type[Calibrator]] = {each.kind: each for each in (TemperatureScaling, IsotonicCalibration)}


def _read_labels(fields: dict[str, Any]) -> tuple[str, ...]:
    labels = fields["labels"]
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        raise ValueError("its labels are no texts")
    return tuple(labels)


def _confidences(table: nw.DataFrame[Any], column: str, is_there: nw.Expr) -> NDArray[np.float64]:
    """Return the confidences of a frame, checked; 0 where there is none."""
    require_confidence(table, column, strict=False)
    kept = nw.when(is_there).then(nw.col(column).cast(nw.Float64)).otherwise(nw.lit(0.0))
    filled = table.with_columns(kept.alias(column))
    require_confidence(filled, column)
    return filled[column].to_numpy()


def _logits(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logits that are fitted and mended: those of 0 and 1 would have no end, and no temperature would change them."""
    special = load("scipy.special", extra="calibration", needed_for="temperature scaling")
    import numpy as np

    return special.logit(np.clip(confidence, _LEAST, 1 - _LEAST))  # type: ignore[no-any-return]


def _knots(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    isotonic = load("sklearn.isotonic", extra="calibration", needed_for="isotonic calibration")
    fitted = isotonic.IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(x, y.astype(float))
    return tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist())


def _likeliest(loss: Any) -> float:
    """Return the temperature of the least loss, which is convex in its inverse."""
    optimize = load("scipy.optimize", extra="calibration", needed_for="temperature scaling")
    import numpy as np

    found = optimize.minimize_scalar(
        lambda log_temperature: loss(float(np.exp(-log_temperature))),
        bounds=(float(np.log(_COLDEST)), float(np.log(_HOTTEST))),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x))


def _numbers(said: list[Any], labels: tuple[str, ...], column: str) -> NDArray[np.int64]:
    """Return which of the labels each row names."""
    import numpy as np

    number = {label: n for n, label in enumerate(labels)}

    def name(label: Any) -> str:
        # A column of whole numbers with a gap arrives as floats: 1.0 is the label "1", where none is named "1.0".
        is_whole = isinstance(label, float) and label.is_integer() and str(label) not in number
        return str(readable_label(label) if is_whole else label)

    try:
        return np.array([number[name(each)] for each in said], np.int64)
    except KeyError as error:
        raise InvalidInputError(
            f"{column!r} has {error.args[0]!r}, of which there is no score",
            hint=f"the scores are of {', '.join(map(repr, labels[:10]))}",
        ) from None
