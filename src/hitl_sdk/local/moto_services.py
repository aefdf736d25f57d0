"""What the engine needs of the world, done on moto's backends: S3, SQS, SNS, EventBridge, Lambda, Cognito, accounts.

The backends are called directly, not through boto3: that costs no signing and no sockets, and can't
come back to the service that called. Notifications of a bucket and targets of a rule still work,
because moto's backends send them.
"""

from __future__ import annotations

import copy
import json
import logging
import os
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from moto.cognitoidp.models import cognitoidp_backends
from moto.core.exceptions import ServiceException
from moto.events.models import events_backends
from moto.events.utils import EventTemplateParser
from moto.iam.models import get_account_id_from, iam_backends
from moto.s3.exceptions import InvalidBucketName, MissingBucket
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.utilities.utils import get_partition

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.local import moto_queues
from hitl_sdk.local.algorithms import Algorithms
from hitl_sdk.local.engine import BucketMissing, FunctionFailed, Scope
from hitl_sdk.local.lambdas import Lambdas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from hitl_sdk.local.algorithms import Algorithm
    from hitl_sdk.local.engine import QueueMessage
    from hitl_sdk.local.moto_state import MotoState
    from hitl_sdk.local.wire import HttpRequest

__all__ = [
    "DEFAULT_REGION",
    "MotoServices",
    "create_bucket",
    "create_review_role",
    "has_endpoint",
    "lacks_object",
    "read_object",
    "scope_in",
    "scope_of",
]

DEFAULT_REGION = "us-east-1"
_ATTEMPTS_TO_CALL = 3
_log = logging.getLogger(__name__)


def scope_of(request: HttpRequest) -> Scope:
    """Return account and Region of a request: moto's account of its access key, its credential's Region.

    Examples
    --------
    >>> from hitl_sdk.local.wire import HttpRequest
    >>> scope_of(HttpRequest("GET", "/human-loops"))
    Scope(account_id='123456789012', region='us-east-1')
    """
    credential = request.credential
    if credential is None:
        return scope_in(DEFAULT_REGION)
    return scope_in(credential.region, credential.access_key_id)


def scope_in(region: str, access_key_id: str = "") -> Scope:
    """Return the account that moto knows an access key by, its default for an unknown one, in a Region.

    Examples
    --------
    >>> scope_in("eu-west-1")
    Scope(account_id='123456789012', region='eu-west-1')
    """
    account = os.environ.get("MOTO_ACCOUNT_ID") or get_account_id_from(access_key_id)
    return Scope(account_id=account, region=region)


