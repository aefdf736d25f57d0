"""A training row as a picture: well-formed, with the item and its label in it."""

from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import (
    Box,
    Frame,
    FrameObject,
    FrameSequence,
    Keypoint,
    Point,
    Polygon,
    Polyline,
    Shapes,
    Span,
    to_value,
)
from hitl_sdk.labels.masks import make_mask
from hitl_sdk.tasks import VideoObjectDetection
from hitl_sdk.training import picture

PNG = b"\x89PNG..."
SVG = "{http://www.w3.org/2000/svg}"


class AnyTask:
    """Takes every label as it is."""

    def normalise_label(self, label):
        return label


def drawn(label, *, item="s3://bucket/1.png", image=None, **row):
    return ET.fromstring(
        picture({"item_id": "1", "item": item, "label": label, **row}, AnyTask(), image=image)
    )


def texts(svg) -> str:
    return " ".join("".join(each.itertext()) for each in svg.iter(f"{SVG}text"))


def test_a_text_and_its_label_are_written():
    assert "It <broke> & burnt" in texts(drawn("-1", item="It <broke> & burnt"))
    assert "label         -1" in texts(drawn("-1"))


def test_what_is_not_known_is_left_out():
    assert "agreement" not in texts(drawn("-1", agreement=None, confidence=float("nan")))
    assert "confidence    0.667" in texts(drawn("-1", confidence=2 / 3))


@pytest.mark.parametrize(
    ("shape", "tag", "attributes"),
    [
        (Box("a", 1, 2, 30, 40), "rect", {"x": "1", "y": "2", "width": "30", "height": "40"}),
        (Polygon("a", (Point(0, 0), Point(9, 0), Point(9, 9))), "polygon", {"points": "0,0 9,0 9,9"}),
        (Polyline("a", (Point(0, 0), Point(9, 5))), "polyline", {"points": "0,0 9,5", "fill": "none"}),
        (Keypoint("a", 5, 6), "circle", {"cx": "5", "cy": "6"}),
    ],
)
def test_a_shape_is_drawn_where_it_is(shape, tag, attributes):
    found = [each.attrib for each in drawn(Shapes((shape,), 100, 80)).iter(f"{SVG}{tag}")]

    assert any(attributes.items() <= each.items() for each in found)


def test_without_the_size_of_the_image_all_shapes_are_seen():
    svg = drawn(Shapes((Box("a", 0, 0, 1000, 500),)))

    assert float(svg.attrib["height"]) > 0
    assert "scale(0.58" in next(svg.iter(f"{SVG}g")).attrib["transform"]


def test_an_image_without_a_shape_shows_the_image():
    svg = drawn(Shapes(), image=PNG)

    assert next(svg.iter(f"{SVG}image")).attrib["href"].startswith("data:image/png;base64,")
    assert "nothing" in texts(drawn(to_value(Shapes())))


def test_the_image_lies_below_what_is_drawn():
    group = next(drawn(Shapes((Box("a", 1, 2, 3, 4),), 100, 80), image=PNG).iter(f"{SVG}g"))

    assert [each.tag.removeprefix(SVG) for each in group] == ["rect", "image", "rect"]


def test_spans_are_marked_also_across_lines():
    item = "x" * 70 + "Rome" + "y" * 20
    marks = [
        each
        for each in drawn((Span("city", 70, 80),), item=item).iter(f"{SVG}rect")
        if "fill-opacity" in each.attrib
    ]

    assert len(marks) == 2


def test_a_mask_is_drawn_pixel_by_pixel_and_instances_have_colours_of_their_own():
    svg = drawn(make_mask([[0, 1, 1], [2, 2, 0]], ["car", "car"]))
    runs = [each.attrib for each in svg.iter(f"{SVG}rect") if "fill-opacity" in each.attrib]

    assert [(run["x"], run["y"], run["width"]) for run in runs] == [("1", "0", "2"), ("0", "1", "2")]
    assert runs[0]["fill"] != runs[1]["fill"]


def test_where_people_judged_a_label_that_label_is_drawn():
    svg = drawn("Correct", model_label=Shapes((Keypoint("a", 5, 6),), 10, 10))

    assert len(list(svg.iter(f"{SVG}circle"))) == 1
    assert "Correct" in texts(svg)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["price", "size"], "price, size"),
        ({"age": 3.0, "ok": True}, "age=3, ok=True"),
        ([{"key": "Due", "value": "3 May", "confidence": None}], "Due=3 May"),
    ],
)
def test_a_structure_is_told_in_one_line(value, told):
    assert told in texts(drawn(value))


def test_a_row_that_pandas_read_from_parquet_is_drawn_as_the_one_that_was_written():
    written = drawn(["price", "size"], label_confidences=[0.5, 1.0], n_workers=3)
    read = drawn(
        np.array(["price", "size"], dtype=object),
        label_confidences=np.array([0.5, 1.0]),
        n_workers=np.int64(3),
        model_label=pd.NA,
        agreement=float("nan"),
        tie=pd.NaT,
    )

    assert texts(read) == texts(written)


def test_a_row_of_another_frame_is_refused():
    with pytest.raises(InvalidInputError, match="no item and label, but worker"):
        picture({"worker": "a"}, AnyTask())


def test_bytes_that_are_no_image_are_refused():
    with pytest.raises(InvalidInputError, match="neither PNG nor JPEG"):
        drawn("cat", image=b"text")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["1", "It broke"], "the row is list, no mapping"),
        (pd.DataFrame({"item": ["It broke"], "label": ["-1"]}), "the row's item is Series, no text"),
    ],
)
def test_what_is_no_row_is_refused_and_not_shown(row, words):
    with pytest.raises(InvalidInputError, match=f"{words} .*frame.iloc") as refused:
        picture(row, AnyTask())
    assert "It broke" not in str(refused.value)


def test_the_name_of_an_image_is_no_image():
    with pytest.raises(InvalidInputError, match=r"the image is str, no bytes .*read_bytes"):
        drawn("cat", image="cat.png")


def test_the_first_frame_of_a_sequence_is_drawn_on_its_image():
    task = VideoObjectDetection(name="cars", labels=["car", "bus"], title="Draw")
    first = Frame(0, "0.png", (FrameObject(Box("car", 4, 5, 20, 10)),))
    sequence = FrameSequence((first, Frame(1, "1.png", (FrameObject(Box("bus", 1, 2, 3, 4)),))))
    file = BytesIO()
    Image.new("RGB", (32, 24)).save(file, "PNG")
    row = {"item_id": "1", "item": "s3://frames/a.json", "label": to_value(sequence)}

    drawn, without = picture(row, task, image=file.getvalue()), picture(row, task)

    assert '<rect width="32" height="24"' in drawn
    assert drawn.count("<rect x=") == without.count("<rect x=") == 1
    assert "2 frames: car, bus" in drawn
    assert picture(row | {"label": to_value(FrameSequence())}, task).startswith("<svg")
