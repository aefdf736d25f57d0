"""YOLO, VOC and mask PNGs are read back equal; what every export of images refuses."""

import io
import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hitl_sdk.errors import DuplicateItemError, EmptyInputError, InvalidInputError
from hitl_sdk.labels import Box, Mask, Point, Polygon, Shapes
from hitl_sdk.labels.masks import make_mask, mask_pixels
from hitl_sdk.training import to_coco, to_mask_pngs, to_voc, to_yolo

ENGINES = ("pandas", "polars", "arrow")
NAMES = ("cat", "dog", "wild boar")
BOXES = st.builds(
    Box,
    st.sampled_from(NAMES),
    left=st.integers(0, 60),
    top=st.integers(0, 60),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)


def read_yolo(folder, part, stem, width, height):
    """Read a label file as training does: boxes have four numbers, polygons more."""
    names = yaml.safe_load((folder / "data.yaml").read_text("utf-8"))["names"]
    shapes = []
    for line in (folder / "labels" / part / f"{stem}.txt").read_text().splitlines():
        number, *rest = line.split()
        points = [(float(x) * width, float(y) * height) for x, y in zip(*[iter(rest)] * 2, strict=True)]
        if len(points) == 2:
            (x, y), (w, h) = points
            shapes.append(Box(names[int(number)], *(round(side, 6) for side in (x - w / 2, y - h / 2, w, h))))
        else:
            shapes.append(
                Polygon(names[int(number)], tuple(Point(round(x, 6), round(y, 6)) for x, y in points))
            )
    return shapes


def read_voc(folder, stem):
    """Read an annotation: pixels are counted from 1, and both corners are in the box."""
    boxes = []
    for thing in ET.parse(folder / "Annotations" / f"{stem}.xml").getroot().iter("object"):
        xmin, ymin, xmax, ymax = (
            int(thing.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")
        )
        boxes.append(Box(thing.findtext("name"), xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1))
    return boxes


@settings(deadline=None, max_examples=30)
@given(boxes=st.lists(BOXES, max_size=4))
@pytest.mark.parametrize("engine", ENGINES)
def test_boxes_come_back_from_yolo_and_voc(make, tmp_path_factory, engine, boxes):
    task, folder = make.task("boxes"), tmp_path_factory.mktemp("boxes")
    frame = make.frame(task, [Shapes(tuple(boxes), 100, 120)], engine)

    to_yolo(frame, task, folder)
    to_voc(frame, task, folder)

    assert read_yolo(folder, "train", "0", 100, 120) == boxes
    assert read_voc(folder, "0") == boxes


def test_polygons_come_back_from_yolo(make, tmp_path):
    task = make.task("polygons")
    roof = Polygon("dog", (Point(1, 1), Point(9, 1), Point(5, 7.5)))

    to_yolo(make.frame(task, [Shapes((roof,), 10, 30)]), task, tmp_path)

    assert read_yolo(tmp_path, "train", "0", 10, 30) == [roof]


def test_yolo_names_parts_and_classes(make, tmp_path):
    task = make.task("boxes", labels=("cat", 'a "wild": boar', "#1", "Bär"))
    frames = [make.frame(task, [Shapes((), 9, 9)], item=[f"s3://pets/{name}.jpg"]) for name in ("a", "b")]

    export = to_yolo(dict(zip(("train", "val"), frames, strict=True)), task, tmp_path)

    assert yaml.safe_load((tmp_path / "data.yaml").read_text("utf-8")) == {
        "path": ".",
        "train": "images/train",
        "val": "images/val",
        "names": {0: "cat", 1: 'a "wild": boar', 2: "#1", 3: "Bär"},
    }
    assert [file.relative_to(tmp_path).as_posix() for file in export.files] == [
        "labels/train/a.txt", "labels/val/b.txt", "data.yaml",
    ]  # fmt: skip
    assert export.n_rows == 2
    assert (tmp_path / "labels/val/b.txt").read_text() == ""


def test_voc_says_what_the_image_is(make, tmp_path):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((Box("cat", 0, 0, 1, 1),), 640, 480)], item=["s3://pets/a & b.jpg"])

    export = to_voc({"train": frame}, task, tmp_path)

    root = ET.parse(export.files[0]).getroot()
    assert root.findtext("filename") == "a & b.jpg"
    assert [root.findtext(f"size/{side}") for side in ("width", "height", "depth")] == ["640", "480", "3"]
    assert root.findtext("source/database") == "s3://pets/a & b.jpg"
    assert (tmp_path / "ImageSets/Main/train.txt").read_text() == "a & b\n"


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        (Box("cat", 0.4, 0.6, 3.2, 3), Box("cat", 0, 1, 4, 3)),
        (Box("cat", 9.8, 9.9, 0.2, 0.1), Box("cat", 9, 9, 1, 1)),
        (Box("cat", 2.2, 2.2, 0.1, 0.1), Box("cat", 2, 2, 1, 1)),
        (Box("cat", -3, 8, 20, 20), Box("cat", 0, 8, 10, 2)),
    ],
)
def test_voc_rounds_edges_to_whole_pixels_inside_the_image(make, tmp_path, box, whole):
    task = make.task("boxes")

    to_voc(make.frame(task, [Shapes((box,), 10, 10)]), task, tmp_path)

    assert read_voc(tmp_path, "0") == [whole]


