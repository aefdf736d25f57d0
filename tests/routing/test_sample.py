"""The audit sample: stable, fair, independent of other samples, whatever the ids look like."""

import math
import sys

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing import Sample, Threshold
from hitl_sdk.routing._draws import draw, with_draws

IDS = [f"item-{number:06d}" for number in range(100_000)]


def draws(frame, seed=0):
    return (
        nw.from_native(with_draws(nw.from_native(frame), name="draw", seed=seed).to_native())
        .lazy()
        .collect()["draw"]
        .to_list()
    )


@pytest.fixture(scope="module")
def uniform():
    return {seed: draws(pl.DataFrame({"item_id": IDS}), seed) for seed in (0, 1)}


def chi_square(counts):
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def test_draws_fall_evenly_between_zero_and_one(uniform):
    for values in uniform.values():
        counts = [0] * 100
        for value in values:
            counts[int(value * 100)] += 1
        # 99 degrees of freedom: mean 99, standard deviation 14.
        assert chi_square(counts) < 99 + 5 * 14
        assert min(values) >= 0
        assert max(values) < 1


def test_different_seeds_draw_independent_samples(uniform):
    cells = [0] * 100
    for first, second in zip(uniform[0], uniform[1], strict=True):
        cells[int(first * 10) * 10 + int(second * 10)] += 1
    assert chi_square(cells) < 99 + 5 * 14


def test_neighbouring_ids_are_drawn_independently(uniform):
    cells = [0] * 100
    for first, second in zip(uniform[0], uniform[0][1:], strict=False):
        cells[int(first * 10) * 10 + int(second * 10)] += 1
    assert chi_square(cells) < 99 + 5 * 14


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.5, 0.97])
def test_the_share_is_the_rate(rate):
    reviewed = (
        Sample(rate, seed=7).decide(pl.DataFrame({"item_id": IDS}))["decision"].to_list().count("review")
    )
    assert abs(reviewed - rate * len(IDS)) < 5 * math.sqrt(len(IDS) * rate * (1 - rate))


def test_a_larger_sample_holds_the_smaller_one():
    frame = pl.DataFrame({"item_id": IDS[:5000]})
    small, large = (Sample(rate).decide(frame)["decision"] == "review" for rate in (0.02, 0.1))
    assert (large | ~small).all()


def test_the_sample_never_changes_between_releases():
    assert [
        round(draw(item_id, seed), 12) for item_id, seed in [("item-1", 0), ("item-1", 7), ("é", 0), ("", 0)]
    ] == [
        0.536208077761,
        0.305948474805,
        0.147157955965,
        0.281761297723,
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=8),
    st.integers(-(2**65), 2**65),
)
def test_columns_are_drawn_as_single_ids_are_on_every_engine(item_ids, seed):
    wanted = [draw(item_id, seed) for item_id in item_ids]
    columns = {"item_id": item_ids}
    for make in (pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table):
        assert draws(make(columns), seed) == wanted, make


def test_blocks_meet_without_a_seam():
    item_ids = [f"{number}" * (number % 4) for number in range(70_000)]
    drawn = draws(pl.DataFrame({"item_id": item_ids}))
    for row in (0, 1, 65_534, 65_535, 65_536, 65_537, 69_999):
        assert drawn[row] == draw(item_ids[row], 0)


def test_a_slice_of_a_table_is_drawn_like_the_whole():
    table = pa.table({"item_id": pa.chunked_array([["a", "bb"], ["ccc", "é"], ["item-5"]])})
    assert draws(table.slice(1, 3)) == draws(table)[1:4]


def test_numbers_for_ids_are_drawn_as_their_digits():
    assert draws(pd.DataFrame({"item_id": [1, 20]})) == [draw("1", 0), draw("20", 0)]


def test_without_pyarrow_the_draws_are_the_same(monkeypatch):
    frame = pl.DataFrame({"item_id": ["a", "item-12345", "日本語のレビュー"]})
    wanted = draws(frame)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert draws(frame) == wanted


def test_a_lazy_frame_is_sampled_while_it_streams():
    frame = pl.LazyFrame({"item_id": IDS[:1000]})
    eager = Sample(0.1, seed=3).decide(frame.collect())
    assert Sample(0.1, seed=3).decide(frame).collect(engine="streaming").equals(eager)


def test_a_lazy_frame_of_another_engine_is_refused_with_the_cure():
    class Lazy:
        implementation = nw.Implementation.IBIS

        def to_native(self):
            return None

    with pytest.raises(InvalidInputError, match="collect it first"):
        with_draws(Lazy(), name="draw", seed=0)


def test_two_samples_with_different_seeds_combine():
    frame = pl.DataFrame({"item_id": IDS[:20_000], "confidence": [0.95] * 20_000})
    policy = Threshold(0.9) | Sample(0.1, seed=1) | Sample(0.1, seed=2)
    reviewed = policy.decide(frame)["decision"].to_list().count("review") / 20_000
    assert reviewed == pytest.approx(0.19, abs=0.015)


@pytest.mark.parametrize("item_id", ["\ud800", b"\xff"])
def test_an_id_that_is_no_unicode_is_refused(item_id):
    frame = pd.DataFrame({"item_id": pd.Series(["a", item_id], dtype=object)})
    with pytest.raises(InvalidPredictionError, match="not valid Unicode"):
        Sample(0.5).decide(frame)
