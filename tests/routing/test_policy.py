"""Policies: what they decide, why, and that every engine and `decide_one` say the same."""

import subprocess
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError, InvalidPredictionError
from hitl_sdk.routing import Bands, Policy, Prediction, Sample, Threshold

ENGINES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars-lazy": pl.LazyFrame,
    "arrow": pa.table,
}

shares = st.one_of(
    st.sampled_from([0.0, 0.29, 0.4, 0.5, 0.57, 0.9, 0.905, 0.99999, 1.0]),
    st.floats(0, 1, allow_nan=False, allow_subnormal=False),
)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def bands(pair):
    return Bands(accept=max(pair), drop=min(pair))


policies = st.recursive(
    st.one_of(
        shares.map(Threshold),
        st.tuples(shares, shares).map(bands),
        st.builds(Sample, shares, seed=st.integers(-(2**70), 2**70)),
    ),
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(lambda pair: pair[0] | pair[1]),
        st.tuples(parts, parts).map(lambda pair: pair[0] & pair[1]),
    ),
    max_leaves=4,
)


def decided(policy: Policy, engine: str, columns: dict[str, list]) -> list[tuple[str, str]]:
    frame = policy.decide(ENGINES[engine](columns))
    if engine == "polars-lazy":
        frame = frame.collect()
    rows = (
        frame.to_pylist()
        if engine == "arrow"
        else frame.to_dict("records")
        if engine == "pandas"
        else frame.to_dicts()
    )
    return [(row["decision"], row["reason"]) for row in rows]


@settings(max_examples=30, deadline=None)
@given(policies, st.lists(st.tuples(ids, shares), min_size=1, max_size=6, unique_by=lambda row: row[0]))
def test_every_engine_decides_as_decide_one_does(policy, rows):
    columns = {"item_id": [row[0] for row in rows], "confidence": [row[1] for row in rows]}
    one_by_one = [policy.decide_one(Prediction(item_id, "item", "label", share)) for item_id, share in rows]
    wanted = [(decision.decision, decision.reason) for decision in one_by_one]
    for engine in ENGINES:
        assert decided(policy, engine, columns) == wanted, engine


VERDICTS = {"accept": Bands(0.0, 0.0), "drop": Bands(1.0, 1.0), "review": Threshold(1.0)}


def verdict(policy: Policy) -> str:
    return policy.decide_one(Prediction("a", "item", "label", 0.5)).decision


@pytest.mark.parametrize("first", VERDICTS)
@pytest.mark.parametrize("second", VERDICTS)
def test_either_reviews_if_one_does_else_drops_if_one_does(first, second):
    both = {first, second}
    wanted = "review" if "review" in both else "drop" if "drop" in both else "accept"
    assert verdict(VERDICTS[first] | VERDICTS[second]) == wanted


@pytest.mark.parametrize("first", VERDICTS)
@pytest.mark.parametrize("second", VERDICTS)
def test_both_reviews_if_both_do_else_drops_if_one_does(first, second):
    both = {first, second}
    wanted = "review" if both == {"review"} else "drop" if "drop" in both else "accept"
    assert verdict(VERDICTS[first] & VERDICTS[second]) == wanted


@pytest.mark.parametrize(
    ("policy", "confidence", "wanted"),
    [
        (Threshold(0.9), 0.9, ("accept", "confidence 0.90 >= 0.90")),
        (Threshold(0.9), 0.8999, ("review", "confidence 0.89 < 0.90")),
        (Threshold(0.905), 0.9049, ("review", "confidence 0.904 < 0.905")),
        (Threshold(0.99999), 1.0, ("accept", "confidence 1.000 >= 0.99999")),
        (Bands(0.9, 0.4), 0.4, ("review", "confidence 0.40 between 0.40 and 0.90")),
        (Bands(0.9, 0.4), 0.29, ("drop", "confidence 0.29 < 0.40")),
        (Threshold(0.5) | Bands(0.9, 0.4), 0.3, ("review", "confidence 0.30 < 0.50")),
        (Sample(1.0), 0.3, ("review", "audit sample 100 %")),
        (Sample(0.0), 0.3, ("accept", "outside audit sample 0 %")),
        (Threshold(0.2) | Sample(1.0), 0.3, ("review", "audit sample 100 %")),
    ],
)
def test_a_reason_is_short_and_true(policy, confidence, wanted):
    decision = policy.decide_one(Prediction("a", "item", "label", confidence))
    assert (decision.decision, decision.reason) == wanted


def test_all_other_columns_pass_and_pandas_keeps_its_index():
    frame = pd.DataFrame(
        {"item_id": ["a", "b", "c"], "confidence": [0.1, 0.95, 0.5], "note": [1, 2, 3], "reason": "old"},
        index=[7, 7, 3],
    )
    out = (Threshold(0.9) | Sample(0.5)).decide(frame)
    assert list(out.columns) == ["item_id", "confidence", "note", "decision", "reason"]
    assert out.index.tolist() == [7, 7, 3]
    assert out["decision"].tolist()[0] == "review"
    assert "old" not in out["reason"].tolist()
    assert frame["reason"].tolist() == ["old"] * 3


def test_an_empty_frame_stays_empty():
    empty = pl.DataFrame(
        {"item_id": [], "confidence": []}, schema={"item_id": pl.String, "confidence": pl.Float64}
    )
    assert (Threshold(0.9) | Sample(0.5)).decide(empty).columns == [
        "item_id",
        "confidence",
        "decision",
        "reason",
    ]


