"""What simulated workers answer to each crowd element: in the element's own shape, right or wrong."""

import base64
import json
from datetime import UTC, datetime
from io import BytesIO
from random import Random
from typing import Literal, NotRequired

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from hitl_sdk.errors import InvalidInputError
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
    colored_png,
    make_mask,
    mask_pixels,
    read_colored_png,
)
from hitl_sdk.local.answers import DefaultAnswers, TruthAnswers
from hitl_sdk.local.answers.families import CONTROLS, WIDGETS
from hitl_sdk.local.engine import OpenTask, Scope

SIZE = {"height": 20, "width": 30}
FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
MODERATION = "AWS/Rekognition/DetectModerationLabels/Image/V3"

# --- the shapes of answers, by element ------------------------------------------------------------------------------

exactly = with_config(ConfigDict(extra="forbid", strict=True))


@exactly
class Size(TypedDict):
    height: int
    width: int


@exactly
class Label(TypedDict):
    label: str


@exactly
class Labels(TypedDict):
    labels: list[str]


@exactly
class DrawnBox(TypedDict):
    height: int | float
    label: str
    left: int | float
    top: int | float
    width: int | float


@exactly
class Boxes(TypedDict):
    boundingBoxes: list[DrawnBox]
    inputImageProperties: Size
    initialValueModified: NotRequired[bool]


@exactly
class XY(TypedDict):
    x: int | float
    y: int | float


@exactly
class Outline(TypedDict):
    label: str
    vertices: list[XY]


@exactly
class Polygons(TypedDict):
    polygons: list[Outline]
    inputImageProperties: Size


@exactly
class Polylines(TypedDict):
    polylines: list[Outline]
    inputImageProperties: Size


@exactly
class Lines(TypedDict):
    lines: list[Outline]
    inputImageProperties: Size


@exactly
class DrawnKeypoint(XY):
    label: str


@exactly
class Keypoints(TypedDict):
    keypoints: list[DrawnKeypoint]
    inputImageProperties: Size


@exactly
class LabeledImage(TypedDict):
    pngImageData: str


@exactly
class Color(TypedDict):
    color: str


@exactly
class Semantic(TypedDict):
    inputImageProperties: Size
    labelMappings: dict[str, Color]
    labeledImage: LabeledImage
    initialValueModified: NotRequired[bool]


@exactly
class Instance(TypedDict):
    color: str
    label: str


@exactly
class Instances(TypedDict):
    inputImageProperties: Size
    instances: list[Instance]
    labeledImage: LabeledImage


@exactly
class Entity(TypedDict):
    endOffset: int
    label: str
    startOffset: int


@exactly
class EntityList(TypedDict):
    entities: list[Entity]


@exactly
class ModerationLabels(TypedDict):
    moderationLabels: list[dict[str, str] | str]


@exactly
class Relationship(TypedDict):
    type: Literal["VALUE", "CHILD"]
    ids: list[str]


@exactly
class Block(TypedDict):
    blockType: Literal["KEY_VALUE_SET"]
    id: str
    entityTypes: list[Literal["KEY", "VALUE"]]
    relationships: list[Relationship]
    text: str


@exactly
class Blocks(TypedDict):
    blocks: list[Block]


@exactly
class Ranking(TypedDict):
    name: str
    responseRankings: list[int]


# --- one template, one truth and one answer of each element ---------------------------------------------------------

KEY = {
    "blockType": "KEY_VALUE_SET",
    "id": "k1",
    "entityTypes": ["KEY"],
    "relationships": [{"type": "VALUE", "ids": ["v1"]}, {"type": "CHILD", "ids": ["w1"]}],
}
VALUE = {
    "blockType": "KEY_VALUE_SET",
    "id": "v1",
    "entityTypes": ["VALUE"],
    "relationships": [{"type": "CHILD", "ids": ["w2", "w3"]}],
}
WORDS = [{"blockType": "WORD", "id": f"w{n}", "text": text} for n, text in enumerate(["Due", "3", "May"], 1)]
MASK = make_mask([[0] * 30] * 5 + [[1] * 30] * 5 + [[2] * 30] * 10, ["road", "sky"])
TWO_CARS = make_mask([[0] * 30] * 5 + [[1] * 30] * 5 + [[2] * 30] * 10, ["car", "car"])
COLORS = {"road": "#1f77b4", "sky": "#ff7f0e"}
SEMANTIC = {
    "inputImageProperties": SIZE,
    "labelMappings": {label: {"color": color} for label, color in COLORS.items()},
    "labeledImage": {"pngImageData": base64.b64encode(colored_png(MASK, COLORS)).decode()},
}
CAR_COLORS = [("car", "#1f77b4"), ("car", "#ff7f0e")]
INSTANCES = {
    "inputImageProperties": SIZE,
    "instances": [{"color": color, "label": label} for label, color in CAR_COLORS],
    "labeledImage": {"pngImageData": base64.b64encode(colored_png(TWO_CARS, CAR_COLORS)).decode()},
}
BACKGROUND = base64.b64encode(colored_png(make_mask(np.zeros((20, 30), dtype=int), ()))).decode()
IMAGE = "src='s3://images/cat.png'"
LABELS = "labels=\"['cat', 'dog', 'cow']\""
PAINTED = "labels=\"['road', 'sky']\""
OUTLINE = {"label": "cat", "vertices": [{"x": 1, "y": 2}, {"x": 5, "y": 2}, {"x": 5, "y": 9}]}
OUTLINE_OBJECT = (Point(1, 2), Point(5, 2), Point(5, 9))


