"""From a source to a calibrated, budgeted run that goes on: ten lines, on a page for each source."""

import ast
import re
import textwrap
from pathlib import Path

import pytest

from hitl_sdk import routing

ROOT = Path(__file__).parents[2]
PAGES = {page.stem: page.read_text("utf-8") for page in (ROOT / "docs" / "guide" / "sources").glob("*.md")}
EXAMPLES = {
    "batch-transform": "batch_transform",
    "bedrock": "bedrock_reviews",
    "built-in": "built_in_conditions",
    "callables": "callable_reviews",
    "comprehend": "comprehend_reviews",
    "endpoint": "endpoint_predictions",
    "rekognition": "rekognition_reviews",
    "scikit-learn": "scikit_learn_reviews",
    "textract": "textract_reviews",
    "transcribe": "transcript_reviews",
    "translate": "translation_reviews",
}
SHOWN = re.compile(r'^--8<-- "(?P<path>examples/\w+\.py)(?::(?P<part>[^"]+))?"$', re.MULTILINE)
# Where AWS starts the human loops no router holds it back: the budget is the share that the conditions were chosen for.
BUDGETS = {name: {"max_reviews", "max_cost"} for name in EXAMPLES} | {"built-in": {"review_budget"}}


def section(path: str, part: str) -> str:
    text = (ROOT / path).read_text("utf-8")
    found = re.search(rf"# --8<-- \[start:{part}\]\n(.*?)# --8<-- \[end:{part}\]", text, re.DOTALL)
    assert found is not None, f"{path} has no section {part}"
    return textwrap.dedent(found[1])


def ten_lines(page: str) -> ast.Module:
    return ast.parse(section(f"examples/{EXAMPLES[page]}.py", "ten_lines"))


def statements(code: ast.Module) -> list[ast.stmt]:
    """Return all statements, the line of the function among them; its docstring is none."""
    return [
        node
        for node in ast.walk(code)
        if isinstance(node, ast.stmt)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def calls(code: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(code) if isinstance(node, ast.Call)]


def options(code: ast.Module) -> set[str]:
    return {str(option.arg) for call in calls(code) for option in call.keywords}


def test_every_source_has_a_page_and_every_page_an_example():
    assert PAGES.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("page", sorted(EXAMPLES))
def test_a_page_shows_them_with_what_they_print(page):
    assert f'--8<-- "examples/{EXAMPLES[page]}.py:ten_lines"' in PAGES[page]
    assert f'--8<-- "examples/output/{EXAMPLES[page]}.txt:' in PAGES[page]


@pytest.mark.parametrize("page", sorted(EXAMPLES))
def test_they_are_ten_at_most(page):
    assert 5 <= len(statements(ten_lines(page))) <= 10


@pytest.mark.parametrize("page", sorted(EXAMPLES))
def test_the_run_is_calibrated_budgeted_and_resumable(page):
    code = ten_lines(page)

    assert "calibrate" in {call.func.id for call in calls(code) if isinstance(call.func, ast.Name)}
    assert options(code) & BUDGETS[page]
    [route] = [
        call for call in calls(code) if isinstance(call.func, ast.Attribute) and call.func.attr == "route"
    ]
    assert "name" in {option.arg for option in route.keywords}


@pytest.mark.parametrize("page", sorted(EXAMPLES))
def test_a_page_says_what_they_need(page):
    assert 'pip install "hitl-sdk[calibration,pandas]"' in PAGES[page]
    assert "(../review.md#the-whole-way)" in PAGES[page] or page == "built-in"


@pytest.mark.parametrize("source", sorted(name for name in routing.__all__ if name.startswith("from_")))
def test_every_source_is_shown_on_a_page(source):
    shown = {(match["path"], match["part"]) for text in PAGES.values() for match in SHOWN.finditer(text)}
    code = [section(path, part) if part else (ROOT / path).read_text("utf-8") for path, part in shown]
    in_text = [text for text in PAGES.values() if f"`{source}`" in text or f"`{source}(" in text]

    assert in_text or any(f"{source}(" in text for text in code)
