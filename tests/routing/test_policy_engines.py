"""Every engine decides as every other and as `decide_one`, item by item, and lazily where it is lazy."""

import math
import pickle
import random
from datetime import UTC, datetime
from decimal import Decimal

import dask.dataframe as dd
import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing import (
    ActivationConditions,
    Bands,
    Confidence,
    EachLabel,
    Entropy,
    Margin,
    Missing,
    PerClass,
    Prediction,
    Sample,
    Threshold,
)

from . import policy_samples as samples

BAD = {"item_id": ["a", "b", "c", "d", None], "confidence": [0.95, 94.0, None, math.nan, 0.95]}
EVERYTHING = {
    "Conditions": [{"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 100}}]
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kept_as=st.sampled_from(["structs", "maps", "lists"]), policy=samples.policies, rows=samples.rows)
def test_every_engine_decides_as_decide_one_does(kept_as, policy, rows):
    table = samples.arrow_table(rows, kept_as)
    wanted = samples.one_by_one(policy, rows)
    for engine in samples.ENGINES:
        if kept_as == "maps" and engine.startswith("polars"):
            continue  # it has none
        assert samples.decided(policy, engine, table) == wanted, engine


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_ids_that_are_numbers_are_drawn_by_their_digits(engine):
    drawn = random.Random(7)
    ids = [drawn.randint(-(2**bits), 2**bits - 1) for bits in range(64) for _ in range(3)]
    by_number, by_text = (
        samples.decided(Sample(0.5, seed=5), engine, pa.table({"item_id": each}))
        for each in (ids, list(map(str, ids)))
    )
    assert by_number == by_text


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_ids_of_any_length_are_drawn_alike(engine):
    ids = ["é" * length for length in range(1, 30)] + ["x" * 5000, " ", "\U0001f600" * 7]
    wanted = samples.decided(Sample(0.5, seed=5), "arrow", pa.table({"item_id": ids}))
    assert samples.decided(Sample(0.5, seed=5), engine, pa.table({"item_id": ids})) == wanted
    assert {decision for decision, _ in wanted.values()} == {"accept", "review"}


@pytest.mark.parametrize("engine", samples.LAZY)
def test_a_lazy_frame_stays_lazy_and_marks_the_rows_that_it_cannot_decide(engine):
    make, rows_of = samples.ENGINES[engine]
    frame = make(pa.table(BAD))
    found = (Threshold(0.9) | Sample(0.0)).decide(frame)
    assert type(found) is type(frame)
    assert isinstance(found, pl.LazyFrame | dd.DataFrame | duckdb.DuckDBPyRelation)
    rows = rows_of(found)
    assert [row["reason"] for row in rows] == [
        "confidence 0.95 >= 0.90",
        *["invalid: the confidence is not a number from 0 to 1"] * 3,
        "invalid: the item has no item_id",
    ]
    assert [row["decision"] if pd.notna(row["decision"]) else None for row in rows] == ["accept", *[None] * 4]


def test_a_lazy_frame_is_not_computed_by_deciding():
    looked_at = []

    def computed(item_ids):
        looked_at.extend(item_ids)
        return pl.Series([0.5] * len(item_ids))

    frame = pl.LazyFrame({"item_id": ["a"]}).with_columns(
        confidence=pl.col("item_id").map_batches(computed, return_dtype=pl.Float64)
    )
    found = (Threshold(0.9) | Sample(0.5)).decide(frame)
    assert looked_at == []
    assert found.collect()["decision"].to_list() == ["review"]


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_columns_of_any_kind_pass_through(engine):
    table = pa.table(
        {"item_id": ["a", "b"], "confidence": [0.95, 0.5], "reason": ["old", "old"], "n": [1, 2]}
    )
    make, rows_of = samples.ENGINES[engine]
    rows = rows_of(Threshold(0.9).decide(make(table)))
    assert [list(row) for row in rows] == [["item_id", "confidence", "n", "decision", "reason"]] * 2
    assert [row["n"] for row in rows] == [1, 2]
    assert [row["reason"] for row in rows] == ["confidence 0.95 >= 0.90", "confidence 0.50 < 0.90"]


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_an_empty_frame_stays_empty(engine):
    row = {"item_id": "a", "label": "a", "confidence": 0.5, "scores": {"a": 0.5}, "note": "", "pages": 1.0}
    policy = (Threshold(0.9) | Sample(0.5) | Missing("note")) & ~PerClass({"a": 0.5})
    for each in (policy, policy | Margin(0.2) | Entropy(0.2) | EachLabel(Threshold(0.5))):
        assert samples.decided(each, engine, samples.arrow_table([row]).slice(1)) == {}


@pytest.mark.parametrize(
    ("labels", "decisions"),
    [
        (["1", "-1", "2"], ["accept", "drop", "review"]),
        ([1, -1, 2], ["accept", "drop", "review"]),
        ([1.0, -1.0, 2.0], ["accept", "drop", "review"]),
        ([1.0, -1.5, None], ["accept", "review", "review"]),
        ([0.0, -0.0, -1.0], ["review", "review", "drop"]),
    ],
)
@pytest.mark.parametrize("engine", samples.ENGINES)
def test_classes_that_are_numbers_are_known_by_their_digits(engine, labels, decisions):
    policy = PerClass({1: 0.4, "-1": Bands(0.9, 0.6), 0: 0.6, "-0": 0.1})
    table = pa.table({"item_id": ["a", "b", "c"], "label": labels, "confidence": [0.5] * 3})
    assert [decision for decision, _ in samples.decided(policy, engine, table).values()] == decisions


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_an_empty_list_is_missing(engine):
    table = pa.table({"item_id": ["a", "b", "c"], "boxes": pa.array([[1], [], None], pa.list_(pa.int64()))})
    decisions = [decision for decision, _ in samples.decided(Missing("boxes"), engine, table).values()]
    assert decisions == ["accept", "review", "review"]


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_an_empty_text_is_missing_among_categories_too(engine):
    notes = pa.array(["seen", "", None]).dictionary_encode()
    table = pa.table({"item_id": ["a", "b", "c"], "note": notes})
    decisions = [decision for decision, _ in samples.decided(Missing("note"), engine, table).values()]
    assert decisions == ["accept", "review", "review"]


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([1.0, 2.0, None], object),
        ([1, 2, "a"], object),
        ([1, 2, None], "category"),
        ([1, 2, 1.5], "category"),
    ],
)
def test_classes_that_pandas_holds_as_objects_or_categories_are_known_by_their_digits(labels, kind):
    frame = pd.DataFrame({"label": pd.Series(labels, dtype=kind), "confidence": 0.5})
    found = PerClass({1: 0.4, "2": 0.6}).decide(frame)
    assert found["decision"].tolist() == ["accept", "review", "review"]
    assert found["reason"].tolist()[2] == "no threshold for this label"
    pd.testing.assert_series_equal(found["label"], frame["label"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("policy", samples.ONE_OF_EACH, ids=repr)
def test_columns_of_empty_lists_are_decided(make, policy):
    columns = ["item_id", "label", "confidence", "scores", "note", "pages"]
    found = nw.from_native(policy.decide(make({column: [] for column in columns})))
    assert found.columns == [*columns, "decision", "reason"]
    assert len(found) == 0
    assert found.schema["decision"] == found.schema["reason"] == nw.String


def test_objects_of_nothing_are_missing():
    values = ["", [], (), np.array([]), None, "x", [0], {}, b"", np.array(0)]
    found = Missing("note").decide(pd.DataFrame({"note": pd.Series(values, dtype=object)}))
    assert found["decision"].tolist() == ["review"] * 5 + ["accept"] * 5


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()])
@pytest.mark.parametrize("engine", samples.ENGINES)
def test_confidences_of_less_precision_are_read(engine, kind):
    if engine == "duckdb" and kind == pa.float16():
        pytest.skip("it has none")
    table = pa.table({"item_id": ["a", "b"], "confidence": pa.array([0.5, 1.0]).cast(kind)})
    decisions = [decision for decision, _ in samples.decided(Threshold(0.9), engine, table).values()]
    assert decisions == ["review", "accept"]


