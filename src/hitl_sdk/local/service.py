"""The review service without a face: one request in, one response out, whoever carried them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hitl_sdk.local.ai_services import AiError, AiServices
from hitl_sdk.local.endpoints import Endpoints
from hitl_sdk.local.engine import REQUEST_SOURCES, Engine, EngineError
from hitl_sdk.local.moto_inference import inference_described_as_by_aws
from hitl_sdk.local.moto_services import MotoServices, has_endpoint, lacks_object, read_object, scope_of
from hitl_sdk.local.simulation import Workers
from hitl_sdk.local.store import Store
from hitl_sdk.local.wire import HttpResponse, Wire, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from hitl_sdk._clock import Clock
    from hitl_sdk.local.algorithms import Algorithms
    from hitl_sdk.local.lambdas import Lambdas
    from hitl_sdk.local.moto_state import MotoState
    from hitl_sdk.local.wire import HttpRequest

__all__ = ["ReviewService", "review_service"]

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")


@contextmanager
def review_service(
    store_url: str, *, clock: Clock, seed: int | None, moto_state: MotoState | None = None
) -> Iterator[ReviewService]:
    """Put the parts together on a store, and let go of the store at the end of the block.

    Parameters
    ----------
    store_url : str
        See `Store`.
    clock : Clock
        The time of the engine and of the workers.
    seed : int or None
        Of ids, workers and request ids.
    moto_state : MotoState, optional
        What keeps moto's state. It may be older than the store: outputs that are gone are written again. No other
        process works on the store then: labeling jobs go on at once.

    Yields
    ------
    ReviewService

    Examples
    --------
    >>> from hitl_sdk._clock import SystemClock
    >>> from hitl_sdk.local.wire import HttpRequest
    >>> with review_service("sqlite://", clock=SystemClock(), seed=0) as service:
    ...     service.handle(HttpRequest("GET", "/human-loops/loop-1")).status
    404
    """
    delivery = MotoServices(moto_state)
    with Store(store_url) as store, delivery.lambdas.at_work(), inference_described_as_by_aws():
        engine = Engine(store, clock=clock, seed=seed, deliver=delivery)
        if moto_state:
            engine.put_missing_outputs(lacks_object)
            engine.resume_jobs()
        yield ReviewService(
            engine,
            workers=Workers(engine, clock=clock, seed=seed, read_object=read_object),
            endpoints=Endpoints(),
            ai=AiServices(),
            lambdas=delivery.lambdas,
            algorithms=delivery.algorithms,
            store=store,
            seed=seed,
            moto_state=moto_state,
        )


class ReviewService:
    """Answers the human-review operations, the simulated endpoints, and what is stood in for of the AI services.

    Parameters
    ----------
    engine : Engine
        Owns the state.
    workers : Workers
        The simulated people.
    endpoints : Endpoints
        The simulated inference endpoints.
    ai : AiServices
        The stand-ins for AI services.
    lambdas : Lambdas
        Who runs Lambda functions.
    algorithms : Algorithms
        Who labels automatically.
    store : Store
        Where the engine's state lies.
    seed : int, optional
        Makes request ids repeatable.
    moto_state : MotoState, optional
        What keeps moto's state.

    See Also
    --------
    review_service : puts one together.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        workers: Workers,
        endpoints: Endpoints,
        ai: AiServices,
        lambdas: Lambdas,
        algorithms: Algorithms,
        store: Store,
        seed: int | None = None,
        moto_state: MotoState | None = None,
    ) -> None:
        self.engine = engine
        self.workers = workers
        self.endpoints = endpoints
        self.ai = ai
        self.lambdas = lambdas
        self.algorithms = algorithms
        self.store = store
        self.moto_state = moto_state
        self._wire = Wire(seed)
        self._to_forget = False
        self._forgetting = Lock()

    def responder(self, request: HttpRequest) -> Callable[[HttpRequest], HttpResponse] | None:
        """Return who answers `request` here, None when it is none of ours. Looks at no body."""
        if self._wire.match(request) is not None:
            return self.handle
        if self.ai.match(request) is not None:
            return self.ask
        endpoint = _INVOCATIONS.fullmatch(request.path)
        if endpoint is not None and self._answers_for(unquote(endpoint[1]), request):
            return self.invoke
        return None

    def _answers_for(self, endpoint: str, request: HttpRequest) -> bool:
        """Moto answers for the endpoints that were created in it; any other name is ours, to serve or to refuse."""
        return endpoint in self.endpoints or not has_endpoint(scope_of(request), endpoint)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a human-review request: with a result, or with the error the service would give."""
        operation = self._wire.match(request)
        try:
            if operation is None or operation.name not in self.engine.operations:
                name = operation.name if operation else f"{request.method} {request.path}"
                raise WireError(
                    "UnknownOperationException", f"the local review service does not answer {name}"
                )
            params = self._wire.parse(operation, request)
            self._forget_if_asked()
            result = self.engine.call(scope_of(request), operation.name, params)
        except (WireError, EngineError) as error:
            return self._wire.error(operation, error.code, error.message)
        return self._wire.result(operation, result)

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Answer a request to an AI service from the function that stands in for it."""
        operation = self.ai.match(request)
        if operation is None:
            return self._wire.error(None, "UnknownOperationException", "no function answers this operation")
        source = REQUEST_SOURCES.get((operation.service_model.service_name, operation.name))
        try:
            params = self._wire.parse(operation, request)
            result = self.ai.call(operation, params)
            if source is not None and "HumanLoopConfig" in params:
                self._forget_if_asked()
                activation = self.engine.activate(scope_of(request), source, params, result)
                result["HumanLoopActivationOutput"] = activation
        except WireError as error:
            return self._wire.error(operation, error.code, error.message)
        except (AiError, EngineError) as error:
            return self._wire.error(operation, error.code, error.message, error.members)
        return self._wire.result(operation, result)

    def invoke(self, request: HttpRequest) -> HttpResponse:
        """Answer an InvokeEndpoint request for an endpoint that is served here."""
        status, headers, body = self.endpoints.handle(
            unquote(request.path.split("/")[2]),
            request.body,
            request.headers.get("content-type", "application/json"),
            request.headers.get("accept", "*/*"),
        )
        return HttpResponse(status, headers, body)

    def forget(self) -> None:
        """Drop all state before the next request.

        Not at once: who asks for it may hold moto's lock, which a delivery under way waits for.
        """
        self._to_forget = True

    def let_time_pass(self) -> datetime | None:
        """Let everything happen that is due by the clock: life cycles, expiry, deliveries, answers, steps of jobs.

        Returns
        -------
        datetime or None
            When the next answer or step is due, as far as is known.

        Raises
        ------
        ConfigurationError
            If simulated workers can't answer a task, or a function of the user's fails at it.
        """
        while True:
            self._forget_if_asked()
            self.engine.tick()
            to_do = self.engine.work_on_jobs()
            answers_due = self.workers.work()
            if not to_do and not self.engine.work_on_jobs():
                hours = (answers_due, self.engine.jobs_due)
                return min((hour for hour in hours if hour is not None), default=None)

    def _forget_if_asked(self) -> None:
        with self._forgetting:  # nobody goes on while another is at it
            if self._to_forget:
                self._to_forget = False
                self.store.clear()
