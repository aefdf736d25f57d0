"""Which function an ARN names, what a failure says, and what moto's own calls of functions do."""

import io
import json
import zipfile

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction

from hitl_sdk.local.engine import FunctionFailed
from hitl_sdk.local.moto_services import scope_in
from hitl_sdk.testing import mock_hitl

ECHO = "def handler(event, context): return event"


def test_a_function_gets_the_event_and_gives_its_answer(deployment):
    arn = deployment.deploy("echo", ECHO)

    assert deployment.lambdas.knows(arn)
    assert deployment.invoke(arn, {"source": "naïve"}) == {"source": "naïve"}


def test_one_of_awss_own_functions_is_run_without_being_deployed(deployment):
    arn = "arn:aws:lambda:eu-west-1:568282634449:function:PRE-TextMultiClass"

    answer = deployment.invoke(arn, {"dataObject": {"source": "hello"}})

    assert answer["taskInput"]["taskObject"] == "hello"
    assert deployment.lambdas.knows(arn)


def test_awss_own_functions_read_and_write_the_caller_s_s3(deployment):
    s3 = boto3.client("s3")
    deployment.cloud.bucket("out")
    answer = {"crowd-image-classifier": {"label": "cat"}}
    s3.put_object(
        Bucket="out",
        Key="request.json",
        Body=json.dumps(
            [
                {
                    "datasetObjectId": "0",
                    "dataObject": {"s3Uri": "s3://out/a.png"},
                    "annotations": [
                        {"workerId": "w", "annotationData": {"content": json.dumps(answer)}},
                    ],
                }
            ]
        ),
    )
    event = {
        "labelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/demo",
        "labelCategories": ["cat", "dog"],
        "labelAttributeName": "animal",
        "payload": {"s3Uri": "s3://out/request.json"},
        "outputConfig": "s3://out/demo/annotations",
    }
    arn = "arn:aws:lambda:eu-west-1:568282634449:function:ACS-ImageMultiClass"

    (consolidated,) = deployment.invoke(arn, event)

    assert consolidated["consolidatedAnnotation"]["content"]["animal"] == 0
    missing = {**event, "payload": {"s3Uri": "s3://out/nothing.json"}}
    with pytest.raises(FunctionFailed, match=r"NotFoundError: there is no object s3://out/nothing\.json"):
        deployment.invoke(arn, missing)


def test_awss_own_functions_write_files(deployment):
    from hitl_sdk.local.lambdas import _Storage
    from hitl_sdk.local.moto_services import MotoServices

    deployment.cloud.bucket("out")

    _Storage(MotoServices(), scope_in("eu-west-1")).write("s3://out/a/mask.png", b"png")

    assert boto3.client("s3").get_object(Bucket="out", Key="a/mask.png")["Body"].read() == b"png"


def test_the_code_may_lie_in_s3(deployment):
    deployment.cloud.bucket("code")
    boto3.client("s3").put_object(Bucket="code", Key="f.zip", Body=deployment.zipped(main=ECHO))
    arn = deployment.client.create_function(
        FunctionName="from-s3",
        Runtime="python3.13",
        Role=deployment.cloud.role_arn,
        Handler="main.handler",
        Code={"S3Bucket": "code", "S3Key": "f.zip"},
    )["FunctionArn"]

    assert deployment.invoke(arn, [1]) == [1]


def test_new_code_runs_from_the_next_call_on(deployment):
    arn = deployment.deploy("f", "def handler(event, context): return 'old'")
    assert deployment.invoke(arn) == "old"

    deployment.client.update_function_code(
        FunctionName="f", ZipFile=deployment.zipped(main="def handler(event, context): return 'new'")
    )

    assert deployment.invoke(arn) == "new"


def test_a_version_keeps_the_code_it_was_published_with(deployment):
    arn = deployment.deploy("f", "def handler(event, context): return 'first'")
    version = deployment.client.publish_version(FunctionName="f")["Version"]
    deployment.client.update_function_code(
        FunctionName="f", ZipFile=deployment.zipped(main="def handler(event, context): return 'second'")
    )

    assert deployment.invoke(f"{arn}:{version}") == "first"
    assert deployment.invoke(arn) == "second"


