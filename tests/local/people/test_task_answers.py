"""What simulated workers answer to the tasks of this package is read back as what they meant."""

import json

import pytest

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
)

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
    """Return a label in a form that compares: of a mask what its pixels are, whatever its labels' order."""
    if not hasattr(label, "png"):
        return label
    return [[label.labels[pixel - 1] if pixel else None for pixel in row] for row in mask_pixels(label)]


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
