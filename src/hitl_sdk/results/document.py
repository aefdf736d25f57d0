"""One output.json, read with care: what people said in one human loop, or an error that says why not."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hitl_sdk._frames import utc_time
from hitl_sdk.errors import InvalidOutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["HumanAnswer", "HumanLoopOutput", "parse_output"]

T = TypeVar("T")

_SHAPE_HINT = "is it an output.json of Amazon A2I, or a file of worker responses of Ground Truth, unchanged?"


@dataclass(frozen=True, slots=True)
class HumanAnswer:
    """What one worker answered.

    Attributes
    ----------
    worker_id : str
        Amazon's id of the worker: 16 hexadecimal digits.
    worker_sub : str or None
        The worker's ``sub`` at the identity provider; only private teams have it.
    content : mapping
        ``answerContent``: one entry for each element of the worker template, by its ``name``.
    accepted_at, submitted_at : datetime or None
        In UTC. Files of 2020 have no acceptance time.
    seconds_spent : float or None
        Between the two, as the service says it.

    Examples
    --------
    >>> answer = HumanAnswer("0f1e2d3c4b5a6978", None, {"sentiment": {"label": "-1"}}, None, None, 7.12)
    >>> answer.content["sentiment"]
    {'label': '-1'}
    """

    worker_id: str
    worker_sub: str | None
    content: Mapping[str, object]
    accepted_at: datetime | None
    submitted_at: datetime | None
    seconds_spent: float | None


@dataclass(frozen=True, slots=True)
class HumanLoopOutput:
    """One human loop's output.json.

    Attributes
    ----------
    human_loop_name : str
        The loop's name.
    flow_definition_arn : str
        The flow it ran in.
    input_content : mapping
        What the loop was started with.
    answers : tuple of HumanAnswer
        One a worker; empty when nobody answered.
    raw : mapping
        The whole document, for what has no attribute here.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> output = HumanLoopOutput("loop-1", flow, {"taskObject": "It broke"}, answers=(), raw={})
    >>> output.input_content["taskObject"]
    'It broke'
    """

    human_loop_name: str
    flow_definition_arn: str
    input_content: Mapping[str, object]
    answers: tuple[HumanAnswer, ...]
    raw: Mapping[str, object]


def parse_output(
    document: bytes | str, *, flow_definition_arn: str | None = None, uri: str | None = None
) -> HumanLoopOutput:
    """Read one output.json.

    Tolerated, because genuine files have it: missing times, no answers, times that are no times, and an
    ``answerContent`` or a whole document wrapped into a list of one. What the shape is: Amazon SageMaker developer guide,
    "Amazon A2I output data".

    Parameters
    ----------
    document : bytes or str
        The file's content.
    flow_definition_arn : str, optional
        The flow it must be of.
    uri : str, optional
        Where it lies, for the error.

    Raises
    ------
    InvalidOutputError
        If it is cut off, of another shape, or of another flow.

    Examples
    --------
    >>> output = parse_output('''{"flowDefinitionArn": "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/f",
    ...     "humanAnswers": [{"answerContent": {"sentiment": {"label": "-1"}}, "workerId": "0f1e2d3c4b5a6978",
    ...                       "submissionTime": "2023-02-03T10:00:39.450Z"}],
    ...     "humanLoopName": "loop-1", "inputContent": {"taskObject": "It broke"}}''')
    >>> output.answers[0].content["sentiment"]
    {'label': '-1'}
    >>> parse_output(b'{"flowDefinitionArn": "arn:aws', uri="s3://bucket/output.json")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidOutputError: s3://bucket/output.json is no whole JSON document: ...
    """
    try:
        return _read(document, flow_definition_arn, uri or "the document")
    except InvalidOutputError as error:
        error.resource = uri
        raise


def unwrapped(content: object) -> object:
    """Return the object inside the list of one in which the reference pages print answers."""
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _read(document: bytes | str, flow_definition_arn: str | None, about: str) -> HumanLoopOutput:
    raw = read_json(document, about)
    arn = field_of(raw, "flowDefinitionArn", str, about)
    if flow_definition_arn is not None and arn != flow_definition_arn:
        raise InvalidOutputError(
            f"{about} is of the flow {arn}, not of {flow_definition_arn}",
            hint="read it with its own flow, or point at another prefix",
        )
    answers = field_of(raw, "humanAnswers", list, about)
    return HumanLoopOutput(
        human_loop_name=field_of(raw, "humanLoopName", str, about),
        flow_definition_arn=arn,
        input_content=field_of(raw, "inputContent", dict, about),
        answers=tuple(
            read_answer(answer, f"{about}: humanAnswers[{index}]") for index, answer in enumerate(answers)
        ),
        raw=raw,
    )


def read_json(document: object, about: str) -> dict[str, object]:
    """Return the JSON object of a file, also where a list of one is around it."""
    if not isinstance(document, bytes | str):
        raise InvalidOutputError(
            f"{about} is a {type(document).__name__}, not the text of an output.json",
            hint="give the file's content as it lies in S3, not what json.loads made of it",
        )
    try:
        text = (
            document.decode("utf-8-sig") if isinstance(document, bytes) else document.removeprefix("\ufeff")
        )
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair fits no file and no frame
    except (ValueError, RecursionError) as error:
        raise InvalidOutputError(
            f"{about} is no whole JSON document: {_reason(error)}",
            hint="fetch it again; if it stays so, it was cut off when it was written or copied",
        ) from error
    value = unwrapped(value)
    if not isinstance(value, dict):
        kind = "an array" if isinstance(value, list) else f"a {type(value).__name__}"
        raise InvalidOutputError(
            f"{about} is {kind}, not the object that Amazon A2I writes",
            hint="give one output.json at a time, each as it lies in S3",
        )
    return value


def _reason(error: Exception) -> str:
    """Say what is wrong without a piece of the document, which may be private."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a number is too long"


def read_answer(value: object, about: str) -> HumanAnswer:
    """Read one worker's answer, which Amazon A2I and Ground Truth write alike."""
    if not isinstance(value, dict):
        raise InvalidOutputError(f"{about} is no object", hint=_SHAPE_HINT)
    content = unwrapped(value.get("answerContent"))
    if not isinstance(content, dict):
        raise InvalidOutputError(f"{about} has no object 'answerContent'", hint=_SHAPE_HINT)
    return HumanAnswer(
        worker_id=field_of(value, "workerId", str, about),
        worker_sub=_worker_sub(value.get("workerMetadata")),
        content=content,
        accepted_at=utc_time(value.get("acceptanceTime")),
        submitted_at=utc_time(value.get("submissionTime")),
        seconds_spent=_seconds(value.get("timeSpentInSeconds")),
    )


def field_of(mapping: Mapping[str, object], key: str, kind: type[T], about: str) -> T:
    """Return what stands under a key, if it is of the kind it should be."""
    value = mapping.get(key)
    if isinstance(value, kind):
        return value
    said = f"has no {key!r}" if key not in mapping else f"has a {type(value).__name__} under {key!r}"
    raise InvalidOutputError(f"{about} {said}", hint=_SHAPE_HINT)


def _worker_sub(metadata: object) -> str | None:
    identity = metadata.get("identityData") if isinstance(metadata, dict) else None
    sub = identity.get("sub") if isinstance(identity, dict) else None
    return sub if isinstance(sub, str) else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
