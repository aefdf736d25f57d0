"""Typed functions as Lambda handlers: on a real bucket, with and without the job's role."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import functions
from hitl_sdk.consolidation import BoxConsolidation, DawidSkene
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.functions import ConsolidatedAnnotation, DataObject, PreAnnotationResult
from hitl_sdk.functions.handlers import respond
from hitl_sdk.tasks import BoundingBox, TextClassification

from .conftest import JSON, PAYLOAD, Batch

LINE = {"dataObject": {"source": "It broke", "batch": 7}}


def answers(objects, event):
    return [
        ConsolidatedAnnotation(each.dataset_object_id, {event.label_attribute_name: each.item})
        for each in objects
    ]


def asked(batch, function, **fields):
    event = functions.PostAnnotationEvent.from_json(batch.event(**fields))
    return respond(function, event, batch.storage)


@pytest.fixture
def in_aws(hitl_cloud, monkeypatch):
    """A bucket, and what a Lambda function finds in its environment."""
    hitl_cloud.bucket("out")
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }.items():
        monkeypatch.setenv(name, value)
    return hitl_cloud


def upload(batch, cloud):
    s3 = cloud.session().client("s3")
    for uri, body in batch.storage.items():
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return s3


@pytest.mark.parametrize(
    ("result", "response"),
    [
        ({"text": "a"}, {"taskInput": {"text": "a"}, "isHumanAnnotationRequired": True}),
        (None, {"taskInput": {}, "isHumanAnnotationRequired": False}),
        (
            PreAnnotationResult({"text": "a"}, is_human_annotation_required=False),
            {"taskInput": {"text": "a"}, "isHumanAnnotationRequired": False},
        ),
        (
            {"taskInput": {"text": "a"}, "humanAnnotationRequired": "false"},
            {"taskInput": {"text": "a"}, "isHumanAnnotationRequired": False},
        ),
    ],
)
def test_what_a_function_returns_becomes_the_response(result, response):
    assert functions.pre_annotation(lambda event: result)(LINE, None) == response


def test_a_function_sees_the_whole_line():
    handler = functions.pre_annotation(lambda event: {"seen": dict(event.data_object)})

    assert handler(LINE, None)["taskInput"] == {"seen": {"source": "It broke", "batch": 7}}


def test_a_pre_annotation_that_returns_no_mapping_is_refused():
    with pytest.raises(InvalidInputError, match="what the function returned is str, no object"):
        functions.pre_annotation(lambda event: "text")(LINE, None)


@pytest.mark.parametrize(
    ("decorator", "function", "problem"),
    [
        (functions.pre_annotation, lambda event, context: {}, "can't be called with the event: missing"),
        (functions.post_annotation, lambda event: {}, "with the objects and the event: too many"),
        (functions.post_annotation, "handler", "str is no function"),
    ],
)
def test_a_function_with_other_parameters_is_refused_before_people_answer(decorator, function, problem):
    with pytest.raises(InvalidInputError, match=problem):
        decorator(function)


@pytest.mark.parametrize("function", [lambda *given: {}, lambda objects, event, more=1: {}, dict])
def test_a_function_may_take_more_or_not_tell(function):
    assert callable(functions.post_annotation(function))


def test_the_function_itself_is_still_there():
    def before(event):
        """Say what workers see."""

    assert functions.pre_annotation(before).__wrapped__ is before
    assert functions.pre_annotation(before).__doc__ == "Say what workers see."


def test_a_handler_reads_its_batch_by_the_role_of_the_job(in_aws, batch):
    upload(batch.add({"mood": {"label": "good"}}, content="It broke"), in_aws)
    handler = functions.post_annotation(answers)

    assert handler(batch.event(roleArn=in_aws.role_arn), None) == [
        {"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"pets": "It broke"}}}
    ]


def test_a_payload_that_is_not_there_is_named(in_aws, batch):
    with pytest.raises(NotFoundError, match=PAYLOAD):
        functions.post_annotation(answers)(batch.event(), None)


def test_a_large_answer_comes_by_reference_in_both_spellings(batch):
    batch.add({}, {})
    batch.storage.write("s3://out/large.json", b'\xef\xbb\xbf{"mood": {"label": "good"}}')
    for annotation, key in zip(batch.entries[0]["annotations"], ("s3Uri", "s3uri"), strict=True):
        annotation["annotationData"] = {key: "s3://out/large.json"}
    batch.put(batch.entries)

    seen = []
    asked(batch, lambda objects, event: seen.extend(objects) or [])
    assert [answer.content for answer in seen[0].annotations] == [{"mood": {"label": "good"}}] * 2


def test_an_answer_may_be_an_object_already(batch):
    batch.add({}).entries[0]["annotations"][0]["annotationData"] = {"content": {"mood": 1}}
    batch.put(batch.entries)

    seen = []
    asked(batch, lambda objects, event: seen.extend(objects) or [])
    assert seen[0].annotations[0].content == {"mood": 1}


def test_a_method_that_can_do_nothing_fails_the_batch(batch):
    class Refusing:
        def consolidate(self, votes, *, preferred=None):
            raise InvalidInputError("no")

    task = TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")

    with pytest.raises(InvalidInputError, match="no"):
        asked(batch.add({"mood": {"label": "good"}}), functions.consolidate(task, Refusing()).__wrapped__)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (
            {"datasetObjectId": "9", "annotations": [{"workerId": "w", "annotationData": {"content": "{"}}]},
            "'9'",
        ),
        (
            {"datasetObjectId": "9", "annotations": [{"workerId": "w", "annotationData": {"content": "[]"}}]},
            "'9'",
        ),
        ({"datasetObjectId": "9", "annotations": [{"annotationData": {"content": "{}"}}]}, "'9'"),
        ({"datasetObjectId": "9", "annotations": "none"}, "'9'"),
        ({"datasetObjectId": "9", "dataObject": "text"}, "'9'"),
        ({"annotations": []}, "number 2"),
        ("text", "number 2"),
    ],
)
def test_one_bad_object_is_left_out_and_logged_by_its_id(batch, caplog, wrong, name):
    batch.add({}, content="secret").entries.append(wrong)
    batch.put([*batch.entries, batch.entries[0] | {"datasetObjectId": "2"}])

    response = asked(batch, answers)

    assert [entry["datasetObjectId"] for entry in response] == ["0", "2"]
    assert f"object {name} is left out" in caplog.text
    assert "secret" not in caplog.text


def test_a_reference_to_nothing_loses_one_object(in_aws, batch, caplog):
    batch.add({}).add({})
    batch.entries[0]["annotations"][0]["annotationData"] = {"s3Uri": "s3://out/gone.json"}
    batch.put(batch.entries)
    upload(batch, in_aws)

    response = functions.post_annotation(answers)(batch.event(), None)

    assert [entry["datasetObjectId"] for entry in response] == ["1"]
    assert "object '0' is left out" in caplog.text


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"{}", "the payload is dict, no list"),
        (b"[", "the payload is no JSON"),
        (b"\xff", "the payload is no JSON"),
    ],
)
def test_a_payload_that_can_not_be_read_is_refused(batch, payload, message):
    batch.storage.write(PAYLOAD, payload)

    with pytest.raises(InvalidInputError, match=message):
        asked(batch, answers)


def test_a_mapping_of_contents_is_taken_for_annotations(batch):
    batch.add({}).add({})
    contents = {"0": {"pets": {"value": 1}, "seen": True}, "1": {"value": 2}}

    response = asked(batch, lambda objects, event: contents)

    assert [entry["consolidatedAnnotation"]["content"] for entry in response] == [
        {"pets": {"value": 1}, "seen": True},
        {"pets": {"value": 2}},  # without the attribute the line would have no label
    ]


def test_a_label_that_is_no_json_is_left_out(batch, caplog):
    batch.add({}).add({})

    response = asked(batch, lambda objects, event: {"0": {"pets": object()}, "1": {"pets": 1}})

    assert [entry["datasetObjectId"] for entry in response] == ["1"]
    assert "object '0' is left out: its label is no JSON" in caplog.text


@pytest.mark.parametrize("result", [None, 7, "text"])
def test_a_post_annotation_that_returns_nothing_is_refused(batch, result):
    with pytest.raises(InvalidInputError, match="the function returned"):
        asked(batch, lambda objects, event: result)


def test_consolidate_is_a_ready_handler(in_aws, batch):
    said = [{"mood": {"label": label}} for label in ("good", "good", "bad")]
    upload(batch.add(*said).add(said[0]), in_aws)
    task = TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")

    response = functions.consolidate(task)(batch.event(), None)

    assert [entry["consolidatedAnnotation"]["content"]["pets"] for entry in response] == [
        {
            "label": "good",
            "confidence": pytest.approx(2 / 3),
            "agreement": pytest.approx(2 / 3),
            "nWorkers": 3,
        },
        {"label": "good", "confidence": None, "agreement": None, "nWorkers": 1},
    ]


def test_consolidate_takes_another_method(batch):
    batch.add(*[{"mood": {"label": "good"}}] * 2)
    task = TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")

    response = asked(batch, functions.consolidate(task, DawidSkene()).__wrapped__)

    assert response[0]["consolidatedAnnotation"]["content"]["pets"]["label"] == "good"


def test_a_method_for_other_labels_is_refused_before_it_is_deployed():
    task = TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")

    with pytest.raises(InvalidInputError, match="BoxConsolidation can't consolidate"):
        functions.consolidate(task, BoxConsolidation())


def test_consolidate_writes_structured_labels_as_frames_hold_them(batch):
    box = {"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}
    batch.add({"cats": {"boundingBoxes": [box]}})
    task = BoundingBox(name="cats", labels=["cat"], title="Draw")

    (entry,) = asked(batch, functions.consolidate(task).__wrapped__)

    (shape,) = entry["consolidatedAnnotation"]["content"]["pets"]["label"]["shapes"]
    assert shape == box | {"confidence": None}


def test_pass_through_keeps_every_answer(batch):
    batch.add({"mood": {"label": "gut so"}}, {"mood": {"label": "schlecht"}})

    (entry,) = asked(batch, functions.pass_through.__wrapped__)

    kept = entry["consolidatedAnnotation"]["content"]["pets"]["annotationsFromAllWorkers"]
    assert [(each["workerId"], json.loads(each["annotationData"]["content"])) for each in kept] == [
        ("w0", {"mood": {"label": "gut so"}}),
        ("w1", {"mood": {"label": "schlecht"}}),
    ]


@given(
    payload=JSON
    | st.lists(st.fixed_dictionaries({"datasetObjectId": JSON, "annotations": JSON, "dataObject": JSON}))
)
def test_any_payload_is_objects_or_one_typed_error(payload):
    batch = Batch()
    batch.put(payload)
    logging.disable()
    try:
        seen = []
        asked(batch, lambda objects, event: seen.extend(objects) or [])
    except InvalidInputError:
        return
    finally:
        logging.disable(logging.NOTSET)
    assert all(isinstance(each, DataObject) for each in seen)
