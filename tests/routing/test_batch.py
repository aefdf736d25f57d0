"""Whole batches: frames and objects alike, bad rows in their place, nothing begun on a hopeless batch."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import DuplicateItemError, EmptyInputError, InvalidPredictionError
from hitl_sdk.routing import InvalidPrediction, Prediction, Sample, Threshold, decide_batch, decided_chunks

POLICY = Threshold(0.9) | Sample(0.5, seed=1)
ROWS = {
    "item_id": ["a", "b", "c"],
    "item": ["good", "bad", "so so"],
    "label": [1, -1, 0],
    "confidence": [0.95, 0.63, 0.39],
}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_a_frame_is_decided_as_the_same_predictions_one_by_one(make):
    objects = [Prediction(*row) for row in zip(*ROWS.values(), strict=True)]
    assert decide_batch(POLICY, make(ROWS)) == decide_batch(POLICY, iter(objects))


def test_columns_of_the_users_own_come_along():
    items = decide_batch(POLICY, pl.DataFrame({**ROWS, "source": ["web", "app", None], "scores": [1, 2, 3]}))
    assert [item.extra for item in items] == [{"source": "web"}, {"source": "app"}, {"source": None}]
    prediction = Prediction("a", "good", "1", 0.5, extra={"source": "web"})
    assert decide_batch(POLICY, [prediction])[0].extra == {"source": "web"}


def test_a_bad_row_keeps_its_place_and_the_rest_goes_on():
    frame = pl.DataFrame(
        {
            "item_id": ["a", "b", "c", "d", "e", "f"],
            "item": ["good", "bad", "", "fine", "ok", None],
            "label": ["1", "1", "1", None, "1", "1"],
            "confidence": [0.95, 94.0, 0.5, 0.5, float("nan"), 0.5],
        }
    )
    items = decide_batch(POLICY, frame)
    assert [item.decision is None for item in items] == [False, True, True, True, True, True]
    assert items[1].error.hint == "it looks like a percentage: divide by 100"
    assert [item.error.item_id for item in items[1:]] == ["b", "c", "d", "e", "f"]
    assert items[1].reason == "item 'b': the confidence 94.0 is not from 0 to 1"
    assert items[5].item == ""


def test_rows_may_all_be_bad():
    items = decide_batch(POLICY, pd.DataFrame({**ROWS, "confidence": [95.0, 63.0, 39.0]}))
    assert [type(item.error) for item in items] == [InvalidPredictionError] * 3


def test_a_column_of_mixed_objects_is_judged_row_by_row():
    items = decide_batch(
        Threshold(0.9), pd.DataFrame({**ROWS, "confidence": pd.Series([0.95, "high", True], dtype=object)})
    )
    assert [item.decision for item in items] == ["accept", None, None]
    assert items[1].error.message == "item 'b': the confidence 'high' is not a number"


def test_whole_numbers_with_a_gap_are_still_labels():
    items = decide_batch(POLICY, pd.DataFrame({**ROWS, "label": [1, None, -1]}))
    assert [item.label for item in items] == ["1", None, "-1"]


def test_numbers_for_ids_become_texts():
    assert [item.item_id for item in decide_batch(POLICY, pd.DataFrame({**ROWS, "item_id": [1, 2, 3]}))] == [
        "1",
        "2",
        "3",
    ]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_an_empty_frame_is_refused(make):
    with pytest.raises(EmptyInputError, match="there are no predictions"):
        decide_batch(POLICY, make({name: column[:0] for name, column in ROWS.items()}))
    with pytest.raises(EmptyInputError):
        decide_batch(POLICY, [])


def test_an_item_id_that_stands_twice_is_refused_by_name():
    with pytest.raises(
        DuplicateItemError, match="more than one prediction has the item_id 'a', 'b'"
    ) as refused:
        decide_batch(POLICY, [Prediction(name, "item", "1", 0.5) for name in "abcab"])
    assert refused.value.item_id == "a"
    with pytest.raises(DuplicateItemError, match="'a'"):
        decide_batch(POLICY, pl.DataFrame({**ROWS, "item_id": ["a", "a", "c"]}))


def test_a_missing_column_is_refused_naming_those_there_are():
    with pytest.raises(
        InvalidPredictionError,
        match=r"no column 'item' or 'label', but \['item_id', 'text', 'confidence'\]",
    ):
        decide_batch(POLICY, pl.DataFrame({"item_id": ["a"], "text": ["x"], "confidence": [0.5]}))


def test_a_row_without_an_id_is_refused_by_its_number():
    with pytest.raises(InvalidPredictionError, match="row 1 has no item_id"):
        decide_batch(POLICY, pl.DataFrame({**ROWS, "item_id": ["a", None, "c"]}))


@pytest.mark.parametrize("wrong", ["text", b"bytes", {"item_id": ["a"]}, 5, None, [("a", "x", "1", 0.5)]])
def test_other_kinds_of_predictions_are_refused(wrong):
    with pytest.raises(InvalidPredictionError, match="neither a frame nor an iterable of Prediction"):
        decide_batch(POLICY, wrong)


def test_an_unusable_prediction_keeps_its_place_among_objects():
    broken = InvalidPrediction("b", "bad", InvalidPredictionError("item 'b': no label"))
    items = decide_batch(Threshold(0.9), [Prediction("a", "good", "1", 0.95), broken])
    assert [item.decision for item in items] == ["accept", None]
    assert items[1].error is broken.error


rows = st.fixed_dictionaries(
    {
        "item": st.one_of(st.none(), st.text(max_size=3)),
        "label": st.one_of(st.none(), st.text(max_size=2)),
        "confidence": st.one_of(st.none(), st.floats(), st.floats(0, 1)),
    }
)


@given(st.lists(rows, min_size=1, max_size=8))
def test_every_row_has_one_outcome_a_decision_or_an_error(given_rows):
    frame = pl.DataFrame(
        [{"item_id": str(number), **row} for number, row in enumerate(given_rows)],
        schema={"item_id": pl.String, "item": pl.String, "label": pl.String, "confidence": pl.Float64},
    )
    items = decide_batch(POLICY, frame)
    assert [item.item_id for item in items] == [str(number) for number in range(len(given_rows))]
    assert all((item.decision is None) == (item.error is not None) for item in items)


@pytest.mark.parametrize("item_id", ["", "\ud800"])
def test_an_id_that_names_nothing_refuses_the_batch(item_id):
    ids = pd.Series(["a", item_id, "c"], dtype=object)
    with pytest.raises(InvalidPredictionError, match="item_id"):
        decide_batch(POLICY, pd.DataFrame({**ROWS, "item_id": ids}))


def test_an_unusable_prediction_needs_a_usable_id_too():
    with pytest.raises(InvalidPredictionError, match="item_id 7 is not a text"):
        decide_batch(POLICY, [InvalidPrediction(7, "good", InvalidPredictionError("no label"))])


def test_an_item_that_is_no_unicode_is_kept_as_text_that_every_frame_holds():
    frame = pd.DataFrame({**ROWS, "item": pd.Series(["good", "b\ud800d", "so so"], dtype=object)})
    items = decide_batch(POLICY, frame)
    assert [item.decision is None for item in items] == [False, True, False]
    assert items[1].item == "b\\ud800d"


def test_two_columns_of_one_name_are_refused_by_name():
    frame = pd.DataFrame(ROWS)
    with pytest.raises(InvalidPredictionError, match="more than one column is named 'label'"):
        decide_batch(POLICY, pd.concat([frame, frame[["label"]]], axis=1))


def test_a_column_name_that_is_no_text_is_refused_with_the_cure():
    with pytest.raises(InvalidPredictionError, match=r"column name 5 is not a text \(.*columns=str"):
        decide_batch(POLICY, pd.DataFrame({**ROWS, 5: [1, 2, 3]}))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_a_stream_of_chunks_is_the_batch_in_pieces(make):
    chunks = list(decided_chunks(POLICY, make(ROWS), size=2))
    assert [len(chunk) for chunk in chunks] == [2, 1]
    assert [item for chunk in chunks for item in chunk] == decide_batch(POLICY, make(ROWS))


def test_a_lazy_frame_of_another_engine_is_collected_whole():
    relation = pytest.importorskip("duckdb").from_arrow(pa.table(ROWS))
    (whole,) = decided_chunks(Threshold(0.9), relation, size=3)
    assert [item.item_id for item in whole] == ["a", "b", "c"]


def test_an_iterable_is_read_no_further_than_the_chunk_that_is_asked_for():
    read = []
    coming = (read.append(number) or Prediction(str(number), "x", "1", 0.5) for number in range(10))
    first = next(decided_chunks(POLICY, coming, size=4))
    assert (len(first), read) == (4, [0, 1, 2, 3])


def test_a_row_without_an_id_is_named_by_its_number_in_the_whole_frame():
    with pytest.raises(InvalidPredictionError, match="row 2 has no item_id"):
        list(decided_chunks(POLICY, pl.DataFrame({**ROWS, "item_id": ["a", "b", None]}), size=2))
