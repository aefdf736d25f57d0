"""What the tests of routing, loops and reviews share: a flow on the embedded AWS, and calls that fail when told to."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, settings

from hitl_sdk import Member, PrivateTeam, ReviewFlow, Router, Session, Threshold
from hitl_sdk.loops import LoopRequest, human_loop_name
from hitl_sdk.routing import Prediction
from hitl_sdk.tasks import TextClassification
from hitl_sdk.testing import Cloud, mock_hitl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# pytest has a timeout of its own; how long an example takes, or is made, tells of the machine. The same examples every
# time, so that a run of the tests tells of the code alone; HYPOTHESIS_PROFILE=search looks for new ones
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("tests", settings.get_profile("search"), derandomize=True, max_examples=50)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))

SERVICES = ("s3", "sagemaker", "sagemaker-a2i-runtime", "sagemaker-runtime")


class Calls:
    """Every AWS call of a session, counted by operation; some fail as they are told to.

    The faults lie outside botocore's retries, so no test waits for those.
    """

    def __init__(self, session: Session, services: tuple[str, ...] = SERVICES) -> None:
        self.count: Counter[str] = Counter()
        self._lock = Lock()
        self._faults: list[tuple[str, Callable[[dict[str, Any], int], object]]] = []
        for service in services:
            events = session.client(service).meta.events
            events.register("provide-client-params", self._note)
            events.register("before-call", self._before)

    def fail(
        self, operation: str, fault: object, *, when: Callable[[dict[str, Any], int], bool] | None = None
    ):
        """Let calls of an operation fail: by an error code with its status, or by an exception.

        `when` is asked with the parameters and the number of the call, from 1.
        """
        self._faults.append((operation, lambda params, n: fault if when is None or when(params, n) else None))

    def heal(self) -> None:
        self._faults.clear()

    def _note(self, params, model, context, **_: object) -> None:
        with self._lock:
            self.count[model.name] += 1
            context["hitl_test"] = params, self.count[model.name]

    def _before(self, model, context, **_: object):
        for operation, fault_of in self._faults:
            if operation == model.name:
                fault = fault_of(*context["hitl_test"])
                if isinstance(fault, BaseException):
                    raise fault
                if fault is not None:
                    code, status = fault
                    said = {
                        "Error": {"Code": code, "Message": f"injected {code}"},
                        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-1"},
                    }
                    return AWSResponse("https://example.com", status, {}, None), said
        return None


@dataclass
class Review:
    """An Active flow of text classification in a cloud of the test's own."""

    cloud: Cloud
    session: Session
    task: TextClassification
    flow: ReviewFlow
    arn: str
    calls: Calls

    def router(self, policy=None, **options: Any) -> Router:
        options = {"progress": False, "rate": None, **options}
        return Router(
            flow="sentiment",
            task=self.task,
            policy=Threshold(0.9) if policy is None else policy,
            session=self.session,
            **options,
        )

    def predictions(self, *confidences: float) -> list[Prediction]:
        return [
            Prediction(f"item-{number}", f"review {number}", "1", confidence)
            for number, confidence in enumerate(confidences)
        ]

    def request(self, item: str, **content: Any) -> LoopRequest:
        return LoopRequest(
            self.arn, human_loop_name(self.arn, item), {"taskObject": item, "initialValue": "1", **content}
        )

    def start(self, item: str, label: str = "1") -> str:
        """Start the loop of an item by plain boto3, and return its name."""
        name = human_loop_name(self.arn, item)
        self.session.client("sagemaker-a2i-runtime").start_human_loop(
            HumanLoopName=name,
            FlowDefinitionArn=self.arn,
            HumanLoopInput={"InputContent": json.dumps({"taskObject": item, "initialValue": label})},
        )
        return name

    def status(self, name: str) -> str:
        return self.session.client("sagemaker-a2i-runtime").describe_human_loop(HumanLoopName=name)[
            "HumanLoopStatus"
        ]

    def loops(self) -> list[str]:
        """Return the names of all loops of the flow, read by plain boto3."""
        names, token = [], {}
        while True:
            page = self.session.client("sagemaker-a2i-runtime").list_human_loops(
                FlowDefinitionArn=self.arn, **token
            )
            names += [loop["HumanLoopName"] for loop in page["HumanLoopSummaries"]]
            if "NextToken" not in page:
                return names
            token = {"NextToken": page["NextToken"]}


@pytest.fixture(scope="session")
def one_boto3_session() -> boto3.Session:
    """Read botocore's models once for all tests; who answers is decided when a client calls."""
    import moto  # noqa: F401  it puts its handler into the sessions that are made after it

    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture(scope="session", autouse=True)
def run_record(tmp_path_factory) -> Iterator[None]:
    """Keep the records of runs out of the home directory of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HITL_RUN_RECORD", f"sqlite:///{tmp_path_factory.mktemp('runs')}/runs.sqlite3")
        yield


@pytest.fixture(scope="session")
def watched() -> type[Calls]:
    """Return what counts the calls of a session, and lets them fail: ``watched(session, ("sqs",))``."""
    return Calls


@pytest.fixture
def make_review(one_boto3_session) -> Iterator[Callable[..., Review]]:
    with mock_hitl() as cloud:
        session = Session(region_name="us-east-1", boto3_session=one_boto3_session)
        task = TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?")

        def make(**options: Any) -> Review:
            cloud.bucket("reviews")
            flow = ReviewFlow(
                name="sentiment",
                team=PrivateTeam(name="reviewers", members=[Member(email="ana@example.com")]),
                task=task,
                output="s3://reviews/a2i",
                role_arn=cloud.role_arn,
                **options,
            )
            state = flow.ensure(session)
            return Review(cloud, session, task, flow, state.arn, Calls(session))

        yield make


@pytest.fixture
def review(make_review) -> Review:
    return make_review()