class MotoServices:
    """The engine's `Delivery`, on moto's backends.

    Parameters
    ----------
    moto_state : MotoState, optional
        What keeps moto's state, if anything does.

    Attributes
    ----------
    lambdas : Lambdas
        Who runs functions.
    algorithms : Algorithms
        Who labels automatically.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     MotoServices().put_object(scope_in("us-east-1"), cloud.bucket("reviews"), "a.json", b"{}")
    ...     cloud.session().client("s3").get_object(Bucket="reviews", Key="a.json")["Body"].read()
    b'{}'
    """

    def __init__(self, moto_state: MotoState | None = None) -> None:
        self._moto_state = moto_state
        self._changing: Callable[[], AbstractContextManager[None]] = (
            nullcontext if moto_state is None else moto_state.changing
        )
        self.lambdas: Lambdas = Lambdas(self)
        self.algorithms: Algorithms = Algorithms()

    def keep(self) -> None:
        """Save moto's state now, if it is kept.

        Raises
        ------
        RuntimeError
            If moto does not stand still, so that it can't be read.
        """
        if self._moto_state is not None:
            self._moto_state.save()

    def get_object(self, scope: Scope, bucket: str, key: str) -> bytes | None:
        """Return the content of an object; None if there is none."""
        return read_object(scope, bucket, key)

    def invoke(self, scope: Scope, function_arn: str, event: object) -> object:
        """Call a Lambda function on this machine.

        Raises
        ------
        FunctionFailed
            If it does, or there is none.
        """
        return self.lambdas.invoke(scope, function_arn, event)

    def has_function(self, scope: Scope, function_arn: str) -> bool:  # noqa: ARG002  the ARN says it
        """Tell whether moto has the function."""
        return self.lambdas.knows(function_arn)

    def open_queue(self, scope: Scope, queue: str, topic_arn: str) -> None:
        """Make a queue that a topic sends to, unless it is there.

        Raises
        ------
        TopicMissing
            If there is no such topic.
        """
        with self._changing():
            moto_queues.open_queue(scope, queue, topic_arn)

    def waiting(self, scope: Scope, queue: str) -> int | None:
        """Return how many messages wait in a queue; None if there is no such queue."""
        return moto_queues.waiting(scope, queue)

    def receive(self, scope: Scope, queue: str, limit: int) -> list[QueueMessage]:
        """Return the next messages of a queue."""
        with self._changing():
            return moto_queues.receive(scope, queue, limit)

    def drop(self, scope: Scope, queue: str, receipts: Iterable[str]) -> None:
        """Delete messages that were received."""
        with self._changing():
            moto_queues.drop(scope, queue, receipts)

    def publish(self, scope: Scope, topic_arn: str, message: str) -> None:
        """Send a message to a topic.

        Raises
        ------
        TopicMissing
            If there is no such topic.
        """
        with self._changing():
            moto_queues.publish(scope, topic_arn, message)

    def algorithm(self, name: str) -> Algorithm | None:
        """Return what does here the work of AWS's algorithm."""
        return self.algorithms.named(name)

    def put_object(self, scope: Scope, bucket: str, key: str, body: bytes) -> None:
        """Write an object; the bucket's notifications go out.

        Raises
        ------
        BucketMissing
            If there is no such bucket.
        """
        backend = s3_backends[scope.account_id][get_partition(scope.region)]
        with self._changing():
            try:
                stored = backend.put_object(bucket, key, body)
            except MissingBucket:
                raise BucketMissing(bucket) from None
            stored.set_metadata({"Content-Type": "application/json"})
            stored.set_acl(backend.get_bucket(bucket).acl)

    def put_event(self, scope: Scope, event: Mapping[str, Any]) -> None:
        """Send an event to the targets of every enabled rule of the default bus that matches it.

        moto's own ``put_events`` would give it another id, and knows no functions. They are called last, and have come
        to their end when this returns: what is told to them is not lost with this process. As on AWS one that fails is
        called twice more. A target that fails, or that moto can't serve (SNS), is logged and left out, for an event
        must not fail the loop that it tells of.
        """
        bus = events_backends[scope.account_id][scope.region].describe_event_bus("default")
        message = {**event, "time": datetime.fromisoformat(event["time"]).timestamp()}
        calls: list[tuple[str, object]] = []
        with self._changing():
            for rule in list(bus.rules.values()):
                pattern = rule.event_pattern
                if (
                    rule.state == "ENABLED"
                    and pattern.get_pattern()
                    and pattern.matches_event(cast("Any", message))
                ):
                    functions = [target for target in rule.targets if ":lambda:" in target["Arn"]]
                    calls += [(target["Arn"], _shaped(target, event)) for target in functions]
                    _send(rule, message)
        for function_arn, said in calls:  # outside: a function may change moto itself
            self._call(scope, function_arn, said)

    def _call(self, scope: Scope, function_arn: str, event: object) -> None:
        for attempt in range(1, _ATTEMPTS_TO_CALL + 1):
            try:
                self.lambdas.invoke(scope, function_arn, event)
            except FunctionFailed as error:
                # its message may tell of what people work on
                kind = str(error).partition(":")[0]
                _log.warning(
                    "%s failed at an event, call %d of %d: %s", function_arn, attempt, _ATTEMPTS_TO_CALL, kind
                )
            else:
                return

    def user_pool_client(self, scope: Scope, user_pool_id: str, client_id: str) -> Mapping[str, bool] | None:
        """Tell whether a Cognito client exists, and whether it has a secret."""
        pools = cognitoidp_backends[scope.account_id][scope.region].user_pools
        client = pools[user_pool_id].clients.get(client_id) if user_pool_id in pools else None
        if client is None:
            return {"exists": False, "has_secret": False}
        return {"exists": True, "has_secret": bool(client.generate_secret)}


