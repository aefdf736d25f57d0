"""Objects for a streaming job: the message of each, and the key by which it is labelled once."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._stream_keys import object_id_of
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._stream_items import MESSAGE_BYTES, message_of

KEY = "dataset-objectid-attribute-name"


def line_of(item, key=None):
    return json.loads(message_of(item, key).body)


def test_a_text_and_an_address_become_lines():
    assert line_of("Loved it")["source"] == "Loved it"
    assert line_of("s3://in/b.jpg")["source-ref"] == "s3://in/b.jpg"


def test_equal_content_is_one_object_whatever_else_its_line_says():
    plain, more = message_of("Loved it"), message_of({"source": "Loved it", "batch": 7})

    assert plain.object_id == more.object_id
    assert object_id_of(json.loads(plain.body)) == plain.object_id


def test_a_text_is_another_object_than_an_address_of_the_same_letters():
    assert message_of({"source": "s3://a/b"}).object_id != message_of({"source-ref": "s3://a/b"}).object_id


def test_an_own_key_is_the_id():
    message = message_of({"source-ref": "s3://in/b.jpg", "sku": "A-17"}, key="sku")

    assert message.object_id == "A-17"
    assert json.loads(message.body) == {"source-ref": "s3://in/b.jpg", "sku": "A-17", KEY: "sku"}


def test_the_lines_own_choice_holds():
    assert message_of({"source-ref": "s3://in/b.jpg", KEY: "source-ref"}).object_id == "s3://in/b.jpg"


def test_the_output_of_another_job_goes_on_as_it_is():
    line = {"source": "a", KEY: "$mood-object-id", "$mood-object-id": "17", "mood": 1}

    assert message_of(line).object_id == "17"
    assert line_of(line) == line


def test_the_item_that_was_given_stays_as_it_was():
    item = {"source": "a"}
    message_of(item)

    assert item == {"source": "a"}


@pytest.mark.parametrize(
    ("item", "key", "words"),
    [
        (17, None, "an item is int"),
        ({1: "a"}, None, "an item is dict"),
        ({}, None, "no one text"),
        ({"source": ""}, None, "no one text"),
        ({"source": 3}, None, "no one text"),
        ({"source": "a", "source-ref": "s3://a/b"}, None, "no one text"),
        ({"source": "a"}, "sku", "no text under 'sku'"),
        ({"source": "a", "sku": 17}, "sku", "no text under 'sku'"),
        ({"source": "a", "sku": ""}, "sku", "no text under 'sku'"),
        ({"source": "a", "sku": "b" * 1025}, "sku", "1,025 characters"),
        ({"source": "a", "a_b": "1"}, "a_b", "letters, digits and hyphens"),
        ({"source": "a", "k" * 141: "1"}, "k" * 141, "letters, digits and hyphens"),
        ({"source": "a", KEY: 3}, None, "letters, digits and hyphens"),
        ({"source": "a", "x": math.nan}, None, "JSON can't carry"),
        ({"source": "a", "x": {1, 2}}, None, "JSON can't carry"),
        ("a\ud800", None, "half a surrogate pair"),
        ({"source": "a", "x": "\ud800"}, None, "JSON can't carry"),
        ("a" * 100_001, None, "100,000 characters"),
        ("\N{GRINNING FACE}" * 70_000, None, "262,144 bytes"),
    ],
)
def test_what_would_not_be_taken_is_refused(item, key, words):
    with pytest.raises(InvalidInputError, match=words) as caught:
        message_of(item, key)

    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("line", [{}, {KEY: "sku"}, {KEY: "sku", "sku": 3}, {KEY: None}])
def test_a_line_without_an_id_has_none(line):
    assert object_id_of(line) is None


attributes = st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none(), max_size=4)


@given(st.text(min_size=1, max_size=40), attributes)
def test_a_message_is_the_line_with_its_key(text, attributes):
    line = {name: value for name, value in attributes.items() if name not in {"source-ref", KEY}}
    line["source"] = text
    try:
        message = message_of(line)
    except InvalidInputError:
        return
    sent = json.loads(message.body)

    assert {name: sent[name] for name in line if name != "content-digest"} == {
        name: value for name, value in line.items() if name != "content-digest"
    }
    assert object_id_of(sent) == message.object_id == message_of(line).object_id
    assert len(message.body.encode()) <= MESSAGE_BYTES
