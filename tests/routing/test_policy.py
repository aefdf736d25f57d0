"""Policies: what they decide, why, and that every engine and `decide_one` say the same."""

import json
import math
import operator
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from functools import reduce

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import routing
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
    Policy,
    Prediction,
    Sample,
    Threshold,
)

from . import policy_samples as samples

ENGINES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars-lazy": pl.LazyFrame,
    "arrow": pa.table,
}


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


@pytest.mark.parametrize(
    ("policy", "confidence", "wanted"),
    [
        (Threshold(0.9), math.nextafter(0.9, 0), "confidence 0.89 < 0.90"),
        (Threshold(0.07), 0.07, "confidence 0.07 >= 0.07"),
        (Threshold(0.87342), 0.87345, "confidence 0.874 >= 0.87342"),
        (Threshold(0.87342), 0.87341, "confidence 0.873 < 0.87342"),
        (Bands(0.9, 0.4), 0.9 - 1e-12, "confidence 0.89 between 0.40 and 0.90"),
        (Bands(0.9, 0.40001), 0.40002, "confidence 0.401 between 0.40001 and 0.90"),
        (PerClass({"a": 0.87342}), 0.87345, "confidence 0.874 >= 0.87342"),
        (Margin(0.20001), 0.20002, "margin 0.201 >= 0.20001"),
        (Entropy(0.50001), 0.11002, "entropy 0.500 <= 0.50001"),
    ],
)
def test_a_number_is_never_rounded_across_the_cut_that_it_is_compared_with(policy, confidence, wanted):
    scores = {"a": confidence} if isinstance(policy, Margin) else {"a": confidence, "b": 1 - confidence}
    assert told(policy, confidence, scores=scores)[1] == wanted
    frame = pd.DataFrame({"confidence": [confidence], "label": ["a"], "scores": [scores]})
    assert policy.decide(frame)["reason"].tolist() == [wanted]


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


def test_a_thousand_policies_join_as_two_do():
    policies = [Threshold(number / 1000) for number in range(1000)]
    for join in (operator.or_, operator.and_):
        joined = reduce(join, policies)
        assert joined == reduce(lambda later, first: join(first, later), reversed(policies))
        assert joined == pickle.loads(pickle.dumps(joined)) == Policy.from_json(joined.to_json())
        assert len({joined, reduce(join, policies)}) == 1
        assert repr(joined).count("Threshold") == 1000
    assert verdict(joined) == "accept"


def test_a_frame_grows_no_wider_by_joining_more():
    table = nw.from_native(pl.DataFrame({"item_id": ["a"], "__hitl_confidence": [0.5]}))
    few, many = (
        reduce(operator.or_, [Threshold(0.5), Sample(0.5)] * count)._judged(table, "__hitl").columns
        for count in (2, 20)
    )
    assert few == many


@given(samples.policies)
def test_the_representation_of_a_policy_is_the_code_that_makes_it(policy):
    again = eval(repr(policy), {name: getattr(routing, name) for name in routing.__all__})
    assert again == policy
    assert hash(again) == hash(policy)
    assert repr(again) == repr(policy)


# --- the algebra: who is reviewed follows that of sets, who is dropped has its own rules


def verdicts(policy: Policy, rows: list[dict]) -> list[str]:
    return [decision for decision, _ in samples.one_by_one(policy, rows).values()]


def reviewed(policy: Policy, rows: list[dict]) -> set[str]:
    return {item for item, (decision, _) in samples.one_by_one(policy, rows).items() if decision == "review"}


some, rows = samples.policies, samples.rows


@given(some, some, rows)
def test_people_see_the_union_and_the_intersection_and_the_complement(p, q, rows):
    everything = {row["item_id"] for row in rows}
    assert reviewed(p | q, rows) == reviewed(p, rows) | reviewed(q, rows)
    assert reviewed(p & q, rows) == reviewed(p, rows) & reviewed(q, rows)
    assert reviewed(~p, rows) == everything - reviewed(p, rows)


