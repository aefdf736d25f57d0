"""Amazon Resource Names, told apart by kind.

A flow definition's ARN pasted where a workteam's belongs passes botocore; here it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hitl_sdk.errors import InvalidArnError

__all__ = ["Arn", "ArnKind", "parse_arn"]

ArnKind = Literal[
    "workforce",
    "workteam",
    "human-task-ui",
    "flow-definition",
    "human-loop",
    "labeling-job",
    "role",
    "sns-topic",
    "sqs-queue",
]

_SAGEMAKER_KINDS = ("workforce", "workteam", "human-task-ui", "flow-definition", "human-loop", "labeling-job")
_OF_MESSAGES = {"sns": "sns-topic", "sqs": "sqs-queue"}
_PATTERN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}):(?P<rest>\S+)"
)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN.

    Attributes
    ----------
    text : str
        The ARN as it was written.
    kind : str
        What it names: ``"workteam"``, ``"flow-definition"``, ``"role"``, ...
    partition, region, account : str
        Where it lies. `region` is empty for a role.
    name : str
        The last part: ``"crew"`` of ``...:workteam/private-crowd/crew``.

    Examples
    --------
    >>> arn = parse_arn("arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew")
    >>> arn.kind, arn.region, arn.name
    ('workteam', 'eu-west-1', 'crew')
    """

    text: str
    kind: str
    partition: str
    region: str
    account: str
    name: str


def parse_arn(
    text: str, kind: ArnKind | None = None, *, region: str | None = None, account: str | None = None
) -> Arn:
    """Take an ARN apart, and check that it is of the kind and place that is wanted.

    Parameters
    ----------
    text : str
        The ARN.
    kind : str, optional
        The kind it must be of.
    region, account : str, optional
        Where it must lie, for example the session's own.

    Raises
    ------
    InvalidArnError
        If `text` is no ARN, or one of another kind, Region or account.

    Examples
    --------
    >>> parse_arn("arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew", "workteam").name
    'crew'
    >>> parse_arn("arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/review", "workteam")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidArnError: 'arn:aws:...:flow-definition/review' is the ARN of a flow-definition, not ...
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        wanted = f"of a {kind} " if kind else ""
        raise InvalidArnError(
            f"{text!r} is not an ARN {wanted}".rstrip(),
            hint=f"it looks like {_example(kind)}",
            resource=text,
        )
    found = _kind_of(match["service"], match["rest"])
    if kind is not None and found != kind:
        raise InvalidArnError(
            f"{text!r} is the ARN of a {found}, not of a {kind}",
            hint=f"it looks like {_example(kind)}",
            resource=text,
        )
    for what, wanted_place, place in (
        ("Region", region, match["region"]),
        ("account", account, match["account"]),
    ):
        if wanted_place is not None and place and place != wanted_place:
            raise InvalidArnError(
                f"{text!r} lies in {what} {place}, the session is in {wanted_place}",
                hint=f"use a resource of {wanted_place}, or a session of {place}",
                resource=text,
            )
    return Arn(
        text=text,
        kind=found,
        partition=match["partition"],
        region=match["region"],
        account=match["account"],
        name=match["rest"].rpartition("/")[2],
    )


def _kind_of(service: str, rest: str) -> str:
    head = rest.partition("/")[0]
    if service == "sagemaker" and head in _SAGEMAKER_KINDS:
        return head
    if service == "iam" and head == "role":
        return "role"
    if service in _OF_MESSAGES and ":" not in rest:
        return _OF_MESSAGES[service]
    return f"{service} {head}"


def _example(kind: str | None) -> str:
    if kind == "role":
        return "arn:aws:iam::123456789012:role/NAME"
    for service, its_kind in _OF_MESSAGES.items():
        if kind == its_kind:
            return f"arn:aws:{service}:REGION:123456789012:NAME"
    middle = "workteam/private-crowd" if kind == "workteam" else kind or "KIND"
    return f"arn:aws:sagemaker:REGION:123456789012:{middle}/NAME"