@pytest.mark.parametrize("engine", samples.ENGINES)
@pytest.mark.parametrize("policy", [Confidence("confidence", "==", 0.57), Threshold(math.nextafter(0.57, 1))])
def test_decimals_are_the_floats_that_have_their_digits(engine, policy):
    if engine == "pandas with dicts":
        pytest.skip("objects to pandas")
    table = pa.table({"confidence": pa.array([Decimal("0.57")]), "item_id": ["a"]})
    assert samples.decided(policy, engine, table)["a"][0] == "review"


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_a_thousand_classes_say_what_a_few_do(engine):
    thresholds = {f"class {number}": (number + 0.5) / 1003 for number in range(1000)}
    confidences = [0.29, 0.9999, 1.0, 0.0]
    table = pa.table({"item_id": list("abcd"), "label": ["class 7", "class 999", "class 0", "class 1"]})
    table = table.append_column("confidence", pa.array(confidences))
    found = samples.decided(PerClass(thresholds), engine, table)
    few = {label: thresholds[label] for label in table["label"].to_pylist()}
    assert found == samples.decided(PerClass(few), engine, table)


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_a_column_of_a_name_that_deciding_needs_is_refused(engine):
    frame = samples.ENGINES[engine][0](pa.table({"confidence": [0.5], "__hitl_reason": ["mine"]}))
    with pytest.raises(InvalidPredictionError, match="can't be named '__hitl_reason'"):
        Threshold(0.9).decide(frame)