@given(some, some, some, rows)
def test_joining_is_commutative_associative_and_idempotent(p, q, r, rows):
    for join in (operator.or_, operator.and_):
        assert verdicts(join(p, q), rows) == verdicts(join(q, p), rows)
        assert verdicts(join(join(p, q), r), rows) == verdicts(join(p, join(q, r)), rows)
        assert verdicts(join(p, p), rows) == verdicts(p, rows)


@given(some, some, rows)
def test_turning_round_follows_de_morgan(p, q, rows):
    assert verdicts(~(p | q), rows) == verdicts(~p & ~q, rows)
    assert verdicts(~(p & q), rows) == verdicts(~p | ~q, rows)


@given(some, rows)
def test_what_is_turned_round_drops_nothing_and_keeps_its_reasons(p, rows):
    assert "drop" not in verdicts(~p, rows)
    assert verdicts(~~~p, rows) == verdicts(~p, rows)
    reasons = [[reason for _, reason in samples.one_by_one(each, rows).values()] for each in (p, ~p)]
    assert reasons[0] == reasons[1]


@given(some, some, rows)
def test_what_nobody_reviews_is_dropped_if_a_part_drops_it(p, q, rows):
    for join in (operator.or_, operator.and_):
        each = zip(verdicts(join(p, q), rows), verdicts(p, rows), verdicts(q, rows), strict=True)
        assert all(whole == "drop" for whole, *parts in each if whole != "review" and "drop" in parts)


def test_turning_round_reviews_what_was_dropped_as_well_as_what_was_accepted():
    assert {name: verdict(~policy) for name, policy in VERDICTS.items()} == {
        "accept": "review",
        "drop": "review",
        "review": "accept",
    }


# --- JSON


@given(samples.policies)
def test_a_policy_is_written_to_json_and_read_again(policy):
    text = policy.to_json()
    assert Policy.from_json(text) == policy
    assert Policy.from_json(json.loads(text)) == policy
    assert Policy.from_json(text).to_json() == text


def test_json_has_a_policy_as_a_person_would_write_it():
    policy = (
        PerClass({"a": 0.9, "b": Bands(0.9, 0.4)}) | Sample(0.02) | ~Margin(0.1) & EachLabel(Threshold(0.5))
    )
    assert json.loads(policy.to_json()) == {
        "or": [
            {
                "PerClass": {
                    "thresholds": {"a": 0.9, "b": {"Bands": {"accept": 0.9, "drop": 0.4}}},
                    "default": None,
                }
            },
            {"Sample": {"rate": 0.02, "seed": 0}},
            {
                "and": [
                    {"not": {"Margin": {"least": 0.1}}},
                    {"EachLabel": {"rule": {"Threshold": {"threshold": 0.5}}}},
                ]
            },
        ]
    }


