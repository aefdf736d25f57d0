"""Rendering worker templates as RenderUiTemplate does."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.local.templates import render


def rendered(source, task_input=None, **options):
    html, errors = render(source, task_input or {}, **options)
    assert errors == []
    return html


def refused(source, task_input=None, **options):
    html, errors = render(source, task_input or {}, **options)
    assert html == ""
    (error,) = errors
    return error


def test_what_is_printed_is_escaped_with_the_entities_aws_writes():
    assert (
        rendered("{{ task.input.text }}", {"text": "<b> & 'a' \"b\""})
        == "&lt;b&gt; &amp; &#39;a&#39; &quot;b&quot;"
    )


@pytest.mark.parametrize("filter_name", ["escape", "escape_once"])
def test_an_escaping_filter_changes_nothing_more(filter_name):
    assert rendered(f"{{{{ task.input.text | {filter_name} }}}}", {"text": "<"}) == "&lt;"


def test_escape_once_leaves_entities_as_they_are():
    assert rendered("{{ task.input.text | escape_once }}", {"text": "1 &lt; 2 & 3"}) == "1 &lt; 2 &amp; 3"


def test_skip_autoescape_prints_trusted_html():
    assert rendered("{{ task.input.html | skip_autoescape }}", {"html": "<b>a</b>"}) == "<b>a</b>"


def test_the_templates_own_text_is_not_escaped():
    assert rendered("<b>{{ '<i>' }}</b>") == "<b><i></b>"


@pytest.mark.parametrize("expression", ["{{ task.input.labels }}", "{% echo task.input.labels %}"])
def test_objects_and_arrays_print_as_json(expression):
    assert rendered(expression, {"labels": [{"a": None}, True, 1.5]}) == "[{&quot;a&quot;: null}, true, 1.5]"


@pytest.mark.parametrize("filters", ["to_json", "to_json | escape"])
def test_to_json_is_escaped_once_so_that_it_fits_an_attribute(filters):
    assert (
        rendered(f'<p a="{{{{ task.input.labels | {filters} }}}}">', {"labels": ["é"]})
        == '<p a="[&quot;é&quot;]">'
    )


def test_to_json_of_what_is_missing_is_null():
    assert rendered("{{ task.input.nothing | to_json }}") == "null"


def test_filters_that_take_text_see_json_too():
    assert rendered("{{ task.input.box | skip_autoescape }}", {"box": {"left": 1}}) == '{"left": 1}'


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("{{ true }}", "true"),
        ("{{ nil }}", ""),
        ("{{ 1.5 }}", "1.5"),
        ("{{ (1..3) }}", "1..3"),
        ("{{ 7 | plus: 1 }}", "8"),
    ],
)
def test_plain_values_print_as_in_liquid(expression, text):
    assert rendered(expression) == text


@pytest.mark.parametrize("path", ["task.input.title", "task.input.a.b.c", "nothing", "task.input.list[9]"])
def test_what_the_input_does_not_have_prints_as_nothing_and_is_no_error(path):
    assert rendered(f"<{{{{ {path} }}}}>", {"a": "text", "list": []}) == "<>"


def test_names_with_hyphens_are_read_with_a_dot():
    assert rendered("{{ task.input.source-ref }}", {"source-ref": "s3://b/k"}) == "s3://b/k"


def test_loops_conditions_and_variables_work():
    source = "{% for l in task.input.labels %}{% if l != 'b' %}{% assign x = l %}{{ x }}{{ forloop.index }} {% endif %}{% endfor %}"
    assert rendered(source, {"labels": ["a", "b", "c"]}) == "a1 c3 "


@pytest.mark.parametrize("filter_name", ["grant_read_access", "s3_presign"])
def test_read_access_is_signed_by_the_caller_and_escaped(filter_name):
    source = f'<img src="{{{{ task.input.image | {filter_name} }}}}">'
    html = rendered(
        source, {"image": "s3://b/a&b.png"}, sign=lambda address: f"https://signed/?of={address}&x=1"
    )
    assert html == '<img src="https://signed/?of=s3://b/a&amp;b.png&amp;x=1">'


def test_a_captured_address_is_unescaped_before_it_is_signed():
    signed = []
    source = "{% capture a %}s3://b/{{ task.input.key }}{% endcapture %}{{ a | grant_read_access }}"
    rendered(source, {"key": "x&y"}, sign=lambda address: signed.append(address) or "")
    assert signed == ["s3://b/x&y"]


def test_a_missing_address_is_not_signed():
    def sign(address):
        raise AssertionError(address)

    assert rendered("{{ task.input.image | grant_read_access }}", sign=sign) == ""


def test_without_a_signer_addresses_stay_as_they_are():
    assert rendered("{{ task.input.image | s3_presign }}", {"image": "s3://b/k"}) == "s3://b/k"


def test_a_signer_that_fails_is_told_as_an_error():
    def sign(address):
        raise PermissionError("no such role")

    error = refused("{{ task.input.image | grant_read_access }}", {"image": "s3://b/k"}, sign=sign)
    assert error == {"Code": "FilterError", "Message": "no read access to 's3://b/k': no such role (line 1)"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{% if %}", "SyntaxError"),
        ("{% for a in b %}", "SyntaxError"),
        ("{{ a | nope }}", "UnknownFilter"),
        ("{{ 'a' | safe }}", "UnknownFilter"),
        ("{% include 'a' %}", "SyntaxError"),
        ("{% render 'a' %}", "SyntaxError"),
        ("{{ 1 | divided_by: 0 }}", "FilterError"),
        ("{{ 1 | to_json: 2 }}", "FilterError"),
        ("{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}", "LimitExceeded"),
        (
            "{% assign a = 'aaaaaaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}",
            "LimitExceeded",
        ),
        ("{{ task.input.long }}" * 6, "LimitExceeded"),
        ("{% if true %}" * 40 + "{% endif %}" * 40, "LimitExceeded"),
        (
            "{% assign a = 9 %}{% for i in (1..14) %}{% assign a = a | times: a %}{% endfor %}{{ a }}",
            "RenderingError",
        ),
    ],
)
def test_what_is_wrong_is_told_by_a_code(source, code):
    assert refused(source, {"long": "a" * (3 * 2**20)})["Code"] == code


def test_an_error_names_its_line():
    assert refused("\n\n{{ a | nope }}")["Message"] == "unknown filter 'nope' (line 3)"


def test_the_input_may_be_its_json_text():
    assert rendered("{{ task.input.a }}", '{"a": "b"}') == "b"


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_an_input_that_is_no_json_is_told_as_an_error(text):
    assert refused("a", text)["Code"] == "InvalidTaskInput"


LIQUID = st.lists(
    st.sampled_from(
        [
            "{{",
            "}}",
            "{%",
            "%}",
            " task.input.a ",
            "|",
            " to_json ",
            " for ",
            " x ",
            " in ",
            "if",
            "endif",
            "(1..9)",
            "<",
            "'",
        ]
    )
    | st.text(string.printable, max_size=3),
    max_size=12,
).map("".join)


@given(
    LIQUID, st.dictionaries(st.sampled_from("ab"), st.text(max_size=3) | st.none() | st.lists(st.integers()))
)
def test_no_template_whatsoever_raises(source, task_input):
    html, errors = render(source, task_input)
    assert isinstance(html, str)
    assert all(set(error) == {"Code", "Message"} for error in errors)


@given(st.text())
def test_no_data_ever_becomes_markup(text):
    assert not set(rendered("{{ task.input.text }}", {"text": text})) & set("<>\"'")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda of: st.lists(of) | st.dictionaries(st.text(), of),
    )
)
def test_to_json_gives_the_value_back(value):
    assert (
        json.loads(rendered("{{ task.input.value | to_json | skip_autoescape }}", {"value": value})) == value
    )
