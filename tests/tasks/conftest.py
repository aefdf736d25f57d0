"""What the tests of all tasks share."""

import pytest

from hitl_sdk._elements import read_template
from hitl_sdk.local.templates import render


@pytest.fixture(scope="session")
def render_page():
    """A worker template, rendered with an input."""

    def rendered(template, task_input):
        html, errors = render(template, task_input, sign=lambda uri: uri.replace("s3://", "https://signed/"))
        assert errors == []
        return html

    return rendered


@pytest.fixture(scope="session")
def element_seen(render_page):
    """The element that a worker sees of a task, its template rendered with an input."""

    def seen(task, task_input):
        form, element = read_template(render_page(task.template(), task_input))
        assert form.tag == "crowd-form"
        return element

    return seen


@pytest.fixture(scope="session")
def page_seen(render_page):
    """The page that a worker sees, and the elements on it."""

    def seen(task, task_input):
        html = render_page(task.template(), task_input)
        return html, read_template(html)

    return seen
