"""The HTTP face, as an ASGI application in this process and as a process of its own."""

import asyncio
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from hitl_sdk._clock import ManualClock
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.local import server as server_module
from hitl_sdk.local.server import HEALTH_PATH, application
from hitl_sdk.local.service import review_service
from hitl_sdk.testing import local_server


@pytest.fixture
def service():
    with review_service("sqlite://", clock=ManualClock(), seed=0) as service:
        yield service


def ask(app, method, path, headers=None, body=b""):
    """Send one request to an ASGI application; return status, headers and body."""
    sent = []
    chunks = iter(
        [
            {"type": "http.request", "body": body[:1], "more_body": True},
            {"type": "http.request", "body": body[1:]},
        ]
    )

    async def receive():
        return next(chunks)

    async def send(message):
        sent.append(message)

    plain, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {
                "host": "localhost",
                "content-length": str(len(body)),
                **(headers or {}),
            }.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    asyncio.run(app(scope, receive, send))
    received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], received, b"".join(message.get("body", b"") for message in sent[1:])


def signed(region="us-east-1", service="sagemaker", **headers):
    scope = f"KEY/20260101/{region}/{service}/aws4_request"
    return {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        **headers,
    }


def target(name):
    return {"x-amz-target": f"SageMaker.{name}", "content-type": "application/x-amz-json-1.1"}


def test_the_health_page_says_who_answers_what(service):
    status, _, body = ask(application(service), "GET", HEALTH_PATH)

    health = json.loads(body)
    assert status == 200
    assert (health["status"], health["pid"], health["store"]) == ("ok", os.getpid(), "sqlite://")
    assert "StartHumanLoop" in health["operations"]


def test_a_human_review_operation_is_answered_here(service):
    status, headers, body = ask(
        application(service),
        "POST",
        "/",
        signed("eu-west-1", **target("CreateHumanTaskUi")),
        b'{"HumanTaskUiName": "ui", "UiTemplate": {"Content": "<p>"}}',
    )

    assert status == 200
    assert json.loads(body) == {"HumanTaskUiArn": "arn:aws:sagemaker:eu-west-1:123456789012:human-task-ui/ui"}
    assert headers["content-type"] == "application/x-amz-json-1.1"


def test_an_unsigned_request_is_of_the_default_region(service):
    _, _, body = ask(
        application(service),
        "POST",
        "/",
        target("CreateHumanTaskUi"),
        b'{"HumanTaskUiName": "ui", "UiTemplate": {"Content": "<p>"}}',
    )

    assert ":us-east-1:" in body.decode()


def test_other_operations_are_moto_s(service):
    status, _, body = ask(application(service), "POST", "/", signed(**target("ListModels")), b"{}")

    assert (status, json.loads(body)["Models"]) == (200, [])


def test_an_error_in_the_service_is_a_500_that_gives_nothing_away(service, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("inner matters")

    monkeypatch.setattr(service.engine, "call", fail)

    status, headers, body = ask(application(service), "GET", "/human-loops/loop-1", signed())

    assert (status, headers["x-amzn-errortype"]) == (500, "InternalServerException")
    assert b"inner matters" not in body
    assert "inner matters" in caplog.text


def lifespan(app, until):
    """Start an application, let it run until something holds, and stop it."""

    async def run():
        started = asyncio.Event()
        messages = asyncio.Queue()

        async def send(message):
            if message["type"] == "lifespan.startup.complete":
                started.set()

        await messages.put({"type": "lifespan.startup"})
        task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, messages.get, send))
        await started.wait()
        while not until():
            await asyncio.sleep(0.01)
        await messages.put({"type": "lifespan.shutdown"})
        await task

    asyncio.run(run())


def test_the_timer_goes_on_after_a_failure(service, monkeypatch, caplog):
    calls = []

    def fail_twice():
        calls.append(1)
        if len(calls) == 1:
            raise InvalidInputError("no simulated worker can answer this")
        if len(calls) == 2:
            raise ZeroDivisionError("inner matters")

    monkeypatch.setattr(service, "let_time_pass", fail_twice)

    with caplog.at_level(logging.WARNING):
        lifespan(application(service), until=lambda: len(calls) > 2)

    assert "no simulated worker can answer this" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_who_starts_it_is_told_when_it_is_ready(service):
    ready = []

    lifespan(application(service, on_start=lambda: ready.append(True)), until=lambda: True)

    assert ready == [True]


class State:
    """Stands for a file: fails as it is told to, then saves."""

    def __init__(self, *failures):
        self.changed = False
        self.failures = list(failures)
        self.saves = 0

    def save(self):
        if self.failures:
            raise self.failures.pop(0)
        self.changed = False
        self.saves += 1


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(server_module, "_SECONDS_BETWEEN_SAVES", 0.01)
    monkeypatch.setattr(server_module, "_SECONDS_BETWEEN_TICKS", 0.01)


@pytest.mark.parametrize(("method", "changed"), [("GET", False), ("HEAD", False), ("PUT", True)])
def test_a_request_that_may_change_moto_has_it_saved(service, method, changed):
    service.moto_state = State()

    ask(application(service), method, "/nobucket/key", signed(service="s3"))

    assert service.moto_state.changed is changed


