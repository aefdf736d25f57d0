"""Tasks in which people paint: their templates, what models and people say, and what breaks."""

import json
from base64 import b64decode, b64encode
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from hitl_sdk._frames import build_frame
from hitl_sdk.consolidation import BoxConsolidation, InstanceMaskConsolidation, MaskVote, Vote
from hitl_sdk.errors import InvalidInputError, InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import (
    Mask,
    colored_png,
    make_mask,
    mask_colors,
    mask_pixels,
    mask_type,
    read_colored_png,
    to_value,
)
from hitl_sdk.tasks import InstanceSegmentation, SemanticSegmentation

ITEM = "s3://bucket/1.png"
LABELS = ("road", "sky")
COLORS = {"road": "#2ca02c", "sky": "#1f77b4"}
MASK = make_mask([[0, 1, 1], [2, 2, 1]], LABELS)
THREE = make_mask([[1, 1, 0], [2, 0, 3]], ["car", "car", "bus"])
every_kind = pytest.mark.parametrize("kind", [SemanticSegmentation, InstanceSegmentation])

images = arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3))


def task_of(kind, **fields):
    labels = LABELS if kind is SemanticSegmentation else ("bus", "car")
    return kind(**{"name": "street", "labels": labels, "title": "Paint the street"} | fields)


def encoded(png):
    return b64encode(png).decode("ascii")


def painted(mask=MASK, colors=None, **fields):
    """Return what the semantic element answers."""
    colors = COLORS if colors is None else colors
    return {
        "street": {
            "inputImageProperties": {"width": mask.width, "height": mask.height},
            "labelMappings": {label: {"color": color} for label, color in colors.items()},
            "labeledImage": {"pngImageData": encoded(colored_png(mask, colors))},
            **fields,
        }
    }


def instances(mask=THREE, **fields):
    """Return what the element for instances answers."""
    return {
        "street": {
            "inputImageProperties": {"width": mask.width, "height": mask.height},
            "instances": [{"color": color, "label": label} for label, color in mask_colors(mask.labels)],
            "labeledImage": {"pngImageData": encoded(colored_png(mask))},
            **fields,
        }
    }


def png_of(picture):
    written = BytesIO()
    Image.fromarray(picture).save(written, format="PNG")
    return encoded(written.getvalue())


def shown(element):
    """Return an element's initial value, and the picture at its address."""
    value = json.loads(element.attributes["initial-value"])
    head, _, data = value["src"].partition("base64,")
    assert head == "data:image/png;"
    return value, b64decode(data, validate=True)


# --- templates


@every_kind
def test_the_element_has_name_labels_header_and_image_and_nothing_painted(kind, element_seen):
    task = task_of(kind)

    element = element_seen(task, task.input(ITEM))

    assert element.tag == kind.element
    assert element.name == "street"
    assert element.categories == task.labels
    assert element.attributes["header"] == "Paint the street"
    assert element.attributes["src"] == "https://signed/bucket/1.png"
    assert "initial-value" not in element.attributes


def test_a_models_mask_is_painted_already_in_the_colors_it_names(element_seen):
    task = task_of(SemanticSegmentation)
    value, png = shown(element_seen(task, task.input(ITEM, MASK)))
    colors = {label: each["color"] for label, each in value["labelMappings"].items()}
    assert list(colors) == list(LABELS)
    assert read_colored_png(png, colors) == MASK


def test_a_models_instances_are_painted_already_each_in_its_color(element_seen):
    task = task_of(InstanceSegmentation)
    value, png = shown(element_seen(task, task.input(ITEM, THREE)))
    assert [each["label"] for each in value["instances"]] == ["car", "car", "bus"]
    assert read_colored_png(png, [(each["label"], each["color"]) for each in value["instances"]]) == THREE


