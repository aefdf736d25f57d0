"""Labeling jobs through plain boto3, in both faces: AWS's own functions, simulated workers, files in S3."""

import json
from io import BytesIO

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from hitl_sdk._ground_truth import kind_named, public_workteam_arn
from hitl_sdk.testing import mock_hitl

from .conftest import Face

BUCKET = "labeling"
REGION = "eu-west-2"
LABELS = ["good", "bad"]
CLASSIFIER = """
<crowd-form><crowd-classifier name="crowd-classifier" header="Mood?"
  categories="{{ task.input.labels | to_json | escape }}" initial-value="{{ task.input.manifestLine.guess }}">
  <classification-target>{{ task.input.taskObject }}</classification-target>
</crowd-classifier></crowd-form>
"""
BOXES = """
<crowd-form><crowd-bounding-box name="boundingBox" src="{{ task.input.taskObject | grant_read_access }}"
  labels="{{ task.input.labels | to_json | escape }}" header="Draw">
  <full-instructions header="x">x</full-instructions><short-instructions>x</short-instructions>
</crowd-bounding-box></crowd-form>
"""


class Jobs:
    """A team, a bucket, and short words for labeling jobs in one face."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.sagemaker, self.s3 = face.client("sagemaker"), face.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": face.region})
        self.team = face.workteam()
        labels = [{"label": label} for label in LABELS]
        self.put("labels.json", json.dumps({"document-version": "2018-11-28", "labels": labels}))

    def put(self, key, body) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def read(self, uri) -> str:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def create(self, name, lines, *, kind="TextMultiClass", template=CLASSIFIER, **changes) -> str:
        known = kind_named(kind)
        manifest = self.put(f"{name}.manifest", "".join(json.dumps(line) + "\n" for line in lines))
        config = {
            "WorkteamArn": self.team,
            "UiConfig": {"UiTemplateS3Uri": self.put(f"{name}.html", template)},
            "PreHumanTaskLambdaArn": known.function_arn("PRE", self.face.region),
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": known.function_arn("ACS", self.face.region)
            },
            "TaskTitle": "Mood",
            "TaskDescription": "Choose",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 600,
            **changes,
        }
        return self.sagemaker.create_labeling_job(
            LabelingJobName=name,
            LabelAttributeName="mood",
            InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}},
            OutputConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            RoleArn=self.face.role,
            LabelCategoryConfigS3Uri=f"s3://{BUCKET}/labels.json",
            HumanTaskConfig=config,
            Tags=[{"Key": "for", "Value": name}],
        )["LabelingJobArn"]

    def describe(self, name) -> dict:
        return self.sagemaker.describe_labeling_job(LabelingJobName=name)

    def wait(self, name) -> dict:
        ended = {"Completed", "Failed", "Stopped"}
        return self.face.wait(
            lambda: self.describe(name), lambda job: job["LabelingJobStatus"] in ended, f"{name} to end"
        )

    def output(self, job) -> list[dict]:
        return [
            json.loads(line)
            for line in self.read(job["LabelingJobOutput"]["OutputDatasetS3Uri"]).splitlines()
        ]


@pytest.fixture(scope="session")
def http_jobs(busy_server):
    return Jobs(Face(region=REGION, server=busy_server))


@pytest.fixture(params=["in-process", "http"])
def jobs(request):
    if request.param == "http":
        yield request.getfixturevalue("http_jobs")
        return
    with mock_hitl(region=REGION) as cloud:
        cloud.workers.add(3, truth=lambda item: item["manifestLine"].get("guess") or [])
        yield Jobs(Face(region=REGION, cloud=cloud))


def test_texts_are_labelled_from_the_manifest_to_the_output(jobs):
    jobs.create("texts", [{"source": "fine", "guess": "good"}, {"source": "awful", "guess": "bad"}])

    job = jobs.wait("texts")

    assert job["LabelingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["LabelCounters"]["HumanLabeled"] == 2
    assert job["Tags"] == [{"Key": "for", "Value": "texts"}]
    assert [line["mood-metadata"]["class-name"] for line in jobs.output(job)] == ["good", "bad"]
    assert [line["mood"] for line in jobs.output(job)] == [0, 1]
    keys = {found["Key"] for found in jobs.s3.list_objects_v2(Bucket=BUCKET, Prefix="out/texts/")["Contents"]}
    responses = [key for key in keys if "/worker-response/iteration-1/0/" in key]
    assert len(responses) == 1
    assert len(json.loads(jobs.read(responses[0]))["answers"]) == 3


def test_images_are_as_large_as_they_are_in_s3(jobs):
    image = BytesIO()
    Image.new("RGB", (64, 48)).save(image, "PNG")
    uri = jobs.put("images/1.png", image.getvalue())
    jobs.create("images", [{"source-ref": uri}], kind="BoundingBox", template=BOXES)

    job = jobs.wait("images")

    assert job["LabelingJobStatus"] == "Completed", job.get("FailureReason")
    (line,) = jobs.output(job)
    assert line["mood"]["image_size"][0]["width"] == 64
    assert line["mood"]["annotations"] == []


def test_a_line_that_is_no_json_is_named(jobs):
    jobs.create("broken", [{"source": "fine"}])
    # the job reads its manifest a second after it was made
    jobs.put("broken.manifest", '{"source": "fine"}\n{\n')

    job = jobs.wait("broken")

    assert job["LabelingJobStatus"] == "Failed"
    assert "line 2" in job["FailureReason"]


def test_a_job_is_stopped_and_listed(jobs):
    jobs.create("stopped", [{"source": "fine"}])
    jobs.sagemaker.stop_labeling_job(LabelingJobName="stopped")

    assert jobs.wait("stopped")["LabelingJobStatus"] == "Stopped"
    listed = jobs.sagemaker.list_labeling_jobs(StatusEquals="Stopped")["LabelingJobSummaryList"]
    assert [job["LabelingJobName"] for job in listed] == ["stopped"]
    for_team = jobs.sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=jobs.team)
    assert "stopped" in {job["LabelingJobName"] for job in for_team["LabelingJobSummaryList"]}


def test_what_is_refused_is_refused_in_the_services_own_words(jobs):
    jobs.create("Twice", [{"source": "fine"}])
    with pytest.raises(jobs.sagemaker.exceptions.ResourceInUse):
        jobs.create("tWICE", [{"source": "fine"}])
    with pytest.raises(jobs.sagemaker.exceptions.ResourceNotFound):
        jobs.describe("ghost")
    with pytest.raises(ClientError, match="numberOfHumanWorkersPerDataObject"):
        jobs.create("ten", [{"source": "fine"}], NumberOfHumanWorkersPerDataObject=10)
    turk = public_workteam_arn(REGION)
    with pytest.raises(ClientError, match="closed on 30 September 2026"):
        jobs.create("turk", [{"source": "fine"}], WorkteamArn=turk)
