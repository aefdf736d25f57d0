"""The package sagemaker, version 3, on the embedded AWS; it has a virtual environment of its own: make test-sagemaker."""

import os
import runpy
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from hitl_sdk import Session
from hitl_sdk.errors import (
    ConfigurationError,
    ConflictError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
)
from hitl_sdk.resources import deployed_by_sagemaker
from hitl_sdk.routing import InvalidPrediction, from_predictor
from hitl_sdk.testing import local_server, mock_hitl

pytestmark = pytest.mark.sagemaker
resources = pytest.importorskip(
    "sagemaker.core.resources", reason="sagemaker 3 is not installed here: make test-sagemaker"
)
shapes = pytest.importorskip("sagemaker.core.shapes")

REVIEWS = ["I enjoy this product", "It is okay", "sometimes it works"]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mood:1"


def model_of_the_lab(records):
    return [{"predicted_label": 1, "probability": 0.54} for _ in records]


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        yield cloud


@pytest.fixture
def session(cloud) -> Session:
    return cloud.session()


@pytest.fixture
def where(session):
    return {"session": session.boto3_session, "region": session.region_name}


@pytest.fixture
def model(cloud, where):
    """Make the lab's model, from its artifact, by sagemaker."""
    cloud.endpoints.serve("mood", model_of_the_lab)
    container = shapes.ContainerDefinition(image=IMAGE, model_data_url="s3://models/mood.tar.gz")
    return resources.Model.create(
        model_name="mood", primary_container=container, execution_role_arn=cloud.role_arn, **where
    )


def endpoints(session) -> list[str]:
    return [each["EndpointName"] for each in session.client("sagemaker").list_endpoints()["Endpoints"]]


def configurations(session) -> list[str]:
    found = session.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    return [each["EndpointConfigName"] for each in found]


def test_a_model_answers_for_the_time_of_a_block_and_only_the_model_is_left(session, model):
    with deployed_by_sagemaker(session, model, instance_type="ml.m5.large") as endpoint:
        assert isinstance(endpoint, resources.Endpoint)
        assert endpoint.endpoint_status == "InService"
        predictions = list(from_predictor(endpoint, REVIEWS, concurrency=2, batch_size=2))
    assert [(each.item, each.label, each.confidence) for each in predictions] == [
        (review, "1", 0.54) for review in REVIEWS
    ]
    assert endpoints(session) == configurations(session) == []
    assert resources.Model.get("mood", session=session.boto3_session).model_name == "mood"


def test_an_endpoint_with_a_serializer_is_given_records(session, model):
    from sagemaker.core.deserializers import JSONLinesDeserializer
    from sagemaker.core.serializers import JSONLinesSerializer

    with deployed_by_sagemaker(session, model, instance_type="ml.m5.large") as endpoint:
        endpoint.serializer, endpoint.deserializer = JSONLinesSerializer(), JSONLinesDeserializer()
        assert [each.label for each in from_predictor(endpoint, REVIEWS)] == ["1", "1", "1"]


def test_an_endpoint_that_was_made_elsewhere_is_taken_down_in_the_same_way(session, model, where):
    variant = shapes.ProductionVariant(
        variant_name="AllTraffic", model_name="mood", instance_type="ml.m5.large", initial_instance_count=1
    )
    resources.EndpointConfig.create(endpoint_config_name="own", production_variants=[variant], **where)
    made = resources.Endpoint.create(endpoint_name="mood", endpoint_config_name="own", **where)

    with deployed_by_sagemaker(session, made) as endpoint:
        assert endpoint is made
        assert endpoints(session) == ["mood"]
    assert endpoints(session) == configurations(session) == []


def test_what_the_block_raises_comes_out_and_nothing_is_left(session, model):
    with (
        pytest.raises(ZeroDivisionError),
        deployed_by_sagemaker(session, model, instance_type="ml.m5.large"),
    ):
        1 / 0  # noqa: B018
    assert endpoints(session) == configurations(session) == []


def test_an_endpoint_that_fails_says_why_and_is_taken_down(session, model, monkeypatch):
    from moto.sagemaker.models import FakeEndpoint

    monkeypatch.setattr(
        FakeEndpoint, "endpoint_status", property(lambda _: "Failed", lambda _, __: None), raising=False
    )
    described = FakeEndpoint.gen_response_object
    monkeypatch.setattr(
        FakeEndpoint,
        "gen_response_object",
        lambda self: described(self) | {"EndpointStatus": "Failed", "FailureReason": "no such image"},
    )
    with (
        pytest.raises(ResourceFailedError, match="no such image"),
        deployed_by_sagemaker(session, model, instance_type="ml.m5.large"),
    ):
        pytest.fail("it never answered")
    assert endpoints(session) == configurations(session) == []


