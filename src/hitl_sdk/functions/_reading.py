"""Reading the JSON of events tolerantly: of every field all spellings, and one typed error for what can't be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from hitl_sdk._plain import shown
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["field", "object_in", "optional_text_in", "parse_json", "text_in", "truth"]


def field(value: Mapping[str, object], *names: str) -> object:
    """Return what stands under the first of the names that is there, in whatever spelling; None if none is.

    ``s3Uri``, ``s3uri``, ``S3Uri`` and ``s3_uri`` are one name: all of them are met, if only in AWS's own samples.

    Examples
    --------
    >>> field({"s3uri": "s3://bucket/a.json"}, "s3Uri")
    's3://bucket/a.json'
    """
    for name in names:
        if value.get(name) is not None:
            return value[name]
    spelled = {_plain(key): entry for key, entry in value.items() if entry is not None}
    return next((spelled[_plain(name)] for name in names if _plain(name) in spelled), None)


def object_in(value: object, what: str) -> Mapping[str, object]:
    """Return an object of JSON.

    Raises
    ------
    InvalidInputError
        If it is none; it names `what` should be one.
    """
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            f"{what} is {_kind(value)}, no object", hint="see hitl_sdk.functions for what it holds"
        )
    return cast("Mapping[str, object]", value)


def text_in(value: Mapping[str, object], name: str, what: str) -> str:
    """Return the text of a field that must be there.

    Raises
    ------
    InvalidInputError
        If it is not, or is empty or no text.
    """
    text = optional_text_in(value, name, what)
    if text is None:
        raise InvalidInputError(f"{what} has no {name!r}, but {_names(value)}")
    return text


def optional_text_in(value: Mapping[str, object], name: str, what: str) -> str | None:
    """Return the text of a field, None if it is missing, null or empty.

    Raises
    ------
    InvalidInputError
        If it is no text.
    """
    entry = field(value, name)
    if entry is None:
        return None
    if not isinstance(entry, str):
        raise InvalidInputError(f"{name!r} of {what} is {_kind(entry)}, no text")
    return entry or None


def truth(value: object, what: str) -> bool:
    """Return a truth value that may be text.

    Raises
    ------
    InvalidInputError
        If it is none.

    Examples
    --------
    >>> truth("False", "it"), truth(True, "it")
    (False, True)
    """
    said = clean_text(value).lower() if isinstance(value, str) else value
    if said in ("true", True):
        return True
    if said in ("false", False):
        return False
    raise InvalidInputError(f"{what} is {shown(value)}, neither true nor false")


def parse_json(text: str | bytes, what: str) -> object:
    """Return the value of a JSON text.

    Raises
    ------
    InvalidInputError
        If it is no JSON, or no UTF-8.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
        value: object = json.loads(decoded)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise InvalidInputError(f"{what} is no JSON: {reason}") from None
    return value


def _plain(name: object) -> str:
    return clean_text(str(name)).replace("-", "").replace("_", "").lower()


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _names(value: Mapping[str, object]) -> str:
    names: Sequence[str] = [repr(str(key)) for key in list(value)[:10]]
    return ", ".join(names) or "nothing"
