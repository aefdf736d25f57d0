"""Every kind of task goes the whole way: provisioning, three simulated workers, training frame, export read back."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.labeling.frame_samples import FRAME_SAMPLES

import hitl_sdk as hitl
from hitl_sdk import tasks
from hitl_sdk._elements import read_template
from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidInputError, TemplateError
from hitl_sdk.labels import (
    Box,
    FormField,
    Keypoint,
    Mask,
    Point,
    Polygon,
    Polyline,
    ScoredLabel,
    Shapes,
    Span,
    to_value,
)
from hitl_sdk.labels.masks import make_mask
from hitl_sdk.tasks import (
    CheckField,
    ChoiceField,
    MultiChoiceField,
    NumberField,
    Task,
    TextField,
)
from hitl_sdk.testing import mock_hitl
from hitl_sdk.training import picture, to_augmented_manifest, to_jsonl
from hitl_sdk.training.tables import json_text

NO_TASKS = {"Answer", "Example", "FormInput", "Instructions", "ManifestEntry", "Task"} | {
    name for name in tasks.__all__ if name.endswith("Field")
}
SIZE = (64, 48)
IMAGE = "s3://data/1.png"
TRIANGLE = (Point(5, 5), Point(40, 5), Point(20, 30))
LINE = (Point(5, 5), Point(40, 30))


def png() -> bytes:
    file = BytesIO()
    Image.new("RGB", SIZE, "white").save(file, "PNG")
    return file.getvalue()


def mask(*labels):
    pixels = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for number, _ in enumerate(labels, start=1):
        pixels[10 * number : 10 * number + 8, 8:40] = number
    return make_mask(pixels, labels)


def shapes(*parts):
    return Shapes(parts, *SIZE)


@dataclass
class Sample:
    """A task, an item, what a model says of it, and what is right; `answer` is the latter as workers give it."""

    task: Task
    item: str
    model_label: Any
    truth: Any
    expected: Any = field(default=None)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self):
        self.expected = self.truth if self.expected is None else self.expected


def one(kind, **fields):
    return kind(**{"name": "answer", "title": "What is it?"} | fields)


CUSTOM = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <p>{{ task.input.left }}</p> <p>{{ task.input.right }}</p> {% if task.input.hint %}{{ task.input.hint }}{% endif %}
  <crowd-classifier name="better" categories='["left", "right"]' header="Better?">
    <classification-target>Which?</classification-target>
  </crowd-classifier>
  <crowd-text-area name="why"></crowd-text-area>
  <crowd-checkbox name="sure"></crowd-checkbox>
</crowd-form>
"""
IMAGES = {"1.png": png()}
FIELDS = [
    ChoiceField(name="kind", choices=["car", "bike"]),
    NumberField(name="price", min=0),
    TextField(name="brand"),
    CheckField(name="used"),
    MultiChoiceField(name="extras", choices=["bell", "lamp"]),
]
FILLED_IN = {"kind": "bike", "price": 80.0, "brand": "Acme", "used": True, "extras": ("lamp",)}

