"""A source's predictions as a frame."""

import polars as pl
import pytest

from hitl_sdk import Margin, Threshold
from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.labels import FormField
from hitl_sdk.routing import InvalidPrediction, Prediction, decide_batch, from_callable, predictions_frame

PREDICTIONS = [
    Prediction("a", "It is okay", "1", 0.54, scores={"1": 0.54, "0": 0.46}, extra={"stars": 3}),
    InvalidPrediction("b", "\ud800", InvalidPredictionError("no label")),
    Prediction("c", "Never again", "0", 0.97),
]


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_there_is_a_row_each_and_what_is_wrong_is_said(engine):
    frame = predictions_frame(PREDICTIONS, engine)
    rows = (pl.from_pandas(frame) if engine == "pandas" else pl.DataFrame(frame)).to_dicts()
    assert [row["item_id"] for row in rows] == ["a", "b", "c"]
    assert [row["label"] for row in rows] == ["1", None, "0"]
    assert [row["error"] for row in rows] == [None, "no label", None]
    assert rows[0]["scores"] == [{"label": "1", "score": 0.54}, {"label": "0", "score": 0.46}]
    assert (rows[0]["stars"], rows[1]["item"]) == (3, "\\ud800")


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("policy", [Threshold(0.9), Margin(0.2)])
def test_policies_decide_on_it_as_on_the_predictions_themselves(engine, policy):
    of_frame = decide_batch(policy, predictions_frame(PREDICTIONS, engine))
    of_objects = decide_batch(policy, PREDICTIONS)
    assert [(each.item_id, each.decision, each.label) for each in of_frame] == [
        (each.item_id, each.decision, each.label) for each in of_objects
    ]


def test_structures_are_kept():
    box = {"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}
    frame = predictions_frame([Prediction("a", "s3://images/1.png", [box], 0.5)])
    assert list(frame["label"][0]) == [box]


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_the_parts_of_a_label_are_lists_and_dicts_and_no_texts(engine):
    fields, nothing = (FormField("Total", "3.50", 0.64),), ()
    frame = predictions_frame(
        [Prediction(name, name, label, 0.5) for name, label in [("a", fields), ("b", nothing)]], engine
    )
    labels = frame["label"].to_pylist() if engine == "arrow" else [list(label) for label in frame["label"]]
    assert labels == [[{"key": "Total", "value": "3.50", "confidence": 0.64}], []]


def test_no_predictions_are_a_frame_without_rows():
    assert predictions_frame([], "polars").shape == (0, 6)


def test_an_engine_that_can_t_be_is_told_before_a_source_is_asked():
    asked = []
    answers = from_callable(lambda text: asked.append(text) or ("1", 0.9), ["It is okay"])
    with pytest.raises(InvalidInputError, match="engine='spark' is not known"):
        predictions_frame(answers, "spark")
    assert asked == []


@pytest.mark.parametrize("given", ["It is okay", pl.DataFrame({"label": ["1"]}), [{"label": "1"}]])
def test_what_is_no_prediction_is_refused(given):
    with pytest.raises(InvalidPredictionError, match="is no Prediction"):
        predictions_frame(given)
