"""Functions deployed to `hitl local up`: in processes of their own, which call the server back."""

import io
import json
import zipfile

import pytest

from hitl_sdk.testing import local_server

MAIN = """
import os
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket="seen", Key=context.function_name, Body=event["text"].encode())
    return os.getpid()
"""


@pytest.fixture(scope="module")
def server():
    with local_server(simulate_workers=False) as server:
        yield server


def test_a_function_on_the_server_finds_the_server_s_s3(server):
    session = server.session()
    session.client("s3").create_bucket(Bucket="seen")
    role = session.boto3_session.client("iam", endpoint_url=server.url).create_role(
        RoleName="f", AssumeRolePolicyDocument="{}"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("main.py", MAIN)
    client = session.client("lambda")
    client.create_function(
        FunctionName="f",
        Runtime="python3.14",
        Role=role["Role"]["Arn"],
        Handler="main.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )

    answers = [client.invoke(FunctionName="f", Payload=json.dumps({"text": text})) for text in ("one", "two")]

    pids = {json.loads(answer["Payload"].read()) for answer in answers}
    assert len(pids) == 1
    assert pids != {server.pid}
    assert session.client("s3").get_object(Bucket="seen", Key="f")["Body"].read() == b"two"
