"""The structure: imports go one way, modules and functions stay small, time is asked of the clock."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import hitl_sdk

SOURCE = Path(hitl_sdk.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# Whoever stands in a row may import what stands in the rows below it, and nothing else of this package.
LAYERS = (
    {"cli", "demo"},
    {"labeling", "review", "spark"},
    {"functions", "loops", "resources", "results", "routing", "training"},
    {"tasks"},
    {"consolidation", "session"},
)
CORE = {"arns", "errors", "labels"}  # and the private modules
# What stands beside the layers, and all that it may import besides the core.
BESIDE = {
    "local": {"functions", "routing"},
    "testing": {"local", "session"},
    "cli": {"demo", "local", "testing"},
}

NOT_OF_THE_ENGINE = {"a2wsgi", "moto", "starlette", "uvicorn", "werkzeug", "http", "hitl_sdk.local.wire"}
ONLY_IN_THE_CLOCK = {"time.sleep", "time.monotonic", "time.time", "datetime.now", "datetime.utcnow"}


def name_of(file: Path) -> str:
    """Return the dotted name of a module; a package is called by its own."""
    parts = ["hitl_sdk", *file.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports_in(node: ast.AST) -> set[str]:
    """Return the modules that are imported when the code runs, on loading or later."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            found |= {alias.name for alias in child.names}
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            names = {f"{child.module}.{alias.name}" for alias in child.names}
            found |= {name if name in MODULES else str(child.module) for name in names}
        elif not is_for_type_checkers(child):
            found |= imports_in(child)
    return found


@cache
def imported_by(name: str) -> frozenset[str]:
    return frozenset(imports_in(ast.parse(MODULES[name].read_text())))


def part_of(name: str) -> str:
    """Return the part of the package that a module belongs to; empty for the package itself."""
    return name.removeprefix("hitl_sdk").strip(".").partition(".")[0]


def allowed(part: str) -> set[str]:
    below = [row for level, row in enumerate(LAYERS) if any(part in above for above in LAYERS[:level])]
    return set().union(*below) | BESIDE.get(part, set()) | ({part} if part not in CORE else set())


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    part = part_of(name)
    parts = {part_of(each) for each in imported_by(name) if each.startswith("hitl_sdk")}
    foreign = {each for each in parts if each not in CORE and not each.startswith("_")}
    if part == "" or part in CORE or part.startswith("_"):
        assert foreign == set()
    else:
        assert foreign - allowed(part) == set()


def test_every_part_of_the_package_has_its_place():
    known = set().union(*LAYERS, CORE, BESIDE, {"", "data"})
    assert {part for part in map(part_of, MODULES) if not part.startswith("_")} == known


def test_no_import_goes_in_a_circle():
    graph = {name: imported_by(name) & MODULES.keys() - {name} for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("hitl_sdk.local.engine")])
def test_the_engine_knows_nothing_of_http_and_moto(name):
    faces = {
        each
        for each in imported_by(name)
        if any(f"{each}.".startswith(f"{face}.") for face in NOT_OF_THE_ENGINE)
    }
    assert faces == set()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_module_has_at_most_600_lines(file):
    assert len(file.read_text().splitlines()) <= 600


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_function_fits_a_screen(file):
    functions = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]
    assert {node.name: lines_of(node) for node in functions if lines_of(node) > 50} == {}


def lines_of(function: ast.FunctionDef) -> int:
    """Count a function's lines, its decorators and its docstring left out."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - (docstring.end_lineno - docstring.lineno + 1)


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"hitl_sdk._clock"}))
def test_time_is_asked_of_the_clock(name):
    assert dotted_names(name) & ONLY_IN_THE_CLOCK == set()


@pytest.mark.parametrize("name", MODULES)
def test_no_hour_is_without_its_zone_and_no_name_is_drawn_at_random(name):
    tree = ast.parse(MODULES[name].read_text())
    naive = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("datetime.now")
        and not (node.args or node.keywords)
    ]
    assert naive == []
    assert {each.rpartition(".")[2] for each in dotted_names(name)} & {"uuid1", "uuid4"} == set()


def dotted_names(name: str) -> set[str]:
    """Return what a module says of the kind ``time.sleep``, imported names included."""
    said: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Attribute):
            said.add(".".join(ast.unparse(node).split(".")[-2:]))
        elif isinstance(node, ast.ImportFrom):
            said |= {f"{node.module}.{alias.name}" for alias in node.names}
    return said
