"""Finds the operation of a request, parses it, and writes results and errors, as the models say.

`sagemaker` speaks JSON 1.1: the operation stands in ``X-Amz-Target``. `sagemaker-a2i-runtime` speaks
REST-JSON: it stands in method and path. Both are signed as ``sagemaker``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote
from uuid import UUID

from hitl_sdk.local.wire.messages import HttpResponse, SerializationError
from hitl_sdk.local.wire.shapes import from_json, from_text, to_json
from hitl_sdk.local.wire.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.local.wire.messages import HttpRequest
    from hitl_sdk.local.wire.models import Operation, Service, Shape

__all__ = ["Wire", "human_review_operations"]

A2I = "sagemaker-a2i-runtime"
SAGEMAKER = "sagemaker"
_HUMAN_REVIEW = re.compile("Workforce|Workteam|HumanTaskUi|FlowDefinition|LabelingJob|UiTemplate")
_SERVER_FAULTS = {"InternalFailure", "InternalServerException"}


@cache
def human_review_operations() -> dict[str, Operation]:
    """Return the operations of human review in the installed botocore, by name.

    All of `sagemaker-a2i-runtime`, and of `sagemaker` those on workforces, workteams, task UIs,
    flow definitions, labeling jobs and templates.

    Examples
    --------
    >>> "StartHumanLoop" in human_review_operations(), "CreateEndpoint" in human_review_operations()
    (True, False)
    """
    runtime, sagemaker = _service_model(A2I), _service_model(SAGEMAKER)
    names = [(sagemaker, name) for name in sagemaker.operation_names if _HUMAN_REVIEW.search(name)]
    names += [(runtime, name) for name in runtime.operation_names]
    return {name: model.operation_model(name) for model, name in sorted(names, key=lambda pair: pair[1])}


class Wire:
    """Speaks the protocols of both services. One object serves any number of threads.

    Parameters
    ----------
    seed : int, optional
        Makes the request ids repeatable.

    Examples
    --------
    >>> from hitl_sdk.local.wire import HttpRequest
    >>> wire = Wire()
    >>> request = HttpRequest("GET", "/human-loops/loop-1")
    >>> operation = wire.match(request)
    >>> operation.name, wire.parse(operation, request)
    ('DescribeHumanLoop', {'HumanLoopName': 'loop-1'})
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = Random(seed)

    def match(self, request: HttpRequest) -> Operation | None:
        """Return the human-review operation that `request` asks for, None for anything else."""
        target = request.headers.get("x-amz-target")
        if target is None:
            return _match_path(request)
        prefix, _, name = target.partition(".")
        if prefix != _service_model(SAGEMAKER).metadata["targetPrefix"]:
            return None
        return human_review_operations().get(name)

    def parse(self, operation: Operation, request: HttpRequest) -> dict[str, Any]:
        """Return the parameters of `request`, as boto3 would have been given them.

        Raises
        ------
        SerializationError
            If the body is no JSON, or a value is of a wrong type.
        ValidationError
            If a constraint of the model is broken.
        """
        shape = operation.input_shape
        params: dict[str, Any] = from_json(shape, _json_body(request))
        uri = _path_pattern(operation.http["requestUri"]).fullmatch(request.path)
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        for name, member in shape.members.items():
            place = member.serialization.get("location")
            source: Mapping[str, str] = {}
            if place == "uri" and uri:
                source = {key: unquote(text) for key, text in uri.groupdict().items()}
            elif place == "querystring":
                source = query
            wire_name = member.serialization.get("name", name)
            if wire_name in source:
                params[name] = from_text(member, source[wire_name], name)
        validate(shape, params)
        return params

    def result(self, operation: Operation, result: Mapping[str, Any]) -> HttpResponse:
        """Return the response that carries `result`, given in boto3's own shapes."""
        shape = operation.output_shape
        body = json.dumps(to_json(shape, result)) if shape is not None else "{}"
        if operation.service_model.protocol == "json" and shape is None:
            body = ""
        return HttpResponse(200, self._headers(operation), body.encode())

    def error(self, operation: Operation | None, code: str, message: str) -> HttpResponse:
        """Return the response from which boto3 raises the exception `code`, with the modelled status."""
        modelled = _modelled_error(operation, code)
        status = (
            modelled.metadata.get("error", {}).get("httpStatusCode", 400) if modelled is not None else 400
        )
        if code in _SERVER_FAULTS:
            status = 500
        document = {"__type": code, "Message": message}
        if modelled is None:
            document["message"] = document.pop("Message")
        headers = {**self._headers(operation), "x-amzn-errortype": code}
        return HttpResponse(status, headers, json.dumps(document).encode())

    def _headers(self, operation: Operation | None) -> dict[str, str]:
        rest = operation is None or operation.service_model.protocol == "rest-json"
        return {
            "content-type": "application/json" if rest else "application/x-amz-json-1.1",
            "x-amzn-requestid": str(UUID(int=self._random.getrandbits(128), version=4)),
        }


@cache
def _service_model(name: str) -> Service:
    import botocore.session

    return cast("Service", botocore.session.get_session().get_service_model(name))


@cache
def _path_pattern(uri: str) -> re.Pattern[str]:
    """Return the pattern of a model's ``/human-loops/{HumanLoopName}``."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri) + "/?")


def _match_path(request: HttpRequest) -> Operation | None:
    model = _service_model(A2I)
    for name in model.operation_names:
        operation = human_review_operations()[name]
        http = operation.http
        if http["method"] == request.method and _path_pattern(http["requestUri"]).fullmatch(request.path):
            return operation
    return None


def _json_body(request: HttpRequest) -> object:
    if not request.body.strip():
        return {}
    try:
        return json.loads(request.body)
    except ValueError:
        raise SerializationError("the body is not JSON") from None


def _modelled_error(operation: Operation | None, code: str) -> Shape | None:
    shapes = operation.error_shapes if operation is not None else []
    return next((shape for shape in shapes if shape.name == code), None)
