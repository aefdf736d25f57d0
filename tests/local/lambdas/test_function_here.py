"""A function inside this process: its modules, its environment, and nothing left of either."""

import io
import os
import sys
import zipfile

import pytest

from hitl_sdk.local.engine import FunctionFailed


def test_functions_whose_modules_are_named_alike_do_not_meet(deployment):
    main = "import helper\ndef handler(event, context): return helper.NAME"
    arns = [deployment.deploy(name, main, helper=f"NAME = {name!r}") for name in ("a", "b")]

    assert [deployment.invoke(arn) for arn in arns * 2] == ["a", "b", "a", "b"]


def test_a_module_may_be_imported_when_the_handler_runs(deployment):
    main = "def handler(event, context):\n    import helper\n    return helper.NAME"
    arns = [deployment.deploy(name, main, helper=f"NAME = {name!r}") for name in ("a", "b")]

    assert [deployment.invoke(arn) for arn in arns * 2] == ["a", "b", "a", "b"]


def test_what_a_module_remembers_lasts_between_calls(deployment):
    arn = deployment.deploy(
        "f", "seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen"
    )

    deployment.invoke(arn, 1)

    assert deployment.invoke(arn, 2) == [1, 2]


def test_a_test_s_own_module_of_the_same_name_is_left_alone(deployment, monkeypatch):
    mine = type(sys)("helper")
    monkeypatch.setitem(sys.modules, "helper", mine)
    arn = deployment.deploy(
        "f", "import helper\ndef handler(event, context): return helper.X", helper="X = 1"
    )

    assert deployment.invoke(arn) == 1
    assert sys.modules["helper"] is mine
    assert "main" not in sys.modules


def test_a_package_that_is_installed_here_is_used_in_place_of_the_zip_s(deployment):
    """The zip may hold it for another Python, whose compiled modules this one can't load."""
    arn = deployment.deploy("f", "")
    packed = deployment.zipped(
        main="import pydantic, hitl_sdk, only_there\n"
        "def handler(event, context): return [hasattr(pydantic, 'BaseModel'), only_there.X]",
        pydantic="raise ImportError('of another Python')",
        only_there="X = 1",
        hitl_sdk="raise ImportError('of another version')",
    )
    deployment.client.update_function_code(
        FunctionName="f", ZipFile=with_record(packed, "pydantic.py,sha256=,1\nonly_there.py,,\n")
    )

    assert deployment.invoke(arn) == [True, 1]


def with_record(packed: bytes, record: str) -> bytes:
    """Return a zip to which pip has installed something."""
    written = io.BytesIO(packed)
    with zipfile.ZipFile(written, "a") as opened:
        opened.writestr("pydantic-2.0.dist-info/RECORD", record)
    return written.getvalue()


def test_the_function_s_variables_are_set_while_it_runs_and_only_then(deployment, monkeypatch):
    monkeypatch.setenv("MOOD", "outside")
    arn = deployment.deploy(
        "f",
        "import os\ndef handler(event, context): return [os.environ[n] for n in event]",
        environment={"MOOD": "inside", "LEVEL": "7"},
    )

    names = ["MOOD", "LEVEL", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"]

    assert deployment.invoke(arn, names) == ["inside", "7", "f", "eu-west-1"]
    assert os.environ["MOOD"] == "outside"
    assert "LEVEL" not in os.environ
    assert "AWS_LAMBDA_FUNCTION_NAME" not in os.environ


def test_a_failure_leaves_nothing_behind_either(deployment):
    arn = deployment.deploy("f", "import helper\nraise OSError", helper="", environment={"LEVEL": "7"})
    finders = list(sys.meta_path)

    with pytest.raises(FunctionFailed):
        deployment.invoke(arn)

    assert "LEVEL" not in os.environ
    assert not {"main", "helper"} & sys.modules.keys()
    assert sys.meta_path == finders


def test_a_handler_can_not_change_the_caller_s_event(deployment):
    arn = deployment.deploy("f", "def handler(event, context): event.clear()")
    event = {"source": "hello"}

    deployment.invoke(arn, event)

    assert event == {"source": "hello"}


def test_the_context_tells_the_function_about_itself(deployment):
    arn = deployment.deploy(
        "f",
        "def handler(event, context): return [context.function_name, context.invoked_function_arn, "
        "context.function_version, context.memory_limit_in_mb, context.aws_request_id, "
        "0 < context.get_remaining_time_in_millis() <= 3000]",
    )

    answer = deployment.invoke(arn)

    assert answer == ["f", arn, "$LATEST", "128", "00000000-0000-0000-0000-000000000001", True]
    assert deployment.invoke(arn)[4] != answer[4]


def test_a_function_may_invoke_another(deployment):
    deployment.deploy("inner", "import helper\ndef handler(event, context): return helper.X", helper="X = 1")
    outer = deployment.deploy(
        "outer",
        "import boto3, json, helper\n"
        "def handler(event, context):\n"
        "    said = boto3.client('lambda').invoke(FunctionName='inner')\n"
        "    import helper as again\n"
        "    return [json.loads(said['Payload'].read()), helper.X, again is helper]",
        helper="X = 2",
    )

    assert deployment.invoke(outer) == [1, 2, True]
