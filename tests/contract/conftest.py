"""One suite, two faces: what a boto3 client sees in process and over HTTP is the same."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest

from hitl_sdk._waiting import wait_until
from hitl_sdk.testing import Cloud, LocalServer, local_server, mock_hitl

TEMPLATE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-classifier name="sentiment" categories="['-1', '0', '1']" initial-value="{{ task.input.initialValue }}">
    <classification-target>{{ task.input.taskObject }}</classification-target>
  </crowd-classifier>
</crowd-form>
"""
BUCKET = "reviews"
_FLOWS = 40  # made at once over HTTP, so that only one second passes until all are Active


@cache
def shared_session() -> boto3.Session:
    """Return a session that has read the service models once, for all tests."""
    import moto  # noqa: F401  it puts its handler into the sessions that are made after it

    return boto3.Session("test", "test")


@dataclass
class Face:
    """An AWS of a test's own: an account and Region that nothing else uses."""

    region: str
    cloud: Cloud | None = None
    server: LocalServer | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.new_client(service)
        return self.clients[service]

    def new_client(self, service: str, **options: Any) -> Any:
        if self.server is not None:
            options["endpoint_url"] = self.server.url
        return shared_session().client(service, region_name=self.region, **options)

    def wait(self, probe, done, what="it"):
        """Wait by the clock of the face: the test's in process, the machine's over HTTP."""
        return wait_until(probe, done, timeout=30, what=what, first_pause=0.1, longest_pause=0.5)

    @property
    def role(self) -> str:
        return "arn:aws:iam::123456789012:role/hitl-review"

    def cognito(self) -> tuple[str, str]:
        """Make a pool and a client with a secret; return their ids."""
        cognito = self.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="portal", GenerateSecret=True)
        return pool, client["UserPoolClient"]["ClientId"]

    def workforce(self) -> tuple[str, str]:
        """Make a workforce `people`, and return the ids of its pool and client."""
        pool, client = self.cognito()
        self.client("sagemaker").create_workforce(
            WorkforceName="people", CognitoConfig={"UserPool": pool, "ClientId": client}
        )
        return pool, client

    def workteam(self, name: str = "crew") -> str:
        """Make a workforce and a team, and return the team's ARN."""
        pool, client = self.workforce()
        member = {"CognitoMemberDefinition": {"UserPool": pool, "ClientId": client, "UserGroup": "crew"}}
        team = self.client("sagemaker").create_workteam(
            WorkteamName=name, Description="reviewers", MemberDefinitions=[member]
        )
        return team["WorkteamArn"]

    def task_ui(self, name: str = "ui", content: str = TEMPLATE) -> str:
        return self.client("sagemaker").create_human_task_ui(
            HumanTaskUiName=name, UiTemplate={"Content": content}
        )["HumanTaskUiArn"]

    def flow(self, name: str, team: str, ui: str, **changes: Any) -> str:
        config = {
            "WorkteamArn": team,
            "HumanTaskUiArn": ui,
            "TaskTitle": "Sentiment",
            "TaskDescription": "Read and choose",
            "TaskCount": 1,
            **changes,
        }
        return self.client("sagemaker").create_flow_definition(
            FlowDefinitionName=name,
            HumanLoopConfig=config,
            OutputConfig={"S3OutputPath": f"s3://{BUCKET}/a2i"},
            RoleArn=self.role,
        )["FlowDefinitionArn"]

    def bucket(self) -> None:
        self.client("s3").create_bucket(
            Bucket=BUCKET,
            **(
                {}
                if self.region == "us-east-1"
                else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            ),
        )

    def wait_for_flow(self, name: str) -> None:
        self.wait(
            lambda: self.client("sagemaker").describe_flow_definition(FlowDefinitionName=name),
            lambda flow: flow["FlowDefinitionStatus"] == "Active",
        )


