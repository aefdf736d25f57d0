"""What the messages of a streaming job's queue hold: manifest lines, or S3's word of new objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from hitl_sdk._stream_keys import OBJECT_ID_KEY, id_problem, object_id_of
from hitl_sdk.local.engine.job_input import data_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk._ground_truth import Kind

__all__ = ["Arrival", "arrivals"]


class Arrival(NamedTuple):
    """One object that came: the id by which it is labelled once, its line, and why it can't be labelled."""

    given_id: str
    line: str
    problem: str | None = None


def arrivals(body: str, message_id: str, attribute: str, kind: Kind) -> list[Arrival]:
    """Return the objects that a message brings. What is no object is one all the same, with its problem.

    Parameters
    ----------
    body : str
        The message as SQS has it, in SNS's envelope or without.
    message_id : str
        SQS's id of it, for a message without an envelope.
    attribute : str
        The job's label attribute, after which the service calls an id of its own making.
    kind : Kind
        The job's kind.
    """
    envelope = _json(body)
    text = body
    if isinstance(envelope, dict) and envelope.get("Type") == "Notification":
        text, message_id = str(envelope.get("Message")), str(envelope.get("MessageId", message_id))
    message = _json(text)
    if isinstance(message, dict) and message.get("Event") == "s3:TestEvent":
        return []  # S3 says once that it is connected; AWS may take it for an object
    if isinstance(message, dict) and isinstance(message.get("Records"), list):
        return [_stored(record, message_id, attribute, kind) for record in message["Records"]]
    return [_sent(text, message_id, attribute, kind)]


def _sent(text: str, message_id: str, attribute: str, kind: Kind) -> Arrival:
    """Return the object of a manifest line; without an id of its own, the message's is it."""
    try:
        _, line = data_object(text.encode(), kind)
    except ValueError as error:
        return _arrival({}, message_id, attribute, f"The message {error}")
    if OBJECT_ID_KEY not in line:
        return _arrival(line, message_id, attribute)
    problem = id_problem(line)
    if problem is not None:
        return Arrival(message_id, _text(line), f"The message is wrong: {problem}")
    return Arrival(str(object_id_of(line)), _text(line))


def _stored(record: Any, message_id: str, attribute: str, kind: Kind) -> Arrival:
    """Return the object that S3 tells of; its id is its address and what tells its versions apart."""
    try:
        stored = record["s3"]["object"]
        uri = f"s3://{record['s3']['bucket']['name']}/{unquote_plus(stored['key'])}"
    except (TypeError, KeyError):
        return _arrival({}, message_id, attribute, "The message is no notification of S3's")
    if kind.input_key == "source":
        return _arrival({}, message_id, attribute, "Texts can't come as S3 objects: send them as lines")
    sequencer = str(stored.get("sequencer") or stored.get("eTag") or "")
    return _arrival({"source-ref": uri, "$sequencer": sequencer}, uri + sequencer, attribute)


def _arrival(line: Mapping[str, Any], given_id: str, attribute: str, problem: str | None = None) -> Arrival:
    """Return an object whose id the service makes, and writes into its line."""
    key = f"${attribute}-object-id"
    return Arrival(given_id, _text({**line, OBJECT_ID_KEY: key, key: given_id}), problem)


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
