"""Starts human loops in bulk: each at most once, under a rate limit, with an outcome for each."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConflictError,
    DuplicateItemError,
    HitlError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    Transient,
)
from hitl_sdk.loops.rate import TokenBucket
from hitl_sdk.loops.states import LoopState, describe_loop, listed_states

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_sagemaker_a2i_runtime import AugmentedAIRuntimeClient

    from hitl_sdk.session import Session

__all__ = [
    "DEFAULT_CONCURRENCY",
    "DEFAULT_RATE",
    "INPUT_LENGTH_LIMIT",
    "LoopRequest",
    "LoopStart",
    "start_human_loops",
]

DEFAULT_RATE = 50.0
"""Starts a second. AWS does not publish its limit; what it throttles, the client retries, and slows down by itself."""

DEFAULT_CONCURRENCY = 16
"""Calls at a time."""

INPUT_LENGTH_LIMIT = 3 * 1024 * 1024
"""Bytes of InputContent in UTF-8: 3 MiB. The model (botocore 1.44.5, ``InputContent``) says the number without a unit."""

# What the next item would meet as well.
_FATAL = (ConfigurationError, AccessDeniedError, NotFoundError)


@dataclass(frozen=True, slots=True)
class LoopRequest:
    """A human loop that is wanted.

    Attributes
    ----------
    flow_definition_arn : str
        Its flow.
    human_loop_name : str
        Its name; see `human_loop_name`.
    input_content : mapping
        What the worker template gets as ``task.input``.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> LoopRequest(flow, "sentiment-1", {"taskObject": "It is okay"}).human_loop_name
    'sentiment-1'
    """

    flow_definition_arn: str
    human_loop_name: str
    input_content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LoopStart:
    """What became of one request.

    Attributes
    ----------
    human_loop_name : str
        The loop.
    status : {"started", "adopted", "failed"}
        ``"adopted"``: it was there already, under the same name and so for the same item. ``"failed"``: it could
        not be started; `error` says why, and whether to try again (`Transient`) or not.
    state : LoopState or None
        Of an adopted loop, the state it was found in.
    error : HitlError or None
        Why it could not be started, or that the adopted loop had failed or been stopped.
    arn : str or None
        The loop's ARN, where the service said it.

    Examples
    --------
    >>> start = LoopStart("sentiment-1", "started")
    >>> start.error is None
    True
    """

    human_loop_name: str
    status: Literal["started", "adopted", "failed"]
    state: LoopState | None = None
    error: HitlError | None = None
    arn: str | None = None


def start_human_loops(
    session: Session,
    requests: Sequence[LoopRequest],
    *,
    rate: float | None = DEFAULT_RATE,
    concurrency: int = DEFAULT_CONCURRENCY,
    restart_failed: bool = False,
    on_progress: Callable[[LoopStart], None] | None = None,
) -> list[LoopStart]:
    """Start human loops, adopting those that exist.

    Safe to run again, after success or after a crash at any point: a loop that exists is never started again.

    Parameters
    ----------
    session : Session
        As whom and where.
    requests : sequence of LoopRequest
        The loops; no name twice.
    rate : float or None, default 50
        Starts a second at most; None for no limit.
    concurrency : int, default 16
        Calls at a time.
    restart_failed : bool, default False
        Delete a loop that was found failed or stopped, and start it again.
    on_progress : callable, optional
        Called with each outcome as it comes, in the caller's thread.

    Returns
    -------
    list of LoopStart
        One a request, in the order of `requests`. A failure is that loop's outcome; the others go on.

    Raises
    ------
    DuplicateItemError
        If two requests have the same name; nothing was started.
    CredentialsError, AccessDeniedError, NotFoundError
        If no request can succeed: the session has expired, the caller may not start loops, the flow does not
        exist. No further loop is started then; the message says how many were, and running again adopts them.

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
    ...     requests = [LoopRequest(flow_arn, f"loop-{text}", task.input(text)) for text in ("a", "b")]
    ...     first = start_human_loops(session, requests[:1])
    ...     [start.status for start in start_human_loops(session, requests)]
    ['adopted', 'started']
    """
    repeated = [name for name, n in Counter(request.human_loop_name for request in requests).items() if n > 1]
    if repeated:
        raise DuplicateItemError(
            f"human loop {repeated[0]!r} is requested more than once", hint="ask for each loop once"
        )
    starter = _Starter(session.client("sagemaker-a2i-runtime"), TokenBucket(rate), restart_failed)
    counts: Counter[str] = Counter()

    def note(start: LoopStart) -> None:
        counts[start.status] += 1
        if on_progress is not None:
            on_progress(start)

    try:
        known = _known_states(session, requests)
        return in_threads(
            lambda request: starter.outcome(request, known.get(request.human_loop_name)),
            requests,
            concurrency=concurrency,
            on_result=note,
        )
    except _FATAL as error:
        raise _with_count(error, counts["started"], len(requests)) from error


class _Starter:
    """What the threads share, and what they do for one request."""

    def __init__(self, runtime: AugmentedAIRuntimeClient, bucket: TokenBucket, restart_failed: bool) -> None:
        self._runtime = runtime
        self._bucket = bucket
        self._restart_failed = restart_failed

    def outcome(self, request: LoopRequest, state: LoopState | None) -> LoopStart:
        """Start or adopt, given the state if it is known; a failure of this request alone is its outcome."""
        name = request.human_loop_name
        try:
            content = _input_text(request)
            state = state or describe_loop(self._runtime, name)
            if state.status == "Missing":
                return self._start(request, content)
            adopted = _adopted(request, state)
            if self._restart_failed and state.status in {"Failed", "Stopped"}:
                return self._restart(request, content)
            return adopted
        except _FATAL:
            raise
        except HitlError as error:
            return LoopStart(name, "failed", error=error)

    def _start(self, request: LoopRequest, content: str) -> LoopStart:
        name = request.human_loop_name
        self._bucket.take()
        try:
            with translated_errors(f"human loop {name!r}"):
                said = self._runtime.start_human_loop(
                    HumanLoopName=name,
                    FlowDefinitionArn=request.flow_definition_arn,
                    HumanLoopInput={"InputContent": content},
                )
        except (ConflictError, RejectedError) as error:
            # The name is ours, so the loop is one for this item: somebody was faster, with another model's label.
            if isinstance(error, RejectedError) and "already exists" not in error.message:
                raise
            state = describe_loop(self._runtime, name)
            if state.status == "Missing":
                raise
            return _adopted(request, state)
        return LoopStart(name, "started", arn=said["HumanLoopArn"])

    def _restart(self, request: LoopRequest, content: str) -> LoopStart:
        """Delete a loop that had failed, and start it again, unless somebody has since: that one is adopted."""
        name = request.human_loop_name
        state = describe_loop(self._runtime, name)
        if not state.ended or state.status == "Completed":
            return _adopted(request, state)
        with suppress(NotFoundError), translated_errors(f"human loop {name!r}"):
            self._runtime.delete_human_loop(HumanLoopName=name)
        return self._start(request, content)


def _adopted(request: LoopRequest, state: LoopState) -> LoopStart:
    name = request.human_loop_name
    if state.flow_definition_arn != request.flow_definition_arn:
        raise ConflictError(
            f"human loop {name!r} exists in another flow: {state.flow_definition_arn}",
            hint="delete it, or use a flow of another name",
            resource=name,
        )
    error = None
    if state.status in {"Failed", "Stopped", "Stopping"}:
        reason = f": {state.failure_reason}" if state.failure_reason else ""
        error = ResourceFailedError(
            f"human loop {name!r} was {state.status} already{reason}",
            hint="route with restart_failed=True to have it reviewed again",
            resource=name,
        )
    return LoopStart(name, "adopted", state=state, error=error, arn=state.arn)


def _known_states(session: Session, requests: Sequence[LoopRequest]) -> dict[str, LoopState]:
    """Find out which of the loops exist, as far as lists tell; each of the others is asked about at its turn."""
    names_by_flow: defaultdict[str, list[str]] = defaultdict(list)
    for request in requests:
        names_by_flow[request.flow_definition_arn].append(request.human_loop_name)
    known: dict[str, LoopState] = {}
    for flow, names in names_by_flow.items():
        try:
            states, complete = listed_states(session, flow, names)
        except HitlError as error:
            if not isinstance(error, Transient):
                raise
            continue
        missing = {name: LoopState(name, "Missing") for name in names} if complete else {}
        known |= missing | states
    return known


def _input_text(request: LoopRequest) -> str:
    try:
        text = json.dumps(request.input_content, ensure_ascii=False, allow_nan=False)
        length = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPredictionError(
            f"the input of human loop {request.human_loop_name!r} can't be written as JSON",
            hint="give texts, finite numbers, lists and mappings with text keys",
            resource=request.human_loop_name,
        ) from error
    if length > INPUT_LENGTH_LIMIT:
        raise InvalidPredictionError(
            f"the input of human loop {request.human_loop_name!r} has {length:,} bytes; "
            f"the service takes {INPUT_LENGTH_LIMIT:,}",
            hint="put the content into S3, and give its URI as the item",
            resource=request.human_loop_name,
        )
    return text


def _with_count(error: HitlError, started: int, wanted: int) -> HitlError:
    """Say, in an error that ends a whole run, how far the run has come."""
    twin = copy(error)
    twin.message = (
        f"{error.message}; {started} of {wanted} human loops had been started, and running again adopts them"
    )
    return twin
