"""A session on the embedded AWS, a record of the calls it makes, and calls that fail when told to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import moto.core.models  # noqa: F401  sessions made from now on are answered by moto
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from hitl_sdk import _clock
from hitl_sdk.session import Session
from hitl_sdk.testing import mock_hitl

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-west-1"
SERVICES = ("cognito-idp", "sagemaker")
READS = ("List", "Describe", "Get", "AdminGet", "AdminList")


class Calls:
    """Every AWS call of a session, in order, as IAM spells it; one of them can be made to fail.

    `fail(n)` breaks the n-th call from now before it reaches AWS; or, with `lost_answer`, the n-th that
    changes something, after AWS has done it: for a call that only reads, the two are the same.
    """

    def __init__(self, session: Session) -> None:
        self.made: list[str] = []
        self._countdown: int | None = None
        self._lost_answer = False
        self._failing: str | None = None
        for service in SERVICES:
            events = session.client(service).meta.events
            events.register("before-call", self._before, unique_id=f"calls-{id(self)}")
            events.register("after-call", self._after, unique_id=f"answers-{id(self)}")

    def fail(self, number: int, *, lost_answer: bool) -> None:
        self._countdown, self._lost_answer = number, lost_answer

    def heal(self) -> None:
        self._countdown = None

    @property
    def failure_is_still_due(self) -> bool:
        return self._countdown is not None

    @property
    def changing(self) -> list[str]:
        return [call for call in self.made if not call.partition(":")[2].startswith(READS)]

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        self.made.clear()
        yield self.made

    def _before(self, model, **_: object) -> None:
        self.made.append(f"{model.service_model.signing_name}:{model.name}")
        if self._countdown is None or (self._lost_answer and model.name.startswith(READS)):
            return
        self._countdown -= 1
        if self._countdown > 0:
            return
        self._countdown = None
        if not self._lost_answer:
            raise EndpointConnectionError(endpoint_url="https://unreachable.example.com")
        self._failing = model.name

    def _after(self, model, **_: object) -> None:
        if self._failing == model.name:
            self._failing = None
            raise ReadTimeoutError(endpoint_url="https://slow.example.com")


@pytest.fixture
def cloud():
    with mock_hitl(region=REGION) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def boto3_session() -> boto3.Session:
    """Reads botocore's models once for all tests; who answers is decided when a client calls."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


@pytest.fixture
def session(cloud, boto3_session) -> Session:
    return Session(region_name=cloud.region_name, boto3_session=boto3_session)


@pytest.fixture
def calls(session) -> Calls:
    return Calls(session)


@pytest.fixture
def pool_id(session) -> str:
    from hitl_sdk.resources import UserPool

    return UserPool(name="pool").ensure(session).id


@pytest.fixture
def manual_clock() -> Iterator[_clock.ManualClock]:
    clock = _clock.ManualClock()
    with _clock.use_clock(clock):
        yield clock
