"""Weights for training: what people corrected may count more than what a model said by itself."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._columns import read_column
from hitl_sdk._equality import value_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import mask_pixels, read_mask
from hitl_sdk.training._rows import as_training_frame, in_force

if TYPE_CHECKING:
    from collections.abc import Hashable

    from narwhals.typing import IntoDataFrameT

__all__ = ["with_sample_weights"]


def with_sample_weights(
    frame: IntoDataFrameT,
    *,
    correction: float = 2.0,
    human: float = 1.0,
    model: float = 1.0,
    column: str = "sample_weight",
) -> IntoDataFrameT:
    """Return a training frame with a column of weights, for ``fit(..., sample_weight=frame["sample_weight"])``.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it.
    correction : float, default 2.0
        The weight where people's label differs from the model's. Confidences make no difference, nor does the order
        of boxes or spans.
    human : float, default 1.0
        The weight of other labels of people: of those that confirm the model's, judge it, or stand alone.
    model : float, default 1.0
        The weight of a model's label that nobody has looked at.
    column : str, default "sample_weight"
        The new column's name; an old one of that name is replaced.

    Returns
    -------
    frame
        Of the same engine; float64. A row that can't be trained on, for it has no label or is not in force, weighs 0.

    Raises
    ------
    InvalidInputError
        If a weight is negative or no finite number, or the frame is no training frame.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"label": ["1", "0", "1"], "label_source": ["model", "human", "human"], "model_label": ["1", "1", "1"]}
    ... )
    >>> with_sample_weights(frame, correction=3)["sample_weight"].tolist()
    [1.0, 3.0, 1.0]
    """
    for name, weight in {"correction": correction, "human": human, "model": model}.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise InvalidInputError(f"{name}={weight!r} is no weight", hint="give a number of 0 or more")
    data = as_training_frame(frame, "label", "label_source", "model_label")

    def weight_of(current: bool, label: Any, source: Any, said: Any) -> float:
        if label is None or not current:
            return 0.0
        if source == "model":
            return float(model)
        return float(correction if _differ(label, said) else human)

    rows = zip(
        in_force(data),
        *(read_column(data[name]) for name in ("label", "label_source", "model_label")),
        strict=True,
    )
    weights = [weight_of(*row) for row in rows]
    return data.with_columns(
        nw.new_series(column, weights, nw.Float64(), backend=data.implementation)
    ).to_native()


def _differ(label: Any, said: Any) -> bool:
    """Tell whether two labels of one kind say something else; of two kinds, one is a judgement of the other."""
    if said is None or any(isinstance(label, kind) != isinstance(said, kind) for kind in (str, Mapping)):
        return False
    return _said(label) != _said(said)


def _said(label: Any) -> Hashable:
    """Return what a label says: no confidences, its parts in any order, a mask as what each pixel is."""
    if isinstance(label, str):
        return label
    if isinstance(label, Mapping):
        if {"shapes", "image_width"} <= label.keys():
            return _said(label["shapes"])
        if {"png", "labels"} <= label.keys():
            mask = read_mask(label)
            names = ("", *mask.labels)
            return tuple(names[pixel] for pixel in mask_pixels(mask).ravel().tolist())
        return value_key({name: part for name, part in label.items() if name != "confidence"})
    return frozenset(Counter(map(_said, label)).items())
