"""Every public name says what it is, what it takes, and shows it: without exceptions."""

import dataclasses
import importlib
import inspect
import re
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

import hitl_sdk
from hitl_sdk.errors import HitlError
from hitl_sdk.local.endpoints import Endpoints
from hitl_sdk.local.simulation import Workers

MODULES = [hitl_sdk, importlib.import_module("hitl_sdk.session")] + [
    module for name in hitl_sdk.__all__ if isinstance(module := getattr(hitl_sdk, name), ModuleType)
]
HANDED_OUT = (Workers, Endpoints)  # by a `Cloud`
MADE_BY = re.compile(r"\bMade by `\w+(\.\w+)*`")


def public_names() -> dict[str, Any]:
    """Return classes and functions by the name under which they are first met."""
    found = {member: f"{member.__module__}.{member.__name__}" for member in HANDED_OUT}
    for module in MODULES:
        for name in module.__all__:
            member = getattr(module, name)
            if inspect.isclass(member) or inspect.isfunction(member):
                found.setdefault(member, f"{module.__name__}.{name}")
    return {name: member for member, name in found.items()}


def public_methods(owner: type) -> dict[str, Any]:
    """Return the methods and properties that a class defines itself, as functions."""
    methods = {}
    for name, member in vars(owner).items():
        function = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        if not name.startswith("_") and inspect.isfunction(function):
            methods[name] = function
    return methods


NAMES = public_names()
CLASSES = {name: member for name, member in NAMES.items() if inspect.isclass(member)}
FUNCTIONS = {name: member for name, member in NAMES.items() if name not in CLASSES}
METHODS = {
    f"{owner}.{name}": method
    for owner, member in CLASSES.items()
    for name, method in public_methods(member).items()
}
CALLABLES = FUNCTIONS | METHODS


def section(member: Any, title: str) -> str | None:
    """Return the text of a section of a NumPy docstring, None if there is none."""
    document = inspect.cleandoc(member.__doc__ or "")
    match = re.search(rf"^{title}\n-+\n(.*?)(?=^\S[^\n]*\n-{{3,}}$|\Z)", document, re.MULTILINE | re.DOTALL)
    return match[1] if match else None


def described(member: Any, *titles: str) -> set[str]:
    """Return the names that the sections of a docstring describe."""
    lines = [line for title in titles for line in (section(member, title) or "").splitlines()]
    heads = [line.partition(" : ")[0] for line in lines if line and not line[0].isspace()]
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls"}


def fields(owner: type) -> set[str]:
    """Return what the constructor of a class takes, if it is called by users."""
    if issubclass(owner, BaseModel):
        return set(owner.model_fields)
    if dataclasses.is_dataclass(owner):
        return {field.name for field in dataclasses.fields(owner)}
    if getattr(owner, "_is_protocol", False):  # nobody calls it
        return set()
    if issubclass(owner, HitlError) or "__init__" not in vars(owner) or MADE_BY.search(owner.__doc__ or ""):
        return set()
    return parameters(owner.__init__)


def relatives(owner: type) -> list[type]:
    return [relative for relative in owner.__mro__ if relative.__module__.startswith("hitl_sdk")]


@pytest.mark.parametrize("name", NAMES | METHODS)
def test_it_says_what_it_is_in_one_line(name):
    first, _, rest = inspect.cleandoc((NAMES | METHODS)[name].__doc__ or "").partition("\n")

    assert first.endswith((".", "?"))
    assert not rest.partition("\n")[0].strip()


@pytest.mark.parametrize("name", CALLABLES)
def test_a_function_describes_every_parameter(name):
    assert parameters(CALLABLES[name]) - described(CALLABLES[name], "Parameters") == set()


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_describes_all_it_is_made_of(name):
    known = set().union(*(described(owner, "Parameters", "Attributes") for owner in relatives(CLASSES[name])))

    assert fields(CLASSES[name]) - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_shows_an_example(name):
    """An error shows it where the tree begins: all of them are made and read alike."""
    shows = HitlError if inspect.isclass(NAMES[name]) and issubclass(NAMES[name], HitlError) else NAMES[name]

    assert ">>> " in (section(shows, "Examples") or "")


@pytest.mark.parametrize("name", METHODS)
def test_a_method_shows_an_example_or_its_class_does(name):
    owner = CLASSES[name.rpartition(".")[0]]

    assert section(METHODS[name], "Examples") or section(owner, "Examples")
