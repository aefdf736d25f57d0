"""Stand-ins for AWS's AI services: Python functions that answer their operations."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.local.wire import AI_SERVICES, ValidationError, find_ai_operation, service_model, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitl_sdk.local.wire import HttpRequest
    from hitl_sdk.local.wire.models import Operation

    Answer = Callable[[dict[str, Any]], Mapping[str, object]]

__all__ = ["AiError", "AiServices"]


class AiError(Exception):
    """An error of an AI service, for a stand-in to raise.

    Parameters
    ----------
    code : str
        AWS's error code, for example ``"ThrottlingException"``; its HTTP status is the modelled one.
    message : str, optional
        AWS's wording.
    **members : str
        What else the error carries, for example ``QuotaCode``.

    Examples
    --------
    >>> AiError("ThrottlingException", "Rate exceeded").code
    'ThrottlingException'
    """

    def __init__(self, code: str, message: str = "", **members: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.members = members

    def __str__(self) -> str:
        """Return code and message."""
        return f"{self.code}: {self.message}"


class AiServices:
    """The operations of AI services that are answered from functions; the others stay moto's.

    Served are Bedrock's runtime, Comprehend, Rekognition, Textract, Transcribe and Translate.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> def sentiment(request):
    ...     scores = {"Positive": 0.9, "Negative": 0.0, "Neutral": 0.1, "Mixed": 0.0}
    ...     return {"Sentiment": "POSITIVE", "SentimentScore": scores}
    >>> with mock_hitl() as cloud:
    ...     cloud.ai.answer("comprehend", "DetectSentiment", sentiment)
    ...     comprehend = cloud.session().client("comprehend")
    ...     comprehend.detect_sentiment(Text="I enjoy it", LanguageCode="en")["Sentiment"]
    'POSITIVE'
    """

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], Answer] = {}

    def answer(self, service: str, operation: str, fn: Answer) -> None:
        """Answer an operation from `fn`, in place of what answered it before.

        Parameters
        ----------
        service : str
            As boto3 calls it: ``"comprehend"``, ``"rekognition"``, ``"textract"``, ``"transcribe"``, ``"translate"``
            or ``"bedrock-runtime"``.
        operation : str
            As the API calls it: ``"DetectSentiment"``.
        fn : callable
            Takes the request and returns the response, each as a dict in boto3's own shape; blobs are bytes. Both
            are held against botocore's model. It may raise `AiError`; any other exception, and a response that
            breaks the model, is a `ConfigurationError` for the caller. Several threads may call it at a time.

        Raises
        ------
        InvalidInputError
            If the service is none of these, has no such operation or streams its answer, or `fn` can't be called.

        Examples
        --------
        >>> AiServices().answer("comprehend", "DetectSentiments", dict)
        Traceback (most recent call last):
        hitl_sdk.errors.InvalidInputError: comprehend has no operation 'DetectSentiments' (did you mean ...
        """
        if service not in AI_SERVICES:
            raise InvalidInputError(
                f"{service!r} is no AI service that can be stood in for", hint=f"use {', '.join(AI_SERVICES)}"
            )
        model = service_model(service)
        if operation not in model.operation_names:
            near = difflib.get_close_matches(str(operation), model.operation_names, n=3)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else "spell it as the API does, DetectSentiment"
            )
            raise InvalidInputError(f"{service} has no operation {operation!r}", hint=hint)
        if model.operation_model(operation).has_event_stream_output:
            raise InvalidInputError(
                f"{service}.{operation} streams events, which no function answers",
                hint="use the operation that answers at once",
            )
        if not callable(fn):
            raise InvalidInputError(
                f"{service}.{operation} is given {fn!r}", hint="give a function of the request"
            )
        self._functions[service, operation] = fn

    def match(self, request: HttpRequest) -> Operation | None:
        """Return the operation that `request` asks for, None when no function answers it. Looks at no body."""
        operation = find_ai_operation(request) if self._functions else None
        return operation if operation is not None and _key(operation) in self._functions else None

    def call(self, operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
        """Return what the operation's function answers.

        Raises
        ------
        AiError
            If the function raises it.
        ConfigurationError
            If the function fails, or its response breaks the service's model.
        """
        name = ".".join(_key(operation))
        try:
            response = self._functions[_key(operation)](params)
        except (AiError, ConfigurationError):
            raise
        except Exception as error:
            raise ConfigurationError(
                f"the function that answers {name} failed: {type(error).__name__}: {error}"
            ) from error
        _check(operation, response, name)
        return dict(response)


def _key(operation: Operation) -> tuple[str, str]:
    return operation.service_model.service_name, operation.name


def _check(operation: Operation, response: Any, name: str) -> None:
    """Refuse what the service would not answer: types by botocore, limits and patterns by ourselves."""
    shape: Any = operation.output_shape
    problem = ParamValidator().validate(response, shape).generate_report()
    if not problem:
        try:
            validate(shape, response)
        except ValidationError as error:
            problem = error.message
    if problem:
        raise ConfigurationError(
            f"the function that answers {name} gave what the service never does: {problem}",
            hint="give a response in boto3's shape, without ResponseMetadata",
        )
