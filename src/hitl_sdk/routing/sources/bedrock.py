"""Predictions from language models on Amazon Bedrock, which state in JSON what they say and how sure they are.

A stated confidence is what a model writes, not what it was measured to get right. Calibrate it on labelled answers before a
policy relies on it: `hitl_sdk.routing.calibrate`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from hitl_sdk.errors import ConfigurationError, InvalidInputError, NotFoundError
from hitl_sdk.routing.sources._asking import ask_each, check_members, more_members, predicted, unusable
from hitl_sdk.routing.sources._files import without_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hitl_sdk.routing.prediction import InvalidPrediction, Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome
    from hitl_sdk.session import Session

__all__ = ["from_bedrock", "from_bedrock_model"]

_FENCED = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder()
_CUT_OFF = {
    "max_tokens": "the answer was cut off: raise maxTokens",
    "model_context_window_exceeded": "the answer was cut off: the item is too long for the model",
    "guardrail_intervened": "a guardrail kept the answer back",
    "content_filtered": "the answer was filtered",
    "malformed_model_output": "the answer is malformed",
    "malformed_tool_use": "the answer is malformed",
}


def from_bedrock(
    session: Session,
    model_id: str,
    items: Iterable[str],
    *,
    prompt: Callable[[str], str],
    item_ids: Iterable[object] | None = None,
    label_field: str = "label",
    confidence_field: str = "confidence",
    request: Mapping[str, Any] | None = None,
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a model on Bedrock for its answer to each item, by the Converse operation.

    The model is to answer with one JSON object that has a label and a confidence from 0 to 1. It may stand in a fenced
    block, or in a sentence; of a tool that the model calls, its input is the object.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    model_id : str
        A model, an inference profile, or their ARN.
    items : iterable of str
        The contents; read as predictions are taken.
    prompt : callable
        Takes an item, returns the user's message: what is asked, and how to answer.
    item_ids : iterable of str or int, optional
        One an item; the position, ``"0"``, ``"1"``, ..., when left out.
    label_field, confidence_field : str
        Where they stand in the model's object.
    request : mapping, optional
        Further members of the Converse request: ``system``, ``inferenceConfig``, ``toolConfig``, ``guardrailConfig``.
    concurrency : int, default 8
        Calls at a time.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        One an item, in the order of `items`. An answer that can't be read is an `InvalidPrediction`, with the response.

    Raises
    ------
    NotFoundError
        If there is no such model.
    CredentialsError, AccessDeniedError
        If the model may not be asked.
    ConfigurationError
        If the model is to be asked by an inference profile, or `prompt` returns no text.
    InvalidInputError
        If there are not as many ids as items, an id is missing, `items` is one text, `prompt` can't be called, `request` is
        not one or has the model or the messages, or `concurrency` is below 1.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def model(request):
    ...     said = '{"label": "1", "confidence": 0.93}'
    ...     return {
    ...         "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
    ...         "stopReason": "end_turn",
    ...         "usage": {"inputTokens": 40, "outputTokens": 12, "totalTokens": 52},
    ...         "metrics": {"latencyMs": 310},
    ...     }
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("bedrock-runtime", "Converse", model)
    ...     [prediction] = from_bedrock(
    ...         cloud.session(),
    ...         "amazon.nova-lite-v1:0",
    ...         ["I enjoy it"],
    ...         prompt=lambda text: f"Sentiment -1, 0 or 1 as JSON with label and confidence: {text}",
    ...     )
    >>> prediction.label, prediction.confidence
    ('1', 0.93)
    """
    _check_callable("prompt", prompt)
    more: Any = more_members(request, "modelId", "messages")
    client = session.client("bedrock-runtime")
    check_members(client, "Converse", {"modelId": model_id, **more})

    def answer(asked: Asked) -> Outcome:
        wanted: object = prompt(asked.item)
        if not isinstance(wanted, str):
            raise ConfigurationError(f"prompt returns a {type(wanted).__name__}", hint="let it return a text")
        message: Any = {"role": "user", "content": [{"text": wanted}]}
        with _told_if_there_is_no_such_model(model_id):
            said = client.converse(modelId=model_id, messages=[message], **more)
        raw = without_metadata(cast("Any", said))
        problem = _CUT_OFF.get(raw.get("stopReason", ""))
        if problem is not None:
            return unusable(asked, problem, raw=raw)
        content = raw.get("output", {}).get("message", {}).get("content", [])
        called = [
            each for part in content if isinstance(each := part.get("toolUse", {}).get("input"), Mapping)
        ]
        found = called or _objects_in("".join(part.get("text", "") for part in content))
        return _outcome(asked, found, label_field, confidence_field, raw)

    return ask_each(answer, items, about=f"model {model_id}", item_ids=item_ids, concurrency=concurrency)


