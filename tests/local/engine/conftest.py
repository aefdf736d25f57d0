"""A small world for the engine: a clock to move, a delivery to break, and a team with a flow."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from hitl_sdk._clock import ManualClock
from hitl_sdk.local.engine import Engine, MemoryDelivery, Scope, Settings, Worker
from hitl_sdk.local.store import Store

from .labeling import Labeling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/review"
POOL = "eu-west-1_AbCdEfGhI"
CLIENT = "client1"


class BreakableDelivery(MemoryDelivery):
    """Raises what it is told to, before it keeps anything; knows the Cognito clients it is told of."""

    def __init__(self, buckets=None) -> None:
        super().__init__(buckets)
        self.breaks: list[BaseException | None] = []
        self.puts: list[str] = []
        self.clients: dict[tuple[str, str], bool] | None = None

    def _break(self, what: str) -> None:
        self.puts.append(what)
        error = self.breaks.pop(0) if self.breaks else None
        if error is not None:
            raise error

    def put_object(self, scope, bucket, key, body) -> None:
        self._break(f"{bucket}/{key}")
        super().put_object(scope, bucket, key, body)

    def put_event(self, scope, event) -> None:
        detail = event["detail"]
        self._break(detail.get("humanLoopStatus") or detail["LabelingJobStatus"])
        super().put_event(scope, event)

    def get_object(self, scope, bucket, key):
        self._break(f"get {bucket}/{key}")
        return super().get_object(scope, bucket, key)

    def invoke(self, scope, function_arn, event):
        self._break(f"invoke {function_arn.rpartition(':')[2]}")
        answer = super().invoke(scope, function_arn, json.loads(json.dumps(event)))
        return json.loads(json.dumps(answer))

    def receive(self, scope, queue, limit):
        self._break(f"receive {queue}")
        return super().receive(scope, queue, limit)

    def drop(self, scope, queue, receipts) -> None:
        self._break(f"drop {queue}")
        super().drop(scope, queue, receipts)

    def publish(self, scope, topic_arn, message) -> None:
        self._break(f"publish {topic_arn.rpartition(':')[2]}")
        super().publish(scope, topic_arn, message)

    def user_pool_client(self, scope, user_pool_id, client_id):
        if self.clients is None:
            return None
        secret = self.clients.get((user_pool_id, client_id))
        return {"exists": secret is not None, "has_secret": bool(secret)}


class World:
    """An engine, and short words for what tests do with it all the time."""

    def __init__(self, url: str = "sqlite://", *, settings: Settings | None = None, seed: int = 0) -> None:
        self.scope = Scope("123456789012", "eu-west-1")
        self.clock = ManualClock()
        self.delivery = BreakableDelivery()
        self.store = Store(url)
        self.settings = settings
        self.seed = seed
        self.flow_arn = self.scope.arn("flow-definition", "review")
        self.start_engine()

    def start_engine(self) -> None:
        """Put a fresh engine on the store, as after a restart of the process."""
        self.engine = Engine(
            self.store, clock=self.clock, deliver=self.delivery, seed=self.seed, settings=self.settings
        )

    def restart(self, url: str) -> None:
        """Close the store, and go on with a new engine on another one at `url`."""
        self.store.close()
        self.store = Store(url)
        self.start_engine()

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.engine.call(self.scope, operation, params)

    def workforce(self, name: str = "crew") -> str:
        config = {"UserPool": POOL, "ClientId": CLIENT}
        return self.call("CreateWorkforce", WorkforceName=name, CognitoConfig=config)["WorkforceArn"]

    def team(self, name: str = "team") -> str:
        member = {"UserPool": POOL, "ClientId": CLIENT, "UserGroup": "reviewers"}
        return self.call(
            "CreateWorkteam",
            WorkteamName=name,
            Description="people",
            MemberDefinitions=[{"CognitoMemberDefinition": member}],
        )["WorkteamArn"]

    def task_ui(self, name: str = "ui", content: str = "<crowd-form></crowd-form>") -> str:
        return self.call("CreateHumanTaskUi", HumanTaskUiName=name, UiTemplate={"Content": content})[
            "HumanTaskUiArn"
        ]

    def flow(self, name: str = "review", *, team: str = "team", output="s3://out/a2i", **config: Any) -> str:
        return self.call(
            "CreateFlowDefinition",
            FlowDefinitionName=name,
            RoleArn=ROLE,
            OutputConfig={"S3OutputPath": output},
            HumanLoopConfig={
                "WorkteamArn": self.scope.arn("workteam/private-crowd", team),
                "HumanTaskUiArn": self.scope.arn("human-task-ui", "ui"),
                "TaskTitle": "Look",
                "TaskDescription": "Look closely",
                "TaskCount": 1,
                **config,
            },
        )["FlowDefinitionArn"]

    def provision(self, **config: Any) -> World:
        """Make everything up to an Active flow definition called ``review``."""
        self.workforce()
        self.team()
        self.task_ui()
        self.flow(**config)
        self.clock.advance(1)
        return self

    def start(self, name: str = "loop-1", content: Any = None, flow: str | None = None) -> str:
        return self.call(
            "StartHumanLoop",
            HumanLoopName=name,
            FlowDefinitionArn=flow or self.flow_arn,
            HumanLoopInput={"InputContent": json.dumps(content or {"taskObject": "a text"})},
        )["HumanLoopArn"]

    def describe(self, name: str = "loop-1") -> dict[str, Any]:
        return self.call("DescribeHumanLoop", HumanLoopName=name)

    def status(self, name: str = "loop-1") -> str:
        return self.describe(name)["HumanLoopStatus"]

    def worker(self, number: int = 1, **options: Any) -> Worker:
        return Worker(f"{number:016x}", sub=f"sub-{number}", **options)

    def accept(self, number: int = 1, name: str = "loop-1"):
        return self.engine.accept(self.scope, self.worker(number), name)

    def submit(self, number: int = 1, name: str = "loop-1", label: str = "0") -> None:
        self.engine.submit(self.scope, self.worker(number), name, {"sentiment": {"label": label}})

    def answer(self, *numbers: int, name: str = "loop-1") -> None:
        for number in numbers or (1,):
            self.accept(number, name)
            self.submit(number, name)

    def output(self, name: str = "loop-1") -> dict[str, Any]:
        bucket, _, key = self.describe(name)["HumanLoopOutput"]["OutputS3Uri"][5:].partition("/")
        return json.loads(self.delivery.objects[bucket, key])


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(*args: Any, **options: Any) -> World:
        worlds.append(World(*args, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.store.close()


@pytest.fixture
def world(make_world) -> World:
    """A world with nothing in it."""
    return make_world()


@pytest.fixture
def reviews(world) -> World:
    """A world with an Active flow definition."""
    return world.provision()


@pytest.fixture
def labeling(world) -> Labeling:
    """A world with a team, and functions for labeling jobs."""
    return Labeling(world)


def _empty_store(kind: str, tmp_path: Path) -> str:
    if kind == "memory":
        return "sqlite://"
    if kind == "file":
        return f"sqlite:///{tmp_path}/reviews.db"
    url = os.environ.get("HITL_TEST_POSTGRESQL_URL")
    if url is None:
        pytest.skip("HITL_TEST_POSTGRESQL_URL names no PostgreSQL server")
    with Store(url) as store:
        store.clear()
    return url


DURABLE = ["file", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=["memory", *DURABLE])
def store_url(request, tmp_path) -> str:
    """The URL of an empty store, in each kind of database."""
    return _empty_store(request.param, tmp_path)


@pytest.fixture(params=DURABLE)
def durable_url(request, tmp_path) -> str:
    """The URL of an empty store that outlives its connection."""
    return _empty_store(request.param, tmp_path)


@pytest.fixture
def anywhere(make_world, store_url) -> World:
    """A world on each kind of database."""
    return make_world(store_url)


@pytest.fixture
def labeling_anywhere(anywhere) -> Labeling:
    """A world for labeling jobs on each kind of database."""
    return Labeling(anywhere)
