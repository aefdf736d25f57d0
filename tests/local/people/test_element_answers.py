"""What simulated workers answer to each element that takes an answer: in the element's own shape."""

import base64
import json
from typing import Literal, NotRequired

import numpy as np
import pytest
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
)
from hitl_sdk.local.answers.families import CONTROLS, WIDGETS

SIZE = {"height": 20, "width": 30}
FORMS = "AWS/Textract/AnalyzeDocument/Forms/V1"
MODERATION = "AWS/Rekognition/DetectModerationLabels/Image/V3"

# --- the shapes of answers ------------------------------------------------------------------------------------------


def shape(**fields):
    """Return the type of an object with these keys and no other."""
    return with_config(ConfigDict(extra="forbid", strict=True))(TypedDict("Shape", fields))


NUMBER = int | float
SIZED = {"inputImageProperties": shape(height=int, width=int)}
PAINTED = {**SIZED, "labeledImage": shape(pngImageData=str)}
CHANGES = {"initialValueModified": NotRequired[bool]}
LABEL = shape(label=str)
SEVERAL_LABELS = shape(labels=list[str])
BOX = shape(height=NUMBER, label=str, left=NUMBER, top=NUMBER, width=NUMBER)
BOXES = shape(boundingBoxes=list[BOX], **SIZED, **CHANGES)
OUTLINES = list[shape(label=str, vertices=list[shape(x=NUMBER, y=NUMBER)])]
KEYPOINTS = shape(keypoints=list[shape(label=str, x=NUMBER, y=NUMBER)], **SIZED)
SEMANTIC_MASK = shape(labelMappings=dict[str, shape(color=str)], **PAINTED, **CHANGES)
INSTANCE_MASK = shape(instances=list[shape(color=str, label=str)], **PAINTED)
ENTITIES = shape(entities=list[shape(endOffset=int, label=str, startOffset=int)])
MODERATION_LABELS = shape(moderationLabels=list[shape(name=str, parentName=str)])
RELATIONSHIP = shape(type=Literal["VALUE", "CHILD"], ids=list[str])
BLOCK = shape(
    blockType=Literal["KEY_VALUE_SET"],
    id=str,
    entityTypes=list[Literal["KEY", "VALUE"]],
    relationships=list[RELATIONSHIP],
    text=str,
)
RANKINGS = list[shape(name=str, responseRankings=list[int])]
SWITCHES = dict[str, bool]


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
ROADS = "labels=\"['road', 'sky']\""
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
        "categories=\"['cat', 'dog']\"", LABEL, "dog", {"label": "dog"}, empty={"label": "cat"}
    ),
    "crowd-image-classifier": Case(
        "categories=\"['cat', 'dog']\"", LABEL, "dog", {"label": "dog"}, empty={"label": "cat"}
    ),
    "crowd-classifier-multi-select": Case(
        "categories=\"['cat', 'dog', 'cow']\"",
        SEVERAL_LABELS,
        ("cow", "cat"),
        {"labels": ["cat", "cow"]},
        empty={"labels": ["cat"]},
    ),
    "crowd-image-classifier-multi-select": Case(
        "categories=\"['cat', 'dog', 'cow']\"", SEVERAL_LABELS, [], {"labels": []}, empty={"labels": ["cat"]}
    ),
    "crowd-bounding-box": Case(
        f"{IMAGE} {LABELS}",
        BOXES,
        Shapes((Box("cat", 1, 2, 10, 9, confidence=0.5),)),
        drawn("boundingBoxes", [{"height": 9, "label": "cat", "left": 1, "top": 2, "width": 10}]),
        empty=drawn("boundingBoxes", []),
    ),
    "crowd-polygon": Case(
        f"{IMAGE} {LABELS}",
        shape(polygons=OUTLINES, **SIZED),
        Shapes((Polygon("cat", OUTLINE_OBJECT),)),
        drawn("polygons", [OUTLINE]),
        empty=drawn("polygons", []),
    ),
    "crowd-polyline": Case(
        f"{IMAGE} {LABELS}",
        shape(polylines=OUTLINES, **SIZED),
        [Polyline("cat", OUTLINE_OBJECT)],
        drawn("polylines", [OUTLINE]),
        empty=drawn("polylines", []),
    ),
    "crowd-line": Case(
        f"{IMAGE} {LABELS}",
        shape(lines=OUTLINES, **SIZED),
        [{"label": "cat", "vertices": OUTLINE["vertices"][:2]}],
        drawn("lines", [{"label": "cat", "vertices": OUTLINE["vertices"][:2]}]),
        empty=drawn("lines", []),
    ),
    "crowd-keypoint": Case(
        f"{IMAGE} {LABELS}",
        KEYPOINTS,
        {"keypoints": [Keypoint("cat", 3, 4)]},
        drawn("keypoints", [{"label": "cat", "x": 3, "y": 4}]),
        empty=drawn("keypoints", []),
    ),
    "crowd-entity-annotation": Case(
        "text='I am in Rome' labels=\"[{ label: 'city' }, { label: 'person' }]\"",
        ENTITIES,
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
        f"{IMAGE} {ROADS}",
        SEMANTIC_MASK,
        MASK,
        SEMANTIC,
        empty={**SEMANTIC, "labeledImage": {"pngImageData": BACKGROUND}},
        initial={"labelMappings": SEMANTIC["labelMappings"], "src": "s3://images/semantic.png"},
    ),
    "crowd-instance-segmentation": Case(
        f"{IMAGE} labels=\"['car']\"",
        INSTANCE_MASK,
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
        MODERATION_LABELS,
        ("Weapons",),
        {"moderationLabels": [{"name": "Weapons", "parentName": "Violence"}]},
        empty={"moderationLabels": []},
        key=MODERATION,
    ),
    "crowd-textract-analyze-document": Case(
        IMAGE,
        shape(blocks=list[BLOCK]),
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
        RANKINGS,
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
    "crowd-checkbox": Case("value='wet'", SWITCHES, True, {"wet": True}, empty={"wet": False}),
    "crowd-toggle-button": Case("", SWITCHES, True, {"on": True}, empty={"on": False}),
    "crowd-radio-button": Case("value='yes'", SWITCHES, True, {"yes": True}, empty={"yes": False}),
    "crowd-slider": Case("min='2' max='9' value='3'", int | float, 7, 7, empty=3),
    "crowd-input": Case("", str, "a b", "a b", empty=None),
    "crowd-text-area": Case("value='seen'", str, "a b", "a b", empty="seen"),
    "input": Case("type='email' value='ana@example.com'", str, "a b", "a b", empty="ana@example.com"),
    "input hidden": Case("type='hidden' value='w'", str, "v", "v", empty="w"),
    "input checkbox": Case("type='checkbox'", SWITCHES, True, {"on": True}, empty={"on": False}),
    "input number": Case("type='number' value='1' max='58'", str, 58.0, "58", empty="1"),
    "input range": Case("type='range' step='any'", str, "2.5", "2.5", empty="50"),
    "input radio": Case("type='radio' value='v'", SWITCHES, True, {"v": True}, empty={"v": False}),
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


def template_of(tag, **attributes):
    case = CASES[tag]
    more = " ".join(f"{name}='{value}'" for name, value in attributes.items())
    return f"<crowd-form><{tag.split()[0]} name='n' {case.attributes} {more}>{case.inside}</crowd-form>"


def with_initial(tag, initial):
    return template_of(tag, **{"initial-value": json.dumps(initial)})


@pytest.fixture(scope="module", autouse=True)
def masks(desk):
    for name, answer in (("semantic.png", SEMANTIC), ("instances.png", INSTANCES)):
        desk.objects[name] = base64.b64decode(answer["labeledImage"]["pngImageData"])


def test_there_is_a_case_of_every_element_that_takes_an_answer():
    ours = {tag for tag in WIDGETS if tag.startswith("hitl-")}  # test_frame_answers.py
    assert CASES.keys() | ours == {*WIDGETS, *CONTROLS}


# --- who agrees with what is there ----------------------------------------------------------------------------------


@TAGS
def test_where_nothing_is_set_the_emptiest_answer_is_given(tag, desk):
    case = CASES[tag]
    assert desk.agreed(template_of(tag)) == ({} if case.empty is None else {case.key: case.empty})


@TAGS
def test_the_emptiest_answer_has_the_shape_of_the_elements(tag, desk):
    case = CASES[tag]
    if case.empty is not None:
        case.answers.validate_json(json.dumps(desk.agreed(template_of(tag))[case.key]))


@pytest.mark.parametrize("tag", ["crowd-bounding-box", "crowd-semantic-segmentation"])
def test_an_initial_value_is_handed_in_unchanged_and_said_to_be(tag, desk):
    case = CASES[tag]
    answer = desk.agreed(with_initial(tag, case.initial))
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
def test_an_initial_value_is_handed_in_unchanged(tag, desk):
    case = CASES[tag]
    assert desk.agreed(with_initial(tag, case.initial)) == {"n": case.answer}


@pytest.mark.parametrize("tag", DRAWN)
def test_an_initial_value_may_be_the_bare_list_of_shapes(tag, desk):
    initial = CASES[tag].answer[DRAWN[tag]]
    answer = desk.agreed(with_initial(tag, initial))
    assert answer["n"][DRAWN[tag]] == initial


@pytest.mark.parametrize("initial", ["", " ", "null"])
@pytest.mark.parametrize(
    "tag", [*DRAWN, "crowd-entity-annotation", "crowd-semantic-segmentation", "crowd-instance-segmentation"]
)
def test_an_initial_value_that_the_input_does_not_have_is_none(tag, initial, desk):
    assert desk.agreed(template_of(tag, **{"initial-value": initial})) == {"n": CASES[tag].empty}


def test_the_fields_of_a_document_keep_their_blocks_and_get_the_text_of_their_words(desk):
    template = template_of(
        "crowd-textract-analyze-document", **{"initial-value": "{{ task.input.blocks | to_json | escape }}"}
    )
    answer = desk.agreed(template, blocks=[KEY, VALUE, *WORDS])
    assert answer == {FORMS: {"blocks": [{**KEY, "text": "Due"}, {**VALUE, "text": "3 May"}]}}
    CASES["crowd-textract-analyze-document"].answers.validate_python(answer[FORMS])


def test_several_labels_that_the_model_said_are_agreed_with(desk):
    template = template_of("crowd-image-classifier-multi-select")
    assert desk.agreed(template, initialValue=["cow", "cat", "bee"]) == {"n": {"labels": ["cat", "cow"]}}


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ("<select name='n'><option>a<option value='b' selected>Bee</select>", {"n": "b"}),
        ("<select name='n'><option value=''>choose</option><option>a</option></select>", {}),
        ("<select name='n' multiple><option>a</option></select>", {}),
        ("<select name='n' required><option value=''>choose</option><option>a</option></select>", {"n": "a"}),
        ("<select name='n' required></select>", {}),
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
def test_controls_send_what_a_browser_would(template, answer, desk):
    assert desk.agreed(template, text="a\nb", list=["x", "y"]) == answer


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        (with_initial("crowd-bounding-box", CASES["crowd-bounding-box"].answer), "n"),
        (with_initial("crowd-keypoint", CASES["crowd-keypoint"].answer), "n"),
        (with_initial("crowd-entity-annotation", CASES["crowd-entity-annotation"].answer), "n"),
        (
            with_initial("crowd-semantic-segmentation", CASES["crowd-semantic-segmentation"].initial),
            "n",
        ),
        (
            with_initial("crowd-textract-analyze-document", CASES["crowd-textract-analyze-document"].answer),
            FORMS,
        ),
        (template_of("crowd-classifier-multi-select"), "n"),
        (template_of("crowd-rekognition-detect-moderation-labels"), MODERATION),
        (template_of("crowd-text-ranking"), "ordinalRankingDimensions"),
        (template_of("crowd-checkbox"), "n"),
        (template_of("crowd-text-area"), "n"),
        (template_of("crowd-slider"), "n"),
        ("<crowd-radio-button name=n value=a checked><crowd-radio-button name=n value=b>", "n"),
    ],
)
def test_who_agrees_with_what_is_there_errs_at_the_stated_rate_whatever_is_asked(template, shown, desk):
    agreed = desk.agreed(template)[shown]
    always, never, often = (
        [desk.agreed(template, error_rate=rate, seed=seed)[shown] for seed in range(40)]
        for rate in (1, 0, 0.5)
    )
    assert agreed not in always
    assert never == [agreed] * 40
    assert 0 < often.count(agreed) < 40