def test_an_endpoint_of_the_name_is_left_alone(session, model):
    with deployed_by_sagemaker(session, model, instance_type="ml.m5.large"):
        with (
            pytest.raises(ConflictError, match="'mood' exists already"),
            deployed_by_sagemaker(session, model, instance_type="ml.m5.large"),
        ):
            pytest.fail("it took the other one")
        assert endpoints(session) == ["mood"]


def taken(kind: str) -> ClientError:
    said = {"Error": {"Code": "ValidationException", "Message": f"Cannot create already existing {kind}"}}
    return ClientError({**said, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Create")


def make_endpoint(sagemaker, configuration: str) -> None:
    variant = {
        "VariantName": "a",
        "ModelName": "mood",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=configuration, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="mood", EndpointConfigName=configuration)


@pytest.mark.parametrize(
    ("kind", "configuration"), [("EndpointConfig", "mood"), ("Endpoint", "theirs")], ids=str
)
def test_what_somebody_else_makes_meanwhile_is_left_to_them(session, model, monkeypatch, kind, configuration):
    def create(**_):
        make_endpoint(session.client("sagemaker"), configuration)
        raise taken(kind)

    monkeypatch.setattr(getattr(resources, kind), "create", create)
    with (
        pytest.raises(RejectedError, match=f"already existing {kind}"),
        deployed_by_sagemaker(session, model, instance_type="ml.m5.large"),
    ):
        pytest.fail("it is not ours")
    assert (endpoints(session), configurations(session)) == (["mood"], [configuration])


def test_an_endpoint_object_need_not_know_its_configuration(session, model):
    make_endpoint(session.client("sagemaker"), "own")
    unread = resources.Endpoint(endpoint_name="mood")
    with deployed_by_sagemaker(session, unread) as endpoint:
        assert endpoint.endpoint_status == "InService"
    assert endpoints(session) == configurations(session) == []


def test_an_endpoint_that_is_not_there_is_not_found_and_nothing_is_deleted(session, model):
    with (
        pytest.raises(NotFoundError, match="endpoint 'gone'"),
        deployed_by_sagemaker(session, resources.Endpoint(endpoint_name="gone")),
    ):
        pytest.fail("there is none")


def test_a_session_with_an_address_of_its_own_is_refused_for_sagemaker_would_call_aws(cloud, model):
    elsewhere = Session(region_name="us-east-1", endpoint_url="http://127.0.0.1:1")
    with (
        pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL"),
        deployed_by_sagemaker(elsewhere, model, instance_type="ml.m5.large"),
    ):
        pytest.fail("it called AWS")


def test_the_error_of_a_call_by_sagemaker_is_the_items_or_the_streams(session, cloud, model):
    cloud.endpoints.serve("mood", lambda records: 1 / 0)
    with deployed_by_sagemaker(session, model, instance_type="ml.m5.large") as endpoint:
        [outcome] = from_predictor(endpoint, REVIEWS[:1])
        assert isinstance(outcome, InvalidPrediction)
        assert "ZeroDivisionError" in str(outcome.error)
        endpoint.endpoint_name = "gone"
        with pytest.raises(NotFoundError, match="gone"):
            list(from_predictor(endpoint, REVIEWS))


def test_the_example_asks_by_sagemaker_what_it_asks_by_boto3(cloud, session, capsys):
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "deployed_model.py"))
    cloud.endpoints.serve("sentiment", example["model_of_the_lab"])
    example["ask_by_sagemaker"](session, IMAGE, "s3://models/sentiment.tar.gz", cloud.role_arn)
    by_sagemaker = capsys.readouterr().out
    example["ask"](session, IMAGE, "s3://models/sentiment.tar.gz", cloud.role_arn)
    assert by_sagemaker.count("Prediction(") == 3
    assert capsys.readouterr().out.endswith(by_sagemaker)
    assert session.client("sagemaker").list_models()["Models"] == []


def test_it_works_against_the_local_service_by_its_address_in_the_environment(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "contract"), prepend=os.pathsep)
    with local_server(endpoints={"mood": "lab_model:predict"}, simulate_workers=False) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        session = Session()
        model = resources.Model.create(
            model_name="mood",
            primary_container=shapes.ContainerDefinition(image=IMAGE),
            execution_role_arn="arn:aws:iam::123456789012:role/mood",
            session=session.boto3_session,
            region=session.region_name,
        )
        with deployed_by_sagemaker(session, model, instance_type="ml.m5.large") as endpoint:
            predictions = list(from_predictor(endpoint, REVIEWS))
        assert [each.confidence for each in predictions] == [0.94, 0.55, 0.51]
        assert endpoints(session) == configurations(session) == []