def test_saving_is_tried_again_while_moto_changes(service, often):
    service.moto_state = State(RuntimeError("dictionary changed size"), RuntimeError("again"))
    service.moto_state.changed = True

    lifespan(application(service), until=lambda: service.moto_state.saves)

    assert service.moto_state.saves == 1


def test_saving_goes_on_after_a_failure(service, often, caplog):
    unsteady = [RuntimeError("dictionary changed size")] * server_module._ATTEMPTS_TO_SAVE
    service.moto_state = State(OSError("no space left"), *unsteady)
    service.moto_state.changed = True

    lifespan(application(service), until=lambda: service.moto_state.saves)

    assert "no space left" in caplog.text
    assert "did not stand still" in caplog.text


@pytest.fixture(scope="module")
def server():
    with local_server(simulate_workers=False) as server:
        yield server


@pytest.fixture
def s3(server):
    server.reset()
    client = server.session().client("s3")
    client.create_bucket(Bucket="bucket")
    return client


@pytest.mark.parametrize("key", ["plain.png", "with space/a b.png", "ümlaut/%41+.png", "double//slash"])
def test_s3_keeps_bytes_and_names(s3, key):
    body = bytes(range(256)) * 400

    s3.put_object(Bucket="bucket", Key=key, Body=body, ContentType="image/png", Metadata={"under_score": "1"})

    stored = s3.get_object(Bucket="bucket", Key=key)
    assert stored["Body"].read() == body
    assert (stored["ContentType"], stored["Metadata"]) == ("image/png", {"under_score": "1"})
    assert s3.head_object(Bucket="bucket", Key=key)["ContentLength"] == len(body)
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="bucket")["Contents"]] == [key]


def test_s3_takes_uploads_in_parts(s3):
    body = os.urandom(6_000_000)

    s3.upload_fileobj(io.BytesIO(body * 2), "bucket", "large")

    assert s3.head_object(Bucket="bucket", Key="large")["ContentLength"] == len(body) * 2


def test_a_presigned_url_is_read_by_anyone(s3):
    s3.put_object(Bucket="bucket", Key="a b.png", Body=b"\x89PNG")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a b.png"})

    with urllib.request.urlopen(url, timeout=5) as response:
        assert response.read() == b"\x89PNG"


def test_a_reset_empties_moto_and_us(server, s3):
    sagemaker = server.session().client("sagemaker")
    sagemaker.create_human_task_ui(HumanTaskUiName="ui", UiTemplate={"Content": "<p>"})

    server.reset()

    assert sagemaker.list_human_task_uis()["HumanTaskUiSummaries"] == []
    assert s3.list_buckets()["Buckets"] == []


def test_a_reset_is_complete_when_it_has_answered(server):
    sagemaker = server.session().client("sagemaker")
    for _ in range(10):
        server.reset()
        sagemaker.create_human_task_ui(HumanTaskUiName="ui", UiTemplate={"Content": "<p>"})
        assert len(sagemaker.list_human_task_uis()["HumanTaskUiSummaries"]) == 1


def test_answers_come_without_the_delay_of_small_packets(server):
    sagemaker = server.session().client("sagemaker")
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        sagemaker.list_workteams()
        seconds.append(time.perf_counter() - started)

    assert min(seconds) < 0.035  # with the delay each takes 40 ms at least


def test_what_is_kept_in_a_directory_outlives_the_process(tmp_path):
    with local_server(data=tmp_path / "kept") as server:
        server.session().client("sagemaker").create_human_task_ui(
            HumanTaskUiName="ui", UiTemplate={"Content": "<p>"}
        )

    with local_server(data=tmp_path / "kept") as server:
        uis = server.session().client("sagemaker").list_human_task_uis()["HumanTaskUiSummaries"]
        with urllib.request.urlopen(server.url + HEALTH_PATH, timeout=5) as response:
            health = json.load(response)

    assert [ui["HumanTaskUiName"] for ui in uis] == ["ui"]
    assert health["store"] == f"sqlite:///{tmp_path / 'kept' / 'hitl.sqlite3'}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_is_a_success(number, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "hitl_sdk.cli", "local", "up", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    ready = json.loads(process.stdout.readline())
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)

    assert ready["pid"] == process.pid
    assert ready["url"].startswith("http://127.0.0.1:")
    assert (process.returncode, errors) == (0, b"")
    assert list(tmp_path.rglob("*.json")) == []


def test_a_directory_of_another_moto_is_said_so(tmp_path):
    (tmp_path / "moto.pickle").write_text('{"format": 1, "moto": "1.2.3", "sha256": ""}\n')

    with (
        pytest.raises(ConfigurationError, match=r"exit code 1\).*moto==1\.2\.3"),
        local_server(data=tmp_path),
    ):
        pass


def test_a_port_that_is_taken_is_said_so(server):
    port = int(server.url.rpartition(":")[2])

    with pytest.raises(ConfigurationError, match=f"port {port}"), local_server(port=port):
        pass
