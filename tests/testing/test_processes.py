"""`local_server`: a service of its own process, and what it says when it can't start."""

import subprocess
import sys

import pytest

from hitl_sdk.errors import ConfigurationError
from hitl_sdk.testing import local_server, processes


def test_a_session_of_the_server_calls_it_in_any_region():
    with local_server(simulate_workers=False) as server:
        sagemaker = server.session("eu-west-1").client("sagemaker")
        arn = sagemaker.create_human_task_ui(HumanTaskUiName="ui", UiTemplate={"Content": "<p>"})[
            "HumanTaskUiArn"
        ]

        assert ":eu-west-1:" in arn
        assert server.environment["AWS_ENDPOINT_URL"] == server.url


def test_a_server_that_can_t_start_says_why():
    with (
        pytest.raises(ConfigurationError, match="no_such_module") as caught,
        local_server(endpoints={"model": "no_such_module:predict"}),
    ):
        pass

    assert "exit code 2" in caught.value.message


def test_a_process_that_does_not_listen_is_killed(monkeypatch):
    monkeypatch.setattr(processes, "_SECONDS_TO_STOP", 0.1)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"

    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        processes._end(process)

    assert process.returncode == -9


def test_a_service_that_never_gets_ready_is_given_up(monkeypatch):
    monkeypatch.setattr(processes, "_SECONDS_TO_START", 0.05)
    with pytest.raises(ConfigurationError, match="did not start"), local_server():
        pass
