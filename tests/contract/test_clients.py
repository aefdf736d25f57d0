"""Clients that know nothing of this package: plain boto3 in a process of its own, and the AWS CLI."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hitl_sdk.testing import local_server

LAB = Path(__file__).parent / "lab_in_plain_boto3.py"
AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(LAB.parent), prepend=os.pathsep)
        with local_server(endpoints={"sentiment": "lab_model:predict"}) as server:
            yield server


@pytest.fixture
def environment(server, tmp_path):
    """What a person sets who works against the service, and nothing of the person's own."""
    server.reset()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_PAGER": "",
        **server.environment,
    }


def test_the_lab_s_steps_run_in_plain_boto3(environment):
    done = subprocess.run(
        [sys.executable, str(LAB)], env=environment, capture_output=True, text=True, timeout=50, check=False
    )

    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert "hitl_sdk" not in LAB.read_text("utf-8")
    assert answers == {
        "I am unhappy with this product": "-1",
        "It is okay": "0",
        "sometimes it works": "1",
    }


@pytest.mark.timeout(180)  # each command is a process of its own
def test_the_lab_s_steps_run_in_the_aws_cli(environment, tmp_path):
    def aws(*arguments):
        done = subprocess.run(
            [str(AWS), *arguments, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    aws("s3api", "create-bucket", "--bucket", "reviews")
    pool = aws("cognito-idp", "create-user-pool", "--pool-name", "people")["UserPool"]["Id"]
    client = aws(
        "cognito-idp",
        "create-user-pool-client",
        "--user-pool-id",
        pool,
        "--client-name",
        "c",
        "--generate-secret",
    )["UserPoolClient"]["ClientId"]
    aws("cognito-idp", "create-user-pool-domain", "--user-pool-id", pool, "--domain", "people-portal")
    aws("cognito-idp", "create-group", "--user-pool-id", pool, "--group-name", "crew")
    aws(
        "sagemaker", "create-workforce", "--workforce-name", "people",
        "--cognito-config", f"UserPool={pool},ClientId={client}",
    )  # fmt: skip
    member = {"CognitoMemberDefinition": {"UserPool": pool, "ClientId": client, "UserGroup": "crew"}}
    team = aws(
        "sagemaker", "create-workteam", "--workteam-name", "crew", "--description", "reviewers",
        "--member-definitions", json.dumps([member]),
    )["WorkteamArn"]  # fmt: skip
    aws(
        "cognito-idp", "admin-create-user", "--user-pool-id", pool, "--username", "ana",
        "--temporary-password", "Password@420", "--message-action", "SUPPRESS",
    )  # fmt: skip
    aws(
        "cognito-idp", "admin-add-user-to-group", "--user-pool-id", pool, "--username", "ana",
        "--group-name", "crew",
    )  # fmt: skip
    portal = aws("sagemaker", "describe-workteam", "--workteam-name", "crew")["Workteam"]["SubDomain"]
    assert portal.endswith(".labeling.us-east-1.sagemaker.aws")
    template = (
        '<crowd-form><crowd-classifier name="sentiment" categories="[\'bad\', \'good\']" header="?">'
        "<classification-target>{{ task.input.taskObject }}</classification-target>"
        "</crowd-classifier></crowd-form>"
    )
    ui = aws(
        "sagemaker", "create-human-task-ui", "--human-task-ui-name", "ui",
        "--ui-template", json.dumps({"Content": template}),
    )["HumanTaskUiArn"]  # fmt: skip
    question, prediction = tmp_path / "question.jsonl", tmp_path / "prediction.jsonl"
    question.write_text(json.dumps({"features": ["It is okay"]}), "utf-8")
    aws(
        "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "sentiment",
        "--content-type", "application/jsonlines", "--body", f"fileb://{question}", str(prediction),
    )  # fmt: skip
    assert json.loads(prediction.read_text("utf-8")) == {"probability": 0.55, "predicted_label": 0}
    config = {
        "WorkteamArn": team,
        "HumanTaskUiArn": ui,
        "TaskCount": 1,
        "TaskTitle": "Sentiment",
        "TaskDescription": "Read and choose",
    }
    flow = aws(
        "sagemaker", "create-flow-definition", "--flow-definition-name", "review",
        "--role-arn", "arn:aws:iam::123456789012:role/review",
        "--output-config", "S3OutputPath=s3://reviews/a2i", "--human-loop-config", json.dumps(config),
    )["FlowDefinitionArn"]  # fmt: skip
    while (
        aws("sagemaker", "describe-flow-definition", "--flow-definition-name", "review")[
            "FlowDefinitionStatus"
        ]
        != "Active"
    ):
        pass
    aws(
        "sagemaker-a2i-runtime", "start-human-loop", "--human-loop-name", "loop-1", "--flow-definition-arn", flow,
        "--human-loop-input", json.dumps({"InputContent": json.dumps({"taskObject": "nice"})}),
    )  # fmt: skip
    while (loop := aws("sagemaker-a2i-runtime", "describe-human-loop", "--human-loop-name", "loop-1"))[
        "HumanLoopStatus"
    ] != "Completed":
        pass
    output = aws("s3", "cp", loop["HumanLoopOutput"]["OutputS3Uri"], "-")
    assert output["humanAnswers"][0]["answerContent"] == {"sentiment": {"label": "bad"}}
