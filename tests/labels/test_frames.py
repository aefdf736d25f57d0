"""Labels of frames and points: read as they were written, whoever wrote them."""

import json
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.labels import (
    Attribute,
    Box,
    Cuboid,
    Frame,
    FrameObject,
    FrameSequence,
    Keypoint,
    Point,
    PointClasses,
    Polygon,
    Polyline,
    compress_points,
    frame_type,
    point_classes_type,
    read_compressed_points,
    read_frame,
    read_point_classes,
    read_sequence,
    read_sequence_label,
    sequence_label,
    sequence_type,
    to_value,
)

LABELS = ("van", "bus", "9")
CLASS_MAP = {str(number): label for number, label in enumerate(LABELS)}
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Z")), min_size=1, max_size=8)
PLACES = st.integers(-1000, 1000) | st.floats(-1000, 1000, width=32).map(float).filter(
    lambda x: not x.is_integer()
)
SIZES = st.integers(0, 1000)
POINTS = st.builds(Point, PLACES, PLACES)
NAMES = st.sampled_from(LABELS)


def unclosed(vertices):
    return vertices[0] != vertices[-1]


SHAPES = {
    Box: st.builds(Box, NAMES, PLACES, PLACES, SIZES, SIZES),
    Polygon: st.builds(Polygon, NAMES, st.lists(POINTS, min_size=3, max_size=5).map(tuple).filter(unclosed)),
    Polyline: st.builds(Polyline, NAMES, st.lists(POINTS, min_size=2, max_size=4).map(tuple)),
    Keypoint: st.builds(Keypoint, NAMES, PLACES, PLACES),
    Cuboid: st.builds(Cuboid, NAMES, PLACES, PLACES, PLACES, SIZES, SIZES, SIZES, PLACES, PLACES, PLACES),
}
ATTRIBUTES = st.lists(
    st.builds(Attribute, TEXTS, TEXTS), max_size=2, unique_by=lambda attribute: attribute.name
).map(tuple)


@st.composite
def sequences(draw, tracking=True):
    shape = draw(st.sampled_from(list(SHAPES)))
    ids = TEXTS | st.none() if tracking else st.none()
    thing = st.builds(FrameObject, SHAPES[shape], ids, ids, ATTRIBUTES)
    numbers = draw(st.lists(st.integers(0, 99), unique=True, max_size=3))
    frames = [
        Frame(number, draw(TEXTS), tuple(draw(st.lists(thing, max_size=3))), draw(ATTRIBUTES))
        for number in numbers
    ]
    return shape, FrameSequence(tuple(frames))


@given(sequences())
def test_a_sequence_is_read_from_its_plain_value_and_from_itself(drawn):
    shape, sequence = drawn

    assert read_sequence(shape, to_value(sequence)) == sequence
    assert read_sequence(shape, sequence) == sequence


@given(sequences(), st.booleans())
def test_a_sequence_is_read_from_its_file(drawn, as_bytes):
    shape, sequence = drawn
    text = json.dumps(sequence_label(shape, sequence, LABELS, tracking=True))

    found, read = read_sequence_label(text.encode() if as_bytes else text, CLASS_MAP)

    assert read == sequence
    if any(frame.objects for frame in sequence.frames):
        assert found is shape


@given(sequences(tracking=False))
def test_detection_has_no_ids(drawn):
    shape, sequence = drawn
    document = sequence_label(shape, sequence, LABELS, tracking=False)

    assert read_sequence_label(document, CLASS_MAP)[1] == sequence
    assert "object-id" not in json.dumps(document)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: (
    st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["frames", "frame-no", "annotations", "class-id", "left", "x", "shape", "attributes", "label"])
        | st.text(max_size=3), inner, max_size=4
    )
)), st.sampled_from(list(SHAPES)))  # fmt: skip
def test_what_is_no_label_is_refused_in_words_or_read(value, shape):
    for read in (
        lambda: read_sequence(shape, value, class_map=CLASS_MAP),
        lambda: read_frame(shape, value),
        lambda: read_point_classes(value),
        lambda: read_sequence_label({"tracking-annotations": value}, CLASS_MAP),
    ):
        with suppress(ValueError):  # any other error would be ours
            read()


def test_a_worker_response_to_one_frame_is_a_sequence_of_one():
    box = {
        "label": "van",
        "objectId": "a1",
        "objectName": "van:1",
        "left": 1,
        "top": "2",
        "width": 3,
        "height": 4,
    }
    response = {
        "frameNumber": "3",
        "frame": "f_0004.jpg",
        "boundingBoxes": [
            box | {"labelCategoryAttributes": {"hidden": "no", "wheels": 4, "lit": True, "plate": None}}
        ],
        "frameAttributes": {"weather": "rain"},
    }

    attributes = (Attribute("hidden", "no"), Attribute("wheels", "4"), Attribute("lit", "true"))
    van = FrameObject(Box("van", 1, 2, 3, 4), "a1", "van:1", attributes)
    frame = Frame(3, "f_0004.jpg", (van,), (Attribute("weather", "rain"),))
    assert read_sequence(Box, response) == FrameSequence((frame,))


def test_ground_truth_closes_polygons_and_they_are_read_open():
    roof = Polygon("van", (Point(0, 0), Point(4, 0), Point(2, 3)))
    sequence = FrameSequence((Frame(0, "0.jpg", (FrameObject(roof),)),))
    document = sequence_label(Polygon, sequence, LABELS, tracking=False)

    assert len(document["detection-annotations"][0]["polygons"][0]["vertices"]) == 4
    assert read_sequence_label(document, CLASS_MAP)[1] == sequence


