"""`mock_hitl`: what a test gets, and what it leaves behind."""

import os
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from hitl_sdk import testing
from hitl_sdk._clock import ManualClock, SystemClock, current_clock
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.testing import mock_hitl


def make_ui(name="ui", region=None):
    boto3.client("sagemaker", region_name=region).create_human_task_ui(
        HumanTaskUiName=name, UiTemplate={"Content": "<p>"}
    )


def uis(region=None):
    listed = boto3.client("sagemaker", region_name=region).list_human_task_uis()
    return [ui["HumanTaskUiName"] for ui in listed["HumanTaskUiSummaries"]]


def test_the_public_names_are_there_and_no_others():
    assert dir(testing) == sorted(testing.__all__)
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'mock_everything'"):
        _ = testing.mock_everything


def test_every_cloud_begins_empty():
    for _ in range(2):
        with mock_hitl():
            assert uis() == []
            make_ui()
            assert uis() == ["ui"]


def test_the_region_given_is_the_default_of_every_client():
    with mock_hitl(region="eu-west-1") as cloud:
        arn = boto3.client("sagemaker").create_human_task_ui(
            HumanTaskUiName="ui", UiTemplate={"Content": "<p>"}
        )["HumanTaskUiArn"]

        assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/ui"
        assert cloud.session().region_name == "eu-west-1"
        assert cloud.session("us-west-2").region_name == "us-west-2"
        assert repr(cloud) == "Cloud(account_id='123456789012', region_name='eu-west-1')"


def test_the_clock_is_everyones_inside_and_nobodys_after():
    clock = ManualClock(datetime(2027, 3, 1, tzinfo=UTC))

    with mock_hitl(clock=clock) as cloud:
        assert current_clock() is cloud.clock is clock
        current_clock().sleep(60)
        cloud.advance(60)
        assert clock.monotonic() == 120

    assert isinstance(current_clock(), SystemClock)


def test_the_role_exists_and_is_one():
    with mock_hitl() as cloud:
        boto3.client("iam").create_role(RoleName="another", AssumeRolePolicyDocument="{}")
        arn = cloud.role_arn

        assert arn == cloud.role_arn
        role = boto3.client("iam").get_role(RoleName="hitl-review")["Role"]
        assert role["Arn"] == arn
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
            "Service": "sagemaker.amazonaws.com"
        }


def test_a_name_that_s3_refuses_is_said_at_once():
    with (
        mock_hitl() as cloud,
        pytest.raises(InvalidInputError, match="'b' is no name of an S3 bucket"),
    ):
        cloud.bucket("b")


def test_a_bucket_is_made_once_in_the_cloud_s_region():
    with mock_hitl(region="eu-west-1") as cloud:
        assert cloud.bucket("reviews") == cloud.bucket("reviews") == "reviews"

        s3 = boto3.client("s3")
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["reviews"]
        assert s3.get_bucket_location(Bucket="reviews")["LocationConstraint"] == "eu-west-1"


def test_the_user_s_own_settings_stay_outside_and_come_back(monkeypatch, tmp_path):
    own = {
        "AWS_PROFILE": "mine",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_SESSION_TOKEN": "token",
        "AWS_DEFAULT_REGION": "sa-east-1",
        "AWS_ACCESS_KEY_ID": "AKIAMINE",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    with mock_hitl():
        assert uis() == []
        assert boto3.Session().get_credentials().access_key != "AKIAMINE"

    assert {name: os.environ.get(name) for name in own} == own


def test_everything_is_put_back_when_the_block_fails():
    with pytest.raises(RuntimeError, match="mine"), mock_hitl():
        raise RuntimeError("mine")

    assert isinstance(current_clock(), SystemClock)
    with mock_hitl():
        assert uis() == []


def test_a_store_of_ones_own_outlives_the_cloud(tmp_path):
    url = f"sqlite:///{tmp_path / 'reviews.sqlite3'}"
    with mock_hitl(store_url=url):
        make_ui()

    with mock_hitl(store_url=url):
        assert uis() == ["ui"]


def test_a_second_cloud_inside_the_first_is_refused_and_harms_nothing():
    with mock_hitl():
        make_ui()

        with pytest.raises(ConfigurationError, match="active in this process already"), mock_hitl():
            pass

        assert uis() == ["ui"]


def test_it_works_inside_the_user_s_own_mock_and_shares_its_state():
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="before")

        with mock_hitl() as cloud:
            cloud.bucket("before")
            make_ui()
            assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == ["before"]
            assert uis() == ["ui"]

        assert boto3.client("s3").list_buckets()["Buckets"]


def test_the_user_s_own_mock_works_inside_it():
    with mock_hitl():
        make_ui()

        with mock_aws():
            assert uis() == ["ui"]

        assert uis() == ["ui"]


def test_regions_share_nothing():
    with mock_hitl():
        make_ui("here", "us-east-1")

        assert uis("eu-west-1") == []


def test_an_account_of_a_role_shares_nothing_with_the_caller_s():
    with mock_hitl():
        make_ui("ours")
        keys = boto3.client("sts").assume_role(
            RoleArn="arn:aws:iam::111122223333:role/visitor", RoleSessionName="visit"
        )["Credentials"]
        visitor = boto3.client(
            "sagemaker",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

        assert visitor.list_human_task_uis()["HumanTaskUiSummaries"] == []


def test_moto_s_account_variable_is_heeded(monkeypatch):
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "444455556666")

    with mock_hitl() as cloud:
        assert cloud.account_id == "444455556666"
        assert ":444455556666:" in cloud.role_arn


def test_two_clouds_of_one_seed_answer_alike():
    def answers(seed):
        with mock_hitl(seed=seed):
            return boto3.client("sagemaker").list_workteams()["ResponseMetadata"]["RequestId"]

    assert answers(1) == answers(1)
    assert answers(1) != answers(2)
