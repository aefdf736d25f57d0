"""Lambda functions: what is refused offline, code by its digest, updates one after the other, and IAM only told of."""

import base64
import hashlib
import io
import json
import zipfile

import boto3
import botocore.session
import pytest
from botocore.stub import ANY, Stubber

from hitl_sdk._function_zip import LARGEST_UPLOAD, FunctionSettings
from hitl_sdk.errors import AccessDeniedError, ConflictError, HitlError, InvalidResourceError, RejectedError
from hitl_sdk.resources import LambdaFunction

NAME = "SageMaker-mood"
ARN = f"arn:aws:lambda:eu-west-1:123456789012:function:{NAME}"
ROLE = "arn:aws:iam::123456789012:role/mood"


def zipped(text="def handler(event, context): return event", settings=None):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr(zipfile.ZipInfo("mood.py"), text)
        if settings is not None:
            packed.writestr(zipfile.ZipInfo("hitl_function.json"), settings)
    return written.getvalue()


CODE = zipped()


def function(**fields):
    given = {"name": NAME, "code": CODE, "role_arn": ROLE, "handler": "mood.handler", "runtime": "python3.14"}
    return LambdaFunction(**{**given, **fields})


@pytest.fixture
def in_cloud(cloud):
    """Makes functions whose role exists."""
    return lambda **fields: function(role_arn=cloud.role_arn, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"name": "mood"},
            "one of GtRecipe, LabelingFunction, SageMaker, Sagemaker, sagemaker must be in it",
        ),
        ({"name": "SageMaker mood"}, "letters, digits, hyphens and underscores"),
        ({"name": "SageMaker" + "x" * 60}, "allowed are 1 to 64 characters"),
        ({"code": b"no zip"}, "the code is no zip of a function"),
        ({"code": zipped(settings="[]")}, "the code is no zip of a function"),
        ({"code": 7}, "code: give the zip as bytes, or the path of its file, not int"),
        ({"code": "nowhere.zip"}, "the code can't be read from nowhere.zip: No such file"),
        ({"handler": ""}, "handler: allowed are 1 to 128 characters: module.function"),
        ({"runtime": ""}, "runtime: allowed is a Python of Lambda's"),
        ({"handler": "my handler"}, "module.function"),
        ({"runtime": "nodejs24.x"}, "allowed is a Python of Lambda's"),
        ({"timeout": 0}, "timeout"),
        ({"memory_size": 64}, "memory_size"),
        ({"environment": {"1": "x"}}, "a letter first"),
        ({"description": "x" * 257}, "description"),
        ({"role_arn": "mood"}, "is not an ARN of a role"),
    ],
)
def test_what_lambda_would_refuse_is_refused_offline(fields, words):
    with pytest.raises(InvalidResourceError, match=words.replace(".", r"\.")):
        function(**fields)


def test_a_zip_that_is_too_large_to_upload_is_refused_with_the_cure():
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w") as packed:
        packed.writestr("data.bin", bytes(LARGEST_UPLOAD))

    with pytest.raises(
        InvalidResourceError, match=r"50 MB, and Lambda takes at most 50 MB; take fewer requirements"
    ):
        function(code=large.getvalue())


def test_a_variable_is_not_shown():
    assert "secret" not in repr(function(environment={"TOKEN": "secret"}))
    with pytest.raises(InvalidResourceError) as refused:
        function(environment={"TOKEN": 7})
    assert "7" not in str(refused.value)


def test_the_zip_says_its_handler_and_runtime_and_what_is_given_wins(tmp_path):
    file = tmp_path / "mood.zip"
    file.write_bytes(zipped(settings=FunctionSettings("mood.handler", "python3.13", "arm64").to_json()))

    told = LambdaFunction(name=NAME, code=file, role_arn=ROLE)
    given = LambdaFunction(name=NAME, code=str(file), role_arn=ROLE, handler="mood.other")

    assert (told.handler, told.runtime, told.architecture) == ("mood.handler", "python3.13", "arm64")
    assert (given.handler, given.runtime) == ("mood.other", "python3.13")


def test_the_digest_is_lambda_s():
    assert function().code_sha256 == base64.b64encode(hashlib.sha256(CODE).digest()).decode()


