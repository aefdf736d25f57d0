"""What is called for one human loop that is wanted, and what is known of many before."""

from __future__ import annotations

import json
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConflictError,
    HitlError,
    InvalidPredictionError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    Transient,
    UnavailableError,
)
from hitl_sdk.loops.requests import LoopStart
from hitl_sdk.loops.states import PAGE_SIZE, LoopState, describe_loop, list_loops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_sagemaker_a2i_runtime import AugmentedAIRuntimeClient

    from hitl_sdk.loops.requests import LoopRequest
    from hitl_sdk.session import Session

__all__ = ["FATAL", "INPUT_LENGTH_LIMIT", "KnownLoops", "LoopStarter", "Rate", "adopted"]

INPUT_LENGTH_LIMIT = 3 * 1024 * 1024
"""Bytes of InputContent in UTF-8: 3 MiB. The model (botocore 1.44.5, ``InputContent``) says the number without a unit."""

# What the next item would meet as well.
FATAL = (ConfigurationError, AccessDeniedError, NotFoundError)

_NAMES_A_PAGE = 10
_MOST_PAGES = 1000


@runtime_checkable
class Rate(Protocol):
    """What paces calls: a `TokenBucket`, or something that many machines share.

    Examples
    --------
    >>> from hitl_sdk.loops import TokenBucket
    >>> pace: Rate = TokenBucket(20)
    >>> pace.take()
    """

    def take(self) -> None:
        """Return when the next call may be made."""
        ...


class LoopStarter:
    """What the threads share, and what they do for one request."""

    def __init__(
        self,
        runtime: AugmentedAIRuntimeClient,
        rate: Rate,
        *,
        restart_failed: bool,
        held: Callable[[], bool],
    ) -> None:
        self._runtime = runtime
        self._rate = rate
        self._restart_failed = restart_failed
        self._held = held
        self._pace = Lock()

    def outcome(self, request: LoopRequest, state: LoopState | None) -> LoopStart | None:
        """Start or adopt, given the state if it is known; a failure of this request alone is its outcome.

        None if starting was put on hold before the call was made.
        """
        if self._held():
            return None
        name = request.human_loop_name
        try:
            content = _input_text(request)
            state = state or describe_loop(self._runtime, name)
            if state.status == "Missing":
                return self._start(request, content)
            found = adopted(request, state)
            if self.restarts(state):
                return self._restart(request, content)
            return found
        except FATAL:
            raise
        except HitlError as error:
            return LoopStart(name, "failed", error=error)

    def restarts(self, state: LoopState) -> bool:
        """Whether a loop in that state is to be deleted and started again."""
        return self._restart_failed and state.status in {"Failed", "Stopped"}

    def _start(self, request: LoopRequest, content: str) -> LoopStart | None:
        # One waits for the rate, the others for that one: so all stop when starting is put on hold.
        with self._pace:
            if not self._held():
                self._rate.take()
            if self._held():
                return None
        name = request.human_loop_name
        try:
            with translated_errors(f"human loop {name!r}"):
                said = self._runtime.start_human_loop(
                    HumanLoopName=name,
                    FlowDefinitionArn=request.flow_definition_arn,
                    HumanLoopInput={"InputContent": content},
                )
        except (ConflictError, RejectedError, UnavailableError) as error:
            return self._adopt_instead(request, error)
        return LoopStart(name, "started", arn=said["HumanLoopArn"])

    def _adopt_instead(self, request: LoopRequest, error: HitlError) -> LoopStart:
        """Look whether the loop is there, although the call has failed; raise the call's error if it is not.

        The name is ours, so the loop is one for this item: somebody was faster, with another model's label; or the
        service has done the work, and its answer was lost.
        """
        if isinstance(error, RejectedError) and "already exists" not in error.message:
            raise error
        try:
            state = describe_loop(self._runtime, request.human_loop_name)
        except FATAL:
            raise
        except HitlError:
            raise error from None
        if state.status == "Missing":
            raise error
        return adopted(request, state)

    def _restart(self, request: LoopRequest, content: str) -> LoopStart | None:
        """Delete a loop that had failed, and start it again, unless somebody has since: that one is adopted."""
        name = request.human_loop_name
        state = describe_loop(self._runtime, name)
        if not state.ended or state.status == "Completed":
            return adopted(request, state)
        with suppress(NotFoundError), translated_errors(f"human loop {name!r}"):
            self._runtime.delete_human_loop(HumanLoopName=name)
        return self._start(request, content)


def adopted(request: LoopRequest, state: LoopState) -> LoopStart:
    """Return the outcome of a request whose loop exists.

    Raises
    ------
    ConflictError
        If it runs in another flow.
    """
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


class KnownLoops:
    """Which loops exist, as far as the flows' lists tell: each list is read once, the newest first, as names are asked for.

    A page is read for every ten names at most, and no more than a thousand pages: whoever is not found by then is asked
    about at its turn. A flow whose list the service does not give now is not listed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lists: dict[str, _FlowList] = {}

    def look_up(self, requests: Sequence[LoopRequest]) -> list[LoopState | None]:
        """Return the state of each as the list tells, ``"Missing"`` included; None where it does not."""
        names: dict[str, list[str]] = {}
        for request in requests:
            if request.state is None:
                names.setdefault(request.flow_definition_arn, []).append(request.human_loop_name)
        for flow, wanted in names.items():
            if flow not in self._lists:
                self._lists[flow] = _FlowList(list_loops(self._session, flow))
            self._lists[flow].read_for(wanted)
        return [
            request.state or self._lists[request.flow_definition_arn].state_of(request.human_loop_name)
            for request in requests
        ]


class _FlowList:
    """What has been read of one flow's list."""

    def __init__(self, loops: Iterator[LoopState]) -> None:
        self._loops = loops
        self._seen: dict[str, LoopState] = {}
        self._asked = self._read = 0
        self._complete = self._broken = False

    def read_for(self, names: Sequence[str]) -> None:
        """Read on, until all are seen or enough was read for so many names."""
        self._asked += len(names)
        most = PAGE_SIZE * min(self._asked // _NAMES_A_PAGE, _MOST_PAGES)
        unseen = set(names) - self._seen.keys()
        try:
            while unseen and self._read < most and not (self._complete or self._broken):
                state = next(self._loops, None)
                if state is None:
                    self._complete = True
                    return
                self._read += 1
                self._seen[state.human_loop_name] = state
                unseen.discard(state.human_loop_name)
        except HitlError as error:
            # A page token may have grown old while there was no room; the first page has none.
            if isinstance(error, FATAL) or not (self._read or isinstance(error, Transient)):
                raise
            self._broken = True

    def state_of(self, name: str) -> LoopState | None:
        """Return the state of a loop; None if only asking tells whether there is one."""
        missing = LoopState(name, "Missing") if self._complete else None
        return self._seen.get(name, missing)


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
