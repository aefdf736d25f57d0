"""Which operation a request asks for, and for whom."""

import pytest

from hitl_sdk.local.wire import Credential, HttpRequest, Wire, human_review_operations


def test_the_installed_botocore_has_the_31_operations_of_human_review():
    by_service = [operation.service_model.service_name for operation in human_review_operations().values()]

    assert by_service.count("sagemaker") == 26
    assert by_service.count("sagemaker-a2i-runtime") == 5


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/human-loops", "StartHumanLoop"),
        ("GET", "/human-loops", "ListHumanLoops"),
        ("GET", "/human-loops/", "ListHumanLoops"),
        ("POST", "/human-loops/stop", "StopHumanLoop"),
        ("GET", "/human-loops/stop", "DescribeHumanLoop"),
        ("GET", "/human-loops/loop-1", "DescribeHumanLoop"),
        ("DELETE", "/human-loops/loop-1", "DeleteHumanLoop"),
    ],
)
def test_method_and_path_name_an_operation_of_the_runtime(method, path, expected):
    assert Wire().match(HttpRequest(method, path)).name == expected


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/human-loops"), ("GET", "/human-loops/a/b"), ("GET", "/a")]
)
def test_another_method_or_path_is_none_of_ours(method, path):
    assert Wire().match(HttpRequest(method, path)) is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("SageMaker.CreateWorkteam", "CreateWorkteam"),
        ("SageMaker.RenderUiTemplate", "RenderUiTemplate"),
    ],
)
def test_the_target_header_names_an_operation_of_sagemaker(target, expected):
    assert Wire().match(HttpRequest("POST", "/", headers={"x-amz-target": target})).name == expected


@pytest.mark.parametrize("target", ["SageMaker.CreateEndpoint", "AmazonSQS.CreateWorkteam", "nonsense", ""])
def test_another_target_is_none_of_ours_whatever_the_path(target):
    assert Wire().match(HttpRequest("POST", "/human-loops", headers={"x-amz-target": target})) is None


def test_the_credential_of_a_signed_request_tells_key_and_region():
    signature = (
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/sagemaker/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )

    credential = HttpRequest("GET", "/human-loops", headers={"authorization": signature}).credential

    assert credential == Credential("AKIA", "eu-west-1", "sagemaker")


def test_a_presigned_request_carries_its_credential_in_the_query():
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Fus-east-2%2Fs3%2Faws4_request"
    )

    assert HttpRequest("GET", "/bucket/key", query).credential == Credential("AKIA", "us-east-2", "s3")


@pytest.mark.parametrize("header", ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=a/b/c, Signature=0"])
def test_a_request_without_a_whole_credential_has_none(header):
    assert HttpRequest("GET", "/", headers={"authorization": header}).credential is None
