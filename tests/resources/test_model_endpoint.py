"""A model artifact as an endpoint: made in three parts, waited for, and taken down whatever happens."""

import sys
from itertools import count
from types import SimpleNamespace

import botocore.session
import pytest
from botocore.exceptions import ClientError

from hitl_sdk.errors import (
    ConflictError,
    DriftError,
    HitlError,
    InvalidInputError,
    InvalidResourceError,
    MissingExtraError,
    QuotaExceededError,
    RejectedError,
    ResourceFailedError,
    WaitTimeoutError,
)
from hitl_sdk.resources import ModelEndpoint, _endpoint_parts, deployed_by_sagemaker, model_endpoint
from hitl_sdk.routing import from_endpoint

ROLE = "arn:aws:iam::123456789012:role/mood"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mood:1"


def endpoint(**fields) -> ModelEndpoint:
    given = {
        "name": "mood",
        "image_uri": IMAGE,
        "model_data": "s3://models/mood.tar.gz",
        "role_arn": ROLE,
        "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "instance_type": "ml.m5.large",
    }
    return ModelEndpoint(**{**given, **fields})


@pytest.fixture
def left(session):
    """Return what is there, as plain boto3 tells."""

    def left() -> list[str]:
        sagemaker = session.client("sagemaker")
        return [
            *(f"endpoint {each['EndpointName']}" for each in sagemaker.list_endpoints()["Endpoints"]),
            *(
                f"configuration {each['EndpointConfigName']}"
                for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]
            ),
            *(f"model {each['ModelName']}" for each in sagemaker.list_models()["Models"]),
        ]

    return left


@pytest.fixture
def statuses(session):
    """Let DescribeEndpoint say other statuses than moto's, one after the other, the last one ever after."""
    told: list[str] = []

    def tell(parsed, **_) -> None:
        if told and "EndpointStatus" in parsed:
            parsed["EndpointStatus"] = told.pop(0) if len(told) > 1 else told[0]
            if parsed["EndpointStatus"] == "Failed":
                parsed["FailureReason"] = "the image has no serve"

    session.client("sagemaker").meta.events.register("after-call.sagemaker.DescribeEndpoint", tell)
    return told


@pytest.fixture
def refuse(session):
    """Let an operation be refused by a code, the first few times or ever."""

    def refuse(operation: str, code: str, message: str, times: int = 10**6) -> None:
        remaining = iter(range(times))

        def before(model, **_) -> None:
            if next(remaining, None) is not None:
                said = {
                    "Error": {"Code": code, "Message": message},
                    "ResponseMetadata": {"HTTPStatusCode": 400},
                }
                raise ClientError(said, model.name)

        session.client("sagemaker").meta.events.register(f"before-call.sagemaker.{operation}", before)

    return refuse


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "mood_1"}, "name: allowed are 1 to 63 characters: letters, digits and hyphens"),
        ({"name": "x" * 64}, "it has 64"),
        ({"image_uri": "an image"}, "image_uri: allowed are 1 to 255 characters"),
        ({"model_data": "mood.tar.gz"}, "model_data: 'mood.tar.gz' is no S3 address"),
        ({"role_arn": "mood"}, "role_arn"),
        ({"environment": {"1": "x"}}, "letters, digits and underscores"),
        ({"instance_type": "m5.large"}, "instance_type"),
        ({"instance_type": None}, "give instance_type, or serverless_memory"),
        ({"serverless_memory": 2048}, "give instance_type, or serverless_memory"),
        ({"instance_type": None, "serverless_memory": 2000}, "serverless_memory"),
        ({"instance_count": 0}, "instance_count"),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_offline(fields, words):
    with pytest.raises(InvalidResourceError) as refusal:
        endpoint(**fields)
    assert words in str(refusal.value)


def test_variables_are_not_shown():
    assert "inference.py" not in repr(endpoint())


@pytest.mark.parametrize(
    ("rule", "operation", "member"),
    [
        (model_endpoint._NAME, "CreateEndpoint", ("EndpointName",)),
        (model_endpoint._IMAGE, "CreateModel", ("PrimaryContainer", "Image")),
    ],
)
def test_the_rules_are_the_services_own(rule, operation, member):
    shape = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    )
    for part in member:
        shape = shape.members[part]
    assert (rule.pattern, rule.longest) == (shape.metadata["pattern"], shape.metadata["max"])


@pytest.mark.parametrize(
    "part", [_endpoint_parts.InferenceModel, _endpoint_parts.Configuration, _endpoint_parts.Endpoint]
)
def test_the_iam_actions_are_operations_of_the_service(part):
    names = botocore.session.get_session().get_service_model("sagemaker").operation_names
    actions = {*part.iam.read, *part.iam.create, *part.iam.delete} - {"iam:PassRole"}
    assert {action.removeprefix("sagemaker:") for action in actions} <= set(names)


def test_a_plan_names_the_three_and_makes_none(session, left):
    plan = endpoint().plan(session)
    assert [str(change).split("'")[0] for change in plan] == [
        "+ model ",
        "+ endpoint configuration ",
        "+ endpoint ",
    ]
    assert "sagemaker:CreateEndpoint" in plan.iam_actions
    assert left() == []