SAMPLES = [
    Sample(one(tasks.TextClassification, labels=["a", "b"]), "A text", "a", "b"),
    Sample(one(tasks.TextMultiClassification, labels=["a", "b", "c"]), "A text", ["a"], ("b", "c")),
    Sample(
        one(tasks.NamedEntityRecognition, labels=["who", "where"]),
        "Ana is in Rome",
        [Span("who", 0, 3)],
        (Span("who", 0, 3), Span("where", 10, 14)),
        (Span("who", 0, 3, 1.0), Span("where", 10, 14, 1.0)),
    ),
    Sample(
        one(tasks.TextractForms),
        IMAGE,
        {"Due date": "3 Nay"},
        (FormField("Due date", "3 May"), FormField("Total", "8.00")),
        (FormField("Due date", "3 May", 1.0), FormField("Total", "8.00", 1.0)),
        files=IMAGES,
    ),
    Sample(
        one(tasks.RekognitionModeration, labels=["Weapons", "Alcohol"]), IMAGE, ["Weapons"], ("Alcohol",), files=IMAGES
    ),
    Sample(one(tasks.TranscriptionReview), "s3://data/1.wav", "a phone apple", "a fine apple", files={"1.wav": b"RIFF"}),
    Sample(
        one(tasks.VideoClassification, labels=["run", "walk"]), "s3://data/1.mp4", "run", "walk", files={"1.mp4": b"mp4"}
    ),
    Sample(one(tasks.Form, fields=FIELDS), "A bike", {"kind": "car", "price": 70}, FILLED_IN),
    Sample(
        one(tasks.Custom, template=CUSTOM),
        json.dumps({"left": "a", "right": "b"}),
        {"better": "left"},
        {"better": "right", "why": "shorter", "sure": True},
    ),
    Sample(
        one(tasks.LabelReview, rule=hitl.EachLabel(hitl.Bands(accept=0.9, drop=0.4))),
        IMAGE,
        {"desk": 0.95, "clinic": 0.6, "school": 0.5, "ship": 0.1},
        {"answer": ["school"], "answer-added": "shirt"},
        (
            ScoredLabel("desk", 0.95, "model"),
            ScoredLabel("school", 1.0, "human"),
            ScoredLabel("shirt", 1.0, "human"),
        ),
        files=IMAGES,
    ),
    Sample(one(tasks.ImageClassification, labels=["a", "b"]), IMAGE, "a", "b", files=IMAGES),
    Sample(one(tasks.ImageMultiClassification, labels=["a", "b", "c"]), IMAGE, ["a"], ("b", "c"), files=IMAGES),
    *(
        Sample(
            one(kind, labels=["cat"]),
            IMAGE,
            shapes(Box("cat", 1, 1, 20, 20)),
            shapes(Box("cat", 5, 6, 30, 20)),
            shapes(Box("cat", 5, 6, 30, 20, 1.0)),
            files=IMAGES,
        )
        for kind in (tasks.BoundingBox, tasks.BoundingBoxAdjustment)
    ),
    Sample(
        one(tasks.BoundingBoxVerification, labels=["cat"]),
        IMAGE,
        shapes(Box("cat", 1, 1, 20, 20)),
        "Incorrect",
        files=IMAGES,
    ),
    Sample(
        one(tasks.ImageClassificationVerification, labels=["cat", "dog"]), IMAGE, "cat", "Incorrect", files=IMAGES
    ),
    Sample(
        one(tasks.PolygonAnnotation, labels=["roof"]),
        IMAGE,
        shapes(),
        shapes(Polygon("roof", TRIANGLE)),
        shapes(Polygon("roof", TRIANGLE, 1.0)),
        files=IMAGES,
    ),
    Sample(
        one(tasks.PolylineAnnotation, labels=["lane"]),
        IMAGE,
        shapes(),
        shapes(Polyline("lane", LINE)),
        shapes(Polyline("lane", LINE, 1.0)),
        files=IMAGES,
    ),
    Sample(
        one(tasks.KeypointAnnotation, labels=["nose"]),
        IMAGE,
        shapes(),
        shapes(Keypoint("nose", 12, 14)),
        shapes(Keypoint("nose", 12, 14, 1.0)),
        files=IMAGES,
    ),
    *(
        Sample(one(kind, labels=["road", "sky"]), IMAGE, mask("road"), mask("road", "sky"), files=IMAGES)
        for kind in (tasks.SemanticSegmentation, tasks.SemanticSegmentationAdjustment)
    ),
    Sample(
        one(tasks.SemanticSegmentationVerification, labels=["road"]), IMAGE, mask("road"), "Correct", files=IMAGES
    ),
    Sample(
        one(tasks.InstanceSegmentation, labels=["car"]), IMAGE, mask("car"), mask("car", "car"), files=IMAGES
    ),
]  # fmt: skip


def kind_of(sample):
    return type(sample.task).__name__


def test_every_task_has_a_sample():
    of_jobs = {kind_of(sample) for sample in FRAME_SAMPLES.values()}
    assert {kind_of(sample) for sample in SAMPLES} | of_jobs == set(tasks.__all__) - NO_TASKS


@pytest.fixture
def reviewed():
    """A run that has been reviewed by three workers who know what is right."""

    def run_of(sample):
        with mock_hitl() as cloud:
            session, bucket = cloud.session(), cloud.bucket("data")
            for key, content in sample.files.items():
                session.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
            cloud.workers.add(3, truth=lambda given: sample.truth)
            team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
            flow = hitl.ReviewFlow(
                name="flow",
                team=team,
                task=sample.task,
                output="s3://data/a2i",
                role_arn=cloud.role_arn,
                task_count=3,
            )
            flow.ensure(session)
            router = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=session)
            run = router.route(
                [
                    hitl.Prediction("asked", sample.item, sample.model_label, 0.4),
                    hitl.Prediction("accepted", sample.item, sample.model_label, 0.95),
                ]
            )
            assert run.wait(timeout=3600).ok
            return {engine: run.training_frame(engine) for engine in ("pandas", "polars", "arrow")}

    return run_of


@pytest.mark.parametrize("sample", SAMPLES, ids=kind_of)
def test_a_task_goes_from_provisioning_to_its_training_export(sample, reviewed, tmp_path):
    frames = reviewed(sample)

    rows = frames["arrow"].to_pylist()
    check_rows(sample, rows)
    check_that_engines_agree(frames)
    check_json_lines(frames["pandas"], rows, tmp_path)
    check_manifest(sample, frames["pandas"], tmp_path)


