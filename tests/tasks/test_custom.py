"""Templates of the user's own: what they need and what they answer is read out of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk import tasks
from hitl_sdk.consolidation import BoxConsolidation, DawidSkene, MajorityVote, PerLabel, TextConsolidation
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, InvalidResourceError, TemplateError
from hitl_sdk.labels import Box, FormField, Shapes, Span, mask_type, part_type, shapes_type
from hitl_sdk.tasks import Custom
from hitl_sdk.tasks._template_input import InputKeys, read_input_keys

SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'


def task(inside, **fields):
    template = f"{SCRIPT}<crowd-form>{inside}</crowd-form>"
    return Custom(**{"name": "own", "title": "What is it?", "template": template} | fields)


ONE_TEXT = "<crowd-input name='a'></crowd-input>"


# --- input


@pytest.mark.parametrize(
    ("liquid", "keys"),
    [
        ("nothing", InputKeys(())),
        ("{{ task.input.text }}", InputKeys(("text",))),
        ("{{task.input.text}} {{- task.input.text -}}", InputKeys(("text",))),
        ("{{ task.input.source-ref | grant_read_access }}", InputKeys(("source-ref",))),
        ("{{ task.input['a key'] }} {{ task.input[\"b\"] }}", InputKeys(("a key", "b"))),
        ("{{ task.input.a.b | escape }}", InputKeys(("a",), (), frozenset({"a"}))),
        ("{% for x in task.input.rows %}{{ x }}{% endfor %}", InputKeys(("rows",), (), frozenset({"rows"}))),
        ("{% if task.input.hint %}{{ task.input.hint }}{% endif %}", InputKeys((), ("hint",))),
        ("{% unless task.input.hint == 'x' %}{% endunless %}", InputKeys((), ("hint",))),
        ("{{ task.input.hint | default: task.input.text }}", InputKeys(("text",), ("hint",))),
        ("{% assign x = task.input.text | upcase %}{{ x }}", InputKeys(("text",))),
        ("{% capture x %}{{ task.input.text }}{% endcapture %}", InputKeys(("text",))),
        ("{{ task.input.text }}{{ task.input.initialValue.a }}", InputKeys(("text",))),
        ("{% comment %}{{ task.input.text }}{% endcomment %}", InputKeys(())),
        ("{{ mytask.input.text }}{{ other.task_input.text }} task.input.text", InputKeys(())),
        ("{{ task.input | to_json }} {{ task.input[key] }}", InputKeys(())),
    ],
)
def test_the_keys_of_the_input_are_read_out_of_the_liquid(liquid, keys):
    assert read_input_keys(liquid) == keys


def test_the_item_is_the_text_of_the_one_key():
    asked = task("{{ task.input.review }}" + ONE_TEXT)

    assert asked.input_keys == ("review",)
    content = asked.input("It broke", {"a": "x"})
    assert content == {"review": "It broke", "initialValue": {"a": "x"}}
    assert asked.item(content) == "It broke"


@pytest.mark.parametrize("content", [{}, {"review": 3}, {"taskObject": "It broke"}])
def test_an_input_of_another_flow_has_no_item(content):
    with pytest.raises(InvalidOutputError):
        task("{{ task.input.review }}" + ONE_TEXT).item(content)


TWO_KEYS = (
    "{{ task.input.left }}{% if task.input.hint %}{{ task.input.hint }}{% endif %}{{ task.input.right }}"
)
PAIRS = st.fixed_dictionaries(
    {"left": st.text() | st.integers(), "right": st.lists(st.text())}, optional={"hint": st.text()}
)


@given(PAIRS)
def test_the_item_is_the_json_of_several_keys(values):
    asked = task(TWO_KEYS + ONE_TEXT)
    item = json.dumps(values, sort_keys=True)
    content = asked.input(item, {"a": "x"})
    assert content == {**values, "initialValue": {"a": "x"}}
    assert asked.item(content) == item


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("It broke", "no JSON object"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
        ('{"left": 1}', "lacks 'right'"),
        ("{}", "lacks 'left', 'right'"),
        ("", "no text, or an empty one"),
    ],
)
def test_an_item_that_lacks_a_key_is_refused_before_it_is_sent(item, message):
    with pytest.raises(InvalidPredictionError, match=message):
        task(TWO_KEYS + ONE_TEXT).input(item)


def test_an_input_that_lacks_a_key_has_no_item():
    with pytest.raises(InvalidOutputError, match="inputContent lacks 'right'"):
        task(TWO_KEYS + ONE_TEXT).item({"left": "a"})


def test_a_template_without_input_keeps_the_item_all_the_same():
    asked = task(ONE_TEXT)
    assert asked.item(asked.input("anything")) == asked.input("anything")["taskObject"] == "anything"


# --- answers


def boxes(*parts):
    return Shapes(parts, 64, 48)


AREA = '<crowd-{0} name="a" labels=\'["cat", "dog"]\' src="x" header="y"></crowd-{0}>'
SIZE = {"inputImageProperties": {"width": 64, "height": 48}}


@pytest.mark.parametrize(
    ("element", "label_type", "answer", "label"),
    [
        (ONE_TEXT, str, " text ", "text"),
        ("<crowd-text-area name=a></crowd-text-area>", str, "one\ntwo", "one\ntwo"),
        ("<textarea name=a></textarea>", str, "one", "one"),
        ("<input name=a>", str, "one", "one"),
        ("<input type=hidden name=a value=1>", str, "1", "1"),
        ("<input type=number name=a>", float, "1.5", 1.5),
        ("<input type=range name=a>", float, "2", 2.0),
        ("<crowd-input type=number name=a></crowd-input>", float, "2", 2.0),
        ("<crowd-slider name=a min=1 max=5></crowd-slider>", float, 3, 3.0),
        ("<crowd-checkbox name=a></crowd-checkbox>", bool, {"on": True}, True),
        ("<crowd-toggle-button name=a></crowd-toggle-button>", bool, {"on": False}, False),
        (
            "<input type=checkbox name=a value=x><input type=checkbox name=a value=y>",
            [str],
            {"x": True, "y": True},
            ("x", "y"),
        ),
        (
            "<crowd-radio-group><crowd-radio-button name=a value=x></crowd-radio-button>"
            "<crowd-radio-button name=a value=y></crowd-radio-button></crowd-radio-group>",
            str,
            {"x": False, "y": True},
            "y",
        ),
        ("<select name=a><option></option><option>x</option><option value=z>y</option></select>", str, "z", "z"),
        ("<select name=a multiple><option>x</option></select>", str, ["x"], '["x"]'),
        (
            "<crowd-classifier name=a categories='[\"x\", \"y\"]' header=h></crowd-classifier>",
            str,
            {"label": "y"},
            "y",
        ),
        (
            """<crowd-image-classifier name=a categories="['x', 'y',]" src=s></crowd-image-classifier>""",
            str,
            {"label": "y", "workerComment": "hm"},
            "y",
        ),
        (
            """<crowd-classifier-multi-select name=a categories="['x', 'y']" exclusion-category="{ text: 'none' }">"""
            "</crowd-classifier-multi-select>",
            [str],
            {"labels": ["none"]},
            (),
        ),
        (
            """<crowd-classifier name=a categories="['x', 'y']" exclusion-category="{ text: 'z' }"></crowd-classifier>""",
            str,
            {"label": "y"},
            "y",
        ),
        (
            AREA.format("bounding-box"),
            shapes_type(Box),
            {"boundingBoxes": [{"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}]} | SIZE,
            boxes(Box("cat", 1, 2, 3, 4)),
        ),
        (
            '<crowd-entity-annotation name="a" labels="[{label: \'cat\'}]" text="x"></crowd-entity-annotation>',
            [part_type(Span)],
            {"entities": [{"label": "cat", "startOffset": 0, "endOffset": 3}]},
            (Span("cat", 0, 3),),
        ),
        ("<crowd-question-answer-generation name=a></crowd-question-answer-generation>", str, {"q": [1]}, '{"q": [1]}'),
    ],
)  # fmt: skip
def test_each_element_is_read_as_its_kind_asks_for(element, label_type, answer, label):
    asked = task(element)
    assert asked.label_type == {"a": label_type}
    assert asked.parse_answer({"a": answer}).label == {"a": label}
    assert asked.parse_answer({"a\u200b": answer}).label == {"a": label}
    assert asked.normalise_label({"a": label}) == {"a": label}
    assert json.loads(json.dumps(asked.initial_value({"a": label}))).keys() == {"a"}


@pytest.mark.parametrize(
    ("element", "key", "label_type"),
    [
        (AREA.format("polygon"), "a", None),
        (AREA.format("polyline"), "a", None),
        (AREA.format("line"), "a", None),
        (AREA.format("keypoint"), "a", None),
        (AREA.format("semantic-segmentation"), "a", mask_type()),
        (AREA.format("instance-segmentation"), "a", mask_type()),
        (
            "<crowd-textract-analyze-document src=s></crowd-textract-analyze-document>",
            "AWS/Textract/AnalyzeDocument/Forms/V1",
            [part_type(FormField)],
        ),
        (
            "<crowd-rekognition-detect-moderation-labels categories='[\"a\"]'>"
            "</crowd-rekognition-detect-moderation-labels>",
            "AWS/Rekognition/DetectModerationLabels/Image/V3",
            [str],
        ),
        ("<crowd-text-ranking></crowd-text-ranking>", "ordinalRankingDimensions", str),
        (
            '<crowd-classifier categories=\'["a", "b"]\'></crowd-classifier>',
            "crowd-classifier",
            str,
        ),
    ],
)
def test_other_elements_have_their_type_and_key(element, key, label_type):
    fields = task(element).label_type
    assert list(fields) == [key]
    assert label_type is None or fields[key] == label_type


def test_answers_under_a_fixed_key_are_read():
    asked = task("<crowd-textract-analyze-document src=s></crowd-textract-analyze-document>")
    (key,) = asked.answer_fields
    block = {"blockType": "KEY_VALUE_SET", "id": "k", "entityTypes": ["KEY"], "text": "Due"}
    assert asked.parse_answer({key: {"blocks": [block]}}).label == {key: (FormField("Due", ""),)}


def test_what_is_not_answered_is_none():
    asked = task(ONE_TEXT + AREA.format("bounding-box").replace('"a"', '"b"') + "<input type=number name=c>")
    assert asked.parse_answer({"a": "x"}).label == {"a": "x", "b": None, "c": None}
    assert asked.normalise_label({}) == {"a": None, "b": None, "c": None}
    assert asked.initial_value(asked.normalise_label({})) == {}


def test_elements_without_an_answer_are_none():
    asked = task(
        ONE_TEXT
        + "<crowd-button name=b>x</crowd-button><input type=submit name=c><input name=d disabled>"
        + "<crowd-checkbox></crowd-checkbox><crowd-card name=''></crowd-card><input type=file name=e>"
    )
    assert list(asked.answer_fields) == ["a"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"a": {"label": "z"}}, "a: the answer's label 'z' is none of task 'a'"),
        ({"a": "x"}, "a: the answer has no object under 'a'"),
        ({"b": {"label": "x"}}, "no field of task 'own', but 'b'"),
    ],
)
def test_an_answer_that_does_not_fit_names_the_element(answer, message):
    asked = task('<crowd-classifier name=a categories=\'["x", "y"]\'></crowd-classifier>')
    with pytest.raises(InvalidOutputError, match=message):
        asked.parse_answer(answer)


def test_a_prediction_that_does_not_fit_names_the_element():
    asked = task('<crowd-classifier name=a categories=\'["x", "y"]\'></crowd-classifier>')
    with pytest.raises(InvalidPredictionError, match="a: 'z' is no label"):
        asked.normalise_label({"a": "z"})


LOOP = (
    "{% for x in task.input.texts %}<textarea name='text{{ forloop.index }}'>{{ x }}</textarea>{% endfor %}"
)


def test_elements_of_a_loop_share_a_field():
    asked = task(LOOP + "<crowd-input name='text-all'></crowd-input>")
    label = asked.parse_answer({"text1": "a", "text2": "b", "text-all": "c", "other": 1}).label
    assert label == {"text*": '{"text1": "a", "text2": "b"}', "text-all": "c"}
    assert asked.normalise_label(label) == label
    assert asked.initial_value(label) == {"text*": {"text1": "a", "text2": "b"}, "text-all": "c"}
    assert asked.parse_answer({"text-all": "c"}).label["text*"] is None


FROM_INPUT = [
    "<crowd-classifier name=a categories='{{ task.input.labels | to_json }}'></crowd-classifier>",
    "{% for x in task.input.labels %}<input type=radio name=a value='{{ x }}'>{% endfor %}",
    "<crowd-bounding-box name=a src=s></crowd-bounding-box>",
]


@pytest.mark.parametrize("element", FROM_INPUT)
def test_labels_that_come_from_the_input_have_to_be_said(element):
    with pytest.raises(InvalidResourceError, match=r"say them in choices=\{'a': \[...\]\}"):
        task(element)
    assert task(element, choices={"a": ["x", "y"]}).label_type["a"] in (str, shapes_type(Box))


def test_a_list_whose_options_come_from_the_input_takes_any():
    element = "<select name=a>{% for x in task.input.l %}<option>{{ x }}</option>{% endfor %}</select>"
    assert task(element).parse_answer({"a": "anything"}).label == {"a": "anything"}
    with pytest.raises(InvalidOutputError, match="'z' is none of 'x'"):
        task(element, choices={"a": ["x"]}).parse_answer({"a": "z"})


# --- templates that nobody could answer


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "no <crowd-form>"),
        ("<p>{{ task.input.text }}</p>", "no <crowd-form>"),
        (f"{SCRIPT}{ONE_TEXT}", "no <crowd-form>"),
        (f"<crowd-form>{ONE_TEXT}</crowd-form>", "does not load crowd-html-elements.js"),
        (f"{SCRIPT}<crowd-form><crowd-input></crowd-input></crowd-form>", "no element with a name"),
        (f"{SCRIPT}<crowd-form>{ONE_TEXT}{ONE_TEXT}</crowd-form>", "several elements have the name 'a'"),
        (
            f"{SCRIPT}<crowd-form>{ONE_TEXT}<input type=radio name=a></crowd-form>",
            "several elements have the name 'a'",
        ),
        (
            f"{SCRIPT}<crowd-form><crowd-classifier name=a categories='x,y'></crowd-classifier></crowd-form>",
            "can't read the attribute value 'x,y'",
        ),
        (
            f"{SCRIPT}<crowd-form><crowd-classifier name=a categories='{{}}'></crowd-classifier></crowd-form>",
            "is no list",
        ),
    ],
)
def test_a_template_that_cannot_be_answered_is_refused(template, message):
    with pytest.raises(InvalidResourceError, match=message):
        Custom(name="own", title="a", template=template)


def test_an_element_may_stand_in_both_branches_of_an_if():
    asked = task("{% if task.input.x %}" + ONE_TEXT + "{% else %}" + ONE_TEXT + "{% endif %}")
    assert asked.label_type == {"a": str}


def test_choices_are_of_an_element():
    with pytest.raises(InvalidResourceError, match="choices for 'b', but no element of that name"):
        task(ONE_TEXT, choices={"b": ["x"]})


def test_a_template_is_kept_as_it_is_and_has_a_limit():
    asked = task(ONE_TEXT)
    assert asked.template() == asked.html == f"{SCRIPT}<crowd-form>{ONE_TEXT}</crowd-form>"
    with pytest.raises(TemplateError, match="the service takes 128,000"):
        task(ONE_TEXT + "x" * 128_000)


def test_a_name_may_have_any_characters():
    asked = task("<crowd-input name='What is ä \"b\"?'></crowd-input>")
    assert asked.parse_answer({'What is ä "b"?': "x"}).label == {'What is ä "b"?': "x"}


# --- consolidation


def test_each_element_has_its_own_method():
    by = DawidSkene()
    asked = task(
        '<crowd-classifier name=a categories=\'["x", "y"]\'></crowd-classifier>'
        '<crowd-classifier-multi-select name=b categories=\'["x", "y"]\'></crowd-classifier-multi-select>'
        + AREA.format("bounding-box").replace('"a"', '"c"')
        + "<crowd-input name=d></crowd-input><crowd-text-ranking></crowd-text-ranking>"
    )
    plain = {name: type(field.consolidation()) for name, field in asked.answer_fields.items()}
    assert plain == {
        "a": MajorityVote, "b": PerLabel, "c": BoxConsolidation, "d": TextConsolidation,
        "ordinalRankingDimensions": MajorityVote,
    }  # fmt: skip
    assert asked.answer_fields["a"].consolidation(by) is by
    assert asked.answer_fields["b"].consolidation(by).of is by
    assert isinstance(asked.answer_fields["c"].consolidation(by), BoxConsolidation)
    assert asked.answer_fields["ordinalRankingDimensions"].consolidation(by) is by


# --- the package's own templates, as if they were a user's


@pytest.mark.parametrize(
    "own",
    [
        tasks.TextClassification(name="a", title="t", labels=["x", "y"]),
        tasks.TextMultiClassification(name="a", title="t", labels=["x", "y"], none_of_these="none"),
        tasks.NamedEntityRecognition(name="a", title="t", labels=["x", "y"]),
        tasks.RekognitionModeration(name="a", title="t", labels=["x", "y"], parents={"x": "p"}),
        tasks.TextractForms(name="a", title="t"),
        tasks.TranscriptionReview(name="a", title="t"),
        tasks.BoundingBox(name="a", title="t", labels=["x"]),
        tasks.SemanticSegmentation(name="a", title="t", labels=["x"]),
    ],
    ids=lambda own: type(own).__name__,
)
def test_a_template_of_this_package_is_read_as_its_task(own):
    asked = Custom(name="b", title="t", template=own.template())
    (field_type,) = asked.label_type.values()
    assert field_type == own.label_type


def test_the_form_of_this_package_is_read_as_the_same_fields():
    own = tasks.Form(
        name="a",
        title="t",
        fields=[
            tasks.TextField(name="t"),
            tasks.NumberField(name="n"),
            tasks.ChoiceField(name="c", choices=["x", "y"]),
            tasks.ChoiceField(name="s", choices=["x", "y"], style="select"),
            tasks.MultiChoiceField(name="m", choices=["x", "y"]),
            tasks.CheckField(name="b"),
        ],
    )
    assert Custom(name="b", title="t", template=own.template()).label_type == own.label_type
