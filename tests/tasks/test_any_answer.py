"""Whatever stands in an answer, a label or an input is read, or refused by one error; what is read fits every frame."""

import json
import math
from base64 import b64encode
from collections import namedtuple
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from zlib import compress, crc32

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk._frames import build_frame
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import (
    Box,
    FormField,
    Keypoint,
    Mask,
    ScoredLabel,
    Shapes,
    Span,
    colored_png,
    make_mask,
    to_value,
)
from hitl_sdk.routing import Bands, EachLabel
from hitl_sdk.tasks import CheckField, ChoiceField, MultiChoiceField, NumberField, TextField

NO_TASKS = {"Answer", "Example", "FormInput", "Instructions", "ManifestEntry", "Task"} | {
    name for name in tasks.__all__ if name.endswith("Field")
}
EXAMPLES = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def one(kind, **fields):
    return kind(**{"name": "answer", "title": "What is it?"} | fields)


CUSTOM = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <p>{{ task.input.left }}</p> {% if task.input.hint %}{{ task.input.hint }}{% endif %}
  <crowd-classifier name="better" categories='["left", "right"]' header="Better?"></crowd-classifier>
  <crowd-bounding-box name="boxes" labels='["cat"]' src="{{ task.input.right }}"></crowd-bounding-box>
  <crowd-text-area name="why"></crowd-text-area>
  <crowd-checkbox name="sure"></crowd-checkbox>
  <crowd-slider name="stars" min="0" max="5"></crowd-slider>
  <select name="tags" multiple><option>a</option></select>