def test_what_was_left_out_and_what_nobody_sees_is_not_got_wrong(desk):
    template = "<crowd-input name='a'></crowd-input><input type='hidden' name='b' value='id 7'>"
    assert desk.agreed(template, error_rate=1) == {"b": "id 7"}


# --- who knows the truth --------------------------------------------------------------------------------------------


@TAGS
def test_who_never_errs_answers_the_truth(tag, desk):
    case = CASES[tag]
    if tag != "input hidden":  # which nobody sees
        assert desk.known(template_of(tag), case.truth) == {case.key: case.answer}


@TAGS
def test_a_truth_may_be_told_by_name(tag, desk):
    case = CASES[tag]
    template = template_of(tag) + "<crowd-text-area name='c' value='seen'>"
    assert desk.known(template, {case.key: case.truth}) == {case.key: case.answer, "c": "seen"}


@TAGS
def test_a_truth_may_be_given_as_the_element_writes_it(tag, desk):
    case = CASES[tag]
    if tag != "input hidden":  # which nobody sees
        assert desk.known(template_of(tag), case.answer) == {case.key: case.answer}


def test_the_truth_of_a_document_may_be_a_mapping(desk):
    case = CASES["crowd-textract-analyze-document"]
    assert desk.known(template_of("crowd-textract-analyze-document"), {"Due": "3 May"}) == {
        FORMS: case.answer
    }


