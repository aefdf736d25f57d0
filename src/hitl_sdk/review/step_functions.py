"""Human loops as steps of a state machine: the Lambda function that starts one, and the machine's definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._clock import current_clock
from hitl_sdk._loop_event import HumanLoopEvent
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions import TaskTokens
from hitl_sdk.loops import check_flow, start_human_loops
from hitl_sdk.loops.asking import Asking
from hitl_sdk.routing import Policy, Prediction, decide_batch
from hitl_sdk.routing.prediction import item_problem, readable_label
from hitl_sdk.session import Session
from hitl_sdk.tasks import Task

if TYPE_CHECKING:
    from hitl_sdk.functions import Handler
    from hitl_sdk.loops import LoopRequest, ReadyFlow

__all__ = ["start_handler", "state_machine_definition"]

_STEP = "Review"

# What may be gone when a step is tried again: Lambda's own troubles, a function that was killed (as a rule at its
# time limit; what it had started is adopted), and the `Transient` errors of this package.
_TRANSIENT = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "ThrottledError",
    "UnavailableError",
)


def start_handler(
    *, task: Task, flow: str, table: str, policy: Policy | None = None, session: Session | None = None
) -> Handler:
    """Return a Lambda handler that starts the human loop for which a step of a state machine waits.

    It is called as `state_machine_definition` says: with the step's task token and the step's input. Where the policy
    accepts or drops the prediction, the step is answered at once, and nobody is asked. Otherwise the token is kept, and the loop
    is started under the name that its content gives it, or adopted; one that had ended answers at once, any other when
    `functions.task_token_handler` is told of its end. Executions with equal items wait for the same loop, and each is
    answered.

    Parameters
    ----------
    task : Task
        What people are asked.
    flow : str
        Name or ARN of the flow definition.
    table : str
        Where tokens are kept; made by `TaskTokenTable`.
    policy : Policy, optional
        Which predictions people see; all when left out, and then items need no prediction.
    session : Session, optional
        By the environment, when left out, as in Lambda.

    Returns
    -------
    callable
        ``handler({"taskToken": ..., "prediction": {...}}, context)``. The prediction has an `item`, and as far as there are
        such an `item_id`, a `label`, a `confidence` and `scores`. Without an `item_id`, a `Sample` is drawn by the item. What
        it raises fails the step, under the name of its class: ``"InvalidPredictionError"``, ``"ThrottledError"``, ...

    Raises
    ------
    InvalidInputError
        If an argument is of the wrong kind; now, not in Lambda.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> lambda_handler = start_handler(task=task, flow="mood", table="review-tokens", policy=hitl.Threshold(0.9))
    """
    _require("task", task, Task)
    _require("flow", flow, str, "name or ARN")
    _require("table", table, str, "name")
    if policy is not None:
        _require("policy", policy, Policy)
    if session is not None:
        _require("session", session, Session)
    starter = _Starter(task, flow, table, policy, session)

    def handler(event: Mapping[str, object], context: object) -> object:  # noqa: ARG001
        return starter.start(event)

    return handler


def state_machine_definition(
    start_function_arn: str, *, timeout: int, then: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the definition of a state machine whose one step is a human review, in Amazon States Language.

    Its input is a prediction, as `start_handler` takes it. Its output is the end of the loop, as
    `functions.TaskTokens.answer` says, or the ``decision``, ``label``, ``confidence`` and ``reason`` of what nobody had to
    look at. What may pass is tried again three times, and a full
    flow twenty times, up to ten minutes apart.

    The step's ``TimeoutSeconds`` is its deadline. There is no ``HeartbeatSeconds``: nothing beats while people think.

    Parameters
    ----------
    start_function_arn : str
        The function of `start_handler`.
    timeout : int
        Seconds that the step may take; not less than the flow's TaskAvailabilityLifetimeInSeconds, or loops outlast the
        executions that wait for them.
    then : mapping, optional
        States that come after the step, by name; the first is the next.

    Returns
    -------
    dict
        For ``create_state_machine(definition=json.dumps(...))``, or a part of a larger one.

    Raises
    ------
    InvalidInputError
        If `timeout` is no whole number of seconds from 1 to 99,999,999, or a state has the name of the step.
    InvalidArnError
        If `start_function_arn` is no ARN.

    Examples
    --------
    >>> arn = "arn:aws:lambda:eu-west-1:123456789012:function:SageMaker-start"
    >>> definition = state_machine_definition(arn, timeout=864_000)
    >>> definition["States"]["Review"]["Resource"]
    'arn:aws:states:::lambda:invoke.waitForTaskToken'
    """
    given: object = timeout
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 99_999_999:
        raise InvalidInputError(f"timeout={timeout!r}", hint="give whole seconds, from 1 to 99,999,999")
    states = dict(then or {})
    if _STEP in states:
        raise InvalidInputError(f"a state is named {_STEP!r}", hint="the review has that name; take another")
    partition = parse_arn(start_function_arn).partition
    review: dict[str, object] = {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": start_function_arn,
            "Payload": {"taskToken.$": "$$.Task.Token", "prediction.$": "$"},
        },
        "TimeoutSeconds": timeout,
        "Retry": [
            _retry(_TRANSIENT, after=5, at_most=3),
            _retry(("QuotaExceededError",), after=60, at_most=20),
        ],
        **({"Next": next(iter(states))} if states else {"End": True}),
    }
    return {"Comment": "A review by people", "StartAt": _STEP, "States": {_STEP: review, **states}}


