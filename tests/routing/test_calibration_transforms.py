"""Mending confidences: the numbers are those of scikit-learn, and frames keep their engine, rows and order."""

import json
import sys
from collections.abc import Mapping

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.routing.calibration_data import EAGER, ENGINES, simulated

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError, MissingExtraError
from hitl_sdk.routing import (
    Calibrator,
    IsotonicCalibration,
    TemperatureScaling,
    Threshold,
    decide_batch,
    from_callable,
    predictions_frame,
    reliability,
)

COLUMNS = simulated(1500, too_sure=3)
FRAME = pl.DataFrame(COLUMNS)
CONFIDENCE = FRAME["confidence"].to_numpy()
RIGHT = (FRAME["label"] == FRAME["truth"]).to_numpy()
BOTH = pytest.mark.parametrize("kind", [TemperatureScaling, IsotonicCalibration])


def values(frame, column="confidence"):
    return frame[column].to_pylist() if isinstance(frame, pa.Table) else frame[column].to_list()


@BOTH
def test_a_mended_confidence_is_nearer_to_the_truth(kind):
    train, test = FRAME.head(750), FRAME.tail(750)
    mended = kind.fit(train).apply(test)

    before, after = (reliability(each).expected_calibration_error for each in (test, mended))
    assert before > 0.12
    assert after < before * 0.7


@BOTH
def test_fitting_and_mending_are_the_same_on_every_engine(kind):
    fitted = {name: kind.fit(make(COLUMNS)) for name, make in ENGINES.items()}
    assert fitted == dict.fromkeys(ENGINES, fitted["pandas"])

    mended = {name: fitted[name].apply(make(COLUMNS)) for name, make in ENGINES.items()}
    native = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table, "polars-lazy": pl.DataFrame}
    assert {name: type(mended[name]) for name in native} == native
    assert {name: values(frame) for name, frame in mended.items()} == dict.fromkeys(
        ENGINES, values(mended["pandas"])
    )


def test_a_temperature_is_the_logistic_regression_without_intercept():
    """Its one weight on the logit is 1 over the temperature."""
    regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    weight = regression.fit(logit(CONFIDENCE)[:, None], RIGHT).coef_[0, 0]
    fitted = TemperatureScaling.fit(FRAME)

    assert fitted.temperature == pytest.approx(1 / weight, rel=1e-5)
    assert values(fitted.apply(FRAME)) == pytest.approx(expit(weight * logit(CONFIDENCE)), rel=1e-5)


def test_isotonic_calibration_is_that_of_scikit_learn():
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(CONFIDENCE, RIGHT)
    grid = np.linspace(0, 1, 101)

    mended = IsotonicCalibration.fit(FRAME).apply(pl.DataFrame({"confidence": grid}))
    assert values(mended) == pytest.approx(theirs.predict(grid))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 20), st.lists(st.floats(0, 1), min_size=1))
def test_a_temperature_keeps_the_order_and_can_be_undone(temperature, confidences):
    given = sorted(confidences)
    mended = values(TemperatureScaling(temperature).apply(pl.DataFrame({"confidence": given})))

    assert mended == sorted(mended)
    assert all(0 <= each <= 1 for each in mended)
    undone = values(TemperatureScaling(1 / temperature).apply(pl.DataFrame({"confidence": mended})))
    # What was pressed against 0 or 1 has lost its digits.
    assert all(
        again == pytest.approx(each, abs=1e-6)
        for each, between, again in zip(given, mended, undone, strict=True)
        if 1e-9 < between < 1 - 1e-9
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2), st.lists(st.floats(0, 1), min_size=1))
def test_isotonic_calibration_never_turns_an_order_round(rows, confidences):
    if len({right for _, right in rows}) == 1:
        return
    fitted = IsotonicCalibration.fit(pd.DataFrame(rows, columns=["confidence", "truth"]))
    mended = values(fitted.apply(pl.DataFrame({"confidence": sorted(confidences)})))

    assert mended == sorted(mended)
    assert all(0 <= each <= 1 for each in mended)


