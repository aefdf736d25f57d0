"""What answers and labels have in common when they are read, and what is said of those that can't be."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import clean_text
from hitl_sdk.tasks.base import names

__all__ = ["answer_errors", "label_errors", "value_under"]


def value_under(answer: Mapping[str, object], *keys: str) -> object:
    """Return what stands under the first key that is there, zero-width characters aside; None in an empty answer.

    Raises
    ------
    ValueError
        If the answer has other keys alone: it is one to another task.
    """
    cleaned = {clean_text(key): value for key, value in answer.items()}
    for key in keys:
        if key in cleaned:
            return cleaned[key]
    if cleaned:
        raise ValueError(f"it has no {keys[0]!r}, but {names(cleaned)}")
    return None


@contextmanager
def answer_errors(task_name: str) -> Iterator[None]:
    """Let a `ValueError` leave as `InvalidOutputError`."""
    try:
        yield
    except ValueError as error:
        raise InvalidOutputError(
            f"the answer to task {task_name!r} can't be read: {error}",
            hint="is it an output of another task?",
        ) from None


@contextmanager
def label_errors(task_name: str, hint: str) -> Iterator[None]:
    """Let a `ValueError` leave as `InvalidPredictionError`."""
    try:
        yield
    except ValueError as error:
        raise InvalidPredictionError(
            f"the label of a prediction for task {task_name!r} can't be read: {error}", hint=hint
        ) from None
