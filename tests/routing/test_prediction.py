"""One prediction: what it refuses, and how it spells labels."""

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.labels import Box
from hitl_sdk.routing import Prediction


@pytest.mark.parametrize(
    ("label", "text"), [(-1, "-1"), (1.0, "1"), (np.int64(3), "3"), ("cat", "cat"), (Fraction(4, 2), "2")]
)
def test_whole_numbers_become_labels(label, text):
    assert Prediction("a", "item", label, 0.5).label == text


@pytest.mark.parametrize(
    "label", [["cat", "wet"], ("cat",), [{"label": "cat", "x": 1}], {"age": 3}, Box("cat", 1, 2, 3, 4)]
)
def test_structures_are_left_to_the_task(label):
    assert Prediction("a", "item", label, 0.5).label is label


@pytest.mark.parametrize("label", [None, "", 0.5, True, float("nan"), float("inf"), b"x", "\ud800"])
def test_other_values_are_no_labels(label):
    with pytest.raises(InvalidPredictionError, match="neither a text nor a whole number"):
        Prediction("a", "item", label, 0.5)


@pytest.mark.parametrize(
    "confidence", [np.float32(0.5), np.float64(0.5), Fraction(1, 2), Decimal("0.5"), 1, 0]
)
def test_any_real_number_is_a_confidence(confidence):
    assert Prediction("a", "item", "x", confidence).confidence == float(confidence)
    assert type(Prediction("a", "item", "x", confidence).confidence) is float


@pytest.mark.parametrize("confidence", [None, "0.5", True, 0.5j])
def test_other_values_are_no_confidence(confidence):
    with pytest.raises(InvalidPredictionError, match="is not a number"):
        Prediction("a", "item", "x", confidence)


@pytest.mark.parametrize(
    ("confidence", "hint"), [(94.0, True), (100, True), (101, False), (-0.01, False), (float("nan"), False)]
)
def test_a_percentage_is_told_apart_from_nonsense(confidence, hint):
    with pytest.raises(InvalidPredictionError, match="is not from 0 to 1") as refused:
        Prediction("a", "item", "x", confidence)
    assert ("divide by 100" in str(refused.value)) is hint


@pytest.mark.parametrize("item", ["", None, 5, b"bytes"])
def test_an_item_is_a_text(item):
    with pytest.raises(InvalidPredictionError, match="item 'a': the item is empty or not a text"):
        Prediction("a", item, "x", 0.5)


def test_half_a_surrogate_pair_is_refused_without_showing_the_content():
    with pytest.raises(InvalidPredictionError, match="not valid Unicode") as refused:
        Prediction("a", "secret \ud800", "x", 0.5)
    assert "secret" not in str(refused.value)
    assert Prediction("a", "日本語", "x", 0.5).item == "日本語"


@pytest.mark.parametrize("item_id", ["", None, 5])
def test_an_item_id_is_a_text(item_id):
    with pytest.raises(InvalidPredictionError, match="is not a text"):
        Prediction(item_id, "item", "x", 0.5)


def test_a_prediction_pickles():
    prediction = Prediction("a", "item", "x", 0.5, scores={"x": 0.5}, raw={"k": 1})
    assert pickle.loads(pickle.dumps(prediction)) == prediction


def test_an_id_must_be_unicode():
    with pytest.raises(InvalidPredictionError, match="not valid Unicode"):
        Prediction("\ud800", "item", "x", 0.5)


@pytest.mark.parametrize("confidence", [10**400, -(10**400), Fraction(10**400), Decimal("sNaN")])
def test_a_confidence_that_no_float_can_hold_is_refused(confidence):
    with pytest.raises(InvalidPredictionError, match="is not from 0 to 1"):
        Prediction("a", "text", "label", confidence)
