"""Predictions from scikit-learn's classifiers."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing import InvalidPrediction, Prediction, from_estimator

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [0.9, 0.2], [0.1, 0.7], [0.4, 0.5]])
TARGETS = [-1, 1, 1, -1, 0]
ITEMS = [f"s3://images/{number}.png" for number in range(5)]
TEXTS = ["good", "bad", "very good", "very bad"]


@pytest.fixture(scope="module")
def fitted():
    return LogisticRegression().fit(ROWS, TARGETS)


def asked(*args, **options) -> list:
    return list(from_estimator(*args, **options))


class Counting:
    """A classifier that notes how many rows each call has."""

    classes_ = ("no", "yes")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict_proba(self, rows):
        self.calls.append(len(rows))
        if any(row == "broken" for row in rows):
            raise ValueError("input contains NaN")
        return [[0.25, 0.75]] * len(rows)


def test_every_prediction_is_the_estimators_own_with_all_its_scores(fitted):
    predictions = asked(fitted, ITEMS, features=ROWS, batch_size=2)
    probabilities = fitted.predict_proba(ROWS)
    assert [each.label for each in predictions] == [str(label) for label in fitted.predict(ROWS)]
    assert [each.confidence for each in predictions] == probabilities.max(axis=1).tolist()
    assert [list(each.scores.values()) for each in predictions] == probabilities.tolist()
    assert list(predictions[0].scores) == ["-1", "0", "1"]
    assert predictions[0].raw == probabilities[0].tolist()
    assert [each.item for each in predictions] == ITEMS


@pytest.mark.parametrize(
    "features",
    [
        ROWS,
        ROWS.tolist(),
        (row for row in ROWS),
        csr_matrix(ROWS),
        coo_matrix(ROWS),
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS, schema=["a", "b"]),
        lambda items: ROWS[[ITEMS.index(item) for item in items]],
    ],
    ids=["array", "lists", "stream", "sparse", "triplets", "pandas", "polars", "function"],
)
def test_features_may_be_of_any_kind(fitted, features):
    named = isinstance(features, pl.DataFrame)
    model = LogisticRegression().fit(features, TARGETS) if named else fitted
    with_gaps = [ITEMS[0], None, *ITEMS[2:]]  # an item that can't be used does not shift the rows
    predictions = asked(model, with_gaps, features=features, batch_size=2)
    expected = fitted.predict_proba(ROWS).max(axis=1)
    assert isinstance(predictions.pop(1), InvalidPrediction)
    assert [each.confidence for each in predictions] == pytest.approx(np.delete(expected, 1))


def test_texts_go_into_a_pipeline_as_they_are():
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, ["pos", "neg", "pos", "neg"])
    assert [each.label for each in asked(model, ["good day", "bad day"])] == ["pos", "neg"]


def test_records_go_into_a_pipeline_that_takes_them():
    rows = [{"stars": 5}, {"stars": 1}]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, ["1", "-1"])
    assert [each.label for each in asked(model, ["a", "b"], features=rows)] == ["1", "-1"]


def test_the_estimator_is_asked_in_chunks_as_predictions_are_taken():
    classifier = Counting()
    stream = from_estimator(classifier, (f"text {number}" for number in range(10**9)), batch_size=100)
    predictions = [next(stream) for _ in range(150)]
    assert classifier.calls == [100, 100]
    assert {(each.label, each.confidence) for each in predictions} == {("yes", 0.75)}


def test_an_item_whose_features_are_refused_has_its_own_outcome():
    outcomes = asked(Counting(), ["a", "broken", "b", "c"])
    assert [type(each) for each in outcomes] == [Prediction, InvalidPrediction, Prediction, Prediction]
    assert "Counting refuses it: input contains NaN" in str(outcomes[1].error)


def test_a_row_with_a_gap_is_its_items_outcome(fitted):
    rows = ROWS.copy()
    rows[3, 0] = np.nan
    outcomes = asked(fitted, ITEMS, features=rows)
    assert [type(each) is Prediction for each in outcomes] == [True, True, True, False, True]


def test_an_estimator_that_refuses_all_items_is_an_error_of_its_own(fitted):
    with pytest.raises(ValueError, match="2 features"):
        asked(fitted, ITEMS, features=np.zeros((5, 3)))


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (LinearSVC(), "CalibratedClassifierCV"),
        (LinearSVC().fit(ROWS[:2], [0, 1]), "CalibratedClassifierCV"),
        (LinearRegression(), "give a classifier"),
        (object(), "object has no predict_proba"),
        (LogisticRegression(), "LogisticRegression has no classes_ (fit it first)"),
        (
            MultiOutputClassifier(LogisticRegression()).fit(ROWS[:2], [[0, 1], [1, 0]]),
            "MultiOutputClassifier has several outputs",
        ),
        (KNeighborsClassifier(1).fit(ROWS[:2], [True, False]), "labels=[False, True]"),
    ],
    ids=["unfitted margin", "margin", "regression", "nothing", "unfitted", "several outputs", "truth values"],
)
def test_what_gives_no_probabilities_of_labels_is_refused_before_it_is_asked(estimator, says):
    with pytest.raises(InvalidInputError) as refusal:
        from_estimator(estimator, ITEMS, features=ROWS)
    assert says in str(refusal.value)


def test_a_margin_becomes_a_probability_by_calibration():
    model = CalibratedClassifierCV(LinearSVC(), cv=2).fit(ROWS[:4], TARGETS[:4])
    assert {each.label for each in asked(model, ITEMS, features=ROWS)} <= {"-1", "1"}


@pytest.mark.parametrize("features", [ROWS[:2], pd.DataFrame(ROWS[:2]), csr_matrix(ROWS[:2])])
def test_as_many_rows_as_items_are_needed(fitted, features):
    with pytest.raises(InvalidInputError, match="2 features for 5 items"):
        from_estimator(fitted, ITEMS, features=features)


class Table:
    """A classifier that gives whatever table it is told to."""

    classes_ = ("no", "yes")

    def __init__(self, table) -> None:
        self.table = table

    def predict_proba(self, rows):
        return self.table


def test_probabilities_may_come_as_a_frame():
    predictions = asked(Table(pd.DataFrame({"no": [0.2, 0.9], "yes": [0.8, 0.1]})), ["a", "b"])
    assert [(p.label, p.confidence) for p in predictions] == [("yes", 0.8), ("no", 0.9)]


def test_another_number_of_rows_than_items_is_nobodys_answer():
    predictions = asked(Table([[0.2, 0.8]]), ["a", "b"])
    assert ["1 rows for 2 items" in str(p.error) for p in predictions] == [True, True]


def test_classes_that_are_truth_values_are_told_what_labels_are():
    classifier = LogisticRegression().fit(ROWS, [True, False, False, True, True])
    with pytest.raises(InvalidInputError, match="a text or a whole number"):
        from_estimator(classifier, ITEMS, features=ROWS)


@pytest.mark.parametrize(
    "classifier",
    [
        OneVsRestClassifier(LogisticRegression()),
        make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression())),
        GridSearchCV(OneVsRestClassifier(LogisticRegression()), {}, cv=2),
        MLPClassifier(max_iter=1, random_state=0),
    ],
    ids=["one versus rest", "pipeline", "search", "network"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_several_labels_an_item_are_not_taken_for_one(classifier):
    classifier.fit(ROWS, [[0, 1], [1, 1], [1, 0], [0, 1], [1, 1]])
    with pytest.raises(InvalidInputError, match="gives several labels an item"):
        from_estimator(classifier, ITEMS, features=ROWS)


def test_one_versus_rest_of_one_label_an_item_is_a_classifier_as_any():
    classifier = OneVsRestClassifier(LogisticRegression()).fit(ROWS, TARGETS)
    assert [each.label for each in asked(classifier, ITEMS, features=ROWS)] == [
        str(label) for label in classifier.predict(ROWS)
    ]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_an_item_that_is_refused_is_its_own_outcome_alone_in_its_batch_too(fitted, batch_size):
    rows = ROWS.copy()
    rows[4, 0] = np.nan
    outcomes = asked(fitted, ITEMS, features=rows, batch_size=batch_size)
    assert [type(each) is Prediction for each in outcomes] == [True, True, True, True, False]


def test_a_text_that_is_missing_is_its_items_outcome():
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, ["pos", "neg", "pos", "neg"])
    fine, missing = asked(model, ["a", "b"], features=["good", None])
    assert fine.label == "pos"
    assert "'NoneType' object has no attribute 'lower'" in str(missing.error)


def test_an_item_of_which_the_function_knows_no_features_is_its_own_outcome(fitted):
    known = dict(zip(ITEMS[:4], ROWS, strict=False))
    outcomes = asked(fitted, ITEMS, features=lambda items: [known[item] for item in items])
    assert [type(each) is Prediction for each in outcomes] == [True, True, True, True, False]
    assert "s3://images/4.png" in str(outcomes[4].error)


@pytest.mark.parametrize("column", [pd.Series, pl.Series, pa.array, lambda texts: pa.chunked_array([texts])])
def test_texts_may_be_a_column_of_any_engine(column):
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, ["pos", "neg", "pos", "neg"])
    assert [each.label for each in asked(model, ["a", "b"], features=column(["good", "bad"]))] == [
        "pos",
        "neg",
    ]


def test_rows_may_be_an_arrow_table():
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    model = LogisticRegression().fit(frame, TARGETS)
    predictions = asked(model, ITEMS, features=pa.Table.from_pandas(frame), batch_size=2)
    assert [each.confidence for each in predictions] == pytest.approx(model.predict_proba(frame).max(axis=1))
