"""A function in a process of its own: warm, timed, and gone when the service is."""

import io
import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Event

import pytest

from hitl_sdk.local import lambda_runtime
from hitl_sdk.local.engine import FunctionFailed
from hitl_sdk.local.lambda_runtime import Function, main

ENDPOINT = "http://127.0.0.1:1"


@pytest.fixture
def apart(deployment):
    deployment.lambdas.run_apart(ENDPOINT)
    return deployment


def test_the_process_stays_between_calls(apart):
    arn = apart.deploy("f", "import os\ndef handler(event, context): return os.getpid()")

    first = apart.invoke(arn)

    assert first != os.getpid()
    assert apart.invoke(arn) == first


def test_new_code_gets_a_new_process_and_the_old_one_ends(apart):
    arn = apart.deploy("f", "import os\ndef handler(event, context): return os.getpid()")
    first = apart.invoke(arn)

    apart.client.update_function_configuration(FunctionName="f", Environment={"Variables": {"LEVEL": "7"}})

    assert apart.invoke(arn) != first
    assert not is_running(first)


def test_the_function_finds_our_aws_and_nothing_of_the_service_s_own_environment(apart, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    arn = apart.deploy(
        "f", "import os\ndef handler(event, context): return dict(os.environ)", environment={"LEVEL": "7"}
    )

    environment = apart.invoke(arn)

    assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
    assert environment["AWS_ACCESS_KEY_ID"] == "testing"
    assert (environment["AWS_REGION"], environment["LEVEL"]) == ("eu-west-1", "7")
    assert not {"AWS_PROFILE", "DATABASE_PASSWORD"} & environment.keys()


def test_what_a_function_prints_is_no_answer(apart, capfd):
    arn = apart.deploy(
        "f", "import os\ndef handler(event, context):\n    print('hello')\n    os.system('echo there')"
    )

    assert apart.invoke(arn) is None
    apart.lambdas.close()
    assert sorted(capfd.readouterr().err.split()) == ["hello", "there"]


def test_a_function_that_takes_too_long_is_ended_and_started_anew(apart):
    arn = apart.deploy(
        "f",
        "import os, time\ndef handler(event, context):\n    time.sleep(event)\n    return os.getpid()",
        timeout=1,
    )
    first = apart.invoke(arn, 0)

    with pytest.raises(FunctionFailed, match=r"Sandbox\.Timedout: Task timed out after 1\.00 seconds"):
        apart.invoke(arn, 60)

    assert not is_running(first)
    assert apart.invoke(arn, 0) != first


def test_a_process_that_ends_by_itself_is_a_failure_once(apart):
    arn = apart.deploy(
        "f", "import os\ndef handler(event, context):\n    if event: os._exit(event)\n    return 'well'"
    )

    with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError: Runtime exited with exit status 3"):
        apart.invoke(arn, 3)

    assert apart.invoke(arn, 0) == "well"


def test_a_process_that_was_killed_between_two_calls_is_a_failure_once(apart):
    arn = apart.deploy("f", "import os\ndef handler(event, context): return os.getpid()")
    os.kill(apart.invoke(arn), 9)

    with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError"):
        apart.invoke(arn, "x" * 100_000)

    assert apart.invoke(arn)


def test_what_has_ended_by_itself_can_be_closed(apart):
    arn = apart.deploy("f", "import os\ndef handler(event, context): os._exit(3)")
    with pytest.raises(FunctionFailed):
        apart.invoke(arn)

    apart.lambdas.close()

    assert apart.lambdas.knows(arn)


def test_the_log_tells_of_a_failure_without_what_the_item_said(apart, caplog):
    arn = apart.deploy("f", "def handler(event, context): raise ValueError(event['source'])")

    with caplog.at_level(logging.WARNING), pytest.raises(FunctionFailed, match="the patient"):
        apart.invoke(arn, {"source": "the patient"})

    assert [record.getMessage() for record in caplog.records] == ["f failed: ValueError"]


def test_everything_ends_when_the_functions_are_closed(apart):
    arn = apart.deploy("f", "import os\ndef handler(event, context): return [os.getpid(), os.getcwd()]")
    pid, folder = apart.invoke(arn)

    apart.lambdas.close()

    assert not is_running(pid)
    assert not Path(folder).exists()


def test_who_closes_the_functions_does_not_wait_for_one_that_runs(apart, tmp_path):
    begun = tmp_path / "begun"
    main = "import time\ndef handler(event, context):\n    open(event, 'w').close()\n    time.sleep(60)"
    arn = apart.deploy("f", main, timeout=60)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(apart.invoke, arn, str(begun))
        while not (begun.exists() or running.done()):
            Event().wait(0.01)

        apart.lambdas.close()

        with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError"):
            running.result(timeout=10)


def test_a_zip_for_this_very_python_comes_before_what_is_installed(apart):
    """As on Lambda: what was tested is what runs."""
    import platform
    import sys

    arn = apart.deploy(
        "f", "import tenacity\ndef handler(event, context): return tenacity.X", tenacity="X = 1"
    )
    apart.client.update_function_configuration(
        FunctionName="f", Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}"
    )

    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the zip's compiled modules would be for another machine")
    assert apart.invoke(arn) == 1


@pytest.mark.parametrize(
    "runtime", [f"python{sys.version_info.major}.{sys.version_info.minor}", "python3.99"]
)
def test_the_script_answers_line_by_line(tmp_path, monkeypatch, capfd, runtime):
    """What a process of its own runs, run in this one."""
    (tmp_path / "lines_main.py").write_text(
        "import os\n"
        "print('this is no answer')\n"
        "def handler(event, context):\n"
        "    return {'seen': event['text'], 'level': os.environ['LEVEL'], 'number': context.aws_request_id[-1]}\n"
    )
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    function = Function(
        *(arn, "f", "$LATEST", "lines_main.handler", runtime, "x86_64", str(tmp_path), 3, 128, {"LEVEL": "7"})
    )
    lines = [asdict(function), {"text": "one"}, {}, {"text": "two"}]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(line) + "\n" for line in lines)))
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(tmp_path)

    main()
    monkeypatch.delitem(sys.modules, "lines_main")

    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == [
        {"result": {"seen": "one", "level": "7", "number": "1"}},
        {"errorType": "KeyError", "errorMessage": "'text'"},
        {"result": {"seen": "two", "level": "7", "number": "3"}},
    ]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_function_whose_service_dies_meanwhile_ends_without_a_word(tmp_path):
    (tmp_path / "mine.py").write_text("def handler(event, context): return event", "utf-8")
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-f"
    function = Function(
        arn, "SageMaker-f", "$LATEST", "mine.handler", "python3.11", "x86_64", str(tmp_path), 3, 128
    )
    process = subprocess.Popen(
        [sys.executable, "-I", lambda_runtime.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        process.stdout.close()  # as that of a killed process
        process.stdin.write(json.dumps(asdict(function)) + "\n{}\n")
        process.stdin.close()

        assert (process.stderr.read(), process.wait(20)) == ("", 0)
