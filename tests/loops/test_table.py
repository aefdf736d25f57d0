"""The DynamoDB table that records and shared rates lie in: made once, waited for, and refused where it is another's."""

import pytest

from hitl_sdk.errors import AccessDeniedError, ConflictError, NotFoundError
from hitl_sdk.loops import ensure_table
from hitl_sdk.testing import mock_hitl


@pytest.fixture
def session():
    with mock_hitl() as cloud:
        yield cloud.session()


def test_a_table_is_made_once_and_paid_by_request(session):
    assert [ensure_table(session, "runs") for _ in range(2)] == [True, False]
    table = session.client("dynamodb").describe_table(TableName="runs")["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_a_table_that_does_not_show_at_once_is_waited_for(session, watched):
    """DescribeTable may not know it right after CreateTable, says the reference of DynamoDB."""
    watched(session, ("dynamodb",)).fail(
        "DescribeTable", ("ResourceNotFoundException", 400), when=lambda _, number: number <= 2
    )
    assert ensure_table(session, "runs")


def test_a_table_that_is_gone_meanwhile_is_not_waited_for(session, watched):
    ensure_table(session, "runs")
    calls = watched(session, ("dynamodb",))
    calls.fail("DescribeTable", ("ResourceNotFoundException", 400))
    with pytest.raises(NotFoundError):
        ensure_table(session, "runs")
    assert calls.count["DescribeTable"] == 1


def test_a_table_with_other_keys_is_refused_naming_them(session):
    session.client("dynamodb").create_table(
        TableName="theirs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(ConflictError, match=r"'theirs' has the keys id \(name another"):
        ensure_table(session, "theirs")


def test_who_may_not_make_a_table_is_told_the_action(session, watched):
    watched(session, ("dynamodb",)).fail("CreateTable", ("AccessDeniedException", 400))
    with pytest.raises(AccessDeniedError, match="CreateTable"):
        ensure_table(session, "runs")
