"""What is asked for when human loops are started, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.errors import HitlError
    from hitl_sdk.loops.states import LoopState

__all__ = ["LoopRequest", "LoopStart", "StartWait"]


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
    state : LoopState or None
        How it stands, where that is known already, ``"Missing"`` if it does not exist; None has it looked up.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> LoopRequest(flow, "sentiment-1", {"taskObject": "It is okay"}).human_loop_name
    'sentiment-1'
    """

    flow_definition_arn: str
    human_loop_name: str
    input_content: Mapping[str, object]
    state: LoopState | None = None


@dataclass(frozen=True, slots=True)
class LoopStart:
    """What became of one request.

    Attributes
    ----------
    human_loop_name : str
        The loop.
    status : {"started", "adopted", "failed"}
        ``"adopted"``: it was there already, under the same name and so for the same item. ``"failed"``: it could
        not be started, or was not tried any more; `error` says why, and whether to try again (`Transient`) or not.
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


@dataclass(frozen=True, slots=True)
class StartWait:
    """Nothing is started for now, and why.

    Attributes
    ----------
    reason : {"no room", "no answer"}
        ``"no room"``: as many loops of the flow are in flight as may be, and people have to answer some first.
        ``"no answer"``: so many starts have failed in a row that the service is left alone for a pause.
    error : HitlError
        What the service said.
    in_flight : int or None
        With ``"no room"``, how many loops of the flow are in flight; None if the service would not tell.
    seconds : float or None
        With ``"no answer"``, how long the pause is.

    Examples
    --------
    >>> from hitl_sdk.errors import QuotaExceededError
    >>> print(StartWait("no room", QuotaExceededError("5,000 are in flight"), in_flight=5_000))
    waiting for room: 5,000 human loops are in flight
    """

    reason: Literal["no room", "no answer"]
    error: HitlError
    in_flight: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        """Return one line for people."""
        if self.reason == "no room":
            if self.in_flight is None:
                return "waiting for room: as many human loops are in flight as may be"
            return f"waiting for room: {self.in_flight:,} human loops are in flight"
        return f"waiting {self.seconds:g} s, for no start succeeds: {self.error.message}"
