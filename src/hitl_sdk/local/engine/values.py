"""The values that the engine takes and gives: who, where, what there is to do, and how it is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hitl_sdk._data import human_review_quotas

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["Lease", "OpenTask", "Scope", "Settings", "Worker"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The account and Region a request is made in; nothing is shared between two of them.

    Attributes
    ----------
    account_id : str
        Twelve digits.
    region : str
        For example ``"eu-west-1"``.

    Examples
    --------
    >>> Scope("123456789012", "eu-west-1").arn("human-loop", "loop-1")
    'arn:aws:sagemaker:eu-west-1:123456789012:human-loop/loop-1'
    """

    account_id: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a SageMaker resource of this account and Region.

        Human review exists in the partition ``aws`` alone.
        """
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{kind}/{name}"


@dataclass(frozen=True, slots=True)
class Worker:
    """A person who answers, or a simulated one.

    Attributes
    ----------
    worker_id : str
        16 hexadecimal digits, as ``workerId`` of output.json.
    sub : str
        The worker's id at the identity provider.
    issuer : str, optional
        The identity provider's address; the team's own when left out.
    teams : frozenset of str, optional
        ARNs of the workteams the worker is in; every team of the account when left out.

    Examples
    --------
    >>> Worker("0f1e2d3c4b5a6978", sub="11111111-2222-3333-4444-555555555555").teams is None
    True
    """

    worker_id: str
    sub: str
    issuer: str | None = None
    teams: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A human loop that still wants answers, or an object of a labeling job that does.

    Attributes
    ----------
    scope : Scope
        Where it lies.
    human_loop_name : str
        Its name; of an object, that of its job and the number of its line: ``"job/0"``.
    flow : str
        ARN of its flow definition, or of its labeling job.
    title, description : str
        What flow definition or job say the task is.
    template : str
        The worker template.
    input_content : mapping
        The InputContent of StartHumanLoop, parsed; of an object, what its pre-annotation function gave as taskInput.
    task_count : int
        How many distinct workers are wanted: 1 to 3, for an object 1 to 9.
    answered_by : frozenset of str
        The worker ids that have answered.
    created_at : datetime
        When the loop was started.
    sequence : int
        Grows with every loop that is started; see `Engine.open_loops`.
    """

    scope: Scope
    human_loop_name: str
    flow: str
    title: str
    description: str
    template: str = field(repr=False)
    input_content: Mapping[str, Any] = field(repr=False)
    task_count: int
    answered_by: frozenset[str]
    created_at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's hold on one seat of a human loop.

    Attributes
    ----------
    human_loop_name : str
        The loop.
    accepted_at : datetime
        When the worker took the seat.
    lapses_at : datetime
        From then on the answer is refused and the seat is free again: TaskTimeLimitInSeconds later.
    """

    human_loop_name: str
    accepted_at: datetime
    lapses_at: datetime


def _quota(name: str) -> int:
    return field(default_factory=lambda: human_review_quotas()[name])


@dataclass(frozen=True, slots=True)
class Settings:
    """Quotas and delays of the engine. AWS's own quotas stand in ``data/quotas.json``, with their source.

    Attributes
    ----------
    flow_definitions, human_task_uis, workteams : int
        How many an account and Region may have.
    loops_in_flight : int
        How many loops of one flow may be InProgress or Stopping.
    input_bytes : int
        The longest InputContent.
    longest_task_availability : int
        Seconds: the highest TaskAvailabilityLifetimeInSeconds. It is also what a flow gets that names
        none: AWS documents no default.
    default_task_time_limit : int
        Seconds: TaskTimeLimitInSeconds of a flow that names none.
    settling_seconds : float
        How long workforces and flow definitions stay Initializing.
    stopping_seconds : float
        How long a loop stays Stopping.

    Examples
    --------
    >>> Settings().loops_in_flight
    5000
    """

    flow_definitions: int = _quota("flow_definitions")
    human_task_uis: int = _quota("human_task_uis")
    workteams: int = _quota("workteams")
    loops_in_flight: int = _quota("loops_in_flight_per_flow_definition")
    input_bytes: int = _quota("input_content_bytes")
    longest_task_availability: int = _quota("task_availability_lifetime_seconds")
    default_task_time_limit: int = _quota("default_task_time_limit_seconds")
    settling_seconds: float = 1.0
    stopping_seconds: float = 1.0
