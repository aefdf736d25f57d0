"""Tasks on video frames and point clouds: what they read, and what they refuse."""

import base64

import pytest
from tests.labeling.frame_samples import FRAME_SAMPLES, LABELS, one

from hitl_sdk import tasks
from hitl_sdk.consolidation import BoxConsolidation, FrameConsolidation, MajorityVote
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import Box, Cuboid, Frame, FrameObject, FrameSequence, PointClasses, compress_points

EACH = pytest.mark.parametrize("kind", FRAME_SAMPLES)


@EACH
def test_the_item_is_the_address_in_the_manifest_line(kind):
    sample = FRAME_SAMPLES[kind]

    assert sample.task.item({"taskObject": {"frames": []}, "manifestLine": sample.line}) == sample.item
    assert sample.task.item(sample.task.input(sample.item)) == sample.item
    with pytest.raises(InvalidOutputError, match="inputContent has no text under 'taskObject'"):
        sample.task.item({"taskObject": {}})


@EACH
def test_a_model_s_label_goes_into_the_input_as_json_does(kind):
    sample = FRAME_SAMPLES[kind]

    given = sample.task.input(sample.item, sample.truth)["initialValue"]

    assert sample.task.normalise_label(given) == sample.truth


@EACH
def test_an_item_that_is_no_address_is_refused(kind):
    with pytest.raises(InvalidPredictionError, match="is no address of a"):
        FRAME_SAMPLES[kind].task.input("frames")


@EACH
def test_an_answer_under_another_name_is_refused(kind):
    with pytest.raises(InvalidOutputError, match="the answer has nothing under 'vans', but 'boundingBox'"):
        FRAME_SAMPLES[kind].task.parse_answer({"boundingBox": {}})


@EACH
def test_an_answer_that_is_none_is_refused_in_words(kind):
    with pytest.raises(InvalidOutputError, match="the answer to task 'vans' can't be read"):
        FRAME_SAMPLES[kind].task.parse_answer({"vans": 7})


@EACH
def test_a_method_for_other_labels_is_refused(kind):
    with pytest.raises(InvalidInputError, match="MajorityVote can't consolidate the labels of task 'vans'"):
        FRAME_SAMPLES[kind].task.consolidation(MajorityVote())


def test_a_method_of_one_s_own_settings_is_taken():
    method = FrameConsolidation(BoxConsolidation(min_iou=0.7))

    assert FRAME_SAMPLES["VideoObjectTracking"].task.consolidation(method) is method
    with pytest.raises(InvalidInputError, match="takes frames of boxes, not frames of polygons"):
        one(tasks.VideoObjectTracking, annotation_type="Polygon").consolidation(method)


def test_labels_are_spelled_as_the_task_does_and_others_refused():
    task = one(tasks.PointCloudObjectDetection, labels=[1, "van"])
    cuboid = {"center_x": 0, "center_y": 0, "center_z": 0, "length": 1, "width": 1, "height": 1}

    assert task.normalise_label([{"label": " van ", **cuboid}]).objects[0].shape.label == "van"
    with pytest.raises(InvalidPredictionError, match="'cat' is no label of task 'vans'"):
        task.normalise_label([{"label": "cat", **cuboid}])
    with pytest.raises(InvalidOutputError, match="the answer's label 'cat' is none of task 'vans'"):
        task.parse_answer({"pointCloud": {"cuboids": [{"label": "cat", **cuboid}]}})


def test_classes_of_points_are_numbered_as_the_task_s_labels():
    task = one(tasks.PointCloudSemanticSegmentation)

    assert task.normalise_label(PointClasses(("bus",), bytes([0, 1]))) == PointClasses(
        tuple(LABELS), bytes([0, 2])
    )
    assert task.manifest_entry(PointClasses(tuple(LABELS), b"")).metadata.keys() == {"color-map"}
    with pytest.raises(InvalidPredictionError, match="'cat' is no label"):
        task.normalise_label(PointClasses(("cat",), bytes([0, 1])))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"labels": LABELS, "points": "*"}, "its points are no base64"),
        ({"labels": LABELS, "points": base64.b64encode(b"points").decode()}, "no zlib stream"),
        ({"labels": None, "points": ""}, "the labels are NoneType, no list"),
        (
            {
                "labels": ["van"],
                "points": base64.b64encode(compress_points(PointClasses(tuple(LABELS), b"\2"))).decode(),
            },
            "a point is of class 2, there are 1",
        ),
    ],
)
def test_points_that_can_not_be_read_say_why(answer, message):
    with pytest.raises(InvalidOutputError, match=message):
        one(tasks.PointCloudSemanticSegmentation).parse_answer({"pointCloud": answer})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": [str(number) for number in range(31)]}, "at most 30 items"),
        ({"labels": []}, "at least 1 item"),
        ({"annotation_type": "Circle"}, "annotation_type"),
    ],
)
def test_a_task_that_breaks_a_rule_is_refused(fields, message):
    with pytest.raises(InvalidResourceError, match=message):
        one(tasks.VideoObjectDetection, **fields)


def test_detection_in_a_manifest_has_no_attributes_unless_somebody_told_some():
    cuboid = FrameObject(Cuboid("bus", 0, 0, 0, 1, 1, 1, confidence=0.5))

    entry = one(tasks.PointCloudObjectDetection).manifest_entry(Frame(objects=(cuboid,)))

    assert entry.metadata == {"objects": [{"confidence": 0.5}], "class_map": {"1": "bus"}}


def test_the_class_map_has_the_classes_of_the_sequence_alone():
    sequence = FrameSequence((Frame(0, "0.jpg", (FrameObject(Box("bus", 1, 2, 3, 4)),)),))

    assert one(tasks.VideoObjectDetection).manifest_entry(sequence).metadata == {"class-map": {"1": "bus"}}