def test_upper_case_is_lower_case_in_sql():
    frame = duckdb.sql("SELECT 0.5 AS confidence, 'old' AS Decision, 1 AS REASON")
    found = Threshold(0.9).decide(frame)
    assert found.columns == ["confidence", "decision", "reason"]
    assert found.fetchall()[0][1:] == ("review", "confidence 0.50 < 0.90")


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_numbers_of_every_kind_are_compared(engine):
    for kind in (pa.int8(), pa.int64(), pa.float32(), pa.decimal128(5, 2)):
        given = [Decimal(1), Decimal(3)] if pa.types.is_decimal(kind) else [1, 3]
        table = pa.table({"item_id": ["a", "b", "c"], "pages": pa.array([*given, None], kind)})
        if engine == "pandas with dicts" and pa.types.is_decimal(kind):
            continue  # objects to pandas
        reasons = [
            reason for _, reason in samples.decided(Confidence("pages", ">", 2), engine, table).values()
        ]
        assert reasons == ["pages <= 2", "pages > 2", "no number in pages"]


def test_a_long_frame_of_pandas_is_decided_by_blocks_that_meet_without_a_seam(monkeypatch):
    frame = samples.with_dicts(samples.arrow_table(samples.many_rows(50))).set_index(
        pd.Index([7, 7, 3, 1, 9] * 10)
    )
    policies = samples.ONE_OF_EACH
    whole = [policy.decide(frame) for policy in policies]
    monkeypatch.setattr("hitl_sdk.routing._frames._BLOCK", 7)
    for policy, wanted in zip(policies, whole, strict=True):
        pd.testing.assert_frame_equal(policy.decide(frame), wanted)


RESPONSES = [{"ModerationLabels": [{"Name": "Weapons", "Confidence": share}]} for share in (50.0, 99.0)]
WEAPONS = ActivationConditions.parse(
    {
        "Conditions": [
            {
                "ConditionType": "ModerationLabelConfidenceCheck",
                "ConditionParameters": {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 70},
            }
        ]
    }
)


@pytest.mark.parametrize("engine", [engine for engine in samples.ENGINES if engine != "duckdb"])
def test_activation_conditions_look_into_a_column_of_responses(engine):
    decisions = ["review", "accept", "review"]
    as_texts = [
        '{"ModerationLabels": [{"Name": "Weapons", "Confidence": 50}]}',
        '{"ModerationLabels": []}',
        "?",
    ]
    for raw in (pa.array(as_texts), pa.array([*RESPONSES, None])):
        table = pa.table({"item_id": ["a", "b", "c"], "raw": raw})
        assert [decision for decision, _ in samples.decided(WEAPONS, engine, table).values()] == decisions


def test_activation_conditions_read_what_pandas_makes_of_responses_in_arrow():
    frame = pa.table({"item_id": ["a", "b"], "raw": RESPONSES}).to_pandas()  # arrays of numpy for lists
    assert WEAPONS.decide(frame)["decision"].tolist() == ["review", "accept"]
    one_by_one = [WEAPONS.decide_one(Prediction("a", "item", "label", 0.5, raw=raw)) for raw in frame["raw"]]
    assert [decision.decision for decision in one_by_one] == ["review", "accept"]


def test_activation_conditions_are_not_in_duckdbs_language():
    frame = samples.in_duckdb(pa.table({"item_id": ["a"], "raw": ["{}"]}))
    with pytest.raises(InvalidInputError, match=r"can't be computed on a lazy .* frame .*collect it first"):
        ActivationConditions.parse(EVERYTHING).decide(frame)


@pytest.mark.parametrize("engine", samples.ENGINES)
@pytest.mark.parametrize("policy", [Margin(0.2), Entropy(0.2), EachLabel(Threshold(0.5))])
@pytest.mark.parametrize(
    "column",
    [
        pa.array(["{'a': 0.5}"]),
        pa.array([{"a": "much"}]),
        pa.array([{}], pa.struct([])),
        pa.array([[("a", "much")]], pa.map_(pa.string(), pa.string())),
        pa.array([[0.5]]),
        pa.array([[{"x": 0.5, "y": 0.5}]]),
        pa.array([[{"x": 0.5}]]),
    ],
    ids=[
        "texts",
        "structs of texts",
        "structs of nothing",
        "maps to texts",
        "lists of numbers",
        "two numbers",
        "one number",
    ],
)
def test_what_holds_no_scores_is_refused(engine, policy, column):
    if engine == "pandas with dicts" and not pa.types.is_string(column.type):
        pytest.skip("a dict is looked at row by row")
    make, rows_of = samples.ENGINES[engine]
    # polars wraps what its function raises, at the end
    with pytest.raises(
        (InvalidPredictionError, pl.exceptions.ComputeError), match="not a score for each label"
    ):
        rows_of(policy.decide(make(pa.table({"item_id": ["a"], "scores": column}))))


