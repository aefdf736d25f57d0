"""A labeling job across the death of a server: nothing is lost, and no object is labelled twice."""

import json
import os
import signal

import pytest

import hitl_sdk as hitl
from hitl_sdk._ground_truth import kind_named
from hitl_sdk._waiting import wait_until
from hitl_sdk.local.moto_state import FILE_NAME
from hitl_sdk.testing import local_server

KIND = kind_named("TextMultiClass")
REGION = "eu-west-1"
TEMPLATE = """
<crowd-form><crowd-classifier name="crowd-classifier" header="?"
  categories="{{ task.input.labels | to_json | escape }}">
  <classification-target>{{ task.input.taskObject }}</classification-target>
</crowd-classifier></crowd-form>
"""
OBJECTS = 12


def begin(server, directory):
    """Create a job once all that it reads is saved."""
    session = server.session(REGION)
    s3 = session.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    lines = "".join(json.dumps({"source": f"text {number}"}) + "\n" for number in range(OBJECTS))
    labels = {"labels": [{"label": "good"}, {"label": "bad"}]}
    for key, body in {"in": lines, "ui": TEMPLATE, "labels": json.dumps(labels)}.items():
        s3.put_object(Bucket="data", Key=key, Body=body)
    team = hitl.PrivateTeam(name="people", members=[hitl.Member(email="ana@example.com")]).ensure(session)
    s3.create_bucket(Bucket="the-last-change", CreateBucketConfiguration={"LocationConstraint": REGION})
    wait_until(
        lambda: (directory / FILE_NAME).exists() and (directory / FILE_NAME).read_bytes(),
        lambda state: state and b"the-last-change" in state,
        timeout=20,
        what="the periodic save",
    )
    session.client("sagemaker").create_labeling_job(
        LabelingJobName="mood",
        LabelAttributeName="mood",
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://data/in"}}},
        OutputConfig={"S3OutputPath": "s3://data/out"},
        RoleArn="arn:aws:iam::123456789012:role/review",
        LabelCategoryConfigS3Uri="s3://data/labels",
        HumanTaskConfig={
            "WorkteamArn": team.workteam_arn,
            "UiConfig": {"UiTemplateS3Uri": "s3://data/ui"},
            "PreHumanTaskLambdaArn": KIND.function_arn("PRE", REGION),
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": KIND.function_arn("ACS", REGION)
            },
            "TaskTitle": "Mood",
            "TaskDescription": "Choose",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 600,
            "MaxConcurrentTaskCount": 2,
        },
    )


def wait_for(server, done):
    sagemaker = server.session(REGION).client("sagemaker")
    return wait_until(
        lambda: sagemaker.describe_labeling_job(LabelingJobName="mood"),
        done,
        timeout=40,
        what="the job",
        first_pause=0.02,
        longest_pause=0.05,
    )


def read_all(server):
    s3 = server.session(REGION).client("s3")
    found = s3.list_objects_v2(Bucket="data", Prefix="out/")["Contents"]
    return {each["Key"]: s3.get_object(Bucket="data", Key=each["Key"])["Body"].read() for each in found}


@pytest.mark.parametrize("labeled", [0, 1, OBJECTS])
def test_a_job_goes_on_after_a_kill(tmp_path, labeled):
    with local_server(data=tmp_path) as server:
        begin(server, tmp_path)
        wait_for(server, lambda job: job["LabelCounters"]["HumanLabeled"] >= labeled)
        os.kill(server.pid, signal.SIGKILL)

    with local_server(data=tmp_path) as server:
        job = wait_for(server, lambda job: job["LabelingJobStatus"] in {"Completed", "Failed"})
        files = read_all(server)

    assert job["LabelingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["LabelCounters"]["HumanLabeled"] == OBJECTS
    manifest = files["out/mood/manifests/output/output.manifest"].decode().splitlines()
    assert [json.loads(line)["mood"] for line in manifest] == [0] * OBJECTS
    answered = [key for key in files if "/worker-response/" in key]
    assert len(answered) == OBJECTS
    assert all(len(json.loads(files[key])["answers"]) == 1 for key in answered)