def test_it_is_made_once_and_as_it_was_described(session, left):
    mood = endpoint(instance_count=2, tags={"team": "reviews"})
    first, second = mood.ensure(session), mood.ensure(session)

    assert first == second == mood.describe(session) == mood.find(session) == mood.wait(session)
    assert (first.name, first.status) == ("mood", "Active")
    assert len(left()) == 3
    sagemaker = session.client("sagemaker")
    model = sagemaker.describe_model(ModelName=first.configuration)
    assert model["PrimaryContainer"] == {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/mood.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=first.configuration)[
        "ProductionVariants"
    ]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.large", 2)
    assert mood.plan(session).is_empty


def test_an_endpoint_may_be_serverless_and_its_image_hold_the_model(session):
    mood = endpoint(instance_type=None, model_data=None, serverless_memory=2048)
    name = mood.ensure(session).configuration
    sagemaker = session.client("sagemaker")
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert "ModelDataUrl" not in sagemaker.describe_model(ModelName=name)["PrimaryContainer"]


def test_it_answers_for_the_time_of_a_block(cloud, session, left):
    cloud.endpoints.serve(
        "mood", lambda records: [{"predicted_label": 1, "probability": 0.54} for _ in records]
    )
    with endpoint().deployed(session) as state:
        assert state.status == "Active"
        [prediction] = from_endpoint(session, state.name, ["It is okay"])
        assert len(left()) == 3
    assert prediction.confidence == 0.54
    assert left() == []


@pytest.mark.parametrize("raised", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_what_the_block_raises_comes_out_and_nothing_is_left(session, left, raised):
    with pytest.raises(raised), endpoint().deployed(session):
        raise raised
    assert left() == []


@pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_who_interrupts_the_making_leaves_nothing(session, left, operation, moment):
    def interrupt(**_) -> None:
        raise KeyboardInterrupt

    session.client("sagemaker").meta.events.register(f"{moment}-call.sagemaker.{operation}", interrupt)
    with pytest.raises(KeyboardInterrupt), endpoint().deployed(session):
        pytest.fail("it was interrupted")
    assert left() == []


def test_what_a_killed_run_left_is_taken_and_taken_down(session, left):
    endpoint().ensure(session)
    with endpoint().deployed(session):
        pass
    assert left() == []


def test_what_a_killed_run_left_that_had_failed_is_made_anew(session, statuses, left):
    endpoint().ensure(session)
    statuses += ["Failed", "Failed", "InService"]
    with endpoint().deployed(session) as state:
        assert state.status == "Active"
    assert left() == []


@pytest.mark.parametrize("lost_answer", [False, True], ids=["never sent", "answer lost"])
def test_whichever_call_fails_nothing_is_left_or_it_is_said(session, calls, left, lost_answer):
    for number in count(1):
        calls.fail(number, lost_answer=lost_answer)
        error = None
        try:
            with endpoint().deployed(session):
                pass
        except HitlError as failure:
            error = failure
        was_due = calls.failure_is_still_due
        calls.heal()
        remaining = left()
        assert error is not None or remaining == []
        if any(each.startswith("endpoint ") for each in remaining):
            assert "'mood'" in " ".join([str(error), *getattr(error, "__notes__", [])])
        endpoint().delete(session)
        assert left() == []
        if was_due:
            break
    assert number > 6


def test_an_endpoint_that_fails_says_why_and_is_taken_down(session, statuses, left):
    statuses += ["Creating", "Failed"]
    with (
        pytest.raises(ResourceFailedError, match="endpoint 'mood' failed: the image has no serve"),
        endpoint().deployed(session),
    ):
        pytest.fail("it never answered")
    assert left() == []


def test_an_endpoint_that_does_not_come_is_not_waited_for_for_ever_and_is_taken_down(session, statuses, left):
    statuses.append("Creating")
    with pytest.raises(WaitTimeoutError, match="waited 600 s"), endpoint().deployed(session, timeout=600):
        pytest.fail("it never answered")
    assert left() == []


def test_an_endpoint_that_can_not_be_deleted_yet_is_waited_for_and_deleted(session, statuses, refuse, left):
    statuses += ["Creating"] * 8 + ["InService"]
    refuse("DeleteEndpoint", "ValidationException", "Cannot update in-progress endpoint", times=1)
    with pytest.raises(WaitTimeoutError), endpoint().deployed(session, timeout=1):
        pytest.fail("it never answered")
    assert left() == []


def test_an_endpoint_that_stays_is_said_and_the_rest_goes(session, refuse, left):
    refuse("DeleteEndpoint", "ValidationException", "not now")
    with pytest.raises(ZeroDivisionError) as failure, endpoint().deployed(session):
        raise ZeroDivisionError
    assert "endpoint 'mood' may be left, and cost money" in failure.value.__notes__[0]
    assert left() == ["endpoint mood"]
    with pytest.raises(RejectedError, match="not now"):
        endpoint().delete(session)


def test_a_quota_of_no_instances_is_an_error_of_its_own_and_the_parts_before_are_taken_down(
    session, refuse, left
):
    refuse("CreateEndpoint", "ResourceLimitExceeded", "ml.m5.large for endpoint usage is 0 Instances")
    with pytest.raises(QuotaExceededError, match="0 Instances"), endpoint().deployed(session):
        pytest.fail("there is none")
    assert left() == []


def test_an_endpoint_of_another_make_is_refused_and_left_alone(session, left):
    endpoint().ensure(session)
    before, other = left(), endpoint(image_uri=f"{IMAGE}.1")
    with pytest.raises(DriftError, match="'mood' exists and stands on another configuration"):
        other.ensure(session)
    with pytest.raises(DriftError), other.deployed(session):
        pytest.fail("it is not this one")
    assert left() == before


def test_deleting_takes_with_it_what_the_endpoint_was_made_of_then(session, left):
    endpoint().ensure(session)
    assert endpoint(image_uri=f"{IMAGE}.1").delete(session)
    assert left() == []
    assert not endpoint().delete(session)


def test_deleting_leaves_a_configuration_that_somebody_else_made(session, left):
    sagemaker = session.client("sagemaker")
    sagemaker.create_model(ModelName="shared", ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "a",
        "ModelName": "shared",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="shared", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="mood", EndpointConfigName="shared")
    assert endpoint().delete(session)
    assert left() == ["configuration shared", "model shared"]


@pytest.fixture
def theirs(session):
    """Make an endpoint "mood" on a model and a configuration of one's own name, as plain boto3 does."""

    def make(name: str) -> None:
        sagemaker = session.boto3_session.client("sagemaker")
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE)
        variant = {
            "VariantName": "a",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="mood", EndpointConfigName=name)

    return make


