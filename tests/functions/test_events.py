"""What Ground Truth says and functions answer: every spelling is read, and anything else is one typed error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
    PreAnnotationResult,
)
from hitl_sdk.functions.events import WorkerAnnotation

from .conftest import JOB, JSON, Batch

PRE = {"version": "2018-10-16", "labelingJobArn": JOB, "dataObject": {"source": "It broke"}}
POST = Batch().event(roleArn="arn:aws:iam::123456789012:role/gt", kmsKeyId="key")
RESULT = {"taskInput": {"taskObject": "It broke"}, "isHumanAnnotationRequired": True}
ENTRY = {"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"pets": 1}}}
READERS = [
    (PreAnnotationEvent, PRE),
    (PostAnnotationEvent, POST),
    (PreAnnotationResult, RESULT),
    (ConsolidatedAnnotation, ENTRY),
]


def test_an_event_before_annotation_is_read_whole():
    event = PreAnnotationEvent.from_json(PRE | {"labelCategories": [{"label": "good"}, "bad"]})

    assert event == PreAnnotationEvent({"source": "It broke"}, JOB, "2018-10-16", ("good", "bad"))


def test_an_event_after_annotation_is_read_whole():
    event = PostAnnotationEvent.from_json(POST)

    assert event.label_attribute_name == "pets"
    assert event.payload_s3_uri.endswith("/iteration-1/a.json")
    assert event.label_categories == ("cat", "dog")
    assert (event.role_arn, event.kms_key_id) == ("arn:aws:iam::123456789012:role/gt", "key")
    assert (event.output_config, event.job_name) == ("s3://out/Pets-1/annotations", "Pets-1")


@pytest.mark.parametrize("key", ["s3Uri", "s3uri", "S3Uri", "s3_uri", "s3Uri\u200b"])
def test_the_spellings_of_a_field_are_one(key):
    event = PostAnnotationEvent.from_json(POST | {"payload": {key: "s3://out/a.json"}})

    assert event.payload_s3_uri == "s3://out/a.json"


def test_a_job_of_the_console_has_no_categories():
    assert PostAnnotationEvent.from_json(POST | {"labelCategories": None}).label_categories is None


def test_a_category_that_stands_there_twice_is_one():
    assert PostAnnotationEvent.from_json(POST | {"labelCategories": ["a", "b", "a"]}).label_categories == (
        "a",
        "b",
    )


def test_the_label_attribute_is_the_job_where_it_is_not_told():
    without = {name: value for name, value in POST.items() if name != "labelAttributeName"}

    assert PostAnnotationEvent.from_json(without).label_attribute_name == "Pets-1"


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ({"source-ref": "s3://in/a.jpg", "batch": 7}, "s3://in/a.jpg"),
        ({"source": "It broke"}, "It broke"),
        ({"source-ref": None, "source": "It broke"}, "It broke"),
    ],
)
def test_an_item_is_the_text_or_where_it_lies(line, item):
    assert PreAnnotationEvent(line).item == item


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({}, "has neither 'source-ref' nor 'source'"),
        ({"source": 7}, "'source' of dataObject is int, no text"),
    ],
)
def test_a_line_without_an_item_is_refused(line, message):
    with pytest.raises(InvalidInputError, match=message):
        _ = PreAnnotationEvent(line).item


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        ({}, True),
        ({"isHumanAnnotationRequired": False}, False),
        ({"isHumanAnnotationRequired": "false"}, False),
        ({"humanAnnotationRequired": "true"}, True),
        ({"humanAnnotationRequired": "False"}, False),
        ({"isHumanAnnotationRequired": True, "humanAnnotationRequired": "false"}, True),
    ],
)
def test_whether_people_are_needed_is_read_in_both_spellings(fields, required):
    result = PreAnnotationResult.from_json({"taskInput": {"a": 1}, **fields})

    assert result == PreAnnotationResult({"a": 1}, required)


@pytest.mark.parametrize(("read", "valid"), READERS[2:])
def test_what_is_written_is_read(read, valid):
    assert read.from_json(valid).to_json() == valid


def test_content_may_be_json_text():
    entry = {"datasetObjectId": 3, "consolidatedAnnotation": {"content": '{"pets": 1}'}}

    assert ConsolidatedAnnotation.from_json(entry) == ConsolidatedAnnotation("3", {"pets": 1})


def test_an_object_is_a_text_or_an_address():
    assert DataObject("0", s3_uri="s3://in/a.jpg").item == "s3://in/a.jpg"
    assert DataObject("0", content="It broke", annotations=(WorkerAnnotation("w", {}),)).item == "It broke"
    assert DataObject("0").item == ""


@pytest.mark.parametrize(
    ("read", "wrong", "message"),
    [
        (PreAnnotationEvent, [], "the event is list, no object"),
        (PreAnnotationEvent, {}, "'dataObject' is null, no object"),
        (PostAnnotationEvent, {}, "'payload' is null, no object|no 'labelAttributeName', but nothing"),
        (PostAnnotationEvent, POST | {"payload": {}}, "'payload' has no 's3Uri', but nothing"),
        (PostAnnotationEvent, POST | {"roleArn": 7}, "'roleArn' of the event is int, no text"),
        (PostAnnotationEvent, POST | {"labelCategories": "cat"}, "'labelCategories' is str, no list"),
        (PostAnnotationEvent, POST | {"labelCategories": [7]}, "an entry of 'labelCategories' is no text"),
        (PreAnnotationResult, {"taskInput": "a"}, "'taskInput' is str, no object"),
        (PreAnnotationResult, RESULT | {"isHumanAnnotationRequired": "no"}, "'no', neither true nor false"),
        (ConsolidatedAnnotation, {"consolidatedAnnotation": {}}, "no 'datasetObjectId', but 'consolidated"),
        (
            ConsolidatedAnnotation,
            ENTRY | {"consolidatedAnnotation": {"content": "{"}},
            "'content' is no JSON",
        ),
        (ConsolidatedAnnotation, ENTRY | {"consolidatedAnnotation": {}}, "'content' is null, no object"),
    ],
)
def test_what_is_wrong_is_named(read, wrong, message):
    with pytest.raises(InvalidInputError, match=message):
        read.from_json(wrong)


@pytest.mark.parametrize(("read", "valid"), READERS)
@given(data=st.data())
def test_anything_is_a_value_or_one_typed_error(read, valid, data):
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(valid)), JSON, max_size=2))
    given_json = data.draw(JSON | st.just({**valid, **changed}))

    try:
        value = read.from_json(given_json)
    except InvalidInputError:
        return
    assert isinstance(value, read)
