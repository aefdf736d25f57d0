"""What a run's record holds as text: labels, the user's own columns, tasks, policies and errors, there and back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hitl_sdk import errors
from hitl_sdk.errors import HitlError
from hitl_sdk.labels import to_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitl_sdk.routing import Policy
    from hitl_sdk.tasks import Task

__all__ = [
    "columns_text",
    "error_text",
    "label_text",
    "policy_text",
    "read_columns",
    "read_error",
    "read_label",
    "task_text",
]

_MARK = "__hitl__"
_PLACE = re.compile(r" at 0x[0-9A-Fa-f]+")
_CONTEXT = ("hint", "code", "operation", "request_id", "resource", "item_id")

_WRITERS: Mapping[type, Callable[[Any], str]] = {
    bytes: lambda value: base64.b64encode(value).decode(),
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: f"{value.days} {value.seconds} {value.microseconds}",
    Decimal: str,
}
_READERS: Mapping[str, Callable[[str], object]] = {
    "bytes": base64.b64decode,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda text: timedelta(*map(int, text.split())),
    "Decimal": Decimal,
}


def label_text(label: object) -> str:
    """Return a label, as `normalise_label` returns it, as JSON text."""
    return json.dumps(to_value(label), default=_written)


def read_label(text: str) -> object:
    """Return the plain value of a label, which the task reads."""
    return json.loads(text, object_hook=_read) if "{" in text else json.loads(text)


def columns_text(columns: Mapping[str, object]) -> str:
    """Return columns of the user's own as JSON text. A value that has no form there is kept as its text."""
    try:
        return json.dumps(columns, default=_written)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({str(name): _writable(value) for name, value in columns.items()}, default=_written)


def read_columns(text: str) -> dict[str, object]:
    """Return the user's own columns."""
    columns: dict[str, object] = json.loads(text, object_hook=_read)
    return columns


def task_text(task: Task) -> str:
    """Return a task as JSON text, equal for equal tasks."""
    fields = task.model_dump(mode="json", fallback=_described)
    return json.dumps({"kind": type(task).__name__, **fields}, sort_keys=True)


def policy_text(policy: Policy) -> str:
    """Return a policy as JSON text, equal for equal policies: labels stand in one order there."""
    return json.dumps(_described(policy), sort_keys=True)


def _described(value: Any) -> object:
    """Return a policy as what its JSON holds; of an object of the user's own that has none, what it prints.

    But no place in memory, which is another one in another process.
    """
    if isinstance(value, Mapping):
        return dict(value)
    try:
        return json.loads(value.to_json())
    except (AttributeError, TypeError, ValueError):
        printed: object = type(value).__repr__
        return type(value).__qualname__ if printed is object.__repr__ else _PLACE.sub("", repr(value))


def error_text(error: HitlError) -> str:
    """Return an error as JSON text."""
    kind = next(kind for kind in type(error).__mro__ if getattr(errors, kind.__name__, None) is kind)
    context = {name: getattr(error, name) for name in _CONTEXT}
    return json.dumps(
        {
            "kind": kind.__name__,
            "message": error.message,
            **{name: value for name, value in context.items() if value},
        }
    )


def read_error(text: str) -> HitlError:
    """Return an error, of the kind that it was."""
    try:
        said = json.loads(text)
        kind = getattr(errors, said.pop("kind"))
        read = kind(said.pop("message"), **said)
    except (AttributeError, KeyError, TypeError, ValueError):
        return HitlError(text)
    return read if isinstance(read, HitlError) else HitlError(text)


def _written(value: object) -> object:
    """Return what JSON has no form for in one that `_read` knows, or as text."""
    if type(value).__name__ in {
        "NaTType",
        "NAType",
    }:  # what pandas has for nothing; the former is a datetime, too
        return None
    kind = next((kind for kind in _WRITERS if isinstance(value, kind)), None)
    if kind is not None:
        return {_MARK: kind.__name__, "text": _WRITERS[kind](value)}
    plain = to_value(value)
    return str(value) if plain is value else plain


def _read(entries: dict[str, Any]) -> object:
    kind = entries.get(_MARK)
    return _READERS[kind](entries["text"]) if isinstance(kind, str) and kind in _READERS else entries


def _writable(value: object) -> object:
    try:
        json.dumps(value, default=_written)
    except (TypeError, ValueError, RecursionError):
        return _shown(value)
    return value


def _shown(value: object) -> str:
    try:
        return str(value)
    except (ValueError, RecursionError):
        return f"something of type {type(value).__name__}, too long to show"
