"""Simulated SageMaker endpoints: Python functions that answer InvokeEndpoint."""

from __future__ import annotations

import importlib
import json
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Endpoints", "load_function"]

_JSON = "application/json"
_JSON_LINES = "application/jsonlines"
_SPELLINGS = {
    _JSON: _JSON,
    _JSON_LINES: _JSON_LINES,
    "application/x-jsonlines": _JSON_LINES,
    "application/jsonl": _JSON_LINES,
}
_NAME = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_LONGEST_BODY = 6_291_456  # bytes; botocore's model of InvokeEndpoint


class _ModelError(Exception):
    """What a model's container would have answered in place of a prediction."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Endpoints:
    """The endpoints that the local service answers from functions.

    Examples
    --------
    >>> endpoints = Endpoints()
    >>> endpoints.serve("reviews", lambda records: [{"probability": 0.8, "predicted_label": 1} for _ in records])
    >>> "reviews" in endpoints
    True
    >>> status, headers, body = endpoints.handle("reviews", b'[{"features": ["good"]}]')
    >>> status, body
    (200, b'[{"probability": 0.8, "predicted_label": 1}]')
    """

    def __init__(self) -> None:
        self._functions: dict[str, Callable[[Any], object]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    def serve(self, name: str, fn: Callable[[Any], object]) -> None:
        """Answer InvokeEndpoint for `name` from `fn`, in place of what answered it before.

        Parameters
        ----------
        name : str
            The endpoint's name: at most 63 letters, digits and inner hyphens.
        fn : callable
            Takes the request as parsed: the document of an ``application/json`` body, the list of the lines'
            documents of an ``application/jsonlines`` body. Returns what can be written as JSON, numpy values
            included; for an answer in JSON Lines, a list.

        Raises
        ------
        InvalidInputError
            If the name breaks SageMaker's pattern, or `fn` can't be called.

        Examples
        --------
        >>> Endpoints().serve("not_a_name", len)
        Traceback (most recent call last):
        hitl_sdk.errors.InvalidInputError: 'not_a_name' is no endpoint name (...)
        """
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"{name!r} is no endpoint name", hint="use at most 63 letters, digits and inner hyphens"
            )
        if not callable(fn):
            raise InvalidInputError(
                f"endpoint {name!r} is given {fn!r}", hint="give a function of the payload"
            )
        self._functions[name] = fn

    def handle(
        self, name: str, body: bytes, content_type: str = _JSON, accept: str = "*/*"
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one InvokeEndpoint request.

        Parameters
        ----------
        name : str
            The endpoint's name.
        body : bytes
            The request's body, in UTF-8.
        content_type, accept : str
            The request's headers: JSON or JSON Lines. The answer has the request's type where any will do.

        Returns
        -------
        tuple
            HTTP status, headers, body. Errors are the modelled ones: ``ValidationError`` (400) for an endpoint
            that does not exist and a body over 6 MiB, ``ModelError`` (424) when the function fails
            (``OriginalStatusCode`` 500) or its container would have refused the request (400, 406, 415).

        Examples
        --------
        >>> Endpoints().handle("reviews", b"[]")
        (400, {...'x-amzn-errortype': 'ValidationError'}, b'{"Message": "Endpoint reviews not found."}')
        """
        fn = self._functions.get(name)
        if fn is None:
            return _error(400, "ValidationError", {"Message": f"Endpoint {name} not found."})
        if len(body) > _LONGEST_BODY:
            message = f"The body has {len(body)} bytes; at most {_LONGEST_BODY} are allowed."
            return _error(400, "ValidationError", {"Message": message})
        try:
            request_type = _media_type(content_type, 415)
            answer_type = request_type if accept.strip() in {"", "*/*"} else _media_type(accept, 406)
            answer = _written(_called(fn, _read(body, request_type)), answer_type)
        except _ModelError as error:
            return _model_error(error)
        return 200, {"content-type": answer_type, "x-amzn-invoked-production-variant": "AllTraffic"}, answer


def _media_type(header: str, status: int) -> str:
    """Return the first media type of a header that is JSON or JSON Lines."""
    for offer in header.split(","):
        media_type = _SPELLINGS.get(offer.partition(";")[0].strip().lower())
        if media_type:
            return media_type
    raise _ModelError(status, f"{header!r} is not served; use {_JSON} or {_JSON_LINES}")


def _read(body: bytes, media_type: str) -> object:
    try:
        text = body.decode("utf-8")
        if media_type == _JSON:
            return json.loads(text)
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise _ModelError(400, f"the body is not {media_type}: {error}") from error


def _called(fn: Callable[[Any], object], payload: object) -> object:
    try:
        return fn(payload)
    except (
        Exception
    ) as error:  # as of a container: whatever the model's code raises is a server error of the model
        frames = traceback.extract_tb(error.__traceback__)
        place = frames[1] if len(frames) > 1 else frames[0]  # the function's own line, below ours
        where = f"{Path(place.filename).name} line {place.lineno}"
        raise _ModelError(500, f"{type(error).__name__}: {error} ({where})") from error


def _written(answer: object, media_type: str) -> bytes:
    try:
        if media_type == _JSON:
            return _json(answer).encode()
        if isinstance(answer, str | Mapping) or not isinstance(answer, Iterable):
            raise TypeError(f"JSON Lines need a list, not {type(answer).__name__}")
        return "".join(_json(line) + "\n" for line in answer).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _ModelError(500, f"the function's result can't be written as {media_type}: {error}") from error


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False, default=_plain)


def _plain(value: Any) -> object:
    """Return the plain value of a numpy scalar or array, which models like to return."""
    if hasattr(value, "tolist"):
        plain: object = value.tolist()
        return plain
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _model_error(error: _ModelError) -> tuple[int, dict[str, str], bytes]:
    side = "server" if error.status >= 500 else "client"
    return _error(
        424,
        "ModelError",
        {
            "Message": f'Received {side} error ({error.status}) from primary with message "{error}".',
            "OriginalStatusCode": error.status,
            "OriginalMessage": str(error),
        },
    )


def _error(status: int, code: str, members: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    return status, {"content-type": _JSON, "x-amzn-errortype": code}, json.dumps(members).encode()


def load_function(reference: str) -> Callable[[Any], object]:
    """Import a function named as ``module:function``, from the working directory or what is installed.

    Parameters
    ----------
    reference : str
        For example ``"model:predict"`` or ``"package.model:classifier.predict"``.

    Raises
    ------
    InvalidInputError
        If there is no such module or function. An error raised inside the module passes through.

    Examples
    --------
    >>> load_function("json:dumps")({"probability": 0.8})
    '{"probability": 0.8}'
    """
    module_name, colon, path = reference.partition(":")
    if not (module_name and colon and path):
        raise InvalidInputError(f"{reference!r} names no function", hint="write module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        target: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise InvalidInputError(
            f"there is no module {module_name!r}", hint=f"looked in {here} first"
        ) from error
    for attribute in path.split("."):
        if not hasattr(target, attribute):
            raise InvalidInputError(f"module {module_name!r} has no {path!r}")
        target = getattr(target, attribute)
    if not callable(target):
        raise InvalidInputError(f"{reference!r} is no function, but a {type(target).__name__}")
    function: Callable[[Any], object] = target
    return function