@pytest.mark.parametrize("seed", range(8))
@TAGS
def test_whoever_errs_still_answers_in_the_elements_shape(tag, seed, desk):
    case = CASES[tag]
    template, key = template_of(tag), case.key
    answer = desk.known(template, {key: case.truth}, seed, accuracy=0.3, jitter=4)
    if key in answer:
        case.answers.validate_json(json.dumps(answer[key]))
    assert answer == desk.known(template, {key: case.truth}, seed, accuracy=0.3, jitter=4)


@TAGS
def test_who_errs_often_is_often_wrong(tag, desk):
    case = CASES[tag]
    truth = {case.key: case.truth}
    answers = [desk.known(template_of(tag), truth, seed, accuracy=0.2, jitter=4) for seed in range(40)]
    wrong = sum(answer != {case.key: case.answer} for answer in answers)
    assert wrong >= 15 or tag == "crowd-question-answer-generation"


def test_colours_of_an_initial_value_are_kept_and_the_others_differ(desk):
    initial = {"labelMappings": {"sky": {"color": "#1F77B4"}}, "src": "s3://images/none.png"}
    answer = desk.known(with_initial("crowd-semantic-segmentation", initial), MASK)["n"]
    assert answer["labelMappings"] == {"sky": {"color": "#1F77B4"}, "road": {"color": "#ff7f0e"}}
    assert answer["initialValueModified"] is True


