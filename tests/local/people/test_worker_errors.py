"""How simulated workers err: as often as is said, in every way there is, and the same way each time."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Box, Keypoint, Span, make_mask, mask_pixels, read_colored_png
from hitl_sdk.local.answers import TruthAnswers

CHOICES = "['cat', 'dog', 'cow']"
SEVERAL = f'<crowd-classifier-multi-select name="n" categories="{CHOICES}">'
BOXES = f'<crowd-bounding-box name="n" src="s3://images/cat.png" labels="{CHOICES}">'
POINTS = f'<crowd-keypoint name="n" labels="{CHOICES}">'
ENTITIES = """<crowd-entity-annotation name="n" text="I am in Rome" labels="['city', 'person']">"""
ROADS = """<crowd-semantic-segmentation name="n" labels="['road', 'sky']">"""
CARS = """<crowd-instance-segmentation name="n" labels="['car']">"""
COLORS = {"road": "#1f77b4", "sky": "#ff7f0e"}


def test_each_of_several_labels_errs_by_itself(desk):
    said = [desk.known(SEVERAL, ("cat",), seed, accuracy=0.8)["n"]["labels"] for seed in range(600)]
    assert sum("cat" in labels for labels in said) == pytest.approx(480, abs=40)
    assert sum("dog" in labels for labels in said) == pytest.approx(120, abs=40)


def test_a_confusion_row_speaks_for_several_labels_and_shapes_too(desk):
    confusion = {"cat": {"dog": 1}, "dog": {"dog": 1}, "cow": {"cow": 1}}
    assert desk.known(SEVERAL, ("cat", "cow"), confusion=confusion) == {"n": {"labels": ["dog", "cow"]}}
    boxes = desk.known(BOXES, [Box("cat", 1, 2, 3, 4)], confusion=confusion)
    assert boxes["n"]["boundingBoxes"][0]["label"] == "dog"
    spans = ENTITIES.replace("person", "town")
    said = desk.known(spans, [Span("city", 8, 12)], confusion={"city": {"town": 1}})
    assert said["n"]["entities"] == [{"endOffset": 12, "label": "town", "startOffset": 8}]


def test_shapes_are_overlooked_or_named_wrongly_as_often_as_people_err(desk):
    truth = [Keypoint("cat", 3, 4)]
    said = [desk.known(POINTS, truth, seed, accuracy=0.6)["n"]["keypoints"] for seed in range(500)]
    names = [points[0]["label"] if points else None for points in said]
    assert names.count("cat") == pytest.approx(300, abs=45)
    assert names.count(None) == pytest.approx(100, abs=35)
    assert names.count("dog") == pytest.approx(50, abs=28)


def test_where_there_is_one_label_a_shape_is_overlooked_or_right(desk):
    template = "<crowd-keypoint name='n' labels=\"['cat']\">"
    said = [desk.known(template, [Keypoint("cat", 3, 4)], seed, accuracy=0.5) for seed in range(300)]
    assert sum(not answer["n"]["keypoints"] for answer in said) == pytest.approx(150, abs=35)


def test_the_jitter_is_the_standard_deviation_in_pixels(desk):
    template = "<crowd-keypoint name='n'>"
    said = [desk.known(template, [Keypoint("cat", 320, 240)], seed, jitter=5)["n"] for seed in range(800)]
    points = [answer["keypoints"][0] for answer in said]
    assert np.std([point["x"] for point in points]) == pytest.approx(5, abs=0.6)
    assert np.mean([point["y"] for point in points]) == pytest.approx(240, abs=0.8)


@given(
    box=st.tuples(*[st.integers(0, 29), st.integers(0, 19), st.integers(0, 30), st.integers(0, 20)]),
    jitter=st.floats(0.1, 100),
    seed=st.integers(0, 100),
)
@settings(max_examples=60)
def test_boxes_stay_in_the_image_and_keep_a_pixel_however_hands_shake(box, jitter, seed, desk):
    answer = desk.known(BOXES, [Box("cat", *box)], seed, jitter=jitter)
    (drawn_box,) = answer["n"]["boundingBoxes"]
    assert 0 <= drawn_box["left"] < drawn_box["left"] + drawn_box["width"] <= 30
    assert 0 <= drawn_box["top"] < drawn_box["top"] + drawn_box["height"] <= 20


@given(seed=st.integers(), start=st.integers(0, 11), accuracy=st.sampled_from([0.0, 0.5]))
@settings(max_examples=60)
def test_entities_stay_in_the_text(seed, start, accuracy, desk):
    answer = desk.known(ENTITIES, [Span("city", start, 12)], seed, accuracy=accuracy)
    assert all(0 <= each["startOffset"] < each["endOffset"] <= 12 for each in answer["n"]["entities"])


def test_entities_err_in_every_way_at_the_stated_rate(desk):
    said = [
        desk.known(ENTITIES, [Span("city", 8, 11)], seed, accuracy=0.4)["n"]["entities"]
        for seed in range(600)
    ]
    found = [tuple(entities[0].values()) if entities else None for entities in said]
    assert found.count((11, "city", 8)) == pytest.approx(240, abs=45)
    assert found.count(None) == pytest.approx(90, abs=35)
    assert found.count((11, "person", 8)) == pytest.approx(90, abs=35)


def test_a_text_that_is_nowhere_written_is_as_long_as_it_has_to_be(desk):
    template = "<crowd-entity-annotation name='n' labels=\"['city']\">"
    said = [
        desk.known(template, [Span("city", 8, 12)], seed, accuracy=0)["n"]["entities"] for seed in range(30)
    ]
    assert any(entities and entities[0]["endOffset"] > 12 for entities in said)


def test_the_edges_of_a_mask_fray_and_its_inside_stays(desk):
    pixels = np.zeros((40, 60), dtype=int)
    pixels[10:30, 15:45] = 1
    answer = desk.known(ROADS, make_mask(pixels, ["sky"]), jitter=1)["n"]
    read = read_colored_png(base64.b64decode(answer["labeledImage"]["pngImageData"]), COLORS)
    drawn_pixels = mask_pixels(read)
    assert (read.height, read.width) == (40, 60)
    assert (drawn_pixels[16:24, 21:39] == 2).all()
    assert not drawn_pixels[:4].any()
    assert ((drawn_pixels > 0) != (pixels > 0)).sum() > 20


def test_areas_are_overlooked_or_painted_as_something_else(desk):
    truth = make_mask(np.ones((2, 2), dtype=int), ["sky"])
    said = set()
    for seed in range(60):
        answer = desk.known(ROADS, truth, seed, accuracy=0.3)["n"]
        png = base64.b64decode(answer["labeledImage"]["pngImageData"])
        said.add(int(mask_pixels(read_colored_png(png, COLORS))[0, 0]))
    assert said == {0, 1, 2}


def test_an_instance_that_is_overlooked_leaves_the_others_their_places(desk):
    two_cars = make_mask([[0, 1], [2, 2]], ["car", "car"])
    answers = [desk.known(CARS, two_cars, seed, accuracy=0.5)["n"] for seed in range(30)]
    assert {len(answer["instances"]) for answer in answers} == {0, 1, 2}
    for answer in answers:
        colors = [(each["label"], each["color"]) for each in answer["instances"]]
        mask = read_colored_png(base64.b64decode(answer["labeledImage"]["pngImageData"]), colors)
        assert set(np.unique(mask_pixels(mask))) == {0, *range(1, len(colors) + 1)}


def test_many_instances_have_a_colour_each(desk):
    truth = make_mask(np.arange(1, 301).reshape(20, 15), ["car"] * 300)
    answer = desk.known(CARS, truth)["n"]
    assert len({each["color"] for each in answer["instances"]} - {"#ffffff", "#000000"}) == 300


def test_texts_have_a_typo_in_as_many_words_as_go_wrong(desk):
    words = ["reviewers"] * 400
    said = desk.known("<crowd-text-area name='n'>", " ".join(words), accuracy=0.7)["n"].split()
    assert len(said) == 400
    assert said.count("reviewers") == pytest.approx(280, abs=35)
    assert {abs(len(word) - 9) for word in said} == {0, 1}


def test_a_typo_in_a_number_leaves_a_number(desk):
    said = {desk.known("<crowd-input name=n>", 1945, seed, accuracy=0)["n"] for seed in range(20)}
    assert "1945" not in said
    assert all(len(text) == 4 and text.isdigit() for text in said)


def test_a_number_that_is_wrong_is_a_step_off_and_within_its_limits(desk):
    template = "<input type='number' name='n' step='0.5' max='2'>"
    assert {desk.known(template, "1.5", seed, accuracy=0)["n"] for seed in range(10)} == {"1", "2"}
    assert {desk.known(template, 2, seed, accuracy=0)["n"] for seed in range(10)} == {"1.5"}
    assert {desk.known("<input type='number' name='n'>", -3, n, accuracy=0)["n"] for n in range(10)} == {
        "-4",
        "-2",
    }


def test_a_slider_that_errs_is_a_step_off_and_within_its_ends(desk):
    template = "<crowd-slider name='n' min='0' max='10' step='2'>"
    assert {desk.known(template, 10, seed, accuracy=0)["n"] for seed in range(10)} == {8}
    assert {desk.known(template, 4, seed, accuracy=0)["n"] for seed in range(10)} == {2, 6}
    assert desk.known("<crowd-slider name='n' max='0'>", 0, accuracy=0) == {"n": 0}


@pytest.mark.parametrize("jitter", [-1, float("nan"), float("inf"), "much", True])
def test_a_jitter_is_a_number_of_pixels(jitter):
    with pytest.raises(InvalidInputError, match="jitter is"):
        TruthAnswers(lambda item: [], jitter=jitter)
