"""The constraints of a service model, checked on the server's side and refused in AWS's own words.

boto3 checks types, required members and minimums before it sends; the rest (maximums, patterns,
enumerations) only the service checks, and so does this.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk.local.wire.messages import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

    from hitl_sdk.local.wire.models import Shape

__all__ = ["validate"]

_NUMBERS = {"integer", "long", "float", "double"}
_UNICODE_CLASS = re.compile(r"\\([pP])\{(\w+)\}")
_NEVER = "\ud800"  # a lone surrogate: no JSON text holds it, so it keeps an empty class well-formed
_LONGEST_SHOWN = 256  # item content has no place in an error


def validate(shape: Shape, params: object) -> None:
    """Refuse parameters that break a constraint of their shape.

    Parameters
    ----------
    shape : Shape
        The input shape of an operation.
    params : dict
        Parsed parameters, as boto3 takes them.

    Raises
    ------
    ValidationError
        Naming every violation, as AWS does.

    Examples
    --------
    >>> import botocore.session
    >>> model = botocore.session.get_session().get_service_model("sagemaker-a2i-runtime")
    >>> validate(model.operation_model("StopHumanLoop").input_shape, {"HumanLoopName": "Not-Lower"})
    Traceback (most recent call last):
    ...
    hitl_sdk.local.wire.messages.ValidationError: 1 validation error detected: Value 'Not-Lower' at
    'humanLoopName' failed to satisfy constraint: Member must satisfy regular expression pattern: ...
    """
    found = list(_violations(shape, params, ""))
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise ValidationError(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.metadata.get("document"):
        return
    if shape.type_name == "structure":
        yield from _structure_violations(shape, value, path)
        return
    yield from (_violation(shape, value, path, constraint) for constraint in _broken(shape, value))
    if shape.type_name == "list":
        member = shape.member
        for index, item in enumerate(value, start=1):
            yield from _violations(member, item, f"{path}.{index}.member")
    elif shape.type_name == "map":
        member = shape.value
        for key, item in value.items():
            yield from _violations(member, item, f"{path}.{key}.member")


def _structure_violations(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield (
                f"Value null at '{_member_path(path, name)}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, item in value.items():
        yield from _violations(shape.members[name], item, _member_path(path, name))


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """Yield the constraints of `shape` itself that `value` breaks, in AWS's words."""
    limits = shape.metadata
    if shape.type_name in _NUMBERS:
        measured, what = value, "value"
    elif shape.type_name in {"string", "list", "map", "blob"}:
        measured, what = len(cast("Sized", value)), "length"
    else:
        return
    if "min" in limits and measured < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"
    if "max" in limits and measured > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "pattern" in limits and not _matches(limits["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


def _violation(shape: Shape, value: object, path: str, constraint: str) -> str:
    text = "" if isinstance(value, bytes) else str(value)
    hidden = shape.metadata.get("sensitive") or len(text) > _LONGEST_SHOWN
    said = "Value" if hidden else f"Value '{text}'"
    return f"{said} at '{path}' failed to satisfy constraint: {constraint}"


def _member_path(path: str, name: str) -> str:
    """Join as AWS writes paths: members begin with a small letter."""
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _matches(pattern: str, text: str) -> bool:
    """Tell whether the whole of `text` matches; AWS's patterns are Java's."""
    if not _UNICODE_CLASS.search(pattern):
        return _compiled(pattern).fullmatch(text) is not None
    # Python's re has no \p{..}: put in its place those characters of the text that are of the class.
    characters = sorted(set(text))

    def members(found: re.Match[str]) -> str:
        meant = found[1] == "p"
        class_ = _NEVER + "".join(
            re.escape(one) for one in characters if unicodedata.category(one).startswith(found[2]) == meant
        )
        before = pattern[: found.start()]
        return class_ if before.rfind("[") > before.rfind("]") else f"[{class_}]"

    return re.fullmatch(_UNICODE_CLASS.sub(members, pattern), text, re.ASCII) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)