def test_frames_without_a_number_are_counted():
    assert [
        frame.number for frame in read_sequence(Box, [{"annotations": None}, {"annotations": []}]).frames
    ] == [0, 1]


def test_a_list_of_things_is_a_frame():
    assert read_frame(Box, [Box("van", 1, 2, 3, 4)]) == Frame(objects=(FrameObject(Box("van", 1, 2, 3, 4)),))


def test_the_shape_of_empty_lists_is_told_by_their_name():
    assert (
        read_sequence_label({"detection-annotations": [{"frame-no": 0, "polylines": []}]}, {})[0] is Polyline
    )
    assert read_sequence_label({"tracking-annotations": []}, {})[0] is Box


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([{"frame-no": 1}, {"frame-no": "1"}], "two frames have number 1"),
        ([{"frame-no": "first"}], "a frame's number is 'first', no number"),
        ([{"frame-no": 1, "annotations": [{"class-id": 7}]}], "frame 1: number 1 of 1: the class map has no name for class 7"),
        ([{"frame-no": 1, "annotations": [7]}], "frame 1: number 1 of 1: it is int, no object"),
        ([{"frame-no": 1, "annotations": [{"shape": 7}]}], "a box is int, no object"),
        ([{"frame-no": 1, "frameAttributes": [1]}], "an attribute is an object with name and value"),
        ([{"frame-no": 1, "frameAttributes": {"sky": []}}], "attribute 'sky' is list, no text and no number"),
        (7, "the frames are int, no list"),
    ],
)  # fmt: skip
def test_a_sequence_that_can_not_be_read_says_where_and_why(value, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        read_sequence(Box, value, class_map=CLASS_MAP)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "no whole JSON document"), ("[]", "neither tracking-annotations nor detection-annotations")],
)
def test_a_file_that_is_none_says_so(content, message):
    with pytest.raises(ValueError, match=message):
        read_sequence_label(content, {})


def test_a_thing_with_a_foreign_label_is_not_written():
    sequence = FrameSequence((Frame(0, "0.jpg", (FrameObject(Keypoint("cat", 1, 2)),)),))

    with pytest.raises(ValueError, match="a thing is called 'cat'"):
        sequence_label(Keypoint, sequence, LABELS, tracking=False)


@given(st.binary(max_size=50).map(lambda content: bytes(each % 4 for each in content)))
def test_classes_of_points_are_read_from_value_file_and_array(classes):
    points = PointClasses(LABELS, classes)

    assert read_point_classes(to_value(points)) == points
    assert read_point_classes(points) == points
    assert read_compressed_points(compress_points(points), LABELS) == points
    assert read_point_classes({"labels": LABELS, "classes": np.frombuffer(classes, np.uint8)}) == points


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"points", "no zlib stream"),
        (zlib.compress(bytes(100))[:-2], "cut short"),
        (zlib.compress(b"\x04"), "a point is of class 4, there are 3"),
    ],
)
def test_a_file_of_points_that_can_not_be_read_says_why(content, message):
    with pytest.raises(ValueError, match=message):
        read_compressed_points(content, LABELS)


@pytest.mark.parametrize(
    "value",
    [7, {"labels": []}, {"labels": ["a"], "classes": [300]}, {"labels": ["a"], "classes": 7}],
)
def test_what_has_no_classes_is_refused(value):
    with pytest.raises(ValueError, match="classes"):
        read_point_classes(value)


def test_a_cuboid_has_no_negative_side():
    with pytest.raises(ValueError, match="a cuboid measures -1 x 1 x 1"):
        read_frame(Cuboid, [to_value(Cuboid("van", 0, 0, 0, -1, 1, 1))])


def test_a_cuboid_without_a_rotation_is_level():
    cuboid = {
        "label": "van",
        "center-x": 1,
        "center-y": 2,
        "center-z": 3,
        "length": 4,
        "width": 5,
        "height": 6,
    }

    assert read_frame(Cuboid, {"cuboids": [cuboid]}).objects[0].shape == Cuboid(
        "van", 1, 2, 3, 4, 5, 6, 0, 0, 0
    )


def test_types_name_every_field_of_a_value():
    van = FrameObject(Cuboid("van", 1, 2, 3, 4, 5, 6), "a1", "van:1", (Attribute("hidden", "no"),))
    frame = Frame(0, "0.bin", (van,), (Attribute("weather", "rain"),))

    assert to_value(frame).keys() == frame_type(Cuboid).keys()
    assert to_value(van).keys() == frame_type(Cuboid)["objects"][0].keys()
    assert to_value(van)["shape"].keys() == frame_type(Cuboid)["objects"][0]["shape"].keys()
    assert to_value(FrameSequence((frame,))).keys() == sequence_type(Cuboid).keys()
    assert to_value(PointClasses((), b"")).keys() == point_classes_type().keys()


def test_a_byte_has_numbers_for_255_labels():
    labels = [str(number) for number in range(256)]

    assert read_point_classes({"labels": labels[:255], "classes": [255]}).classes == b"\xff"
    with pytest.raises(ValueError, match="256 labels do not fit a byte a point"):
        read_point_classes({"labels": labels, "classes": []})


def test_attributes_may_come_as_objects():
    hidden = Attribute("hidden", "no")

    assert read_frame(Box, {"attributes": [hidden]}).attributes == (hidden,)
