"""What messages to a streaming job hold: lines, notifications of S3, and what is neither."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.local.engine.stream_messages import arrivals

TEXT, IMAGE = kind_named("TextMultiClass"), kind_named("ImageMultiClass")
KEY = "dataset-objectid-attribute-name"


def envelope(message, message_id="m-1"):
    text = message if isinstance(message, str) else json.dumps(message)
    return json.dumps({"Type": "Notification", "MessageId": message_id, "Message": text})


def record(key="a%2Bb+c.png", **stored):
    return {"s3": {"bucket": {"name": "in"}, "object": {"key": key, **stored}}}


def only(body, kind=TEXT):
    (arrival,) = arrivals(body, "sqs-1", "mood", kind)
    return arrival, json.loads(arrival.line)


@pytest.mark.parametrize("wrap", [envelope, json.dumps])
def test_a_line_with_an_id_of_its_own_stays_as_it_is(wrap):
    line = {"source": "a", "sku": "A-17", KEY: "sku"}
    arrival, text = only(wrap(line))

    assert (arrival.given_id, arrival.problem, text) == ("A-17", None, line)


def test_a_line_without_an_id_gets_that_of_its_message():
    arrival, line = only(envelope({"source": "a"}))

    assert arrival.given_id == "m-1"
    assert line == {"source": "a", KEY: "$mood-object-id", "$mood-object-id": "m-1"}
    assert only(json.dumps({"source": "a"}))[0].given_id == "sqs-1"


def test_a_new_object_in_s3_is_one_by_its_address_and_sequencer():
    arrival, line = only(envelope({"Records": [record(sequencer="0055")]}), IMAGE)

    assert arrival.given_id == "s3://in/a+b c.png0055"
    assert arrival.problem is None
    assert line["source-ref"] == "s3://in/a+b c.png"
    assert line["$sequencer"] == "0055"
    assert line[line[KEY]] == arrival.given_id


def test_where_s3_tells_no_sequencer_its_etag_tells_versions_apart():
    ids = {only(envelope({"Records": [record(eTag=tag)]}), IMAGE)[0].given_id for tag in ("1", "2")}

    assert len(ids) == 2


def test_one_message_may_bring_several_objects():
    found = arrivals(envelope({"Records": [record("a"), record("b"), {}]}), "sqs-1", "mood", IMAGE)

    assert [json.loads(each.line).get("source-ref") for each in found] == ["s3://in/a", "s3://in/b", None]
    assert [each.problem for each in found] == [None, None, "The message is no notification of S3's"]


def test_that_s3_is_connected_is_no_object():
    assert arrivals(envelope({"Service": "Amazon S3", "Event": "s3:TestEvent"}), "1", "mood", IMAGE) == []


def test_texts_can_not_come_as_objects_of_s3():
    assert "send them as lines" in str(only(envelope({"Records": [record()]}))[0].problem)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{cut o", "The message is no JSON"),
        ("[1]", "The message is no JSON object"),
        ({}, "must have source"),
        ({"source-ref": "s3://in/a"}, "must have source"),
        ({"source": 3}, "source is no text"),
        ({"source": "a", KEY: "sku"}, "no text under 'sku'"),
        ({"source": "a", KEY: 3}, "the key of the object's id"),
        ({"source": "a", KEY: "x", "x": "i" * 1025}, "1,025 characters"),
    ],
)
def test_what_is_no_object_says_why_and_keeps_the_messages_id(message, said):
    arrival, _ = only(envelope(message))

    assert said in str(arrival.problem)
    assert arrival.given_id == "m-1"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["Records", "source", KEY, "s3"]) | st.text(), inner)
        ),
    )
)
def test_whatever_comes_each_arrival_has_an_id_and_a_line(message):
    for each in arrivals(envelope(message), "sqs-1", "mood", TEXT):
        assert each.given_id
        assert isinstance(json.loads(each.line), dict)


@given(st.text())
def test_no_text_breaks_it(body):
    for each in arrivals(body, "sqs-1", "mood", TEXT):
        assert isinstance(json.loads(each.line), dict)
