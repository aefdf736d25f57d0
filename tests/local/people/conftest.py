"""A place to review in: an engine with one flow, and workers at its clock. And single tasks, with an image to see."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from hitl_sdk._clock import ManualClock
from hitl_sdk.local.answers import DefaultAnswers, TruthAnswers
from hitl_sdk.local.engine import Engine, MemoryDelivery, OpenTask, Scope
from hitl_sdk.local.simulation import Workers
from hitl_sdk.local.store import Store

POOL = {"UserPool": "eu-west-1_AbCdEfGhI", "ClientId": "client"}
TEMPLATE = """
<crowd-form>
  <crowd-classifier name="sentiment" categories="['-1', '0', '1']" header="h"
                    initial-value="{{ task.input.initialValue }}">
    <classification-target>{{ task.input.taskObject }}</classification-target>
  </crowd-classifier>
</crowd-form>
"""


class Place:
    """An engine with a team, a flow and workers, and short words for what the tests do."""

    def __init__(self, stack, *, template=TEMPLATE, task_count=1, time_limit=3600, lifetime=86_400, seed=0):
        self.scope = Scope("123456789012", "eu-west-1")
        self.clock = ManualClock()
        self.delivery = MemoryDelivery()
        self.engine = Engine(stack.enter_context(Store()), clock=self.clock, deliver=self.delivery)
        self.workers = Workers(self.engine, self.clock, seed)
        self.flow_arn = self._flow(template, task_count, time_limit, lifetime)
        stack.enter_context(self.clock.attended(self.workers.work))
        self.started_at = self.clock.now()

    def _flow(self, template, task_count, time_limit, lifetime):
        self.call("CreateWorkforce", WorkforceName="crowd", CognitoConfig=POOL)
        self.clock.advance(10)
        member = {"CognitoMemberDefinition": {**POOL, "UserGroup": "group"}}
        team = self.call(
            "CreateWorkteam",
            WorkteamName="team",
            WorkforceName="crowd",
            Description="d",
            MemberDefinitions=[member],
        )
        ui = self.call("CreateHumanTaskUi", HumanTaskUiName="ui", UiTemplate={"Content": template})
        flow = self.call(
            "CreateFlowDefinition",
            FlowDefinitionName="flow",
            RoleArn="arn:aws:iam::123456789012:role/review",
            OutputConfig={"S3OutputPath": "s3://out/reviews"},
            HumanLoopConfig={
                "WorkteamArn": team["WorkteamArn"],
                "HumanTaskUiArn": ui["HumanTaskUiArn"],
                "TaskTitle": "t",
                "TaskDescription": "d",
                "TaskCount": task_count,
                "TaskTimeLimitInSeconds": time_limit,
                "TaskAvailabilityLifetimeInSeconds": lifetime,
            },
        )
        self.clock.advance(10)
        return flow["FlowDefinitionArn"]

    def call(self, operation, **params):
        return self.engine.call(self.scope, operation, params)

    def start(self, name="loop", **content):
        text = json.dumps(content or {"taskObject": "good", "right": "1"})
        self.call(
            "StartHumanLoop",
            HumanLoopName=name,
            FlowDefinitionArn=self.flow_arn,
            HumanLoopInput={"InputContent": text},
        )

    def start_many(self, count):
        for number in range(count):
            self.start(f"loop-{number}", taskObject=str(number), right=str(number % 3 - 1))

    def status(self, name="loop"):
        return self.call("DescribeHumanLoop", HumanLoopName=name)["HumanLoopStatus"]

    def outputs(self):
        """Return the output documents by loop name."""
        documents = map(json.loads, self.delivery.objects.values())
        return {document["humanLoopName"]: document for document in documents}

    def answers(self, name="loop"):
        return self.outputs()[name]["humanAnswers"]

    def labels(self):
        """Return what was said, by loop name and worker id."""
        return {
            (name, answer["workerId"]): answer["answerContent"]["sentiment"]["label"]
            for name, document in self.outputs().items()
            for answer in document["humanAnswers"]
        }


@pytest.fixture
def open_place():
    """Return a function that opens a `Place`."""
    with ExitStack() as stack:
        yield lambda **options: Place(stack, **options)


@pytest.fixture
def place(open_place):
    return open_place()


class Desk:
    """One task before one worker, and short words for what the tests do. Images lie in the bucket ``images``."""

    def __init__(self):
        self.objects = {"cat.png": self.picture(), "no.png": b"no picture"}

    @staticmethod
    def picture(width=30, height=20):
        written = BytesIO()
        Image.new("RGB", (width, height)).save(written, format="PNG")
        return written.getvalue()

    @staticmethod
    def task(template, **input_content):
        return OpenTask(
            scope=Scope("123456789012", "eu-west-1"),
            human_loop_name="loop",
            flow="arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/flow",
            title="t",
            description="d",
            template=template,
            input_content=input_content,
            task_count=1,
            answered_by=frozenset(),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            sequence=1,
        )

    def read_object(self, bucket, key):
        return self.objects.get(key) if bucket == "images" else None

    def agreed(self, template, *, error_rate=0.0, seed=0, **input_content):
        """Return the answer of somebody who agrees with what is there."""
        answers = DefaultAnswers(error_rate, seed)
        return answers.answer(self.task(template, **input_content), Random(0), self.read_object)

    def known(self, template, truth, seed=0, *, input_content=(), **options):
        """Return the answer of somebody who knows the truth."""
        answers = TruthAnswers(lambda item: truth, **options)
        return answers.answer(self.task(template, **dict(input_content)), Random(seed), self.read_object)


@pytest.fixture(scope="session")
def desk():
    return Desk()