def test_a_dict_that_holds_no_scores_is_reviewed():
    rows = [{"a": "much"}, {"a": True}, "a", {}, [{"label": ["a"], "score": 0.9}]]
    frame = pd.DataFrame({"scores": rows})
    assert Margin(0.5).decide(frame)["reason"].tolist() == [
        "scores that are not from 0 to 1",
        "scores that are not from 0 to 1",
        "no scores",
        "no scores",
        "margin 0.90 >= 0.50",
    ]


ENTRIES = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())]))


@pytest.mark.parametrize("engine", samples.ENGINES)
@pytest.mark.parametrize(
    "scores",
    [
        pa.array([{"a": Decimal("0.57"), "b": Decimal("0.9")}]),
        pa.array([[{"label": "a", "score": 0.5}, {"label": None, "score": 0.9}]], ENTRIES),
        pa.array([[{"score": 0.5, "label": "a"}, {"score": 0.9, "label": "b"}]]),
        pa.array([[(1, 0.5), (2, 0.9)]], pa.map_(pa.int64(), pa.float64())),
    ],
    ids=["decimals", "a label that is null", "the score first", "labels that are numbers"],
)
def test_scores_of_every_kind_are_read(engine, scores):
    table = pa.table({"item_id": ["x"], "scores": scores})
    if engine.startswith("polars") and pa.types.is_map(scores.type):
        pytest.skip("it has none")
    policy = EachLabel(PerClass({"a": math.nextafter(0.57, 1), "1": 0.6}, default=0.8))
    assert samples.decided(policy, engine, table) == {"x": ("review", "labels in doubt: 1")}


@pytest.mark.parametrize("engine", samples.ENGINES)
def test_columns_in_several_chunks_are_read(engine):
    whole = samples.arrow_table(samples.many_rows(6), "lists")
    parts = pa.concat_tables([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2)])
    for policy in (Sample(0.5), Margin(0.2)):
        wanted = samples.decided(policy, "arrow", whole)
        assert samples.decided(policy, engine, parts) == wanted


def test_what_pandas_makes_of_lists_in_arrow_is_read():
    scores = pa.array([[{"label": "a", "score": 0.5}, {"label": "b", "score": 0.9}]], ENTRIES)
    frame = pa.table({"scores": scores}).to_pandas()  # an array of numpy in each row
    assert Margin(0.5).decide(frame)["reason"].tolist() == ["margin 0.40 < 0.50"]


def test_labels_of_an_enumeration_are_read_in_duckdb():
    scores = duckdb.sql("SELECT [{'score': 0.5, 'label': 'a'::ENUM('a', 'b')}] AS scores")
    found = EachLabel(PerClass({"a": 0.6}, default=0.0)).decide(scores)
    assert found.fetchall()[0][1:] == ("review", "labels in doubt: 1")


@pytest.mark.parametrize("engine", samples.ENGINES)
@pytest.mark.parametrize(
    ("policy", "columns", "says"),
    [
        (Confidence("pages", ">", 2), {"pages": ["3"]}, "'pages' holds String, not numbers"),
        (Threshold(0.5), {"confidence": ["0.5"]}, "'confidence' holds String, not numbers"),
        (Sample(0.5), {"item_id": [1.5]}, "'item_id' holds Float64, not texts or whole numbers"),
        (Sample(0.5), {"item_id": [datetime(2026, 1, 1, tzinfo=UTC)]}, "'item_id' holds Datetime"),
        (Sample(0.5), {"x": [1.5]}, "no column 'item_id'"),
        (Missing("note"), {"x": [1.5]}, "no column 'note'"),
        (Margin(0.5), {"x": [1.5]}, "no column 'scores'"),
    ],
)
def test_a_frame_without_the_columns_is_refused(engine, policy, columns, says):
    with pytest.raises(InvalidPredictionError, match=says):
        policy.decide(samples.ENGINES[engine][0](pa.table(columns)))


@pytest.mark.parametrize("engine", [engine for engine in samples.ENGINES if engine != "pandas with dicts"])
@pytest.mark.parametrize("label", [{"left": 1}, True])
def test_labels_that_are_neither_texts_nor_numbers_have_no_threshold(engine, label):
    table = pa.table({"label": [label], "confidence": [0.5]})
    with pytest.raises(InvalidPredictionError, match="needs labels that are texts or whole numbers"):
        PerClass({"a": 0.5}).decide(samples.ENGINES[engine][0](table))


@given(samples.policies)
def test_a_policy_crosses_to_other_processes(policy):
    assert pickle.loads(pickle.dumps(policy)) == policy
