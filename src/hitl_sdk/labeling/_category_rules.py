"""The rules of label categories: what a job of a kind takes (Amazon SageMaker Developer Guide).

Pages sms-label-cat-config-attributes and input-data-limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.labeling.categories import LabelCategories
    from hitl_sdk.labeling.category_labels import LabelAttribute

__all__ = ["category_problems", "is_of_frames"]

_LONGEST_LABEL_OF_FRAMES = 16
_MOST_ATTRIBUTES, _MOST_FREE_TEXTS = 10, 5
_LONGEST_SHORT_INSTRUCTION, _LONGEST_FULL_INSTRUCTION = 254, 2047


def category_problems(categories: LabelCategories, kind: Kind) -> Iterator[str]:
    """Yield what keeps a job of a kind from taking these categories, each with its cure."""
    yield from _label_problems(categories, kind)
    yield from _instruction_problems(categories, kind)
    if is_of_frames(kind):
        yield from _attribute_problems(categories)
    elif (
        categories.global_attributes
        or categories.frame_attributes
        or any(each.attributes for each in categories.labels)
    ):
        yield f"{kind.title} takes no attributes of labels or frames: they are for video frames and point clouds"
    if categories.annotation_type is not None and not kind.has_annotation_type:
        yield f"{kind.title} has no annotation_type: leave it out"


def is_of_frames(kind: Kind) -> bool:
    """Tell whether the file of a kind is that of video frames and point clouds: all but one with a UI of AWS's own."""
    return kind.human_task_ui is not None and kind.input_key == "source-ref"


def _label_problems(categories: LabelCategories, kind: Kind) -> Iterator[str]:
    names = [each.label for each in categories.labels]
    least, most, count = kind.min_labels, kind.max_labels, len(names)
    there = f"there {'is' if count == 1 else 'are'} {count}"
    if count < least:
        yield f"{kind.title} takes at least {least} labels, and {there}: add labels"
    if most is not None and count > most:
        yield f"{kind.title} takes at most {most} labels, and {there}: split the job, or chain a second one"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the label {name!r} stands there twice: labels are unique"
    for name in names:
        if is_of_frames(kind) and len(name) > _LONGEST_LABEL_OF_FRAMES:
            yield (
                f"the label {name!r} has {len(name)} characters, {kind.title} takes "
                f"{_LONGEST_LABEL_OF_FRAMES}: shorten it"
            )


def _instruction_problems(categories: LabelCategories, kind: Kind) -> Iterator[str]:
    if kind.human_task_ui is None:
        return
    short, full = categories.instructions.short_html(), categories.instructions.full_html()
    if not is_of_frames(kind):
        if not (short and full):
            yield f"{kind.title} needs instructions: give the task Instructions(short=..., full=...)"
        return
    for name, text, longest in (
        ("short", short, _LONGEST_SHORT_INSTRUCTION),
        ("full", full, _LONGEST_FULL_INSTRUCTION),
    ):
        if len(text) > longest:
            yield f"the {name} instructions have {len(text):,} characters as HTML, {kind.title} takes {longest:,}"


def _attribute_problems(categories: LabelCategories) -> Iterator[str]:
    shared = [each.name for each in categories.global_attributes]
    for attribute in categories.frame_attributes:
        if not attribute.description:
            yield f"the frame attribute {attribute.name!r} needs a description"
    yield from _group_problems("the frame", categories.frame_attributes)
    for category in categories.labels:
        for name in sorted({each.name for each in category.attributes} & set(shared)):
            yield f"{name!r} is an attribute of the label {category.label!r} and of all labels: rename one"
        yield from _group_problems(
            f"the label {category.label!r}", [*category.attributes, *categories.global_attributes]
        )


def _group_problems(what: str, attributes: Sequence[LabelAttribute]) -> Iterator[str]:
    """Say which limits the attributes of one label, or of a frame, break together."""
    free = sum(each.is_free_text for each in attributes)
    if len(attributes) > _MOST_ATTRIBUTES:
        yield f"{what} has {len(attributes)} attributes, at most {_MOST_ATTRIBUTES} are allowed: drop some"
    if free > _MOST_FREE_TEXTS:
        yield f"{what} has {free} attributes of free text, at most {_MOST_FREE_TEXTS} are allowed: give choices"
