"""Jobs that go on from the output of another: its labels are verified, adjusted or asked anew, or more is asked.

A job's output manifest is an input manifest. What stands in a line is kept, and an object that has a label under the
next job's own label attribute is not asked again (Amazon SageMaker Developer Guide, "Chaining Labeling Jobs").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hitl_sdk import tasks
from hitl_sdk._ground_truth import kind_named
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._rules import categories_of
from hitl_sdk.labeling.categories import LabelCategories
from hitl_sdk.labeling.category_labels import LabelAttribute, LabelCategory
from hitl_sdk.labeling.job_output import JobOutput
from hitl_sdk.tasks.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.labeling.job import LabelingJob
    from hitl_sdk.labeling.job_output import Where

__all__ = ["adjusting", "following", "relabeling", "verifying"]

JobT = TypeVar("JobT", bound="LabelingJob")

VERDICT = "verdict"
"""The frame attribute under which workers say whether the labels of a frame are right."""

# What a job has because of its task: the next one, with another task, has its own.
_OF_THE_TASK = (
    "automated",
    "categories",
    "label_attribute",
    "post_annotation",
    "pre_annotation",
    "prior_attribute",
)


def verifying(job: JobT, name: str, where: Where | None, **changes: Any) -> JobT:
    """Return the job in which people judge the labels of `job`."""
    judges = next((each for each in _public(Verification) if isinstance(job.task, each.judged)), None)
    own = categories_of(dict(job))
    if (
        judges is None
        and own is not None
        and job.kind.human_task_ui is not None
        and _mending(job) is not None
    ):
        return adjusting(job, name, where, **{"categories": _verdicts_on(own), **changes})
    if judges is None:
        raise _impossible(job, "verified")
    task = judges(name=job.task.name, labels=job.task.label_names, title="Is this label right?")
    return following(job, name, where, **{"task": task, "prior_attribute": job.attribute, **changes})


def adjusting(job: JobT, name: str, where: Where | None, **changes: Any) -> JobT:
    """Return the job in which people mend the labels of `job`."""
    mends = _mending(job)
    if mends is None:
        raise _impossible(job, "adjusted")
    task = mends(**{**dict(job.task), "title": "Mend this label where it is wrong"})
    return following(job, name, where, **{"task": task, "prior_attribute": job.attribute, **changes})


def following(job: JobT, name: str, where: Where | None, **changes: Any) -> JobT:
    """Return a job that asks more of the objects of `job`."""
    own = dict.fromkeys(_OF_THE_TASK)
    source = JobOutput(job.output_manifest_uri, job.attribute, where)
    return job.clone(name=name, **{**own, "input": source, **changes})


def relabeling(job: JobT, name: str, where: Where, after: LabelingJob | None, **changes: Any) -> JobT:
    """Return the job in which some objects of `job` are labelled again, under the same attribute."""
    last = after or job
    source = JobOutput(last.output_manifest_uri, last.attribute, where, relabel=job.attribute)
    return job.clone(name=name, **{"label_attribute": job.attribute, "input": source, **changes})


def _mending(job: LabelingJob) -> type[Any] | None:
    return next((each for each in _public(tasks.Task) if _adjusts(each, job.task)), None)


def _verdicts_on(own: LabelCategories) -> LabelCategories:
    """Return categories that leave nothing to be changed, and ask of each frame whether it is right.

    That is how AWS verifies video frames and point clouds: Ground Truth has no kind of its own for it.
    """
    verdict = LabelAttribute(
        name=VERDICT, description="Is the label right?", choices=("Correct", "Incorrect"), required=True
    )
    labels = [LabelCategory(**{**dict(each), "edits_allowed": "none"}) for each in own.labels]
    return LabelCategories(
        **{**dict(own), "labels": labels, "frame_attributes": (*own.frame_attributes, verdict)}
    )


def _adjusts(kind_of_task: type[tasks.Task], task: tasks.Task) -> bool:
    kind = kind_named(kind_of_task.labeling_kind)
    return kind.role == "adjust" and task.labeling_kind in kind.of


def _public(base: type[Any]) -> Iterator[Any]:
    """Yield the public kinds of task that are made from a class."""
    found = (getattr(tasks, name) for name in tasks.__all__)
    return (each for each in found if isinstance(each, type) and issubclass(each, base) and each is not base)


def _impossible(job: LabelingJob, what: str) -> InvalidInputError:
    return InvalidInputError(
        f"the labels of {job.label} can't be {what}: there is no task for that",
        hint=f"ask with a task of your own: job.then(task=..., name=...) after {type(job.task).__name__}",
    )
