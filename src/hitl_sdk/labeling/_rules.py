"""The rules of labeling jobs that take more than one field: which values a job of its kind may have, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hitl_sdk._ground_truth import CUSTOM, Kind, Stage, function_of_arn, kind_named
from hitl_sdk._manifest_line import ITEM_KEYS, METADATA
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling.categories import LabelCategories
from hitl_sdk.labeling.streaming import SnsInput
from hitl_sdk.tasks import Instructions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Rule = Callable[[Any, Mapping[str, Any], Kind], Iterator[str]]

__all__ = ["attribute_name", "broken_rules", "categories_of", "kind_of"]

_JUDGING = ("verify", "adjust")


def kind_of(fields: Mapping[str, Any]) -> Kind:
    """Return the kind of the job: the task's, or custom where functions other than AWS's read the answers.

    Parameters
    ----------
    fields : mapping
        The job's ``task`` and ``post_annotation``.
    """
    function = fields.get("post_annotation")
    task = fields.get("task")
    if task is None or (function is not None and not _is_of_aws(function)):
        return kind_named(CUSTOM)
    return kind_named(task.labeling_kind)


def attribute_name(fields: Mapping[str, Any]) -> str:
    """Return the job's label attribute: the one that was given, or its name, with the ending that its kind asks for."""
    given, name = fields.get("label_attribute"), str(fields.get("name", ""))
    if given is not None:
        return str(given)
    return f"{name}-ref" if kind_of(fields).attribute_ends_in_ref and not name.endswith("-ref") else name


def categories_of(fields: Mapping[str, Any]) -> LabelCategories | None:
    """Return the job's label categories: those that were given, or the task's own."""
    given: LabelCategories | None = fields.get("categories")
    prior, kind = fields.get("prior_attribute"), kind_of(fields)
    audited = prior if kind.human_task_ui is not None else None
    task = fields.get("task")
    if given is None:
        return None if task is None else LabelCategories.of_task(task, audit_attribute=audited)
    known: dict[str, Any] = {
        "audit_attribute": audited,
        "annotation_type": getattr(task, "annotation_type", None),
    }
    missing = {name: value for name, value in known.items() if value and getattr(given, name) is None}
    if task is not None and given.instructions == Instructions():
        missing["instructions"] = task.instructions
    return LabelCategories(**{**dict(given), **missing}) if missing else given