@pytest.mark.parametrize(
    ("main", "reason"),
    [
        ("def handler(event, context): return event['source']", "KeyError: 'source'"),
        (
            "import sys\ndef handler(event, context): sys.exit(3)",
            "Runtime.ExitError: the function exited with 3",
        ),
        ("def handler(event, context): return {1, 2}", "Runtime.MarshalError: Unable to marshal response: "),
        ("def handler(event, context): return float('nan')", "Runtime.MarshalError: Unable to marshal"),
        (
            "def handler(event, context): return 'x' * 6_291_556",
            "Function.ResponseSizeTooLarge: Response payload size exceeded maximum",
        ),
        (
            "import nowhere",
            "Runtime.ImportModuleError: Unable to import module 'main': No module named 'nowhere'",
        ),
        ("def", "Runtime.UserCodeSyntaxError: Syntax error in module 'main': invalid syntax"),
        ("handle = 1", "Runtime.HandlerNotFound: Handler 'handler' missing on module 'main'"),
        ("raise OSError('no disk')", "OSError: no disk"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_failure_says_what_lambda_would_say(deployment, main, reason, apart):
    if apart:
        deployment.lambdas.run_apart("http://127.0.0.1:1")
    arn = deployment.deploy("f", main)

    with pytest.raises(FunctionFailed) as failed:
        deployment.invoke(arn, {})

    assert failed.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:lambda:eu-west-1:123456789012:function:nobody",
        "arn:aws:lambda:eu-west-1:123456789012:function:echo:7",
        "arn:aws:iam::123456789012:role/echo",
        "echo",
    ],
)
def test_an_arn_that_names_no_function_says_so(deployment, arn):
    deployment.deploy("echo", ECHO)

    assert not deployment.lambdas.knows(arn)
    with pytest.raises(FunctionFailed, match=r"ResourceNotFoundException: .*"):
        deployment.invoke(arn)


def test_what_is_no_python_is_not_run(deployment):
    arn = deployment.client.create_function(
        FunctionName="js",
        Runtime="nodejs24.x",
        Role=deployment.cloud.role_arn,
        Handler="index.handler",
        Code={"ZipFile": deployment.zipped(main="")},
    )["FunctionArn"]

    with pytest.raises(FunctionFailed, match="InvalidRuntimeException: js is no Python function from a zip"):
        deployment.invoke(arn)


def test_code_that_is_no_zip_is_a_failure(deployment):
    arn = deployment.deploy("f", ECHO)
    deployment.client.update_function_code(FunctionName="f", ZipFile=b"no zip")

    with pytest.raises(
        FunctionFailed, match="InvalidZipFileException: the code of f: File is not a zip file"
    ):
        deployment.invoke(arn)


def test_a_function_that_was_deployed_can_be_invoked_by_plain_boto3(deployment):
    deployment.deploy("echo", ECHO)

    answer = deployment.client.invoke(FunctionName="echo", Payload=b'{"a": 1}')
    empty = deployment.client.invoke(FunctionName="echo")

    assert json.loads(answer["Payload"].read()) == {"a": 1}
    assert "FunctionError" not in answer
    assert json.loads(empty["Payload"].read()) == {}


def test_a_failure_is_told_to_plain_boto3_as_lambda_tells_it(deployment):
    deployment.deploy("f", "def handler(event, context): return event['source']")

    answer = deployment.client.invoke(FunctionName="f", Payload=b"{}")

    assert answer["FunctionError"]
    assert json.loads(answer["Payload"].read()) == {"errorType": "KeyError", "errorMessage": "'source'"}


def test_a_topic_s_message_reaches_the_function_that_is_subscribed(deployment):
    deployment.cloud.bucket("seen")
    arn = deployment.deploy(
        "listener",
        "import boto3\n"
        "def handler(event, context):\n"
        "    text = event['Records'][0]['Sns']['Message']\n"
        "    boto3.client('s3').put_object(Bucket='seen', Key='message', Body=text)\n",
    )
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)

    sns.publish(TopicArn=topic, Message="hello")

    assert boto3.client("s3").get_object(Bucket="seen", Key="message")["Body"].read() == b"hello"


def deploy_by_boto3(role_arn: str, runtime: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("main.py", "def handler(event, context): raise SystemError")
    boto3.client("lambda").create_function(
        FunctionName="f",
        Runtime=runtime,
        Role=role_arn,
        Handler="main.handler",
        Code={"ZipFile": packed.getvalue()},
    )


def test_what_is_no_python_is_left_to_moto(monkeypatch):
    monkeypatch.setattr(LambdaFunction, "_invoke_lambda", lambda self, event=None: ('"docker"', False, ""))

    with mock_hitl() as cloud:
        deploy_by_boto3(cloud.role_arn, "nodejs24.x")
        answer = boto3.client("lambda").invoke(FunctionName="f", Payload=b"{}")["Payload"].read()

    assert json.loads(answer) == "docker"


def test_functions_that_a_test_mocks_by_moto_s_own_way_stay_mocked():
    with mock_aws(config={"lambda": {"use_docker": False}}), mock_hitl() as cloud:
        deploy_by_boto3(cloud.role_arn, "python3.14")
        answer = boto3.client("lambda").invoke(FunctionName="f", Payload=b'{"a": 1}')["Payload"].read()

    assert answer == b'{"a": 1}'


def test_moto_is_as_it_was_after_the_block():
    before = LambdaFunction._invoke_lambda

    with mock_hitl():
        assert LambdaFunction._invoke_lambda is not before

    assert LambdaFunction._invoke_lambda is before
