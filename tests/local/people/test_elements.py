"""Reading the elements of a worker template."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk._elements import TemplateElement, parse_attribute, read_template
from hitl_sdk.errors import TemplateError

LAB = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
    <crowd-classifier name="sentiment"
                      categories="['-1', '0', '1']"
                      initial-value="{{ task.input.initialValue }}"
                      header="Classify Reviews into Sentiment">
        <classification-target>{{ task.input.taskObject }}</classification-target>
    </crowd-classifier>
</crowd-form>
"""


def only(source):
    (element,) = read_template(source)
    return element


def test_the_lab_template_is_read():
    form, classifier = read_template(LAB)
    assert form == TemplateElement("crowd-form", {})
    assert (classifier.tag, classifier.name, classifier.categories) == (
        "crowd-classifier",
        "sentiment",
        ("-1", "0", "1"),
    )
    assert classifier.attributes["initial-value"] == "{{ task.input.initialValue }}"


@pytest.mark.parametrize(
    "source",
    [
        "<crowd-input name=a></crowd-input>",
        "<CROWD-INPUT NAME='a'></CROWD-INPUT>",
        '<crowd-input name="a"/>',
        '<crowd-input\n\tname = "a" name="b">',
        "<crowd-input name='a'",
    ],
)
def test_an_element_is_read_as_a_browser_reads_it(source):
    read = read_template(source + ">" if not source.endswith(">") else source)
    assert [(element.tag, element.name) for element in read] == [("crowd-input", "a")]


def test_an_attribute_without_value_is_empty_text():
    assert only("<crowd-checkbox checked>").attributes == {"checked": ""}


def test_an_element_without_name_has_none():
    assert only("<crowd-checkbox name=''>").name is None


def test_plain_form_controls_are_read_and_other_html_is_not():
    source = (
        "<p name='x'><input type='text' name='a'><select name='b'></select><textarea name='c'></textarea></p>"
    )
    assert [element.name for element in read_template(source)] == ["a", "b", "c"]


def test_the_options_of_a_list_are_read_with_their_text():
    (element,) = read_template(
        "<select name='s'><option value='1' selected> One </option><option>{{ a }} &lt; 2<option></select><option>no"
    )
    assert [(option.attributes, option.text) for option in element.options] == [
        ({"value": "1", "selected": ""}, "One"),
        ({}, "{{ a }} < 2"),
        ({}, ""),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<textarea>\n a &amp; b\n</textarea> c", " a & b\n"),
        ("<textarea>{{ task.input.text }}", "{{ task.input.text }}"),
        ("<textarea></textarea>", ""),
        ("<crowd-text-area>no</crowd-text-area>", ""),
    ],
)
def test_the_text_of_a_text_area_is_read(source, text):
    assert only(source).text == text


@pytest.mark.parametrize(
    "source",
    [
        "<!-- <crowd-input name='a'> -->",
        "<script>'<crowd-input>'</script>",
        "<style>crowd-input > p {}</style>",
        "{% comment %}<crowd-input>{% endcomment %}",
        "{{ '<crowd-input>' }}",
        "{%- comment -%}<crowd-input>{%- endcomment -%}",
    ],
)
def test_what_is_no_element_is_passed_over(source):
    assert read_template(source) == []


def test_liquid_with_quotes_of_its_own_stays_whole():
    element = only(
        """<crowd-input value="{{ task.input["a > b"] | default: "c" }}" {% if a %}required{% endif %} name="n">"""
    )
    assert element.attributes["value"] == '{{ task.input["a > b"] | default: "c" }}'
    assert element.name == "n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'b',]", ["a", "b"]),
        ("[{ label: 'x', }]", [{"label": "x"}]),
        ("{ text: 'none' }", {"text": "none"}),
        (r"['it\'s']", ["it's"]),
        ("[1, -1, .5] // three", [1, -1, 0.5]),
    ],
)
def test_attributes_are_read_tolerantly(text, value):
    assert parse_attribute(text) == value


def test_what_was_read_belongs_to_the_caller():
    parse_attribute("['mine']").append("changed")
    assert parse_attribute("['mine']") == ["mine"]


@pytest.mark.parametrize(
    "text", ["", "[a b]", "__import__('os')", "['a'", "{{ task.input.labels }}", "[" * 100_000, "['" * 9_000]
)
def test_what_can_not_be_read_is_a_template_error(text):
    with pytest.raises(TemplateError, match="can't read the attribute value"):
        parse_attribute(text)


@given(st.text("[]{}'\",:ab1 /*", max_size=30))
def test_nothing_else_is_ever_raised(text):
    with suppress(TemplateError):
        json.dumps(parse_attribute(text))


@pytest.mark.parametrize(
    ("attributes", "categories"),
    [
        ({"categories": "['a', 1, true]"}, ("a", "1", "true")),
        ({"labels": "[{label: 'a', shortDisplayName: 'x'}, {name: 'b'}, {text: 'c'}]"}, ("a", "b", "c")),
        ({"labels": "[{other: 1}]"}, ('{"other": 1}',)),
        ({"header": "h"}, None),
    ],
)
def test_choices_come_as_text_number_or_object(attributes, categories):
    assert TemplateElement("crowd-classifier", attributes).categories == categories


def test_choices_that_are_no_list_name_the_element():
    with pytest.raises(TemplateError, match="categories of <crowd-classifier> is no list"):
        _ = TemplateElement("crowd-classifier", {"categories": "{a: 1}"}).categories


@given(st.text("<>/='\"{}% abcrowd-input!\ue000\ue0010", max_size=60))
def test_no_text_whatsoever_raises(source):
    assert all(element.tag for element in read_template(source))