def test_activation_conditions_within_a_policy_are_read_again():
    policy = ActivationConditions.from_policy(Sample(0.05), service="textract") | Threshold(0.9)
    assert Policy.from_json(policy.to_json()) == policy
    assert Policy.from_json('{"Conditions": []}') == ActivationConditions(())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('{"Threshold": {"threshold": 0.9}', "the policy: not JSON: Expecting"),
        ("[" * 100_000, "the policy: not JSON: maximum recursion"),
        ('"Threshold"', '\'Threshold\' is no policy (write {"Threshold": {"threshold": 0.9}})'),
        ({"Threshold": {}, "Sample": {}}, "is no policy"),
        (
            {"Treshold": {"threshold": 0.9}},
            "no kind of policy is named 'Treshold' (there are Bands, Conditions, ",
        ),
        ({"Threshold": {"treshold": 0.9}}, "Threshold has no field 'treshold' (it takes threshold)"),
        ({"Bands": {"accept": 0.9}}, "Bands lacks drop (it takes accept, drop)"),
        ({"Threshold": 0.9}, "Threshold has 0.9 for its fields (it takes threshold)"),
        ({"Threshold": {"threshold": 90}}, "threshold=90 is not from 0 to 1"),
        ({"or": [{"Sample": {"rate": 0.5}}]}, "(give a list of two or more policies)"),
        ({"or": {"Sample": {"rate": 0.5}}}, "(give a list of two or more policies)"),
        ({"not": [{"Sample": {"rate": 0.5}}]}, "is no policy"),
        ({"EachLabel": {"rule": {"Sample": {"rate": 0.5}}}}, "give Bands, a Threshold, or PerClass"),
        ({"PerClass": {"thresholds": 0.5}}, "the thresholds are float, no mapping"),
        ({"PerClass": {"thresholds": {"a": {"Sample": {"rate": 0.5}}}}}, "is not a number"),
        ({"Conditions": [{"ConditionType": "Samples"}]}, "the ConditionType 'Samples'"),
    ],
)
def test_json_that_is_no_policy_is_refused_naming_what_there_is(given, says):
    with pytest.raises(InvalidInputError) as refused:
        Policy.from_json(given)
    assert says in str(refused.value)


# --- the rules that look at more than the confidence


def told(policy: Policy, confidence: float = 0.5, label: object = "a", **given: object) -> tuple[str, str]:
    extra = {name: value for name, value in given.items() if name != "scores"}
    decision = policy.decide_one(
        Prediction("x", "item", label, confidence, scores=given.get("scores"), extra=extra or None)
    )
    return decision.decision, decision.reason


@pytest.mark.parametrize(
    ("policy", "given", "wanted"),
    [
        (PerClass({"a": 0.4}), {}, ("accept", "confidence 0.50 >= 0.40")),
        (PerClass({"a": Bands(0.9, 0.6)}), {}, ("drop", "confidence 0.50 < 0.60")),
        (PerClass({"b": 0.4}), {}, ("review", "no threshold for this label")),
        (PerClass({"b": 0.4}, default=0.6), {}, ("review", "confidence 0.50 < 0.60")),
        (PerClass({1: 0.4}), {"label": 1.0}, ("accept", "confidence 0.50 >= 0.40")),
        (PerClass({"a": 0.4}), {"label": [{"left": 1}]}, ("review", "no threshold for this label")),
        (Margin(0.2), {"scores": {"a": 0.6, "b": 0.4}}, ("accept", "margin 0.20 >= 0.20")),
        (Margin(0.2), {"scores": {"a": 0.6, "b": 0.401}}, ("review", "margin 0.19 < 0.20")),
        (Margin(0.2), {"scores": {"a": 0.6}}, ("accept", "margin 0.60 >= 0.20")),
        (Margin(0.2), {"scores": {"a": 0.6, "b": 94}}, ("review", "scores that are not from 0 to 1")),
        (Margin(0.2), {}, ("review", "no scores")),
        (Entropy(0.5), {"scores": {"a": 0.5, "b": 0.5}}, ("review", "entropy 1.00 > 0.50")),
        (Entropy(1.0), {"scores": {"a": 0.25, "b": 0.25, "c": 0.25}}, ("accept", "entropy 1.00 <= 1.00")),
        (Entropy(0.5), {"scores": {"a": 0.7, "b": 0.0}}, ("accept", "entropy 0.00 <= 0.50")),
        (Entropy(0.5), {"scores": {"a": 0.3}}, ("accept", "entropy 0.00 <= 0.50")),
        (Entropy(0.5), {"scores": {"a": 0.0, "b": 0.0}}, ("review", "no scores")),
        # 0.11003 and its complement: 0.50005 of a bit, which must not read as 0.50 > 0.50.
        (Entropy(0.5), {"scores": {"a": 0.11004, "b": 0.88996}}, ("review", "entropy 0.51 > 0.50")),
        (EachLabel(Bands(0.9, 0.4)), {"scores": {"a": 0.9, "b": 0.1}}, ("accept", "no label in doubt")),
        (EachLabel(Bands(0.9, 0.4)), {"scores": {"a": 0.89, "b": 0.4}}, ("review", "labels in doubt: 2")),
        (EachLabel(Bands(0.9, 0.4)), {"scores": {"a": 0.39}}, ("drop", "no label is accepted")),
        (EachLabel(Bands(0.9, 0.4)), {"scores": {"a": None}}, ("review", "no scores")),
        (EachLabel(PerClass({"b": 0.5})), {"scores": {"a": 1.0, "b": 1.0}}, ("review", "labels in doubt: 1")),
        (Missing("note"), {"note": "seen"}, ("accept", "note is there")),
        (Missing("note"), {"note": ""}, ("review", "note is missing")),
        (Missing("note"), {"note": []}, ("review", "note is missing")),
        (Missing("note"), {"note": float("nan")}, ("review", "note is missing")),
        (Missing("note"), {"note": np.float32("nan")}, ("review", "note is missing")),
        (Missing("note"), {"note": Decimal("nan")}, ("review", "note is missing")),
        (Missing("note"), {"note": pd.NaT}, ("review", "note is missing")),
        (Missing("note"), {"note": pd.NA}, ("review", "note is missing")),
        (Missing("note"), {}, ("review", "note is missing")),
        (Missing("label"), {}, ("accept", "label is there")),
        (Confidence("confidence", "<", 0.6), {}, ("review", "confidence < 0.6")),
        (Confidence("pages", "!=", 3), {"pages": 3}, ("accept", "pages == 3")),
        (Confidence("pages", ">", 3), {"pages": Decimal("3.5")}, ("review", "pages > 3")),
        (Confidence("pages", ">", 3), {"pages": "many"}, ("review", "no number in pages")),
        (Confidence("pages", ">", 3), {"pages": True}, ("review", "no number in pages")),
        (Confidence("pages", ">", 3), {}, ("review", "no number in pages")),
    ],
)
def test_each_rule_decides_and_says_why(policy, given, wanted):
    assert told(policy, **given) == wanted


