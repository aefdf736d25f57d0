"""The error tree: one root, a retry mark on every leaf, and pickling."""

import pickle

import pytest

from hitl_sdk import errors

KINDS = [
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if issubclass(kind, errors.HitlError) and kind not in (errors.HitlError, errors.ServiceError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_either_terminal_or_transient(kind):
    assert issubclass(kind, errors.Terminal) != issubclass(kind, errors.Transient)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_stands_in_the_tree_of_the_module_docstring(kind):
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_pickling_with_all_it_knows(kind):
    error = kind(
        "gone", hint="look again", operation="Describe", request_id="r-1", item_id="7", code="C", resource="x"
    )
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is kind
    assert vars(twin) == vars(error)
    assert str(twin) == "gone (look again) [Describe, request r-1]"


def test_a_note_survives_pickling_too():
    error = errors.NotFoundError("gone")
    error.add_note("while reading")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while reading"]


def test_an_error_without_a_hint_is_just_its_message():
    assert str(errors.HitlError("gone")) == "gone"


def test_bad_input_can_be_caught_as_a_value_error():
    assert issubclass(errors.InvalidPredictionError, ValueError)


def test_a_missing_extra_can_be_caught_as_an_import_error():
    assert issubclass(errors.MissingExtraError, ImportError)


def test_a_passed_deadline_can_be_caught_as_a_timeout_error():
    assert issubclass(errors.WaitTimeoutError, TimeoutError)