class Case:
    """An element: how it is written, what its answers look like, what is true, and what is answered then."""

    def __init__(self, attributes, answers, truth, answer, *, empty, initial=None, key="n", inside=""):
        self.attributes = attributes
        self.answers = TypeAdapter(answers)
        self.truth = truth
        self.answer = answer
        self.empty = empty
        self.initial = answer if initial is None else initial
        self.key = key
        self.inside = inside


def drawn(key, parts):
    return {key: parts, "inputImageProperties": SIZE}


CASES = {
    "crowd-classifier": Case(
        "categories=\"['cat', 'dog']\"", Label, "dog", {"label": "dog"}, empty={"label": "cat"}
    ),
    "crowd-image-classifier": Case(
        "categories=\"['cat', 'dog']\"", Label, "dog", {"label": "dog"}, empty={"label": "cat"}
    ),
    "crowd-classifier-multi-select": Case(
        "categories=\"['cat', 'dog', 'cow']\"",
        Labels,
        ("cow", "cat"),
        {"labels": ["cat", "cow"]},
        empty={"labels": ["cat"]},
    ),
    "crowd-image-classifier-multi-select": Case(
        "categories=\"['cat', 'dog', 'cow']\"", Labels, [], {"labels": []}, empty={"labels": ["cat"]}
    ),
    "crowd-bounding-box": Case(
        f"{IMAGE} {LABELS}",
        Boxes,
        Shapes((Box("cat", 1, 2, 10, 9, confidence=0.5),)),
        drawn("boundingBoxes", [{"height": 9, "label": "cat", "left": 1, "top": 2, "width": 10}]),
        empty=drawn("boundingBoxes", []),
    ),
    "crowd-polygon": Case(
        f"{IMAGE} {LABELS}",
        Polygons,
        Shapes((Polygon("cat", OUTLINE_OBJECT),)),
        drawn("polygons", [OUTLINE]),
        empty=drawn("polygons", []),
    ),
    "crowd-polyline": Case(
        f"{IMAGE} {LABELS}",
        Polylines,
        [Polyline("cat", OUTLINE_OBJECT)],
        drawn("polylines", [OUTLINE]),
        empty=drawn("polylines", []),
    ),
    "crowd-line": Case(
        f"{IMAGE} {LABELS}",
        Lines,
        [{"label": "cat", "vertices": OUTLINE["vertices"][:2]}],
        drawn("lines", [{"label": "cat", "vertices": OUTLINE["vertices"][:2]}]),
        empty=drawn("lines", []),
    ),
    "crowd-keypoint": Case(
        f"{IMAGE} {LABELS}",
        Keypoints,
        {"keypoints": [Keypoint("cat", 3, 4)]},
        drawn("keypoints", [{"label": "cat", "x": 3, "y": 4}]),
        empty=drawn("keypoints", []),
    ),
    "crowd-entity-annotation": Case(
        "text='I am in Rome' labels=\"[{ label: 'city' }, { label: 'person' }]\"",
        EntityList,
        (Span("city", 8, 12), Span("person", 0, 1)),
        {
            "entities": [
                {"endOffset": 1, "label": "person", "startOffset": 0},
                {"endOffset": 12, "label": "city", "startOffset": 8},
            ]
        },
        empty={"entities": []},
    ),
    "crowd-semantic-segmentation": Case(
        f"{IMAGE} {PAINTED}",
        Semantic,
        MASK,
        SEMANTIC,
        empty={**SEMANTIC, "labeledImage": {"pngImageData": BACKGROUND}},
        initial={"labelMappings": SEMANTIC["labelMappings"], "src": "s3://images/semantic.png"},
    ),
    "crowd-instance-segmentation": Case(
        f"{IMAGE} labels=\"['car']\"",
        Instances,
        TWO_CARS,
        INSTANCES,
        empty={
            "inputImageProperties": SIZE,
            "instances": [],
            "labeledImage": {"pngImageData": BACKGROUND},
        },
        initial={"instances": INSTANCES["instances"], "src": "s3://images/instances.png"},
    ),
    "crowd-rekognition-detect-moderation-labels": Case(
        "categories=\"[{ name: 'Weapons', parentName: 'Violence' }, { name: 'Drugs', parentName: '' }]\"",
        ModerationLabels,
        ("Weapons",),
        {"moderationLabels": [{"name": "Weapons", "parentName": "Violence"}]},
        empty={"moderationLabels": []},
        key=MODERATION,
    ),
    "crowd-textract-analyze-document": Case(
        IMAGE,
        Blocks,
        (FormField("Due", "3 May"),),
        {
            "blocks": [
                {
                    "blockType": "KEY_VALUE_SET",
                    "entityTypes": ["KEY"],
                    "id": "new-key-1",
                    "relationships": [{"type": "VALUE", "ids": ["new-value-1"]}],
                    "text": "Due",
                },
                {
                    "blockType": "KEY_VALUE_SET",
                    "entityTypes": ["VALUE"],
                    "id": "new-value-1",
                    "relationships": [],
                    "text": "3 May",
                },
            ]
        },
        empty={"blocks": []},
        key=FORMS,
    ),
    "crowd-text-ranking": Case(
        'ordinal-ranking-dimensions=\'[{"name": "Clarity"}]\' responses=\'["a", "b", "c"]\'',
        list[Ranking],
        {"Clarity": [3, 1, 2]},
        [{"name": "Clarity", "responseRankings": [3, 1, 2]}],
        empty=[{"name": "Clarity", "responseRankings": [1, 2, 3]}],
        key="ordinalRankingDimensions",
    ),
    "crowd-question-answer-generation": Case(
        "text='I am in Rome'",
        list[dict[str, str]],
        [{"question": "Where?"}],
        [{"question": "Where?"}],
        empty=[],
    ),
    "crowd-checkbox": Case("value='wet'", dict[str, bool], True, {"wet": True}, empty={"wet": False}),
    "crowd-toggle-button": Case("", dict[str, bool], True, {"on": True}, empty={"on": False}),
    "crowd-radio-button": Case("value='yes'", dict[str, bool], True, {"yes": True}, empty={"yes": False}),
    "crowd-slider": Case("min='2' max='9' value='3'", int | float, 7, 7, empty=3),
    "crowd-input": Case("", str, "a b", "a b", empty=None),
    "crowd-text-area": Case("value='seen'", str, "a b", "a b", empty="seen"),
    "input": Case("type='email' value='ana@example.com'", str, "a b", "a b", empty="ana@example.com"),
    "input hidden": Case("type='hidden' value='w'", str, "v", "v", empty="w"),
    "input checkbox": Case("type='checkbox'", dict[str, bool], True, {"on": True}, empty={"on": False}),
    "input radio": Case("type='radio' value='v'", dict[str, bool], True, {"v": True}, empty={"v": False}),
    "select": Case(
        "", str, "b", "b", empty="a", inside="<option>a</option><option value='b'>Bee</option></select>"
    ),
    "textarea": Case("", str, "a b", "a b", empty="1 < 2", inside="\n1 &lt; 2</textarea>"),
}
DRAWN = {
    "crowd-bounding-box": "boundingBoxes",
    "crowd-polygon": "polygons",
    "crowd-polyline": "polylines",
    "crowd-line": "lines",
    "crowd-keypoint": "keypoints",
}
TAGS = pytest.mark.parametrize("tag", CASES)


