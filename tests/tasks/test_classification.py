"""Tasks with one label: their fields, templates, inputs and answers."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError, TemplateError
from hitl_sdk.tasks import Answer, ImageClassification, Instructions, Task, TextClassification

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


def text_task(**fields):
    return TextClassification(
        **{"name": "sentiment", "labels": ["-1", "0", "1"], "title": "Classify reviews"} | fields
    )


def image_task(**fields):
    return ImageClassification(
        **{"name": "animal", "labels": ["cat", "dog"], "title": "Which animal?"} | fields
    )


class FirstClassifier(HTMLParser):
    """Keeps the attributes of the classifier, as a browser would."""

    def __init__(self):
        super().__init__()
        self.attributes = None
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in {"crowd-classifier", "crowd-image-classifier"}:
            self.attributes = dict(attrs)


def rendered(task, **variables):
    environment = Environment(autoescape=True)
    environment.filters["grant_read_access"] = lambda uri: uri.replace("s3://", "https://signed/")
    page = FirstClassifier()
    page.source = environment.from_string(task.template()).render(task={"input": variables})
    page.feed(page.source)
    return page


# --- fields


def test_a_task_cannot_be_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Task(name="a", title="b")


def test_labels_given_as_numbers_become_texts():
    assert text_task(labels=[-1, np.int64(0), 1]).labels == ("-1", "0", "1")


def test_a_generator_of_labels_is_taken():
    assert text_task(labels=(label for label in "ab")).labels == ("a", "b")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"], "labels: .*at least 2"),
        ("ab", "labels: give a list of labels"),
        (7, "labels: give a list of labels"),
        (["a", ""], "labels: a label is empty"),
        (["a", "\u200b "], "labels: a label is empty"),
        (["a", "b", "a"], "labels: the label 'a' stands there twice"),
        (["a", "a\u200b"], "labels: the label 'a' stands there twice"),
        (["a", True], "labels.1: .*valid string"),
        (["a", 0.5], "labels.1: .*valid string"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_refused(labels, message):
    with pytest.raises(InvalidResourceError, match=message):
        text_task(labels=labels)


def test_an_image_has_at_most_ten_labels():
    assert len(image_task(labels=range(10)).labels) == 10
    with pytest.raises(InvalidResourceError, match=r"labels: .*at most 10"):
        image_task(labels=range(11))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a b"),
        ("name", ""),
        ("name", "n" * 64),
        ("title", ""),
        ("title", "t" * 129),
        ("description", "d" * 256),
        ("keywords", ["k"] * 6),
        ("keywords", ["not-a-keyword"]),
        ("keywords", ["k" * 31]),
        ("colour", "red"),
        ("instructions", {"shorts": "a"}),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(field, value):
    with pytest.raises(InvalidResourceError, match=field.rstrip("s")):
        text_task(**{field: value})


def test_the_description_is_the_title_unless_given():
    assert text_task().description == "Classify reviews"
    assert text_task(description="Read, then choose.").description == "Read, then choose."


def test_a_task_without_a_title_says_so():
    with pytest.raises(InvalidResourceError, match="title: is required"):
        TextClassification(name="a", labels=["a", "b"])


def test_a_task_is_frozen_and_equal_by_value():
    task = text_task(keywords=["review"])
    assert task == text_task(keywords=("review",))
    assert hash(task) == hash(text_task(keywords=("review",)))
    with pytest.raises(ValueError, match="frozen"):
        task.name = "other"


# --- templates


def test_the_element_of_a_text_has_name_labels_header_and_prediction():
    page = rendered(text_task(), taskObject="It <b>broke</b>", initialValue="-1")
    assert page.attributes == {
        "name": "sentiment",
        "categories": '["-1", "0", "1"]',
        "header": "Classify reviews",
        "initial-value": "-1",
    }
    assert "It &lt;b&gt;broke&lt;/b&gt;" in page.source


def test_without_a_prediction_nothing_is_chosen_already():
    assert rendered(text_task(), taskObject="It broke").attributes["initial-value"] == ""


def test_an_image_is_shown_by_a_signed_address():
    page = rendered(image_task(), taskObject="s3://bucket/1.png", initialValue="cat")
    assert page.attributes["src"] == "https://signed/bucket/1.png"
    assert "initial-value" not in page.attributes


def test_the_prediction_biases_nobody_unless_it_is_asked_for():
    variables = {"taskObject": "s3://bucket/1.png", "initialValue": "<cat>"}
    assert "The model says" not in rendered(image_task(), **variables).source
    task = image_task(show_prediction=True)
    assert "The model says: <strong>&lt;cat&gt;</strong>" in rendered(task, **variables).source
    assert "The model says" not in rendered(task, taskObject="s3://bucket/1.png").source


@given(st.lists(TEXTS, min_size=2, max_size=5), TEXTS)
def test_labels_and_titles_of_any_characters_survive_the_template(labels, title):
    try:
        task = text_task(labels=labels, title=title)
    except InvalidResourceError:
        return  # labels that are empty or equal once cleaned
    page = FirstClassifier()
    page.feed(re.sub(r"{{.*?}}|{%.*?%}", "", task.template()))
    assert tuple(json.loads(page.attributes["categories"])) == task.labels
    assert page.tags.count("crowd-classifier") == 1


@pytest.mark.parametrize(
    "text", ['"quoted"', "<b>", "{{ task.input }}", "{% if %}", "$name", "ä \u4e2d 'x'", "&amp;"]
)
def test_instructions_are_plain_text(text):
    task = text_task(labels=[text, "b"], title=text, instructions=Instructions(short=text, full={text: text}))
    source = rendered(task, taskObject="").source
    assert unescape(source).count(text) >= 5  # in two headers, twice in full, once in short
    assert json.loads(rendered(task, taskObject="").attributes["categories"]) == [text, "b"]


def test_full_instructions_are_paragraphs_or_what_each_label_means():
    assert Instructions(full="one\n\n two \n\n\n").full_html() == "<p>one</p>\n<p>two</p>"
    assert Instructions(full={1: "joy"}).full_html() == "<p><strong>1</strong>: joy</p>"
    assert Instructions().full_html() == Instructions().short_html() == ""


def test_a_template_over_128_000_characters_is_refused_when_the_task_is_made():
    with pytest.raises(TemplateError, match=r"task 'sentiment' has 1\d\d,\d\d\d characters") as caught:
        text_task(instructions=Instructions(full="x" * 128_000))
    assert "shorten the instructions" in str(caught.value)


def test_a_template_may_be_almost_that_long():
    room = 128_000 - len(text_task().template())
    task = text_task(instructions=Instructions(full="x" * (room - len("<p></p>"))))
    assert len(task.template()) == 128_000


# --- inputs


def test_the_input_carries_item_and_label():
    assert text_task().input("It broke", -1) == {"taskObject": "It broke", "initialValue": "-1"}


def test_the_input_without_a_label_has_no_initial_value():
    assert text_task().input("It broke") == {"taskObject": "It broke"}


def test_the_item_comes_back_from_the_input():
    task = text_task()
    assert task.item(task.input("It broke", "0")) == "It broke"


@pytest.mark.parametrize("item", ["", "  ", None, 3, b"bytes"])
def test_an_item_that_is_no_text_is_refused(item):
    with pytest.raises(InvalidPredictionError, match="'sentiment' is no text"):
        text_task().input(item)


def test_an_image_is_an_address():
    assert image_task().input("https://example.com/1.png")["taskObject"] == "https://example.com/1.png"
    with pytest.raises(InvalidPredictionError, match="s3://BUCKET/KEY"):
        image_task().input("1.png", "cat")


@pytest.mark.parametrize("content", [{}, {"taskObject": 3}, {"text": "It broke"}])
def test_an_input_of_another_task_has_no_item(content):
    with pytest.raises(InvalidOutputError, match="another flow"):
        text_task().item(content)


@pytest.mark.parametrize("label", [-1, -1.0, "-1", " -1\u200b", np.int64(-1), np.float64(-1), np.str_("-1")])
def test_a_label_is_known_however_the_model_spells_it(label):
    found = text_task().normalise_label(label)
    assert (found, type(found)) == ("-1", str)


@pytest.mark.parametrize("label", [2, "positive", None, True, 0.5, float("nan"), [], "", b"-1"])
def test_a_label_the_task_does_not_have_is_refused_with_those_it_has(label):
    with pytest.raises(InvalidPredictionError, match=r"its labels are '-1', '0', '1'"):
        text_task().normalise_label(label)


# --- answers


@pytest.mark.parametrize(
    "answer",
    [{"label": "-1"}, {"label": -1}, {"label": " -1\ufeff"}, {"label": "-1", "extra": 1}, {"labels": ["-1"]}],
)
def test_an_answer_is_read_in_all_its_spellings(answer):
    assert text_task().parse_answer({"sentiment": answer}) == Answer("-1")


def test_a_label_keeps_the_spelling_of_the_task():
    joined = "\U0001f469\u200d\U0001f4bb"
    answer = text_task(labels=[joined, "b"]).parse_answer({"sentiment": {"label": joined}})
    assert answer.label == joined


def test_the_comment_of_an_image_is_kept():
    content = {"animal": {"label": "cat", "workerComment": "half hidden"}}
    assert image_task().parse_answer(content) == Answer("cat", "half hidden")
    content["animal"]["workerComment"] = ""
    assert image_task().parse_answer(content).comment is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no object under 'sentiment', but nothing"),
        ({"mood": {"label": "0"}}, "no object under 'sentiment', but 'mood'"),
        ({"sentiment": "0"}, "no object under 'sentiment', but str"),
        ({"sentiment": {}}, "label None is none"),
        ({"sentiment": {"label": "2"}}, "label '2' is none"),
        ({"sentiment": {"labels": ["0", "1"]}}, "label None is none"),
        ({"sentiment": {"label": {"0": True}}}, "is none of task"),
    ],
)
def test_an_answer_to_another_task_is_an_error(content, message):
    with pytest.raises(InvalidOutputError, match=message):
        text_task().parse_answer(content)


@given(st.sampled_from([-1, 0, 1, "-1", "0", "1"]))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(label):
    task = text_task()
    chosen = task.input("It broke", label)["initialValue"]
    assert task.parse_answer({"sentiment": {"label": chosen}}).label == str(label)


def test_a_set_of_labels_is_refused_as_its_order_changes_from_run_to_run():
    with pytest.raises(InvalidResourceError, match="a set has no order"):
        TextClassification(name="mood", labels={"sad", "glad"}, title="Which mood?")


def test_a_label_that_is_no_unicode_is_refused():
    with pytest.raises(TemplateError, match="is not valid Unicode"):
        TextClassification(name="mood", labels=["\ud800", "b"], title="Which mood?")


def test_a_number_that_python_cant_write_is_no_label():
    with pytest.raises(InvalidPredictionError, match="of type int, too long to show, is no label"):
        text_task().normalise_label(10**5_000)
