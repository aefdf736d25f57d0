"""What simulated workers answer to the tasks of this package is read back as what they meant."""

import json

import pytest

import hitl_sdk as hitl
from hitl_sdk import tasks
from hitl_sdk.labels import (
    Box,
    FormField,
    Keypoint,
    Point,
    Polygon,
    Polyline,
    Shapes,
    Span,
    make_mask,
    mask_pixels,
    to_value,
)
from hitl_sdk.testing import mock_hitl

NAMED = {"name": "n", "title": "What is it?"}
PAIR = {**NAMED, "labels": ["cat", "dog"]}
CORNERS = (Point(1, 2), Point(30, 2), Point(30, 40))
SIZE = {"image_width": 640, "image_height": 480}
MASK = make_mask([[0, 1, 1], [2, 2, 1]], ["cat", "dog"])
CATS = make_mask([[0, 1, 1], [2, 2, 1]], ["cat", "cat"])

SEVERAL = ("cat", "dog")
LABELS = [
    (tasks.BoundingBox(**PAIR), Shapes((Box("dog", 1, 2, 30, 40),), **SIZE)),
    (tasks.BoundingBoxAdjustment(**PAIR), Shapes((Box("cat", 1, 2, 30, 40),), **SIZE)),
    (tasks.ImageClassification(**PAIR), "dog"),
    (tasks.ImageMultiClassification(**PAIR), SEVERAL),
    (tasks.InstanceSegmentation(**PAIR), CATS),
    (tasks.KeypointAnnotation(**PAIR), Shapes((Keypoint("dog", 1, 2),), **SIZE)),
    (tasks.NamedEntityRecognition(**PAIR), (Span("dog", 8, 12),)),
    (tasks.PolygonAnnotation(**PAIR), Shapes((Polygon("dog", CORNERS),), **SIZE)),
    (tasks.PolylineAnnotation(**PAIR), Shapes((Polyline("dog", CORNERS),), **SIZE)),
    (tasks.RekognitionModeration(**PAIR), SEVERAL),
    (tasks.SemanticSegmentation(**PAIR), MASK),
    (tasks.SemanticSegmentationAdjustment(**PAIR), MASK),
    (tasks.TextClassification(**PAIR), "dog"),
    (tasks.TextMultiClassification(**PAIR), SEVERAL),
    (tasks.TextractForms(**NAMED), (FormField("Due", "3 May"),)),
    (tasks.TranscriptionReview(**NAMED), "good morning"),
    (tasks.VideoClassification(**PAIR), "dog"),
]
VERIFICATIONS = [
    (tasks.BoundingBoxVerification(**PAIR), Shapes((Box("cat", 1, 2, 30, 40),), **SIZE)),
    (tasks.SemanticSegmentationVerification(**PAIR), MASK),
]
FORM = tasks.Form(
    name="offer",
    title="Read the offer",
    fields=[
        tasks.TextField(name="brand"),
        tasks.TextField(name="text", lines=3),
        tasks.NumberField(name="price", min=0, required=True),
        tasks.NumberField(name="stars", min=1, max=5, step=1, slider=True),
        tasks.ChoiceField(name="kind", choices=["car", "bike"]),
        tasks.ChoiceField(name="size", choices=["S", "L"], style="select"),
        tasks.MultiChoiceField(name="extras", choices=["bell", "lamp", "rack"]),
        tasks.CheckField(name="used"),
    ],
)
FILLED_IN = {
    "brand": "Acme",
    "text": "as new",
    "price": 80.0,
    "stars": 4.0,
    "kind": "bike",
    "size": "L",
    "extras": ("bell", "rack"),
    "used": True,
}
CUSTOM = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-bounding-box name="boxes" src="{{ task.input.taskObject }}" labels="['cat', 'dog']"
    initial-value="{{ task.input.found | to_json }}"></crowd-bounding-box>
  <crowd-classifier name="mood" categories="['calm', 'wild']"></crowd-classifier>
  <crowd-text-area name="remark"></crowd-text-area>
</crowd-form>
"""

# Nothing shows beforehand what a model says: its answer is chosen from scratch.
NOTHING_PRE_SET = {tasks.RekognitionModeration: ()}


def by_type(task_labels):
    return pytest.mark.parametrize(
        ("task", "label"), task_labels, ids=[type(task).__name__ for task, _ in task_labels]
    )


def content_of(task, label):
    item = "I am in Rome" if isinstance(task, tasks.NamedEntityRecognition) else "s3://images/none.png"
    return json.loads(json.dumps(task.input(item, label)))


def plain(label):
    """Return a label in a form that compares: a mask as its pixels' labels, shapes and spans without confidence."""
    if hasattr(label, "png"):
        return [[label.labels[pixel - 1] if pixel else None for pixel in row] for row in mask_pixels(label)]
    return without_confidence(to_value(label))


