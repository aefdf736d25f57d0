"""Sessions: lazy, one client a service, and the policy that every client carries."""

import subprocess
import sys

import boto3
import pytest
from moto import mock_aws

from hitl_sdk import errors
from hitl_sdk._version import __version__
from hitl_sdk.session import Session


def test_a_session_makes_no_client_until_one_is_asked_for():
    boto3_session = boto3.Session(region_name="eu-west-1")
    calls = []
    boto3_session.events.register("creating-client-class", lambda **_: calls.append(1))
    Session(boto3_session=boto3_session)
    assert calls == []


def test_a_client_is_made_once_and_carries_the_policy():
    session = Session(region_name="eu-west-1", max_attempts=3, max_pool_connections=7)
    client = session.client("s3")
    assert session.client("s3") is client
    config = client.meta.config
    assert config.retries == {"mode": "adaptive", "total_max_attempts": 3}
    assert config.max_pool_connections == 7
    assert f"hitl_sdk/{__version__}" in config.user_agent_extra


def test_the_endpoint_argument_reaches_every_client():
    session = Session(region_name="eu-west-1", endpoint_url="http://127.0.0.1:9")
    assert session.client("sagemaker-a2i-runtime").meta.endpoint_url == "http://127.0.0.1:9"


def test_the_endpoint_comes_from_the_environment_too(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8")
    assert Session(region_name="eu-west-1").client("sagemaker").meta.endpoint_url == "http://127.0.0.1:8"


def test_the_number_of_attempts_comes_from_the_environment_too(monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    assert Session(region_name="eu-west-1").client("s3").meta.config.retries["total_max_attempts"] == 2


def test_no_region_is_said_at_once(monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(errors.ConfigurationError, match="no AWS Region is set"):
        Session()


def test_a_profile_and_a_session_exclude_each_other():
    with pytest.raises(errors.ConfigurationError, match="both"):
        Session(profile_name="p", boto3_session=boto3.Session(region_name="eu-west-1"))


def test_an_unknown_profile_is_a_configuration_error():
    with pytest.raises(errors.ConfigurationError, match="nobody"):
        Session(profile_name="nobody", region_name="eu-west-1")


def test_a_region_without_augmented_ai_is_refused_and_the_twelve_are_named():
    with pytest.raises(errors.RegionNotSupportedError, match=r"eu-north-1 .*eu-west-1, eu-west-2"):
        Session(region_name="eu-north-1").require_human_review()
    Session(region_name="eu-west-1").require_human_review()


@mock_aws
def test_the_account_is_asked_once():
    session = Session(region_name="eu-west-1")
    calls = []
    session.client("sts").meta.events.register("before-call", lambda **_: calls.append(1))
    assert session.account_id == session.account_id == "123456789012"
    assert len(calls) == 1


@mock_aws
def test_an_arn_of_another_account_is_refused():
    session = Session(region_name="eu-west-1")
    with pytest.raises(errors.InvalidArnError, match="account 999999999999"):
        session.check_arn("arn:aws:sagemaker:eu-west-1:999999999999:workteam/private-crowd/a", "workteam")


def test_the_printed_session_shows_place_and_no_credential():
    text = repr(Session(region_name="eu-west-1", endpoint_url="http://127.0.0.1:9"))
    assert text == "Session(region_name='eu-west-1', endpoint_url='http://127.0.0.1:9')"


def test_importing_the_package_loads_nothing_heavy():
    heavy = "boto3 botocore pandas polars pyarrow pydantic narwhals tenacity moto sqlalchemy sagemaker rich typer tqdm"
    program = f"import sys, hitl_sdk; print([m for m in {heavy.split()} if m in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"


@pytest.mark.parametrize("attempts", [0, -1, "many"])
def test_attempts_are_a_number_from_one(monkeypatch, attempts):
    with pytest.raises(errors.ConfigurationError, match="is not a number of attempts"):
        Session(region_name="eu-west-1", max_attempts=attempts)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", str(attempts))
    with pytest.raises(errors.ConfigurationError, match="AWS_MAX_ATTEMPTS"):
        Session(region_name="eu-west-1")


def test_an_endpoint_that_is_no_address_is_refused_with_the_cure():
    session = Session(region_name="eu-west-1", endpoint_url="localhost:8484")
    with pytest.raises(errors.ConfigurationError, match="an endpoint looks like http://"):
        session.client("sagemaker")
