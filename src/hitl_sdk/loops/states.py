"""What state human loops are in: told by the flow's list, page by page, and not by a call for each loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from mypy_boto3_sagemaker_a2i_runtime import AugmentedAIRuntimeClient

    from hitl_sdk.session import Session

__all__ = ["ENDED", "LoopState", "LoopStatus", "describe_loop", "list_loops", "read_states"]

LoopStatus = Literal["InProgress", "Stopping", "Completed", "Failed", "Stopped", "Missing"]


class _Window(TypedDict, total=False):
    CreationTimeAfter: datetime
    CreationTimeBefore: datetime


ENDED: frozenset[LoopStatus] = frozenset({"Completed", "Failed", "Stopped", "Missing"})
"""The states that a human loop does not leave."""

PAGE_SIZE = 100
"""Loops on one page of ListHumanLoops, the most the service gives."""


@dataclass(frozen=True, slots=True)
class LoopState:
    """One human loop, as the service last said.

    Attributes
    ----------
    human_loop_name : str
        Its name.
    status : str
        ``"InProgress"``, ``"Stopping"``, ``"Completed"``, ``"Failed"`` or ``"Stopped"``, and ``"Missing"`` when the
        service does not know the loop: somebody has deleted it.
    failure_reason : str or None
        The service's reason, when it failed.
    created_at : datetime or None
        When it was started, aware.
    flow_definition_arn : str or None
        The flow it runs in.
    arn : str or None
        Its ARN, where it was asked about by itself, or an event told of it.
    output_s3_uri : str or None
        Where output.json lies, where it was asked about by itself, or an event told of it.

    Examples
    --------
    >>> LoopState("sentiment-1", "Failed", "it was not answered in time").ended
    True
    """

    human_loop_name: str
    status: LoopStatus
    failure_reason: str | None = None
    created_at: datetime | None = None
    flow_definition_arn: str | None = None
    arn: str | None = None
    output_s3_uri: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED


def describe_loop(runtime: AugmentedAIRuntimeClient, name: str) -> LoopState:
    """Return the state of one loop; ``"Missing"`` when the service does not know it."""
    try:
        with translated_errors(f"human loop {name!r}"):
            said = runtime.describe_human_loop(HumanLoopName=name)
    except NotFoundError:
        return LoopState(name, "Missing")
    return LoopState(
        name,
        cast("LoopStatus", said["HumanLoopStatus"]),
        said.get("FailureReason"),
        said["CreationTime"],
        said["FlowDefinitionArn"],
        said["HumanLoopArn"],
        said.get("HumanLoopOutput", {}).get("OutputS3Uri"),
    )


def list_loops(
    session: Session,
    flow_definition_arn: str,
    *,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Iterator[LoopState]:
    """Go through the human loops of a flow, the newest first, page by page as they are asked for.

    Parameters
    ----------
    session : Session
        Where.
    flow_definition_arn : str
        The flow.
    created_after, created_before : datetime, optional
        Only those that were started in this time; aware. Which of the two borders belongs to it, AWS does not say.

    Yields
    ------
    LoopState

    Raises
    ------
    NotFoundError
        If there is no such flow.
    UnavailableError
        If the service gives the same page token twice, which would never end.
    ServiceError
        If it refuses the call.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     flow_arn = flow.ensure(session).arn
    ...     run = hitl.Router(flow=flow, policy=hitl.Threshold(0.90), session=session).route(
    ...         [hitl.Prediction("1", item="It is okay", label="good", confidence=0.54)]
    ...     )
    ...     [loop.status for loop in list_loops(session, flow_arn)]
    ['InProgress']
    """
    runtime = session.client("sagemaker-a2i-runtime")
    seen: set[str] = set()
    window: _Window = {}
    if created_after is not None:
        window["CreationTimeAfter"] = created_after
    if created_before is not None:
        window["CreationTimeBefore"] = created_before
    token: str | None = None
    while True:
        with translated_errors(flow_definition_arn):
            page = runtime.list_human_loops(
                FlowDefinitionArn=flow_definition_arn,
                SortOrder="Descending",
                MaxResults=PAGE_SIZE,
                **window,
                **({"NextToken": token} if token else {}),
            )
        for said in page["HumanLoopSummaries"]:
            yield LoopState(
                said["HumanLoopName"],
                cast("LoopStatus", said["HumanLoopStatus"]),
                said.get("FailureReason"),
                said.get("CreationTime"),
                said.get("FlowDefinitionArn", flow_definition_arn),
            )
        token = page.get("NextToken")
        if not token:
            return
        if token in seen:
            raise UnavailableError(
                f"ListHumanLoops gave the same page token twice for {flow_definition_arn}",
                hint="try again; nothing was changed",
                operation="ListHumanLoops",
                resource=flow_definition_arn,
            )
        seen.add(token)


def read_states(
    session: Session,
    flow_definition_arn: str,
    names: Collection[str],
    *,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> dict[str, LoopState]:
    """Return the state of each of the named loops of one flow, looked up in the flow's list, the newest first.

    The list is read until all are found: a call for every hundred loops, and none for each.

    Parameters
    ----------
    session : Session
        Where.
    flow_definition_arn : str
        The flow of all of them.
    names : collection of str
        The loops.
    created_after, created_before : datetime, optional
        The time in which all of them were started, aware: it bounds the list that is read.

    Returns
    -------
    dict of str to LoopState
        One a name; ``"Missing"`` for those that the list does not have.

    Raises
    ------
    NotFoundError
        If there is no such flow.
    ServiceError
        If the service refuses a call.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> task = hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Mood?")
    >>> team = hitl.PrivateTeam(name="crew", members=[hitl.Member(email="ana@example.com")])
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     session, bucket = cloud.session(), cloud.bucket("reviews")
    ...     flow = hitl.ReviewFlow(
    ...         name="mood", team=team, task=task, output="s3://reviews/a2i", role_arn=cloud.role_arn
    ...     )
    ...     read_states(session, flow.ensure(session).arn, ["loop-1"])["loop-1"].status
    'Missing'
    """
    states = {name: LoopState(name, "Missing") for name in names}
    still_wanted = set(states)
    if not still_wanted:
        return states
    listed = list_loops(
        session, flow_definition_arn, created_after=created_after, created_before=created_before
    )
    for state in listed:
        if state.human_loop_name in still_wanted:
            states[state.human_loop_name] = state
            still_wanted.remove(state.human_loop_name)
            if not still_wanted:
                break
    return states
