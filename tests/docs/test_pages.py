"""The pages show what runs: every snippet is a file, every file and page is there."""

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from hitl_sdk import errors
from hitl_sdk.cli.local import app
from hitl_sdk.training import TRAINING_COLUMNS

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("docs/**/*.md"))
WRITTEN_BY_HAND = [page for page in PAGES if "adr" not in page.parts]

SNIPPET = re.compile(r'^--8<-- "(?P<path>[^":]+)(?::(?P<part>[^"]+))?"$')
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python objects that matter to mkdocs alone."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def snippets() -> list[tuple[str, str]]:
    found = [
        (match["path"], match["part"] or "")
        for page in PAGES
        for line in page.read_text("utf-8").splitlines()
        if (match := SNIPPET.match(line))
    ]
    return sorted(set(found))


def pages_of(navigation: Any) -> list[str]:
    if isinstance(navigation, str):
        return [navigation]
    entries = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for entry in entries for page in pages_of(entry)]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_the_code_of_the_readme_is_an_example_that_runs():
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    example = (ROOT / "examples" / "ten_lines.py").read_text("utf-8")
    _, _, body = example.split('"""', 2)

    assert code is not None
    assert code[1].strip() == body.strip()


@pytest.mark.parametrize(("path", "part"), snippets())
def test_what_a_snippet_names_is_there(path, part):
    text = (ROOT / path).read_text("utf-8")

    if re.fullmatch(r"[\d:]+", part):
        lines = text.splitlines()[int(part.split(":")[0]) - 1 : int(part.split(":")[-1])]
        assert lines[0].strip()
        assert lines[-1].strip()
    elif part:
        assert f"--8<-- [start:{part}]" in text
        assert f"--8<-- [end:{part}]" in text


def shown_code(path: str) -> list[ast.Module]:
    """Return what pages show of an example: all of it, or by section."""
    text = (ROOT / path).read_text("utf-8")
    parts = [part for each, part in snippets() if each == path]
    if "" in parts:
        return [ast.parse(text)]
    found = [
        re.search(rf"# --8<-- \[start:{part}\]\n(.*?)# --8<-- \[end:{part}\]", text, re.DOTALL)
        for part in parts
    ]
    return [ast.parse(textwrap.dedent(match[1])) for match in found if match]


def imported(code: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(code) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {name.asname or name.name for each in imports for name in each.names}


@pytest.mark.parametrize("path", sorted({path for path, _ in snippets() if path.endswith(".py")}))
def test_what_the_shown_code_imports_is_shown_too(path):
    codes = shown_code(path)
    names = {node.id for code in codes for node in ast.walk(code) if isinstance(node, ast.Name)}
    known = imported(ast.parse((ROOT / path).read_text("utf-8"))) - {"hitl"}

    assert names & known <= {name for code in codes for name in imported(code)}


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=lambda page: page.stem)
def test_every_block_of_code_is_a_snippet(page):
    blocks = FENCE.findall(page.read_text("utf-8"))

    lines = [line for block in blocks for line in block.splitlines() if line]
    assert [line for line in lines if not SNIPPET.match(line)] == []


def test_every_example_is_shown_on_a_page():
    shown = {Path(path).name for path, _ in snippets()}

    assert {path.name for path in (ROOT / "examples").iterdir() if path.suffix in {".py", ".sh"}} <= shown


def test_navigation_and_folder_hold_the_same_pages():
    navigation = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Loader)["nav"]

    assert sorted(pages_of(navigation)) == [str(page.relative_to(ROOT / "docs")) for page in PAGES]


def test_every_option_of_local_up_is_explained():
    command: Any = typer.main.get_command(app)
    options = {name for option in command.commands["up"].params for name in option.opts}

    assert [name for name in sorted(options) if f"| `{name}` |" not in page("guide/local.md")] == []


def test_every_column_of_the_training_frame_is_explained():
    assert [name for name in TRAINING_COLUMNS if f"`{name}`" not in page("guide/results.md")] == []


def test_every_error_that_can_be_caught_is_explained():
    leaves = [
        name
        for name in errors.__all__
        if not getattr(errors, name).__subclasses__() and issubclass(getattr(errors, name), errors.HitlError)
    ]

    assert [name for name in leaves if f"`{name}`" not in page("guide/errors.md")] == []
