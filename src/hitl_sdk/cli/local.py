"""`hitl local`: start, look at and end the review service of this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitl_sdk._clock import SystemClock
from hitl_sdk._optional import load
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hitl_sdk.local.service import ReviewService

__all__ = ["app"]

DEFAULT_PORT = 8484
_SECONDS_TO_STOP = 20.0

app: typer.Typer = typer.Typer(no_args_is_help=True, help="The review service of this machine.")

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document.")]
_Endpoint = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=MODULE:FUNCTION", help="Answer InvokeEndpoint from a Python function. Repeatable."
    ),
]
_Ai = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SERVICE.OPERATION=MODULE:FUNCTION",
        help="Answer an operation of an AI service from a Python function. Repeatable.",
    ),
]
_Port = Annotated[int | None, typer.Option(help="Which one, when several run.")]


@app.command()
def up(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = DEFAULT_PORT,
    data: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep human review, and what moto holds, in this directory."),
    ] = None,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Keep human review alone, in this database.")
    ] = None,
    simulate_workers: Annotated[
        bool,
        typer.Option(
            "--simulate-workers",
            help="Let simulated workers answer every task: with its pre-set value, else the first choice or nothing.",
        ),
    ] = False,
    error_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Chance that a simulated label is wrong.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of simulated workers and ids.")] = 0,
    endpoint: _Endpoint = None,
    ai: _Ai = None,
    as_json: _Json = False,
) -> None:
    """Serve human review, and moto's AWS beside it, until the process is told to stop.

    Point any AWS client at the address it prints: AWS_ENDPOINT_URL=http://127.0.0.1:8484.

    What --data or --store keeps is human review: teams, flows, loops, labeling jobs, answers. The rest of AWS
    here is moto's. With --data its buckets, user pools, roles, functions, queues, topics, rules and tables are
    kept too, saved every second and at the end; without it they live in memory and go with the process.
    """
    if data is not None and store is not None:
        raise typer.BadParameter("give --data or --store, not both")
    if store is not None and not store.strip():
        raise typer.BadParameter("--store is empty; leave it out to keep everything in memory")
    if error_rate and not simulate_workers:
        raise typer.BadParameter("--error-rate is that of simulated workers: add --simulate-workers")
    functions = _functions("--endpoint", "NAME", endpoint or [])
    ai_functions = _functions("--ai", "SERVICE.OPERATION", ai or [])
    _prepare_process()
    from hitl_sdk.local.server import serve
    from hitl_sdk.local.simulation import DefaultAnswers

    with _service(data, store, seed) as service:
        for name, function in functions.items():
            service.endpoints.serve(name, function)
        for name, function in ai_functions.items():
            ai_service, _, operation = name.partition(".")
            service.ai.answer(ai_service, operation, function)
        if simulate_workers:
            service.workers.answer(DefaultAnswers(error_rate, seed))
        with _recorded() as record:
            serve(service, host=host, port=port, on_ready=partial(_announce, record=record, as_json=as_json))


def _prepare_process() -> None:
    """Make sure that what the service needs is installed, and let it speak for nobody's account."""
    for module in ("moto", "sqlalchemy", "starlette", "uvicorn", "a2wsgi"):
        load(module, extra="local", needed_for="hitl local up")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)


def _announce(url: str, *, record: Callable[[str], None], as_json: bool) -> None:
    record(url)
    typer.echo(
        json.dumps({"url": url, "pid": os.getpid()}) if as_json else f"hitl local service ready on {url}"
    )
    sys.stdout.flush()


@app.command()
def status(*, port: _Port = None, as_json: _Json = False) -> None:
    """Show the services that run on this machine; exit code 1 when there is none."""
    services = _running(port)
    if as_json:
        typer.echo(json.dumps([asdict(service) for service in services]))
    for service in services:
        if not as_json:
            typer.echo(f"{service.url}  pid {service.pid}  version {service.version}  store {service.store}")
    if not services:
        typer.echo("no local service is running", err=True)
        raise typer.Exit(1)


@app.command()
def down(*, port: _Port = None, as_json: _Json = False) -> None:
    """End the service that `hitl local up` started on this machine."""
    services = _running(port)
    if as_json and not services:
        typer.echo("null")
    if len(services) > 1:
        ports = ", ".join(service.url.rpartition(":")[2] for service in services)
        raise typer.BadParameter(f"several services run; name one by --port ({ports})")
    if not services:
        typer.echo("no local service is running", err=True)
        raise typer.Exit(1)
    service = services[0]
    os.kill(service.pid, signal.SIGTERM)
    wait_until(
        lambda: _health(service.url),
        lambda health: health is None,
        timeout=_SECONDS_TO_STOP,
        what=f"the service on {service.url} to end",
        first_pause=0.05,
    )
    typer.echo(json.dumps(asdict(service)) if as_json else f"ended the service on {service.url}")


@dataclass(frozen=True, slots=True)
class _Service:
    """A service that answers, and says that it is the process that was recorded."""

    url: str
    pid: int
    version: str
    store: str


def _running(port: int | None) -> list[_Service]:
    services = []
    for file in sorted(_state_directory().glob("*.json")):
        try:
            recorded = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # it is just being written, or was just removed
        health = _health(recorded["url"])
        if health is None or health["pid"] != recorded["pid"]:
            continue  # it ended without saying so, or the port is another's by now
        if port is None or recorded["url"].endswith(f":{port}"):
            services.append(_Service(recorded["url"], recorded["pid"], health["version"], health["store"]))
    return services


def _health(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{url}/_hitl/health", timeout=5) as response:  # noqa: S310  our own address
            health: dict[str, Any] = json.load(response)
    except (OSError, ValueError):
        return None
    return health


@contextmanager
def _recorded() -> Iterator[Callable[[str], None]]:
    """Yield a function that writes down this process under its address; what it wrote goes at the end."""
    file = _state_directory() / f"{os.getpid()}.json"

    def record(url: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"url": url, "pid": os.getpid()}), "utf-8")

    try:
        yield record
    finally:
        file.unlink(missing_ok=True)


def _state_directory() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "hitl-sdk", "services")


@contextmanager
def _service(data: Path | None, store: str | None, seed: int) -> Iterator[ReviewService]:
    """Put the service together on what a directory or a database keeps."""
    from hitl_sdk.local.moto_state import FILE_NAME, MotoState
    from hitl_sdk.local.service import review_service

    clock = SystemClock()
    if data is None:
        with review_service(store or "sqlite://", clock=clock, seed=seed) as service:
            yield service
        return
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"--data {data} can't be made: {error.strerror}", hint="name a directory that you may write to"
        ) from error
    url = f"sqlite:///{data / 'hitl.sqlite3'}"
    with (
        MotoState(data / FILE_NAME).kept() as moto_state,
        review_service(url, clock=clock, seed=seed, moto_state=moto_state) as service,
    ):
        yield service


def _functions(option: str, key: str, texts: list[str]) -> dict[str, Callable[[Any], Any]]:
    """Return the functions by what they answer, of texts like ``NAME=MODULE:FUNCTION``."""
    from hitl_sdk.local.endpoints import load_function

    functions: dict[str, Callable[[Any], Any]] = {}
    for text in texts:
        name, _, reference = text.partition("=")
        if not name or not reference:
            raise typer.BadParameter(f"{option} {text}: write {key}=MODULE:FUNCTION")
        if name in functions:
            raise typer.BadParameter(f"{option} {name} is given twice")
        try:
            functions[name] = load_function(reference)
        except InvalidInputError as error:
            raise typer.BadParameter(f"{option} {text}: {error}") from error
    return functions
