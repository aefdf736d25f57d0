"""Forms: how each field is shown, what stands in it already, and how answers are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.consolidation import (
    DawidSkene,
    FormConsolidation,
    MajorityVote,
    NumberConsolidation,
    PerLabel,
    TextConsolidation,
    Vote,
)
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError
from hitl_sdk.tasks import (
    CheckField,
    ChoiceField,
    Form,
    Instructions,
    MultiChoiceField,
    NumberField,
    TextField,
)

KINDS = ["car", "it's a bike", 'a "van"', "<none>", "$x"]
FIELDS = (
    TextField(name="brand", title="Whose?"),
    TextField(name="notes", lines=3),
    NumberField(name="price", min=0, step=0.5),
    NumberField(name="stars", min=1, max=5, slider=True),
    ChoiceField(name="kind", choices=KINDS),
    ChoiceField(name="colour", choices=["red", "blue"], style="select"),
    MultiChoiceField(name="extras", choices=["bell", "lamp"]),
    CheckField(name="used"),
)
LABEL = {
    "brand": 'A "C" & <M>E',
    "notes": "one\ntwo",
    "price": 80.5,
    "stars": 4.0,
    "kind": "it's a bike",
    "colour": "blue",
    "extras": ("lamp",),
    "used": True,
}
EMPTY = dict.fromkeys(LABEL) | {"extras": (), "used": False}


def task(*fields, **others):
    return Form(**{"name": "offer", "title": "Read it", "fields": fields or FIELDS} | others)


def by_name(page_seen, asked, content):
    _, elements = page_seen(asked, content)
    found = {}
    for element in elements:
        found.setdefault(element.name, []).append(element)
    return found


def test_every_field_is_shown_as_its_element(page_seen):
    seen = by_name(page_seen, task(), task().input("A bike"))

    assert {name: elements[0].tag for name, elements in seen.items() if name} == {
        "brand": "crowd-input",
        "notes": "crowd-text-area",
        "price": "input",
        "stars": "crowd-slider",
        "kind": "input",
        "colour": "select",
        "extras": "crowd-checkbox",
        "used": "crowd-checkbox",
    }
    assert seen["brand"][0].attributes == {"name": "brand", "label": "Whose?", "value": ""}
    assert seen["notes"][0].attributes["rows"] == "3"
    assert seen["price"][0].attributes == {"type": "number", "name": "price", "min": "0", "step": "0.5"}
    assert seen["stars"][0].attributes == {"name": "stars", "min": "1", "max": "5", "pin": ""}
    assert [element.attributes["value"] for element in seen["kind"]] == KINDS
    assert [option.attributes["value"] for option in seen["colour"][0].options] == ["", "red", "blue"]
    assert [element.attributes["value"] for element in seen["extras"]] == ["bell", "lamp"]


def test_nothing_is_chosen_without_a_prediction(page_seen):
    seen = by_name(page_seen, task(), task().input("A bike"))
    assert [
        element
        for elements in seen.values()
        for element in elements
        if {"checked", "selected"} & element.attributes.keys()
    ] == []


def test_what_the_model_says_stands_there_already(page_seen):
    seen = by_name(page_seen, task(), task().input("A bike", LABEL))

    assert seen["brand"][0].attributes["value"] == LABEL["brand"]
    assert seen["notes"][0].attributes["value"] == "one\ntwo"
    assert seen["price"][0].attributes["value"] == "80.5"
    assert float(seen["stars"][0].attributes["value"]) == 4
    assert [el.attributes["value"] for el in seen["kind"] if "checked" in el.attributes] == ["it's a bike"]
    assert [el.attributes["value"] for el in seen["extras"] if "checked" in el.attributes] == ["lamp"]
    assert "checked" in seen["used"][0].attributes
    assert [
        option.attributes["value"] for option in seen["colour"][0].options if "selected" in option.attributes
    ] == ["blue"]


@pytest.mark.parametrize("kind", KINDS)
def test_any_choice_can_be_chosen_already(page_seen, kind):
    seen = by_name(page_seen, task(), task().input("A bike", {"kind": kind}))
    assert [el.attributes["value"] for el in seen["kind"] if "checked" in el.attributes] == [kind]


@pytest.mark.parametrize(
    ("shows", "address", "tag"),
    [
        ("image", "s3://b/1.png", "<img "),
        ("audio", "s3://b/1.wav", "<audio "),
        ("video", "s3://b/1", "<video "),
    ],
)
def test_a_file_is_shown_by_a_signed_address(page_seen, shows, address, tag):
    asked = task(shows=shows)
    html, _ = page_seen(asked, asked.input(address))
    assert tag in html
    assert f'src="{address.replace("s3://", "https://signed/")}"' in html
    with pytest.raises(
        InvalidPredictionError, match="no address of an " if shows != "video" else "of a video"
    ):
        asked.input("1.png")


def test_a_text_is_shown_escaped_and_instructions_beside_it(page_seen):
    asked = task(instructions=Instructions(short="<Look>", full="{{ closely }}"))
    html, _ = page_seen(asked, asked.input("1 < 2"))
    assert "1 &lt; 2" in html
    assert "&lt;Look&gt;" in html
    assert "&#123;&#123; closely" in html


def test_required_fields_say_so_to_the_browser(page_seen):
    fields = [field.model_copy(update={"required": True}) for field in FIELDS if field.name != "extras"]
    seen = by_name(page_seen, task(*fields), {"taskObject": "a"})
    assert all("required" in each.attributes for name, each_of in seen.items() if name for each in each_of)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ({"brand": " Acme "}, {"brand": "Acme"}),
        ({"brand\u200b": "Acme"}, {"brand": "Acme"}),
        ({"brand": 7, "notes": ""}, {"brand": "7"}),
        ({"price": "80"}, {"price": 80.0}),
        ({"price": "80\u200b", "stars": 5}, {"price": 80.0, "stars": 5.0}),
        ({"price": "", "brand": "Acme"}, {"brand": "Acme"}),
        ({"kind": {"car": True, "<none>": False}}, {"kind": "car"}),
        ({"kind": {"car": "true"}}, {"kind": "car"}),
        ({"kind": {"car": False}}, {}),
        ({"kind": "car"}, {"kind": "car"}),
        ({"kind": ["car"]}, {"kind": "car"}),
        ({"kind": {"car\u200b": True}}, {"kind": "car"}),
        ({"colour": "red"}, {"colour": "red"}),
        ({"colour": ""}, {}),
        ({"extras": {"lamp": True, "bell": True}}, {"extras": ("bell", "lamp")}),
        ({"extras": {}}, {}),
        ({"extras": []}, {}),
        ({"used": {"on": True}}, {"used": True}),
        ({"used": {"on": False}}, {}),
        ({"used": "on"}, {"used": True}),
        ({"used": False}, {}),
        ({}, {}),
    ],
)
def test_answers_are_read_in_all_their_spellings(answer, label):
    assert task().parse_answer(answer).label == EMPTY | label


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"brand": {"a": 1}}, "brand: dict is no text"),
        ({"brand": True}, "brand: bool is no text"),
        ({"price": "much"}, "price: 'much' is no number"),
        ({"price": True}, "price: True is no number"),
        ({"price": [3]}, r"price: \[3\] is no number"),
        ({"price": "-1"}, "price: -1 is not from 0 to inf"),
        ({"price": "nan"}, "price: nan is not from 0 to inf"),
        ({"price": "inf"}, "price: inf is not from 0 to inf"),
        ({"stars": 6}, "stars: 6 is not from 1 to 5"),
        ({"kind": {"car": True, "$x": True}}, "kind: 2 choices were made, not one"),
        ({"kind": "boat"}, "kind: 'boat' is none of 'car'"),
        ({"extras": {"horn": True}}, "extras: 'horn' is none of 'bell', 'lamp'"),
        ({"used": "perhaps"}, "used: 'perhaps' is neither true nor false"),
        ({"mood": "1"}, "no field of task 'offer', but 'mood'"),
    ],
)
def test_an_answer_that_cannot_be_read_names_the_field(answer, message):
    with pytest.raises(InvalidOutputError, match=message):
        task().parse_answer(answer)


@pytest.mark.parametrize(
    ("field", "empty", "filled"),
    [
        (TextField(name="a", required=True), "", "x"),
        (NumberField(name="a", required=True), None, 0),
        (ChoiceField(name="a", choices=["x"], required=True), {"x": False}, {"x": True}),
        (MultiChoiceField(name="a", choices=["x", "y"], required=True), {}, {"x": True}),
        (CheckField(name="a", required=True), {"on": False}, {"on": True}),
    ],
)
def test_a_required_field_is_filled_in(field, empty, filled):
    asked = task(field)
    with pytest.raises(InvalidOutputError, match="leaves field 'a' empty"):
        asked.parse_answer({"a": empty})
    assert asked.parse_answer({"a": filled}).label == {"a": field.read(filled)}


def test_the_label_type_has_an_entry_for_each_field():
    assert task().label_type == {
        "brand": str, "notes": str, "price": float, "stars": float,
        "kind": str, "colour": str, "extras": [str], "used": bool,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("a", "is str, no mapping"),
        ({"size": 3}, "no field 'size'"),
        ({"stars": 9}, "stars: 9 is not from 1 to 5"),
    ],
)
def test_a_prediction_that_does_not_fit_is_refused(label, message):
    with pytest.raises(InvalidPredictionError, match=message):
        task().normalise_label(label)


def test_a_prediction_may_leave_fields_out():
    assert task().normalise_label({"stars": 4}) == EMPTY | {"stars": 4.0}
    assert task().input("a", {"stars": 4})["initialValue"] == {"stars": 4.0, "extras": [], "used": False}


LABELS = st.fixed_dictionaries(
    {},
    optional={
        "brand": st.text().map(str.strip).filter(bool),
        "price": st.floats(0, 1e9),
        "stars": st.integers(1, 5),
        "kind": st.sampled_from(KINDS),
        "colour": st.sampled_from(["red", "blue"]),
        "extras": st.lists(st.sampled_from(["bell", "lamp"]), unique=True),
        "used": st.booleans(),
    },
)


@given(LABELS)
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(label):
    asked = task()
    normalised = asked.normalise_label(label)
    assert asked.normalise_label(normalised) == normalised
    assert asked.parse_answer(asked.input("a", label)["initialValue"]).label == normalised


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "fields: .*at least 1"),
        ([TextField(name="a"), CheckField(name="a")], "there are two fields 'a'"),
        (["brand"], "FormInput"),
    ],
)
def test_fields_that_cannot_be_told_apart_are_refused(fields, message):
    with pytest.raises(InvalidResourceError, match=message):
        Form(name="a", title="b", fields=fields)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextField(name="a b"), "name: "),
        (lambda: TextField(name="a", lines=0), "lines: "),
        (lambda: NumberField(name="a", slider=True), "a slider needs min and max"),
        (lambda: NumberField(name="a", min=3, max=3), "min 3 is not less than max 3"),
        (lambda: NumberField(name="a", step=0), "step: "),
        (lambda: ChoiceField(name="a", choices=[]), "choices: "),
        (lambda: ChoiceField(name="a", choices=["{{ x }}"]), "has braces"),
        (lambda: ChoiceField(name="a", choices=['"it\'s"']), "both kinds of quotes"),
        (lambda: MultiChoiceField(name="a", choices=["a\\"]), "a backslash"),
    ],
)
def test_a_field_that_breaks_a_rule_is_refused(make, message):
    with pytest.raises(InvalidResourceError, match=message):
        make()


def test_each_field_has_a_method_of_its_own():
    methods = {field.name: type(field.consolidation()) for field in FIELDS}
    assert methods == {
        "brand": TextConsolidation, "notes": TextConsolidation,
        "price": NumberConsolidation, "stars": NumberConsolidation,
        "kind": MajorityVote, "colour": MajorityVote, "extras": PerLabel, "used": MajorityVote,
    }  # fmt: skip
    by = DawidSkene()
    assert ChoiceField(name="a", choices=["x"]).consolidation(by) is by
    assert MultiChoiceField(name="a", choices=["x"]).consolidation(by).of is by


def votes(*labels):
    return [Vote("1", f"w{number}", EMPTY | label) for number, label in enumerate(labels)]


def test_several_forms_become_one_field_by_field():
    consensus = task().consolidate(
        votes({"kind": "car", "price": 3.0}, {"kind": "car", "price": 5.0}, {"kind": "$x", "price": 5.0})
    )["1"]
    assert consensus.label == EMPTY | {"kind": "car", "price": 5.0}
    assert consensus.n_workers == 3
    assert 0 < consensus.agreement < 1


def test_a_method_for_the_whole_form_may_be_given():
    own = FormConsolidation({"kind": MajorityVote()})
    asked = task(ChoiceField(name="kind", choices=["x", "y"]))
    given_votes = [Vote("1", "w1", {"kind": "x"}), Vote("1", "w2", {"kind": "x"})]
    assert asked.consolidate(given_votes, by=own)["1"].label == {"kind": "x"}


@pytest.mark.parametrize("value", [1, 1.0, "1", [1.0], {"1": True}])
def test_a_choice_is_known_however_the_model_spells_it(value):
    assert ChoiceField(name="a", choices=[0, 1]).read(value) == "1"
    assert MultiChoiceField(name="a", choices=[0, 1]).read(value) == ("1",)
