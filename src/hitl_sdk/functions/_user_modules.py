"""Finds the files of a user's handler: its module or package, and what lies beside it and is imported. Runs none of it."""

from __future__ import annotations

import ast
import symtable
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HandlerFiles", "files_below", "find_handler"]


@dataclass(frozen=True, slots=True)
class HandlerFiles:
    """A handler and the files it consists of.

    Attributes
    ----------
    module, function : str
        As Lambda imports them.
    files : dict of str to Path
        By their names in the zip.
    """

    module: str
    function: str
    files: dict[str, Path]


def find_handler(reference: str) -> HandlerFiles:
    """Find the files of a handler named as ``module:function``, the module by its name or its file.

    Raises
    ------
    InvalidInputError
        If there is no such module or function, or a file is no Python.
    """
    place, _, function = reference.rpartition(":")
    if not (place and function.isidentifier()):
        raise InvalidInputError(
            f"{reference!r} names no function", hint="write module:function, or path/to/module.py:function"
        )
    file, module = _file_of(place)
    root = file.parents[module.count(".") + (file.name == "__init__.py")]
    _check_defines(file, function)
    return HandlerFiles(module, function, _with_neighbours(root, module.partition(".")[0]))


def files_below(folder: Path) -> Iterator[Path]:
    """Return the files of a folder that are code or data, no caches and nothing hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts):
            yield path


def _file_of(place: str) -> tuple[Path, str]:
    """Return the file of a module, and its dotted name."""
    if place.endswith(".py"):
        file = Path(place).resolve()
        if not file.is_file():
            raise InvalidInputError(f"there is no file {place}")
        return file, file.stem
    path: list[str] | None = [str(Path.cwd()), *sys.path]
    spec = None
    for depth in range(1, place.count(".") + 2):
        name = ".".join(place.split(".")[:depth])
        spec = PathFinder.find_spec(name, path) if path else None
        path = list(spec.submodule_search_locations or ()) if spec else None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InvalidInputError(
            f"there is no module {place!r} in Python", hint=f"looked in {Path.cwd()} first"
        )
    return Path(spec.origin).resolve(), place


def _check_defines(file: Path, function: str) -> None:
    source, _ = _parsed(file)
    symbols = symtable.symtable(source, str(file), "exec").get_symbols()
    defined = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    from_elsewhere = "import *" in source or "def __getattr__" in source
    if function not in defined and not from_elsewhere:
        raise InvalidInputError(f"{file.name} has no {function!r}", hint="name a function of the module")


def _with_neighbours(root: Path, first: str) -> dict[str, Path]:
    """Return the files of a module or package, and of those beside it that it imports, or that these import.

    None of hitl_sdk: it is in every zip.
    """
    installed = any(root.glob("*.dist-info"))  # what lies beside an installed package is packaged by pip
    files: dict[str, Path] = {}
    waiting, left_out = [first], {"hitl_sdk"}
    while waiting:
        name = waiting.pop()
        if name in left_out:
            continue
        left_out |= {name, *sys.stdlib_module_names}
        for file in _files_of(root, name):
            files[file.relative_to(root).as_posix()] = file
            if file.suffix == ".py" and not installed:
                waiting += _imported_by(file)
    return files


def _files_of(root: Path, name: str) -> Iterator[Path]:
    if (root / name).is_dir():
        yield from files_below(root / name)
    elif (root / f"{name}.py").is_file():
        yield root / f"{name}.py"


def _imported_by(file: Path) -> list[str]:
    """Return the first parts of what a module imports, in whichever function it does."""
    names = []
    for node in ast.walk(_parsed(file)[1]):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return [name.partition(".")[0] for name in names]


def _parsed(file: Path) -> tuple[str, ast.Module]:
    try:
        source = file.read_text("utf-8")
        return source, ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise InvalidInputError(f"{file} is no Python: {error}") from None
