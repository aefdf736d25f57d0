"""A2I's activation conditions: read, written, and evaluated as the service's guide says."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError
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

# The examples of the guide's grammar, with values of our own.
MODERATION = """{"Conditions": [{"Or": [
    {"ConditionType": "ModerationLabelConfidenceCheck",
     "ConditionParameters": {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 70}},
    {"And": [{"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": 2.5}},
             {"ConditionType": "ModerationLabelConfidenceCheck",
              "ConditionParameters": {"ModerationLabelName": "*", "ConfidenceGreaterThanEquals": 95}}]}]}]}"""
FORMS = """{"Conditions": [
    {"ConditionType": "ImportantFormKeyConfidenceCheck",
     "ConditionParameters": {"ImportantFormKey": "Invoice No", "ImportantFormKeyAliases": ["Invoice", "Inv. No"],
                             "KeyValueBlockConfidenceLessThan": 80, "WordBlockConfidenceLessThan": 85}},
    {"ConditionType": "MissingImportantFormKey",
     "ConditionParameters": {"ImportantFormKey": "Due date", "ImportantFormKeyAliases": ["Due"]}}]}"""


def label_check(name, **comparisons):
    parameters = {"ModerationLabelName": name} | {
        f"Confidence{how}": value for how, value in comparisons.items()
    }
    return {"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": parameters}


def key_check(name, *aliases, **comparisons):
    parameters = {"ImportantFormKey": name} | ({"ImportantFormKeyAliases": list(aliases)} if aliases else {})
    return {
        "ConditionType": "ImportantFormKeyConfidenceCheck",
        "ConditionParameters": parameters | comparisons,
    }


def missing(name, *aliases):
    parameters = {"ImportantFormKey": name} | ({"ImportantFormKeyAliases": list(aliases)} if aliases else {})
    return {"ConditionType": "MissingImportantFormKey", "ConditionParameters": parameters}


def sampling(percentage):
    return {"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": percentage}}


def conditions(*given):
    return ActivationConditions.parse({"Conditions": list(given)})


def labels(**confidences):
    return {
        "ModerationLabels": [
            {"Name": name, "ParentName": "", "Confidence": confidence}
            for name, confidence in confidences.items()
        ],
        "ModerationModelVersion": "3.0",
    }


def form(*pairs):
    """Return what AnalyzeDocument answers of pairs: key's words, value's words, confidence of the pair and of each word."""
    blocks = [{"BlockType": "PAGE", "Id": "page"}, {"BlockType": "LINE", "Id": "line", "Text": "Invoice"}]
    for number, (key, value, of_pair, of_words) in enumerate(pairs):
        texts = [(f"k{number}w{place}", text) for place, text in enumerate(key.split())]
        values = [(f"v{number}w{place}", text) for place, text in enumerate(value.split())]
        blocks += [
            {"BlockType": "WORD", "Id": name, "Text": text, "Confidence": of_words}
            for name, text in texts + values
        ]
        children = [{"Type": "CHILD", "Ids": [name for name, _ in texts]}]
        blocks.append(
            {
                "BlockType": "KEY_VALUE_SET",
                "Id": f"k{number}",
                "EntityTypes": ["KEY"],
                "Confidence": of_pair,
                "Relationships": [{"Type": "VALUE", "Ids": [f"v{number}"]}, *children],
            }
        )
        blocks.append(
            {
                "BlockType": "KEY_VALUE_SET",
                "Id": f"v{number}",
                "EntityTypes": ["VALUE"],
                "Confidence": of_pair,
                **(
                    {"Relationships": [{"Type": "CHILD", "Ids": [name for name, _ in values]}]}
                    if values
                    else {}
                ),
            }
        )
    return {"Blocks": blocks, "DocumentMetadata": {"Pages": 1}}


def matched(activation):
    return [each.get("Name", each.get("Id")) for each in activation.matched]


def is_active(response, *given, draw_key="a"):
    return conditions(*given).evaluate(response, draw_key=draw_key).active


# --- reading and writing


@pytest.mark.parametrize("text", [MODERATION, FORMS])
def test_conditions_are_written_as_they_were_read(text):
    read = ActivationConditions.parse(text)
    assert json.loads(read.to_json()) == json.loads(text)
    assert ActivationConditions.parse(json.loads(text)) == read
    assert eval(repr(read)) == read
    assert hash(ActivationConditions.parse(read.to_json())) == hash(read)


checks_of_labels = st.builds(
    lambda name, comparisons: label_check(name, **comparisons),
    st.sampled_from(["Weapons", "Alcohol", "*"]),
    st.dictionaries(
        st.sampled_from(["Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]),
        st.one_of(st.integers(0, 100), st.floats(0, 100)),
    ),
)
leaves = st.one_of(checks_of_labels, st.floats(0.01, 100).map(sampling))


def grouped(inner):
    lists = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner, st.builds(lambda sign, parts: {sign: parts}, st.sampled_from(["And", "Or"]), lists)
    )


documents = st.lists(grouped(grouped(leaves)), max_size=3).map(lambda nodes: {"Conditions": nodes})


@given(documents)
def test_whatever_the_grammar_allows_is_read_and_written(document):
    assert json.loads(ActivationConditions.parse(document).to_json()) == document


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "not JSON"),
        ("[]", "the conditions is list, not an object"),
        ({}, "Conditions is NoneType, not a list"),
        ({"Conditions": [], "More": 1}, "the conditions has 'More' (it may have Conditions)"),
        ({"Conditions": ["Sampling"]}, "Conditions[0] is str, not an object"),
        ({"Conditions": [{}]}, "Conditions[0] has [] (give ConditionType, And, or Or)"),
        ({"Conditions": [{"Not": []}]}, "Conditions[0] has 'Not' (it may have ConditionType, And, Or)"),
        (
            {"Conditions": [{"Or": [sampling(5)]}]},
            "Conditions[0].Or has 1 conditions (And and Or take two or more)",
        ),
        ({"Conditions": [{"Or": 5}]}, "Conditions[0].Or is int, not a list"),
        (
            {"Conditions": [{"Or": [sampling(5), {"And": [sampling(5), {"Or": [sampling(5)] * 2}]}]}]},
            "Conditions[0].Or[1].And[1].Or is the third level (And and Or may be nested two levels deep)",
        ),
        ({"Conditions": [{"ConditionType": 5}]}, "has the ConditionType 5"),
        ({"Conditions": [sampling(0)]}, "RandomSamplingPercentage is 0 (give a number from 0.01 to 100)"),
        ({"Conditions": [sampling(True)]}, "RandomSamplingPercentage is True"),
        ({"Conditions": [{"ConditionType": "Sampling"}]}, "has no RandomSamplingPercentage"),
        (
            {"Conditions": [label_check("Weapons", LessThan=101)]},
            "ConfidenceLessThan is 101 (give a number from 0",
        ),
        ({"Conditions": [label_check("Weapons", LessThan="70")]}, "ConfidenceLessThan is '70'"),
        (
            {"Conditions": [label_check("Weapons", Below=70)]},
            "has 'ConfidenceBelow' (it may have ModerationLabelName,",
        ),
        ({"Conditions": [label_check("")]}, "names '', which is no text"),
        (
            {"Conditions": [{"ConditionType": "MissingImportantFormKey", "ConditionParameters": {}}]},
            "Conditions[0].ConditionParameters has no ImportantFormKey",
        ),
        ({"Conditions": [{**missing("Due"), "x": 1}]}, "Conditions[0] has 'x'"),
        (
            {
                "Conditions": [
                    {
                        **missing("Due"),
                        "ConditionParameters": {"ImportantFormKey": "a", "ImportantFormKeyAliases": "b"},
                    }
                ]
            },
            "ImportantFormKeyAliases is str, not a list",
        ),
        ({"Conditions": [missing("Due"), label_check("*")]}, "are of Rekognition and of Textract"),
    ],
)
def test_what_the_grammar_does_not_allow_is_refused_saying_where(document, says):
    with pytest.raises(InvalidInputError) as refused:
        ActivationConditions.parse(document)
    assert says in str(refused.value)


def test_more_than_10240_characters_are_refused_both_ways():
    many = [missing(f"key {number}") for number in range(200)]
    with pytest.raises(InvalidInputError, match="characters, where a flow takes 10,240"):
        ActivationConditions.parse(json.dumps({"Conditions": many}))
    with pytest.raises(InvalidInputError, match="characters, where a flow takes 10,240"):
        conditions(*many).to_json()


# --- Rekognition


def test_a_check_matches_labels_of_its_name_to_the_letter():
    response = labels(Weapons=60.0, weapons=60.0, Alcohol=60.0)
    assert matched(conditions(label_check("Weapons")).evaluate(response, draw_key="a")) == ["Weapons"]
    assert matched(conditions(label_check("*")).evaluate(response, draw_key="a")) == [
        "Weapons",
        "weapons",
        "Alcohol",
    ]
    assert not is_active(response, label_check("Weapon"))


@pytest.mark.parametrize(
    ("how", "active"),
    [
        ("Equals", [False, True, False]),
        ("LessThan", [True, False, False]),
        ("LessThanEquals", [True, True, False]),
        ("GreaterThan", [False, False, True]),
        ("GreaterThanEquals", [False, True, True]),
    ],
)
def test_confidences_compare_as_the_words_say(how, active):
    check = label_check("Weapons", **{how: 70})
    assert [is_active(labels(Weapons=share), check) for share in (69.9, 70.0, 70.1)] == active


def test_all_comparisons_of_a_check_must_hold():
    check = label_check("Weapons", GreaterThan=60, LessThan=80)
    assert [is_active(labels(Weapons=share), check) for share in (60.0, 70.0, 80.0)] == [False, True, False]


def test_two_checks_under_and_make_a_range_that_one_label_must_lie_in():
    in_range = {"And": [label_check("*", GreaterThan=90), label_check("*", LessThan=99)]}
    assert matched(conditions(in_range).evaluate(labels(Weapons=95.0, Alcohol=50.0), draw_key="a")) == [
        "Weapons"
    ]
    assert not is_active(labels(Weapons=99.5, Alcohol=50.0), in_range)


def test_checks_of_different_labels_under_and_bring_both():
    both = {"And": [label_check("Weapons", LessThan=70), label_check("Alcohol", LessThan=70)]}
    found = conditions(both).evaluate(labels(Weapons=60.0, Alcohol=50.0, Drugs=10.0), draw_key="a")
    assert matched(found) == ["Weapons", "Alcohol"]
    assert not is_active(labels(Weapons=60.0), both)


def test_workers_see_the_labels_that_any_true_condition_matched_and_the_rest_of_the_response():
    found = conditions(
        label_check("Weapons", LessThan=70), label_check("Alcohol", LessThan=10), label_check("Drugs")
    ).evaluate(labels(Weapons=60.0, Alcohol=60.0, Drugs=99.0), draw_key="a")
    assert matched(found) == ["Weapons", "Drugs"]
    assert [each["Name"] for each in found.selected["ModerationLabels"]] == ["Weapons", "Drugs"]
    assert found.selected["ModerationModelVersion"] == "3.0"


def test_a_response_without_labels_activates_no_check():
    found = ActivationConditions.parse(MODERATION).evaluate(labels(), draw_key="a")
    assert not found.active
    assert found.selected == labels()


# --- Textract


def test_a_form_key_is_known_by_its_words_and_its_aliases():
    check = key_check("Invoice No", "Inv. No", KeyValueBlockConfidenceLessThan=80)
    for key in ("Invoice No", "Inv. No"):
        assert is_active(form((key, "7", 70.0, 99.0)), check)
    for key in ("Invoice No:", "invoice no", "Invoice"):
        assert not is_active(form((key, "7", 70.0, 99.0)), check)
    assert is_active(form(("anything", "7", 70.0, 99.0)), key_check("*", KeyValueBlockConfidenceLessThan=80))


def test_the_pair_and_every_word_of_key_and_value_must_compare_so():
    check = key_check("Invoice No", KeyValueBlockConfidenceLessThan=80, WordBlockConfidenceLessThan=85)
    assert is_active(form(("Invoice No", "7 8", 79.0, 84.0)), check)
    assert not is_active(form(("Invoice No", "7 8", 80.0, 84.0)), check)
    assert not is_active(form(("Invoice No", "7 8", 79.0, 85.0)), check)
    response = form(("Invoice No", "7 8", 79.0, 84.0))
    response["Blocks"][-3]["Confidence"] = 99.0  # one of the words of the value
    assert response["Blocks"][-3]["BlockType"] == "WORD"
    assert not is_active(response, check)


def test_a_missing_key_activates_without_bringing_any_pair():
    response = form(("Total", "7", 99.0, 99.0))
    found = conditions(missing("Due date", "Due")).evaluate(response, draw_key="a")
    assert found.active
    assert found.matched == ()
    assert [block["Id"] for block in found.selected["Blocks"]] == ["page", "line"]
    for key in ("Due date", "Due"):
        assert not is_active(form((key, "", 10.0, 10.0)), missing("Due date", "Due"))


def test_workers_see_the_blocks_of_the_matched_pairs_alone():
    response = form(("Invoice No", "7", 70.0, 80.0), ("Total", "9 EUR", 70.0, 80.0))
    found = ActivationConditions.parse(FORMS).evaluate(response, draw_key="a")
    assert matched(found) == ["k0"]
    kept = [block["Id"] for block in found.selected["Blocks"]]
    assert kept == ["page", "line", "k0w0", "k0w1", "v0w0", "k0", "v0"]
    assert found.results == {
        "Conditions": [
            {**json.loads(FORMS)["Conditions"][0], "EvaluationResult": True},
            {**json.loads(FORMS)["Conditions"][1], "EvaluationResult": True},
        ]
    }


def test_ticks_and_pairs_without_words_are_no_words():
    response = form(("Paid", "", 70.0, 99.0))
    response["Blocks"].append(
        {"BlockType": "SELECTION_ELEMENT", "Id": "tick", "SelectionStatus": "SELECTED", "Confidence": 10.0}
    )
    response["Blocks"][-2]["Relationships"] = [{"Type": "CHILD", "Ids": ["tick", "on another page"]}]
    assert is_active(response, key_check("Paid", WordBlockConfidenceGreaterThan=90))
    found = conditions(key_check("Paid")).evaluate(response, draw_key="a")
    assert "tick" in [block["Id"] for block in found.selected["Blocks"]]


def test_the_keys_that_workers_are_asked_for_are_named_once():
    given = conditions(key_check("Total"), missing("Due date", "Due"), key_check("*"), missing("Total"))
    assert given.important_form_keys == ("Total", "Due date")


# --- Sampling


def drawn(*given, response=None, count=4000):
    response = labels(Weapons=60.0, Alcohol=99.0) if response is None else response
    return [conditions(*given).evaluate(response, draw_key=str(number)) for number in range(count)]


@pytest.mark.parametrize("percentage", [0.5, 20, 100])
def test_that_share_of_the_requests_is_sampled_with_all_their_inferences(percentage):
    found = drawn(sampling(percentage))
    active = [each for each in found if each.active]
    expected = len(found) * percentage / 100
    assert abs(len(active) - expected) <= 5 * expected**0.5 * (percentage < 100)
    assert {tuple(matched(each)) for each in active} == {("Weapons", "Alcohol")}


def test_the_same_request_is_drawn_alike():
    first, second = ([each.active for each in drawn(sampling(30), count=500)] for _ in range(2))
    assert first == second


def test_sampling_and_a_check_takes_that_share_of_what_matches():
    found = drawn({"And": [sampling(20), label_check("Weapons", LessThan=70)]})
    active = [each for each in found if each.active]
    assert {tuple(matched(each)) for each in active} == {("Weapons",)}
    assert abs(len(active) - 800) < 130
    assert not any(
        each.active for each in drawn({"And": [sampling(20), label_check("Weapons", LessThan=10)]}, count=99)
    )


def test_sampling_or_a_check_takes_all_that_match_and_that_share_of_the_rest_whole():
    found = drawn({"Or": [sampling(20), label_check("Weapons", LessThan=70)]})
    assert all(each.active for each in found)
    whole = [each for each in found if matched(each) == ["Weapons", "Alcohol"]]
    assert {tuple(matched(each)) for each in found if each not in whole} == {("Weapons",)}
    assert abs(len(whole) - 800) < 130


def test_samplings_of_one_flow_are_drawn_independently():
    found = drawn({"And": [sampling(50), sampling(50)]})
    assert abs(sum(each.active for each in found) - 1000) < 140
    assert {tuple(matched(each)) for each in found if each.active} == {("Weapons", "Alcohol")}


# --- the results


@given(documents, st.dictionaries(st.sampled_from(["Weapons", "Alcohol"]), st.floats(0, 100)))
def test_every_node_has_its_result_whatever_its_neighbours_say(document, confidences):
    read = ActivationConditions.parse(document)
    found = read.evaluate(labels(**confidences), draw_key="a")

    def stripped(node):
        assert isinstance(node["EvaluationResult"], bool)
        for sign, every in (("And", all), ("Or", any)):
            if sign in node:
                results = [part["EvaluationResult"] for part in node[sign]]
                assert not node["EvaluationResult"] or every(results)
                assert sign == "And" or node["EvaluationResult"] == any(results)
                return {sign: [stripped(part) for part in node[sign]]}
        return {name: part for name, part in node.items() if name != "EvaluationResult"}

    assert {"Conditions": [stripped(node) for node in found.results["Conditions"]]} == document
    assert found.active == any(node["EvaluationResult"] for node in found.results["Conditions"])
    assert {each["Name"] for each in found.matched} <= set(confidences)
    assert list(found.selected["ModerationLabels"]) == list(found.matched)


@pytest.mark.parametrize("response", [{}, [], None, "text", {"ModerationLabels": 5}, {"Entities": []}])
def test_a_response_of_another_operation_is_refused(response):
    with pytest.raises(InvalidInputError, match="no response which activation conditions are for"):
        ActivationConditions.parse(FORMS).evaluate(response, draw_key="a")


def test_conditions_of_one_service_refuse_the_response_of_the_other():
    with pytest.raises(InvalidInputError, match="for textract, the response is of rekognition"):
        ActivationConditions.parse(FORMS).evaluate(labels(), draw_key="a")


@pytest.mark.parametrize(
    "response", [{"ModerationLabels": [{"Name": "Weapons"}]}, {"Blocks": [5]}, {"Blocks": [{"Id": "a"}]}]
)
def test_a_response_that_lacks_its_parts_is_refused(response):
    given = conditions(sampling(100))
    with pytest.raises(InvalidInputError, match="the response can't be read"):
        given.evaluate(response, draw_key="a")


# --- as a policy


def of(response, item_id="a", **extra):
    return Prediction(item_id, "s3://forms/a.png", "form", 0.5, raw=response, extra=extra)


def test_a_custom_model_is_reviewed_by_the_rule_of_the_built_in_integration():
    policy = ActivationConditions.parse(FORMS)
    fine = form(("Invoice No", "7", 99.0, 99.0), ("Due", "May", 99.0, 99.0))
    assert policy.decide_one(of(fine)).decision == "accept"
    assert policy.decide_one(of(fine)).reason == "no activation condition holds"
    assert policy.decide_one(of(json.dumps(form()))).reason == "MissingImportantFormKey 'Due date' or 'Due'"
    unsure = policy.decide_one(of(form(("Invoice", "7", 50.0, 50.0), ("Due", "May", 99.0, 99.0))))
    assert unsure.reason == (
        "ImportantFormKeyConfidenceCheck 'Invoice No' or 'Invoice' or 'Inv. No' "
        "KeyValueBlockConfidenceLessThan 80, WordBlockConfidenceLessThan 85"
    )


@pytest.mark.parametrize("raw", [None, "?", {}, {"Entities": []}, {"Blocks": [5]}])
def test_an_item_without_a_response_is_reviewed(raw):
    decision = ActivationConditions.parse(FORMS).decide_one(of(raw))
    assert decision.decision == "review"
    assert decision.reason == "no response that the conditions are for"


def test_conditions_combine_with_other_policies():
    policy = ActivationConditions.parse(MODERATION) | Threshold(0.9)
    assert policy.decide_one(of(labels(Alcohol=80.0))).reason == "confidence 0.50 < 0.90"
    assert policy.decide_one(of(labels(Weapons=60.0))).reason == (
        "ModerationLabelConfidenceCheck 'Weapons' ConfidenceLessThan 70 or "
        "(Sampling RandomSamplingPercentage 2.5 and ModerationLabelConfidenceCheck '*' ConfidenceGreaterThanEquals 95)"
    )


# --- policies in A2I's words

KEYS = ["Invoice No", "Due date", "Total"]
in_words = st.one_of(
    st.builds(
        Confidence,
        st.sampled_from(KEYS),
        st.sampled_from(["<", "<=", "==", ">", ">="]),
        st.sampled_from([0.29, 0.5, 0.57, 1.0]),
    ),
    st.sampled_from(KEYS).map(Missing),
)
in_two_levels = st.one_of(
    st.tuples(in_words, in_words, in_words).map(lambda three: three[0] | three[1] & three[2]),
    st.tuples(in_words, in_words).map(lambda pair: pair[0] & pair[1]),
    st.tuples(in_words, st.sampled_from([0.0001, 0.5, 1.0])).map(lambda pair: pair[0] | Sample(pair[1])),
    in_words,
)


@given(
    in_two_levels,
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from([0.1, 0.29, 0.5, 0.57, 0.9, 1.0])),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_a_policy_reviews_the_forms_that_its_conditions_do(policy, confidences, item_id):
    written = ActivationConditions.from_policy(policy, service="textract")
    response = form(*((key, "7", round(share * 100, 10), 99.0) for key, share in confidences.items()))
    prediction = of(response, item_id=item_id, **confidences)
    assert written.decide_one(prediction).decision == policy.decide_one(prediction).decision
    assert ActivationConditions.parse(written.to_json()) == written


def test_policies_are_written_in_the_words_of_rekognition():
    policy = Threshold(0.57) | Confidence("Weapons", ">=", 0.5) & Sample(0.025) | Sample(0.01)
    assert ActivationConditions.from_policy(policy, service="rekognition") == conditions(
        label_check("*", LessThan=57),
        {"And": [label_check("Weapons", GreaterThanEquals=50), sampling(2.5)]},
        sampling(1),
    )


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (~Threshold(0.9), "no word for ~Threshold(threshold=0.9)"),
        (Bands(0.9, 0.4), "no word for Bands"),
        (PerClass({"a": 0.9}), "no word for PerClass"),
        (Margin(0.2), "no word for Margin"),
        (Entropy(0.2), "no word for Entropy"),
        (EachLabel(Threshold(0.9)), "no word for EachLabel"),
        (
            Missing("Weapons"),
            "no word for Missing(field='Weapons') (it has words for Threshold, Confidence, Sample",
        ),
        (Confidence("Weapons", "!=", 0.5), "no word for the comparison '!=' (it has < <= == > >=)"),
        (
            Confidence("Weapons", "<", 70),
            "no word for Weapons < 70 (it compares confidences: give them from 0 to 1)",
        ),
        (Sample(0.00001), "no word for Sample(rate=1e-05, seed=0) (it samples 0.01 % at least)"),
        (
            Threshold(0.9) | (Sample(0.5) & (Threshold(0.5) | (Sample(0.1) & Threshold(0.6)))),
            "is the third level",
        ),
    ],
)
def test_a_policy_without_words_in_the_grammar_is_refused(policy, says):
    with pytest.raises(InvalidInputError) as refused:
        ActivationConditions.from_policy(policy, service="rekognition")
    assert says in str(refused.value)


def test_a_service_without_activation_conditions_is_refused():
    with pytest.raises(InvalidInputError, match="give one of rekognition, textract"):
        ActivationConditions.from_policy(Sample(0.5), service="comprehend")


@pytest.mark.parametrize("percentage", [np.int64(5), Fraction(5), 5.0])
def test_numbers_of_other_libraries_are_written_as_plain_ones(percentage):
    sampling = {"ConditionType": "Sampling", "ConditionParameters": {"RandomSamplingPercentage": percentage}}
    text = ActivationConditions.parse({"Conditions": [sampling]}).to_json()
    assert json.loads(text)["Conditions"][0]["ConditionParameters"] == {"RandomSamplingPercentage": 5}


def test_a_reason_shows_a_limit_in_full():
    check = {"ModerationLabelName": "Weapons", "ConfidenceLessThan": 99.99999}
    conditions = ActivationConditions.parse(
        {"Conditions": [{"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}]}
    )
    response = {"ModerationLabels": [{"Name": "Weapons", "Confidence": 50.0}]}
    decision = conditions.decide_one(Prediction("a", "s3://images/a.png", "Weapons", 0.5, raw=response))
    assert decision.reason.endswith("ConfidenceLessThan 99.99999")


@pytest.mark.parametrize("key", [None, 7, "\ud800"])
def test_what_samples_are_drawn_by_is_a_text(key):
    with pytest.raises(InvalidInputError, match=r"draw_key=.* is no text"):
        ActivationConditions(()).evaluate({"ModerationLabels": []}, draw_key=key)


def test_a_service_that_is_no_text_is_refused():
    with pytest.raises(InvalidInputError, match="give one of rekognition, textract"):
        ActivationConditions.from_policy(Sample(0.5), service=["textract"])