@settings(deadline=None, max_examples=30)
@given(
    rows=st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=4),
    labels=st.permutations(NAMES).map(lambda names: names[:2]),
)
@pytest.mark.parametrize("engine", ENGINES)
def test_semantic_masks_come_back_as_classes(make, tmp_path_factory, engine, rows, labels):
    task, folder = make.task("semantic"), tmp_path_factory.mktemp("masks")
    mask = make_mask(rows, labels)

    to_mask_pngs(make.frame(task, [mask], engine), task, folder)

    classes = json.loads((folder / "classes.json").read_text())
    pixels = np.asarray(Image.open(folder / "0.png"))
    names = ("BACKGROUND", *labels)
    assert [[classes[str(pixel)] for pixel in row] for row in pixels] == [
        [names[pixel] for pixel in row] for row in mask_pixels(mask)
    ]


def test_masks_of_instances_come_back_as_they_were(make, tmp_path):
    task = make.task("instances")
    masks = [make_mask([[0, 1], [2, 2]], ["cat", "cat"]), make_mask([[1]], ["dog"])]

    export = to_mask_pngs(make.frame(task, masks), task, tmp_path)

    labels = json.loads((tmp_path / "instances.json").read_text())
    read = [
        Mask(
            mask.width, mask.height, tuple(labels[f"{number}.png"]), (tmp_path / f"{number}.png").read_bytes()
        )
        for number, mask in enumerate(masks)
    ]
    assert read == masks
    assert export.n_rows == 2


def test_more_classes_than_a_byte_holds_are_refused(make, tmp_path):
    task = make.task("semantic", labels=tuple(map(str, range(256))))

    with pytest.raises(InvalidInputError, match="256 classes do not fit one byte"):
        to_mask_pngs(make.frame(task, [make_mask([[1]], ["7"])]), task, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


EXPORTS = [to_yolo, to_voc, to_coco]


def refused(export, frame, task, folder, error=InvalidInputError, **options):
    with pytest.raises(error) as caught:
        export(frame, task, folder / "out", **options)
    assert list(folder.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize("export", EXPORTS)
def test_an_image_of_unknown_size_is_named(make, tmp_path, export):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9), Shapes()])

    assert "item '1' has no image size (put image_width" in refused(export, frame, task, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize(
    "box", [Box("cat", 10, 0, 5, 5), Box("cat", 0, -5, 5, 5), Box("cat", 1, 1, 0, 5), Box("cat", 1, 1, 5, 0)]
)
def test_a_box_of_which_nothing_is_inside_is_named(make, tmp_path, export, box):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((box,), 10, 10)])

    assert "item '0' has a 'cat' of which nothing is inside" in refused(export, frame, task, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
def test_a_label_that_is_none_of_the_tasks_is_named(make, tmp_path, export):
    frame = make.frame(make.task("boxes"), [Shapes((Box("cow", 0, 0, 5, 5),), 10, 10)])

    assert "item '0' has a label that can't be used: 'cow' is no label of task 'pets'" in refused(
        export, frame, make.task("boxes"), tmp_path
    )


@pytest.mark.parametrize("export", [*EXPORTS, to_mask_pngs])
def test_texts_are_refused(make, tmp_path, export):
    task = make.task("one")

    assert "are neither shapes nor masks" in refused(export, make.frame(task, ["cat"]), task, tmp_path)


@pytest.mark.parametrize(
    ("export", "kind", "label"),
    [
        (to_voc, "polygons", Shapes((Polygon("cat", (Point(0, 0), Point(5, 0), Point(0, 5))),), 9, 9)),
        (to_yolo, "semantic", make_mask([[1]], ["cat"])),
        (to_mask_pngs, "boxes", Shapes((), 9, 9)),
    ],
)
def test_labels_that_a_format_has_no_way_to_write_are_refused(make, tmp_path, export, kind, label):
    task = make.task(kind)

    assert "item '0' has " in refused(export, make.frame(task, [label]), task, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize(
    "item",
    ["s3://pets/..", "s3://pets/a\\b.jpg", "s3://pets/", "s3://pets/.hidden.jpg", "s3://pets/a\n.jpg", "s3://pets/a\0.jpg",
     "s3://pets/c:.jpg", "s3://pets/ a.jpg", "https://example.com/?a/b", "s3://pets/" + "ä" * 200],
)  # fmt: skip
def test_a_name_that_is_not_safe_for_a_file_is_named(make, tmp_path, export, item):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)], item=[item])

    assert "item '0' has a name that can't be that of a file" in refused(export, frame, task, tmp_path)


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "a/b.jpg", "", None])
def test_a_name_of_a_column_is_looked_at_too(make, tmp_path, name):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)], name=[name])

    assert "can't be that of a file" in refused(to_yolo, frame, task, tmp_path, file_name="name")
    assert "no column 'names'" in refused(to_yolo, frame, task, tmp_path, file_name="names")


