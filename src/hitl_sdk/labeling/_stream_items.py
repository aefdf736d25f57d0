"""What a streaming job takes: one manifest line a message, with a key by which an object is labelled once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from hitl_sdk._manifest_line import ITEM_KEYS, item_key
from hitl_sdk._stream_keys import OBJECT_ID_KEY, id_problem
from hitl_sdk.errors import InvalidInputError

__all__ = ["CONTENT_KEY", "MESSAGE_BYTES", "Message", "message_of"]

CONTENT_KEY = "content-digest"
"""Where the id stands that is made of the content."""

MESSAGE_BYTES = 262_144
"""What SNS takes in one message, and in one batch of messages."""

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
    given = [name for name in ITEM_KEYS if name in line]
    if len(given) != 1 or not isinstance(line[given[0]], str) or not line[given[0]]:
        raise InvalidInputError(
            "the item has no one text under source or source-ref",
            hint='give a text, an S3 URI, {"source": TEXT} or {"source-ref": URI}',
        )
    name = key or line.get(OBJECT_ID_KEY)
    if name is None:
        name, line[CONTENT_KEY] = CONTENT_KEY, _digest(given[0], line[given[0]])
    line[OBJECT_ID_KEY] = name
    problem = id_problem(line)
    if problem is not None:
        raise InvalidInputError(problem, hint=f"{OBJECT_ID_KEY} names an attribute with a short text")
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
    return Message(str(line[name]), body)


def _line(item: object) -> dict[str, Any]:
    if isinstance(item, str):
        return {item_key(item): item}
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
