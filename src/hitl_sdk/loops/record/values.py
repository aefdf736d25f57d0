"""What a run's record holds: its header, its items, its human loops, and what changes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.loops.states import LoopStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = [
    "LOOP_STATUSES",
    "SCHEMA_VERSION",
    "LoopChange",
    "RecordedItem",
    "RecordedLoop",
    "RecordedStatus",
    "RunHeader",
]

SCHEMA_VERSION = 1
"""Of records as this version writes them."""

RecordedStatus = LoopStatus | Literal["planned", "starting", "started", "adopted", "failed"]
"""``planned`` -> ``starting`` -> ``started``, ``adopted`` or ``failed`` (to start) -> the service's own states."""

LOOP_STATUSES: frozenset[str] = frozenset({*get_args(LoopStatus), *get_args(get_args(RecordedStatus)[-1])})
"""All that `RecordedStatus` allows."""

_UNCHARGED = frozenset({"planned", "adopted", "failed"})
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a run is of: written once, before anything else of it, and never changed.

    Attributes
    ----------
    name : str
        The run's name, one to a store: up to 128 letters, digits, dots, hyphens and underscores.
    flow_definition_arn : str
        The flow whose human loops it starts.
    task, policy, settings : str
        The task, the policy and what else a resume must know, each as JSON text.
    created_at : datetime
        When the run began, aware.
    schema_version : int
        Of the record.

    Raises
    ------
    InvalidInputError
        If the name is none, or the time has no zone.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> RunHeader("march", flow, "{}", "{}", "{}", datetime(2026, 3, 1, tzinfo=UTC)).schema_version
    1
    """

    name: str
    flow_definition_arn: str
    task: str
    policy: str
    settings: str
    created_at: datetime
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        check_run_name(self.name)
        if self.created_at.tzinfo is None:
            raise InvalidInputError(
                f"created_at={self.created_at!r} has no zone", hint="give datetime.now(UTC)"
            )


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """One prediction with its decision, as it was taken in.

    Attributes
    ----------
    item_id, item : str
        The item.
    label : str or None
        The model's label as JSON text; None when the prediction can't be used.
    confidence : float or None
        The model's confidence.
    decision : str or None
        What the policy says.
    reason : str
        Why.
    error : str or None
        What is wrong with the prediction, as text.
    extra : str or None
        The user's own columns as JSON text.
    human_loop_name : str or None
        The loop that reviews it.

    Examples
    --------
    >>> RecordedItem("1", "It is okay", '"good"', 0.54, "review", "0.54 < 0.90", human_loop_name="mood-1").error
    """

    item_id: str
    item: str
    label: str | None
    confidence: float | None
    decision: str | None
    reason: str
    error: str | None = None
    extra: str | None = None
    human_loop_name: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedLoop:
    """One human loop that a run wants, and how far it has come.

    Attributes
    ----------
    human_loop_name : str
        Its name.
    flow_definition_arn : str
        Its flow: the run's own, or the one that the run escalates to.
    input_content : str
        The JSON text that StartHumanLoop gets.
    status : str
        See `RecordedStatus`.
    charged : bool
        Whether it counts against the run's budget: it was started by this run, or may have been.
    attempts : int
        How often it was claimed. Of a loop that was claimed before, it can't be told whether a start that nobody
        saw the answer of has made it; so if it turns out to exist, it counts as started by this run.
    error : str or None
        Why it could not be started, or the service's reason why it failed.
    created_at : datetime or None
        When the service says it began.
    output_uri : str or None
        Where its answers are.
    escalated_to : str or None
        The loop that was asked for instead.

    Examples
    --------
    >>> flow = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/sentiment"
    >>> RecordedLoop("sentiment-1", flow, '{"taskObject": "It is okay"}').status
    'planned'
    """

    human_loop_name: str
    flow_definition_arn: str
    input_content: str
    status: RecordedStatus = "planned"
    charged: bool = False
    attempts: int = 0
    error: str | None = None
    created_at: datetime | None = None
    output_uri: str | None = None
    escalated_to: str | None = None


@dataclass(frozen=True, slots=True)
class LoopChange:
    """What has become of one loop. What is None stays as it was, but `error`, which goes with the status.

    Attributes
    ----------
    human_loop_name : str
        The loop.
    status : str
        Its new status.
    error : str or None
        Why.
    charged : bool or None
        Whether it counts against the budget. When left out: not if it is ``planned`` (given back), ``adopted`` or
        ``failed``; as before in any other status. Say True where a start may have gone through all the same.
    created_at : datetime or None
        When the service says it began.
    output_uri : str or None
        Where its answers are.
    escalated_to : str or None
        The loop that was asked for instead.
    if_status : str or None
        The status in which the loop still has to be when it is written; in another, nothing changes: somebody knows more.

    Raises
    ------
    InvalidInputError
        If the status is none.

    Examples
    --------
    >>> LoopChange("sentiment-1", "adopted").now_charged(True)
    False
    >>> LoopChange("sentiment-1", "Completed").now_charged(True)
    True
    """

    human_loop_name: str
    status: RecordedStatus
    error: str | None = None
    charged: bool | None = None
    created_at: datetime | None = None
    output_uri: str | None = None
    escalated_to: str | None = None
    if_status: RecordedStatus | None = None

    def __post_init__(self) -> None:
        check_statuses([self.status])

    def now_charged(self, before: bool) -> bool:
        """Tell whether the loop counts against the budget from now on.

        Parameters
        ----------
        before : bool
            Whether it did.
        """
        if self.charged is not None:
            return self.charged
        return before and self.status not in _UNCHARGED


def check_run_name(name: object) -> None:
    """Refuse what can't name a run everywhere: in a URL, as an object of S3, on a command line."""
    if not (isinstance(name, str) and _RUN_NAME.fullmatch(name)):
        raise InvalidInputError(
            f"{name!r} is no name of a run",
            hint="1 to 128 letters, digits, dots, hyphens and underscores, a letter or digit first",
        )


def check_statuses(statuses: Iterable[str]) -> None:
    """Refuse what is no status, naming those that are."""
    unknown = sorted(set(statuses) - LOOP_STATUSES)
    if unknown:
        raise InvalidInputError(
            f"{unknown[0]!r} is no status of a loop", hint=f"one of {', '.join(sorted(LOOP_STATUSES))}"
        )
