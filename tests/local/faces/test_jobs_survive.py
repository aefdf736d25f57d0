"""Labeling jobs with functions of one's own across several deaths of the server."""

import io
import json
import os
import signal
import zipfile
from collections import Counter

import hitl_sdk as hitl
from hitl_sdk._waiting import wait_until
from hitl_sdk.testing import local_server

REGION = "eu-west-1"
FUNCTIONS = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-"
OBJECTS = 9
WORKERS = 2
TEMPLATE = """
<crowd-form><crowd-classifier name="mood" header="?" categories="['good', 'bad']">
  <classification-target>{{ task.input.taskObject }}</classification-target>
</crowd-classifier></crowd-form>
"""
CODE = """
import json
import boto3

def pre(event, context):
    return {"taskInput": {"taskObject": event["dataObject"]["source"]}}

def post(event, context):
    bucket, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
    items = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return [
        {
            "datasetObjectId": item["datasetObjectId"],
            "consolidatedAnnotation": {"content": {event["labelAttributeName"]: len(item["annotations"])}},
        }
        for item in items
    ]
"""


def prepare(session) -> str:
    """Put there all that a job needs but its manifest; return the team's ARN."""
    s3 = session.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="data", Key="ui", Body=TEMPLATE)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = session.client("iam").create_role(RoleName="run", AssumeRolePolicyDocument=json.dumps(trust))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("mine.py", CODE)
    for handler in ("pre", "post"):
        session.client("lambda").create_function(
            FunctionName=f"SageMaker-{handler}",
            Runtime="python3.11",
            Role=role["Role"]["Arn"],
            Handler=f"mine.{handler}",
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
        )
    team = hitl.PrivateTeam(name="people", members=[hitl.Member(email="ana@example.com")])
    return team.ensure(session).workteam_arn


def create(session, team) -> None:
    lines = "".join(json.dumps({"source": f"text {number}"}) + "\n" for number in range(OBJECTS))
    session.client("s3").put_object(Bucket="data", Key="in", Body=lines)
    session.client("sagemaker").create_labeling_job(
        LabelingJobName="mood",
        LabelAttributeName="mood",
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://data/in"}}},
        OutputConfig={"S3OutputPath": "s3://data/out"},
        RoleArn="arn:aws:iam::123456789012:role/review",
        HumanTaskConfig={
            "WorkteamArn": team,
            "UiConfig": {"UiTemplateS3Uri": "s3://data/ui"},
            "PreHumanTaskLambdaArn": f"{FUNCTIONS}pre",
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": f"{FUNCTIONS}post"},
            "TaskTitle": "Mood",
            "TaskDescription": "Choose",
            "NumberOfHumanWorkersPerDataObject": WORKERS,
            "TaskTimeLimitInSeconds": 600,
            "MaxConcurrentTaskCount": 3,
        },
    )


def wait_for(server, done):
    sagemaker = server.session(REGION).client("sagemaker")
    return wait_until(
        lambda: sagemaker.describe_labeling_job(LabelingJobName="mood"),
        done,
        timeout=30,
        what="the job",
        first_pause=0.02,
        longest_pause=0.05,
    )


def read_all(server) -> dict[str, bytes]:
    s3 = server.session(REGION).client("s3")
    found = s3.list_objects_v2(Bucket="data", Prefix="out/")["Contents"]
    return {each["Key"]: s3.get_object(Bucket="data", Key=each["Key"])["Body"].read() for each in found}


def test_a_job_outlasts_a_kill_right_after_its_creation_and_two_amid_its_work(tmp_path):
    with local_server(data=tmp_path) as server:
        session = server.session(REGION)
        create(session, prepare(session))
        os.kill(server.pid, signal.SIGKILL)
    for labeled in (0, 3):
        with local_server(data=tmp_path) as server:
            wait_for(
                server,
                lambda job: (
                    job["LabelCounters"]["HumanLabeled"] >= labeled  # noqa: B023  used at once
                    and job["LabelingJobStatus"] != "Initializing"
                ),
            )
            os.kill(server.pid, signal.SIGKILL)
    with local_server(data=tmp_path) as server:
        job = wait_for(server, lambda job: job["LabelingJobStatus"] in {"Completed", "Failed"})
        files = read_all(server)

    assert job["LabelingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["LabelCounters"] == {
        "TotalLabeled": OBJECTS,
        "HumanLabeled": OBJECTS,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 0,
    }
    manifest = files["out/mood/manifests/output/output.manifest"].decode().splitlines()
    assert [json.loads(line)["source"] for line in manifest] == [f"text {n}" for n in range(OBJECTS)]
    assert [json.loads(line)["mood"] for line in manifest] == [WORKERS] * OBJECTS
    answers = [json.loads(files[key])["answers"] for key in files if "/worker-response/" in key]
    assert len(answers) == OBJECTS
    assert {len({answer["workerId"] for answer in each}) for each in answers} == {WORKERS}
    folders = Counter(key.split("/")[-3:-1][0] for key in files if "/consolidation-re" in key)
    assert folders == {"consolidation-request": 3, "consolidation-response": 3}