@pytest.mark.parametrize(("truth", "modified"), [(MASK, False), (make_mask([[1]], ["sky"]), True)])
def test_a_mask_that_was_mended_says_so(truth, modified, desk):
    case = CASES["crowd-semantic-segmentation"]
    answer = desk.known(with_initial("crowd-semantic-segmentation", case.initial), truth)
    assert answer["n"]["initialValueModified"] is modified


def test_boxes_that_were_mended_say_so(desk):
    template = with_initial(
        "crowd-bounding-box", [{"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}]
    )
    same, other = (
        desk.known(template, [Box("cat", left, 2, 3, 4)])["n"]["initialValueModified"] for left in (1, 2)
    )
    assert (same, other) == (False, True)


def test_a_field_that_the_document_shows_keeps_its_blocks(desk):
    initial = json.dumps([{**KEY, "text": "Due"}, {**VALUE, "text": "3 Moy"}])
    template = template_of("crowd-textract-analyze-document", **{"initial-value": initial})
    answer = desk.known(template, [FormField("Due", "3 May"), {"key": "Sum", "value": "7"}])
    blocks = answer[FORMS]["blocks"]
    assert blocks[:2] == [{**KEY, "text": "Due"}, {**VALUE, "text": "3 May"}]
    assert [block["id"] for block in blocks[2:]] == ["new-key-2", "new-value-2"]


def test_a_form_is_answered_by_name_and_the_rest_keeps_what_it_shows(desk):
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
    assert desk.known(template, truth, input_content={"taskObject": "i-1"}) == {
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
        ("<input type='number' name='n' value='4'>", "", {}),
        ("<select name='n'><option>a</select>", None, {}),
        (
            "<input type=radio name=n value=a><input type=radio name=n value=b>",
            None,
            {"n": {"a": False, "b": False}},
        ),
        ("<crowd-checkbox name='n'>", False, {"n": {"on": False}}),
        ("<crowd-checkbox name='n' value='a' checked>", None, {"n": {"a": False}}),
        ("<crowd-slider name='n' value='4'>", None, {"n": 4}),
        ("<input type=hidden name=h value=w><crowd-input name=n>", "a", {"h": "w", "n": "a"}),
    ],
)
def test_controls_may_be_left_empty(template, truth, answer, desk):
    assert desk.known(template, truth) == answer


# --- what can't be answered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "truth", "words"),
    [
        ("crowd-bounding-box", "cat", "the shapes are str"),
        ("crowd-bounding-box", [{"label": "cat"}], "has no left, top, width, height, but label"),
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
        ("crowd-slider", "high", "could not convert"),
        ("crowd-slider", True, "True is no number"),
        ("crowd-checkbox", "dry", "'dry' is no choice"),
        ("select", "c", "'c' is no choice"),
        ("crowd-input", {"n": "a", "m": "b"}, r"the truth has \['m'\].*asks for \['n'\]"),
    ],
)
def test_a_truth_that_does_not_fit_the_element_is_told(tag, truth, words, desk):
    with pytest.raises(InvalidInputError, match=words):
        desk.known(template_of(tag), truth)


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
    ],
)
def test_an_attribute_that_can_not_be_read_is_told(tag, attributes, words, desk):
    with pytest.raises(InvalidInputError, match=words):
        desk.agreed(template_of(tag, **attributes))


def test_a_list_that_is_none_is_told(desk):
    with pytest.raises(InvalidInputError, match="responses is no list"):
        desk.agreed("<crowd-text-ranking name='n' responses='{}'>")