def picture(width=30, height=20):
    written = BytesIO()
    Image.new("RGB", (width, height)).save(written, format="PNG")
    return written.getvalue()


OBJECTS = {
    "cat.png": picture(),
    "semantic.png": base64.b64decode(SEMANTIC["labeledImage"]["pngImageData"]),
    "instances.png": base64.b64decode(INSTANCES["labeledImage"]["pngImageData"]),
    "no.png": b"no picture",
}


def read_object(bucket, key):
    return OBJECTS.get(key) if bucket == "images" else None


def template_of(tag, **attributes):
    case = CASES[tag]
    more = " ".join(f"{name}='{value}'" for name, value in attributes.items())
    return f"<crowd-form><{tag.split()[0]} name='n' {case.attributes} {more}>{case.inside}</crowd-form>"


def task(template, **input_content):
    return OpenTask(
        scope=Scope("123456789012", "eu-west-1"),
        human_loop_name="loop",
        flow="arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/flow",
        title="t",
        description="d",
        template=template,
        input_content=input_content,
        task_count=1,
        answered_by=frozenset(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        sequence=1,
    )


def default_answer(template, **input_content):
    return DefaultAnswers().answer(task(template, **input_content), Random(0), read_object)


def known_answer(template, truth, seed=0, **options):
    answers = TruthAnswers(lambda item: truth, **options)
    return answers.answer(task(template), Random(seed), read_object)


def with_initial(tag, initial):
    return template_of(tag, **{"initial-value": json.dumps(initial)})


def test_there_is_a_case_of_every_element_that_takes_an_answer():
    assert CASES.keys() == {*WIDGETS, *CONTROLS}


# --- who agrees with what is there ----------------------------------------------------------------------------------


@TAGS
def test_where_nothing_is_set_the_emptiest_answer_is_given(tag):
    case = CASES[tag]
    assert default_answer(template_of(tag)) == ({} if case.empty is None else {case.key: case.empty})


@TAGS
def test_the_emptiest_answer_has_the_shape_of_the_elements(tag):
    case = CASES[tag]
    if case.empty is not None:
        case.answers.validate_json(json.dumps(default_answer(template_of(tag))[case.key]))


@pytest.mark.parametrize("tag", ["crowd-bounding-box", "crowd-semantic-segmentation"])
def test_an_initial_value_is_handed_in_unchanged_and_said_to_be(tag):
    case = CASES[tag]
    answer = default_answer(with_initial(tag, case.initial))
    assert answer == {"n": {**case.answer, "initialValueModified": False}}
    case.answers.validate_python(answer["n"])


@pytest.mark.parametrize(
    "tag",
    [
        "crowd-entity-annotation",
        "crowd-instance-segmentation",
        "crowd-keypoint",
        "crowd-line",
        "crowd-polygon",
        "crowd-polyline",
    ],
)
def test_an_initial_value_is_handed_in_unchanged(tag):
    case = CASES[tag]
    assert default_answer(with_initial(tag, case.initial)) == {"n": case.answer}


@pytest.mark.parametrize("tag", DRAWN)
def test_an_initial_value_may_be_the_bare_list_of_shapes(tag):
    initial = CASES[tag].answer[DRAWN[tag]]
    answer = default_answer(with_initial(tag, initial))
    assert answer["n"][DRAWN[tag]] == initial


@pytest.mark.parametrize("initial", ["", " ", "null"])
@pytest.mark.parametrize(
    "tag", [*DRAWN, "crowd-entity-annotation", "crowd-semantic-segmentation", "crowd-instance-segmentation"]
)
def test_an_initial_value_that_the_input_does_not_have_is_none(tag, initial):
    assert default_answer(template_of(tag, **{"initial-value": initial})) == {"n": CASES[tag].empty}


def test_the_fields_of_a_document_keep_their_blocks_and_get_the_text_of_their_words():
    template = template_of(
        "crowd-textract-analyze-document", **{"initial-value": "{{ task.input.blocks | to_json | escape }}"}
    )
    answer = default_answer(template, blocks=[KEY, VALUE, *WORDS])
    assert answer == {FORMS: {"blocks": [{**KEY, "text": "Due"}, {**VALUE, "text": "3 May"}]}}
    CASES["crowd-textract-analyze-document"].answers.validate_python(answer[FORMS])


def test_several_labels_that_the_model_said_are_agreed_with():
    template = template_of("crowd-image-classifier-multi-select")
    assert default_answer(template, initialValue=["cow", "cat", "bee"]) == {"n": {"labels": ["cat", "cow"]}}


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ("<select name='n'><option>a<option value='b' selected>Bee</select>", {"n": "b"}),
        ("<select name='n'><option value=''>choose</option><option>a</option></select>", {}),
        ("<select name='n' multiple><option>a</option></select>", {}),
        (
            "<select name='n'>{% for l in task.input.list %}<option>{{ l }}</option>{% endfor %}</select>",
            {"n": "x"},
        ),
        ("<textarea name='n'>{{ task.input.text }}</textarea>", {"n": "a\nb"}),
        ("<crowd-slider name='n' min='2' max='9'>", {"n": 2}),
        ("<crowd-slider name='n' value='2.5'>", {"n": 2.5}),
        ("<crowd-slider name='n'>", {"n": 0}),
        ("<input type='range' name='n' max='10'>", {"n": "5"}),
        ("<input type='number' name='n' min='3' required>", {"n": "3"}),
        ("<input type='email' name='n' required>", {"n": "ana@example.com"}),
        ("<crowd-input name='n' required min-length='3'>", {"n": "---"}),
        ("<crowd-checkbox name='n' required>", {"n": {"on": True}}),
        (
            "<input type=radio name=n value=a required><input type=radio name=n value=b required>",
            {"n": {"a": True, "b": False}},
        ),
        (
            "<crowd-radio-group><crowd-radio-button name=n value=a checked></crowd-radio-button>"
            "<crowd-radio-button name=n value=b></crowd-radio-button></crowd-radio-group>",
            {"n": {"a": True, "b": False}},
        ),
        (
            "<crowd-radio-group><crowd-radio-button name=a value=yes checked></crowd-radio-button>"
            "<crowd-radio-button name=b value=no></crowd-radio-button></crowd-radio-group>",
            {"a": {"yes": True}, "b": {"no": False}},
        ),
        (
            "<crowd-checkbox name=n value=a checked></crowd-checkbox><input type=checkbox name=n value=b>",
            {"n": {"a": True, "b": False}},
        ),
        ("<input name='n' value='v' disabled><input type='submit' name='s' value='Send'>", {}),
        ("<crowd-input value='v'><crowd-slider><input type='checkbox'><textarea>t</textarea>", {}),
    ],
)
def test_controls_send_what_a_browser_would(template, answer):
    assert default_answer(template, text="a\nb", list=["x", "y"]) == answer


