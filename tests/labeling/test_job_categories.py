"""The label category configuration: written as each kind wants it, read in either spelling, its limits told at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk._ground_truth import kind_named, kinds
from hitl_sdk.errors import InvalidInputError, InvalidResourceError
from hitl_sdk.labeling import LabelAttribute, LabelCategories, LabelCategory

FRAMES = kind_named("VideoObjectTracking")
FRAME_KINDS = [each for each in kinds() if each.human_task_ui and each.input_key == "source-ref"]
TOLD = tasks.Instructions(short="Look closely.", full="First look.\n\nThen answer.")
FULL = {
    "documentVersion": "2020-03-01",
    "annotationType": "Polygon",
    "frameAttributes": [
        {
            "name": "people",
            "type": "number",
            "description": "How many?",
            "minimum": 0,
            "maximum": 20,
            "isRequired": True,
        },
        {
            "name": "weather",
            "type": "string",
            "description": "Sky",
            "enum": ["clear", "rain"],
            "editsAllowed": "none",
        },
    ],
    "categoryGlobalAttributes": [{"name": "hidden", "type": "string", "enum": ["yes", "no"]}],
    "labels": [
        {"label": "van", "categoryAttributes": [{"name": "plate", "type": "string"}], "editsAllowed": "none"},
        {"label": "bus"},
    ],
    "auditLabelAttributeName": "vans-ref",
    "instructions": {
        "shortInstruction": "<p>Look closely.</p>",
        "fullInstruction": "<p>First look.</p>\n<p>Then answer.</p>",
    },
}


def attributes(count, **fields):
    return [LabelAttribute(name=f"a{number}", description="what", **fields) for number in range(count)]


def test_a_file_that_is_read_is_written_as_it_was():
    assert LabelCategories.from_json(json.dumps(FULL)).to_json(FRAMES) == FULL


@pytest.mark.parametrize("key", ["document-version", "documentVersion"])
def test_either_spelling_of_the_version_is_read(key):
    fields = {key: "2018-11-28", "labels": [{"label": "cat"}]}
    assert LabelCategories.from_json(fields) == LabelCategories(labels=["cat"])


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_the_version_is_spelled_as_the_guide_spells_it_for_the_kind(kind):
    written = LabelCategories(labels=["cat"], instructions=TOLD).to_json(kind)
    expected = (
        {"documentVersion": "2020-03-01"} if kind in FRAME_KINDS else {"document-version": "2018-11-28"}
    )
    assert expected.items() <= written.items()
    assert ("instructions" in written) == (kind.human_task_ui is not None)


def test_entities_are_shown_by_their_names():
    task = tasks.NamedEntityRecognition(
        name="names",
        labels=["city", "person"],
        title="Mark them",
        short_names={"city": "cty"},
        full_names={"city": "City"},
    )
    written = LabelCategories.of_task(task).to_json(kind_named("NamedEntityRecognition"))
    assert written["labels"] == [
        {"label": "city", "shortDisplayName": "cty", "fullDisplayName": "City"},
        {"label": "person"},
    ]


def test_instructions_are_escaped_and_read_back_as_they_were():
    told = tasks.Instructions(short="a < b", full="first & last\n\nthen {this}")
    categories = LabelCategories(labels=["cat"], instructions=told)
    written = categories.to_json(FRAMES)
    assert written["instructions"]["shortInstruction"] == "<p>a &lt; b</p>"
    assert LabelCategories.from_json(written) == categories


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=16))
def test_any_label_is_read_back(label):
    categories = LabelCategories(labels=[LabelCategory(label=label, attributes=attributes(1))])
    assert LabelCategories.from_json(json.dumps(categories.to_json(FRAMES))) == categories


@pytest.mark.parametrize("content", ["", "[1]", "{", b"\xff", "null", "[" * 100_000])
def test_what_is_no_configuration_is_refused(content):
    with pytest.raises(InvalidInputError, match="the label category configuration is"):
        LabelCategories.from_json(content)


@pytest.mark.parametrize(
    "fields", [{}, {"labels": []}, {"labels": [{"name": "cat"}]}, {"labels": ["cat"]}, {"labels": 7}]
)
def test_labels_that_are_none_are_refused(fields):
    with pytest.raises(InvalidInputError):
        LabelCategories.from_json(fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "a" * 17}, "name: String should have at most 16"),
        ({"name": "a", "description": "d" * 129}, "description"),
        ({"name": "a", "choices": ["c" * 17]}, "choices"),
        ({"name": "a", "choices": [str(n) for n in range(11)]}, "choices"),
        ({"name": "a", "minimum": 1}, "give type='number'"),
        ({"name": "a", "type": "number", "choices": ["1"]}, "a number has minimum and maximum"),
        ({"name": "a", "type": "number", "minimum": 2, "maximum": 1}, "minimum 2 is above maximum 1"),
        ({"name": "a", "edits_allowed": "some"}, "edits_allowed"),
    ],
)
def test_an_attribute_that_breaks_a_rule_is_refused(fields, says):
    with pytest.raises(InvalidResourceError, match=says):
        LabelAttribute(**fields)


def test_a_text_is_no_list_of_labels():
    with pytest.raises(InvalidResourceError, match="give a list of labels"):
        LabelCategories(labels="cat")


def test_all_limits_of_frames_are_told_at_once():
    long = tasks.Instructions(short="s" * 250, full="f" * 2050)
    categories = LabelCategories(
        labels=[
            LabelCategory(label="a-label-of-seventeen"[:17], attributes=attributes(11, choices=["x"])),
            "van",
            "van",
        ],
        global_attributes=[LabelAttribute(name="a0", choices=["x"])],
        frame_attributes=[*attributes(5), LabelAttribute(name="sky")],
        instructions=long,
    )
    told = "\n".join(categories.problems(FRAMES))
    for part in (
        "the label 'van' stands there twice",
        "the label 'a-label-of-sevent' has 17 characters",
        "the short instructions have 257 characters",
        "the full instructions have 2,057 characters",
        "the frame attribute 'sky' needs a description",
        "the frame has 6 attributes of free text, at most 5",
        "'a0' is an attribute of the label 'a-label-of-sevent' and of all labels",
        "the label 'a-label-of-sevent' has 12 attributes, at most 10",
    ):
        assert part in told


@pytest.mark.parametrize(
    "categories",
    [
        LabelCategories(labels=["a", "b"], global_attributes=attributes(1)),
        LabelCategories(labels=["a", "b"], frame_attributes=attributes(1)),
        LabelCategories(labels=[LabelCategory(label="a", attributes=attributes(1)), "b"]),
    ],
)
def test_attributes_are_for_frames_and_points(categories):
    assert "takes no attributes" in categories.problems(kind_named("ImageMultiClass"))[0]
    assert "takes no attributes" not in "".join(categories.problems(FRAMES))


def test_what_is_drawn_is_chosen_for_video_frames():
    polygons = LabelCategories(labels=["a", "b"], annotation_type="Polygon")
    assert polygons.problems(FRAMES) == ()
    for name in ("ImageMultiClass", "3DPointCloudObjectDetection"):
        assert "has no annotation_type" in polygons.problems(kind_named(name))[0]


def test_a_label_of_257_characters_is_refused():
    with pytest.raises(InvalidResourceError, match="at most 256"):
        LabelCategories(labels=["l" * 257])
