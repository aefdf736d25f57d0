"""Export to a Hugging Face data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hitl_sdk._optional import load
from hitl_sdk.labels import to_value
from hitl_sdk.training._rows import CURRENT, labelled_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import datasets

    from hitl_sdk.labels import LabelType
    from hitl_sdk.tasks import Task

__all__ = ["to_huggingface"]

_MODEL = "model_label"
_TYPES = {str: "string", float: "float64", int: "int64", bool: "bool", bytes: "binary"}
_NAMES = frozenset({"label", "labels"})  # the entries of a structure that hold the task's labels


def to_huggingface(frame: object, task: Task) -> datasets.Dataset:
    """Return a `datasets.Dataset` of a training frame, with features that know the task's classes.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it. Rows in force with a label are in it.
    task : Task
        What was asked.

    Returns
    -------
    datasets.Dataset
        The columns of the frame. ``label`` is a `datasets.ClassLabel` for one label, with the task's labels in their
        order, a list of them for several; in boxes, polygons, keypoints, spans and masks it is the entry ``label`` or
        ``labels``. Free text and the fields of forms are plain values. ``model_label`` is the same. The features of
        other columns are found by `datasets`.

    Raises
    ------
    InvalidInputError
        If a label is none of the task's, naming the item.
    EmptyInputError
        If no row has a label.
    MissingExtraError
        If `datasets` is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> frame = pd.DataFrame({"item_id": ["1", "2"], "item": ["It broke", "Fine"], "label": ["-1", "1"]})
    >>> dataset = to_huggingface(frame, task)
    >>> dataset.features["label"].names, dataset["label"][:]
    (['-1', '0', '1'], [0, 2])
    """
    hub = load("datasets", extra="huggingface", needed_for="a Hugging Face data set")
    rows, _ = labelled_rows(frame, task)
    columns: dict[str, list[Any]] = {
        name: [row.columns[name] for row in rows] for name in rows[0].columns if name not in {CURRENT, _MODEL}
    }
    features = dict(hub.Dataset.from_dict(columns).features)
    columns["label"] = [to_value(row.label) for row in rows]
    features["label"] = _feature(hub, task.label_type, task.label_names)
    if _MODEL in rows[0].columns:
        said = (row.columns[_MODEL] for row in rows)
        columns[_MODEL] = [None if each is None else to_value(task.normalise_label(each)) for each in said]
        features[_MODEL] = _feature(hub, task.model_label_type, task.model_label_names)
    made: datasets.Dataset = hub.Dataset.from_dict(columns, features=hub.Features(features))
    return made


def _feature(hub: Any, kind: LabelType, names: Sequence[str], *, of_class: bool = True) -> Any:
    """Return the feature of a label's type; texts are classes where the task's labels stand."""
    if isinstance(kind, list):
        return hub.List(_feature(hub, kind[0], names, of_class=of_class))
    if isinstance(kind, dict):
        return {name: _feature(hub, part, names, of_class=name in _NAMES) for name, part in kind.items()}
    if kind is str and names and of_class:
        return hub.ClassLabel(names=list(names))
    return hub.Value(_TYPES[kind])