# --- who knows the truth --------------------------------------------------------------------------------------------


@TAGS
def test_who_never_errs_answers_the_truth(tag):
    case = CASES[tag]
    if tag != "input hidden":  # which nobody sees
        assert known_answer(template_of(tag), case.truth) == {case.key: case.answer}


@TAGS
def test_a_truth_may_be_told_by_name(tag):
    case = CASES[tag]
    template = template_of(tag) + "<crowd-text-area name='c' value='seen'>"
    assert known_answer(template, {case.key: case.truth}) == {case.key: case.answer, "c": "seen"}


@pytest.mark.parametrize("tag", [tag for tag in WIDGETS if tag != "crowd-text-ranking"])
def test_a_truth_may_be_given_as_the_element_writes_it(tag):
    case = CASES[tag]
    truth = {"Due": "3 May"} if tag == "crowd-textract-analyze-document" else case.answer
    truth = "dog" if case.answer == {"label": "dog"} else truth
    assert known_answer(template_of(tag), truth) == {case.key: case.answer}


@pytest.mark.parametrize("seed", range(8))
@TAGS
def test_whoever_errs_still_answers_in_the_elements_shape(tag, seed):
    case = CASES[tag]
    template, key = template_of(tag), case.key
    answer = known_answer(template, {key: case.truth}, seed, accuracy=0.3, jitter=4)
    if key in answer:
        case.answers.validate_json(json.dumps(answer[key]))
    assert answer == known_answer(template, {key: case.truth}, seed, accuracy=0.3, jitter=4)