def _shaped(target: Mapping[str, Any], event: Mapping[str, Any]) -> object:
    """Return what a target gets of an event."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputTransformer" not in target:
        return dict(event)
    transformer = target["InputTransformer"]
    shaped: object = EventTemplateParser.parse(
        input_template=transformer["InputTemplate"],
        input_paths_map=transformer.get("InputPathsMap", {}),
        event=cast("Any", {**event, "ingestion-time": event["time"]}),
    )
    return shaped


def _send(rule: Any, message: dict[str, Any]) -> None:
    """Send to the rule's targets one by one, functions left out, so that one that fails takes no other with it."""
    for target in list(rule.targets):
        if ":lambda:" in target["Arn"]:
            continue
        single = copy.copy(rule)
        single.targets = [target]
        try:
            if "InputTransformer" in target:
                single.send_to_targets({**copy.deepcopy(message), "ingestion-time": message["time"]})
            else:  # not through moto's default template, which drops the account
                single.send_to_targets(copy.deepcopy(message), transform_input=False)
        except (NotImplementedError, ServiceException, KeyError) as error:
            _log.warning("the event did not reach %s: %s", target["Arn"], error)


def has_endpoint(scope: Scope, name: str) -> bool:
    """Tell whether moto's SageMaker has an inference endpoint of that name.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     has_endpoint(scope_in("us-east-1"), "sentiment")
    False
    """
    return name in sagemaker_backends[scope.account_id][scope.region].endpoints


def create_bucket(scope: Scope, name: str) -> None:
    """Create a bucket, unless it is there.

    Raises
    ------
    InvalidInputError
        If S3 takes no such name.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     create_bucket(scope_in("us-east-1"), "reviews")
    ...     create_bucket(scope_in("us-east-1"), "reviews")
    """
    backend = s3_backends[scope.account_id][get_partition(scope.region)]
    if name in backend.buckets:
        return
    try:
        backend.create_bucket(name, scope.region)
    except InvalidBucketName:
        raise InvalidInputError(
            f"{name!r} is no name of an S3 bucket",
            hint="use 3 to 63 lower-case letters, digits, dots and hyphens",
            resource=name,
        ) from None


def lacks_object(scope: Scope, bucket: str, key: str) -> bool:
    """Tell whether an object is gone; a bucket that is gone with it is created again.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     lacks_object(scope_in("us-east-1"), "reviews", "a.json")
    True
    """
    try:
        return s3_backends[scope.account_id][get_partition(scope.region)].get_object(bucket, key) is None
    except MissingBucket:
        create_bucket(scope, bucket)
        return True


def read_object(scope: Scope, bucket: str, key: str) -> bytes | None:
    """Return the content of an S3 object, None if there is none.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     read_object(scope_in("us-east-1"), "images", "cat.png") is None
    True
    """
    try:
        stored = s3_backends[scope.account_id][get_partition(scope.region)].get_object(bucket, key)
    except MissingBucket:
        return None
    return None if stored is None else bytes(stored.value)


def create_review_role(scope: Scope, name: str) -> str:
    """Create a role that SageMaker may assume, unless it is there, and return its ARN.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl():
    ...     create_review_role(scope_in("us-east-1"), "review")
    'arn:aws:iam::123456789012:role/review'
    """
    backend = iam_backends[scope.account_id][get_partition(scope.region)]
    for role in backend.roles.values():
        if role.name == name:
            return str(role.arn)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    return str(
        backend.create_role(
            role_name=name,
            assume_role_policy_document=json.dumps(trust),
            path="/",
            permissions_boundary=None,
            description="reads the items and writes the answers of human reviews",
            tags=[],
            max_session_duration="3600",
        ).arn
    )
