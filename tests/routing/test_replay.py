"""What a policy would have done: the same on every engine, right by hand, with the money it takes."""

from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.routing.calibration_data import EAGER, ENGINES, simulated

from hitl_sdk.errors import EmptyInputError, InvalidInputError, InvalidPredictionError
from hitl_sdk.routing import Bands, PerClass, Sample, Threshold
from hitl_sdk.routing.rates import counted_rate

FRAME = pd.DataFrame(
    {
        "item_id": list("abcdefg"),
        "label": ["1", "1", "0", "1", "0", "0", "1"],
        "truth": ["1", "0", "0", "0", "0", "1", None],
        "confidence": [0.99, 0.95, 0.92, 0.70, 0.60, 0.20, 0.10],
    }
)
BANDS = Bands(accept=0.90, drop=0.40)


def test_the_parts_are_counted_and_judged():
    found = BANDS.replay(FRAME)

    assert [part.n_items for part in (found.accepted, found.reviewed, found.dropped)] == [3, 2, 2]
    assert found.accepted.share == counted_rate(3, 7)
    assert found.accepted.accuracy == counted_rate(2, 3)
    assert found.reviewed.accuracy == counted_rate(1, 2)
    assert found.dropped.accuracy == counted_rate(0, 1)  # of one of the two nobody knows the truth
    assert found.model == counted_rate(3, 6)
    assert found.outcome == counted_rate(4, 5)
    assert (found.n_items, found.reviews, found.n_unknown, found.n_invalid) == (7, 2, 1, 0)


def test_it_says_what_reviews_cost():
    columns = {"label": ["a"] * 10_000, "truth": ["a"] * 10_000, "confidence": [0.5] * 10_000}
    found = Threshold(0.90).replay(pl.DataFrame(columns), cost_per_review=0.10)

    assert str(found.charges) == "300.00 to 800.00 USD"
    assert str(found.cost) == "1,300.00 to 1,800.00 USD"
    assert "cost      1,000.00 USD for people, 300.00 to 800.00 USD to Augmented AI by prices read on" in str(
        found
    )


def test_what_people_cost_is_never_guessed():
    found = BANDS.replay(FRAME)
    assert found.cost is None
    assert "cost      people not stated, 0.06 to 0.16 USD" in str(found)


def test_reviews_of_the_month_fill_the_dearer_tiers():
    first, later = (BANDS.replay(FRAME, reviewed_this_month=before).charges for before in (0, 1_000_000))
    assert later.high < first.high


POLICIES = [
    BANDS,
    Threshold(0.80) | Sample(0.3, seed=3),
    ~Sample(0.5) & Threshold(0.95),
    PerClass({"a": 0.90, "b": Bands(accept=0.80, drop=0.50)}),
]


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_every_engine_replays_alike(policy):
    columns = simulated(300)
    columns["truth"][::7] = [None] * len(columns["truth"][::7])
    found = {name: policy.replay(make(columns)) for name, make in ENGINES.items()}

    assert found == dict.fromkeys(ENGINES, found["pandas"])
    assert found["pandas"].n_unknown == len(columns["truth"][::7])


@pytest.mark.parametrize("engine", ["polars-lazy", "duckdb", "dask"])
def test_rows_of_a_lazy_frame_that_can_not_be_decided_are_told_apart(engine):
    columns = {"label": ["a"] * 3, "truth": ["a"] * 3, "confidence": [0.95, 50.0, 0.5]}
    found = Threshold(0.90).replay(ENGINES[engine](columns))

    assert (found.n_items, found.n_invalid) == (2, 1)
    assert str(found).endswith("1 rows can't be decided")


def test_an_eager_frame_is_as_strict_as_decide():
    with pytest.raises(InvalidPredictionError, match="divide by 100"):
        Threshold(0.90).replay(pd.DataFrame({"label": ["a"], "truth": ["a"], "confidence": [50.0]}))


@pytest.mark.parametrize("make", EAGER.values())
def test_a_truth_that_is_true_or_false_judges_any_label(make):
    frame = make({"label": [["a"], ["b"]], "truth": [True, False], "confidence": [0.95, 0.95]})
    assert Threshold(0.90).replay(frame).accepted.accuracy == counted_rate(1, 2)


def test_whole_numbers_are_compared_with_texts():
    frame = pl.DataFrame({"label": ["1", "-1"], "truth": [1, 1], "confidence": [0.95, 0.95]})
    assert Threshold(0.90).replay(frame).accepted.accuracy == counted_rate(1, 2)


def test_without_any_truth_there_are_shares_alone():
    found = BANDS.replay(
        FRAME.assign(truth=None).astype({"truth": "str"}).assign(truth=pd.NA).astype({"truth": "string"})
    )

    assert found.accepted.share.count == 3
    assert found.model.value is None
    assert "model right" not in str(found)


