"""Botocore's errors become this package's, in one place."""

import botocore.exceptions as botocore_errors
import pytest

from hitl_sdk import errors
from hitl_sdk._aws_errors import from_botocore, translated_errors


def client_error(code, message="something", status=400):
    return botocore_errors.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
        },
        "DescribeWorkteam",
    )


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("ResourceNotFound", "gone", 400, errors.NotFoundError),
        ("ResourceNotFoundException", "gone", 404, errors.NotFoundError),
        ("ValidationException", "The Workteam 'a' does not exist", 400, errors.NotFoundError),
        ("NoSuchBucket", "gone", 404, errors.NotFoundError),
        ("ConflictException", "in use", 409, errors.ConflictError),
        ("ResourceInUse", "in use", 400, errors.ConflictError),
        ("AccessDeniedException", "no", 400, errors.AccessDeniedError),
        ("ValidationException", "TaskCount too high", 400, errors.RejectedError),
        ("ServiceQuotaExceededException", "full", 402, errors.QuotaExceededError),
        ("ThrottlingException", "slow down", 429, errors.ThrottledError),
        ("InternalServerException", "oops", 500, errors.UnavailableError),
        ("SomethingNew", "oops", 503, errors.UnavailableError),
        ("ExpiredTokenException", "old", 403, errors.CredentialsError),
        ("InvalidAccessKeyId", "unknown", 403, errors.CredentialsError),
        ("SignatureDoesNotMatch", "wrong", 403, errors.CredentialsError),
        ("SubscriptionRequiredException", "not signed up", 400, errors.AccessDeniedError),
    ],
)
def test_a_client_error_becomes_the_kind_that_its_code_or_status_says(code, message, status, kind):
    assert type(from_botocore(client_error(code, message, status))) is kind


def test_the_service_s_code_operation_and_request_id_are_kept():
    error = from_botocore(client_error("ResourceNotFound", "gone"), resource="workteam 'crew'")
    assert (error.code, error.operation, error.request_id) == ("ResourceNotFound", "DescribeWorkteam", "r-1")
    assert str(error) == "workteam 'crew': gone [DescribeWorkteam, request r-1]"


def test_a_denied_call_names_the_action_to_allow():
    assert "DescribeWorkteam" in str(from_botocore(client_error("AccessDenied")).hint)


def test_a_clock_that_is_wrong_is_set_right_and_not_signed_in_again():
    error = from_botocore(client_error("RequestTimeTooSkewed", "the difference is too large", 403))
    assert "set the clock" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (botocore_errors.NoCredentialsError(), errors.CredentialsError),
        (botocore_errors.PartialCredentialsError(provider="env", cred_var="x"), errors.CredentialsError),
        (botocore_errors.UnauthorizedSSOTokenError(), errors.CredentialsError),
        (botocore_errors.EndpointConnectionError(endpoint_url="http://x"), errors.UnavailableError),
        (botocore_errors.ReadTimeoutError(endpoint_url="http://x"), errors.UnavailableError),
        (botocore_errors.ParamValidationError(report="Missing required parameter"), errors.InvalidInputError),
        (botocore_errors.ProfileNotFound(profile="p"), errors.ConfigurationError),
    ],
)
def test_an_error_on_the_client_s_side_becomes_its_kind(error, kind):
    assert type(from_botocore(error, resource="x")) is kind


def test_the_original_error_stays_as_the_cause():
    original = client_error("ResourceNotFound")
    with pytest.raises(errors.NotFoundError) as caught, translated_errors():
        raise original
    assert caught.value.__cause__ is original


def test_other_errors_pass_through():
    with pytest.raises(KeyError), translated_errors():
        raise KeyError("x")
