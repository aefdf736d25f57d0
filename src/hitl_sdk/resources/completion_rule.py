"""An EventBridge rule that calls a Lambda function when a human loop has come to its end; and rules for such events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._loop_event import event_pattern
from hitl_sdk.errors import NotFoundError, RejectedError
from hitl_sdk.resources.base import Difference, IamActions, Resource, State
from hitl_sdk.resources.types import FlowDefinitionArn, TextRule
from hitl_sdk.session import Session

__all__ = [
    "CompletionRule",
    "CompletionRuleState",
    "RuleState",
    "delete_rule",
    "find_rule",
    "make_rule",
    "rule_differences",
]

_NAME = TextRule(r"[\.\-_A-Za-z0-9]+", 64, "letters, digits, hyphens, underscores and dots")
_FUNCTION = TextRule("[a-zA-Z0-9-_]+", 64, "the name of a Lambda function")
_TARGET_ID = "hitl"


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule of the default bus, as it is.

    Attributes
    ----------
    arn : str
        Its ARN.
    pattern : mapping
        What it asks for.
    is_enabled : bool
        Whether it is.
    targets : tuple of str
        The ARNs that it sends to.

    Examples
    --------
    >>> RuleState("arn:aws:events:eu-west-1:123456789012:rule/reviews", {}, True, ()).targets
    ()
    """

    arn: str
    pattern: Mapping[str, object]
    is_enabled: bool
    targets: tuple[str, ...]


def find_rule(session: Session, name: str) -> RuleState | None:
    """Return a rule of the default bus, None if there is none."""
    events = session.client("events")
    try:
        with translated_errors(f"rule {name!r}"):
            rule = events.describe_rule(Name=name)
            targets = events.list_targets_by_rule(Rule=name)["Targets"]
    except NotFoundError:
        return None
    return RuleState(
        rule["Arn"],
        json.loads(rule.get("EventPattern") or "{}"),
        rule["State"] == "ENABLED",
        tuple(target["Arn"] for target in targets),
    )


def rule_differences(
    rule: RuleState | None, flow_definition_arn: str | None, target: str | None
) -> tuple[Difference, ...]:
    """Return in what a rule is not one that sends the ends of a flow's loops to a target."""
    if rule is None:
        return (Difference("rule", "missing", "there"),)
    differences = []
    wanted = event_pattern(flow_definition_arn)
    if rule.pattern != wanted:
        differences.append(Difference("pattern", json.dumps(rule.pattern), json.dumps(wanted)))
    if not rule.is_enabled:
        differences.append(Difference("rule", "disabled", "enabled"))
    if target not in rule.targets:
        differences.append(Difference("target", ", ".join(rule.targets) or "missing", target))
    return tuple(differences)


def make_rule(session: Session, name: str, flow_definition_arn: str | None, target: str) -> None:
    """Make, or enable, a rule and its target; safe to repeat."""
    events = session.client("events")
    events.put_rule(
        Name=name,
        EventPattern=json.dumps(event_pattern(flow_definition_arn)),
        State="ENABLED",
        Description="Human loops that have come to their end",
    )
    said = events.put_targets(Rule=name, Targets=[{"Id": _TARGET_ID, "Arn": target}])
    for failed in said.get("FailedEntries", []):  # in an answer that is a success otherwise
        raise RejectedError(
            f"rule {name!r} can't send to {target}: {failed['ErrorMessage']}",
            code=failed["ErrorCode"],
            operation="PutTargets",
            resource=target,
        )


