"""Errors arrive in boto3 as the exceptions its models know, with their codes, statuses and messages."""

import json

import pytest
from botocore.parsers import create_parser

from hitl_sdk.local.wire import Wire, human_review_operations

OPERATIONS = human_review_operations()
MODELLED = [
    (name, shape.name, shape.metadata.get("error", {}).get("httpStatusCode", 400))
    for name, operation in OPERATIONS.items()
    for shape in operation.error_shapes
]


def received(name, code, message="it went wrong"):
    operation = OPERATIONS[name]
    response = Wire().error(operation, code, message)
    parsed = create_parser(operation.service_model.protocol).parse(
        {"status_code": response.status, "headers": response.headers, "body": response.body},
        operation.output_shape,
    )
    return parsed, response.status


@pytest.mark.parametrize(("name", "code", "status"), MODELLED)
def test_a_modelled_error_keeps_code_status_and_message(name, code, status):
    parsed, sent = received(name, code)

    assert (parsed["Error"]["Code"], parsed["Error"]["Message"], sent) == (code, "it went wrong", status)


def test_an_error_that_sagemaker_does_not_model_is_a_plain_400():
    parsed, status = received("DescribeWorkteam", "ValidationException")

    assert parsed["Error"] == {"Code": "ValidationException", "Message": "it went wrong"}
    assert status == 400


def test_a_fault_of_the_service_is_a_500():
    assert received("DescribeWorkteam", "InternalFailure")[1] == 500


def test_an_error_without_an_operation_can_be_read_too():
    response = Wire().error(None, "UnknownOperationException", "what?")

    assert response.status == 400
    assert response.headers["x-amzn-errortype"] == "UnknownOperationException"
    assert json.loads(response.body)["message"] == "what?"


def test_request_ids_repeat_under_a_seed_and_differ_within_it():
    def ids(seed):
        wire = Wire(seed)
        return [wire.error(None, "A", "b").headers["x-amzn-requestid"] for _ in range(3)]

    assert ids(1) == ids(1)
    assert len(set(ids(1))) == 3
    assert ids(1) != ids(2)
