"""`hitl local`: start, look at and end the service of this machine."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from hitl_sdk.cli.app import app
from hitl_sdk.testing.processes import READY


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A directory of services that is this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def hitl(*arguments):
    return CliRunner().invoke(app, ["local", *arguments])


@contextlib.contextmanager
def running(*arguments, cwd=None):
    """Run `hitl local up` until the end of the block; yield its address and process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hitl_sdk.cli", "local", "up", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        cwd=cwd,
        text=True,
    )
    with process:
        try:
            yield process.stdout.readline().strip().removeprefix(READY), process
        finally:
            process.terminate()


def test_status_and_down_say_when_nothing_runs(state):
    for verb in ("status", "down"):
        result = hitl(verb)
        assert (result.exit_code, result.stderr) == (1, "no local service is running\n")

    assert json.loads(hitl("status", "--json").stdout) == []
    assert json.loads(hitl("down", "--json").stdout) is None


def test_a_record_that_is_just_being_written_is_no_service(state):
    with running() as (url, process):
        (record,) = state.rglob("*.json")
        record.with_name("1.json").write_text("{", "utf-8")

        (described,) = json.loads(hitl("status", "--json").stdout)

    assert (described["url"], described["pid"]) == (url, process.pid)


def test_a_service_is_seen_and_ended(state):
    with running() as (url, process):
        shown = hitl("status")
        assert shown.exit_code == 0
        assert f"{url}  pid {process.pid}" in shown.stdout
        (described,) = json.loads(hitl("status", "--json").stdout)
        assert (described["url"], described["pid"], described["store"]) == (url, process.pid, "sqlite://")

        ended = hitl("down")

        assert (ended.exit_code, ended.stdout) == (0, f"ended the service on {url}\n")
        assert process.wait(20) == 0
        assert hitl("status").exit_code == 1


def test_of_several_services_one_is_named_by_its_port(state):
    with running() as (first, _), running() as (second, process):
        several = hitl("down")
        assert several.exit_code == 2
        assert "several services run" in several.stderr

        ended = hitl("down", "--port", second.rpartition(":")[2], "--json")

        assert json.loads(ended.stdout)["url"] == second
        assert process.wait(20) == 0
        assert [service["url"] for service in json.loads(hitl("status", "--json").stdout)] == [first]


def test_a_process_that_is_not_the_recorded_one_is_left_alone(state):
    with running() as (url, process):
        (record,) = state.rglob("*.json")
        record.write_text(json.dumps({"url": url, "pid": 1}), "utf-8")

        assert hitl("down").exit_code == 1
        assert process.poll() is None


def test_a_record_left_by_a_crash_is_no_service(state):
    with running() as (_, process):
        process.kill()
        process.wait(20)

    assert list(state.rglob("*.json"))
    assert hitl("status").exit_code == 1
    assert hitl("down").exit_code == 1


def test_an_ai_service_is_answered_from_functions_of_the_working_directory(state, tmp_path):
    from hitl_sdk.testing import LocalServer

    code = """
from hitl_sdk.testing import AiError

def translate(request):
    return {"TranslatedText": "hallo", "SourceLanguageCode": "en", "TargetLanguageCode": request["TargetLanguageCode"]}

def converse(request):
    raise AiError("ValidationException", f"no {request['modelId']}")
"""
    Path(tmp_path, "model.py").write_text(code, "utf-8")
    options = [
        "--ai",
        "translate.TranslateText=model:translate",
        "--ai",
        "bedrock-runtime.Converse=model:converse",
    ]

    with running(*options, cwd=tmp_path) as (url, process):
        session = LocalServer(url, process.pid).session()
        answer = session.client("translate").translate_text(
            Text="hello", SourceLanguageCode="en", TargetLanguageCode="de"
        )
        with pytest.raises(ClientError, match="no arn:aws:bedrock:us-east-1::foundation-model/any"):
            session.client("bedrock-runtime").converse(
                modelId="arn:aws:bedrock:us-east-1::foundation-model/any.model-v1:0"
            )

    assert (answer["TranslatedText"], answer["TargetLanguageCode"]) == ("hallo", "de")


