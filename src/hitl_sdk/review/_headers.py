"""Begins runs and finds them again: their names, and what a run of a name must have in common with whoever goes on with it."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING

from hitl_sdk._clock import current_clock
from hitl_sdk.arns import parse_arn
from hitl_sdk.errors import ConflictError
from hitl_sdk.loops.record import RunHeader
from hitl_sdk.review._codec import policy_text, task_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitl_sdk.loops.record import RecordStore, RunRecord
    from hitl_sdk.review.budget import Budget
    from hitl_sdk.routing import Policy
    from hitl_sdk.tasks import Task

__all__ = ["begin", "budget_settings", "require_same"]

_runs_of_this_process = count(1)


def begin(
    store: RecordStore,
    name: str | None,
    *,
    flow_definition_arn: str,
    task: Task,
    policy: Policy,
    settings: Mapping[str, object],
) -> RunRecord:
    """Begin the run of a name, or go on with it; without a name begin one named after its flow and the time.

    Raises
    ------
    ConflictError
        If the run of that name has another flow, task or policy.
    """
    now = current_clock().now()
    # Two headers are equal only if they are one: so it can be told whose a name is.
    by = f"{platform.node()}:{os.getpid()}:{next(_runs_of_this_process)}"
    for each in _derived(flow_definition_arn, f"{now:%Y%m%dT%H%M%SZ}") if name is None else (name,):
        header = RunHeader(
            each,
            flow_definition_arn,
            task_text(task),
            policy_text(policy),
            json.dumps({**settings, "begun_by": by}),
            now,
        )
        record = store.create(header)
        if record.header == header:
            return record
        if name is not None:
            require_same(record, flow_definition_arn=flow_definition_arn, task=task, policy=policy)
            return record
    raise AssertionError("names do not end")


def budget_settings(budget: Budget, workers: int) -> dict[str, object]:
    """Return what the header says of the budget that a run is begun with."""
    return {**asdict(budget), "workers": workers}


def _derived(flow_definition_arn: str, time: str) -> Iterator[str]:
    first = f"{parse_arn(flow_definition_arn, 'flow-definition').name}-{time}"
    yield first
    yield from (f"{first}-{number}" for number in count(2))


def require_same(
    record: RunRecord,
    *,
    task: Task,
    flow_definition_arn: str | None = None,
    policy: Policy | None = None,
) -> None:
    """Refuse to go on with a run of something else, naming what differs.

    Raises
    ------
    ConflictError
        If it has another flow, task or policy.
    """
    header = record.header
    problems = []
    if flow_definition_arn is not None and flow_definition_arn != header.flow_definition_arn:
        problems.append(f"its flow is {header.flow_definition_arn}, not {flow_definition_arn}")
    if policy is not None and policy_text(policy) != header.policy:
        problems.append(f"its policy is {header.policy}, not {policy_text(policy)}")
    then, now = json.loads(header.task), json.loads(task_text(task))
    differing = sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key))
    if differing:
        problems.append(f"its task differs in {', '.join(differing)}")
    if problems:
        raise ConflictError(
            f"run {header.name!r} is of something else: {'; '.join(problems)}",
            hint="give the run of the changed review another name",
            resource=header.name,
        )