def delete_rule(session: Session, name: str) -> None:
    """Delete a rule with its targets, if it is there."""
    events = session.client("events")
    try:
        with translated_errors(f"rule {name!r}"):
            ids = [target["Id"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
            if ids:
                events.remove_targets(Rule=name, Ids=ids)
            events.delete_rule(Name=name)
    except NotFoundError:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRuleState(State):
    """What there is of a completion rule.

    Attributes
    ----------
    rule : RuleState or None
        The rule.
    may_invoke : bool
        Whether the function's policy lets the rule call it.

    Examples
    --------
    >>> CompletionRuleState(name="reviews", rule=None).may_invoke
    False
    """

    rule: RuleState | None
    may_invoke: bool = False


class CompletionRule(Resource[CompletionRuleState]):
    """Calls a Lambda function when a human loop has come to its end: the rule, its target, and the right to call.

    `functions.completion_handler` makes such functions, `LambdaFunction` deploys them. The rule may call the
    function by a statement of the function's own policy, which `ensure` adds.

    Parameters
    ----------
    name : str
        The rule's, on the default bus: 1 to 64 letters, digits, hyphens, underscores and dots.
    function_name : str
        The function; it has to be there.
    flow_definition_arn : str, optional
        Only loops of this flow; of all flows of account and Region, when left out.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> rule = CompletionRule(name="reviews", function_name="SageMaker-reviewed")
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     print(rule.plan(cloud.session()))
    + completion rule 'reviews'
    """

    kind: ClassVar[str] = "completion rule"
    iam: ClassVar[IamActions] = IamActions(
        read=(
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
        ),
        create=("lambda:AddPermission",),
        update=("events:PutRule", "events:PutTargets"),
        delete=("events:RemoveTargets", "events:DeleteRule", "lambda:RemovePermission"),
    )
    updatable: ClassVar[frozenset[str]] = frozenset({"permission", "rule", "target"})
    cure: ClassVar[str] = "choose another name, or delete the rule; it asks for other events"

    name: Annotated[str, AfterValidator(_NAME)]
    function_name: Annotated[str, AfterValidator(_FUNCTION)]
    flow_definition_arn: FlowDefinitionArn | None = None

    def _check(self, session: Session) -> None:
        if self.flow_definition_arn is not None:
            session.check_arn(self.flow_definition_arn, "flow-definition")

    def _read(self, session: Session) -> CompletionRuleState | None:
        rule = find_rule(session, self.name)
        may_invoke = self._statement_id in _statement_ids(session, self.function_name)
        if rule is None and not may_invoke:
            return None
        return CompletionRuleState(name=self.name, rule=rule, may_invoke=may_invoke)

    @property
    def _statement_id(self) -> str:
        if "." not in self.name:
            return f"hitl-{self.name}"
        # It may have no dots, nor be that of another rule.
        digest = blake2b(self.name.encode(), digest_size=4).hexdigest()
        return f"hitl-{self.name.replace('.', '-')}-{digest}"

    def _differences(self, state: CompletionRuleState) -> tuple[Difference, ...]:
        missing = () if state.may_invoke else (Difference("permission", "missing", "there"),)
        target = (
            None
            if state.rule is None
            else _beside(state.rule.arn, "lambda", f"function:{self.function_name}")
        )
        return (*missing, *rule_differences(state.rule, self.flow_definition_arn, target))

    def _create(self, session: Session) -> None:
        self._permit(session, self._function_arn(session))

    def _update(self, session: Session, state: CompletionRuleState) -> None:
        function_arn = self._function_arn(session)
        if not state.may_invoke:
            self._permit(session, function_arn)
        make_rule(session, self.name, self.flow_definition_arn, function_arn)

    def _function_arn(self, session: Session) -> str:
        with translated_errors(f"Lambda function {self.function_name!r}"):
            found = session.client("lambda").get_function_configuration(FunctionName=self.function_name)
        return found["FunctionArn"]

    def _permit(self, session: Session, function_arn: str) -> None:
        session.client("lambda").add_permission(
            FunctionName=self.function_name,
            StatementId=self._statement_id,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=_beside(function_arn, "events", f"rule/{self.name}"),
        )

    def _delete(self, session: Session, state: CompletionRuleState) -> None:
        delete_rule(session, self.name)
        if state.may_invoke:
            session.client("lambda").remove_permission(
                FunctionName=self.function_name, StatementId=self._statement_id
            )


def _beside(arn: str, service: str, resource: str) -> str:
    """Return the ARN of something in the same account and Region."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _statement_ids(session: Session, function_name: str) -> set[str]:
    try:
        with translated_errors(f"Lambda function {function_name!r}"):
            policy = session.client("lambda").get_policy(FunctionName=function_name)["Policy"]
    except NotFoundError:  # there is no policy, or no function
        return set()
    return {statement.get("Sid", "") for statement in json.loads(policy)["Statement"]}
