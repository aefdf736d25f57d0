"""Instructions: short and full, with good and bad examples, as text or as images that workers can open."""

import re

import pytest

from hitl_sdk.errors import InvalidResourceError
from hitl_sdk.local.templates import render
from hitl_sdk.tasks import Example, ImageClassification, Instructions, TextClassification

TIGHT = Example(show="s3://bucket/tight box.png", why="touches both ears")


def rendered(instructions: Instructions) -> str:
    task = TextClassification(name="mood", labels=["a", "b"], title="Which?", instructions=instructions)
    html, errors = render(task.template(), task.input("It broke"))
    assert errors == []
    return html


def full(html: str) -> str:
    return re.search(r"<full-instructions.*?</full-instructions>", html, re.DOTALL)[0]


def test_good_and_bad_examples_follow_the_full_instructions():
    html = full(rendered(Instructions(full="Look twice.", good=["It is red."], bad=["Red?", "Blue?"])))

    assert [html.index(text) for text in ("Look twice.", "Good examples", "It is red.", "Bad examples", "Red?", "Blue?")] == sorted(
        html.index(text) for text in ("Look twice.", "Good examples", "It is red.", "Bad examples", "Red?", "Blue?")
    )  # fmt: skip


def test_without_examples_nobody_reads_of_them():
    assert "examples" not in rendered(Instructions(short="Pick one.", full="Look twice."))


def test_an_image_in_s3_gets_an_address_that_workers_can_open():
    html = full(rendered(Instructions(good=[TIGHT])))
    image = re.search(r'<img src="([^"]+)"', html)[1]

    assert "grant_read_access" not in html
    assert "tight%20box.png" in image
    assert "touches both ears" in html


def test_an_image_on_the_web_is_shown_as_it_is():
    html = Example(show="https://example.com/a.JPG").html()

    assert '<img src="https://example.com/a.JPG"' in html


@pytest.mark.parametrize("show", ["s3://bucket/notes.txt", "tight.png", "see https://example.com/a.png?"])
def test_what_is_no_address_of_an_image_is_a_text(show):
    assert "<blockquote>" in Example(show=show).html()


@pytest.mark.parametrize(
    "show",
    [
        "<b>{{ task.input }}</b>",
        "s3://bucket/{{ x }}'.png",
        's3://bucket/"><script>.png',
        "s3://b/{% raw %}.png",
    ],
)
def test_examples_can_hold_what_html_and_liquid_would_read(show):
    html = full(rendered(Instructions(good=[Example(show=show, why=show)])))

    assert "<script>" not in html
    assert "It broke" not in html


def test_examples_may_come_as_mappings():
    assert Instructions(good=[{"show": "a", "why": "b"}]).good == (Example(show="a", why="b"),)


@pytest.mark.parametrize("examples", ["one", Example(show="one"), 7, [7], [{"why": "nothing to show"}], [""]])
def test_what_are_no_examples_is_refused(examples):
    with pytest.raises(InvalidResourceError, match="good"):
        Instructions(good=examples)


def test_images_of_examples_are_in_every_kind_of_template():
    task = ImageClassification(
        name="a", labels=["x", "y"], title="Which?", instructions=Instructions(bad=[TIGHT])
    )

    assert "tight%20box.png" in task.template()
