"""Streams of predictions, shown on a function of one's own: names, order, what is read ahead, and whose error it is."""

import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidInputError,
    InvalidPredictionError,
    NotFoundError,
    ThrottledError,
    Transient,
)
from hitl_sdk.routing import InvalidPrediction, Prediction, from_callable


def asked(*args, **options) -> list:
    return list(from_callable(*args, **options))


def refused(code: str, status: int = 400, message: str = "no") -> ClientError:
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, "Predict")


class Items:
    """A long stream of items, which counts how many were read."""

    def __init__(self, number: int = 10_000) -> None:
        self.number = number
        self.read = 0

    def __iter__(self):
        while self.read < self.number:
            self.read += 1
            yield f"item {self.read}"


def test_a_function_may_answer_in_pairs_or_records():
    lab = {"probability": 0.9376369118690491, "predicted_label": 1}
    answers = {"a": ("1", 0.9), "b": {"label": -1, "confidence": 0.5, "scores": {"-1": 0.5}}, "c": lab}
    predictions = asked(answers.get, list("abc"), item_ids=["x", "y", "z"])
    assert [(p.item_id, p.item, p.label, p.confidence) for p in predictions] == [
        ("x", "a", "1", 0.9),
        ("y", "b", "-1", 0.5),
        ("z", "c", "1", 0.9376369118690491),
    ]
    assert predictions[1].scores == {"-1": 0.5}
    assert predictions[1].raw is answers["b"]


def test_a_function_may_answer_with_the_probabilities_of_all_labels():
    [prediction] = asked(lambda _: np.array([0.2, 0.7, 0.1]), ["a"], labels=[-1, 0, 1])
    assert (prediction.label, prediction.confidence) == ("0", 0.7)
    assert prediction.scores == {"-1": 0.2, "0": 0.7, "1": 0.1}


def test_what_a_function_can_not_answer_is_that_items_outcome():
    def refuse(item):
        raise InvalidPredictionError("no picture")

    assert asked(refuse, ["a"])[0].error.message == "no picture"
    assert isinstance(asked(lambda _: None, ["a"])[0], InvalidPrediction)
    assert "divide by 100" in str(asked(lambda _: ("1", 94.0), ["a"])[0].error)


def test_a_functions_own_errors_pass_through():
    with pytest.raises(ZeroDivisionError):
        asked(lambda _: 1 / 0, ["a"])


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_error_of_the_service_for_one_item_is_its_outcome_and_the_rest_goes_on(concurrency):
    def predict(item):
        if item == "b":
            raise refused("ThrottlingException")
        return "1", 0.5

    first, failed, last = asked(predict, list("abc"), concurrency=concurrency)
    assert (first.item_id, last.item_id) == ("0", "2")
    assert isinstance(failed.error, ThrottledError)
    assert isinstance(failed.error, Transient)
    assert failed.error.item_id == failed.item_id == "1"


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (refused("ExpiredTokenException"), CredentialsError),
        (NoCredentialsError(), CredentialsError),
        (refused("AccessDeniedException"), AccessDeniedError),
        (refused("ResourceNotFoundException"), NotFoundError),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_no_item_can_escape_ends_the_stream_after_the_outcomes_before_it(raised, kind, concurrency):
    def predict(item):
        if item == "b":
            raise raised
        return "1", 0.5

    stream = from_callable(predict, list("abc"), concurrency=concurrency)
    assert next(stream).item_id == "0"
    with pytest.raises(kind):
        next(stream)
    assert list(stream) == []


def test_items_are_read_one_by_one_in_the_callers_thread():
    items, threads = Items(), set()

    def predict(item):
        threads.add(threading.current_thread())
        return "1", 0.5

    stream = from_callable(predict, items)
    assert items.read == 0
    next(stream)
    next(stream)
    assert items.read == 2
    assert threads == {threading.current_thread()}


def test_with_threads_a_bounded_number_is_read_ahead():
    items = Items()
    stream = from_callable(lambda _: ("1", 0.5), items, concurrency=2)
    for _ in range(100):
        next(stream)
    assert items.read <= 108
    stream.close()


@given(
    outcomes=st.lists(st.sampled_from(["good", "bad", "", None]), max_size=40),
    concurrency=st.integers(1, 3),
)
def test_every_item_has_one_outcome_at_its_place(outcomes, concurrency):
    def predict(item):
        if item == "bad":
            raise refused("ValidationException")
        return "1", 0.5

    predictions = asked(predict, outcomes, concurrency=concurrency)
    assert [each.item_id for each in predictions] == [str(n) for n in range(len(outcomes))]
    assert [type(each) is Prediction for each in predictions] == [each == "good" for each in outcomes]


