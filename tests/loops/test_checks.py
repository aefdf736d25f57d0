"""What is checked before the first loop is started."""

import pytest
from botocore.exceptions import NoCredentialsError

from hitl_sdk import Session
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    InvalidArnError,
    NotFoundError,
    RegionNotSupportedError,
    ResourceFailedError,
)
from hitl_sdk.loops import check_flow


def test_an_active_flow_passes_by_name_and_by_arn(review):
    by_name, by_arn = check_flow(review.session, "sentiment"), check_flow(review.session, review.arn)
    assert by_name == by_arn
    assert (by_name.arn, by_name.output) == (review.arn, "s3://reviews/a2i")


def test_a_region_without_a2i_is_refused_before_any_call(one_boto3_session):
    with pytest.raises(RegionNotSupportedError, match="eu-south-1"):
        check_flow(Session(region_name="eu-south-1", boto3_session=one_boto3_session), "sentiment")


def test_a_missing_flow_is_named(review):
    with pytest.raises(NotFoundError, match="flow definition 'other'"):
        check_flow(review.session, "other")


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/crew", InvalidArnError),
        ("arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment", InvalidArnError),
        ("arn:aws:sagemaker:us-east-1:999999999999:flow-definition/sentiment", NotFoundError),
    ],
)
def test_an_arn_of_another_kind_region_or_account_is_refused(review, arn, error):
    with pytest.raises(error):
        check_flow(review.session, arn)


def test_a_missing_output_bucket_is_named_with_the_cure(review):
    review.session.client("s3").delete_bucket(Bucket="reviews")
    with pytest.raises(
        NotFoundError, match=r"bucket 'reviews'.*does not exist.*aws s3 mb s3://reviews"
    ) as missing:
        check_flow(review.session, "sentiment")
    assert missing.value.resource == "reviews"


def test_a_bucket_that_the_caller_may_not_see_is_left_to_the_flows_role(review):
    review.calls.fail("HeadBucket", ("403", 403))
    assert check_flow(review.session, "sentiment").name == "sentiment"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (("ExpiredTokenException", 400), CredentialsError),
        (NoCredentialsError(), CredentialsError),
        (("AccessDeniedException", 400), AccessDeniedError),
    ],
)
def test_who_may_not_ask_is_told_so(review, fault, error):
    review.calls.fail("DescribeFlowDefinition", fault)
    with pytest.raises(error):
        check_flow(review.session, "sentiment")


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        ("Failed", ResourceFailedError, "has failed: no such role"),
        ("Initializing", ConfigurationError, "is Initializing, not Active"),
        ("Deleting", ConfigurationError, "is Deleting, not Active"),
    ],
)
def test_a_flow_that_takes_no_loops_is_refused(review, status, error, says):
    def answer(parsed, **_):
        parsed.update(FlowDefinitionStatus=status, FailureReason="no such role")

    review.session.client("sagemaker").meta.events.register(
        "after-call.sagemaker.DescribeFlowDefinition", answer
    )
    with pytest.raises(error, match=says):
        check_flow(review.session, "sentiment")
