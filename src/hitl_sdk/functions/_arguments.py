"""Whether a function takes what it will be given."""

from __future__ import annotations

import inspect

from hitl_sdk.errors import InvalidInputError

__all__ = ["check_takes"]


def check_takes(function: object, *arguments: str) -> None:
    """Refuse at once what Lambda would only find when people have answered."""
    if not callable(function):
        raise InvalidInputError(f"{type(function).__name__} is no function", hint="decorate a function")
    try:
        parameters = inspect.signature(function)
    except ValueError:
        return  # what is built in may not tell
    try:
        parameters.bind(*arguments)
    except TypeError as error:
        raise InvalidInputError(
            f"the function can't be called with {' and '.join(arguments)}: {error}",
            hint=f"it has the parameters {parameters}",
        ) from error