</crowd-form>
"""
FIELDS = [
    ChoiceField(name="kind", choices=["car", "bike"]),
    NumberField(name="price"),
    TextField(name="brand"),
    CheckField(name="used"),
    MultiChoiceField(name="extras", choices=["bell", "lamp"]),
]
BOX = {"label": "cat", "left": 1, "top": 2.5, "width": 30, "height": 20}
VERTICES = [{"x": 1, "y": 2.5}, {"x": 30, "y": 2}, {"x": 5, "y": 40}]
SIZE = {"width": 64, "height": 48}
PIXELS = make_mask([[0, 1, 1], [2, 2, 0]], ["road", "sky"])
PICTURE = colored_png(PIXELS, [("road", "#2ca02c"), ("sky", "#1f77b4")])
PAINTED = {
    "inputImageProperties": {"width": 3, "height": 2},
    "labeledImage": {"pngImageData": b64encode(PICTURE).decode()},
}
ROADS = {"road": {"color": "#2ca02c"}, "sky": {"color": "#1f77b4"}}
KEY = {"blockType": "KEY_VALUE_SET", "id": "k1", "entityTypes": ["KEY"], "text": "Due date",
       "relationships": [{"type": "VALUE", "ids": ["v1"]}]}  # fmt: skip
VALUE = {"blockType": "KEY_VALUE_SET", "id": "v1", "entityTypes": ["VALUE"],
         "relationships": [{"type": "CHILD", "ids": ["w1", "w2"]}]}  # fmt: skip
WORDS = [{"blockType": "WORD", "id": "w1", "text": "3"}, {"blockType": "WORD", "id": "w2", "text": "May"}]
FRAME = {"frameNumber": "3", "frame": "f_0004.jpg", "frameAttributes": {"weather": "rain"}}
NAMED = {"objectId": "a1", "objectName": "cat:1", "labelCategoryAttributes": {"hidden": "no"}}
CUBOID = {
    "label": "van", "center-x": 1, "center-y": 2.5, "center-z": "3", "length": 4, "width": 2, "height": 2, "yaw": 0.5
}  # fmt: skip
POINTS = b64encode(compress(bytes([0, 1, 2]))).decode()
CHOSEN, CHOSEN_SEVERAL = {"label": "a"}, {"labels": ["b", "a"]}

# A task, and the `answerContent` of a worker.
CASES = [
    (one(tasks.TextClassification, labels=["a", "b"]), {"answer": CHOSEN}),
    (one(tasks.ImageClassification, labels=["a", "b"]), {"answer": CHOSEN | {"workerComment": "blurred"}}),
    (one(tasks.VideoClassification, labels=["a", "1"]), {"answer": {"label": 1}}),
    (one(tasks.TextMultiClassification, labels=["a", "b", "c"]), {"answer": CHOSEN_SEVERAL}),
    (
        one(tasks.ImageMultiClassification, labels=["a", "b"], none_of_these="none"),
        {"answer": CHOSEN_SEVERAL},
    ),
    (
        one(tasks.RekognitionModeration, labels=["a", "b"]),
        {
            tasks.RekognitionModeration.answer_key: {
                "moderationLabels": ["b", {"name": "a", "parentName": "b"}]
            }
        },
    ),
    (
        one(tasks.NamedEntityRecognition, labels=["who", "where"]),
        {"answer": {"entities": [{"label": "who", "startOffset": 8, "endOffset": 12}]}},
    ),
    (one(tasks.TextractForms), {tasks.TextractForms.answer_key: {"blocks": [KEY, VALUE, *WORDS]}}),
    (one(tasks.TranscriptionReview), {"answer": "a fine apple"}),
    (
        one(tasks.Form, fields=FIELDS),
        {
            "kind": {"car": False, "bike": True},
            "price": "8.5",
            "brand": "Acme",
            "used": {"on": True},
            "extras": {"bell": True, "lamp": True},
        },
    ),
    (
        one(tasks.Custom, template=CUSTOM),
        {
            "better": {"label": "left"},
            "boxes": {"boundingBoxes": [BOX], "inputImageProperties": SIZE},
            "why": "shorter",
            "sure": {"on": False},
            "stars": 4,
            "tags": {"a": [True]},
        },
    ),
    (
        one(tasks.LabelReview, rule=EachLabel(Bands(accept=0.9, drop=0.4))),
        {"answer": {"a": True, "b": False}, "answer-added": "cat\n\nwho"},
    ),
    *(
        (
            one(kind, labels=["cat"]),
            {
                "answer": {
                    "boundingBoxes": [BOX, BOX],
                    "inputImageProperties": SIZE,
                    "initialValueModified": True,
                }
            },
        )
        for kind in (tasks.BoundingBox, tasks.BoundingBoxAdjustment)
    ),
    (one(tasks.BoundingBoxVerification, labels=["cat"]), {"answer": {"label": "Correct"}}),
    (one(tasks.ImageClassificationVerification, labels=["cat", "dog"]), {"answer": {"label": "Correct"}}),
    (
        one(tasks.PolygonAnnotation, labels=["roof"]),
        {"answer": {"polygons": [{"label": "roof", "vertices": VERTICES}], "inputImageProperties": SIZE}},
    ),
    (
        one(tasks.PolylineAnnotation, labels=["lane"]),
        {"answer": {"polylines": [{"label": "lane", "vertices": VERTICES}], "inputImageProperties": SIZE}},
    ),
    (
        one(tasks.KeypointAnnotation, labels=["nose"]),
        {"answer": {"keypoints": [{"label": "nose", "x": 3, "y": "4.5"}], "inputImageProperties": SIZE}},
    ),
    *(
        (one(kind, labels=["road", "sky"]), {"answer": PAINTED | {"labelMappings": ROADS}})
        for kind in (tasks.SemanticSegmentation, tasks.SemanticSegmentationAdjustment)
    ),
    (one(tasks.SemanticSegmentationVerification, labels=["road"]), {"answer": {"label": "Incorrect"}}),
    (
        one(tasks.InstanceSegmentation, labels=["car"]),
        {
            "answer": PAINTED
            | {"instances": [{"color": "#2ca02c", "label": "car"}, {"color": "#1f77b4", "label": "car"}]}
        },
    ),
    *(
        (one(kind, labels=["cat"]), {"answer": {"frames": [FRAME | {"boundingBoxes": [BOX | NAMED]}]}})
        for kind in (
            tasks.VideoObjectDetection,
            tasks.VideoObjectDetectionAdjustment,
            tasks.VideoObjectTracking,
            tasks.VideoObjectTrackingAdjustment,
        )
    ),
    *(
        (one(kind, labels=["van"]), {"answer": {"frames": [FRAME | {"cuboids": [CUBOID | NAMED]}]}})
        for kind in (tasks.PointCloudObjectTracking, tasks.PointCloudObjectTrackingAdjustment)
    ),
    *(
        (one(kind, labels=["van"]), {"answer": {"cuboids": [CUBOID], "initialValueModified": True}})
        for kind in (tasks.PointCloudObjectDetection, tasks.PointCloudObjectDetectionAdjustment)
    ),
    *(
        (one(kind, labels=["road", "tree"]), {"answer": {"labels": ["tree", "road"], "points": POINTS}})
        for kind in (tasks.PointCloudSemanticSegmentation, tasks.PointCloudSemanticSegmentationAdjustment)
    ),
]
of_every_task = pytest.mark.parametrize(
    ("task", "right"), CASES, ids=[type(task).__name__ for task, _ in CASES]
)


def nested(depth):
    value = None
    for _ in range(depth):
        value = [value]
    return value


def png_of_size(width, height):
    """Return the picture with a header that tells of another size."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + PICTURE[24:29]
    return PICTURE[:12] + header + crc32(header).to_bytes(4, "big") + PICTURE[33:]


