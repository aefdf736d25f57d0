"""The review service over HTTP: human review answered here, every other AWS request by moto's server.

One address serves all services, as ``AWS_ENDPOINT_URL`` wants it. A timer lets time take effect, so
that loops expire and simulated workers answer while nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from a2wsgi import WSGIMiddleware
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from hitl_sdk._version import __version__
from hitl_sdk.errors import ConfigurationError
from hitl_sdk.local.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

    from hitl_sdk.local.moto_state import MotoState
    from hitl_sdk.local.service import ReviewService

__all__ = ["HEALTH_PATH", "application", "serve"]

HEALTH_PATH = "/_hitl/health"
_RESET_PATH = "/moto-api/reset"  # moto's own; who resets moto means human review too
_SECONDS_BETWEEN_TICKS = 0.1
_SECONDS_BETWEEN_SAVES = 1.0
_ATTEMPTS_TO_SAVE = 20
_MOTO_THREADS = 64  # a long poll of a queue keeps one for 20 s
_READING = frozenset({"GET", "HEAD"})
_FAILED = HttpResponse(
    500,
    {"content-type": "application/json", "x-amzn-errortype": "InternalServerException"},
    b'{"Message": "the local review service failed; its log says why"}',
)
_log = logging.getLogger(__name__)


def serve(service: ReviewService, *, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and end the process with 0.

    Parameters
    ----------
    service : ReviewService
        Who answers.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    on_ready : callable
        Called with the address, once connections are taken.
    """
    with _listener(host, port) as listener:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _end_with_success)
        shown_host = f"[{host}]" if ":" in host else host
        url = f"http://{shown_host}:{listener.getsockname()[1]}"
        service.lambdas.run_apart(url)
        _let_state_machines_run(listener.getsockname()[1])
        app = application(service, on_start=lambda: on_ready(url))
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def _let_state_machines_run(port: int) -> None:
    """Have moto run state machines for real, and call functions and services at our address while it does."""
    os.environ["MOTO_PORT"] = str(port)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}


def _listener(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio sends without delay on such sockets alone; else each
    # answer waits 40 ms for the client's acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except socket.gaierror as error:
        listener.close()
        raise ConfigurationError(
            f"can't listen on {host}: {error.strerror}", hint="give an address of this machine as --host"
        ) from error
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"can't listen on {host} port {port}: {error.strerror}",
            hint="stop what uses it, or give another --port",
        ) from error
    listener.listen()
    return listener


def application(service: ReviewService, *, on_start: Callable[[], None] = lambda: None) -> Starlette:
    """Return the ASGI application.

    Parameters
    ----------
    service : ReviewService
        Who answers.
    on_start : callable
        Called when the application has started.
    """
    front = _Front(service)

    async def health(_request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "pid": os.getpid(),
                "store": service.store.url,
                "operations": sorted(service.engine.operations),
            }
        )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # two, so that a job's slow function keeps nobody else waiting
        timers = [asyncio.create_task(_let_time_pass(service)) for _ in range(2)]
        timers.append(asyncio.create_task(front.keep_saving()))
        on_start()
        yield
        for timer in timers:
            timer.cancel()

    routes = [Route(HEALTH_PATH, health), Mount("/", front)]
    return Starlette(routes=routes, lifespan=lifespan)


class _Front:
    """Sends each request to who answers it. The head alone decides, so that moto gets its bodies unread."""

    def __init__(self, service: ReviewService) -> None:
        self._service = service
        moto = _as_moto_expects(DomainDispatcherApplication(create_backend_app))
        self._moto: Any = WSGIMiddleware(moto, workers=_MOTO_THREADS)
        self._may_change_moto = asyncio.Event()
        self._may_change_moto.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if (scope["method"], scope["path"]) == ("POST", _RESET_PATH):
            self._service.forget()
        responder = self._service.responder(_http_request(request))
        if responder is None:
            await self._pass_on(scope, receive, send)
            return
        whole = _http_request(request, await request.body())
        reply = await run_in_threadpool(_reply, responder, whole)
        await Response(reply.body, reply.status, reply.headers)(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = self._service.moto_state
        if state is None or scope["method"] in _READING:
            await self._moto(scope, receive, send)
            return
        await self._may_change_moto.wait()
        try:
            await self._moto(scope, receive, send)
        finally:
            state.changed = True

    async def keep_saving(self) -> None:
        """Save moto's state from time to time, if it is to be kept."""
        state = self._service.moto_state
        pause = _SECONDS_BETWEEN_SAVES
        while state is not None:
            await asyncio.sleep(pause)
            started = asyncio.get_running_loop().time()
            if state.changed:
                await self._save(state)
            took = asyncio.get_running_loop().time() - started
            pause = max(_SECONDS_BETWEEN_SAVES, 10 * took)  # much to save costs a tenth of the time at most

    async def _save(self, state: MotoState) -> None:
        """Save while nothing new changes moto; what is under way may have to end first."""
        self._may_change_moto.clear()
        try:
            for _ in range(_ATTEMPTS_TO_SAVE):
                try:
                    return await run_in_threadpool(state.save)
                except RuntimeError:  # something changed size while it was read
                    await asyncio.sleep(_SECONDS_BETWEEN_TICKS / 2)
            _log.warning("moto's state was not saved: it did not stand still; trying again")
        except Exception:
            _log.exception("moto's state was not saved; trying again")
        finally:
            self._may_change_moto.set()


def _reply(responder: Callable[[HttpRequest], HttpResponse], request: HttpRequest) -> HttpResponse:
    try:
        return responder(request)
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return _FAILED


async def _let_time_pass(service: ReviewService) -> None:
    while True:
        try:
            await run_in_threadpool(service.let_time_pass)
        except ConfigurationError as error:  # of a simulated worker; the task stays open
            _log.warning("%s", error)
        except Exception:
            _log.exception("what was due by the clock failed; trying again")
        # The event loop's own pause: nothing waits for an outcome here.
        await asyncio.sleep(_SECONDS_BETWEEN_TICKS)


def _http_request(request: Request, body: bytes = b"") -> HttpRequest:
    return HttpRequest(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=dict(request.headers),
        body=body,
    )


def _as_moto_expects(app: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap moto's WSGI application, to tell it what its own server would have told it.

    The path as it was sent, that chunked bodies end by themselves, and the names of S3 metadata that
    WSGI would spell without their underscores.
    """

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        scope = environ["asgi.scope"]
        names = [name.decode("latin-1") for name, _ in scope["headers"]]
        environ["RAW_URI"] = scope["raw_path"].decode("latin-1")
        environ["wsgi.input_terminated"] = True
        environ["moto.preserved_header_names"] = {
            f"HTTP_{name.upper().replace('-', '_')}": name
            for name in names
            if name.startswith("x-amz-meta-") and "_" in name
        }
        return app(environ, start_response)

    return wrapped


def _end_with_success(_signal: int, _frame: object) -> None:
    """Being told to stop is how a server ends; uvicorn hands the signal on after its own clean stop."""
    sys.exit(0)