def test_a_function_is_made_found_and_deleted(session, in_cloud):
    mood = in_cloud(
        environment={"LEVEL": "7"}, description="mood", timeout=60, memory_size=256, tags={"team": "a"}
    )
    assert str(mood.plan(session)) == f"+ Lambda function '{NAME}'"

    state = mood.ensure(session)

    assert (state.arn, state.status, state.timeout, state.memory_size) == (ARN, "Active", 60, 256)
    assert (state.environment, state.description, state.architecture) == ({"LEVEL": "7"}, "mood", "x86_64")
    assert mood.plan(session).is_empty
    assert mood.describe(session) == state
    assert boto3.client("lambda").list_tags(Resource=ARN)["Tags"] == {"team": "a"}
    assert mood.delete(session)
    assert not mood.delete(session)


def test_the_same_function_twice_changes_nothing(session, in_cloud, calls_of):
    in_cloud().ensure(session)
    made = calls_of("lambda")

    in_cloud().ensure(session)

    assert made == ["GetFunctionConfiguration"]


def test_other_code_is_uploaded_and_nothing_else(session, in_cloud, calls_of):
    in_cloud().ensure(session)
    changed = in_cloud(code=zipped("def handler(event, context): return 7"))
    assert str(changed.plan(session)).startswith(f"~ Lambda function '{NAME}': code_sha256 is '")
    made = calls_of("lambda")

    state = changed.ensure(session)

    assert state.code_sha256 == changed.code_sha256
    assert [name for name in made if not name.startswith("Get")] == ["UpdateFunctionCode"]


def test_other_settings_are_changed_after_the_code(session, in_cloud, calls_of):
    in_cloud().ensure(session)
    changed = in_cloud(
        code=zipped("def other(event, context): return 7"),
        handler="mood.other",
        environment={"TOKEN": "secret"},
    )
    plan = str(changed.plan(session))
    assert "environment is 'another in TOKEN', wanted 'its own'" in plan
    assert "secret" not in plan
    made = calls_of("lambda")

    state = changed.ensure(session)

    assert (state.handler, state.environment) == ("mood.other", {"TOKEN": "secret"})
    first, second = (name for name in made if name.startswith("Update"))
    assert (first, second) == ("UpdateFunctionCode", "UpdateFunctionConfiguration")
    # Lambda refuses a change while another is under way.
    assert made.index("GetFunctionConfiguration", made.index(first)) < made.index(second)
    assert changed.plan(session).is_empty


@pytest.fixture
def calls_of(session):
    """Records the operations that a service is asked for."""

    def record(service):
        made = []
        session.client(service).meta.events.register(
            "before-call", lambda model, **_: made.append(model.name)
        )
        return made

    return record


def configuration(**said):
    return {
        "FunctionName": NAME,
        "FunctionArn": ARN,
        "CodeSha256": function().code_sha256,
        "Handler": "mood.handler",
        "Runtime": "python3.14",
        "Role": ROLE,
        "MemorySize": 512,
        "Timeout": 300,
        "Architectures": ["x86_64"],
        **said,
    }


@pytest.fixture
def answers(session):
    """Lets Lambda answer as it is told, in order."""
    with Stubber(session.client("lambda")) as stubber:
        yield stubber


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ({"State": "Pending", "StateReason": "being made"}, "Pending", "being made"),
        ({"State": "Active"}, "Active", None),
        ({"State": "Inactive"}, "Active", None),
        ({"State": "Active", "LastUpdateStatus": "InProgress"}, "Updating", None),
        (
            {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no role"},
            "Failed",
            "no role",
        ),
        ({"State": "Failed", "StateReason": "no image"}, "Failed", "no image"),
    ],
)
def test_of_lambda_s_two_statuses_one_is_made(session, answers, said, status, reason):
    answers.add_response("get_function_configuration", configuration(**said))

    state = function().describe(session)

    assert (state.status, state.failure_reason) == (status, reason)