def test_more_labels_than_a_reason_can_show_are_told_as_so_many():
    scores = {str(number): 0.5 for number in range(2000)}
    assert told(EachLabel(Threshold(0.9)), scores=scores) == ("review", "labels in doubt: 1000")
    frame = pd.DataFrame({"scores": [scores]})
    assert EachLabel(Threshold(0.9)).decide(frame)["reason"].tolist() == ["labels in doubt: 1000"]


@given(st.dictionaries(samples.texts, samples.shares), samples.rules)
def test_every_label_falls_into_one_part_by_falling_score(scores, rule):
    split = EachLabel(rule).split(scores)
    parts = [split.accepted, split.asked, split.dropped]
    assert sorted(label for part in parts for label in part) == sorted(scores)
    for part in parts:
        assert list(part) == sorted(part, key=lambda label: (-scores[label], label))
    policies = {"accept": split.accepted, "review": split.asked, "drop": split.dropped}
    for decision, labels in policies.items():
        for label in labels:
            assert told(rule, confidence=scores[label], label=label)[0] == decision


def test_scores_out_of_range_are_not_split():
    with pytest.raises(InvalidInputError, match="divide percentages by 100"):
        EachLabel(Bands(0.9, 0.4)).split({"a": 94.0})


def test_the_thresholds_of_classes_can_not_be_changed():
    given = {"a": 0.5}
    policy = PerClass(given)
    given["a"] = 0.9
    assert policy == PerClass({"a": 0.5})
    with pytest.raises(TypeError):
        policy.thresholds["a"] = 0.9
    assert PerClass({"a": Threshold(0.5)}) == policy
    assert policy != Threshold(0.5)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: PerClass({"a": 90}), "'a': threshold=90 is not from 0 to 1"),
        (lambda: PerClass({"a": 0.5}, default=90), "'default': threshold=90"),
        (lambda: PerClass({None: 0.5}), "the label None is neither a text nor a whole number"),
        (lambda: PerClass({(1,): 0.5}), r"the label \(1,\) is neither"),
        (lambda: PerClass([0.5]), "the thresholds are list, no mapping"),
        (lambda: PerClass({1: 0.5, "1": 0.6}), "a label is there twice among"),
        (lambda: Threshold(10**400), "is not from 0 to 1"),
        (lambda: Threshold(Decimal("sNaN")), "is not from 0 to 1"),
        (lambda: Confidence("a", "<", 10**400), "too large"),
        (lambda: Confidence("a", "<", Decimal("sNaN")), "is not a number"),
        (lambda: Confidence("a", ["<"], 1), "is no comparison"),
        (lambda: Margin(20), "least=20 is not from 0 to 1"),
        (lambda: Entropy(None), "most=None is not a number"),
        (lambda: EachLabel(Sample(0.5)), "give Bands, a Threshold, or PerClass"),
        (lambda: Missing(""), "field='' is no name of a column"),
        (lambda: Confidence("a", "=<", 1), "op='=<' is no comparison"),
        (lambda: Confidence("a", "<", float("inf")), "value=inf is not a number"),
        (lambda: Confidence("a", "<", "1"), "value='1' is not a number"),
        (lambda: Confidence(1, "<", 1), "field=1 is no name of a column"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(InvalidInputError, match=says):
        wrong()


@pytest.mark.parametrize("value", [np.float64(0.5), np.float32(0.5), Fraction(1, 2), Decimal("0.5")])
def test_numbers_of_other_libraries_become_plain_ones(value):
    assert repr(Threshold(value)) == "Threshold(threshold=0.5)"
    assert Policy.from_json(Sample(value, seed=np.int64(3)).to_json()) == Sample(0.5, seed=3)


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


@pytest.mark.parametrize("given", [None, {"confidence": 0.5}, 0.5])
def test_what_is_no_prediction_is_refused(given):
    with pytest.raises(InvalidPredictionError, match="is no Prediction"):
        Threshold(0.9).decide_one(given)


@pytest.mark.parametrize("given", [[], {"confidence": [0.5]}, pd.Series([0.5]), None])
def test_what_is_no_frame_is_refused(given):
    with pytest.raises(InvalidPredictionError, match="is no frame"):
        Threshold(0.9).decide(given)


def test_a_sample_is_not_drawn_for_an_item_without_id():
    with pytest.raises(InvalidPredictionError, match="row 1 has no item_id"):
        Sample(0.5).decide(pl.DataFrame({"item_id": ["a", None]}))


def test_the_response_of_a_prediction_is_there():
    given = routing.Prediction("a", "text", "b", 0.5, raw={"Labels": []})
    assert Missing("raw").decide_one(given).decision == "accept"


@pytest.mark.parametrize(("number", "decision"), [(10**400, "review"), (-(10**400), "accept")])
def test_a_number_too_large_for_a_float_is_compared(number, decision):
    given = routing.Prediction("a", "text", "b", 0.5, extra={"n": number})
    assert Confidence("n", ">", 1).decide_one(given).decision == decision


def test_a_label_too_large_for_a_float_has_a_threshold():
    assert told(PerClass({10**400: 0.4}), label=10**400) == ("accept", "confidence 0.50 >= 0.40")


def test_and_or_and_not_are_refused_as_they_would_drop_a_policy_without_a_word():
    for wrong in (
        lambda: Threshold(0.9) or Sample(0.1),
        lambda: Threshold(0.9) and Sample(0.1),
        lambda: not Sample(0.1),
    ):
        with pytest.raises(TypeError, match="neither true nor false"):
            wrong()