ENGINES = ("pandas", "polars", "arrow")
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=6)
ODD_TEXTS = [
    "", " ", "a", "b", "cat", "who", "-1", "1.0", "0x10", "1e308", "NaN", "-Infinity", "1_000", "true", "on", "KEY",
    "\u200b", "c\u200bat\ufeff", "\ud800", "a\x00b", "\u0663", "#2ca02c", "#ZZZZZZ", "null", "[1, 2]", "{", "9" * 400,
    "s3://b/k", "v1", "left",
]  # fmt: skip
ODD_NUMBERS = [
    0, -1, 1, 2**53 + 1, 2**63, -(2**70), 10**400, 1e308, -1e308, 5e-324, -0.0, 0.5, math.nan, math.inf, -math.inf
]  # fmt: skip
PICTURES = [
    PICTURE, PIXELS.png, b"", b"no PNG", PICTURE[:40], PICTURE[:-12], png_of_size(60_000, 60_000), png_of_size(1, 1),
    png_of_size(12_000, 12_000), png_of_size(0, 0), PICTURE[:25] + b"\x06" + PICTURE[26:],
]  # fmt: skip
ODD_ANSWERS = [
    True, False, *ODD_TEXTS, *ODD_NUMBERS, *(b64encode(png).decode() for png in PICTURES), [], {}, nested(900), [{}] * 9,
    {"label": "a", "x": None}, {"a": "b"}, [[1, 2], [3, 4], [5, 6]],
]  # fmt: skip
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    any_text,
    st.sampled_from(ODD_TEXTS),
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from(PICTURES).map(lambda png: b64encode(png).decode()),
)


def keys_in(value):
    if isinstance(value, dict):
        return set(value).union(*map(keys_in, value.values()))
    return set().union(*map(keys_in, value)) if isinstance(value, list) else set()


def json_values(right):
    """Any JSON value, whose objects have keys that stand in the right answer, and others."""
    keys = st.sampled_from(sorted(keys_in(right))) | any_text
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    )
    return values | st.just(nested(900)) | st.just([{}] * 1000)


def places_in(value, path=()):
    """Every place in a JSON value, as the keys and indexes that lead to it; those far inside are left out."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in islice(inner, 20) if len(path) < 8 else ():
        yield from places_in(each, (*path, key))


def at(value, path):
    return at(value[path[0]], path[1:]) if path else value


def shown(value):
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return repr(value)


def changed(value, path, change):
    """Return the value with what `change` makes of what stands at a place."""
    if not path:
        return change(value)
    made = value.copy()
    made[path[0]] = changed(value[path[0]], path[1:], change)
    return made


def wrong_ones(old, odd):
    """What may stand in the place of a value: what is left of it, what is made of it, and anything odd."""
    yield from (None, [old], {"0": old}, str(old), shown(old), f"\u200b{old} ")
    if isinstance(old, list):
        yield old * 300
    if isinstance(old, int | float):
        yield -old
    if isinstance(old, dict):
        yield from ({key: each for key, each in old.items() if key != left_out} for left_out in old)
        yield {f"{key}\u200b": each for key, each in old.items()}
    yield from odd


def near_misses(right, odd):
    """Return the right value with one thing changed, in every place and every way."""
    return [
        changed(right, path, lambda _, wrong=wrong: wrong)
        for path in places_in(right)
        for wrong in wrong_ones(at(right, path), odd)
    ]


@st.composite
def mutants(draw, right, values):
    """The right value with two or three things changed."""
    made = right
    for _ in range(draw(st.integers(2, 3))):
        path = draw(st.sampled_from([place for place in places_in(made) if place] or [()]))
        wrong = draw(values | st.sampled_from(list(wrong_ones(at(made, path), ()))))
        made = changed(made, path, lambda _, wrong=wrong: wrong)
    return made


def values_in_frames(task, label):
    """Return a label as each engine's frame holds it."""
    columns = {"label": [to_value(label)]}
    frames = {
        engine: build_frame(columns, {"label": task.label_type}, engine)
        for engine in ("pandas", "polars", "arrow")
    }
    return [
        frames["pandas"]["label"].tolist()[0],
        frames["polars"]["label"].to_list()[0],
        frames["arrow"]["label"].to_pylist()[0],
    ]


def check_that_it_is_read_or_refused(task, content):
    try:
        label = task.parse_answer(content).label
    except InvalidOutputError:
        return
    values = values_in_frames(task, label)
    if not task.is_judgement:
        assert [task.normalise_label(value) for value in values] == [label] * 3


def test_every_task_is_asked():
    assert {type(task).__name__ for task, _ in CASES} == set(tasks.__all__) - NO_TASKS


@of_every_task
def test_a_right_answer_goes_through_every_frame_and_comes_back(task, right):
    label = task.parse_answer(right).label

    assert label not in (None, "", ())
    check_that_it_is_read_or_refused(task, right)


