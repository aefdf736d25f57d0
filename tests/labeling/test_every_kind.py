"""Every built-in kind of labeling job, on the embedded service: from a bucket to a frame."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

import hitl_sdk as hitl
from hitl_sdk import tasks
from hitl_sdk._ground_truth import kinds
from hitl_sdk.labels import Box, Point, Polygon, Shapes, Span, make_mask, to_value

from .frame_samples import FRAME_SAMPLES

LABELS = ["cat", "dog"]
ITEM = "s3://data/in/1.png"
BOXES = Shapes((Box("dog", 4, 5, 20, 10),), 32, 24)
MASK = make_mask([[0, 1], [2, 2]], LABELS)
OUTLINE = Shapes((Polygon("dog", (Point(1, 2), Point(9, 2), Point(5, 8))),), 32, 24)
SPANS = (Span("dog", 0, 5),)


OUTPUT = "s3://data/out/pets/manifests/output/output.manifest"
MENDED = Shapes((Box("dog", 4, 5, 25, 15),), 32, 24)


def picture(size=(32, 24)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "#bfdcf0").save(written, "PNG")
    return written.getvalue()


@dataclass(frozen=True)
class Sample:
    """A task, what it is asked of, and what workers who never err say."""

    task: tasks.Task
    truth: object
    item: str = ITEM
    file: bytes | None = None


def one(kind, **fields):
    return kind(**{"name": "pets", "labels": LABELS, "title": "What is it?"} | fields)


SAMPLES = {
    sample.task.labeling_kind: sample
    for sample in (
        Sample(one(tasks.ImageClassification), "dog", file=picture()),
        Sample(one(tasks.ImageMultiClassification), ("cat", "dog"), file=picture()),
        Sample(one(tasks.TextClassification), "dog", item="It barks"),
        Sample(one(tasks.TextMultiClassification), ("dog",), item="It barks"),
        Sample(
            one(tasks.NamedEntityRecognition, instructions=tasks.Instructions(short="Mark", full="Mark all")),
            SPANS,
            item="Rover barks",
        ),
        Sample(one(tasks.VideoClassification), "cat", item="s3://data/in/1.mp4", file=b"\0"),
        Sample(one(tasks.BoundingBox), BOXES, file=picture()),
        Sample(one(tasks.SemanticSegmentation), MASK, file=picture((2, 2))),
        Sample(one(tasks.PolygonAnnotation), OUTLINE, file=picture()),
    )
}
"""By kind; those of video frames and point clouds stand in `frame_samples`."""


def job_of(sample, cloud, **changes) -> hitl.LabelingJob:
    session = cloud.session()
    cloud.bucket("data")
    if sample.file is not None:
        session.client("s3").put_object(Bucket="data", Key=sample.item[len("s3://data/") :], Body=sample.file)
    key = "source" if sample.file is None else "source-ref"
    wanted = {
        "name": "pets",
        "task": sample.task,
        "team": hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")]),
        "role_arn": cloud.role_arn,
        "input": hitl.labeling.InputManifest.from_lines([{key: sample.item}]),
        "output": "s3://data/out",
        "workers_per_object": 3,
        **changes,
    }
    return hitl.LabelingJob(**wanted)


def run(job, cloud) -> dict[str, Any]:
    """Take a job to its end, and return the one row of its output."""
    session = cloud.session()
    job.ensure(session)
    job.wait(session, timeout=86_400, progress=False)
    (row,) = job.read(session, "polars").to_dicts()
    assert row["error"] is None
    return row


def read_object(address, cloud) -> bytes:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return cloud.session().client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def without_confidence(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_confidence(each) for key, each in value.items() if key != "confidence"}
    return [without_confidence(each) for each in value] if isinstance(value, list | tuple) else value


def painted(address, cloud) -> list[list[str]]:
    """Return the label of every pixel of a mask that was written, by the colours of its metadata."""
    (line,) = hitl.labeling.InputManifest.open(OUTPUT, cloud.session())
    colors = line["pets-ref-metadata"]["internal-color-map"].values()
    names = {tuple(bytes.fromhex(each["hex-color"][1:])): each["class-name"] for each in colors}
    image = Image.open(BytesIO(read_object(address, cloud))).convert("RGB")
    return [[names[image.getpixel((x, y))] for x in range(image.width)] for y in range(image.height)]


@pytest.mark.parametrize("kind", sorted(SAMPLES.keys() - {"SemanticSegmentation", "PassThrough"}))
def test_a_kind_goes_from_a_bucket_to_a_frame(kind, hitl_cloud):
    sample = SAMPLES[kind]
    hitl_cloud.workers.add(3, truth=lambda item: sample.truth)

    row = run(job_of(sample, hitl_cloud), hitl_cloud)

    assert (row["item"], row["status"], row["label_source"]) == (sample.item, "labelled", "human")
    assert row["metadata_type"] == sample.task.metadata_type
    assert without_confidence(row["label"]) == without_confidence(to_value(sample.truth))


def test_masks_go_from_a_bucket_to_a_frame(hitl_cloud):
    hitl_cloud.workers.add(3, truth=lambda item: MASK)

    row = run(job_of(SAMPLES["SemanticSegmentation"], hitl_cloud), hitl_cloud)

    assert painted(row["label"], hitl_cloud) == [["BACKGROUND", "cat"], ["dog", "dog"]]


@pytest.mark.parametrize("functions", [{}, {"pre_annotation": False, "post_annotation": False}])
def test_answers_that_nobody_consolidates_can_be_found(functions, hitl_cloud):
    hitl_cloud.workers.add(3, truth=lambda item: OUTLINE)

    run(job_of(SAMPLES["PassThrough"], hitl_cloud, **functions), hitl_cloud)

    (line,) = hitl.labeling.InputManifest.open(OUTPUT, hitl_cloud.session())
    answers = json.loads(read_object(line["pets-metadata"]["worker-response-ref"], hitl_cloud))["answers"]
    task = SAMPLES["PassThrough"].task
    assert [task.parse_answer(answer["answerContent"]).label for answer in answers] == [OUTLINE] * 3


FOLLOW_UPS = {
    "VerificationBoundingBox": ("BoundingBox", "verify", "Incorrect", "Incorrect"),
    "AdjustmentBoundingBox": ("BoundingBox", "adjust", MENDED, to_value(MENDED)),
    "VerificationSemanticSegmentation": ("SemanticSegmentation", "verify", "Incorrect", "Incorrect"),
    "AdjustmentSemanticSegmentation": ("SemanticSegmentation", "adjust", MASK, None),
}


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_a_job_that_follows_finds_the_label_of_the_first(kind, hitl_cloud):
    of, verb, truth, label = FOLLOW_UPS[kind]
    sample = SAMPLES[of]
    hitl_cloud.workers.add(
        3, truth=lambda item: truth if "pets" in str(item["manifestLine"].keys()) else sample.truth
    )
    first = job_of(sample, hitl_cloud)
    run(first, hitl_cloud)

    second = getattr(first, verb)(name="again")

    assert second.kind.name == kind
    row = run(second, hitl_cloud)
    assert row["status"] == "labelled"
    if label is not None:
        assert without_confidence(row["label"]) == without_confidence(label)


def test_every_kind_is_taken_through():
    taken = SAMPLES.keys() | FOLLOW_UPS.keys() | FRAME_SAMPLES.keys()
    assert taken == {kind.name for kind in kinds()}
