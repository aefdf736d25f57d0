"""Labels as manifest lines have them, by the family of the task."""

import pytest

from hitl_sdk import tasks
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Polygon, Shapes, make_mask

ABOUT = {"name": "pets", "title": "Find the pets", "labels": ["cat", "dog"]}
BOX = Box("dog", 1, 2, 30, 40, confidence=0.5)


def test_a_confidence_that_nobody_knows_is_0():
    entry = tasks.ImageClassification(**ABOUT).manifest_entry("dog")

    assert entry == (1, {"class-name": "dog", "confidence": 0.0}, *entry[2:])


def test_several_labels_have_each_their_confidence():
    entry = tasks.ImageMultiClassification(**ABOUT).manifest_entry(
        ("cat", "dog"), label_confidences={"dog": 0.5}
    )

    assert entry.metadata["confidence-map"] == {"0": 0.0, "1": 0.5}


def test_a_verdict_is_a_number_in_text():
    entry = tasks.BoundingBoxVerification(**ABOUT).manifest_entry("Incorrect", confidence=0.9)

    assert entry.value == "1"
    assert entry.metadata == {"class-name": "Incorrect", "confidence": 0.9}


def test_the_size_of_the_image_may_come_from_elsewhere():
    entry = tasks.BoundingBox(**ABOUT).manifest_entry(Shapes((BOX,)), image_size=(20, 100))

    assert entry.value == {
        "image_size": [{"width": 20, "height": 100, "depth": 3}],
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 19, "height": 40}],
    }
    assert entry.metadata == {"objects": [{"confidence": 0.5}], "class-map": {"1": "dog"}}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (Shapes((BOX,)), "the label has no image size"),
        (Shapes((BOX,), 1, 1), "the label has a 'dog' of which nothing is inside the image"),
    ],
)
def test_boxes_that_have_no_place_are_refused(label, message):
    with pytest.raises(InvalidInputError, match=message):
        tasks.BoundingBox(**ABOUT).manifest_entry(label)


def test_more_classes_than_a_byte_has_numbers_for_are_refused():
    labels = [f"animal {number}" for number in range(256)]
    task = tasks.SemanticSegmentation(**ABOUT | {"labels": labels})

    with pytest.raises(InvalidInputError, match="256 classes do not fit one byte a pixel"):
        task.manifest_entry(task.arranged(make_mask([[1]], labels[:1])))


def test_what_ground_truth_has_no_form_for_stands_as_in_frames():
    roof = Polygon("cat", ((0, 0), (4, 0), (2, 3)))

    entry = tasks.PolygonAnnotation(**ABOUT).manifest_entry(Shapes((roof,)))

    assert entry.value["shapes"][0]["label"] == "cat"
    assert (entry.metadata, entry.png) == ({}, None)