@pytest.mark.parametrize("name", ["mood-config", "mood-2026-11-29", "mood-0123456789a"])
def test_a_configuration_is_not_taken_for_this_packages_by_how_its_name_begins(session, left, theirs, name):
    theirs(name)
    assert endpoint().delete(session)
    assert left() == [f"configuration {name}", f"model {name}"]


@pytest.mark.parametrize("name", ["theirs", "mood-0123456789"])
def test_an_endpoint_that_somebody_else_made_meanwhile_is_left_to_them(session, left, theirs, name):
    def before(model, **_) -> None:
        theirs(name)
        said = {
            "Error": {
                "Code": "ValidationException",
                "Message": "Cannot create already existing endpoint",  # moto makes it all the same
            },
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        raise ClientError(said, model.name)

    session.client("sagemaker").meta.events.register("before-call.sagemaker.CreateEndpoint", before)
    with pytest.raises(DriftError, match="'mood' exists"), endpoint().deployed(session):
        pytest.fail("it is not this one")
    assert left() == ["endpoint mood", f"configuration {name}", f"model {name}"]


@pytest.mark.parametrize("words", ["Could not find endpoint", "Cannot update in-progress endpoint"])
def test_an_endpoint_that_was_deleted_by_a_call_whose_answer_was_lost_is_deleted(session, left, words):
    def before(model, **_) -> None:
        session.boto3_session.client("sagemaker").delete_endpoint(EndpointName="mood")
        said = {
            "Error": {"Code": "ValidationException", "Message": words},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        raise ClientError(said, model.name)

    session.client("sagemaker").meta.events.register("before-call.sagemaker.DeleteEndpoint", before)
    with endpoint().deployed(session):
        pass
    assert left() == []


def test_endpoints_whose_long_names_begin_alike_share_nothing(session, left):
    one, other = (endpoint(name="m" * 60 + end) for end in "ab")
    one.ensure(session)
    other.ensure(session)
    one.delete(session)
    assert [each.split()[0] for each in left()] == ["endpoint", "configuration", "model"]
    assert other.plan(session).is_empty


def test_long_names_keep_room_for_the_digest(session):
    long = endpoint(name="m" * 63)
    assert len(long.ensure(session).configuration) == 63


def test_sagemaker_is_asked_for_by_its_extra(session, monkeypatch, left):
    monkeypatch.setitem(sys.modules, "sagemaker", None)
    model = SimpleNamespace(model_name="mood")
    with (
        pytest.raises(MissingExtraError, match=r'pip install "hitl-sdk\[sagemaker\]"'),
        deployed_by_sagemaker(session, model, instance_type="ml.m5.large"),
    ):
        pytest.fail("it is not installed")
    with (
        pytest.raises(InvalidInputError, match="instance_type is missing"),
        deployed_by_sagemaker(session, model),
    ):
        pytest.fail("on what?")
    assert left() == []


def test_a_configuration_that_somebody_else_made_is_not_taken_down_with_an_endpoint_by_sagemaker(
    session, left
):
    other = endpoint()
    other.ensure(session)
    other._endpoint().delete(session)
    name = next(each.removeprefix("configuration ") for each in left() if each.startswith("configuration"))
    before = left()
    with (
        pytest.raises(ConflictError, match="exists already"),
        deployed_by_sagemaker(
            session, SimpleNamespace(model_name="mood"), name=name, instance_type="ml.m5.large"
        ),
    ):
        pytest.fail("the name is taken")
    assert left() == before
