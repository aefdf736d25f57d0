"""COCO: what pycocotools reads of the file is what was labelled."""

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Keypoint, Point, Polygon, Polyline, Shapes
from hitl_sdk.labels.masks import make_mask, mask_pixels
from hitl_sdk.training import to_coco

# pycocotools passes a view without `copy=` to numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ENGINES = ("pandas", "polars", "arrow")


def read(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def exported(make, tmp_path, kind, labels, engine="pandas", **columns):
    task = make.task(kind)
    return read(to_coco(make.frame(task, labels, engine, **columns), task, tmp_path / "a.json").path)


def annotations(coco, image=1):
    return coco.loadAnns(coco.getAnnIds(imgIds=[image]))


def category(coco, annotation):
    return coco.cats[annotation["category_id"]]["name"]


@pytest.mark.parametrize("engine", ENGINES)
def test_images_and_categories_are_numbered_from_one(make, tmp_path, engine):
    coco = exported(make, tmp_path, "boxes", [Shapes((), 640, 480)] * 2, engine)

    assert {number: entry["name"] for number, entry in coco.cats.items()} == {
        1: "cat",
        2: "dog",
        3: "wild boar",
    }
    assert coco.imgs[2] == {
        "id": 2, "file_name": "1.jpg", "width": 640, "height": 480, "coco_url": "s3://pets/1.jpg", "item_id": "1",
    }  # fmt: skip
    assert coco.anns == {}


SIDES = st.integers(0, 50) | st.floats(0, 50)
BOXES = st.builds(
    Box,
    st.sampled_from(["cat", "dog", "wild boar"]),
    left=SIDES,
    top=SIDES,
    width=st.floats(0.5, 50),
    height=st.floats(0.5, 50),
)


@settings(deadline=None, max_examples=40)
@given(boxes=st.lists(BOXES, max_size=4))
def test_boxes_come_back_to_the_last_digit(make, tmp_path_factory, boxes):
    coco = exported(make, tmp_path_factory.mktemp("coco"), "boxes", [Shapes(tuple(boxes), 100, 100)])

    found = [Box(category(coco, each), *each["bbox"]) for each in annotations(coco)]
    assert found == boxes
    assert [each["area"] for each in annotations(coco)] == [box.width * box.height for box in boxes]


@pytest.mark.parametrize("engine", ENGINES)
def test_polygons_come_back_with_box_and_area(make, tmp_path, engine):
    roof = Polygon("dog", (Point(1, 1), Point(9, 1), Point(5, 7.5)))

    (found,) = annotations(exported(make, tmp_path, "polygons", [Shapes((roof,), 10, 10)], engine))

    points = zip(*[iter(found["segmentation"][0])] * 2, strict=True)
    assert tuple(Point(x, y) for x, y in points) == roof.vertices
    assert (found["category_id"], found["bbox"], found["area"]) == (2, [1, 1, 8, 6.5], 26)


def test_polygons_cover_the_pixels_that_they_did(make, tmp_path):
    square = Polygon("cat", (Point(2, 1), Point(6, 1), Point(6, 4), Point(2, 4)))
    coco = exported(make, tmp_path, "polygons", [Shapes((square,), 10, 8)])

    pixels = coco.annToMask(annotations(coco)[0])

    assert pixels.shape == (8, 10)
    assert (pixels[1:4, 2:6] == 1).all()
    assert pixels.sum() == 12


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=4),
    kind=st.sampled_from(["semantic", "instances"]),
)
def test_masks_come_back_pixel_by_pixel(make, tmp_path_factory, rows, kind):
    labels = ("cat", "dog", "wild boar") if kind == "semantic" else ("cat", "cat", "dog")
    mask = make_mask(rows, labels)

    coco = exported(make, tmp_path_factory.mktemp("coco"), kind, [mask])

    pixels = mask_pixels(mask)
    values = [value for value in (1, 2, 3) if (pixels == value).any()]
    found = annotations(coco)
    assert [category(coco, each) for each in found] == [labels[value - 1] for value in values]
    for value, annotation in zip(values, found, strict=True):
        inside = coco.annToMask(annotation)
        assert (inside == (pixels == value)).all()
        left, top, width, height = annotation["bbox"]
        assert annotation["area"] == inside.sum() == inside[top : top + height, left : left + width].sum()
        assert inside[top].any()
        assert inside[:, left].any()