def _require(name: str, value: object, kind: type, what: str | None = None) -> None:
    if not isinstance(value, kind):
        wanted = what or kind.__name__
        raise InvalidInputError(f"{name}={value!r} is no {wanted}", hint=f"give a {wanted} as {name}")


def _retry(errors: tuple[str, ...], *, after: int, at_most: int) -> dict[str, object]:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": after,
        "BackoffRate": 2.0,
        "MaxDelaySeconds": 600,
        "MaxAttempts": at_most,
        "JitterStrategy": "FULL",
    }


class _Starter:
    """What a warm function keeps from call to call: the session, and the flow that was looked up."""

    def __init__(
        self, task: Task, flow: str, table: str, policy: Policy | None, session: Session | None
    ) -> None:
        self._task = task
        self._flow = flow
        self._table = table
        self._policy = policy
        self._session = session
        self._ready: ReadyFlow | None = None

    def start(self, event: Mapping[str, object]) -> dict[str, object]:
        given: object = event
        fields = given if isinstance(given, Mapping) else {}
        token, prediction = fields.get("taskToken"), fields.get("prediction")
        if not isinstance(token, str) or not token or not isinstance(prediction, dict):
            raise InvalidInputError(
                f"the event has no taskToken and prediction; it has {', '.join(map(str, fields)) or 'nothing'}",
                hint="call the function as state_machine_definition does",
            )
        session = self._session = self._session or Session()
        flow = self._ready = self._ready or check_flow(session, self._flow)
        tokens = TaskTokens(session, self._table)
        request = self._request(flow.arn, prediction)
        name = request.human_loop_name
        decided = self._decided(prediction, name)
        if decided is not None:
            tokens.succeed(name, token, decided)
            return {"humanLoopName": None}
        tokens.keep(name, token)  # before the loop can end: whoever ends it finds the token
        [started] = start_human_loops(session, [request], rate=None, quota_timeout=0)
        if started.status == "failed" and started.error is not None:
            raise started.error
        if started.state is not None and started.state.ended:
            tokens.answer(_end_of(session, name))
        return {"humanLoopName": name, "status": started.status}

    def _request(self, flow_arn: str, fields: Mapping[str, Any]) -> LoopRequest:
        """Return the loop that reviews a prediction, or an item of which no model has said anything."""
        item, said = fields.get("item"), fields.get("label")
        problem = item_problem("0", item)
        if problem is not None:
            raise problem
        asking = Asking(flow_arn, self._task)
        label = None if said is None else asking.label(readable_label(said), fields.get("scores"))
        return asking.request(cast("str", item), label)

    def _decided(self, fields: Mapping[str, Any], name: str) -> dict[str, object] | None:
        """Return the end of a step for which nobody has to look; None if somebody has."""
        if self._policy is None:
            return None
        item_id = fields.get("item_id")
        prediction = Prediction(
            name if item_id is None else str(item_id),  # a sample is drawn by it
            cast("str", fields.get("item")),
            cast("Any", fields.get("label")),
            cast("float", fields.get("confidence")),
            scores=fields.get("scores"),
        )
        [decided] = decide_batch(self._policy, [prediction])
        if decided.error is not None:
            raise decided.error
        if decided.decision == "review":
            return None
        return {
            "decision": decided.decision,
            "label": fields.get("label"),
            "confidence": decided.confidence,
            "reason": decided.reason,
        }


def _end_of(session: Session, name: str) -> HumanLoopEvent:
    """Return what an event would have told of a loop that had ended before."""
    with translated_errors(f"human loop {name!r}"):
        said = session.client("sagemaker-a2i-runtime").describe_human_loop(HumanLoopName=name)
    return HumanLoopEvent(
        name,
        said["HumanLoopArn"],
        said["FlowDefinitionArn"],
        cast("Any", said["HumanLoopStatus"]),
        event_id="",
        sent_at=current_clock().now(),
        created_at=said["CreationTime"],
        output_s3_uri=said.get("HumanLoopOutput", {}).get("OutputS3Uri"),
        failure_code=said.get("FailureCode"),
        failure_reason=said.get("FailureReason"),
    )