# A model that is too sure of itself on what it has not seen, with a score for each of three classes.
X, Y = load_iris(return_X_y=True)
X = X + np.random.default_rng(0).normal(0, 0.8, X.shape)
NAMES = np.array(["setosa", "versicolor", "virginica"])
MODEL = GaussianNB().fit(X[::3], Y[::3])
HELD, HELD_Y = np.delete(X, np.s_[::3], 0), np.delete(Y, np.s_[::3])
SCORES = MODEL.predict_proba(HELD)
VECTORS = {
    "label": NAMES[SCORES.argmax(1)].tolist(),
    "truth": NAMES[HELD_Y].tolist(),
    "confidence": SCORES.max(1).tolist(),
    "scores": [dict(zip(NAMES.tolist(), row, strict=True)) for row in SCORES.tolist()],
}


def matrix(frame, column="scores"):
    return np.array([list(row.values()) for row in values(frame, column)])


@pytest.mark.parametrize(
    ("kind", "method"), [(TemperatureScaling, "temperature"), (IsotonicCalibration, "isotonic")]
)
def test_score_vectors_are_mended_as_scikit_learn_mends_them(kind, method):
    if method == "temperature" and not hasattr(
        __import__("sklearn.calibration").calibration, "_TemperatureScaling"
    ):
        pytest.skip("this scikit-learn has no temperature scaling")
    theirs = (
        CalibratedClassifierCV(FrozenEstimator(MODEL), method=method).fit(HELD, HELD_Y).predict_proba(HELD)
    )
    frame = pl.DataFrame(VECTORS)
    mended = kind.fit(frame, scores="scores").apply(frame)

    assert matrix(mended) == pytest.approx(theirs, abs=1e-4)
    assert values(mended) == pytest.approx(theirs[range(len(theirs)), SCORES.argmax(1)], abs=1e-4)
    assert matrix(mended).sum(axis=1) == pytest.approx(np.ones(len(theirs)))


@BOTH
def test_score_vectors_are_mended_alike_in_every_engine_that_holds_them(kind):
    fitted = kind.fit(pl.DataFrame(VECTORS), scores="scores")
    pairs = pa.array([list(row.items()) for row in VECTORS["scores"]], pa.map_(pa.string(), pa.float64()))
    frames = {name: make(VECTORS) for name, make in EAGER.items()}
    frames["map"] = pa.table(VECTORS | {"scores": pairs})
    frames["duckdb"] = duckdb.from_arrow(frames["arrow"])

    mended = {name: fitted.apply(frame) for name, frame in frames.items()}
    assert {name: values(frame) for name, frame in mended.items()} == dict.fromkeys(
        frames, values(mended["polars"])
    )
    assert all(isinstance(values(frame, "scores")[0], Mapping) for frame in mended.values())


def test_an_empty_frame_is_mended_to_an_empty_one():
    fitted = TemperatureScaling.fit(pl.DataFrame(VECTORS), scores="scores")
    assert len(fitted.apply(pd.DataFrame(VECTORS).head(0))) == 0
    assert len(TemperatureScaling.fit(FRAME).apply(FRAME.head(0))) == 0


def test_mended_scores_have_their_kind_where_no_row_says_it():
    """So that batches can be put together, of which one is empty or has no prediction."""
    frame = pl.DataFrame(VECTORS)
    fitted = TemperatureScaling.fit(frame, scores="scores")
    without = frame.with_columns(label=pl.lit(None, pl.String))
    assert fitted.apply(frame.head(0)).schema == fitted.apply(without).schema == frame.schema
    assert fitted.apply(without)["scores"].is_null().all()


def test_a_label_that_an_item_has_no_score_of_has_next_to_none_after_mending():
    fitted = TemperatureScaling(2.0, ("a", "b", "c"))
    frame = pd.DataFrame({"label": ["a"], "scores": [{"a": 0.8, "b": 0.2}]})
    assert fitted.apply(frame)["scores"][0] == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0}, abs=1e-7)


def test_where_isotonic_calibration_holds_every_label_for_impossible_nothing_is_known():
    never = ((0.0, 1.0), (0.0, 0.0))
    frame = pd.DataFrame({"label": ["a"], "scores": [{"a": 0.8, "b": 0.2}]})
    assert IsotonicCalibration((never, never), ("a", "b")).apply(frame)["confidence"].tolist() == [0.5]


