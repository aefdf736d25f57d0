"""Finds the operation of a request, parses it, and writes results and errors, as the models say.

`sagemaker` and most AI services speak JSON 1.1: the operation stands in ``X-Amz-Target``. `sagemaker-a2i-runtime`
and `bedrock-runtime` speak REST-JSON: it stands in method and path.
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
from hitl_sdk.local.wire.shapes import from_json, from_text, to_json, to_text
from hitl_sdk.local.wire.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.local.wire.messages import HttpRequest
    from hitl_sdk.local.wire.models import Operation, Service, Shape

__all__ = ["AI_SERVICES", "Wire", "find_ai_operation", "human_review_operations", "service_model"]

A2I = "sagemaker-a2i-runtime"
SAGEMAKER = "sagemaker"
_HUMAN_REVIEW = re.compile("Workforce|Workteam|HumanTaskUi|FlowDefinition|LabelingJob|UiTemplate")
AI_SERVICES = ("bedrock-runtime", "comprehend", "rekognition", "textract", "transcribe", "translate")
_SERVER_FAULTS = {"InternalFailure", "InternalServerError", "InternalServerException"}
_STATUS_BY_CODE = {"ServiceUnavailable": 503, "ServiceUnavailableException": 503}


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
    runtime, sagemaker = service_model(A2I), service_model(SAGEMAKER)
    names = [(sagemaker, name) for name in sagemaker.operation_names if _HUMAN_REVIEW.search(name)]
    names += [(runtime, name) for name in runtime.operation_names]
    return {name: model.operation_model(name) for model, name in sorted(names, key=lambda pair: pair[1])}


def find_ai_operation(request: HttpRequest) -> Operation | None:
    """Return the operation of an AI service that `request` asks for, None for anything else.

    Examples
    --------
    >>> from hitl_sdk.local.wire import HttpRequest
    >>> headers = {"x-amz-target": "Comprehend_20171127.DetectSentiment"}
    >>> find_ai_operation(HttpRequest("POST", "/", headers=headers)).name
    'DetectSentiment'
    """
    target = request.headers.get("x-amz-target")
    if target is not None:
        prefix, _, name = target.partition(".")
        model = _ai_models_by_target().get(prefix)
        return model.operation_model(name) if model is not None and name in model.operation_names else None
    credential = request.credential
    if credential is None or credential.service != "bedrock":  # a bucket may be called "model", too
        return None
    return _match_path(service_model("bedrock-runtime"), request)


class Wire:
    """Speaks the protocols of all of them. One object serves any number of threads.

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
            return _match_path(service_model(A2I), request)
        prefix, _, name = target.partition(".")
        if prefix != service_model(SAGEMAKER).metadata["targetPrefix"]:
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
        payload = shape.serialization.get("payload")
        params: dict[str, Any] = {} if payload else from_json(shape, _json_body(request))
        uri = _path_pattern(operation.http["requestUri"]).fullmatch(request.path)
        places: dict[str, Mapping[str, str]] = {
            "uri": {key: unquote(text) for key, text in uri.groupdict().items()} if uri else {},
            "querystring": dict(parse_qsl(request.query, keep_blank_values=True)),
            "header": request.headers,
        }
        for name, member in shape.members.items():
            place = member.serialization.get("location", "")
            wire_name = member.serialization.get("name", name)
            wire_name = wire_name.lower() if place == "header" else wire_name
            if name == payload and request.body:
                blob = member.type_name == "blob"
                params[name] = request.body if blob else from_json(member, _json_body(request), name)
            elif wire_name in places.get(place, {}):
                params[name] = from_text(member, places[place][wire_name], name)
        validate(shape, params)
        return params

    def result(self, operation: Operation, result: Mapping[str, Any]) -> HttpResponse:
        """Return the response that carries `result`, given in boto3's own shapes."""
        shape = operation.output_shape
        headers = self._headers(operation)
        if shape is None:
            return HttpResponse(200, headers, b"{}" if _is_rest(operation.service_model) else b"")
        rest = dict(result)
        for name, member in shape.members.items():
            if member.serialization.get("location") == "header" and rest.get(name) is not None:
                headers[member.serialization["name"].lower()] = to_text(rest.pop(name))
        payload = shape.serialization.get("payload")
        if payload is not None and shape.members[payload].type_name == "blob":
            return HttpResponse(200, headers, _bytes(rest.get(payload, b"")))
        document = to_json(shape, rest) if payload is None else to_json(shape.members[payload], rest[payload])
        return HttpResponse(200, headers, json.dumps(document).encode())

    def error(
        self,
        operation: Operation | None,
        code: str,
        message: str,
        members: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Return the response from which boto3 raises the exception `code`, with the modelled status."""
        modelled = _modelled_error(operation, code)
        status = (
            modelled.metadata.get("error", {}).get("httpStatusCode", 400) if modelled is not None else 400
        )
        if code in _SERVER_FAULTS:
            status = 500
        status = _STATUS_BY_CODE.get(code, status)
        document = {"__type": code, "Message": message, **(members or {})}
        if modelled is None:
            document["message"] = document.pop("Message")
        headers = {**self._headers(operation), "x-amzn-errortype": code}
        return HttpResponse(status, headers, json.dumps(document).encode())

    def _headers(self, operation: Operation | None) -> dict[str, str]:
        rest = operation is None or _is_rest(operation.service_model)
        return {
            "content-type": "application/json" if rest else "application/x-amz-json-1.1",
            "x-amzn-requestid": str(UUID(int=self._random.getrandbits(128), version=4)),
        }


@cache
def service_model(name: str) -> Service:
    """Return the model of a service in the installed botocore.

    Examples
    --------
    >>> service_model("comprehend").service_name
    'comprehend'
    """
    import botocore.session

    return cast("Service", botocore.session.get_session().get_service_model(name))


@cache
def _ai_models_by_target() -> dict[str, Service]:
    models = (service_model(name) for name in AI_SERVICES)
    return {model.metadata["targetPrefix"]: model for model in models if not _is_rest(model)}


def _is_rest(service: Service) -> bool:
    """Tell REST-JSON from JSON 1.1; a model may list CBOR first, which boto3 does not speak where it may speak JSON."""
    return "targetPrefix" not in service.metadata


def _bytes(value: Any) -> bytes:
    """Return a blob in whichever form boto3 takes it."""
    if hasattr(value, "read"):
        value = value.read()
    return value.encode() if isinstance(value, str) else bytes(value)


@cache
def _path_pattern(uri: str) -> re.Pattern[str]:
    """Return the pattern of a model's ``/human-loops/{HumanLoopName}``."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri) + "/?")


def _match_path(model: Service, request: HttpRequest) -> Operation | None:
    for name in model.operation_names:
        operation = model.operation_model(name)
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
