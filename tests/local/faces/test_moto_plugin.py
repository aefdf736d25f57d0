"""The plug-in in moto's tables: what it adds, what it leaves to moto, and that it goes."""

import sys

import boto3
import moto.sagemaker.urls as sagemaker_urls
import moto.sagemakerruntime.urls as runtime_urls
import pytest
import requests
from botocore.exceptions import ClientError
from moto import backend_index

from hitl_sdk.testing import mock_hitl

RESET = "http://motoapi.amazonaws.com/moto-api/reset"


def tables():
    return (
        dict(sagemaker_urls.url_paths),
        dict(runtime_urls.url_paths),
        list(backend_index.backend_url_patterns),
        {name for name in sys.modules if name.startswith("moto.hitl")},
    )


def uis():
    return boto3.client("sagemaker").list_human_task_uis()["HumanTaskUiSummaries"]


def make_ui():
    boto3.client("sagemaker").create_human_task_ui(HumanTaskUiName="ui", UiTemplate={"Content": "<p>"})


def test_moto_s_tables_are_as_they_were_afterwards():
    before = tables()

    with mock_hitl():
        assert tables() != before

    assert tables() == before


def test_modules_imported_inside_stay_imported():
    sys.modules.pop("this", None)

    with mock_hitl():
        sys.modules["hitl_test_module"] = sys

    assert sys.modules.pop("hitl_test_module") is sys


def test_moto_s_reset_drops_our_state_too_each_time():
    with mock_hitl():
        for _ in range(3):
            make_ui()
            assert len(uis()) == 1
            assert requests.post(RESET, timeout=5).status_code == 200
            assert uis() == []


def test_moto_s_own_operations_of_sagemaker_stay():
    with mock_hitl() as cloud:
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=cloud.role_arn, PrimaryContainer={"Image": "image"}
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName="c",
            ProductionVariants=[
                {
                    "VariantName": "v",
                    "ModelName": "m",
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.t2.medium",
                }
            ],
        )
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")

        assert sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService"


def test_an_endpoint_is_served_from_a_function():
    with mock_hitl() as cloud:
        cloud.endpoints.serve("mine", lambda payload: {"seen": payload})
        runtime = boto3.client("sagemaker-runtime")

        mine = runtime.invoke_endpoint(EndpointName="mine", ContentType="application/json", Body=b"[1]")

        assert mine["Body"].read() == b'{"seen": [1]}'


def test_a_path_the_runtime_does_not_know_is_an_error_in_its_own_shape():
    with mock_hitl():
        url = "https://a2i-runtime.sagemaker.us-east-1.amazonaws.com/human-loops/a/b"
        client = boto3.client("sagemaker-a2i-runtime")
        client.meta.events.register("before-sign", lambda request, **_: setattr(request, "url", url))

        with pytest.raises(ClientError) as caught:
            client.describe_human_loop(HumanLoopName="a")

    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


def test_what_a_simulated_worker_s_function_raises_reaches_the_caller():
    from hitl_sdk.errors import InvalidInputError

    with mock_hitl() as cloud:
        cloud.workers.work = lambda: (_ for _ in ()).throw(InvalidInputError("your function failed"))

        with pytest.raises(InvalidInputError, match="your function failed"):
            uis()
