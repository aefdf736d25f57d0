"""Labels as plain values: what is written is read back, and what genuine files have is tolerated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.labels import (
    Box,
    FormField,
    Keypoint,
    Mask,
    Point,
    Polygon,
    Polyline,
    Shapes,
    Span,
    clean_text,
    mask_type,
    part_type,
    read_mask,
    read_part,
    read_shapes,
    shapes_type,
    to_value,
)

texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)
numbers = st.integers(-10_000, 10_000) | st.floats(-1e6, 1e6)
sizes = st.integers(0, 10_000)
confidences = st.none() | st.floats(0, 1)
points = st.builds(Point, numbers, numbers)
boxes = st.builds(Box, texts, numbers, numbers, sizes, sizes, confidences)
polygons = st.builds(Polygon, texts, st.lists(points, min_size=3, max_size=6).map(tuple), confidences)
polylines = st.builds(Polyline, texts, st.lists(points, min_size=2, max_size=6).map(tuple), confidences)
keypoints = st.builds(Keypoint, texts, numbers, numbers, confidences)
spans = st.tuples(texts, sizes, st.integers(1, 50), confidences).map(
    lambda each: Span(each[0], each[1], each[1] + each[2], each[3])
)
fields = st.builds(FormField, texts, texts, confidences)


@given(boxes | polygons | polylines | keypoints | spans | fields)
def test_a_part_is_read_back_as_it_was_written(part):
    assert read_part(type(part), to_value(part)) == part
    assert read_part(type(part), part) == part


@given(st.lists(boxes, max_size=4).map(tuple), st.none() | st.integers(1, 9_999))
def test_shapes_are_read_back_as_they_were_written(shapes, size):
    label = Shapes(shapes, size, size)

    assert read_shapes(Box, to_value(label)) == label
    assert read_shapes(Box, label) is label or read_shapes(Box, label) == label


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Box, Box("cat", 1, 2, 3, 4)),
        (Polygon, Polygon("cat", (Point(0, 0), Point(1, 0), Point(1, 1)))),
        (Polyline, Polyline("cat", (Point(0, 0), Point(1, 0)))),
        (Keypoint, Keypoint("cat", 1, 2)),
        (Span, Span("cat", 1, 2)),
        (FormField, FormField("a", "b")),
    ],
)
def test_the_type_of_a_part_names_what_its_value_has(part, value):
    assert list(to_value(value)) == list(part_type(part))


def test_the_types_of_shapes_and_masks_name_what_their_values_have():
    assert list(to_value(Shapes())) == list(shapes_type(Box))
    assert list(to_value(Mask(1, 1, ("a",), b""))) == list(mask_type())


def test_numbers_may_be_text_and_labels_may_hold_what_nobody_sees():
    crowd = {
        "label": " c\u200bat\ufeff",
        "left": "10",
        "top": " 12.5 ",
        "width": 90.0,
        "height": np.int64(60),
    }

    assert read_part(Box, crowd) == Box("cat", 10, 12.5, 90, 60)


def test_whole_floats_become_whole_numbers():
    assert repr(read_part(Keypoint, {"label": "a", "x": 3.0, "y": "4"})) == repr(Keypoint("a", 3, 4))


def test_spans_are_read_as_crowd_elements_write_them():
    assert read_part(Span, {"label": "city", "startOffset": "8", "endOffset": 12}) == Span("city", 8, 12)


@pytest.mark.parametrize(
    "vertices", [[{"x": 1, "y": 2}, {"x": 3, "y": 4}], [(1, 2), [3, 4]], np.array([[1, 2], [3, 4]])]
)
def test_vertices_may_be_objects_or_pairs(vertices):
    assert read_part(Polyline, {"label": "a", "vertices": vertices}).vertices == ((1, 2), (3, 4))


def test_vertices_of_crowd_elements_need_no_more_than_x_and_y():
    value = {"label": "a", "vertices": [{"x": 1, "y": 2, "id": "v"}, {"x": 3, "y": 4}]}

    assert len(read_part(Polyline, value).vertices) == 2


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        (Box, "cat", "a box is str, no object"),
        (Box, {"label": "cat", "top": 1, "width": 1, "height": 1}, "a box has no left, but label, top, width"),
        (Box, {"label": "cat", "left": "x", "top": 1, "width": 1, "height": 1}, "left is 'x', no number"),
        (Box, {"label": "cat", "left": True, "top": 1, "width": 1, "height": 1}, "left is True, no number"),
        (Box, {"label": "cat", "left": float("nan"), "top": 1, "width": 1, "height": 1}, "left is nan"),
        (Box, {"label": "cat", "left": 1, "top": 1, "width": -1, "height": 1}, "a box is -1 wide"),
        (Box, {"label": None, "left": 1, "top": 1, "width": 1, "height": 1}, "a box has no label, but"),
        (Polygon, {"label": "a", "vertices": [(1, 2), (3, 4)]}, "2 vertices, fewer than 3"),
        (Polyline, {"label": "a", "vertices": [(1, 2)]}, "1 vertices, fewer than 2"),
        (Polyline, {"label": "a", "vertices": "1,2"}, "vertices are str, no list"),
        (Polyline, {"label": "a", "vertices": [(1, 2), (1, 2, 3)]}, "a vertex is"),
        (Polyline, {"label": "a", "vertices": [(1, 2), 7]}, "a vertex is 7"),
        (Span, {"label": "a", "startOffset": 5, "endOffset": 5}, "a span goes from 5 to 5"),
        (Span, {"label": "a", "startOffset": -1, "endOffset": 5}, "a span goes from -1"),
        (Span, {"label": "a", "startOffset": 1.5, "endOffset": 5}, "no whole number"),
        (FormField, {"key": "a"}, "a formfield has no value, but key"),
    ],
)  # fmt: skip
def test_what_is_no_part_says_why(part, value, message):
    with pytest.raises(ValueError, match=message):
        read_part(part, value)


def test_nothing_drawn_may_be_null_or_empty():
    assert read_shapes(Box, None).shapes == read_shapes(Box, []).shapes == ()


@pytest.mark.parametrize("shapes", ["cat", {"label": "cat"}, 7])
def test_shapes_are_a_list(shapes):
    with pytest.raises(ValueError, match="the shapes are"):
        read_shapes(Box, shapes)


def test_the_size_of_the_image_is_part_of_the_shapes():
    assert read_shapes(Box, [], "640", 480.0) == Shapes((), 640, 480)


@pytest.mark.parametrize("value", [None, {"width": 1}, "png"])
def test_what_is_no_mask_says_so(value):
    with pytest.raises(ValueError, match="a mask is an object with width, height, labels and png"):
        read_mask(value)


def test_a_mask_is_read_back_as_it_was_written():
    mask = Mask(2, 1, ("road", "sky"), b"png")

    assert read_mask(to_value(mask)) == read_mask(mask) == mask


@pytest.mark.parametrize("text", ["\u200bcat", "cat\u200c", " c\u200dat ", "\ufeffcat\u2060"])
def test_zero_width_characters_and_outer_blanks_are_left_out(text):
    assert clean_text(text) == "cat"


def test_a_form_keeps_its_fields():
    assert to_value({"age": 3, "tags": ("a", "b")}) == {"age": 3, "tags": ["a", "b"]}


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, 10**300, 1e308, -1e308])
def test_a_number_larger_than_any_place_is_refused(number):
    with pytest.raises(ValueError, match="larger than any place"):
        read_part(Keypoint, {"label": "nose", "x": number, "y": 0})


def test_half_a_surrogate_pair_is_no_text():
    with pytest.raises(ValueError, match="half a surrogate pair"):
        read_part(FormField, {"key": "total", "value": "\ud83d"})


def test_an_array_without_a_dimension_is_no_list():
    with pytest.raises(ValueError, match="the shapes are ndarray, no list"):
        read_shapes(Box, np.array("cat"))