@pytest.mark.parametrize("export", EXPORTS)
def test_two_files_of_one_name_are_refused_unless_a_column_names_them(make, tmp_path, export):
    task = make.task("boxes")
    items = ["s3://pets/a/1.jpg", "s3://pets/b/1.JPG"]
    frame = make.frame(task, [Shapes((), 9, 9)] * 2, item=items, name=["a1.jpg", "b1.jpg"])

    assert "item '1' and item '0' have the same file name" in refused(export, frame, task, tmp_path)
    assert export(frame, task, tmp_path / "out", file_name="name").n_rows == 2


def test_images_of_one_name_but_another_kind_are_two_in_coco_alone(make, tmp_path):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)] * 2, item=["s3://pets/1.jpg", "s3://pets/1.png"])

    assert "have the same file name '1'" in refused(to_yolo, frame, task, tmp_path)
    assert to_coco(frame, task, tmp_path / "a.json").n_rows == 2


@pytest.mark.parametrize("part", ["../train", "a/b", "", "..", 1])
def test_a_part_that_can_not_be_a_folder_is_refused(make, tmp_path, part):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)])

    assert "can't be the name of a folder" in refused(to_yolo, {part: frame}, task, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
def test_an_item_with_two_rows_is_refused(make, tmp_path, export):
    task = make.task("boxes")
    frame = make.frame(task, [Shapes((), 9, 9)] * 2, item_id=["a", "a"])

    assert "item 'a' has more than one row" in refused(export, frame, task, tmp_path, DuplicateItemError)


@pytest.mark.parametrize("export", [*EXPORTS, to_mask_pngs])
def test_a_frame_without_labels_is_refused(make, tmp_path, export):
    task = make.task("boxes")

    assert "no row of the frame has a label" in refused(
        export, make.frame(task, [None]), task, tmp_path, EmptyInputError
    )


@pytest.mark.parametrize("export", EXPORTS)
def test_an_item_without_content_is_named(make, tmp_path, export):
    task = make.task("boxes")

    assert "item '0' has no content" in refused(
        export, make.frame(task, [Shapes((), 9, 9)], item=[None]), task, tmp_path
    )


@pytest.mark.parametrize("export", EXPORTS)
def test_rows_without_a_label_are_left_out(make, tmp_path, export):
    task = make.task("boxes")

    done = export(make.frame(task, [None, Shapes((), 9, 9), None]), task, tmp_path / "out")

    assert (done.n_rows, done.left_out) == (1, 2)


def test_files_that_exist_are_replaced_only_if_that_is_wanted(make, tmp_path):
    task = make.task("boxes")
    first = make.frame(task, [Shapes((), 9, 9)])
    second = make.frame(task, [Shapes((Box("cat", 0, 0, 9, 9),), 9, 9)] * 2)
    to_yolo(first, task, tmp_path)

    with pytest.raises(InvalidInputError, match=r"labels/train/0\.txt exists"):
        to_yolo(second, task, tmp_path)
    assert not (tmp_path / "labels/train/1.txt").exists()

    to_yolo(second, task, tmp_path, overwrite=True)
    assert (tmp_path / "labels/train/0.txt").read_text() == "0 0.5 0.5 1 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.yaml", "labels"]


def test_a_label_that_xml_can_not_hold_is_refused(make, tmp_path):
    task = make.task("boxes", labels=("a\x01",))

    assert "XML can't hold the label" in refused(to_voc, make.frame(task, [Shapes((), 9, 9)]), task, tmp_path)


def test_a_png_that_is_none_is_named(make, tmp_path):
    task = make.task("instances")
    frame = make.frame(task, [Mask(2, 2, ("cat",), b"no PNG")])

    for export in (to_mask_pngs, to_coco):
        assert "item '0' has a label that can't be used: " in refused(export, frame, task, tmp_path)


def test_the_png_is_one_that_training_reads(make, tmp_path):
    task = make.task("semantic")
    to_mask_pngs(make.frame(task, [make_mask([[0, 1]], ["dog"])]), task, tmp_path)

    image = Image.open(io.BytesIO((tmp_path / "0.png").read_bytes()))

    assert (image.mode, image.size) == ("P", (2, 1))
