"""A queue that is told of every human loop that has come to its end: SQS queue, EventBridge rule, and the right to send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, cast

from pydantic import AfterValidator

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._waiting import wait_until
from hitl_sdk.errors import NotFoundError, RejectedError
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.completion_rule import RuleState, delete_rule, find_rule, make_rule, rule_differences
from hitl_sdk.resources.types import FlowDefinitionArn, TextRule
from hitl_sdk.session import Session

__all__ = ["EventQueue", "EventQueueState"]

# A rule's name has 64 characters at most; the queue's 80, and the second one's is longer.
_NAME = TextRule("[a-zA-Z0-9-_]+", 64, "letters, digits, hyphens and underscores")
_DEAD = "-dead"
_STATEMENT_ID = "HumanLoopEvents"
_RETENTION_SECONDS = 14 * 86_400  # the longest there is
_HELD_SECONDS = 60  # for what a receiver does with ten events, before they come again
_MOST_RECEIVES = 100  # a message that other runs don't want is received and put back; that is no failure
_REMADE_IN = 90.0  # SQS refuses the name of a deleted queue for 60 s
_SETTINGS = ("MessageRetentionPeriod", "RedrivePolicy", "VisibilityTimeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQueueState(State):
    """What there is of an event queue.

    Attributes
    ----------
    arn, url : str or None
        The queue's.
    dead_letter_url : str or None
        Of the queue that gets what could not be read.
    rule : RuleState or None
        The rule that sends to it.
    settings : mapping
        Its attributes, as far as they are set here.
    may_send : bool
        Whether its policy lets the rule send.

    Examples
    --------
    >>> EventQueueState(name="reviews", url=None, arn=None).may_send
    False
    """

    url: str | None
    arn: str | None
    dead_letter_url: str | None = None
    rule: RuleState | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    may_send: bool = False


class EventQueue(Resource[EventQueueState]):
    """A queue that gets an event when a human loop has come to its end, for `Run.wait` and `LoopEvents`.

    Under one name: an SQS queue that keeps messages for 14 days, a second one, ``NAME-dead``, for messages that can't
    be read, an EventBridge rule on the default bus, and the statement of the queue's policy that lets the rule send.
    `ensure` makes what is missing of them, and keeps other statements of the policy.

    A queue for each flow is best: runs of the same flow share it, others never see its messages.

    Parameters
    ----------
    name : str
        1 to 64 letters, digits, hyphens and underscores.
    flow_definition_arn : str, optional
        Only loops of this flow; of all flows of account and Region, when left out.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> queue = EventQueue(name="reviews")
    >>> queue.address
    'sqs://reviews'
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     queue.ensure(cloud.session()).arn
    'arn:aws:sqs:us-east-1:123456789012:reviews'
    """

    kind: ClassVar[str] = "event queue"
    iam: ClassVar[IamActions] = IamActions(
        read=("sqs:GetQueueUrl", "sqs:GetQueueAttributes", "events:DescribeRule", "events:ListTargetsByRule"),
        create=("sqs:CreateQueue",),
        update=("sqs:SetQueueAttributes", "events:PutRule", "events:PutTargets"),
        delete=("events:RemoveTargets", "events:DeleteRule", "sqs:DeleteQueue"),
    )
    updatable: ClassVar[frozenset[str]] = frozenset(
        {"queue", "dead_letter_queue", "policy", "settings", "rule", "target"}
    )
    cure: ClassVar[str] = "choose another name; a rule of this name asks for other events"

    name: Annotated[str, AfterValidator(_NAME)]
    flow_definition_arn: FlowDefinitionArn | None = None

    @property
    def address(self) -> str:
        """What `Run.wait` takes as ``events``."""
        return f"sqs://{self.name}"

    @property
    def _dead_name(self) -> str:
        return f"{self.name}{_DEAD}"

    def _check(self, session: Session) -> None:
        if self.flow_definition_arn is not None:
            session.check_arn(self.flow_definition_arn, "flow-definition")

    def _read(self, session: Session) -> EventQueueState | None:
        url, dead_url = _url(session, self.name), _url(session, self._dead_name)
        rule = find_rule(session, self.name)
        if url is None and dead_url is None and rule is None:
            return None
        attributes = {} if url is None else _attributes(session, url)
        arn = attributes.get("QueueArn")
        return EventQueueState(
            name=self.name,
            url=url,
            arn=arn,
            dead_letter_url=dead_url,
            rule=rule,
            settings={name: _normal(attributes[name]) for name in _SETTINGS if name in attributes},
            may_send=arn is not None and _statement(arn, self.name) in _policy(attributes)["Statement"],
        )

    def _differences(self, state: EventQueueState) -> tuple[Difference, ...]:
        parts = {
            "queue": state.url is not None,
            "dead_letter_queue": state.dead_letter_url is not None,
            "policy": state.may_send,
        }
        differences = [
            Difference(part, "missing", "there") for part, is_there in parts.items() if not is_there
        ]
        if state.arn is not None and state.settings != self._settings(state.arn):
            differences.append(Difference("settings", dict(state.settings), self._settings(state.arn)))
        return (*differences, *rule_differences(state.rule, self.flow_definition_arn, state.arn))

    def _create(self, session: Session) -> None:
        _make_queue(session, self.name)

    def _update(self, session: Session, state: EventQueueState) -> None:
        """Make whatever is missing; the target last, so that no event goes to a queue that does not take it."""
        url = state.url or _make_queue(session, self.name)
        if state.dead_letter_url is None:
            _make_queue(session, self._dead_name)
        attributes = _attributes(session, url)
        arn = attributes["QueueArn"]
        policy = _policy(attributes)
        statement = _statement(arn, self.name)
        policy["Statement"] = [
            *(each for each in policy["Statement"] if each.get("Sid") != _STATEMENT_ID),
            statement,
        ]
        session.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes=cast("Any", {**self._settings(arn), "Policy": json.dumps(policy)})
        )
        make_rule(session, self.name, self.flow_definition_arn, arn)

    def _delete(self, session: Session, state: EventQueueState) -> None:
        delete_rule(session, self.name)
        for url in (state.url, state.dead_letter_url):
            if url is not None:
                session.client("sqs").delete_queue(QueueUrl=url)

    def _settings(self, arn: str) -> dict[str, str]:
        redrive = {"deadLetterTargetArn": f"{arn}{_DEAD}", "maxReceiveCount": _MOST_RECEIVES}
        return {
            "MessageRetentionPeriod": str(_RETENTION_SECONDS),
            "RedrivePolicy": _normal(json.dumps(redrive)),
            "VisibilityTimeout": str(_HELD_SECONDS),
        }


def _normal(setting: str) -> str:
    """Return a setting as it is compared: numbers and policies are both JSON, which has many spellings."""
    return json.dumps(json.loads(setting), sort_keys=True)


def _url(session: Session, name: str) -> str | None:
    try:
        with translated_errors(f"queue {name!r}"):
            return session.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    except NotFoundError:
        return None


def _attributes(session: Session, url: str) -> Mapping[str, str]:
    found = session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return cast("Mapping[str, str]", found["Attributes"])


def _make_queue(session: Session, name: str) -> str:
    """Make a queue that keeps its messages for long; one of that name may have been deleted a moment ago."""

    def made() -> str | None:
        try:
            with translated_errors(f"queue {name!r}"):
                return session.client("sqs").create_queue(
                    QueueName=name, Attributes={"MessageRetentionPeriod": str(_RETENTION_SECONDS)}
                )["QueueUrl"]
        except RejectedError as error:
            if error.code is None or not error.code.endswith("QueueDeletedRecently"):
                raise
            return None

    url = wait_until(
        made, lambda url: url is not None, timeout=_REMADE_IN, what=f"the deleted queue {name!r} to be gone"
    )
    return cast("str", url)


def _policy(attributes: Mapping[str, str]) -> dict[str, Any]:
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    policy.update(json.loads(attributes.get("Policy") or "{}"))
    if isinstance(policy["Statement"], dict):  # which is allowed where it is the only one
        policy["Statement"] = [policy["Statement"]]
    return policy


def _statement(queue_arn: str, rule: str) -> dict[str, object]:
    _, partition, _, region, account, _ = queue_arn.split(":")
    return {
        "Sid": _STATEMENT_ID,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": f"arn:{partition}:events:{region}:{account}:rule/{rule}"}
        },
    }
