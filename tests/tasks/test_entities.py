"""Named entities: the template, offsets into the text, and answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.consolidation import MajorityVote, SpanConsolidation
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import Span, to_value
from hitl_sdk.tasks import NamedEntityRecognition

TEXT = "Ana is in \N{SLICE OF PIZZA}Rome"


def task(**fields):
    return NamedEntityRecognition(
        **{"name": "names", "labels": ["who", "where"], "title": "Mark the names"} | fields
    )


def test_the_element_stands_alone_and_has_text_labels_and_spans(page_seen):
    asked = task(full_names={"who": "Somebody"}, short_names={"who": "PER"})
    _, elements = page_seen(asked, asked.input(TEXT, [Span("where", 11, 15, 0.4)]))

    (element,) = elements
    assert element.tag == "crowd-entity-annotation"
    assert element.attributes["text"] == TEXT
    assert json.loads(element.attributes["initial-value"]) == [
        {"label": "where", "startOffset": 11, "endOffset": 15}
    ]
    assert json.loads(element.attributes["labels"]) == [
        {"label": "who", "fullDisplayName": "Somebody", "shortDisplayName": "PER"},
        {"label": "where", "fullDisplayName": "where", "shortDisplayName": "where"},
    ]


def test_without_a_prediction_nothing_is_marked(page_seen):
    _, (element,) = page_seen(task(), task().input(TEXT))
    assert "initial-value" not in element.attributes


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=20))
def test_texts_and_labels_of_any_characters_survive_the_template(page_seen, text):
    try:
        asked = task(labels=[text, "b"], title=text)
        content = asked.input(text)
    except InvalidInputError:
        return  # blank, or the same as the other label
    _, (element,) = page_seen(asked, content)

    assert element.attributes["text"] == text
    assert element.categories == (text, "b")
    assert element.attributes["header"] == text


def test_a_name_to_be_shown_by_is_of_a_label():
    with pytest.raises(InvalidResourceError, match="'when' has a name to be shown by, but is no label"):
        task(short_names={"when": "T"})


def test_offsets_count_characters_not_bytes():
    assert task().input(TEXT, [Span("where", 11, 15)])["initialValue"][0]["endOffset"] == len(TEXT)
    with pytest.raises(InvalidPredictionError, match="ends at 16, the text at 15"):
        task().input(TEXT, [Span("where", 11, 16)])


def test_a_text_whose_offsets_browsers_would_shift_is_refused():
    with pytest.raises(InvalidPredictionError, match="carriage returns"):
        task().input("Ana\r\nis in Rome")
    assert task().input("Ana\nis in Rome")["taskObject"] == "Ana\nis in Rome"


@pytest.mark.parametrize(
    ("entities", "label"),
    [
        (None, ()),
        ([], ()),
        ([{"label": "who", "startOffset": "0", "endOffset": 3.0}], (Span("who", 0, 3),)),
        ([{"label": "who\u200b", "startOffset": 0, "endOffset": 3}], (Span("who", 0, 3),)),
        (
            [
                {"label": "where", "startOffset": 10, "endOffset": 14},
                {"label": "who", "startOffset": 0, "endOffset": 3},
            ],
            (Span("who", 0, 3), Span("where", 10, 14)),
        ),
    ],
)
def test_an_answer_is_read_in_all_its_spellings(entities, label):
    assert task().parse_answer({"names": {"entities": entities}}).label == label


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ("Ana", "they are str, no list"),
        ({"label": "who"}, "they are dict, no list"),
        (["Ana"], "a span is str, no object"),
        ([{"label": "who"}], "a span has no start_offset, end_offset, but label"),
        ([{"label": "who", "startOffset": 3, "endOffset": 3}], "goes from 3 to 3"),
        ([{"label": "who", "startOffset": -1, "endOffset": 3}], "goes from -1 to 3"),
        ([{"label": "who", "startOffset": 0.5, "endOffset": 3}], "no whole number"),
        ([{"label": "when", "startOffset": 0, "endOffset": 3}], "'when' is none of task 'names'"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(entities, message):
    with pytest.raises(InvalidOutputError, match=message):
        task().parse_answer({"names": {"entities": entities}})


def test_an_answer_to_another_task_is_an_error():
    with pytest.raises(InvalidOutputError, match="has no 'entities', but 'label'"):
        task().parse_answer({"names": {"label": "who"}})
    with pytest.raises(InvalidOutputError, match="no object under 'names', but 'mood'"):
        task().parse_answer({"mood": {"entities": []}})


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("Ana", "they are str, no list"),
        ([Span("when", 0, 3)], "'when' is no label of task 'names'"),
        ([("who", 0, 3)], "a span is tuple, no object"),
    ],
)
def test_a_prediction_that_has_no_spans_is_refused(label, message):
    with pytest.raises(InvalidPredictionError, match=message):
        task().normalise_label(label)


SPANS = st.builds(
    lambda label, start, length: Span(label, start, start + length),
    st.sampled_from(["who", "where"]),
    st.integers(0, 10),
    st.integers(1, 4),
)


@given(st.lists(SPANS, max_size=5))
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(spans):
    asked = task()
    marked = asked.input(TEXT, spans)["initialValue"] if spans else []
    label = asked.parse_answer({"names": {"entities": marked}}).label
    assert label == asked.normalise_label(spans) == asked.normalise_label(to_value(spans))


def test_nothing_found_is_a_label_of_a_model():
    assert task().normalise_label(None) == task().normalise_label([]) == ()


def test_spans_are_clustered_by_their_own_method_alone():
    assert isinstance(task().consolidation(), SpanConsolidation)
    own = SpanConsolidation(0.9)
    assert task().consolidation(own) is own
    with pytest.raises(InvalidInputError, match="MajorityVote can't consolidate the labels of task 'names'"):
        task().consolidation(MajorityVote())
