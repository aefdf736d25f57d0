"""Predictions of a source as a frame, for policies, replays and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.labels import to_value
from hitl_sdk.routing.prediction import InvalidPrediction, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame, Kind

__all__ = ["predictions_frame"]

_SCORES: Kind = [{"label": str, "score": float}]
_KINDS: dict[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "label": "text",
    "confidence": "float",
    "scores": _SCORES,
    "error": "text",
}


@overload
def predictions_frame(
    predictions: Iterable[Prediction | InvalidPrediction], engine: Literal["pandas"] = ...
) -> pd.DataFrame: ...
@overload
def predictions_frame(
    predictions: Iterable[Prediction | InvalidPrediction], engine: Literal["polars"]
) -> pl.DataFrame: ...
@overload
def predictions_frame(
    predictions: Iterable[Prediction | InvalidPrediction], engine: Literal["arrow"]
) -> pa.Table: ...


def predictions_frame(
    predictions: Iterable[Prediction | InvalidPrediction], engine: Engine = "pandas"
) -> Frame:
    """Return predictions as a frame: a row each, in their order.

    Parameters
    ----------
    predictions : iterable of Prediction or InvalidPrediction
        As sources give them.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        With the columns `item_id`, `item`, `label`, `confidence`, `scores` (a list of label and score) and `error`, which is
        null for what can be used; then those of `Prediction.extra`. What can't be used has no label;
        a structured one is lists and dicts.

    Raises
    ------
    InvalidInputError
        If the engine is none of the three.
    MissingExtraError
        If it is not installed; nothing has been asked of the source then.
    InvalidPredictionError
        If something else stands among the predictions, such as the names of a frame's columns.

    Examples
    --------
    >>> from hitl_sdk.routing import from_callable
    >>> frame = predictions_frame(from_callable(lambda text: ("1", 0.9), ["It is okay", None]))
    >>> print(frame[["item_id", "label", "confidence"]].to_string(index=False))
    item_id label  confidence
          0     1         0.9
          1   NaN         NaN
    >>> frame["error"][1]
    "item '1': the item is empty or not a text (give the content, or its S3 URI)"
    """
    columns: dict[str, list[Any]] = {name: [] for name in _KINDS}
    build_frame(columns, _KINDS, engine)  # an engine that can't be is told before a source is asked, and paid
    extras: list[Mapping[str, object]] = []
    for prediction in predictions:
        for name, value in _row(prediction).items():
            columns[name].append(value)
        extras.append({} if isinstance(prediction, InvalidPrediction) else prediction.extra or {})
    own = {name: None for extra in extras for name in extra if name not in _KINDS}
    extra = {name: [each.get(name) for each in extras] for name in own}
    if all(label is None or isinstance(label, str) for label in columns["label"]):
        return build_frame(columns, _KINDS, engine, extra=extra)
    of_structures: dict[str, Kind] = {name: kind for name, kind in _KINDS.items() if name != "label"}
    return build_frame(columns, of_structures, engine, extra={"label": columns["label"], **extra})


def _row(prediction: Prediction | InvalidPrediction) -> dict[str, object]:
    if isinstance(prediction, InvalidPrediction):
        item = prediction.item.encode(
            "utf-8", "backslashreplace"
        ).decode()  # half a surrogate pair fits no frame
        nothing = dict.fromkeys(("label", "confidence", "scores"))
        return {"item_id": prediction.item_id, "item": item, **nothing, "error": str(prediction.error)}
    if not isinstance(prediction, Prediction):
        raise InvalidPredictionError(
            f"{type(prediction).__name__} is no Prediction", hint="give the predictions of a source"
        )
    scores = None
    if prediction.scores is not None:
        scores = [{"label": label, "score": score} for label, score in prediction.scores.items()]
    return {
        "item_id": prediction.item_id,
        "item": prediction.item,
        "label": to_value(prediction.label),
        "confidence": prediction.confidence,
        "scores": scores,
        "error": None,
    }
