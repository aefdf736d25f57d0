"""Loads optional dependencies on first use, and says what to install when one is missing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hitl_sdk.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load"]


def load(module: str, *, extra: str, needed_for: str) -> ModuleType:
    """Import `module`, or raise an error that carries the pip command which would provide it.

    Parameters
    ----------
    module : str
        Dotted name, for example ``"pandas"``.
    extra : str
        The extra of this package that brings it.
    needed_for : str
        What the caller wanted, for the message.

    Raises
    ------
    MissingExtraError
        If the module is not installed.

    Examples
    --------
    >>> load("json", extra="none", needed_for="an example").__name__
    'json'
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise MissingExtraError(
            f"{needed_for} needs {package}, which is not installed",
            hint=f'pip install "hitl-sdk[{extra}]"',
        ) from error