def test_the_next_change_waits_for_the_one_before(session, answers):
    """With what moto does not show: an update that takes its time, and another processor."""
    wanted = function(architecture="arm64", timeout=60)
    done = configuration(Architectures=["arm64"])
    under_way = {**done, "LastUpdateStatus": "InProgress"}
    answers.add_response("get_function_configuration", configuration())
    answers.add_response(
        "update_function_code",
        under_way,
        {"FunctionName": NAME, "ZipFile": CODE, "Architectures": ["arm64"]},
    )
    answers.add_response("get_function_configuration", under_way)
    answers.add_response("get_function_configuration", done)
    settings = dict.fromkeys(("Handler", "Runtime", "Role", "MemorySize", "Environment", "Description"), ANY)
    answers.add_response(
        "update_function_configuration", done, {"FunctionName": NAME, "Timeout": 60, **settings}
    )
    answers.add_response("get_function_configuration", {**done, "Timeout": 60})

    state = wanted.ensure(session)

    assert (state.architecture, state.timeout) == ("arm64", 60)
    answers.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("said", "kind", "statement"),
    [
        (
            (
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            ),
            RejectedError,
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ),
        (
            (
                "AccessDeniedException",
                f"User: me is not authorized to perform: iam:PassRole on resource: {ROLE}",
            ),
            AccessDeniedError,
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE},
        ),
    ],
)
def test_the_statement_that_iam_lacks_is_in_the_error(session, answers, said, kind, statement):
    answers.add_client_error("get_function_configuration", "ResourceNotFoundException")
    answers.add_client_error("create_function", *said)
    answers.add_client_error("get_function_configuration", "ResourceNotFoundException")

    with pytest.raises(kind) as refused:
        function().ensure(session)

    assert json.dumps(statement) in refused.value.hint


def test_another_refusal_keeps_its_own_hint(session, answers):
    answers.add_response("get_function_configuration", configuration(Timeout=1))
    answers.add_client_error(
        "update_function_configuration", "ResourceConflictException", "An update is in progress"
    )

    with pytest.raises(ConflictError, match="An update is in progress") as refused:
        function().ensure(session)

    assert refused.value.hint is None


def test_what_a_job_s_role_needs_is_told_as_a_statement(session, answers):
    answers.add_response("get_function_configuration", configuration())

    statement = json.loads(function().describe(session).invoke_statement)

    assert statement == {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}


def test_iam_is_never_changed(session, in_cloud, calls_of):
    made = calls_of("lambda")
    mood = in_cloud()

    mood.ensure(session)
    mood.delete(session)

    assert {name for name in made if "Permission" in name or "Role" in name} == set()
    assert {action.partition(":")[0] for action in mood.plan(session).iam_actions} == {"lambda", "iam"}
    assert [action for action in mood.plan(session).iam_actions if action.startswith("iam:")] == [
        "iam:PassRole"
    ]


@pytest.mark.parametrize("lost_answer", [False, True], ids=["never sent", "answer lost"])
def test_a_crash_at_any_call_is_repaired_by_running_again(session, in_cloud, lost_answer, monkeypatch):
    in_cloud().ensure(session)
    wanted = in_cloud(code=zipped("def other(event, context): return 7"), handler="mood.other")
    client, failed = session.client("lambda"), []

    def break_once(event):
        def broken(**_):
            if event not in failed:
                failed.append(event)
                raise HitlError("the connection broke")

        return broken

    for operation in ("UpdateFunctionCode", "UpdateFunctionConfiguration"):
        event = f"{'after' if lost_answer else 'before'}-call.lambda.{operation}"
        client.meta.events.register(event, break_once(event))

    for _ in range(2):
        with pytest.raises(HitlError, match="the connection broke"):
            wanted.ensure(session)

    assert wanted.ensure(session).handler == "mood.other"
    assert wanted.plan(session).is_empty


def test_the_rules_are_those_of_botocore_s_model():
    model = botocore.session.get_session().get_service_model("lambda")
    limits = {
        name: model.shape_for(name).metadata for name in ("Timeout", "MemorySize", "Description", "Handler")
    }

    for name, field in (("Timeout", "timeout"), ("MemorySize", "memory_size")):
        for value, fits in (
            (limits[name]["min"], True),
            (limits[name]["max"], True),
            (limits[name]["min"] - 1, False),
            (limits[name]["max"] + 1, False),
        ):
            if fits:
                assert getattr(function(**{field: value}), field) == value
            else:
                with pytest.raises(InvalidResourceError):
                    function(**{field: value})
    assert (limits["Description"]["max"], limits["Handler"]["max"]) == (256, 128)