@pytest.mark.parametrize("engine", EAGER)
def test_the_parts_are_a_frame_too(engine):
    frame = BANDS.replay(FRAME).to_frame(engine)
    rows = frame.to_pylist() if isinstance(frame, pa.Table) else pl.DataFrame(frame).to_dicts()

    assert [(row["part"], row["n_items"], row["known"], row["right"]) for row in rows] == [
        ("accepted", 3, 3, 2),
        ("reviewed", 2, 2, 1),
        ("dropped", 2, 1, 0),
    ]
    assert [row["accuracy"] for row in rows] == pytest.approx([2 / 3, 1 / 2, 0])


def test_it_prints_itself_for_people():
    lines = str(BANDS.replay(FRAME, cost_per_review=0.12)).splitlines()

    assert lines[:4] == [
        "Bands(accept=0.9, drop=0.4) on 7 items",
        "accepted  3   42.9 % (9.9 % to 81.6 %)   model right in 66.7 % (9.4 % to 99.2 %)",
        "reviewed  2   28.6 % (3.7 % to 71.0 %)   model right in 50.0 % (1.3 % to 98.7 %)",
        "dropped   2   28.6 % (3.7 % to 71.0 %)   model right in 0.0 % (0.0 % to 97.5 %)",
    ]
    assert lines[-1] == "1 items have no truth"


def test_nothing_to_decide_is_refused():
    with pytest.raises(EmptyInputError):
        BANDS.replay(FRAME.head(0))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_a_column_is_not_the_truth_of_itself(make):
    """As of a training frame, whose `label` is the truth of its `model_label`: all would be right."""
    frame = make({"label": ["a", "b"], "confidence": [0.9, 0.4]})
    with pytest.raises(InvalidInputError, match="'label' is the label and its truth"):
        Threshold(0.5).replay(frame, truth="label")


def test_a_frame_without_truth_is_refused():
    with pytest.raises(InvalidPredictionError, match="no column 'truth'"):
        BANDS.replay(FRAME.drop(columns="truth"))


@pytest.mark.parametrize("cost", [-1, float("inf"), float("nan")])
def test_a_cost_is_a_number_from_0(cost):
    with pytest.raises(InvalidInputError, match="cost_per_review"):
        BANDS.replay(FRAME, cost_per_review=cost)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_truth_that_is_no_number_is_unknown(engine):
    columns = {"label": [1.0, 1.0], "truth": [1.0, float("nan")], "confidence": [0.9, 0.9]}
    found = Threshold(0.5).replay(ENGINES[engine]({"item_id": ["a", "b"], **columns}))
    assert (found.n_unknown, found.accepted.accuracy.count, found.accepted.accuracy.total) == (1, 1, 1)


@pytest.mark.parametrize("kind", [object, "category"])
@pytest.mark.parametrize(
    ("labels", "truth"),
    [(["1", "1", "1"], [1, 0, None]), ([1, 1, 1], ["1", "0", None]), (["a", "b", "c"], [True, False, None])],
)
def test_truths_with_a_gap_are_compared_as_without_one_in_pandas(labels, truth, kind):
    frame = pd.DataFrame({"label": labels, "truth": pd.Series(truth, dtype=kind), "confidence": 0.95})
    assert Threshold(0.90).replay(frame).model == counted_rate(1, 2)


@pytest.mark.parametrize("name", ["decision", "reason"])
def test_a_column_that_deciding_replaces_can_not_be_the_truth(name):
    frame = FRAME.rename(columns={"truth": name})
    with pytest.raises(InvalidInputError, match=f"the column '{name}' is the policy's own"):
        BANDS.replay(frame, truth=name)
    with pytest.raises(InvalidInputError, match=f"the column '{name}' is the policy's own"):
        BANDS.replay(FRAME, label=name)


def test_what_a_review_costs_may_be_a_decimal():
    assert BANDS.replay(FRAME, cost_per_review=Decimal("0.12")) == BANDS.replay(FRAME, cost_per_review=0.12)


@pytest.mark.parametrize("before", ["a", -1, None])
def test_the_reviews_of_the_month_are_a_number(before):
    with pytest.raises(InvalidInputError, match="reviewed_this_month"):
        BANDS.replay(FRAME, reviewed_this_month=before)


@pytest.mark.parametrize("cost", ["0.12", -1, float("nan"), True])
def test_what_a_review_costs_is_a_number(cost):
    with pytest.raises(InvalidInputError, match="cost_per_review"):
        BANDS.replay(FRAME, cost_per_review=cost)