@TAGS
def test_who_errs_often_is_often_wrong(tag):
    case = CASES[tag]
    truth = {case.key: case.truth}
    answers = [known_answer(template_of(tag), truth, seed, accuracy=0.2, jitter=4) for seed in range(40)]
    wrong = sum(answer != {case.key: case.answer} for answer in answers)
    assert wrong >= 15 or tag == "crowd-question-answer-generation"


def test_each_of_several_labels_errs_by_itself():
    template = template_of("crowd-classifier-multi-select")
    said = [known_answer(template, ("cat",), seed, accuracy=0.8)["n"]["labels"] for seed in range(600)]
    assert sum("cat" in labels for labels in said) == pytest.approx(480, abs=40)
    assert sum("dog" in labels for labels in said) == pytest.approx(120, abs=40)


def test_a_confusion_row_speaks_for_several_labels_and_shapes_too():
    confusion = {"cat": {"dog": 1}, "dog": {"dog": 1}, "cow": {"cow": 1}}
    template = template_of("crowd-classifier-multi-select")
    assert known_answer(template, ("cat", "cow"), confusion=confusion) == {"n": {"labels": ["dog", "cow"]}}
    boxes = known_answer(template_of("crowd-bounding-box"), [Box("cat", 1, 2, 3, 4)], confusion=confusion)
    assert boxes["n"]["boundingBoxes"][0]["label"] == "dog"
    template = "<crowd-entity-annotation name='n' text='I am in Rome' labels=\"['cat', 'dog']\">"
    entities = known_answer(template, [Span("cat", 8, 12)], confusion=confusion)
    assert entities["n"]["entities"] == [{"endOffset": 12, "label": "dog", "startOffset": 8}]


def test_shapes_are_overlooked_or_named_wrongly_as_often_as_people_err():
    template = template_of("crowd-keypoint")
    truth = [Keypoint("cat", 3, 4)]
    said = [known_answer(template, truth, seed, accuracy=0.6)["n"]["keypoints"] for seed in range(500)]
    names = [points[0]["label"] if points else None for points in said]
    assert names.count("cat") == pytest.approx(300, abs=45)
    assert names.count(None) == pytest.approx(100, abs=35)
    assert names.count("dog") == pytest.approx(50, abs=28)


def test_where_there_is_one_label_a_shape_is_overlooked_or_right():
    template = f"<crowd-keypoint name='n' {IMAGE} labels=\"['cat']\">"
    said = [known_answer(template, [Keypoint("cat", 3, 4)], seed, accuracy=0.5) for seed in range(300)]
    assert sum(not answer["n"]["keypoints"] for answer in said) == pytest.approx(150, abs=35)


def test_the_jitter_is_the_standard_deviation_in_pixels():
    template = "<crowd-keypoint name='n'>"
    said = [known_answer(template, [Keypoint("cat", 320, 240)], seed, jitter=5)["n"] for seed in range(800)]
    points = [answer["keypoints"][0] for answer in said]
    assert np.std([point["x"] for point in points]) == pytest.approx(5, abs=0.6)
    assert np.mean([point["y"] for point in points]) == pytest.approx(240, abs=0.8)


