"""Tasks in which people draw: their templates, what models and people say, and what breaks."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._elements import read_template
from hitl_sdk._frames import build_frame
from hitl_sdk.consolidation import (
    BoxConsolidation,
    KeypointConsolidation,
    MajorityVote,
    PolygonConsolidation,
    PolylineConsolidation,
    Vote,
)
from hitl_sdk.errors import (
    InvalidInputError,
    InvalidOutputError,
    InvalidPredictionError,
    InvalidResourceError,
)
from hitl_sdk.labels import Box, Keypoint, Point, Polygon, Polyline, Shapes, shapes_type, to_value
from hitl_sdk.tasks import BoundingBox, KeypointAnnotation, PolygonAnnotation, PolylineAnnotation

LABELS = ("cat", "dog")
ITEM = "s3://bucket/1.png"
SIZE = {"width": 640, "height": 480}

TRIANGLE = ({"x": 0, "y": 0}, {"x": 40, "y": 1}, {"x": 20, "y": 30.5})
DRAWN = {  # what the elements answer, under which key
    BoundingBox: ("boundingBoxes", {"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60}),
    PolygonAnnotation: ("polygons", {"label": "cat", "vertices": list(TRIANGLE)}),
    PolylineAnnotation: ("polylines", {"label": "cat", "vertices": list(TRIANGLE[:2])}),
    KeypointAnnotation: ("keypoints", {"label": "cat", "x": 155, "y": 275.5}),
}
every_kind = pytest.mark.parametrize("kind", DRAWN)

labels = st.sampled_from(LABELS)
numbers = st.integers(0, 5000) | st.floats(0, 5000, allow_nan=False).map(lambda number: round(number, 3))
points = st.builds(Point, numbers, numbers)
SHAPES = {
    BoundingBox: st.builds(Box, labels, numbers, numbers, numbers, numbers),
    PolygonAnnotation: st.builds(Polygon, labels, st.lists(points, min_size=3, max_size=6).map(tuple)),
    PolylineAnnotation: st.builds(Polyline, labels, st.lists(points, min_size=2, max_size=6).map(tuple)),
    KeypointAnnotation: st.builds(Keypoint, labels, numbers, numbers),
}


def task_of(kind, **fields):
    return kind(**{"name": "animals", "labels": LABELS, "title": "Draw every animal"} | fields)


def as_shapes(initial_value):
    return initial_value["polylines"] if isinstance(initial_value, dict) else initial_value


# --- fields


@pytest.mark.parametrize("kind", [BoundingBox, PolylineAnnotation])
def test_elements_with_a_limit_take_ten_labels_and_no_more(kind):
    assert len(task_of(kind, labels=range(10)).labels) == 10
    with pytest.raises(InvalidResourceError, match=r"labels: .*at most 10"):
        task_of(kind, labels=range(11))


@pytest.mark.parametrize("kind", [PolygonAnnotation, KeypointAnnotation])
def test_elements_without_a_limit_take_as_many_labels_as_there_are(kind):
    assert len(task_of(kind, labels=range(17)).labels) == 17


@every_kind
def test_one_label_is_enough_but_none_is_not(kind):
    assert task_of(kind, labels=["cat"]).labels == ("cat",)
    with pytest.raises(InvalidResourceError, match="labels: "):
        task_of(kind, labels=[])


@pytest.mark.parametrize(
    ("colors", "message"),
    [
        (["#1f77b4"], "2 labels have 1 label_colors"),
        (["red", "blue"], "label_colors.0: .*pattern"),
        (["#1f77b4", "#fff"], "label_colors.1: .*pattern"),
    ],
)
def test_colors_of_lines_are_one_a_label_and_in_hexadecimal(colors, message):
    with pytest.raises(InvalidResourceError, match=message):
        task_of(PolylineAnnotation, label_colors=colors)


# --- templates


@every_kind
def test_the_element_has_name_labels_header_image_and_what_the_model_found(kind, element_seen):
    task = task_of(kind)
    _, shape = DRAWN[kind]

    element = element_seen(task, task.input(ITEM, [shape]))

    assert element.tag == kind.element
    assert element.name == "animals"
    assert element.categories == LABELS
    assert element.attributes["header"] == "Draw every animal"
    assert element.attributes["src"] == "https://signed/bucket/1.png"
    assert as_shapes(json.loads(element.attributes["initial-value"])) == [shape]


@every_kind
def test_without_a_model_nothing_is_drawn_already(kind, element_seen):
    task = task_of(kind)
    assert "initial-value" not in element_seen(task, task.input(ITEM)).attributes


@every_kind
def test_a_model_that_found_nothing_is_something_else_than_no_model(kind, element_seen):
    task = task_of(kind)
    element = element_seen(task, task.input(ITEM, []))
    assert as_shapes(json.loads(element.attributes["initial-value"])) == []


def test_lines_are_drawn_already_in_an_object_as_their_element_wants_it(element_seen):
    task = task_of(PolylineAnnotation)
    _, shape = DRAWN[PolylineAnnotation]
    element = element_seen(task, task.input(ITEM, [shape]))
    assert json.loads(element.attributes["initial-value"]) == {"polylines": [shape]}


def test_the_colors_of_lines_stand_in_the_order_of_the_labels(element_seen):
    task = task_of(PolylineAnnotation, label_colors=["#1f77b4", "#FF7F0E"])
    element = element_seen(task, task.input(ITEM))
    assert json.loads(element.attributes["label-colors"]) == ["#1f77b4", "#FF7F0E"]
    assert "label-colors" not in element_seen(task_of(PolylineAnnotation), task.input(ITEM)).attributes


@every_kind
def test_the_element_and_its_initial_value_can_be_read_off_the_template_itself(kind):
    _, element = read_template(task_of(kind).template())
    assert (element.tag, element.categories) == (kind.element, LABELS)
    assert "task.input.initialValue" in element.attributes["initial-value"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_labels_of_any_characters_survive_the_page(element_seen, label):
    try:
        task = task_of(KeypointAnnotation, labels=[label, "b"])
    except InvalidResourceError:
        return  # empty once cleaned, or equal to the other
    element = element_seen(task, task.input(ITEM, [Keypoint(label, 1, 2)]))
    assert element.categories == (label, "b")
    assert json.loads(element.attributes["initial-value"]) == [{"label": label, "x": 1, "y": 2}]


# --- what a model says


@every_kind
def test_an_item_is_the_address_of_an_image(kind):
    with pytest.raises(InvalidPredictionError, match="no address of an image"):
        task_of(kind).input("1.png")


@every_kind
def test_a_model_may_give_objects_plain_values_or_what_frames_hold(kind):
    task = task_of(kind)
    expected = task.normalise_label([DRAWN[kind][1]])
    value = to_value(expected)
    pandas, polars, arrow = (
        build_frame({"label": [value]}, {"label": task.label_type}, engine)
        for engine in ("pandas", "polars", "arrow")
    )

    assert task.normalise_label(expected) == expected
    assert task.normalise_label(expected.shapes) == expected
    assert task.normalise_label(iter(expected.shapes)) == expected
    assert task.normalise_label(pandas["label"][0]) == expected
    assert task.normalise_label(polars.row(0, named=True)["label"]) == expected
    assert task.normalise_label(polars["label"].struct.field("shapes")[0]) == expected
    assert task.normalise_label(arrow.to_pylist()[0]["label"]) == expected
    assert task.normalise_label(arrow.to_pandas()["label"][0]) == expected  # numpy arrays of dicts


def test_numbers_may_be_those_of_numpy_and_come_out_as_those_of_python():
    box = {"label": np.str_("cat"), "left": np.float32(1.5), "top": np.int64(2), "width": "3", "height": 4.0}
    (read,) = task_of(BoundingBox).normalise_label(np.array([box])).shapes
    assert read == Box("cat", 1.5, 2, 3, 4)
    assert [type(number) for number in (read.left, read.top, read.width, read.height)] == [
        float,
        int,
        int,
        int,
    ]


def test_vertices_may_be_pairs():
    line = {"label": "cat", "vertices": np.array([[0, 1], [2, 3]])}
    (read,) = task_of(PolylineAnnotation).normalise_label([line]).shapes
    assert read.vertices == (Point(0, 1), Point(2, 3))


def test_a_confidence_stays_with_the_label_but_is_not_shown():
    task = task_of(BoundingBox)
    label = task.normalise_label([Box("cat", 1, 2, 3, 4, confidence=0.7)])
    assert label.shapes[0].confidence == 0.7
    assert task.initial_value(label) == [{"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("cat", "the shapes are str, no list"),
        ({"label": "cat"}, "the shapes are dict, no list"),
        (7, "the shapes are int, no list"),
        (["cat"], "a box is str, no object"),
        ([{"label": "cat"}], "a box has no left, top, width, height, but label"),
        (
            [Box("cat", 1, 1, 2, 3), {"label": "cat", "bbox": [1, 1, 2, 3]}],
            "number 2 of 2: a box has no left, top, width, height, but label, bbox",
        ),
        ([Box("cat", float("nan"), 1, 2, 3)], "left is nan, no number"),
        ([Box("cat", 1, 1, -2, 3)], "a box is -2 wide"),
        ([Keypoint("cat", 1, 2)], "a box has no left, top, width, height, but label, x, y"),
    ],
)
def test_a_label_that_is_no_list_of_shapes_is_refused(label, message):
    with pytest.raises(InvalidPredictionError, match=message) as caught:
        task_of(BoundingBox).input(ITEM, label)
    assert "hitl_sdk.labels.Box" in str(caught.value)


def test_a_shape_whose_label_the_task_does_not_have_is_refused():
    with pytest.raises(InvalidPredictionError, match="'cow' is no label of task 'animals'"):
        task_of(BoundingBox).input(ITEM, [Box("cow", 1, 2, 3, 4)])


def test_labels_take_the_spelling_of_the_task():
    task = task_of(KeypointAnnotation, labels=[1, 2])
    assert task.normalise_label([Keypoint(" 1\u200b", 0, 0)]).shapes[0].label == "1"
    answer = {"keypoints": [{"label": 2, "x": 0, "y": 0}]}
    assert task.parse_answer({"animals": answer}).label.shapes[0].label == "2"


# --- what people say


@every_kind
@given(st.data())
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(kind, data):
    task = task_of(kind)
    drawn = data.draw(st.lists(SHAPES[kind], max_size=4))
    shown = json.loads(json.dumps(task.input(ITEM, drawn)["initialValue"]))

    answer = task.parse_answer({"animals": {DRAWN[kind][0]: as_shapes(shown), "inputImageProperties": SIZE}})

    assert answer.label == Shapes(tuple(drawn), 640, 480)
    assert answer.modified is None


@every_kind
@pytest.mark.parametrize("nothing", [{"shapes": []}, {"shapes": None}, {}])
def test_nothing_drawn_is_an_empty_list_null_or_left_out(kind, nothing):
    content = {DRAWN[kind][0]: nothing["shapes"]} if nothing else {}
    answer = task_of(kind).parse_answer({"animals": {**content, "inputImageProperties": SIZE}})
    assert answer.label == Shapes((), 640, 480)


@pytest.mark.parametrize("size", [{}, {"inputImageProperties": None}, {"inputImageProperties": {}}])
def test_the_size_of_the_image_may_be_missing(size):
    answer = task_of(BoundingBox).parse_answer({"animals": {"boundingBoxes": [], **size}})
    assert answer.label == Shapes()


def test_numbers_may_be_text_and_keys_have_zero_width_characters():
    box = {"label": " cat\ufeff", "left": "10", "top": "12.5", "width": "9e1", "height": "60\u200b"}
    answer = {"boundingBoxes": [box], "inputImageProperties": {"width": "640", "height": 480.0}}
    label = task_of(BoundingBox).parse_answer({"ani\u200bmals": answer}).label
    assert label == Shapes((Box("cat", 10, 12.5, 90, 60),), 640, 480)


def test_lines_of_two_vertices_are_read_as_their_own_element_writes_them():
    line = {"label": "dog", "vertices": [{"x": "58", "y": 295}, {"x": 1342, "y": 398}]}
    answer = task_of(PolylineAnnotation).parse_answer({"animals": {"lines": [line]}})
    assert answer.label.shapes == (Polyline("dog", (Point(58, 295), Point(1342, 398))),)


@pytest.mark.parametrize(("told", "modified"), [(True, True), (False, False), (None, None), ("yes", None)])
def test_whether_anything_was_changed_is_kept_where_it_is_told(told, modified):
    answer = {"boundingBoxes": [], "initialValueModified": told}
    assert task_of(BoundingBox).parse_answer({"animals": answer}).modified is modified


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "it has no boundingBoxes"),
        ({"label": "cat"}, "it has no boundingBoxes"),
        ({"boundingBoxes": "cat"}, "the shapes are str"),
        (
            {"boundingBoxes": [{"label": "cat", "left": "a", "top": 1, "width": 1, "height": 1}]},
            "left is 'a'",
        ),
        ({"boundingBoxes": [{"label": "cow", "left": 1, "top": 1, "width": 1, "height": 1}]}, "label 'cow'"),
        ({"boundingBoxes": [None]}, "a box is NoneType"),
        ({"boundingBoxes": [], "inputImageProperties": {"width": "wide"}}, "size is 'wide'"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(answer, message):
    with pytest.raises(InvalidOutputError, match=message):
        task_of(BoundingBox).parse_answer({"animals": answer})


def test_an_answer_under_another_name_is_one_to_another_task():
    with pytest.raises(InvalidOutputError, match="no object under 'animals', but 'boxes'"):
        task_of(BoundingBox).parse_answer({"boxes": {"boundingBoxes": []}})


# --- what follows from it


@pytest.mark.parametrize(
    ("kind", "shape", "method", "metadata_type"),
    [
        (BoundingBox, Box, BoxConsolidation, "groundtruth/object-detection"),
        (PolygonAnnotation, Polygon, PolygonConsolidation, "groundtruth/custom"),
        (PolylineAnnotation, Polyline, PolylineConsolidation, "groundtruth/custom"),
        (KeypointAnnotation, Keypoint, KeypointConsolidation, "groundtruth/custom"),
    ],
)
def test_each_kind_has_its_type_of_label_method_and_metadata(kind, shape, method, metadata_type):
    task = task_of(kind)
    assert task.label_type == task.model_label_type == shapes_type(shape)
    assert isinstance(task.consolidation(), method)
    assert task.metadata_type == metadata_type
    with pytest.raises(InvalidInputError, match="MajorityVote can't consolidate"):
        task.consolidation(MajorityVote())


@every_kind
def test_several_workers_who_draw_the_same_agree(kind):
    task = task_of(kind)
    label = task.parse_answer(
        {"animals": {DRAWN[kind][0]: [DRAWN[kind][1]], "inputImageProperties": SIZE}}
    ).label
    consensus = task.consolidate([Vote("1", worker, label) for worker in "abc"])["1"]
    assert [shape.label for shape in consensus.label.shapes] == ["cat"]
    assert consensus.n_workers == 3
    assert consensus.agreement == pytest.approx(1)
