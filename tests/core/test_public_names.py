"""The public surface: sorted, complete, documented."""

import importlib
import pkgutil

import pytest

import hitl_sdk

PUBLIC = [
    name
    for _, name, _ in pkgutil.walk_packages(hitl_sdk.__path__, "hitl_sdk.")
    if not any(part.startswith("_") for part in name.split("."))
]


def constants_then_classes_then_functions(name):
    return (not name.isupper(), not name[0].isupper(), name)


def test_every_name_of_the_package_can_be_had():
    assert [name for name in hitl_sdk.__all__ if getattr(hitl_sdk, name, None) is None] == []
    assert dir(hitl_sdk) == hitl_sdk.__all__


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Bandz'"):
        hitl_sdk.Bandz  # noqa: B018


@pytest.mark.parametrize("name", ["hitl_sdk", *PUBLIC])
def test_the_exported_names_are_sorted_and_exist(name):
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert exported == sorted(exported, key=constants_then_classes_then_functions)
    assert [each for each in exported if not hasattr(module, each)] == []