@BOTH
@pytest.mark.parametrize("scores", [None, "scores"])
def test_what_was_fitted_can_be_kept_in_a_file(kind, scores, tmp_path):
    fitted = kind.fit(pl.DataFrame(VECTORS), scores=scores)
    fitted.save(tmp_path / "fitted.json")

    assert kind.load(tmp_path / "fitted.json") == fitted
    assert kind.from_json(fitted.to_json()) == fitted
    assert json.loads(fitted.to_json())["kind"] == kind.kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"kind": "isotonic"}',
        '{"kind": "temperature"}',
        '{"kind": "temperature", "temperature": "hot", "labels": []}',
        '{"kind": "temperature", "temperature": -1, "labels": []}',
    ],
)
def test_a_file_of_something_else_is_refused(text):
    with pytest.raises(InvalidInputError):
        TemperatureScaling.from_json(text)


@pytest.mark.parametrize(
    "knots",
    [
        "[]",
        "[[[0, 1], [0]]]",
        "[[[], []]]",
        "7",
        "[[[1, 0], [0, 1]]]",
        "[[[0, NaN], [0, 1]]]",
        "[[[0, 1], [0, 7]]]",
    ],
)
def test_knots_that_are_none_are_refused(knots):
    with pytest.raises(InvalidInputError, match="that is no IsotonicCalibration"):
        IsotonicCalibration.from_json(f'{{"kind": "isotonic", "knots": {knots}, "labels": []}}')


def test_knots_are_as_many_as_labels():
    with pytest.raises(InvalidInputError, match="not as many knots as labels"):
        IsotonicCalibration.from_json('{"kind": "isotonic", "knots": [[[0], [1]]], "labels": ["a", "b"]}')


@pytest.mark.parametrize("temperature", ["hot", None, 0, -1, float("nan"), float("inf")])
def test_a_temperature_is_a_number_above_0(temperature):
    with pytest.raises(InvalidInputError, match="no number above 0"):
        TemperatureScaling(temperature)


def test_mended_confidences_may_stand_beside_the_old_ones():
    mended = TemperatureScaling(2.0).apply(FRAME, into="mended")
    assert values(mended) == values(FRAME)
    assert values(mended, "mended")[0] != values(FRAME)[0]


@BOTH
@pytest.mark.parametrize("right", [True, False])
def test_nothing_can_be_learned_where_all_is_right_or_all_is_wrong(kind, right):
    with pytest.raises(InvalidInputError, match="all 2 predictions are"):
        kind.fit(pl.DataFrame({"truth": [right, right], "confidence": [0.5, 0.6]}))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"scores": [{"a": 0.9, "z": 0.1}]}, "the label 'z', which was not there when it was fitted"),
        ({"scores": [{"a": 90.0, "b": 10.0}]}, "the scores of row 0"),
        ({"scores": [{"a": 0.0, "b": 0.0}]}, "not all of them 0"),
        ({"scores": [None]}, "the scores of row 0"),
        ({"scores": [0.5]}, "the scores of row 0"),
        ({"scores": [[0.9, 0.1]]}, "the scores of row 0"),
        ({"scores": [{"a": "high", "b": "low"}]}, "the scores of row 0"),
        ({"label": ["c"]}, "'c', of which there is no score"),
    ],
)
def test_scores_that_can_not_be_read_are_refused(changed, problem):
    frame = pd.DataFrame({"label": ["a"], "scores": [{"a": 0.9, "b": 0.1}]} | changed)
    with pytest.raises(InvalidInputError, match=problem):
        TemperatureScaling(2.0, ("a", "b")).apply(frame)


def test_a_frame_without_what_was_fitted_on_is_refused():
    with pytest.raises(InvalidPredictionError, match="no column 'confidence'"):
        TemperatureScaling(2.0).apply(pl.DataFrame({"label": ["a"]}))
    with pytest.raises(InvalidPredictionError, match="no column 'scores'"):
        TemperatureScaling(2.0, ("a", "b")).apply(pl.DataFrame({"label": ["a"]}))
    with pytest.raises(InvalidPredictionError, match="is no frame"):
        TemperatureScaling(2.0).apply([0.5])


# Of a model so sure of itself that its confidences are rounded to 1: as 32-bit floats are, or four decimals.
ROUNDED = pl.DataFrame({"truth": [True] * 9 + [False] * 11, "confidence": [1.0] * 10 + [0.6] * 10})