def test_a_frame_of_single_precision_or_whole_numbers_is_decided():
    assert decided(Threshold(0.9), "polars", {"confidence": [0, 1]})[1] == (
        "accept",
        "confidence 1.00 >= 0.90",
    )
    frame = pl.DataFrame({"confidence": pl.Series([0.25, 0.95], dtype=pl.Float32)})
    assert Threshold(0.9).decide(frame)["decision"].to_list() == ["review", "accept"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            94.0,
            "the confidence 94.0 is not from 0 to 1, for item 'b' (it looks like a percentage: divide by 100)",
        ),
        (-0.1, "the confidence -0.1 is not from 0 to 1, for item 'b'"),
        (float("nan"), "the confidence nan is not from 0 to 1, for item 'b'"),
        (1e9, "the confidence 1000000000.0 is not from 0 to 1, for item 'b'"),
    ],
)
@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_a_confidence_that_is_no_probability_is_refused_by_name(engine, bad, says):
    columns = {"item_id": ["a", "b"], "confidence": [0.5, bad]}
    with pytest.raises(InvalidPredictionError) as refused:
        decided(Threshold(0.9), engine, columns)
    assert str(refused.value) == says


def test_a_missing_confidence_is_refused_and_only_the_first_bad_items_are_named():
    with pytest.raises(
        InvalidPredictionError, match=r"None is not a number, for item '0', '1', '2' and 7 more"
    ):
        Threshold(0.9).decide(
            pl.DataFrame(
                {"item_id": [str(n) for n in range(10)], "confidence": [None] * 10},
                schema_overrides={"confidence": pl.Float64},
            )
        )


def test_without_ids_a_bad_row_is_named_by_its_number():
    with pytest.raises(InvalidPredictionError, match="for item 1"):
        Threshold(0.9).decide(pl.DataFrame({"confidence": [0.5, 2.0]}))


def test_a_lazy_frame_stays_lazy_and_marks_what_it_cannot_decide():
    frame = pl.LazyFrame({"item_id": ["a", "b", "c"], "confidence": [0.95, 94.0, None]})
    out = (Threshold(0.9) | Sample(0.0)).decide(frame)
    assert isinstance(out, pl.LazyFrame)
    rows = out.collect()
    assert rows["decision"].to_list() == ["accept", None, None]
    assert rows["reason"].to_list()[1:] == ["invalid: the confidence is not a number from 0 to 1"] * 2


def test_a_missing_column_is_refused_naming_those_there_are():
    with pytest.raises(InvalidPredictionError, match=r"no column 'confidence', but \['item_id', 'score'\]"):
        Threshold(0.9).decide(pl.DataFrame({"item_id": ["a"], "score": [0.5]}))
    with pytest.raises(InvalidPredictionError, match="no column 'item_id'"):
        Sample(0.1).decide(pl.LazyFrame({"confidence": [0.5]}))


def test_a_column_of_texts_is_refused():
    with pytest.raises(InvalidPredictionError, match="holds String, not numbers"):
        Threshold(0.9).decide(pl.DataFrame({"confidence": ["0.5"]}))


@pytest.mark.parametrize(
    "wrong", [lambda: Threshold(90), lambda: Bands(90, 0.4), lambda: Bands(0.9, 40), lambda: Sample(2)]
)
def test_a_percentage_for_a_share_is_refused_with_the_cure(wrong):
    with pytest.raises(InvalidInputError, match="divide by 100"):
        wrong()


def test_other_numbers_for_a_share_are_refused():
    for wrong in (-0.1, float("nan"), 1000):
        with pytest.raises(InvalidInputError, match="give a number from 0 to 1"):
            Threshold(wrong)


def test_bands_upside_down_are_refused():
    with pytest.raises(InvalidInputError, match="drop lies above accept"):
        Bands(accept=0.4, drop=0.9)


def test_a_policy_combines_with_policies_only():
    with pytest.raises(TypeError):
        Threshold(0.9) | 0.02
    with pytest.raises(TypeError):
        Threshold(0.9) & 0.02


def test_a_policy_reads_as_it_was_written_and_compares_by_value():
    policy = (Threshold(0.9) | Sample(0.02, seed=7)) & Bands(0.9, 0.4)
    assert repr(policy) == (
        "(Threshold(threshold=0.9) | Sample(rate=0.02, seed=7)) & Bands(accept=0.9, drop=0.4)"
    )
    assert policy == (Threshold(0.9) | Sample(0.02, seed=7)) & Bands(0.9, 0.4)
    assert Threshold(0.9) | Sample(0.1) != Threshold(0.9) & Sample(0.1)


def test_routing_loads_no_frame_library_and_no_boto3():
    script = "import sys, hitl_sdk.routing; print([m for m in ('boto3','numpy','pandas','polars','pyarrow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("value", ["0.9", None, True, [0.9], 1j])
def test_a_share_that_is_no_number_is_refused(value):
    for wrong in (Threshold, Sample, lambda share: Bands(share, 0.4), lambda share: Bands(0.9, share)):
        with pytest.raises(InvalidInputError, match="is not a number"):
            wrong(value)


@pytest.mark.parametrize("seed", ["7", None, 1.5])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(InvalidInputError, match="is no whole number"):
        Sample(0.5, seed=seed)


@pytest.mark.parametrize("given", [[], {"confidence": [0.5]}, pd.Series([0.5]), None])
def test_what_is_no_frame_is_refused(given):
    with pytest.raises(InvalidPredictionError, match="is no frame"):
        Threshold(0.9).decide(given)


def test_a_sample_is_not_drawn_for_an_item_without_id():
    with pytest.raises(InvalidPredictionError, match="row 1 has no item_id"):
        Sample(0.5).decide(pl.DataFrame({"item_id": ["a", None]}))