def from_bedrock_model(
    session: Session,
    model_id: str,
    items: Iterable[str],
    *,
    body: Callable[[str], Mapping[str, object]],
    text: Callable[[dict[str, Any]], str],
    item_ids: Iterable[object] | None = None,
    label_field: str = "label",
    confidence_field: str = "confidence",
    concurrency: int = 8,
) -> Iterator[Prediction | InvalidPrediction]:
    """Ask a model on Bedrock that Converse does not know, in its own words, by the InvokeModel operation.

    Parameters
    ----------
    session : Session
        Whose account and Region.
    model_id : str
        A model, or its ARN: an imported one, for example.
    items : iterable of str
        The contents; read as predictions are taken.
    body : callable
        Takes an item, returns the request's body as the model wants it.
    text : callable
        Takes the response's body, returns what the model said.
    item_ids, label_field, confidence_field, concurrency
        As of `from_bedrock`.

    Returns
    -------
    iterator of Prediction or InvalidPrediction
        As of `from_bedrock`; `raw` is the response's body.

    Raises
    ------
    NotFoundError
        If there is no such model.
    CredentialsError, AccessDeniedError
        If the model may not be asked.
    InvalidInputError
        As of `from_bedrock`.

    Examples
    --------
    >>> import json
    >>> from hitl_sdk.testing import mock_hitl
    >>> def model(request):
    ...     said = {"generation": 'Sure: {"label": "1", "confidence": 0.93}'}
    ...     return {"body": json.dumps(said).encode(), "contentType": "application/json"}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("bedrock-runtime", "InvokeModel", model)
    ...     [prediction] = from_bedrock_model(
    ...         cloud.session(),
    ...         "meta.llama3-8b-instruct-v1:0",
    ...         ["I enjoy it"],
    ...         body=lambda item: {"prompt": f"Sentiment as JSON: {item}"},
    ...         text=lambda said: said["generation"],
    ...     )
    >>> prediction.label, prediction.confidence
    ('1', 0.93)
    """
    _check_callable("body", body)
    _check_callable("text", text)
    client = session.client("bedrock-runtime")
    check_members(client, "InvokeModel", {"modelId": model_id})

    def answer(asked: Asked) -> Outcome:
        wanted = json.dumps(body(asked.item)).encode()
        with _told_if_there_is_no_such_model(model_id):
            said = client.invoke_model(
                modelId=model_id, body=wanted, contentType="application/json", accept="application/json"
            )["body"].read()
        try:
            raw = json.loads(said)
            found = _objects_in(text(raw))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            problem = f"the answer can't be read: {type(error).__name__}: {error}"
            return unusable(asked, problem, raw=said.decode("utf-8", "replace"))
        return _outcome(asked, found, label_field, confidence_field, raw)

    return ask_each(answer, items, about=f"model {model_id}", item_ids=item_ids, concurrency=concurrency)


@contextmanager
def _told_if_there_is_no_such_model(model_id: str) -> Iterator[None]:
    """Tell what Bedrock says of a model by a ValidationException, as it says what is wrong with a message."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"].get("Message", "")
        if "model identifier is invalid" in said:
            raise NotFoundError(
                f"there is no model {model_id} in this Region",
                hint="look at the ids that ListFoundationModels and ListInferenceProfiles give",
                code=error.response["Error"]["Code"],
                operation=error.operation_name,
                resource=model_id,
            ) from error
        if "on-demand throughput" in said:
            raise ConfigurationError(
                f"the model {model_id} is asked by an inference profile alone",
                hint="give the id or the ARN of one: ListInferenceProfiles names them",
                resource=model_id,
            ) from error
        raise


def _check_callable(what: str, given: object) -> None:
    if not callable(given):
        raise InvalidInputError(f"{what} is a {type(given).__name__}", hint="give a function")


def _outcome(asked: Asked, found: list[Any], label_field: str, confidence_field: str, raw: object) -> Outcome:
    """Return the prediction of the one object that the model gave."""
    if len(found) != 1:
        how_many = f"{len(found)} objects" if found else "no JSON object"
        return unusable(
            asked,
            f"the model's answer has {how_many}",
            raw=raw,
            hint="ask it for one JSON object, and no more",
        )
    record = found[0]
    missing = [field for field in (label_field, confidence_field) if field not in record]
    if missing:
        return unusable(
            asked,
            f"the model's answer has no {' and no '.join(map(repr, missing))}; it has {sorted(record)}",
            raw=raw,
        )
    return predicted(asked, record[label_field], _number(record[confidence_field]), raw=raw)


def _number(value: object) -> object:
    """Return a confidence that was written as a text as its number."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _objects_in(text: str) -> list[Mapping[str, Any]]:
    """Return the JSON objects in what a model said: the whole, else those in fenced blocks, else those in its sentences."""
    whole = _mappings([text])
    if whole:
        return whole
    return _mappings(_FENCED.findall(text)) or _scanned(text)


def _mappings(texts: Iterable[str]) -> list[Mapping[str, Any]]:
    found = []
    for text in texts:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, Mapping):
            found.append(value)
    return found


def _scanned(text: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    place = text.find("{")
    while place >= 0:
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = _closed_at(text, place)
        else:
            found.append(value)
        place = text.find("{", end)
    return found


def _closed_at(text: str, place: int) -> int:
    """Return where a brace is closed that begins no object: what stands in between is a part of it, and no answer."""
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return end + 1
    return len(text)