@given(
    box=st.tuples(*[st.integers(0, 29), st.integers(0, 19), st.integers(0, 30), st.integers(0, 20)]),
    jitter=st.floats(0.1, 100),
    seed=st.integers(0, 100),
)
@settings(max_examples=60)
def test_boxes_stay_in_the_image_and_keep_a_pixel_however_hands_shake(box, jitter, seed):
    answer = known_answer(template_of("crowd-bounding-box"), [Box("cat", *box)], seed, jitter=jitter)
    (drawn_box,) = answer["n"]["boundingBoxes"]
    assert 0 <= drawn_box["left"] < drawn_box["left"] + drawn_box["width"] <= 30
    assert 0 <= drawn_box["top"] < drawn_box["top"] + drawn_box["height"] <= 20


@given(seed=st.integers(), start=st.integers(0, 11), accuracy=st.sampled_from([0.0, 0.5]))
@settings(max_examples=60)
def test_entities_stay_in_the_text(seed, start, accuracy):
    template = template_of("crowd-entity-annotation")
    answer = known_answer(template, [Span("city", start, 12)], seed, accuracy=accuracy)
    assert all(0 <= each["startOffset"] < each["endOffset"] <= 12 for each in answer["n"]["entities"])


def test_entities_err_in_every_way_at_the_stated_rate():
    template = template_of("crowd-entity-annotation")
    said = [
        known_answer(template, [Span("city", 8, 11)], seed, accuracy=0.4)["n"]["entities"]
        for seed in range(600)
    ]
    found = [tuple(entities[0].values()) if entities else None for entities in said]
    assert found.count((11, "city", 8)) == pytest.approx(240, abs=45)
    assert found.count(None) == pytest.approx(90, abs=35)
    assert found.count((11, "person", 8)) == pytest.approx(90, abs=35)


def test_a_text_that_is_nowhere_written_is_as_long_as_it_has_to_be():
    template = "<crowd-entity-annotation name='n' labels=\"['city']\">"
    said = [
        known_answer(template, [Span("city", 8, 12)], seed, accuracy=0)["n"]["entities"] for seed in range(30)
    ]
    assert any(entities and entities[0]["endOffset"] > 12 for entities in said)


def test_the_edges_of_a_mask_fray_and_its_inside_stays():
    pixels = np.zeros((40, 60), dtype=int)
    pixels[10:30, 15:45] = 1
    answer = known_answer(template_of("crowd-semantic-segmentation"), make_mask(pixels, ["sky"]), jitter=1)[
        "n"
    ]
    read = read_colored_png(base64.b64decode(answer["labeledImage"]["pngImageData"]), COLORS)
    drawn_pixels = mask_pixels(read)
    assert (read.height, read.width) == (40, 60)
    assert (drawn_pixels[16:24, 21:39] == 2).all()
    assert not drawn_pixels[:4].any()
    assert ((drawn_pixels > 0) != (pixels > 0)).sum() > 20


def test_areas_are_overlooked_or_painted_as_something_else():
    template = template_of("crowd-semantic-segmentation")
    truth = make_mask(np.ones((2, 2), dtype=int), ["sky"])
    said = set()
    for seed in range(60):
        answer = known_answer(template, truth, seed, accuracy=0.3)["n"]
        png = base64.b64decode(answer["labeledImage"]["pngImageData"])
        said.add(int(mask_pixels(read_colored_png(png, COLORS))[0, 0]))
    assert said == {0, 1, 2}


def test_an_instance_that_is_overlooked_leaves_the_others_their_places():
    template = template_of("crowd-instance-segmentation")
    answers = [known_answer(template, TWO_CARS, seed, accuracy=0.5)["n"] for seed in range(30)]
    assert {len(answer["instances"]) for answer in answers} == {0, 1, 2}
    for answer in answers:
        colors = [(each["label"], each["color"]) for each in answer["instances"]]
        mask = read_colored_png(base64.b64decode(answer["labeledImage"]["pngImageData"]), colors)
        assert set(np.unique(mask_pixels(mask))) == {0, *range(1, len(colors) + 1)}


def test_many_instances_have_a_colour_each():
    truth = make_mask(np.arange(1, 301).reshape(20, 15), ["car"] * 300)
    answer = known_answer(template_of("crowd-instance-segmentation"), truth)["n"]
    assert len({each["color"] for each in answer["instances"]} - {"#ffffff", "#000000"}) == 300


def test_colours_of_an_initial_value_are_kept_and_the_others_differ():
    initial = {"labelMappings": {"sky": {"color": "#1F77B4"}}, "src": "s3://images/none.png"}
    answer = known_answer(with_initial("crowd-semantic-segmentation", initial), MASK)["n"]
    assert answer["labelMappings"] == {"sky": {"color": "#1F77B4"}, "road": {"color": "#ff7f0e"}}
    assert answer["initialValueModified"] is True