@dataclass
class Review:
    """An Active flow of a test's own, in a face."""

    face: Face
    flow: str

    @property
    def flow_name(self) -> str:
        return self.flow.rpartition("/")[2]

    @property
    def a2i(self) -> Any:
        return self.face.client("sagemaker-a2i-runtime")

    def name(self, suffix: str = "loop") -> str:
        return f"{self.flow_name}-{suffix}"

    def start(self, suffix: str = "loop", **content: Any) -> str:
        content = content or {"taskObject": "good", "initialValue": "1"}
        self.a2i.start_human_loop(
            HumanLoopName=self.name(suffix),
            FlowDefinitionArn=self.flow,
            HumanLoopInput={"InputContent": json.dumps(content)},
        )
        return self.name(suffix)

    def describe(self, name: str) -> dict[str, Any]:
        return self.a2i.describe_human_loop(HumanLoopName=name)

    def wait_for(self, name: str, status: str) -> dict[str, Any]:
        return self.face.wait(
            lambda: self.describe(name), lambda loop: loop["HumanLoopStatus"] == status, f"{name} {status}"
        )


@pytest.fixture(scope="session")
def quiet_server():
    """A service over HTTP without workers: loops stay InProgress."""
    with local_server(simulate_workers=False) as server:
        yield server


@pytest.fixture(scope="session")
def busy_server():
    """A service over HTTP with simulated workers."""
    with local_server(endpoints={"echo": "copy:copy"}) as server:
        yield server


@pytest.fixture(scope="session")
def server_to_empty():
    """A service over HTTP that is emptied before each test."""
    with local_server(simulate_workers=False) as server:
        yield server


@contextmanager
def in_process():
    with mock_hitl() as cloud:
        yield Face(region="us-east-1", cloud=cloud)


@pytest.fixture(params=["in-process", "http"])
def face(request):
    """Yield an empty AWS in each face."""
    if request.param == "http":
        server = request.getfixturevalue("server_to_empty")
        server.reset()
        yield Face(region="eu-west-1", server=server)
        return
    with in_process() as face:
        yield face


def provisioned(face: Face, flows: list[str], **changes: Any) -> list[Review]:
    """Make a bucket, a team, a UI and Active flows."""
    face.bucket()
    team, ui = face.workteam(), face.task_ui()
    reviews = [Review(face, face.flow(name, team, ui, **changes)) for name in flows]
    face.wait_for_flow(flows[-1])
    return reviews


@pytest.fixture(scope="session")
def http_reviews(quiet_server):
    face = Face(region="us-east-1", server=quiet_server)
    return iter(provisioned(face, [f"flow-{number}" for number in range(_FLOWS)]))


@pytest.fixture(params=["in-process", "http"])
def review(request):
    """Yield an Active flow in each face."""
    if request.param == "http":
        yield next(request.getfixturevalue("http_reviews"))
        return
    with in_process() as face:
        yield provisioned(face, ["flow-0"])[0]


@pytest.fixture(scope="session")
def http_answered_reviews(busy_server):
    face = Face(region="us-east-1", server=busy_server)
    return iter(provisioned(face, [f"answered-{number}" for number in range(_FLOWS)]))


@pytest.fixture(params=["in-process", "http"])
def answered_review(request):
    """Yield an Active flow whose tasks are answered with their pre-set value, and an endpoint `echo`."""
    if request.param == "http":
        yield next(request.getfixturevalue("http_answered_reviews"))
        return
    with in_process() as face:
        face.cloud.workers.answer(lambda item: {"sentiment": {"label": item["initialValue"]}})
        face.cloud.endpoints.serve("echo", lambda payload: payload)
        yield provisioned(face, ["answered"])[0]


@pytest.fixture
def cloud_review():
    """Yield an Active flow in process, where the test moves the clock."""
    with in_process() as face:
        yield provisioned(
            face, ["flow-0"], TaskAvailabilityLifetimeInSeconds=3600, TaskTimeLimitInSeconds=600
        )[0]
