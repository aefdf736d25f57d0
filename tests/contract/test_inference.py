"""Models and endpoints: moto keeps them, a function answers for them, in both faces alike."""

import json

import pytest
from botocore.exceptions import ClientError


def test_an_endpoint_that_was_made_is_described_strictly_and_answered_by_its_function(answered_review):
    face = answered_review.face
    sagemaker = face.client("sagemaker")
    variant = {
        "VariantName": "a",
        "ModelName": "echo",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_model(ModelName="echo", ExecutionRoleArn=face.role, PrimaryContainer={"Image": "echo:1"})
    sagemaker.create_endpoint_config(EndpointConfigName="echo", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="echo", EndpointConfigName="echo")

    described = sagemaker.describe_endpoint(EndpointName="echo")
    assert described["EndpointStatus"] == "InService"
    assert "VpcConfig" not in sagemaker.describe_model(ModelName="echo")
    assert "DataCaptureConfig" not in sagemaker.describe_endpoint_config(EndpointConfigName="echo")
    said = face.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="echo", ContentType="application/json", Body=b'{"features": ["It is okay"]}'
    )
    assert json.loads(said["Body"].read()) == {"features": ["It is okay"]}

    sagemaker.delete_endpoint(EndpointName="echo")
    sagemaker.delete_endpoint_config(EndpointConfigName="echo")
    sagemaker.delete_model(ModelName="echo")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName="echo")
