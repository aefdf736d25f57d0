"""Labelled predictions as arrays, and what each threshold would have accepted of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import EmptyInputError, InvalidInputError, InvalidPredictionError
from hitl_sdk.routing._frames import predictions_frame, require_columns, require_confidence
from hitl_sdk.routing._partitions import is_partitioned
from hitl_sdk.routing._truth import as_held, is_known, is_right, texts_of_labels
from hitl_sdk.routing.prediction import readable_label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Labelled", "Steps", "collected", "frame_of", "read_labelled", "steps"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Predictions of which it is known whether they are right.

    Attributes
    ----------
    confidence : array of float
        From 0 to 1, one an item.
    right : array of bool
        One an item.
    classes : tuple of str
        The labels that were predicted, sorted; empty where nobody asked.
    class_number : array of int
        Which of them an item has.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    classes: tuple[str, ...]
    class_number: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Steps:
    """What is accepted from each distinct confidence on, from the highest down.

    Attributes
    ----------
    cuts : array of float
        The confidences.
    accepted, errors : array of int
        How many items are accepted from there on, and how many of them are wrong.
    """

    cuts: NDArray[np.float64]
    accepted: NDArray[np.int64]
    errors: NDArray[np.int64]

    @property
    def total(self) -> int:
        return int(self.accepted[-1])


def read_labelled(
    native: object, *, truth: str, label: str, confidence: str, with_classes: bool = False
) -> Labelled:
    """Read a frame of any engine; a lazy one is collected.

    Raises
    ------
    InvalidPredictionError
        If it is no frame, lacks a column, or a confidence is none.
    InvalidInputError
        If labels and truths can't be compared, or a row has no truth.
    EmptyInputError
        If it has no rows.
    """
    wanted = [truth, confidence, *([label] if with_classes else [])]
    frame = as_held(collected(native, wanted, perhaps=[label]), [truth, label])
    if frame.is_empty():
        raise EmptyInputError("there are no labelled predictions", hint="give some whose truth is known")
    require_confidence(frame, confidence)
    unknown = len(frame) - int(frame.select(is_known(frame.schema, truth).sum()).item())
    if unknown:
        raise InvalidInputError(
            f"{unknown:,} of {len(frame):,} rows have no {truth!r}",
            hint="keep those that people have labelled",
        )
    with texts_of_labels():
        right = frame.select(is_right(frame.schema, truth=truth, label=label).alias("right"))["right"]
        if not right.any() and _can_not_be_equal(frame, truth, label):
            raise InvalidInputError(
                f"of {label!r} and {truth!r} one holds texts, none of them a whole number, and the other whole numbers",
                hint=f"convert {truth!r} to labels, or to true and false if 1 says that the model is right",
            )
        names, number = _numbered(frame[label]) if with_classes else ((), right.cast(nw.Int64))
    return Labelled(
        frame[confidence].cast(nw.Float64).to_numpy(), right.to_numpy().astype(bool), names, number.to_numpy()
    )


def collected(native: object, wanted: list[str], perhaps: list[str]) -> nw.DataFrame[Any]:
    """Return the columns of a frame that are wanted, and those of `perhaps` that it has; a lazy one is collected.

    Raises
    ------
    InvalidPredictionError
        If it is no frame, or lacks a column.
    """
    frame = frame_of(native)
    require_columns(frame, wanted)
    there = frame.collect_schema().names()
    chosen: Any = frame.select([name for name in dict.fromkeys([*wanted, *perhaps]) if name in there])
    return chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen


def frame_of(native: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Return a frame of any engine as narwhals sees it; one of dask is collected.

    Raises
    ------
    InvalidPredictionError
        If it is no frame.
    MissingExtraError
        If numpy is not installed.
    """
    load("numpy", extra="calibration", needed_for="calibration")
    frame = predictions_frame(native.compute() if is_partitioned(native) else native)
    if frame is None:
        raise InvalidPredictionError(
            f"{type(native).__name__} is no frame", hint="give a pandas, polars or arrow frame"
        )
    return frame


def steps(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Steps:
    """Return what each distinct confidence would accept, as a threshold.

    Examples
    --------
    >>> import numpy as np
    >>> found = steps(np.array([0.5, 0.9, 0.9]), np.array([False, True, False]))
    >>> found.cuts.tolist(), found.accepted.tolist(), found.errors.tolist()
    ([0.9, 0.5], [2, 3], [1, 2])
    """
    import numpy as np

    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    last = np.flatnonzero(np.diff(sorted_confidence, append=-1.0))
    wrong = np.cumsum(~right[order], dtype=np.int64)
    return Steps(sorted_confidence[last], last + 1, wrong[last])


def _can_not_be_equal(frame: nw.DataFrame[Any], truth: str, label: str) -> bool:
    """Tell whether texts are compared with whole numbers, and no text is one."""
    there = [name for name in (truth, label) if name in frame.columns]
    texts = [name for name in there if not frame[name].dtype.is_numeric()]
    if len(there) != 2 or len(texts) != 1 or frame[truth].dtype == nw.Boolean:
        return False
    return not frame[texts[0]].cast(nw.String).str.contains(r"^-?\d+$").any()


def _numbered(labels: nw.Series[Any]) -> tuple[tuple[str, ...], nw.Series[Any]]:
    """Return the distinct labels, sorted, and for each item the number of its label."""
    if labels.is_null().any():
        raise InvalidInputError(f"a row has no {labels.name!r}", hint="keep the rows that have a label")
    # Booleans and floats as they are: as texts they are others on every engine, and 1.0 is the label "1".
    given = labels if labels.dtype.is_float() or labels.dtype == nw.Boolean else labels.cast(nw.String)
    texts = {value: readable_label(value) for value in given.unique().to_list()}
    odd = [value for value, text in texts.items() if text is None]
    if odd:
        raise InvalidInputError(
            f"the column {labels.name!r} has {odd[0]!r}, which is neither a text nor a whole number",
            hint="a threshold for each label wants labels that are: convert them",
        )
    names = sorted(set(texts.values()))
    number = {name: place for place, name in enumerate(names)}
    return tuple(names), given.replace_strict(
        list(texts), [number[text] for text in texts.values()], return_dtype=nw.Int64
    )
