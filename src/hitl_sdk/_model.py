"""The frozen pydantic model under everything users type in: builders, tasks, flows."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hitl_sdk.errors import InvalidResourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Model", "masked", "shortened"]


class Model(BaseModel):
    """A frozen pydantic model that refuses wrong values as `InvalidResourceError`, one line a field.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule, is missing, or is unknown. Nothing has been sent then.

    Examples
    --------
    >>> class Team(Model):
    ...     name: str
    >>> Team(nmae="crew")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidResourceError: Team can't be made:
      name: is required
      nmae: no such field, did you mean 'name'?
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            # A default that is made from a wrong field is not a second mistake.
            problems = [one for one in error.errors() if one["type"] != "default_factory_not_called"]
            lines = "\n".join(f"  {_explained(type(self), problem)}" for problem in problems)
            raise InvalidResourceError(
                f"{type(self).__name__} can't be made:\n{lines}", resource=type(self).__name__
            ) from None


def masked(text: str) -> str:
    """Return a text as messages may show it: of e-mail addresses the first letter and the domain.

    Examples
    --------
    >>> masked("ana@example.com"), masked("ana")
    ('a***@example.com', 'ana')
    """
    # Looked for at the beginnings of words alone, else a long word takes time by the square of its length.
    return re.sub(r"(?<![^\s@'\"])([^\s@'\"])[^\s@'\"]*@", r"\1***@", text)


def shortened(value: object) -> str:
    """Return the value as messages show it: masked, and cut to 80 characters."""
    text = masked(repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _explained(model: type[BaseModel], problem: Mapping[str, Any]) -> str:
    """Say in one line which field is wrong, and what is allowed; never a value that may be private."""
    # What is in brackets are pydantic's names of the members of a union, not fields.
    place = ".".join(part for part in map(str, problem["loc"]) if "[" not in part) or "fields together"
    if problem["type"] == "missing":
        return f"{place}: is required"
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(place, model.model_fields, n=1)
        known = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(model.model_fields)}"
        return f"{place}: no such field, {known}"
    message = problem["msg"].removeprefix("Value error, ")
    top = model.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    if top is None or not top.repr:
        return f"{place}: {message}"
    return f"{place}: {message} (got {shortened(problem['input'])})"