def test_keypoints_of_an_image_are_one_object(make, tmp_path):
    labels = [Shapes((Keypoint("wild boar", 5, 6), Keypoint("cat", 1.5, 2)), 10, 10), Shapes((), 10, 10)]

    coco = exported(make, tmp_path, "keypoints", labels)

    (found,) = annotations(coco)
    assert coco.cats[1]["keypoints"] == ["cat", "dog", "wild boar"]
    assert found["keypoints"] == [1.5, 2, 2, 0, 0, 0, 5, 6, 2]
    assert (found["num_keypoints"], found["bbox"]) == (2, [1.5, 2, 3.5, 4])
    assert annotations(coco, 2) == []


def test_what_is_outside_of_the_image_is_cut_off(make, tmp_path):
    box = Box("cat", -5, 5, 10, 10)
    coco = exported(make, tmp_path, "boxes", [Shapes((box,), 8, 8)])

    assert annotations(coco)[0]["bbox"] == [0, 5, 5, 3]


def test_a_polygon_that_is_cut_keeps_the_area_that_is_inside(make, tmp_path):
    # A diamond around the corner of the image, of which a quarter is inside.
    diamond = Polygon("cat", (Point(-4, 0), Point(0, -4), Point(4, 0), Point(0, 4)))

    (found,) = annotations(exported(make, tmp_path, "polygons", [Shapes((diamond,), 10, 10)]))

    assert found["area"] == pytest.approx(8)
    assert found["bbox"] == [0, 0, 4, 4]


@settings(deadline=None, max_examples=60)
@given(
    corners=st.lists(
        st.tuples(st.integers(-20, 30), st.integers(-20, 30)), min_size=3, max_size=3, unique=True
    )
)
def test_a_cut_triangle_covers_what_it_covered_inside(make, tmp_path_factory, corners):
    triangle = Polygon("cat", tuple(Point(x, y) for x, y in corners))
    try:
        coco = exported(make, tmp_path_factory.mktemp("coco"), "polygons", [Shapes((triangle,), 10, 10)])
    except InvalidInputError:
        return
    (found,) = annotations(coco)

    numbers = np.array(found["segmentation"][0]).reshape(-1, 2)
    assert numbers.min() >= -1e-9
    assert numbers.max() <= 10 + 1e-9
    # The share of a fine grid of points that lie in the triangle.
    grid = (np.arange(200) + 0.5) / 20
    x, y = np.meshgrid(grid, grid)
    signs = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        signs.append((bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0)
    inside = np.all(signs, axis=0) | ~np.any(signs, axis=0)
    assert found["area"] == pytest.approx(inside.mean() * 100, abs=1)


def test_file_names_come_from_a_column_if_that_is_wanted(make, tmp_path):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)], name=["one.png"])

    document = json.loads(to_coco(frame, task, tmp_path / "a", file_name="name").path.read_text())

    assert document["images"][0]["file_name"] == "one.png"


def test_a_keypoint_twice_is_named(make, tmp_path):
    label = Shapes((Keypoint("cat", 1, 2), Keypoint("cat", 3, 4)), 10, 10)

    with pytest.raises(InvalidInputError, match="item '0' has the keypoint 'cat' twice"):
        exported(make, tmp_path, "keypoints", [label])


def test_a_keypoint_outside_of_the_image_is_named(make, tmp_path):
    with pytest.raises(InvalidInputError, match="item '0' has a 'cat' of which nothing is inside"):
        exported(make, tmp_path, "keypoints", [Shapes((Keypoint("cat", 11, 2),), 10, 10)])


def test_lines_are_refused(make, tmp_path):
    lane = Polyline("cat", (Point(0, 0), Point(4, 4)))

    with pytest.raises(InvalidInputError, match="item '0' has labels other than Box and Polygon"):
        exported(make, tmp_path, "polylines", [Shapes((lane,), 10, 10)])
