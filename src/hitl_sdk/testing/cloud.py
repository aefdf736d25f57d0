"""`mock_hitl`: the review service beside moto's AWS, inside the process of a test or a notebook."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from hitl_sdk._clock import ManualClock, use_clock
from hitl_sdk._optional import load
from hitl_sdk.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from botocore.loaders import Loader

    from hitl_sdk.local.active_learning import Estimator
    from hitl_sdk.local.ai_services import AiServices
    from hitl_sdk.local.algorithms import ObjectFeatures
    from hitl_sdk.local.endpoints import Endpoints
    from hitl_sdk.local.engine import Engine, Scope
    from hitl_sdk.local.service import ReviewService
    from hitl_sdk.local.simulation import Workers

__all__ = ["Cloud", "mock_hitl"]

ROLE_NAME = "hitl-review"

_numbers = itertools.count(1)


class Cloud:
    """An AWS of your own: moto's services, and the human review that moto lacks. Made by `mock_hitl`.

    Attributes
    ----------
    clock : ManualClock
        The time of the engine and of every wait in this process; hours pass at once.
    workers : Workers
        The people: ``cloud.workers.answer(fn)``, ``cloud.workers.add(...)``.
    endpoints : Endpoints
        The models: ``cloud.endpoints.serve(name, fn)``.
    ai : AiServices
        Stand-ins for AWS's AI services: ``cloud.ai.answer("comprehend", "DetectSentiment", fn)``.
    engine : Engine
        The state behind it all.
    region_name : str
        The Region of the calls that name none.
    account_id : str
        The twelve digits of moto's account.

    Examples
    --------
    >>> with mock_hitl() as cloud:
    ...     cloud
    Cloud(account_id='123456789012', region_name='us-east-1')
    """

    def __init__(self, service: ReviewService, *, clock: ManualClock, scope: Scope) -> None:
        self._service = service
        self._scope = scope
        self.clock = clock
        self.region_name: str = scope.region
        self.account_id: str = scope.account_id

    def __repr__(self) -> str:
        """Name account and Region."""
        return f"Cloud(account_id={self.account_id!r}, region_name={self.region_name!r})"

    @property
    def engine(self) -> Engine:
        """The engine that owns the state."""
        return self._service.engine

    @property
    def workers(self) -> Workers:
        """The simulated people."""
        return self._service.workers

    @property
    def endpoints(self) -> Endpoints:
        """The simulated inference endpoints."""
        return self._service.endpoints

    @property
    def ai(self) -> AiServices:
        """The stand-ins for AWS's AI services."""
        return self._service.ai

    @property
    def role_arn(self) -> str:
        """The ARN of a role that SageMaker may assume, made in moto's IAM on first use."""
        from hitl_sdk.local.moto_services import create_review_role

        return create_review_role(self._scope, ROLE_NAME)

    def session(self, region_name: str | None = None) -> Session:
        """Return a session in this cloud.

        Parameters
        ----------
        region_name : str, optional
            Another Region than the cloud's own.

        Examples
        --------
        >>> with mock_hitl() as cloud:
        ...     cloud.session()
        Session(region_name='us-east-1')
        """
        return Session(boto3_session=_boto3_session(), region_name=region_name or self.region_name)

    def bucket(self, name: str) -> str:
        """Create an S3 bucket, unless it is there, and return its name.

        Parameters
        ----------
        name : str
            3 to 63 lower-case letters, digits, dots and hyphens.

        Raises
        ------
        InvalidInputError
            If S3 takes no such name.

        Examples
        --------
        >>> with mock_hitl() as cloud:
        ...     bucket = cloud.bucket("reviews")
        ...     cloud.session().client("s3").list_buckets()["Buckets"][0]["Name"]
        'reviews'
        """
        from hitl_sdk.local.moto_services import create_bucket

        create_bucket(self._scope, name)
        return name

    def automated_labeling(
        self,
        estimator: Estimator | None = None,
        *,
        features: ObjectFeatures | None = None,
        least_objects: int | None = None,
    ) -> None:
        """Say what labels automatically, for jobs of image and text classification that ask for it.

        Parameters
        ----------
        estimator : Estimator, optional
            Any classifier with scikit-learn's ``fit``, ``predict_proba`` and ``classes_``, untrained.
            scikit-learn's logistic regression when left out.
        features : callable, optional
            Takes an object's manifest line and the bytes that its ``source-ref`` names, None for a text.
            Returns its row of ``X``: numbers, or a text; None for what only people can label. When left
            out, texts as they are, their words weighted by TF-IDF in the usual estimator; of images
            16 x 16 pixels in colour.
        least_objects : int, optional
            How many objects a job has to have: 1,250 as on AWS, unless a test sets fewer.

        Raises
        ------
        InvalidInputError
            If `estimator` is no classifier.

        Examples
        --------
        >>> from sklearn.naive_bayes import GaussianNB
        >>> with mock_hitl() as cloud:
        ...     cloud.automated_labeling(GaussianNB(), features=lambda line, content: [line["length"]])
        """
        self._service.algorithms.use(estimator, features, least_objects)

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due by then.

        Parameters
        ----------
        seconds : float
            At least zero.

        Examples
        --------
        >>> with mock_hitl() as cloud:
        ...     before = cloud.clock.now()
        ...     cloud.advance(3600)
        ...     print(cloud.clock.now() - before)
        1:00:00
        """
        self.clock.advance(seconds)
        self._service.let_time_pass()


def _boto3_session() -> boto3.Session:
    """Return a session that shares what botocore has read of its models, which is what takes the time."""
    import boto3
    import botocore.session

    core = botocore.session.Session()
    core.register_component("data_loader", _model_loader())
    return boto3.Session(botocore_session=core)


@cache
def _model_loader() -> Loader:
    from botocore.loaders import create_loader

    return create_loader()


@contextmanager
def mock_hitl(
    region: str = "us-east-1",
    *,
    seed: int | None = 0,
    clock: ManualClock | None = None,
    store_url: str | None = None,
) -> Iterator[Cloud]:
    """Answer AWS inside this process: moto's services, and human review.

    Every boto3 client that is made inside the block is answered here, whoever makes it: this SDK,
    plain boto3, your own code. Credentials are fake, configured endpoints are ignored, and all waits
    of this package pass at once. Works inside ``mock_aws`` of your own too, sharing its state.
    Join threads that make calls before you leave the block.

    Parameters
    ----------
    region : str, default "us-east-1"
        Region of the calls that name none.
    seed : int, optional
        Of ids, simulated workers and request ids; 0 makes every run the same, None none.
    clock : ManualClock, optional
        Where time starts, and whose hands you move; a new one by default.
    store_url : str, optional
        Where the engine keeps its state: ``"sqlite://"`` (in memory, the default), a SQLite file, or
        PostgreSQL.

    Yields
    ------
    Cloud

    Raises
    ------
    ConfigurationError
        If a `mock_hitl` is active in this process already.
    MissingExtraError
        If moto or the store's library is not installed.

    Examples
    --------
    >>> import boto3
    >>> with mock_hitl(region="eu-west-1") as cloud:
    ...     boto3.client("sagemaker").list_workteams()["Workteams"]
    []
    """
    load("moto", extra="testing", needed_for="mock_hitl")
    load("sqlalchemy", extra="testing", needed_for="mock_hitl")
    from moto import mock_aws

    from hitl_sdk.local.moto_clock import queues_on
    from hitl_sdk.local.moto_plugin import installed
    from hitl_sdk.local.moto_services import scope_in
    from hitl_sdk.local.service import review_service

    clock = clock or ManualClock()
    with ExitStack() as stack:
        service = stack.enter_context(review_service(store_url or "sqlite://", clock=clock, seed=seed))
        # moto can really run a state machine; else it would only say that it had
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        stack.enter_context(installed(service, on_reset=service.forget))
        stack.enter_context(_environment(region, stack.enter_context(_run_record())))
        stack.enter_context(use_clock(clock))
        stack.enter_context(queues_on(clock))
        # However far a wait moves the clock, answers are handed in and jobs go on at their own hour.
        stack.enter_context(clock.attended(service.let_time_pass))
        yield Cloud(service, clock=clock, scope=scope_in(region))


@contextmanager
def _run_record() -> Iterator[str]:
    """Yield the address of a run record in memory, kept alive by a connection of ours for as long as the block lasts."""
    name = f"mock-{next(_numbers)}"
    with closing(sqlite3.connect(f"file:/{name}?vfs=memdb", uri=True, check_same_thread=False)):
        yield f"sqlite://{name}"


@contextmanager
def _environment(region: str, run_record: str) -> Iterator[None]:
    """Keep the user's own settings away from the calls; moto has put in fake keys already."""
    settings = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_SESSION_TOKEN": None,
        "HITL_RUN_RECORD": run_record,
    }
    before = {name: os.environ.get(name) for name in settings}
    _set_environment(settings)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(settings: dict[str, str | None]) -> None:
    for name, value in settings.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
