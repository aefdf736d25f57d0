"""Moderation labels: our own flows and those of Rekognition."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError
from hitl_sdk.tasks import RekognitionModeration

KEY = "AWS/Rekognition/DetectModerationLabels/Image/V3"
LABELS = ("Weapons", "Alcohol", "Smoking")
IMAGE = "s3://bucket/1.png"


def task(**fields):
    return RekognitionModeration(**{"name": "safety", "labels": LABELS, "title": "What is unsafe?"} | fields)


def element(page_seen, asked, content):
    _, (form, found) = page_seen(asked, content)
    assert (form.tag, found.tag) == ("crowd-form", "crowd-rekognition-detect-moderation-labels")
    return found.attributes


@pytest.mark.parametrize(
    "content",
    [
        {"taskObject": IMAGE},
        {"aiServiceRequest": {"image": {"s3Object": {"bucket": "bucket", "name": "1.png"}}}},
    ],
)
def test_the_element_shows_the_image_of_either_flow(page_seen, content):
    seen = element(page_seen, task(), content)

    assert seen["src"] == "https://signed/bucket/1.png"
    assert json.loads(seen["categories"]) == list(LABELS)
    assert "exclusion-category" not in seen
    assert task().item(content) == IMAGE


def test_categories_have_parents(page_seen):
    asked = task(parents={"Weapons": '"Violence"'}, none_of_these="None of these")
    seen = element(page_seen, asked, asked.input(IMAGE))

    assert json.loads(seen["categories"])[:2] == [
        {"name": "Weapons", "parentName": '"Violence"'},
        {"name": "Alcohol", "parentName": ""},
    ]
    assert json.loads(seen["exclusion-category"]) == {"text": "None of these"}
    with pytest.raises(InvalidResourceError, match="'Nudity' has a parent, but is no label"):
        task(parents={"Nudity": "a"})


@pytest.mark.parametrize("key", ["moderationLabels", "ModerationLabels"])
@pytest.mark.parametrize(
    ("chosen", "label"),
    [
        ([], ()),
        (None, ()),
        (["Smoking", "Weapons"], ("Weapons", "Smoking")),
        ([{"name": "Weapons", "parentName": "Violence"}], ("Weapons",)),
        ([{"Name": "Weapons\u200b"}], ("Weapons",)),
        (["None of these"], ()),
    ],
)
def test_an_answer_is_read_in_all_its_spellings(key, chosen, label):
    assert task(none_of_these="None of these").parse_answer({KEY: {key: chosen}}).label == label


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"safety": {}}, "no object under 'AWS/Rekognition"),
        ({KEY: {"labels": []}}, "has no 'moderationLabels', but 'labels'"),
        ({KEY: {"moderationLabels": "Weapons"}}, "are str, no list"),
        ({KEY: {"moderationLabels": [{"name": "Nudity"}]}}, "'Nudity' is none of task 'safety'"),
        ({KEY: {"moderationLabels": [{}]}}, "label None is none of task 'safety'"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(content, message):
    with pytest.raises(InvalidOutputError, match=message):
        task().parse_answer(content)


@given(st.lists(st.sampled_from(LABELS), unique=True))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(labels):
    asked = task()
    as_rekognition_says = [{"Name": label, "Confidence": 51.0, "ParentName": ""} for label in labels]
    label = asked.normalise_label(as_rekognition_says)
    assert label == asked.normalise_label(labels)
    assert asked.parse_answer({KEY: {"moderationLabels": asked.initial_value(label)}}).label == label


def test_a_prediction_of_another_label_is_refused():
    with pytest.raises(InvalidPredictionError, match="'Nudity' is no label"):
        task().normalise_label([{"Name": "Nudity"}])
    with pytest.raises(InvalidPredictionError, match="no address of an image"):
        task().input("1.png")
