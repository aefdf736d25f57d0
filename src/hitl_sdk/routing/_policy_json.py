"""Policies as JSON: an object of one entry each, ``{kind: fields}``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from hitl_sdk.routing.policy import Policy

__all__ = ["Read", "fields_of", "loaded", "read_policy", "refuse", "several"]

Read = Callable[[object], "Policy"]


class _Readable(Protocol):
    @classmethod
    def _from_value(cls, value: object, read: Read) -> Policy: ...


_Kind = TypeVar("_Kind", bound=_Readable)


def loaded(text: str, what: str) -> object:
    """Parse a JSON text.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{what}: not JSON: {error}", hint="check the text") from error


def read_policy(given: object, kinds: Mapping[str, type[_Kind]]) -> Policy:
    """Read a policy out of a JSON text, or out of what one holds."""

    def read(value: object) -> Policy:
        if not isinstance(value, Mapping) or len(value) != 1:
            refuse(f"{_brief(value)} is no policy", 'write {"Threshold": {"threshold": 0.9}}')
        [(kind, body)] = value.items()
        if kind not in kinds:
            refuse(f"no kind of policy is named {kind!r}", f"there are {', '.join(sorted(kinds))}")
        return kinds[kind]._from_value(body, read)

    try:
        return read(loaded(given, "the policy") if isinstance(given, str) else given)
    except RecursionError as error:
        raise InvalidInputError("the policy is nested too deep", hint="write it flatter") from error


def fields_of(policy: type[Any], value: object) -> dict[str, Any]:
    """Return the fields of a policy, whose names are those of its parameters and none of which lacks."""
    kind, known = policy.__name__, {each.name: each for each in fields(policy)}
    if not isinstance(value, Mapping):
        refuse(f"{kind} has {_brief(value)} for its fields", f"it takes {', '.join(known)}")
    unknown = [name for name in value if name not in known]
    if unknown:
        refuse(f"{kind} has no field {unknown[0]!r}", f"it takes {', '.join(known)}")
    lacking = [name for name, each in known.items() if each.default is MISSING and name not in value]
    if lacking:
        refuse(f"{kind} lacks {', '.join(lacking)}", f"it takes {', '.join(known)}")
    return dict(value)


def several(kind: str, value: object, read: Read) -> list[Policy]:
    """Read the two or more policies that are joined."""
    if not isinstance(value, list | tuple) or len(value) < 2:
        refuse(f"{kind!r} has {_brief(value)}", "give a list of two or more policies")
    return [read(part) for part in value]


def refuse(problem: str, hint: str) -> NoReturn:
    """Raise the error that a policy can't be read."""
    raise InvalidInputError(f"the policy can't be read: {problem}", hint=hint)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