def check_rows(sample, rows):
    task, (asked, accepted) = sample.task, rows
    model_label = task.normalise_label(sample.model_label)
    assert asked["reason"] == "confidence 0.40 < 0.90"
    assert (asked["label_source"], asked["n_workers"], asked["tie"]) == ("consolidated", 3, False)
    assert asked["agreement"] == 1
    assert asked["label"] == to_value(sample.expected)
    assert asked["model_label"] == to_value(model_label)
    assert accepted["label"] == to_value(task.accepted_label(model_label))
    labels = [row["label"] for row in rows if row["label"] is not None]
    assert [to_value(task.read_label(label)) for label in labels] == labels


def check_that_engines_agree(frames):
    rows = frames["arrow"].to_pylist()
    assert frames["polars"].to_dicts() == rows
    pandas = frames["pandas"].astype(object).where(frames["pandas"].notna(), None)
    for column in ("label", "model_label", "label_confidences"):
        assert list(pandas[column]) == [row[column] for row in rows]


def check_json_lines(frame, rows, folder):
    export = to_jsonl(frame, folder / "train.jsonl")
    lines = [json.loads(line) for line in export.path.read_text("utf-8").splitlines()]
    assert [line["label"] for line in lines] == [
        json.loads(json_text(row["label"])) for row in rows if row["label"] is not None
    ]


def check_manifest(sample, frame, folder):
    attribute = "answer-ref" if isinstance(sample.expected, Mask) else "answer"
    export = to_augmented_manifest(
        frame, sample.task, folder / "train.manifest", attribute=attribute, s3_uri="s3://data/train.manifest"
    )
    line = json.loads(export.path.read_text("utf-8").splitlines()[0])
    assert sample.item in {line.get("source"), line.get("source-ref")}
    assert line[f"{attribute}-metadata"]["type"] == sample.task.metadata_type


def test_a_field_that_nobody_fills_in_is_null_in_every_engine(reviewed):
    task = one(tasks.Form, fields=FIELDS)
    truth = {"kind": "car", "used": False}
    frames = reviewed(Sample(task, "A car", {"kind": "car"}, truth))

    check_that_engines_agree(frames)
    assert frames["arrow"].to_pylist()[0]["label"] == {
        "kind": "car", "price": None, "brand": None, "used": False, "extras": [],
    }  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=kind_of)
def test_a_row_of_a_task_can_be_looked_at(sample):
    row = {"item_id": "1", "item": sample.item, "label": to_value(sample.expected)}
    image = sample.files.get("1.png")

    assert picture(row, sample.task, image=image).startswith("<svg")


@pytest.mark.parametrize("sample", SAMPLES, ids=kind_of)
def test_a_template_has_elements_that_answer(sample):
    assert read_template(sample.task.template()) != []


@pytest.mark.parametrize("sample", SAMPLES, ids=kind_of)
def test_the_item_comes_back_from_the_input(sample):
    assert sample.task.item(sample.task.input(sample.item, sample.model_label)) == sample.item


OF_JOBS = pytest.mark.parametrize("sample", FRAME_SAMPLES.values(), ids=kind_of)


@OF_JOBS
def test_a_task_for_labeling_jobs_is_refused_by_a_review(sample):
    """Augmented AI has none of AWS's task UIs; tests/labeling/test_frame_kinds.py takes these tasks through jobs."""
    with pytest.raises(TemplateError, match="use it in a LabelingJob, not in a ReviewFlow"):
        hitl.ReviewFlow(
            name="flow",
            team="arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew",
            task=sample.task,
            output="s3://data/a2i",
            role_arn="arn:aws:iam::123456789012:role/review",
        )


@OF_JOBS
def test_a_label_of_frames_is_read_from_every_frame(sample):
    task, value = sample.task, to_value(sample.truth)

    for engine in ("pandas", "polars", "arrow"):
        frame = build_frame({"label": [value]}, {"label": task.label_type}, engine)
        read = frame["label"][0]
        assert task.read_label(read.as_py() if engine == "arrow" else read) == sample.truth
    row = {"item_id": "1", "item": sample.item, "label": value}
    assert picture(row, task).startswith("<svg")
    assert task.normalise_label(json.loads(json.dumps(task.initial_value(sample.truth)))) == sample.truth


@pytest.mark.parametrize("kind", ["VideoObjectTracking", "3DPointCloudObjectDetection"])
def test_labels_of_frames_are_exported_as_lines_of_json(kind, tmp_path):
    sample = FRAME_SAMPLES[kind]
    frame = build_frame(
        {"item_id": ["1"], "item": [sample.item], "label": [to_value(sample.truth)]},
        {"item_id": "text", "item": "text", "label": sample.task.label_type},
        "pandas",
    )

    export = to_jsonl(frame, tmp_path / "train.jsonl")

    assert sample.task.read_label(json.loads(export.path.read_text("utf-8"))["label"]) == sample.truth
    if sample.task.manifest_entry(sample.truth).file is not None:
        with pytest.raises(InvalidInputError, match=r"SeqLabel\.json.*to_jsonl"):
            to_augmented_manifest(
                frame,
                sample.task,
                tmp_path / "train.manifest",
                attribute="vans",
                s3_uri="s3://data/train.manifest",
            )
