"""Automated labeling: which objects of a job people label next, and which the model labels.

The loop itself is `hitl_sdk.local.active_learning`; here it is asked what comes next, given the job's objects as
they stand. It is asked outside of transactions: a model is trained then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from hitl_sdk._manifest_line import metadata_key
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.errors import HitlError
from hitl_sdk.local.active_learning import ActiveLearning
from hitl_sdk.local.engine import job_files, job_limits, job_objects
from hitl_sdk.local.engine.job_input import JobFailed, kind_of
from hitl_sdk.local.engine.values import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from hitl_sdk.local.active_learning import MachineLabel, Step
    from hitl_sdk.local.algorithms import Algorithm
    from hitl_sdk.local.engine.job_objects import Desk

__all__ = ["Selection", "is_automated", "select_objects"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the next iteration does.

    Attributes
    ----------
    for_people : tuple of int
        The numbers of the objects that people label, in the order of their lines.
    labels : mapping of int to dict
        What the model adds to the lines of others, by their number.
    model_arn : str or None
        The model, where one was trained.
    """

    for_people: tuple[int, ...] = ()
    labels: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    model_arn: str | None = None


def is_automated(job: Row[Any]) -> bool:
    """Tell whether machine labels are wanted."""
    return "LabelingJobAlgorithmsConfig" in job.definition


def select_objects(desk: Desk, job: Row[Any]) -> Selection:
    """Ask the loop what comes next, and write down what the model labels.

    Raises
    ------
    JobFailed
        If there are too few objects, nothing learns labels of the kind here, or the loop can't go on.
    """
    try:
        algorithm = desk.delivery.algorithm(str(kind_of(job.definition).algorithm))
        if algorithm is None:
            raise JobFailed(
                f"Nothing on this machine learns to label {kind_of(job.definition).title}; "
                "image and text classification with one label can be labelled automatically"
            )
        step, objects = _next_step(desk, job, algorithm)
    except HitlError as error:
        raise JobFailed(f"Automated labeling failed: {error}") from error
    if step.failure is not None:
        raise JobFailed(f"Automated labeling failed: {step.failure}")
    at = desk.now()
    labels = {int(number): _label(job, given, at) for number, given in step.labels.items()}
    if labels:
        body = _annotations(labels, objects)
        desk.delivery.put_object(_scope(job), *bucket_and_key(_output_uri(job)), body)
    model_arn = (
        _scope(job).arn("model", f"{job.name}-{job.iteration + 1}") if step.model is not None else None
    )
    return Selection(tuple(sorted(map(int, step.ask))), labels, model_arn)


def _next_step(desk: Desk, job: Row[Any], algorithm: Algorithm) -> tuple[Step, Mapping[str, Row[Any]]]:
    objects = {str(each.number): each for each in _all_objects(desk, job) if each.state != "LabeledBefore"}
    if len(objects) < algorithm.least_objects:
        raise JobFailed(
            f"Automated labeling takes at least {algorithm.least_objects:,} objects, and there are {len(objects):,}"
        )
    loop = ActiveLearning(
        list(objects),
        algorithm.estimator,
        lambda number: _features(desk, job, algorithm, objects[number]),
        batch_size=job_limits.at_once(job),
        seed=job.sequence,
    )
    human = {number: name for number, each in objects.items() if (name := _class_name(job, each)) is not None}
    machine = {number for number, each in objects.items() if each.state == "Labeled"} - human.keys()
    step = loop.step(
        human,
        machine,
        {number for number, each in objects.items() if each.state in {"Failed", "NotForPeople"}},
        most_asked=job_limits.for_people(job),
        most_labeled=job_limits.in_all(job),
    )
    return step, objects


def _all_objects(desk: Desk, job: Row[Any]) -> Sequence[Row[Any]]:
    found: list[Row[Any]] = []
    while page := desk.run(
        partial(job_objects.written_after, job=job, number=found[-1].number if found else -1)
    ):
        found += page
    return found


def _class_name(job: Row[Any], data_object: Row[Any]) -> str | None:
    """Return the label that people gave an object."""
    if data_object.state != "Labeled" or not data_object.human_annotated:
        return None
    name = data_object.label.get(metadata_key(job.definition["LabelAttributeName"]), {}).get("class-name")
    return name if name in job.label_categories else None


def _features(desk: Desk, job: Row[Any], algorithm: Algorithm, data_object: Row[Any]) -> Any:
    line = json.loads(data_object.line)
    content = None
    if "source-ref" in line:
        content = desk.delivery.get_object(_scope(job), *bucket_and_key(line["source-ref"]))
        if content is None:  # people see nothing either, and it is theirs to say so
            return None
    try:
        return algorithm.features(line, content)
    except HitlError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise JobFailed(f"The features of object {data_object.object_id} can't be made: {said}") from error


def _label(job: Row[Any], given: MachineLabel, at: datetime) -> dict[str, Any]:
    """Return what the model adds to a line; its confidence is not comparable with people's."""
    attribute = job.definition["LabelAttributeName"]
    metadata = {
        **job_files.metadata_of_job(job, kind_of(job.definition).metadata_type, at),
        "human-annotated": "no",
        "class-name": given.label,
        "confidence": round(given.confidence, 6),
    }
    return {attribute: job.label_categories.index(given.label), metadata_key(attribute): metadata}


def _output_uri(job: Row[Any]) -> str:
    """Return where the machine labels of the coming iteration are written.

    Known of AWS's path are its first and last part, and that the iteration stands in the third from the right.
    """
    folder = job_files.annotations_uri(job).removesuffix("/annotations")
    return f"{folder}/activelearning/auto-annotator/{job.iteration + 1}/output/auto_annotator_output.txt"


def _annotations(labels: Mapping[int, dict[str, Any]], objects: Mapping[str, Row[Any]]) -> bytes:
    lines = [
        f"{objects[str(number)].object_id} {json.dumps(label, ensure_ascii=False, separators=(',', ':'))}\n"
        for number, label in sorted(labels.items())
    ]
    return "".join(lines).encode("utf-8", "replace")


def _scope(job: Row[Any]) -> Scope:
    return Scope(job.account_id, job.region)