def without_confidence(value):
    if isinstance(value, list):
        return [without_confidence(each) for each in value]
    if isinstance(value, dict):
        return {name: without_confidence(each) for name, each in value.items() if name != "confidence"}
    return value


def read(task, content):
    return task.parse_answer(json.loads(json.dumps(content)))


@by_type(LABELS)
def test_who_never_errs_says_the_truth(task, label, desk):
    is_mended = isinstance(task, tasks.BoundingBoxAdjustment | tasks.SemanticSegmentationAdjustment)
    content = content_of(task, label if is_mended else None)
    answer = read(task, desk.known(task.template(), label, input_content=content))
    assert plain(answer.label) == plain(label)
    assert answer.modified is (False if is_mended else None)


@by_type(LABELS)
def test_who_agrees_says_what_the_model_said(task, label, desk):
    answer = read(task, desk.agreed(task.template(), **content_of(task, label)))
    assert plain(answer.label) == plain(NOTHING_PRE_SET.get(type(task), label))


@by_type(LABELS)
def test_whoever_errs_still_gives_an_answer_that_the_task_reads(task, label, desk):
    errs = {"input_content": content_of(task, label), "accuracy": 0.5, "jitter": 3}
    said = [read(task, desk.known(task.template(), label, seed, **errs)).label for seed in range(12)]
    assert any(plain(each) != plain(label) for each in said)


@by_type(VERIFICATIONS)
def test_a_label_is_judged(task, label, desk):
    content = content_of(task, label)
    assert read(task, desk.agreed(task.template(), **content)).label == "Correct"
    judged = desk.known(task.template(), "Incorrect", input_content=content)
    assert read(task, judged).label == "Incorrect"


@pytest.mark.parametrize(
    "label",
    [FILLED_IN, {**FILLED_IN, "brand": None, "kind": None, "size": None, "extras": (), "used": False}],
)
def test_a_form_is_filled_in(label, desk):
    item = {"taskObject": "A bike"}
    assert read(FORM, desk.known(FORM.template(), label, input_content=item)).label == label


def test_who_agrees_with_a_form_leaves_it_as_the_model_filled_it_in(desk):
    content = FORM.input("A bike", FILLED_IN)
    assert read(FORM, desk.agreed(FORM.template(), **content)).label == FILLED_IN


def test_whoever_errs_in_a_form_still_fills_it_in(desk):
    item = {"taskObject": "A bike"}
    said = [
        read(FORM, desk.known(FORM.template(), FILLED_IN, seed, input_content=item, accuracy=0.5)).label
        for seed in range(30)
    ]
    assert all(any(each[field] != FILLED_IN[field] for each in said) for field in FILLED_IN)


def test_a_template_of_ones_own_is_answered_whatever_it_asks_for(desk):
    task = tasks.Custom(name="own", title="Look", template=CUSTOM)
    label = {"boxes": Shapes((Box("cat", 1, 2, 3, 4),), **SIZE), "mood": "wild", "remark": "fast"}
    content = desk.known(task.template(), label, input_content={"taskObject": "cat.png"})
    assert read(task, content).label == label


@by_type([*LABELS, *VERIFICATIONS, (FORM, FILLED_IN)])
def test_every_task_goes_from_its_flow_through_workers_to_an_export(task, label, tmp_path):
    is_judged = any(task is judged for judged, _ in VERIFICATIONS)
    truth = "Incorrect" if is_judged else label
    with mock_hitl() as cloud:
        flow = hitl.ReviewFlow(
            name="flow",
            team=hitl.PrivateTeam(name="reviewers", members=[hitl.Member(email="ana@example.com")]),
            task=task,
            output=f"s3://{cloud.bucket('reviews')}/a2i",
            role_arn=cloud.role_arn,
            task_count=2,
        )
        flow.ensure(cloud.session())
        cloud.workers.add(2, truth=lambda item: truth)
        router = hitl.Router(flow=flow, policy=hitl.Threshold(0.9), session=cloud.session(), progress=False)
        run = router.route([hitl.Prediction("1", content_of(task, label)["taskObject"], label, 0.5)])
        run.wait(timeout=7200)
        frame = run.training_frame()
    assert frame["n_workers"].tolist() == [2]
    hitl.training.to_jsonl(frame, tmp_path / "labels.jsonl")
    (line,) = (tmp_path / "labels.jsonl").read_text().splitlines()
    assert json.loads(line)["label"] is not None
    if not is_judged:
        assert plain(task.normalise_label(frame["label"][0])) == plain(label)