@pytest.mark.parametrize(("truth", "modified"), [(MASK, False), (make_mask([[1]], ["sky"]), True)])
def test_a_mask_that_was_mended_says_so(truth, modified):
    case = CASES["crowd-semantic-segmentation"]
    answer = known_answer(with_initial("crowd-semantic-segmentation", case.initial), truth)
    assert answer["n"]["initialValueModified"] is modified


def test_boxes_that_were_mended_say_so():
    template = with_initial(
        "crowd-bounding-box", [{"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}]
    )
    same, other = (
        known_answer(template, [Box("cat", left, 2, 3, 4)])["n"]["initialValueModified"] for left in (1, 2)
    )
    assert (same, other) == (False, True)


def test_a_field_that_the_document_shows_keeps_its_blocks():
    initial = json.dumps([{**KEY, "text": "Due"}, {**VALUE, "text": "3 Moy"}])
    template = template_of("crowd-textract-analyze-document", **{"initial-value": initial})
    answer = known_answer(template, [FormField("Due", "3 May"), {"key": "Sum", "value": "7"}])
    blocks = answer[FORMS]["blocks"]
    assert blocks[:2] == [{**KEY, "text": "Due"}, {**VALUE, "text": "3 May"}]
    assert [block["id"] for block in blocks[2:]] == ["new-key-2", "new-value-2"]


def test_texts_have_a_typo_in_as_many_words_as_go_wrong():
    words = ["reviewers"] * 400
    said = known_answer("<crowd-text-area name='n'>", " ".join(words), accuracy=0.7)["n"].split()
    assert len(said) == 400
    assert said.count("reviewers") == pytest.approx(280, abs=35)
    assert {abs(len(word) - 9) for word in said} == {0, 1}


def test_a_typo_in_a_number_leaves_a_number():
    said = {known_answer("<input type=number name=n>", 1945, seed, accuracy=0)["n"] for seed in range(20)}
    assert "1945" not in said
    assert all(len(text) == 4 and text.isdigit() for text in said)


def test_a_form_is_answered_by_name_and_the_rest_keeps_what_it_shows():
    template = """
    <crowd-form>
      <crowd-input name="title"></crowd-input>
      <input type="radio" name="kind" value="a"><input type="radio" name="kind" value="b">
      <crowd-checkbox name="flags" value="wet"></crowd-checkbox><crowd-checkbox name="flags" value="dim"></crowd-checkbox>
      <select name="size"><option>S</option><option>L</option></select>
      <crowd-slider name="score" value="5"></crowd-slider>
      <input type="hidden" name="id" value="{{ task.input.taskObject }}">
    </crowd-form>
    """
    truth = {"title": "A cat", "kind": "b", "flags": ("dim",), "size": "L"}
    answers = TruthAnswers(lambda item: truth)
    assert answers.answer(task(template, taskObject="i-1"), Random(0)) == {
        "title": "A cat",
        "kind": {"a": False, "b": True},
        "flags": {"wet": False, "dim": True},
        "size": "L",
        "score": 5,
        "id": "i-1",
    }


@pytest.mark.parametrize(
    ("template", "truth", "answer"),
    [
        ("<crowd-input name='n'>", None, {}),
        ("<crowd-input name='n'>", "", {}),
        ("<select name='n'><option>a</select>", None, {}),
        (
            "<input type=radio name=n value=a><input type=radio name=n value=b>",
            None,
            {"n": {"a": False, "b": False}},
        ),
        ("<crowd-checkbox name='n'>", False, {"n": {"on": False}}),
        ("<input type=hidden name=h value=w><crowd-input name=n>", "a", {"h": "w", "n": "a"}),
    ],
)
def test_controls_may_be_left_empty(template, truth, answer):
    assert known_answer(template, truth) == answer


def test_a_slider_that_errs_is_a_step_off_and_within_its_ends():
    template = "<crowd-slider name='n' min='0' max='10' step='2'>"
    assert {known_answer(template, 10, seed, accuracy=0)["n"] for seed in range(10)} == {8}
    assert {known_answer(template, 4, seed, accuracy=0)["n"] for seed in range(10)} == {2, 6}
    assert known_answer("<crowd-slider name='n' max='0'>", 0, accuracy=0) == {"n": 0}


# --- how large an image is ------------------------------------------------------------------------------------------


def size_told(src, **input_content):
    answer = default_answer(f"<crowd-keypoint name='n' src='{src}'>", **input_content)
    return tuple(answer["n"]["inputImageProperties"][side] for side in ("width", "height"))


@pytest.mark.parametrize(
    "src",
    [
        "s3://images/cat.png",
        "https://s3.amazonaws.com/images/cat.png",
        "https://s3.eu-west-1.amazonaws.com/images/c%61t.png?X-Amz-Signature=0",
        "http://images.s3.amazonaws.com/cat.png",
        "{{ task.input.taskObject | grant_read_access }}",
        "data:image/png;base64," + base64.b64encode(picture()).decode(),
    ],
)
def test_the_size_is_that_of_the_image_where_it_can_be_read(src):
    assert size_told(src, taskObject="s3://images/cat.png") == (30, 20)


@pytest.mark.parametrize(
    "src",
    [
        "",
        "s3://images/none.png",
        "s3://images/no.png",
        "https://example.com/cat.png",
        "data:image/png;base64,?",
    ],
)
def test_else_it_is_that_of_the_input_or_a_default_one(src):
    assert size_told(src, inputImageProperties={"height": "7", "width": 9}) == (9, 7)
    assert size_told(src) == (640, 480)


def test_without_pillow_the_size_is_the_default_one(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    assert size_told("s3://images/cat.png") == (640, 480)


def test_a_truth_that_knows_the_size_is_believed():
    truth = Shapes((Keypoint("cat", 3, 4),), image_width=99, image_height=88)
    answer = known_answer("<crowd-keypoint name='n' src='s3://images/cat.png'>", truth)
    assert answer["n"]["inputImageProperties"] == {"height": 88, "width": 99}


# --- what can't be answered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "truth", "words"),
    [
        ("crowd-bounding-box", "cat", "the shapes are str"),
        ("crowd-bounding-box", [{"label": "cat"}], "left is None, no number"),
        ("crowd-bounding-box", [Box("bee", 1, 2, 3, 4)], "'bee' is no choice"),
        ("crowd-line", [Polyline("cat", OUTLINE_OBJECT)], "a line does not have 2 vertices"),
        ("crowd-entity-annotation", "Rome", "the entities are str"),
        ("crowd-entity-annotation", [Span("city", 8, 13)], "beyond the text's 12 characters"),
        ("crowd-entity-annotation", [Span("bee", 8, 12)], "'bee' is no choice"),
        ("crowd-semantic-segmentation", "sky", "a mask is an object"),
        ("crowd-semantic-segmentation", Mask(1, 1, ("sky",), b""), "no PNG"),
        ("crowd-instance-segmentation", make_mask([[1]], ["bee"]), "'bee' is no choice"),
        ("crowd-classifier-multi-select", 1, "the labels are int"),
        ("crowd-classifier-multi-select", ["bee"], "'bee' is no choice"),
        ("crowd-textract-analyze-document", "Due", "the fields are str"),
        ("crowd-text-ranking", [1, 2], "no dict with a list of ranks"),
        ("crowd-question-answer-generation", {1, 2}, "not a JSON object"),
        ("crowd-slider", "7", "'7' is no number"),
        ("crowd-checkbox", "dry", "'dry' is no choice"),
        ("select", "c", "'c' is no choice"),
        ("crowd-input", {"n": "a", "m": "b"}, r"the truth has \['m'\].*asks for \['n'\]"),
    ],
)
def test_a_truth_that_does_not_fit_the_element_is_told(tag, truth, words):
    with pytest.raises(InvalidInputError, match=words):
        known_answer(template_of(tag), truth)


@pytest.mark.parametrize(
    ("tag", "attributes", "words"),
    [
        ("crowd-bounding-box", {"initial-value": "7"}, "the shapes are int"),
        ("crowd-bounding-box", {"initial-value": "[cat"}, "can't read the attribute"),
        ("crowd-semantic-segmentation", {"initial-value": "[]"}, "initial-value is no object"),
        (
            "crowd-instance-segmentation",
            {"initial-value": '{"src": "s3://images/no.png"}'},
            "picture is none",
        ),
        ("crowd-textract-analyze-document", {"initial-value": "7"}, "no list of blocks"),
        ("crowd-slider", {"step": "", "min": "", "value": "", "max": ""}, None),
    ],
)
def test_an_attribute_that_can_not_be_read_is_told(tag, attributes, words):
    if words is None:
        assert default_answer(template_of(tag, **attributes)) == {"n": 3}
        return
    with pytest.raises(InvalidInputError, match=words):
        default_answer(template_of(tag, **attributes))


def test_a_list_that_is_none_is_told():
    with pytest.raises(InvalidInputError, match="responses is no list"):
        default_answer("<crowd-text-ranking name='n' responses='{}'>")


def test_a_size_that_is_none_is_told():
    with pytest.raises(InvalidInputError, match="what <crowd-keypoint> is pre-set to can't be read"):
        size_told("", inputImageProperties={"height": "tall", "width": 9})


@pytest.mark.parametrize("jitter", [-1, float("nan"), float("inf"), "much", True])
def test_a_jitter_is_a_number_of_pixels(jitter):
    with pytest.raises(InvalidInputError, match="jitter is"):
        TruthAnswers(lambda item: [], jitter=jitter)
