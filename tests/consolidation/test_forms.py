"""Forms and the fields of documents of several workers."""

import pytest

from hitl_sdk.consolidation import (
    DawidSkene,
    FormConsolidation,
    FormFieldConsolidation,
    MajorityVote,
    NumberConsolidation,
    PerLabel,
    TextConsolidation,
    Vote,
)
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import FormField

METHOD = FormConsolidation(
    {
        "kind": MajorityVote(),
        "urgent": MajorityVote(),
        "doors": NumberConsolidation(),
        "remark": TextConsolidation(),
    }
)


def agree(method, *answers, preferred=None):
    votes = [Vote("1", f"worker-{number}", answer) for number, answer in enumerate(answers)]
    return method.consolidate(votes, preferred=None if preferred is None else {"1": preferred})["1"]


def fields(*pairs):
    return tuple(FormField(*pair) for pair in pairs)


def test_each_field_goes_by_its_own_method():
    consensus = agree(
        METHOD,
        {"kind": "car", "urgent": True, "doors": 2, "remark": "old"},
        {"kind": "car", "urgent": False, "doors": 3, "remark": "old"},
        {"kind": "van", "urgent": False, "doors": 5, "remark": "older"},
    )

    assert consensus.label == {"kind": "car", "urgent": False, "doors": 3, "remark": "old"}
    assert consensus.label_confidences == pytest.approx(
        {"kind": 2 / 3, "urgent": 2 / 3, "doors": 1 / 3, "remark": (1 + 3 / 5) / 2}
    )
    assert consensus.confidence == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 0.8) / 4)
    assert not consensus.tie


def test_choices_of_several_go_label_by_label():
    method = FormConsolidation({"colors": PerLabel(["red", "blue"])})
    consensus = agree(method, {"colors": ("red", "blue")}, {"colors": ("red",)}, {"colors": ("red",)})

    assert consensus.label == {"colors": ("red",)}


def test_a_method_that_learns_of_workers_sees_all_items_at_once():
    """The third worker is always wrong, and so a vote of one against one goes to the other."""
    truth = {str(item): "ab"[item % 2] for item in range(20)}
    votes = [Vote(item, worker, {"kind": label}) for item, label in truth.items() for worker in ("x", "y")]
    votes += [Vote(item, "z", {"kind": "ba"["ab".index(label)]}) for item, label in truth.items()]
    votes += [Vote("new", "x", {"kind": "b"}), Vote("new", "z", {"kind": "a"})]

    assert FormConsolidation({"kind": DawidSkene()}).consolidate(votes)["new"].label == {"kind": "b"}


def test_a_field_that_fewer_than_half_filled_in_is_left_out():
    consensus = agree(
        METHOD, {"kind": "car", "remark": "odd"}, {"kind": "car", "remark": None}, {"kind": "car"}
    )

    assert consensus.label == {"kind": "car"}
    assert consensus.label_confidences == {"kind": 1}
    assert consensus.agreement == pytest.approx((1 + 2 / 3) / 2)


def test_a_field_that_most_filled_in_is_as_sure_as_they_are_many():
    consensus = agree(METHOD, {"doors": 4}, {"doors": 4}, {})

    assert consensus.label_confidences == {"doors": 2 / 3}


@pytest.mark.parametrize(
    ("model", "expected"),
    [(None, {"doors": 4}), ({"doors": 5}, {"doors": 4}), ({}, {}), ({"doors": None}, {})],
)
def test_a_field_that_half_filled_in_goes_by_the_preferred_form(model, expected):
    consensus = agree(METHOD, {"doors": 4}, {}, preferred=model)

    assert consensus.label == expected
    assert (consensus.confidence, consensus.tie) == (0.5, True)


def test_the_preferred_form_wins_ties_of_its_fields():
    assert agree(METHOD, {"kind": "car"}, {"kind": "van"}, preferred={"kind": "van"}).label == {"kind": "van"}


def test_an_empty_form_is_a_form():
    assert (agree(METHOD, {}, {}).label, agree(METHOD, {}, {}).confidence) == ({}, 1)


def test_a_field_without_a_method_is_refused_by_item():
    with pytest.raises(InvalidInputError, match="item 1 has a field 'wheels' without a method") as caught:
        agree(METHOD, {"wheels": 4})

    assert caught.value.item_id == "1"


def test_fields_of_documents_are_matched_by_key_and_voted_by_value():
    consensus = agree(
        FormFieldConsolidation(),
        fields(("Date:", "3 May"), ("Total", "8")),
        fields(("date", "3  May")),
        fields(("Date:", "9 May"), ("TOTAL :", "8")),
    )

    assert consensus.label == (
        FormField("Date:", "3 May", confidence=2 / 3),
        FormField("TOTAL :", "8", confidence=2 / 3),
    )
    assert consensus.agreement == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)


def test_a_key_is_written_as_most_workers_wrote_it():
    answers = [fields((key, "3 May")) for key in ("Date:", "date", "date")]

    assert agree(FormFieldConsolidation(), *answers).label[0].key == "date"


def test_a_field_of_half_of_the_workers_goes_by_the_preferred_label():
    answers = fields(("Date", "3 May"), ("Total", "8")), fields(("Date", "3 May"))

    assert len(agree(FormFieldConsolidation(), *answers).label) == 2
    consensus = agree(FormFieldConsolidation(), *answers, preferred=fields(("Date", "4 May")))
    assert [field.key for field in consensus.label] == ["Date"]
    assert consensus.tie


def test_of_values_given_as_often_the_preferred_wins_or_else_the_first():
    answers = fields(("Total", "8")), fields(("Total", "3"))

    assert agree(FormFieldConsolidation(), *answers).label[0].value == "3"
    assert agree(FormFieldConsolidation(), *answers, preferred=fields(("total", "8"))).label[0].value == "8"


def test_keys_that_stand_there_twice_are_matched_by_value_first():
    """As in the rows of a table."""
    rows = fields(("Price", "3"), ("Price", "8"))

    consensus = agree(FormFieldConsolidation(), rows, rows[::-1], fields(("Price", "8")))
    assert {(field.value, field.confidence) for field in consensus.label} == {("3", 2 / 3), ("8", 1.0)}


def test_a_share_that_is_none_is_refused():
    with pytest.raises(InvalidInputError, match="min_share"):
        FormFieldConsolidation(min_share=0)
