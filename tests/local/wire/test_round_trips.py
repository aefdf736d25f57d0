"""What boto3 writes is read as it was meant, and boto3 reads what is written: held against botocore itself."""

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.local.wire import HttpRequest, Wire, find_ai_operation, human_review_operations, service_model

OPERATIONS = human_review_operations()
# Of the AI services one of each way to carry something: blobs, floats, documents, headers, a body that is a blob.
AI_OPERATIONS = {
    f"{service}.{name}": service_model(service).operation_model(name)
    for service, name in (
        ("bedrock-runtime", "Converse"),
        ("bedrock-runtime", "InvokeModel"),
        ("comprehend", "DetectEntities"),
        ("rekognition", "DetectLabels"),
        ("textract", "AnalyzeDocument"),
        ("transcribe", "StartTranscriptionJob"),
        ("translate", "TranslateText"),
    )
}


def values(shape, depth=0):
    """Return a strategy of values of a botocore shape, without regard to patterns."""
    if shape.metadata.get("document"):
        return st.dictionaries(st.text("ab", min_size=1), st.integers() | st.lists(st.text("é")), max_size=2)
    if shape.metadata.get("union"):
        return st.one_of(
            [
                st.fixed_dictionaries({name: values(member, depth + 1)})
                for name, member in shape.members.items()
            ][:2]
        )
    if shape.type_name == "structure":
        required = {name: values(shape.members[name], depth + 1) for name in shape.required_members}
        rest = {
            name: values(member, depth + 1)
            for name, member in shape.members.items()
            if name not in required and depth < 3
        }
        return st.fixed_dictionaries(required, optional=rest)
    if shape.type_name == "list":
        return st.lists(values(shape.member, depth + 1), max_size=2)
    if shape.type_name == "map":
        return st.dictionaries(st.text("abc", min_size=1), values(shape.value, depth + 1), max_size=2)
    return {
        "string": st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12),
        "integer": st.integers(0, 2**31 - 1),
        "boolean": st.booleans(),
        "long": st.integers(0, 2**40),
        "float": st.floats(0, 100, width=32),
        "double": st.floats(0, 100),
        "blob": st.binary(max_size=8),
        "timestamp": st.datetimes(datetime(2018, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  given a zone below
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
    }[shape.type_name]


def as_sent(operation, params):
    """Return the request that botocore sends for `params`."""
    serializer = create_serializer(operation.service_model.protocol, include_validation=False)
    serialized = serializer.serialize_to_request(params, operation)
    prepare_request_dict(serialized, "https://example.com")
    sent = create_request_object(serialized).prepare()
    parts = urlsplit(sent.url)
    headers = {name.lower(): value for name, value in serialized["headers"].items()}
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    return HttpRequest(sent.method, parts.path, parts.query, headers, body)


def as_received(operation, response):
    """Return what botocore makes of a response."""
    parser = create_parser(operation.service_model.protocol)
    return parser.parse(
        {"status_code": response.status, "headers": response.headers, "body": response.body},
        operation.output_shape,
    )


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_request_of_boto3_is_read_as_it_was_meant(name, data):
    operation = OPERATIONS[name]
    params = data.draw(values(operation.input_shape))
    request = as_sent(operation, params)
    wire = Wire()

    assert wire.match(request).name == name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hitl_sdk.local.wire.protocols.validate", lambda shape, parsed: None)
        assert wire.parse(operation, request) == params


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_result_is_read_by_boto3_as_it_was_given(name, data):
    operation = OPERATIONS[name]
    result = data.draw(values(operation.output_shape)) if operation.output_shape else {}

    received = as_received(operation, Wire().result(operation, result))

    assert received.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert received == result


@pytest.mark.parametrize(
    ("operation", "written"),
    [("DescribeHumanLoop", "2026-01-01T02:03:04.500Z"), ("DescribeHumanTaskUi", 1767232984.5)],
)
def test_a_time_is_written_in_the_format_that_its_service_models(operation, written):
    moment = datetime(2026, 1, 1, 2, 3, 4, 500_000, UTC)
    answer = Wire().result(OPERATIONS[operation], {"CreationTime": moment})
    assert json.loads(answer.body) == {"CreationTime": written}


def spoken_by_boto3(operation):
    """Return the protocol that boto3 takes: JSON, where a service speaks it, before CBOR."""
    return "rest-json" if operation.service_model.protocol == "rest-json" else "json"


def as_sent_to_ai(operation, params):
    serializer = create_serializer(spoken_by_boto3(operation), include_validation=False)
    serialized = serializer.serialize_to_request(params, operation)
    prepare_request_dict(serialized, "https://example.com")
    sent = create_request_object(serialized).prepare()
    signed = f"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{operation.service_model.signing_name}/aws4_request, "
    headers = {name.lower(): value for name, value in serialized["headers"].items()}
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    path = urlsplit(sent.url).path
    return HttpRequest(sent.method, path, "", {**headers, "authorization": signed}, body)


@pytest.mark.parametrize("name", sorted(AI_OPERATIONS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_request_to_an_ai_service_is_read_as_it_was_meant(name, data):
    operation = AI_OPERATIONS[name]
    params = data.draw(values(operation.input_shape))
    request = as_sent_to_ai(operation, params)

    assert find_ai_operation(request).name == operation.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hitl_sdk.local.wire.protocols.validate", lambda shape, parsed: None)
        parsed = Wire().parse(operation, request)
    assert parsed == {key: value for key, value in params.items() if (key, value) != ("body", b"")}


@pytest.mark.parametrize("name", sorted(set(AI_OPERATIONS) - {"bedrock-runtime.InvokeModel"}))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_result_of_an_ai_service_is_read_by_boto3_as_it_was_given(name, data):
    operation = AI_OPERATIONS[name]
    result = data.draw(values(operation.output_shape))
    response = Wire().result(operation, result)

    received = create_parser(spoken_by_boto3(operation)).parse(
        {"status_code": response.status, "headers": response.headers, "body": response.body},
        operation.output_shape,
    )

    assert received.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert received == result


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", "/model/anthropic/invoke"),
        HttpRequest("POST", "/", headers={"x-amz-target": "Comprehend_20171127.Nonsense"}),
        HttpRequest("POST", "/", headers={"x-amz-target": "DynamoDB_20120810.GetItem"}),
        HttpRequest("GET", "/bucket/key"),
    ],
)
def test_what_is_asked_of_others_is_no_ai_operation(request_):
    assert find_ai_operation(request_) is None
