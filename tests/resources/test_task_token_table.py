"""The table of task tokens: made once, repaired, and never taken for another's."""

import boto3
import pytest

from hitl_sdk.errors import DriftError, InvalidResourceError
from hitl_sdk.resources import TaskTokenTable


def test_it_is_made_by_the_request_with_its_key_and_its_expiry(session):
    state = TaskTokenTable(name="tokens").ensure(session)

    table = boto3.client("dynamodb").describe_table(TableName="tokens")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert state.key == (("human_loop_name", "HASH"), ("token_id", "RANGE"))
    assert state.deletes_after == "expires_at"
    assert TaskTokenTable(name="tokens").plan(session).is_empty


def test_an_expiry_that_is_off_is_turned_on(session):
    TaskTokenTable(name="tokens").ensure(session)
    boto3.client("dynamodb").update_time_to_live(
        TableName="tokens", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    plan = TaskTokenTable(name="tokens").plan(session)

    assert str(plan).startswith("~ table of task tokens 'tokens'")
    assert TaskTokenTable(name="tokens").ensure(session).deletes_after == "expires_at"


def test_a_table_of_another_key_is_left_alone(session):
    boto3.client("dynamodb").create_table(
        TableName="tokens",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )

    with pytest.raises(DriftError, match="key"):
        TaskTokenTable(name="tokens").ensure(session)


def test_it_is_deleted(session):
    table = TaskTokenTable(name="tokens")
    table.ensure(session)

    assert [table.delete(session), table.delete(session)] == [True, False]


def test_a_name_that_dynamodb_would_refuse_is_refused_offline():
    with pytest.raises(InvalidResourceError, match="3 to 255 characters"):
        TaskTokenTable(name="to")
