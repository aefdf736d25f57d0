"""The built-in kinds of Ground Truth labeling jobs: AWS's own functions, task UIs and algorithms, and what each asks for.

All of it is data, with its source and date, in ``data/labeling_kinds.json``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from hitl_sdk._data import labeling_kinds
from hitl_sdk.errors import InvalidInputError, RegionNotSupportedError

__all__ = [
    "CUSTOM",
    "Kind",
    "Stage",
    "function_of_arn",
    "kind_named",
    "kinds",
    "public_workteam_arn",
    "task_ui_of_arn",
]

Stage = Literal["PRE", "ACS"]
"""What one of AWS's functions is for: before people answer, and after (annotation consolidation)."""

CUSTOM = "PassThrough"
"""The kind of all jobs that Ground Truth has no own kind for."""

_FUNCTION = re.compile(r"arn:aws:lambda:([a-z0-9-]+):(\d{12}):function:(PRE|ACS)-(\w+)")
_TASK_UI = re.compile(r"arn:aws:sagemaker:[a-z0-9-]+:394669845002:human-task-ui/(\w+)")


@dataclass(frozen=True, slots=True)
class Kind:
    """One built-in kind of labeling job.

    Attributes
    ----------
    name : str
        The ending of its functions' names: ``"BoundingBox"``.
    title : str
        What it is, in words.
    role : {"label", "verify", "adjust", "custom"}
        Whether people label afresh, judge labels, or change them.
    of : tuple of str
        The kinds whose labels are judged or changed.
    input_key : {"source", "source-ref"} or None
        What a line of the input manifest has to have; either for a job of one's own.
    extensions : tuple of str
        Of the files that ``source-ref`` names, without a dot.
    answer_key : str or None
        The name that the template's element must have, for AWS's function to find the answer.
    metadata_type : str
        ``type`` in the output's metadata.
    attribute_ends_in_ref : bool
        Whether the label attribute's name must end in ``-ref``; for all others it must not.
    algorithm : str or None
        AWS's algorithm for automated labeling.
    automated_most_pixels : tuple of int, optional
        Width and height of the largest image for automated labeling.
    human_task_ui : str or None
        AWS's own task UI, in place of a template.
    has_annotation_type : bool
        Whether its label categories say what is drawn: boxes, polygons, polylines or keypoints.
    min_labels : int
        How many label categories there must be.
    max_labels : int or None
        How many there may be.
    usual_workers : int
        The console's default for workers per object; 1 where it is not documented.
    longest_task_time_limit : int
        Seconds that a worker may have for a task.
    most_objects : int
        Lines that one manifest may have.

    Examples
    --------
    >>> kind_named("BoundingBox").function_arn("PRE", "eu-west-1")
    'arn:aws:lambda:eu-west-1:568282634449:function:PRE-BoundingBox'
    """

    name: str
    title: str
    role: Literal["label", "verify", "adjust", "custom"]
    of: tuple[str, ...]
    input_key: Literal["source", "source-ref"] | None
    extensions: tuple[str, ...]
    answer_key: str | None
    metadata_type: str
    attribute_ends_in_ref: bool
    algorithm: str | None
    automated_most_pixels: tuple[int, int] | None
    human_task_ui: str | None
    has_annotation_type: bool
    min_labels: int
    max_labels: int | None
    usual_workers: int
    longest_task_time_limit: int
    most_objects: int

    def function_arn(self, stage: Stage, region: str) -> str:
        """Return the ARN of AWS's function for the kind.

        Parameters
        ----------
        stage : {"PRE", "ACS"}
            Before people answer, or after: annotation consolidation.
        region : str
            The job's Region, whose functions alone it may name.

        Raises
        ------
        RegionNotSupportedError
            If Ground Truth does not exist there.
        """
        accounts = labeling_kinds()["function_accounts"]
        if region not in accounts:
            raise RegionNotSupportedError(
                f"Ground Truth has no built-in functions in Region {region}",
                hint=f"use one of {', '.join(sorted(accounts))}",
            )
        return _filled("function_arn", region=region, account=accounts[region], stage=stage, kind=self.name)

    def human_task_ui_arn(self, region: str) -> str | None:
        """Return the ARN of AWS's task UI for the kind; None if it takes a template.

        Parameters
        ----------
        region : str
            The job's Region.
        """
        if self.human_task_ui is None:
            return None
        return _filled("human_task_ui_arn", region=region, name=self.human_task_ui)

    def algorithm_arn(self, region: str) -> str | None:
        """Return the ARN of AWS's algorithm for automated labeling; None if the kind has none.

        Parameters
        ----------
        region : str
            The job's Region.
        """
        if self.algorithm is None:
            return None
        return _filled("algorithm_arn", region=region, algorithm=self.algorithm)


@cache
def kinds() -> tuple[Kind, ...]:
    """Return all built-in kinds, sorted by name.

    Examples
    --------
    >>> [kind.name for kind in kinds() if kind.role == "verify"]
    ['VerificationBoundingBox', 'VerificationSemanticSegmentation']
    """
    table: dict[str, dict[str, Any]] = labeling_kinds()["kinds"]
    return tuple(
        Kind(name=name, **{key: _frozen(value) for key, value in table[name].items()})
        for name in sorted(table)
    )


def kind_named(name: str) -> Kind:
    """Return a kind by its name.

    Parameters
    ----------
    name : str
        As AWS's functions of the kind are called, without ``PRE-``.

    Raises
    ------
    InvalidInputError
        If there is none of that name.

    Examples
    --------
    >>> kind_named("BoundingBox").input_key
    'source-ref'
    """
    for kind in kinds():
        if kind.name == name:
            return kind
    raise InvalidInputError(
        f"Ground Truth has no built-in kind {name!r}",
        hint=f"use one of {', '.join(each.name for each in kinds())}",
    )


def function_of_arn(arn: str) -> tuple[Stage, Kind] | None:
    """Return what one of AWS's functions is for; None for any other function.

    Examples
    --------
    >>> stage, kind = function_of_arn("arn:aws:lambda:us-east-1:432418664414:function:ACS-TextMultiClass")
    >>> stage, kind.metadata_type
    ('ACS', 'groundtruth/text-classification')
    """
    match = _FUNCTION.fullmatch(arn)
    if match is None:
        return None
    region, account, stage, name = match.groups()
    if labeling_kinds()["function_accounts"].get(region) != account:
        return None
    found = next((kind for kind in kinds() if kind.name == name), None)
    return None if found is None else ("PRE" if stage == "PRE" else "ACS", found)


def task_ui_of_arn(arn: str) -> str | None:
    """Return the name of one of AWS's own task UIs; None for any other ARN.

    Examples
    --------
    >>> task_ui_of_arn("arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/VideoObjectTracking")
    'VideoObjectTracking'
    """
    match = _TASK_UI.fullmatch(arn)
    return None if match is None or all(kind.human_task_ui != match[1] for kind in kinds()) else match[1]


def public_workteam_arn(region: str) -> str:
    """Return the ARN of the Mechanical Turk workforce, which takes no work any more."""
    return _filled("public_workteam_arn", region=region)


def _filled(pattern: str, **parts: str) -> str:
    return str(labeling_kinds()[pattern]).format(**parts)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
