"""Tasks with several labels for a text: their template, input and answers."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.consolidation import DawidSkene, MajorityVote, PerLabel
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError
from hitl_sdk.tasks import Answer, TextClassification, TextMultiClassification

LABELS = ("price", "size", "colour")


def task(**fields):
    return TextMultiClassification(
        **{"name": "topics", "labels": LABELS, "title": "What is it about?"} | fields
    )


def test_the_metadata_types_are_those_of_ground_truth():
    assert TextClassification.labeling_kind == "TextMultiClass"
    assert TextMultiClassification.labeling_kind == "TextMultiClassMultiLabel"
    assert task().label_type == [str]


def test_the_element_has_name_labels_and_header(page_seen):
    html, (form, element) = page_seen(task(), {"taskObject": "Too <small>", "initialValue": ["size"]})

    assert form.tag == "crowd-form"
    assert (element.tag, element.attributes) == (
        "crowd-classifier-multi-select",
        {
            "name": "topics",
            "categories": '["price", "size", "colour"]',
            "header": "What is it about?",
        },
    )
    assert "Too &lt;small&gt;" in html
    assert "The model says" not in html


@pytest.mark.parametrize("text", ['"quoted"', "<b>", "{{ task.input }}", "{% if %}", "$name", "'single'"])
def test_texts_of_any_characters_survive_the_template(page_seen, text):
    strange = task(labels=[text, "b"], title=text, none_of_these=text + "!")
    _, (_, element) = page_seen(strange, {"taskObject": "a"})

    assert json.loads(element.attributes["categories"]) == [text, "b"]
    assert element.attributes["header"] == text
    assert json.loads(element.attributes["exclusion-category"]) == {"text": text + "!"}


def test_the_prediction_is_told_if_asked_for(page_seen):
    html, _ = page_seen(task(show_prediction=True), {"taskObject": "a", "initialValue": ["size", "<price>"]})
    assert "The model says: <strong>size, &lt;price&gt;</strong>" in html
    html, _ = page_seen(task(show_prediction=True), {"taskObject": "a", "initialValue": []})
    assert "The model says: <strong>none</strong>" in html
    html, _ = page_seen(task(show_prediction=True), {"taskObject": "a"})
    assert "The model says" not in html


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ({"labels": ["size", "price"]}, ("price", "size")),
        ({"labels": ["size", "size"]}, ("size",)),
        ({"labels": [" size\u200b"]}, ("size",)),
        ({"labels": []}, ()),
        ({"labels": None}, ()),
        ({"labels\u200b": ["size"]}, ("size",)),
        ({"labels": "size"}, ("size",)),
        ({"label": "size"}, ("size",)),
        ({}, ()),
    ],
)
def test_an_answer_is_read_in_all_its_spellings(answer, label):
    assert task().parse_answer({"topics": answer}) == Answer(label)
    assert task().parse_answer({"topics\u200b": answer}).label == label


def test_none_of_these_is_no_label():
    chosen = {"topics": {"labels": ["None of these"]}}
    assert task(none_of_these="None of these").parse_answer(chosen).label == ()
    with pytest.raises(InvalidOutputError, match="'None of these' is none of task 'topics'"):
        task().parse_answer(chosen)


def test_an_answer_of_another_element_under_the_name_is_an_error():
    with pytest.raises(InvalidOutputError, match="has no 'labels', but 'boundingBoxes'"):
        task().parse_answer({"topics": {"boundingBoxes": []}})


@pytest.mark.parametrize("content", [{}, {"mood": {"labels": []}}, {"topics": ["size"]}])
def test_an_answer_to_another_task_is_an_error(content):
    with pytest.raises(InvalidOutputError, match="no object under 'topics'"):
        task().parse_answer(content)


@given(st.lists(st.sampled_from(LABELS), unique=True))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(labels):
    asked = task()
    given_in = asked.input("a", labels)["initialValue"]
    answer = asked.parse_answer({"topics": {"labels": given_in}})
    assert answer.label == asked.normalise_label(labels)
    assert set(answer.label) == set(labels)


def test_labels_of_a_model_come_in_many_forms():
    assert task().normalise_label("size") == ("size",)
    assert task().normalise_label(np.array(["size", "price"])) == ("price", "size")
    assert task(labels=[0, 1]).normalise_label([1.0]) == ("1",)
    with pytest.raises(InvalidPredictionError, match="'shape' is no label"):
        task().normalise_label(["size", "shape"])


def test_several_answers_become_one_label_by_label():
    method = task().consolidation()
    assert isinstance(method, PerLabel)
    assert isinstance(method.of, MajorityVote)
    assert isinstance(task().consolidation(DawidSkene()).of, DawidSkene)
    assert task().consolidation(method) is method


def test_two_labels_are_needed():
    with pytest.raises(InvalidResourceError, match=r"labels: .*at least 2"):
        task(labels=["a"])
