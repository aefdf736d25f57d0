"""Values of a service model's shapes, from JSON and to JSON."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.utils import parse_to_aware_datetime

from hitl_sdk.local.wire.messages import SerializationError

if TYPE_CHECKING:
    from hitl_sdk.local.wire.models import Shape

__all__ = ["from_json", "from_text", "to_json", "to_text"]

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


def from_json(shape: Shape, value: object, path: str = "") -> Any:
    """Return what `value`, as JSON gave it, means under `shape`: times aware, nulls and unknown members gone.

    Raises
    ------
    SerializationError
        If a value is not of the type the model gives it.
    """
    kind = shape.type_name
    if _is_document(shape):
        return value
    if kind == "structure":
        given = _typed(value, dict, "a structure", path)
        members = shape.members
        return {
            name: from_json(member, given[name], _join(path, name))
            for name, member in members.items()
            if given.get(name) is not None
        }
    if kind == "list":
        member = shape.member
        given = _typed(value, list, "a list", path)
        return [from_json(member, item, f"{path}[{index}]") for index, item in enumerate(given)]
    if kind == "map":
        member = shape.value
        given = _typed(value, dict, "a map", path)
        return {key: from_json(member, item, _join(path, key)) for key, item in given.items()}
    return _scalar(kind, value, path)


def _scalar(kind: str, value: object, path: str) -> Any:
    if kind == "timestamp":
        return _time(value, path)
    if kind == "blob":
        return _blob(value, path)
    wanted = _SCALARS[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
        raise SerializationError(f"'{path}' must be of type {kind}")
    return value


def from_text(shape: Shape, text: str, path: str) -> Any:
    """Return what `text`, from a path or a query, means under `shape`.

    Raises
    ------
    SerializationError
        If the text can't be read as the type the model gives it.
    """
    if shape.type_name == "timestamp":
        return _time(text, path)
    if shape.type_name in {"integer", "long"}:
        try:
            return int(text)
        except ValueError:
            raise SerializationError(f"'{path}' must be of type {shape.type_name}") from None
    if shape.type_name == "boolean":
        return text == "true"
    return text


def to_text(value: object) -> str:
    """Return `value` as a header carries it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_json(shape: Shape, value: Any) -> Any:
    """Return `value`, of `shape`, as json.dumps takes it; what the model does not know is left out."""
    if _is_document(shape):
        return value
    if shape.type_name == "structure":
        members = shape.members
        return {
            name: to_json(member, value[name])
            for name, member in members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        member = shape.member
        return [to_json(member, item) for item in value]
    if shape.type_name == "map":
        member = shape.value
        return {key: to_json(member, item) for key, item in value.items()}
    return _scalar_to_json(shape, value)


def _scalar_to_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        moment = cast("datetime", value).astimezone(UTC)
        if shape.serialization.get("timestampFormat") == "iso8601":
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return round(moment.timestamp(), 3)
    if shape.type_name == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
    return value


def _is_document(shape: Shape) -> bool:
    """Tell whether any JSON may stand here: a document, in the model's words."""
    return bool(shape.metadata.get("document"))


def _typed(value: object, kind: type, said: str, path: str) -> Any:
    if not isinstance(value, kind):
        raise SerializationError(f"'{path or 'body'}' must be {said}")
    return value


def _blob(value: object, path: str) -> bytes:
    try:
        return base64.b64decode(_typed(value, str, "a blob in base64", path), validate=True)
    except binascii.Error:
        raise SerializationError(f"'{path}' must be a blob in base64") from None


def _time(value: object, path: str) -> datetime:
    try:
        return parse_to_aware_datetime(cast("str", value)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise SerializationError(f"'{path}' must be a timestamp") from None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
