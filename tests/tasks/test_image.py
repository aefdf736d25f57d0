"""Tasks in which several labels are chosen for an image. (One label: test_classification.)"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError
from hitl_sdk.local.templates import render
from hitl_sdk.tasks import Answer, ImageClassification, ImageMultiClassification

ITEM = "s3://bucket/1.png"
LABELS = ("rain", "fog", "snow")


def task_of(**fields):
    return ImageMultiClassification(
        **{"name": "weather", "labels": LABELS, "title": "What is the weather?"} | fields
    )


def test_the_element_has_name_categories_header_and_image(element_seen):
    task = task_of()
    element = element_seen(task, task.input(ITEM, ["fog"]))
    assert element.tag == "crowd-image-classifier-multi-select"
    assert element.attributes == {
        "name": "weather",
        "categories": json.dumps(LABELS),
        "header": "What is the weather?",
        "src": "https://signed/bucket/1.png",
    }


def test_workers_can_say_that_no_label_fits_where_that_is_wanted(element_seen):
    task = task_of(none_of_these='None "of" these')
    element = element_seen(task, task.input(ITEM))
    assert json.loads(element.attributes["exclusion-category"]) == {"text": 'None "of" these'}


@pytest.mark.parametrize(
    ("label", "told"), [(["fog", "rain"], "rain, fog"), ([], "none"), (["<b>"], "&lt;b&gt;")]
)
def test_the_prediction_biases_nobody_unless_it_is_asked_for(label, told):
    task = task_of(labels=[*LABELS, "<b>"])
    assert "The model says" not in render(task.template(), task.input(ITEM, label))[0]
    task = task_of(labels=[*LABELS, "<b>"], show_prediction=True)
    assert f"The model says: <strong>{told}</strong>" in render(task.template(), task.input(ITEM, label))[0]
    assert "The model says" not in render(task.template(), task.input(ITEM))[0]


def test_two_to_ten_labels_are_taken():
    assert len(task_of(labels=range(10)).labels) == 10
    with pytest.raises(InvalidResourceError, match=r"labels: .*at most 10"):
        task_of(labels=range(11))
    with pytest.raises(InvalidResourceError, match=r"labels: .*at least 2"):
        task_of(labels=["rain"])


def test_an_item_is_the_address_of_an_image():
    assert task_of().input(ITEM, ["snow"]) == {"taskObject": ITEM, "initialValue": ["snow"]}
    with pytest.raises(InvalidPredictionError, match="no address of an image"):
        task_of().input("1.png")


@given(st.sets(st.sampled_from(LABELS)))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(labels):
    task = task_of()
    shown = task.input(ITEM, labels)["initialValue"]
    answer = task.parse_answer({"weather": {"labels": shown[::-1]}})
    assert answer == Answer(tuple(label for label in LABELS if label in labels))


def test_an_answer_that_names_another_label_is_an_error():
    with pytest.raises(InvalidOutputError, match="label 'hail' is none"):
        task_of().parse_answer({"weather": {"labels": ["fog", "hail"]}})


def test_each_kind_has_the_metadata_type_of_ground_truth():
    assert ImageClassification.labeling_kind == "ImageMultiClass"
    assert ImageMultiClassification.labeling_kind == "ImageMultiClassMultiLabel"
    assert task_of().label_type == [str]