def test_the_mask_of_a_photograph_fits_into_the_input_of_a_human_loop():
    rows, columns = np.indices((1080, 1920))
    circles = ((rows // 120 + columns // 160) % 2 + 1) * ((rows - 540) ** 2 + (columns - 960) ** 2 < 500**2)
    content = task_of(SemanticSegmentation).input(ITEM, make_mask(circles, LABELS))
    assert len(json.dumps(content)) < 200_000


# --- what a model says


@every_kind
def test_an_item_is_the_address_of_an_image(kind):
    with pytest.raises(InvalidPredictionError, match="no address of an image"):
        task_of(kind).input("1.png")


def test_a_models_mask_gets_all_labels_of_the_task_in_their_order():
    given_as = make_mask([[0, 2, 2], [1, 1, 2]], ["sky", "road"])
    assert task_of(SemanticSegmentation).normalise_label(given_as) == MASK
    only = task_of(SemanticSegmentation).normalise_label(make_mask([[0, 1]], ["sky"]))
    assert (only.labels, mask_pixels(only).tolist()) == (LABELS, [[0, 2]])


def test_parts_of_a_semantic_mask_with_one_label_become_one():
    mask = task_of(SemanticSegmentation).normalise_label(make_mask([[1, 2, 3]], ["sky", "road", "sky\u200b"]))
    assert (mask.labels, mask_pixels(mask).tolist()) == (LABELS, [[2, 1, 2]])


def test_the_instances_of_a_model_stay_apart():
    assert task_of(InstanceSegmentation).normalise_label(THREE) == THREE


@every_kind
@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_a_mask_out_of_a_frame_is_the_mask_that_went_in(kind, engine):
    task = task_of(kind)
    mask = MASK if kind is SemanticSegmentation else THREE
    frame = build_frame({"label": [to_value(mask)]}, {"label": task.label_type}, engine)
    values = [frame.to_pylist()[0]["label"]] if engine == "arrow" else [frame["label"][0]]
    values += [frame.to_pandas()["label"][0]] if engine == "arrow" else []
    assert [task.normalise_label(value) for value in values] == [mask] * len(values)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("road", "a mask is an object"),
        ({"width": 1, "height": 1, "labels": ["road"]}, "a mask is an object with"),
        ({"width": None, "height": 1, "labels": ["road"], "png": b""}, "width is None"),
        ({"width": 1, "height": 1, "labels": "road", "png": b""}, "labels are str, no list"),
        ({"width": 1, "height": 1, "labels": ["road"], "png": "aGk="}, "png is str, no bytes"),
        (Mask(1, 1, ("road",), b"no picture"), "are no PNG"),
        (Mask(3, 3, LABELS, MASK.png), "a mask of 3 x 3 pixels has a PNG of 3 x 2"),
        (Mask(3, 2, ("road",), MASK.png), "a pixel is 2, the mask has 1 labels"),
        (Mask(3, 2, LABELS, colored_png(MASK)), "not of one channel"),
        (make_mask([[0, 1]], ["cow"]), "'cow' is no label of task 'street'"),
    ],
)
def test_a_label_that_is_no_mask_of_the_task_is_refused(label, message):
    with pytest.raises(InvalidPredictionError, match=message):
        task_of(SemanticSegmentation).normalise_label(label)


def test_two_labels_have_one_key_only_if_they_show_the_same():
    task = task_of(SemanticSegmentation)
    rewritten = BytesIO()
    Image.open(BytesIO(MASK.png)).save(rewritten, format="PNG", compress_level=0)
    same = Mask(MASK.width, MASK.height, LABELS, rewritten.getvalue())
    other = make_mask([[0, 1, 1], [2, 2, 2]], LABELS)
    assert same.png != MASK.png
    assert task.label_key(task.normalise_label(same)) == task.label_key(MASK)
    assert task.label_key(other) != task.label_key(MASK)


# --- what people say


@given(images.filter(lambda pixels: pixels.max() <= 2))
def test_a_semantic_mask_comes_back_as_it_went_in(pixels):
    task = task_of(SemanticSegmentation)
    mask = make_mask(pixels, LABELS)
    value = task.input(ITEM, mask)["initialValue"]
    answer = painted(mask, dict(mask_colors(LABELS)), initialValueModified=False)
    assert answer["street"]["labelMappings"] == value["labelMappings"]
    read = task.parse_answer(answer)
    assert (read.label, read.modified) == (mask, False)


@given(images)
def test_a_mask_of_instances_comes_back_as_it_went_in(pixels):
    mask = make_mask(pixels, ["car", "bus", "car"])
    assert task_of(InstanceSegmentation).parse_answer(instances(mask)).label == mask


def test_colors_may_come_in_any_order_and_not_all_be_there():
    reversed_colors = {"sky": "#1f77b4", "road": "#2ca02c"}
    assert task_of(SemanticSegmentation).parse_answer(painted(colors=reversed_colors)).label == MASK
    sky = make_mask([[0, 1]], ["sky"])
    read = task_of(SemanticSegmentation).parse_answer(painted(sky, {"sky": "#1f77b4"})).label
    assert (read.labels, mask_pixels(read).tolist()) == (LABELS, [[0, 2]])


@pytest.mark.parametrize("mappings", [{}, None])
def test_nothing_painted_is_a_mask_of_background(mappings):
    empty = make_mask([[0, 0], [0, 0]], ())
    read = task_of(SemanticSegmentation).parse_answer(painted(empty, {}, labelMappings=mappings)).label
    assert (read.labels, mask_pixels(read).tolist()) == (LABELS, [[0, 0], [0, 0]])


@pytest.mark.parametrize("none", [[], None])
def test_no_instance_is_a_mask_without_labels(none):
    empty = make_mask([[0, 0]], ())
    read = task_of(InstanceSegmentation).parse_answer(instances(empty, instances=none)).label
    assert (read.labels, mask_pixels(read).tolist()) == ((), [[0, 0]])


@pytest.mark.parametrize(
    "size", [None, {}, {"width": "3", "height": 2.0}, {"width": None, "height": "2"}, {"height": 2}]
)
def test_the_size_of_the_image_may_be_missing_or_text(size):
    answer = painted(inputImageProperties=size)
    assert task_of(SemanticSegmentation).parse_answer(answer).label == MASK