def test_what_is_no_item_is_not_asked_about_and_keeps_its_place():
    given_items, sent = [float("nan"), "one", None, "two", "\ud800", b"x", ""], []
    predictions = asked(lambda item: sent.append(item) or ("1", 0.5), given_items)
    assert [type(each) is Prediction for each in predictions] == [
        False,
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert sent == ["one", "two"]


def test_an_error_of_the_items_comes_after_the_outcomes_before_it():
    def items():
        yield "one"
        yield "two"
        raise OSError("the file broke off")

    stream = from_callable(lambda _: ("1", 0.5), items(), concurrency=4)
    assert [next(stream).item, next(stream).item] == ["one", "two"]
    with pytest.raises(OSError, match="broke off"):
        next(stream)


@pytest.mark.parametrize(
    ("items", "ids", "says"),
    [
        (["a", "b"], ["x"], "1 item_ids for 2 items"),
        (["a"], ["x", "y"], "2 item_ids for 1 items"),
        (pd.Series(["a", "b"]), np.array([1]), "1 item_ids for 2 items"),
    ],
)
def test_as_many_ids_as_items_are_needed_before_anything_is_asked(items, ids, says):
    with pytest.raises(InvalidInputError, match=says):
        from_callable(lambda _: pytest.fail("asked"), items, item_ids=ids)


@pytest.mark.parametrize(
    ("ids", "says"), [("x", "item_ids ended after 1"), ("xyz", "more item_ids than items")]
)
def test_streams_that_are_not_even_are_refused_when_it_shows(ids, says):
    stream = from_callable(lambda _: ("1", 0.5), iter("ab"), item_ids=iter(ids))
    with pytest.raises(InvalidInputError, match=says):
        list(stream)


def test_ids_may_be_whole_numbers_of_any_kind():
    predictions = asked(lambda _: ("1", 0.5), ["a", "b"], item_ids=np.array([7, 8]))
    assert [prediction.item_id for prediction in predictions] == ["7", "8"]


@pytest.mark.parametrize("item_id", [None, "", 1.5, "\ud800"])
def test_an_id_that_names_nothing_is_refused_before_the_model_is_asked(item_id):
    with pytest.raises(InvalidPredictionError, match="item_id"):
        from_callable(lambda _: pytest.fail("asked"), ["a"], item_ids=[item_id])


@pytest.mark.parametrize("text", ["hello", b"hello"])
def test_one_text_is_not_taken_letter_by_letter(text):
    with pytest.raises(InvalidInputError, match="items is one text"):
        from_callable(lambda _: ("1", 0.5), text)


def test_there_is_at_least_one_thread():
    with pytest.raises(InvalidInputError, match="concurrency=0"):
        from_callable(lambda _: ("1", 0.5), ["a"], concurrency=0)


@pytest.mark.parametrize("labels", ["10", [], ["0", "0"], ["0", None], [1, "1"], [True, False]])
def test_labels_are_given_once_each(labels):
    with pytest.raises(InvalidInputError, match="labels="):
        from_callable(lambda _: [0.5, 0.5], ["a"], labels=labels)


@pytest.mark.parametrize("items", [pd.DataFrame({"text": ["a"]}), pl.DataFrame({"text": ["a"]}), None, 7])
def test_what_is_no_list_of_items_is_refused_at_once(items):
    with pytest.raises(InvalidInputError, match="items is a"):
        from_callable(lambda _: ("1", 0.9), items)


@pytest.mark.parametrize("column", [pd.Series, pl.Series, lambda values: pa.chunked_array([values])])
def test_items_and_ids_may_be_columns_of_any_engine(column):
    predictions = asked(lambda _: ("1", 0.9), column(["a", "b"]), item_ids=column([3, 4]))
    assert [(p.item_id, p.item) for p in predictions] == [("3", "a"), ("4", "b")]


def test_a_score_that_rounding_put_above_1_is_1():
    single = float(np.nextafter(np.float32(1), np.float32(2)))
    [alone] = asked(lambda _: ("1", single), ["a"])
    [one_of_two] = asked(lambda _: [single, -1e-9], ["a"], labels=["1", "0"])
    assert alone.confidence == one_of_two.confidence == 1
    assert one_of_two.scores == {"1": 1, "0": 0}


@pytest.mark.parametrize("scores", [[0.9, 0.1], {"1": 4.2}, {"1": "high"}, "high"])
def test_scores_that_are_none_are_no_scores(scores):
    [prediction] = asked(lambda _: {"label": "1", "confidence": 0.9, "scores": scores}, ["a"])
    assert prediction.scores is None
    assert prediction.raw["scores"] == scores


def test_what_is_no_function_is_refused_before_anything_is_asked():
    with pytest.raises(InvalidInputError, match="NoneType is no function"):
        from_callable(None, ["a"])


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_function_that_has_no_next_value_ends_in_an_error_not_in_silence(concurrency):
    with pytest.raises(RuntimeError, match="StopIteration"):
        asked(lambda _: next(iter(())), ["a", "b"], concurrency=concurrency)


async def answers_later(item):
    return "1", 0.9


class AnswersLater:
    async def __call__(self, item):
        return "1", 0.9


@pytest.mark.parametrize("predict", [answers_later, AnswersLater()])
def test_a_function_that_is_async_is_told_what_to_give(predict):
    with pytest.raises(InvalidInputError, match=r"is async.*asyncio\.run"):
        from_callable(predict, ["a"])


def test_a_label_column_of_no_labels_is_refused():
    with pytest.raises(InvalidInputError, match="labels=5"):
        from_callable(lambda _: [0.5, 0.5], ["a"], labels=5)