def test_confidences_of_exactly_1_and_0_are_mended_as_they_were_fitted():
    """Their logits have no end; fitting bounds them, so mending must."""
    confidence = [1.0, 0.0, 0.6]
    assert values(TemperatureScaling(10.0).apply(pl.DataFrame({"confidence": confidence}))) == pytest.approx(
        expit(logit(np.clip(confidence, 2.0**-52, 1 - 2.0**-52)) / 10)
    )
    mended = TemperatureScaling.fit(ROUNDED).apply(ROUNDED)
    assert values(mended)[0] < 0.95


def test_scores_of_exactly_0_are_mended_as_they_were_fitted():
    frame = pl.DataFrame({"label": ["a"], "scores": [{"a": 1.0, "b": 0.0}]})
    mended = TemperatureScaling(10.0, ("a", "b")).apply(frame)
    assert values(mended) == pytest.approx([expit(52 * np.log(2) / 10)])


@pytest.mark.parametrize("engine", EAGER)
def test_an_item_without_a_prediction_keeps_its_place_and_stays_without(engine):
    """What can't be used has no label, confidence and scores in `predictions_frame`; a router gives it an outcome of its own."""
    frame = EAGER[engine](
        {
            "item_id": ["1", "2", "3"],
            "label": ["a", None, "b"],
            "confidence": [0.9, None, 0.8],
            "scores": [{"a": 0.9, "b": 0.1}, None, {"a": 0.2, "b": 0.8}],
        }
    )
    for fitted in (TemperatureScaling(2.0), TemperatureScaling(2.0, ("a", "b"))):
        mended = pl.DataFrame(fitted.apply(frame), strict=False)
        assert mended["item_id"].to_list() == ["1", "2", "3"]
        first, missing, last = mended.fill_nan(None)["confidence"].to_list()
        assert (first, missing, last) == (pytest.approx(0.75), None, pytest.approx(2 / 3))
        assert mended["scores"].to_list()[1] in (None, {"a": None, "b": None})


def test_labels_that_came_as_floats_have_the_scores_of_whole_numbers():
    scores = [{"0": 0.9, "1": 0.1}, {"0": 0.3, "1": 0.7}]
    frame = pd.DataFrame(
        {"label": [0.0, 1.0], "truth": [0.0, 0.0], "confidence": [0.9, 0.7], "scores": scores}
    )
    texts = frame.assign(label=["0", "1"], truth=["0", "0"])

    fitted = TemperatureScaling.fit(frame, scores="scores")
    assert fitted == TemperatureScaling.fit(texts, scores="scores")
    assert values(fitted.apply(frame)) == values(fitted.apply(texts))


def test_score_vectors_want_to_know_the_true_label():
    frame = pl.DataFrame(VECTORS).with_columns(truth=pl.col("truth") == pl.col("label"))
    with pytest.raises(
        InvalidInputError, match="'truth' says whether the model is right, not which label is true"
    ):
        TemperatureScaling.fit(frame, scores="scores")


def test_any_calibrator_is_read_by_its_kind(tmp_path):
    fitted = IsotonicCalibration.fit(FRAME)
    fitted.save(tmp_path / "fitted.json")

    assert Calibrator.load(tmp_path / "fitted.json") == fitted
    assert Calibrator.from_json(TemperatureScaling(2.0).to_json()) == TemperatureScaling(2.0)
    with pytest.raises(InvalidInputError, match="that is no Calibrator"):
        Calibrator.from_json('{"kind": "magic"}')


def test_only_a_way_of_mending_is_fitted():
    with pytest.raises(InvalidInputError, match="fit a TemperatureScaling or an IsotonicCalibration"):
        Calibrator.fit(FRAME)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\xff")
    with pytest.raises(InvalidInputError, match="that is no TemperatureScaling"):
        TemperatureScaling.load(tmp_path / "model.pkl")


def test_mending_without_numpy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtraError, match=r'pip install "hitl-sdk\[calibration\]"'):
        TemperatureScaling(2.0).apply(pl.DataFrame({"confidence": [0.5]}))


@pytest.mark.parametrize("engine", EAGER)
def test_a_mended_frame_of_a_source_goes_to_a_router_as_it_is(engine):
    frame = predictions_frame(from_callable(lambda text: ("1", 0.9), ["It is okay", None]), engine)
    decided = decide_batch(Threshold(0.8), TemperatureScaling(2.0).apply(frame))

    assert [(each.item_id, each.decision) for each in decided] == [("0", "review"), ("1", None)]
    assert decided[0].confidence == pytest.approx(0.75)