@of_every_task
def test_any_answer_is_read_or_refused_by_one_error(task, right):
    values = json_values(right)

    @EXAMPLES
    @given(st.dictionaries(st.sampled_from(sorted(right)) | any_text, values, min_size=1, max_size=4))
    def check(content):
        check_that_it_is_read_or_refused(task, content)

    check()


@of_every_task
def test_an_answer_that_is_almost_right_is_read_or_refused_by_one_error(task, right):
    for content in near_misses(right, ODD_ANSWERS):
        if isinstance(content, dict):
            check_that_it_is_read_or_refused(task, content)


@of_every_task
def test_an_answer_with_several_mistakes_is_read_or_refused_by_one_error(task, right):
    @EXAMPLES
    @given(mutants(right, json_values(right)).filter(lambda content: isinstance(content, dict)))
    def check(content):
        check_that_it_is_read_or_refused(task, content)

    check()


Pair = namedtuple("Pair", "x y")
OBJECTS = [
    np.array("a"), np.array(["a", "b"]), np.array([[1, 2]]), np.float64("nan"), np.int64(1), np.str_("a"), pd.NA, pd.NaT,
    pd.Series(["a"]), pd.DataFrame({"label": ["a"]}), pl.Series(["a"]), pl.DataFrame({"label": ["a"]}), object(), Box,
    int, len, b"a", bytearray(b"a"), memoryview(b"a"), {"a"}, frozenset("b"), range(3), 1j, Decimal("1.5"),
    Decimal("sNaN"), Fraction(1, 3), datetime(2026, 1, 1, tzinfo=UTC), Pair(1, 2), Mask("3", 2, ("road",), "text"), PIXELS,
    Mask(3, 2, "road", PIXELS.png), Mask(3, 2, (1, None), PIXELS.png), Shapes(None), Shapes((None,)), Shapes((1,), "x"),
    Shapes((Box("cat", "1", None, 3, 4),)), Box("cat", 1, 2, 3, 4), Span("who", 0, 1), (Span("who", "0", 1j),),
    [FormField(1, None)], ScoredLabel("cat", 2), [ScoredLabel("cat", "1", pd.NA)], {"cat": math.nan}, {"cat": 1}, Keypoint("nose", math.nan, 1), nested(900), {1: 2, None: 3}, {("a",): "b"}, ...,
]  # fmt: skip


def python_values(right):
    keys = st.sampled_from(sorted(keys_in(right))) | any_text | st.integers()
    leaves_of_python = leaves | st.sampled_from(OBJECTS) | st.binary(max_size=4)
    return st.recursive(
        leaves_of_python,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
        ),
        max_leaves=6,
    )


def own_label(task, right):
    """Return the plain value of a label that a model may give."""
    if not task.is_judgement:
        return to_value(task.parse_answer(right).label)
    if task.model_label_type is str:
        return task.model_label_names[0]
    return to_value(PIXELS if "png" in task.model_label_type else Shapes((Box("cat", 1, 2, 3, 4),)))


def check_label(task, label):
    try:
        read = task.normalise_label(label)
    except InvalidPredictionError:
        return
    for engine in ENGINES:
        build_frame({"label": [to_value(read)]}, {"label": task.model_label_type}, engine)
    assert task.normalise_label(to_value(read)) == read
    json.dumps(task.initial_value(read))


@of_every_task
def test_a_label_that_is_almost_one_is_read_or_refused_by_one_error(task, right):
    for label in near_misses(own_label(task, right), [*ODD_ANSWERS, *OBJECTS]):
        check_label(task, label)


@of_every_task
def test_any_label_of_a_model_is_read_or_refused_by_one_error(task, right):
    @EXAMPLES
    @given(python_values(right))
    def check(label):
        check_label(task, label)

    check()


@of_every_task
def test_any_input_is_made_or_refused_by_one_error(task, right):
    items = (
        leaves
        | st.sampled_from(OBJECTS)
        | st.sampled_from(['{"left": "a", "right": "b"}', "s3://data/1.png"])
    )

    @EXAMPLES
    @given(items, st.none() | python_values(right))
    def check(item, label):
        try:
            content = task.input(item, label)
        except InvalidPredictionError:
            return
        assert isinstance(task.item(json.loads(json.dumps(content))), str)

    check()


@of_every_task
def test_any_input_of_a_loop_gives_an_item_or_one_error(task, right):
    request = {"document": {"s3Object": {"bucket": "b", "name": "n"}}, "image": {"s3Object": {"bucket": "b"}}}
    known = {"taskObject": "x", "aiServiceRequest": request, "left": "l", "right": "r", "hint": 1}

    @EXAMPLES
    @given(mutants(known, json_values(known)) | st.dictionaries(any_text, json_values(known)))
    def check(content):
        try:
            item = task.item(content)
        except InvalidOutputError:
            return
        assert isinstance(item, str)

    check()
