"""Puts the review service into moto's place for human review, inside this process, for a while.

moto finds a handler by walking plain tables of URL patterns, so that is where the service goes: one
entry more for `sagemaker-a2i-runtime` and `translate`, which moto does not have, and a handler before
moto's own for `sagemaker`, `sagemaker-runtime` and the AI services, which passes on everything that is
not ours. On exit the tables are as they were.
"""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import moto.bedrockruntime.urls as bedrock_urls
import moto.comprehend.urls as comprehend_urls
import moto.rekognition.urls as rekognition_urls
import moto.sagemaker.urls as sagemaker_urls
import moto.sagemakerruntime.urls as runtime_urls
import moto.textract.urls as textract_urls
import moto.transcribe.urls as transcribe_urls
from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import normalize_request

from hitl_sdk.errors import ConfigurationError
from hitl_sdk.local.moto_services import DEFAULT_REGION
from hitl_sdk.local.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hitl_sdk.local.service import ReviewService

    Reply = tuple[int, dict[str, str], bytes]
    Handler = Callable[[Any, str, Any], Any]

__all__ = ["installed"]

_A2I = "hitla2iruntime"
_MODULE = f"moto.{_A2I}"
_A2I_URL = r"https?://a2i-runtime\.sagemaker\.(.+)\.amazonaws\.com"
_TRANSLATE_URL = r"https?://translate\.(.+)\.amazonaws\.com"
_ROOT = "{0}/$"
_INVOCATIONS = "{0}/endpoints/(?P<name>[^/]+)/invocations$"
_SHARED: tuple[tuple[dict[str, Any], str], ...] = (
    (sagemaker_urls.url_paths, _ROOT),
    (runtime_urls.url_paths, _INVOCATIONS),
    (bedrock_urls.url_paths, "{0}/.*$"),
    (comprehend_urls.url_paths, _ROOT),
    (rekognition_urls.url_paths, _ROOT),
    (textract_urls.url_paths, _ROOT),
    (transcribe_urls.url_paths, _ROOT),
)
_NOT_OURS = HttpResponse(
    404, {}, b"Not yet implemented"
)  # what moto says for a service that it does not have
_installing = Lock()


@contextmanager
def installed(service: ReviewService, *, on_reset: Callable[[], None]) -> Iterator[None]:
    """Let `service` answer human review wherever moto answers AWS, inside the block.

    Parameters
    ----------
    service : ReviewService
        Who answers.
    on_reset : callable
        Called when moto forgets its state: at the start and end of ``mock_aws``, and by
        ``POST /moto-api/reset``.

    Raises
    ------
    ConfigurationError
        If a review service is installed in this process already: moto's state is one a process.

    Examples
    --------
    >>> import boto3
    >>> from moto import mock_aws
    >>> from hitl_sdk._clock import SystemClock
    >>> from hitl_sdk.local.service import review_service
    >>> with (
    ...     mock_aws(),
    ...     review_service("sqlite://", clock=SystemClock(), seed=0) as service,
    ...     installed(service, on_reset=service.forget),
    ... ):
    ...     boto3.client("sagemaker", region_name="eu-west-1").list_workteams()["Workteams"]
    []
    """
    plugin = _Plugin(service, on_reset)
    with ExitStack() as stack:
        with _installing:
            if _MODULE in sys.modules:
                raise ConfigurationError(
                    "a local review service is active in this process already",
                    hint="moto has one state a process: leave the first mock_hitl() before the next begins",
                )
            stack.enter_context(_entry(sys.modules, _MODULE, plugin.module()))
        for table, key in _SHARED:
            stack.enter_context(_entry(table, key, plugin.before(table[key])))
        pattern = (_A2I, re.compile(f"{_A2I_URL}|{_TRANSLATE_URL}"))
        # First, not last: moto walks the table from the top for every call.
        backend_index.backend_url_patterns.insert(0, pattern)
        stack.callback(backend_index.backend_url_patterns.remove, pattern)
        plugin.stay_known_to_moto()
        yield


@contextmanager
def _entry(table: dict[str, Any], key: str, value: object) -> Iterator[None]:
    """Let `table` hold `value` under `key` inside the block, and what it held before, after it."""
    before = table.get(key)
    table[key] = value
    try:
        yield
    finally:
        if before is None:
            del table[key]
        else:
            table[key] = before


class _Plugin:
    """The handlers, in the shape moto calls them: (request, URL, headers) to (status, headers, body)."""

    def __init__(self, service: ReviewService, on_reset: Callable[[], None]) -> None:
        self._service = service
        handlers: dict[str, Handler] = {
            f"{_A2I_URL}/": self.a2i_runtime,
            f"{_TRANSLATE_URL}/": self.before(lambda *_: astuple(_NOT_OURS)),
        }

        class Backend(BaseBackend):
            """What moto holds of us: where our URLs are, and that we can be reset."""

            @property
            def urls(self) -> dict[str, Handler]:
                return handlers

            def reset(self) -> None:
                on_reset()

        # boto3 lists no Region for the A2I runtime; it signs as sagemaker and lives beside it.
        self._backends = BackendDict(Backend, "sagemaker")

    def module(self) -> ModuleType:
        """Return the module that moto imports by our name to find our backends."""
        module = ModuleType(_MODULE)
        vars(module)[f"{_A2I}_backends"] = self._backends
        return module

    def stay_known_to_moto(self) -> None:
        """Register for the next reset: moto forgets whom it has reset."""
        _ = self._backends[DEFAULT_ACCOUNT_ID][DEFAULT_REGION]

    def a2i_runtime(self, request: Any, url: str, headers: Any) -> Reply:  # noqa: ARG002  moto's signature
        """Answer `sagemaker-a2i-runtime`."""
        return self._reply(self._service.handle, _http_request(request, url))

    def before(self, moto_handler: Handler) -> Handler:
        """Return a handler that answers what the service answers, and leaves the rest to moto's."""

        def handler(request: Any, url: str, headers: Any) -> Reply:
            asked = _http_request(request, url)
            responder = self._service.responder(asked)
            if responder is None:
                return cast("Reply", moto_handler(request, url, headers))
            return self._reply(responder, asked)

        return handler

    def _reply(self, responder: Callable[[HttpRequest], HttpResponse], asked: HttpRequest) -> Reply:
        self.stay_known_to_moto()
        self._service.let_time_pass()  # there is no timer in process: each call finds what is due done
        reply = responder(asked)
        return reply.status, reply.headers, reply.body


def _http_request(request: Any, url: str) -> HttpRequest:
    parts = urlsplit(url)
    return HttpRequest(
        method=request.method,
        path=parts.path,
        query=parts.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=normalize_request(request).get_data(),  # older releases of moto hand botocore's request on
    )