def test_human_loop_config_starts_a_loop_that_a_router_follows(state, tmp_path):
    from hitl_sdk import BuiltInReviews, Member, PrivateTeam, ReviewFlow, Router, tasks
    from hitl_sdk.testing import LocalServer

    code = """
def moderate(request):
    unsure = request["Image"]["S3Object"]["Name"] == "unsure.png"
    label = {"Name": "Weapons", "ParentName": "Violence", "Confidence": 61.0 if unsure else 99.0}
    return {"ModerationLabels": [label], "ModerationModelVersion": "7.0"}
"""
    Path(tmp_path, "model.py").write_text(code, "utf-8")
    options = ["--simulate-workers", "--ai", "rekognition.DetectModerationLabels=model:moderate"]
    check = {"ModerationLabelName": "*", "ConfidenceLessThan": 80}
    condition = {"ConditionType": "ModerationLabelConfidenceCheck", "ConditionParameters": check}

    with running(*options, cwd=tmp_path) as (url, process):
        session = LocalServer(url, process.pid).session()
        session.client("s3").create_bucket(Bucket="images")
        flow = ReviewFlow(
            name="safety",
            team=PrivateTeam(name="crew", members=[Member(email="ana@example.com")]),
            task=tasks.RekognitionModeration(name="safety", labels=["Weapons"], title="What is unsafe?"),
            output="s3://images/a2i",
            role_arn="arn:aws:iam::123456789012:role/review",
            built_in=True,
            activation_conditions={"Conditions": [condition]},
        )
        flow.ensure(session, timeout=30)
        reviews = BuiltInReviews(flow=flow, session=session)
        router = Router(flow=flow, policy=reviews.policy, session=session, progress=False)
        run = router.route(reviews.ask(["s3://images/sure.png", "s3://images/unsure.png"]))
        run.wait(timeout=30)
        frame = run.training_frame("polars")

    assert frame["label_source"].to_list() == ["model", "human"]
    assert frame["label"].to_list() == [["Weapons"], []]  # simulated workers choose nothing


def test_an_endpoint_is_served_from_a_function_of_the_working_directory(state, tmp_path):
    from hitl_sdk.testing import LocalServer

    Path(tmp_path, "model.py").write_text("def predict(payload):\n    return {'seen': payload}\n", "utf-8")

    with running("--endpoint", "sentiment=model:predict", cwd=tmp_path) as (url, process):
        runtime = LocalServer(url, process.pid).session().client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(
            EndpointName="sentiment", ContentType="application/json", Body=b"[1]"
        )

    assert json.loads(answer["Body"].read()) == {"seen": [1]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "d", "--store", "sqlite://"], "not both"),
        (["--store", " "], "--store is empty"),
        (["--error-rate", "0.1"], "add --simulate-workers"),
        (["--endpoint", "noname"], "--endpoint noname: write NAME=MODULE:FUNCTION"),
        (["--endpoint", "e=json:dumps", "--endpoint", "e=json:loads"], "--endpoint e is given twice"),
        (["--ai", "comprehend.DetectSentiment"], "write SERVICE.OPERATION=MODULE:FUNCTION"),
        (["--endpoint", "e=no_such_module:f"], "no_such_module"),
        (["--error-rate", "2"], "error-rate"),
        (["--port", "70000"], "port"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_is_wrong(state, arguments, said):
    result = hitl("up", *arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())  # as it stands in the box of a terminal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "/proc/nope"], "--data /proc/nope can't be made"),
        (["--host", "no.such.host.invalid", "--port", "0"], "give an address of this machine"),
    ],
)
def test_what_the_machine_refuses_is_exit_code_1_and_says_the_cure(state, arguments, said):
    command = [sys.executable, "-m", "hitl_sdk.cli", "local", "up", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert said in ended.stderr


def test_the_help_says_what_is_kept_and_what_is_not():
    text = " ".join(hitl("up", "--help").stdout.split())

    assert "With --data its buckets" in text
    assert "without it they live in memory" in text
    assert "AWS_ENDPOINT_URL" in text
