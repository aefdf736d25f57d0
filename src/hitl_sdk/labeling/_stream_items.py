"""What a streaming job takes: one manifest line a message, with a key by which an object is labelled once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from hitl_sdk._data import human_review_quotas
from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONTENT_KEY", "MESSAGE_BYTES", "OBJECT_ID_KEY", "Message", "message_of", "object_id_of"]

OBJECT_ID_KEY = "dataset-objectid-attribute-name"
"""The attribute that names the attribute in which an object's id stands (developer guide, streaming jobs)."""

CONTENT_KEY = "content-digest"
"""Where the id stands that is made of the content."""

MESSAGE_BYTES = 262_144
"""What SNS takes in one message, and in one batch of messages."""

_SOURCES = ("source", "source-ref")
_KEY = re.compile(r"[$a-zA-Z0-9](-*[a-zA-Z0-9])*")
_LONGEST_LINE = 100_000


class Message(NamedTuple):
    """One object as it is sent."""

    object_id: str
    body: str


def message_of(item: str | Mapping[str, Any], key: str | None = None) -> Message:
    """Return the message for an item: a text, an S3 URI, or a manifest line.

    Parameters
    ----------
    item : str or mapping
        What to label.
    key : str, optional
        The attribute of the line that is the object's id. Else the line's own choice holds, else an id is made
        of the content: equal content is one object, whatever else stands in its line.

    Raises
    ------
    InvalidInputError
        If Ground Truth would not take it.

    Examples
    --------
    >>> message_of({"source": "Loved it", "sku": "A-17"}, key="sku")
    Message(object_id='A-17', body='{"source":"Loved it","sku":"A-17","dataset-objectid-attribute-name":"sku"}')
    >>> message_of("s3://in/b.jpg").object_id == message_of({"source-ref": "s3://in/b.jpg"}).object_id
    True
    """
    line = _line(item)
    given = [name for name in _SOURCES if name in line]
    if len(given) != 1 or not isinstance(line[given[0]], str) or not line[given[0]]:
        raise InvalidInputError(
            "the item has no one text under source or source-ref",
            hint='give a text, an S3 URI, {"source": TEXT} or {"source-ref": URI}',
        )
    name = key or line.get(OBJECT_ID_KEY)
    if name is None:
        name, line[CONTENT_KEY] = CONTENT_KEY, _digest(given[0], line[given[0]])
    line[OBJECT_ID_KEY] = name
    object_id = _checked_id(line, name)
    try:
        body = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        n_bytes = len(body.encode())
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError(
            "JSON can't carry the item", hint="give texts, finite numbers, lists and mappings of them"
        ) from None
    if len(body) > _LONGEST_LINE or n_bytes > MESSAGE_BYTES:
        raise InvalidInputError(
            f"the item's line has {len(body):,} characters and {n_bytes:,} bytes",
            hint=f"Ground Truth takes {_LONGEST_LINE:,} characters, SNS {MESSAGE_BYTES:,} bytes",
        )
    return Message(object_id, body)


def object_id_of(line: Mapping[str, Any]) -> str | None:
    """Return the id that a line gives its object; None if it gives none.

    Examples
    --------
    >>> object_id_of({"sku": "A-17", "dataset-objectid-attribute-name": "sku"})
    'A-17'
    """
    found = line.get(str(line.get(OBJECT_ID_KEY)))
    return found if isinstance(found, str) else None


def _line(item: object) -> dict[str, Any]:
    if isinstance(item, str):
        return {"source-ref" if item.startswith("s3://") else "source": item}
    if isinstance(item, Mapping) and all(isinstance(name, str) for name in item):
        return dict(item)
    raise InvalidInputError(
        f"an item is {type(item).__name__}", hint="give a text, an S3 URI, or a mapping of attributes"
    )


def _digest(name: str, content: str) -> str:
    try:
        return blake2b(f"{name}\0{content}".encode(), digest_size=20).hexdigest()
    except UnicodeEncodeError:
        raise InvalidInputError(
            "the item is not valid Unicode: it holds half a surrogate pair", hint="decode it again"
        ) from None


def _checked_id(line: Mapping[str, Any], name: object) -> str:
    """Return the object's id, held against the rules for keys and ids."""
    problem = next(_id_problems(line, name), None)
    if problem is not None:
        raise InvalidInputError(problem, hint=f"{OBJECT_ID_KEY} names an attribute with a short text")
    return str(line[str(name)])


def _id_problems(line: Mapping[str, Any], name: object) -> Iterator[str]:
    quotas = human_review_quotas()
    longest_key = quotas["streaming_object_id_key_characters"]
    longest_id = quotas["streaming_object_id_characters"]
    if not isinstance(name, str) or len(name) > longest_key or not _KEY.fullmatch(name):
        yield (
            f"the key of the object's id is none of 1 to {longest_key} letters, digits and hyphens: "
            f"{str(name)[:40]!r}"
        )
    elif not isinstance(line.get(name), str) or not line[name]:
        yield f"the item has no text under {name!r}, which should be its id"
    elif len(line[name]) > longest_id:
        yield f"the id under {name!r} has {len(line[name]):,} characters, allowed are {longest_id:,}"
