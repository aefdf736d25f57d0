"""What became of each item of a run, and of its human loops together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from hitl_sdk.errors import HitlError, ResourceFailedError
from hitl_sdk.review._codec import read_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitl_sdk.loops import LoopState
    from hitl_sdk.loops.record import RecordedItem, RecordedLoop
    from hitl_sdk.routing import Verdict

__all__ = ["MODEL", "ItemOutcome", "ItemStatus", "RunStatus", "Settled", "outcome", "settle"]

MODEL = ":model"
"""Stands in `RecordedLoop.escalated_to` for the model, whose answer holds. No loop can have such a name."""

ItemStatus = Literal[
    "accepted",
    "dropped",
    "invalid",
    "planned",
    "over budget",
    "not started",
    "started",
    "adopted",
    "stopping",
    "completed",
    "failed",
    "stopped",
    "missing",
]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """Where one item stands.

    Attributes
    ----------
    item_id : str
        The item.
    decision : {"accept", "drop", "review"} or None
        What the policy said; None for a prediction that can't be used. ``"accept"`` also where people have not answered
        in time, and the model's answer was to stand then.
    reason : str
        Why.
    status : str
        ``"accepted"``, ``"dropped"`` or ``"invalid"`` (the prediction can't be used); for an item under review
        ``"planned"`` (nothing was started yet), ``"over budget"``, ``"started"`` or ``"adopted"`` (the loop was there
        already), ``"not started"`` (it could not be, or nobody saw whether it was), and as last seen
        ``"stopping"``, ``"completed"``, ``"failed"``, ``"stopped"`` or ``"missing"`` (somebody has deleted the loop).
    human_loop_name : str or None
        The loop that reviews it. Items of equal content share one.
    error : HitlError or None
        What went wrong with this item; `Transient` errors may be gone when the run is started again.

    Examples
    --------
    >>> outcome = ItemOutcome("1", "accept", "confidence 0.97 >= 0.90", "accepted")
    >>> outcome.error is None
    True
    """

    item_id: str
    decision: Verdict | None
    reason: str
    status: ItemStatus
    human_loop_name: str | None = None
    error: HitlError | None = None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How many human loops of a run are in which state.

    Attributes
    ----------
    in_progress, stopping, completed, failed, stopped, missing : int
        Loops in that state; ``missing`` are those that somebody has deleted.
    not_started : int
        Loops that could not be started, or of which nobody saw whether they were.
    failures : tuple of LoopState
        Those that have failed, been stopped or gone missing, with the service's reason.
    planned, over_budget : int
        Loops that nothing was done for yet, and those that the budget does not allow.
    given_up : int
        Loops that were stopped because people did not answer in time, so that the model's answer stands, or people in
        another flow are asked. These count as loops of their own.

    Examples
    --------
    >>> status = RunStatus(completed=3, failed=1)
    >>> print(status)
    4 human loops: 3 completed, 1 failed
    >>> status.done, status.ok
    (True, False)
    """

    in_progress: int = 0
    stopping: int = 0
    completed: int = 0
    failed: int = 0
    stopped: int = 0
    missing: int = 0
    not_started: int = 0
    failures: tuple[LoopState, ...] = ()
    planned: int = 0
    over_budget: int = 0
    given_up: int = 0

    @property
    def total(self) -> int:
        """All loops of the run."""
        waiting = self.not_started + self.planned + self.over_budget
        return self.ended + self.in_progress + self.stopping + waiting

    @property
    def ended(self) -> int:
        """Loops that nothing more will happen to."""
        return self.completed + self.failed + self.stopped + self.missing + self.given_up

    @property
    def done(self) -> bool:
        """Whether no loop is under way any more."""
        return self.in_progress + self.stopping == 0

    @property
    def ok(self) -> bool:
        """Whether every loop was completed, or given up as was wished.

        Failed, stopped, missing and never started ones are no success.
        """
        return self.completed + self.given_up == self.total

    def __str__(self) -> str:
        """Return one line: ``"5 human loops: 3 completed, 1 failed, 1 in progress"``."""
        names = (
            "completed", "failed", "stopped", "missing", "given_up",
            "not_started", "over_budget", "planned", "stopping", "in_progress",
        )  # fmt: skip
        counts = [f"{getattr(self, name)} {name.replace('_', ' ')}" for name in names if getattr(self, name)]
        return f"{self.total} human loops: {', '.join(counts) or 'none'}"


@dataclass(frozen=True, slots=True)
class Settled:
    """How an item under review stands: the loop that counts for it, its status, and what is to be said of it."""

    loop: RecordedLoop
    status: ItemStatus
    error: HitlError | None = None
    note: str | None = None


def settle(loops: Mapping[str, RecordedLoop], name: str, *, over_budget: str | None) -> Settled:
    """Say how an item stands whose loop is `name`.

    `over_budget` says why no planned loop is started any more; None if they are.
    """
    loop = loops[name]
    while loop.status != "Completed" and loop.escalated_to in loops:
        loop = loops[cast("str", loop.escalated_to)]
    if loop.status != "Completed" and loop.escalated_to == MODEL:
        return Settled(loop, "accepted", note="nobody answered in time")
    if loop.status == "planned":
        status: ItemStatus = "planned" if over_budget is None else "over budget"
        return Settled(loop, status, note=f"{status}{f': {over_budget}' if over_budget else ''}")
    if loop.status in {"starting", "failed"}:
        error = None if loop.error is None else read_error(loop.error)
        return Settled(
            loop, "not started", error, error.message if error else "nobody saw whether it was started"
        )
    if loop.status in {"started", "adopted", "InProgress"}:
        adopted = loop.status == "adopted" or (loop.status == "InProgress" and not loop.charged)
        return Settled(loop, "adopted" if adopted else "started")
    if loop.status in {"Completed", "Stopping"}:
        return Settled(loop, cast("ItemStatus", loop.status.lower()))
    reason = f": {loop.error}" if loop.error else ""
    error = ResourceFailedError(
        f"human loop {loop.human_loop_name!r} is {loop.status}{reason}",
        hint="start the run with restart_failed=True to have it reviewed anew",
        resource=loop.human_loop_name,
    )
    return Settled(loop, cast("ItemStatus", loop.status.lower()), error)


def outcome(item: RecordedItem, settled: Settled | None) -> ItemOutcome:
    """Return the outcome of an item, of which `settled` says how its review stands, if it has one."""
    decision = cast("Verdict | None", item.decision)
    if item.error is not None:
        return ItemOutcome(item.item_id, None, item.reason, "invalid", error=read_error(item.error))
    if settled is None:
        status: ItemStatus = "accepted" if decision == "accept" else "dropped"
        return ItemOutcome(item.item_id, decision, item.reason, status)
    reason = item.reason
    if settled.note and settled.error is None:
        reason = f"{reason}; {settled.note}"
    if settled.status == "accepted":
        decision = "accept"
    name = settled.loop.human_loop_name
    return ItemOutcome(item.item_id, decision, reason, settled.status, name, settled.error)
