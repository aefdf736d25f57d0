"""Jobs on video frames and point clouds, on the embedded service: from a bucket to what people said of each frame."""

import json
from dataclasses import replace

import pytest

import hitl_sdk as hitl
from hitl_sdk.consolidation import Vote
from hitl_sdk.labels import Frame, read_compressed_points, read_sequence_label
from hitl_sdk.results import read_worker_responses

from .frame_samples import BUCKET, DRAWN, FRAME_SAMPLES, detected, one

KINDS = [kind for kind in FRAME_SAMPLES if not kind.startswith("Adjustment")]


def run(sample, cloud, **changes):
    """Take a job to its end, and return it."""
    session = cloud.session()
    cloud.bucket(BUCKET)
    for key, content in sample.files.items():
        session.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
    job = hitl.LabelingJob(
        **{
            "name": "vans",
            "task": sample.task,
            "team": hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
            "role_arn": cloud.role_arn,
            "input": hitl.labeling.InputManifest.from_lines([sample.line]),
            "output": f"s3://{BUCKET}/out",
            "workers_per_object": 3,
            **changes,
        }
    )
    return finished(job, cloud)


def finished(job, cloud):
    job.ensure(cloud.session())
    job.wait(cloud.session(), timeout=86_400, progress=False)
    return job


def objects_of(cloud):
    client = cloud.session().client("s3")
    return {
        each["Key"]: client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        for each in client.list_objects_v2(Bucket=BUCKET)["Contents"]
    }


def line_of(job, cloud):
    (line,) = hitl.labeling.InputManifest.open(job.output_manifest_uri, cloud.session())
    return line


def unsure(label):
    """Return a label as the truth is: without confidences, which cuboids of one frame alone have."""
    if not isinstance(label, Frame):
        return label
    things = (replace(each, shape=replace(each.shape, confidence=None)) for each in label.objects)
    assert {each.shape.confidence for each in label.objects} == {1.0}
    return replace(label, objects=tuple(things))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_goes_from_a_bucket_to_what_people_say(kind, hitl_cloud):
    sample = FRAME_SAMPLES[kind]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)

    job = run(sample, hitl_cloud)

    (row,) = job.read(hitl_cloud.session(), "polars", follow=True).to_dicts()
    assert (row["item"], row["error"], row["label_source"]) == (sample.item, None, "human")
    assert row["metadata_type"] == sample.task.metadata_type
    assert unsure(sample.task.read_label(row["label"])) == sample.truth
    assert line_of(job, hitl_cloud).items() >= sample.line.items()


def label_in(line, attribute, files):
    """Return the label of a line, and the files it names."""
    value, metadata = line[attribute], line[f"{attribute}-metadata"]
    if not attribute.endswith("-ref"):
        return value
    content = files[value.removeprefix(f"s3://{BUCKET}/")]
    if "color-map" in metadata:
        return read_compressed_points(
            content, [metadata["color-map"][number]["class-name"] for number in "12"]
        )
    return read_sequence_label(content, metadata["class-map"])[1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_adjustment_job_finds_the_label_of_the_first(kind, hitl_cloud):
    sample = FRAME_SAMPLES[kind]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)
    first = run(sample, hitl_cloud)
    prior = line_of(first, hitl_cloud)

    second = finished(first.adjust(name="again"), hitl_cloud)

    line, files = line_of(second, hitl_cloud), objects_of(hitl_cloud)
    assert second.kind.name == f"Adjustment{kind}"
    assert line.items() >= prior.items()
    assert line[f"{second.attribute}-metadata"]["adjustment-status"] == "unadjusted"
    assert label_in(line, second.attribute, files) == label_in(prior, first.attribute, files)


@pytest.mark.parametrize("annotation_type", DRAWN)
def test_a_job_draws_what_its_task_says(annotation_type, hitl_cloud):
    sample = FRAME_SAMPLES["VideoObjectDetection"]
    task = one(type(sample.task), annotation_type=annotation_type)
    truth = detected(DRAWN[annotation_type])
    hitl_cloud.workers.add(3, truth=lambda item: truth)

    job = run(type(sample)(task, truth, sample.line, sample.files), hitl_cloud)

    assert label_in(line_of(job, hitl_cloud), job.attribute, objects_of(hitl_cloud)) == truth


def test_what_each_worker_says_of_each_frame_has_a_file(hitl_cloud):
    sample = FRAME_SAMPLES["VideoObjectTracking"]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)

    run(sample, hitl_cloud)

    folder = "out/vans/annotations/worker-response/iteration-1/0/"
    responses = {
        key.removeprefix(folder).split("/")[-1]: json.loads(content)
        for key, content in objects_of(hitl_cloud).items()
        if key.startswith(folder) and key.removeprefix(folder).count("/") == 1
    }
    assert sorted(responses) == ["f_0001.jpg.json", "f_0002.jpg.json"]
    frame = responses["f_0002.jpg.json"]["trackingAnnotations"]
    assert (frame["frameNumber"], frame["frame"]) == ("1", "f_0002.jpg")
    assert frame["boundingBoxes"][0]["objectName"] == "van:1"
    assert sample.task.parse_answer({"vans": frame}).label.frames[0] == sample.truth.frames[1]


def test_a_sequence_that_is_none_fails_by_itself(hitl_cloud):
    sample = FRAME_SAMPLES["VideoObjectDetection"]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)
    broken = f"s3://{BUCKET}/in/b.json"
    lines = hitl.labeling.InputManifest.from_lines([sample.line, {"source-ref": broken}])
    hitl_cloud.bucket(BUCKET)
    hitl_cloud.session().client("s3").put_object(Bucket=BUCKET, Key="in/b.json", Body=b"[]")

    job = run(sample, hitl_cloud, input=lines)

    good, bad = job.read(hitl_cloud.session(), "polars", follow=True).to_dicts()
    assert (good["status"], bad["status"]) == ("labelled", "failed")
    assert "b.json is list, no object" in bad["failure_reason"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_workers_said_can_be_consolidated_anew(kind, hitl_cloud):
    sample = FRAME_SAMPLES[kind]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)
    run(sample, hitl_cloud)

    answers = read_worker_responses(
        f"s3://{BUCKET}/out/vans", hitl_cloud.session(), task=sample.task, engine="polars"
    ).to_dicts()

    votes = [Vote(row["item_id"], row["worker"], sample.task.read_label(row["label"])) for row in answers]
    (consensus,) = sample.task.consolidate(votes).values()
    assert (consensus.n_workers, consensus.agreement) == (3, pytest.approx(1))