def test_labels_and_colors_may_have_zero_width_characters():
    answer = painted(labelMappings={"ro\u200bad": {"color": "#2CA02C\ufeff"}, "sky ": "#1f77b4"})
    assert task_of(SemanticSegmentation).parse_answer(answer).label == MASK


def test_the_picture_may_be_a_data_address_or_have_line_breaks():
    data = painted()["street"]["labeledImage"]["pngImageData"]
    for spelled in (
        f"data:image/png;base64,{data}",
        "\n".join(data[i : i + 76] for i in range(0, len(data), 76)),
    ):
        answer = painted(labeledImage={"pngImageData": spelled})
        assert task_of(SemanticSegmentation).parse_answer(answer).label == MASK


def test_a_transparent_pixel_is_background():
    picture = np.array([[[0x2C, 0xA0, 0x2C, 255], [0x2C, 0xA0, 0x2C, 0]]], dtype=np.uint8)
    answer = painted(inputImageProperties=None, labeledImage={"pngImageData": png_of(picture)})
    assert mask_pixels(task_of(SemanticSegmentation).parse_answer(answer).label).tolist() == [[1, 0]]


def test_of_a_color_that_stands_for_no_label_nothing_is_guessed():
    blurred = np.array([[[0x2C, 0xA0, 0x2C], [0x2D, 0xA0, 0x2C]]], dtype=np.uint8)
    answer = painted(inputImageProperties=None, labeledImage={"pngImageData": png_of(blurred)})
    with pytest.raises(InvalidOutputError, match=r"1 pixels have a color that stands for no label.*#2da02c"):
        task_of(SemanticSegmentation).parse_answer(answer)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"inputImageProperties": {"width": 6, "height": 4}}, "image is 6 pixels wide, what was painted 3"),
        ({"inputImageProperties": {"height": "4"}}, "image is 4 pixels high, what was painted 2"),
        ({"inputImageProperties": {"width": "wide"}}, "can't be read"),
        ({"labelMappings": [1]}, "its labelMappings are list, no object"),
        ({"labelMappings": {"road": {}}}, "a color is None"),
        ({"labelMappings": {"road": {"color": "green"}}}, "the color of 'road' is 'green'"),
        ({"labelMappings": {"cow": {"color": "#2ca02c"}}}, "label 'cow' is none of task 'street'"),
        ({"labeledImage": None}, "it has no labeledImage with pngImageData"),
        ({"labeledImage": {"pngImageData": ""}}, "it has no labeledImage with pngImageData"),
        ({"labeledImage": {"pngImageData": "abc"}}, "its pngImageData is no base64"),
        ({"labeledImage": {"pngImageData": "aGVsbG8="}}, "are no PNG"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(fields, message):
    with pytest.raises(InvalidOutputError, match=message):
        task_of(SemanticSegmentation).parse_answer(painted(**fields))


@pytest.mark.parametrize(
    ("given_as", "message"),
    [
        ("car", "its instances are str, no list"),
        ({"car": "#800000"}, "its instances are dict, no list"),
        (["#800000"], "label None is none of task 'street'"),
        ([{"label": "car"}], "a color is None"),
        ([{"label": "cow", "color": "#800000"}], "label 'cow' is none"),
        ([{"label": "car", "color": "#800000"}] * 2, "have the same color"),
    ],
)
def test_instances_that_cannot_be_read_say_why(given_as, message):
    with pytest.raises(InvalidOutputError, match=message):
        task_of(InstanceSegmentation).parse_answer(instances(instances=given_as))


@every_kind
def test_an_answer_under_another_name_is_one_to_another_task(kind):
    with pytest.raises(InvalidOutputError, match="no object under 'street', but 'mask'"):
        task_of(kind).parse_answer({"mask": painted()["street"]})


# --- what follows from it


@pytest.mark.parametrize(
    ("kind", "method", "metadata_type"),
    [
        (SemanticSegmentation, MaskVote, "groundtruth/semantic-segmentation"),
        (InstanceSegmentation, InstanceMaskConsolidation, "groundtruth/custom"),
    ],
)
def test_each_kind_has_its_type_of_label_method_and_metadata(kind, method, metadata_type):
    task = task_of(kind)
    assert task.label_type == task.model_label_type == mask_type()
    assert isinstance(task.consolidation(), method)
    assert task.metadata_type == metadata_type
    with pytest.raises(InvalidInputError, match="BoxConsolidation can't consolidate"):
        task.consolidation(BoxConsolidation())


def test_workers_whose_elements_use_other_colors_vote_on_the_same_labels():
    task = task_of(SemanticSegmentation)
    palettes = [COLORS, {"sky": "#2ca02c", "road": "#1f77b4"}, {"road": "#ff0000", "sky": "#00ff00"}]
    masks = [MASK, MASK, make_mask([[1, 1, 1], [1, 1, 1]], LABELS)]
    votes = [
        Vote("1", str(n), task.parse_answer(painted(mask, colors)).label)
        for n, (mask, colors) in enumerate(zip(masks, palettes, strict=True))
    ]
    consensus = task.consolidate(votes)["1"]
    assert consensus.label == MASK
    assert consensus.n_workers == 3
    assert 0 < consensus.agreement < 1
