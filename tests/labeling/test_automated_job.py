"""Automated labeling from end to end: this SDK, the embedded service, its workers, and a model of this machine."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image

import hitl_sdk as hitl
from hitl_sdk.errors import ResourceFailedError
from hitl_sdk.labeling import AutomatedLabeling, InputManifest
from hitl_sdk.results import read_manifest
from hitl_sdk.testing import mock_hitl

GOOD = ["lovely", "great", "quick", "friendly", "fresh"]
BAD = ["awful", "broken", "slow", "rude", "stale"]
DAY = 86_400


def sentence(number: int) -> str:
    rng = random.Random(number)
    return f"{number}: {' '.join(rng.choices(GOOD if number % 2 else BAD, k=4))}"


def mood(text: str) -> str:
    return "good" if int(text.partition(":")[0]) % 2 else "bad"


def texts(count: int) -> InputManifest:
    return InputManifest.from_lines([{"source": sentence(number)} for number in range(count)])


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("labels")
        yield cloud


def job_for(cloud, **changes) -> hitl.LabelingJob:
    fields = {
        "name": "moods",
        "task": hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Which mood?"),
        "label_attribute": "mood",
        "team": hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        "role_arn": cloud.role_arn,
        "output": "s3://labels/out",
        "workers_per_object": 1,
        "max_concurrent_tasks": 200,
        "automated": AutomatedLabeling(),
        "input": texts(1250),
    }
    return hitl.LabelingJob(**{**fields, **changes})


def test_texts_are_labelled_by_the_usual_model(cloud):
    session = cloud.session()
    cloud.workers.add(truth=lambda item: mood(item["taskObject"]))
    job = job_for(cloud)
    job.ensure(session)
    state = job.wait(session, timeout=DAY, progress=False)
    frame = job.read(session)
    machine = frame[frame["label_source"] == "model"]

    assert state.counters.machine_labeled == len(machine) > 500
    assert (machine["label"] == machine["item"].map(mood)).mean() >= 0.95
    assert machine["confidence"].between(0, 1).all()
    assert frame["label"].notna().all()


def test_the_job_tells_its_model(cloud):
    session = cloud.session()
    cloud.automated_labeling(least_objects=100)
    cloud.workers.add(truth=lambda item: mood(item["taskObject"]))
    job = job_for(cloud, name="few", input="s3://labels/few.manifest", max_concurrent_tasks=50)
    texts(200).write("s3://labels/few.manifest", session)
    create(job, session)
    job.wait(session, timeout=DAY, progress=False)
    described = session.client("sagemaker").describe_labeling_job(LabelingJobName="few")

    assert described["LabelingJobOutput"]["FinalActiveLearningModelArn"].startswith(
        "arn:aws:sagemaker:us-east-1:123456789012:model/few-"
    )


def create(job, session) -> None:
    """Make the job by plain boto3: the SDK refuses as few objects as a fast test has."""
    plain = job.clone(name=f"{job.name}-plain", automated=None)
    plain.ensure(session)
    plain.stop(session)
    request = session.client("sagemaker").describe_labeling_job(LabelingJobName=plain.name)
    kept = {
        key: request[key]
        for key in ("InputConfig", "OutputConfig", "RoleArn", "LabelCategoryConfigS3Uri", "HumanTaskConfig")
    }
    session.client("sagemaker").create_labeling_job(
        LabelingJobName=job.name,
        LabelAttributeName=job.attribute,
        LabelingJobAlgorithmsConfig=job.automated.to_request(job.kind, session.region_name),
        **kept,
    )


def test_images_are_labelled_by_the_usual_model_and_what_is_no_image_by_people(cloud):
    session = cloud.session()
    cloud.bucket("photos")
    truth = {}
    for number in range(160):
        key, bright = f"{number}.png", number % 2
        png = BytesIO()
        Image.new("RGB", (20, 20), (200 + number % 7, 220, 210) if bright else (30, 20, number % 9)).save(
            png, "PNG"
        )
        body = b"no image" if number in {4, 5, 6} else png.getvalue()
        session.client("s3").put_object(Bucket="photos", Key=key, Body=body)
        truth[f"s3://photos/{key}"] = "day" if bright else "night"
    InputManifest.from_lines([{"source-ref": address} for address in truth]).write(
        "s3://labels/in.manifest", session
    )
    cloud.automated_labeling(least_objects=100)
    cloud.workers.add(truth=lambda item: truth[item["taskObject"]])
    job = job_for(
        cloud,
        name="sky",
        task=hitl.tasks.ImageClassification(name="sky", labels=["day", "night"], title="Day or night?"),
        input="s3://labels/in.manifest",
        max_concurrent_tasks=40,
    )
    create(job, session)
    job.wait(session, timeout=DAY, progress=False)
    frame = job.read(session).set_index("item")

    assert (frame["label"] == frame.index.map(truth)).all()
    assert (frame["label_source"] == "model").sum() > 50
    assert (frame.loc[[f"s3://photos/{number}.png" for number in (4, 5, 6)], "label_source"] == "human").all()


def test_a_kind_without_a_model_here_fails_in_words(cloud):
    session = cloud.session()
    cloud.bucket("photos")
    lines = [{"source-ref": f"s3://photos/{number}.png"} for number in range(1250)]
    InputManifest.from_lines(lines).write("s3://labels/in.manifest", session)
    task = hitl.tasks.BoundingBox(name="cars", labels=["car"], title="Draw cars")
    job = job_for(cloud, name="cars", task=task, label_attribute="cars", input="s3://labels/in.manifest")
    create(job, session)

    with pytest.raises(ResourceFailedError, match="Nothing on this machine learns to label bounding box"):
        job.wait(session, timeout=DAY, progress=False)


def test_machine_labels_and_those_of_people_are_told_apart_when_read(cloud):
    line = (
        '{{"source": "a", "mood": 1, "mood-metadata": {{"class-name": "good", "confidence": 0.9,'
        ' "type": "groundtruth/text-classification", "human-annotated": "{}"}}}}'
    )
    with pytest.warns(UserWarning, match="confidence"):
        frame = read_manifest([line.format("yes"), line.format("no")])

    assert frame["label_source"].tolist() == ["human", "model"]