def broken_rules(field: str, value: Any, others: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a field in view of those that stand before it: one sentence each, with the cure.

    Parameters
    ----------
    field : str
        Its name.
    value : object
        Its value.
    others : mapping
        The fields before it, as far as they are valid.
    """
    fields = {**others, field: value}
    if "task" not in fields and field not in _WITHOUT_KIND:
        return []  # what is wrong with the task is told, and of which kind it would be is not known
    return list(_RULES[field](value, fields, kind_of(fields))) if field in _RULES else []


def _function(stage: Stage) -> Rule:
    """Return the rule for a function: one of AWS's own must be of the right stage and kind."""

    def rule(value: Any, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:
        found = function_of_arn(value) if isinstance(value, str) else None
        task = fields.get("task")
        if task is not None and kind.name == CUSTOM and not task.has_template:
            yield f"only AWS's own functions go with AWS's task UI, which {type(task).__name__} needs: leave it out"
        if stage == "ACS" and kind.name != CUSTOM and fields.get("pre_annotation") is False:
            yield (
                f"AWS's function for {kind.title} reads answers to what AWS's other function asked, and pre_annotation "
                "is False: leave that out, or make both False"
            )
        if found is None or task is None:
            return
        if found[0] != stage:
            yield f"this is AWS's {found[0]} function, and a {stage} function belongs here: swap the two"
        if found[1].name not in (task.labeling_kind, CUSTOM):
            yield (
                f"this is AWS's function for {found[1].title}, and {type(task).__name__} is of the kind "
                f"{task.labeling_kind}: leave it out, and the right one is taken"
            )

    return rule


def _prior(value: str | None, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    if value is None and kind.role in _JUDGING:
        yield (
            f"{kind.title} is about labels that are there: name the label attribute of the former job, "
            f"which is in the input manifest"
        )
    task = fields.get("task")
    if value is not None and kind.role == "label" and not (task and task.is_judgement):
        judging = "Verification and Adjustment tasks"
        yield f"{kind.title} does not look at former labels: leave it out, or use one of the {judging}"
    elif value is not None and kind.human_task_ui is None and task is not None:
        try:
            task.job_template(value)
        except InvalidInputError as error:
            yield str(error)


def _label_attribute(value: str | None, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    name = attribute_name(fields)
    cure = "give another label_attribute" if value is None else "choose another"
    if name in ITEM_KEYS:
        yield f"{name!r} is the name of the item itself: {cure}"
    if name.endswith(METADATA):
        yield f"{name!r} ends in '-metadata', as the metadata of a label does: {cure}"
    elif kind.attribute_ends_in_ref and not name.endswith("-ref"):
        yield f"the label attribute of {kind.title} ends in '-ref', for its labels are files: give {name + '-ref'!r}"
    elif name.endswith("-ref") and not kind.attribute_ends_in_ref and name not in ITEM_KEYS:
        yield f"the label attribute of {kind.title} must not end in '-ref': give {name.removesuffix('-ref')!r}"
    if name == fields.get("prior_attribute"):
        yield f"{name!r} is the attribute of the former labels, which stay in the manifest: {cure}"


def _categories(value: LabelCategories | None, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    task, prior = fields.get("task"), fields.get("prior_attribute")
    categories = categories_of(fields)
    if task is None:
        return
    if categories is None:
        if kind.name != CUSTOM:
            yield f"{kind.title} needs label categories: give LabelCategories(labels=[...])"
        return
    if value is not None and task.label_names:
        names = tuple(category.label for category in value.labels)
        if names != task.label_names:
            yield "its labels are not those of the task, in their order: give both the same"
    drawn = getattr(task, "annotation_type", categories.annotation_type)
    if categories.annotation_type != drawn:
        yield f"annotation_type is {categories.annotation_type!r}, the task's is {drawn!r}: leave it out"
    audited = categories.audit_attribute
    if audited is not None and audited != prior:
        yield f"audit_attribute is {audited!r}, prior_attribute is {prior!r}: give the one in prior_attribute alone"
    yield from categories.problems(kind)


def _time_limit(value: int, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:  # noqa: ARG001
    longest = kind.longest_task_time_limit
    if value > longest:
        yield f"a task of {kind.title} may take at most {longest:,} s: give that, or less"


def _availability(value: int, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:  # noqa: ARG001
    limit = fields.get("task_time_limit", 0)
    if value < limit:
        yield f"it is below task_time_limit ({limit:,} s): tasks would expire while somebody works on them"


def _automated(value: Any, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    if value is None:
        return
    categories = categories_of(fields)
    n_labels = None if categories is None else len(categories.labels)
    for problem in value.problems(
        kind, n_labels=n_labels, streaming=isinstance(fields.get("input"), SnsInput)
    ):
        yield f"{problem}: leave automated out"


def _price(value: Any, fields: Mapping[str, Any], kind: Kind) -> Iterator[str]:  # noqa: ARG001
    if value is not None:
        yield (
            "a price per task is for the public (Mechanical Turk) workforce, which closed on 30 September 2026: "
            "leave it out; private workers and vendors are paid outside of the job"
        )


def _is_of_aws(function: object) -> bool:
    return isinstance(function, str) and function_of_arn(function) is not None


_RULES: dict[str, Rule] = {
    "pre_annotation": _function("PRE"),
    "post_annotation": _function("ACS"),
    "prior_attribute": _prior,
    "label_attribute": _label_attribute,
    "categories": _categories,
    "task_time_limit": _time_limit,
    "task_availability_lifetime": _availability,
    "automated": _automated,
    "price": _price,
}

_WITHOUT_KIND = ("task_availability_lifetime", "price")
