"""The label category configuration of a labeling job: its labels, what is asked of each, and what workers are told."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field

from hitl_sdk._ground_truth import Kind
from hitl_sdk._model import Model
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._category_rules import category_problems, is_of_frames
from hitl_sdk.labeling.category_labels import Attributes, LabelAttribute, LabelCategory, each_of, renamed
from hitl_sdk.tasks import Instructions, Task

__all__ = ["LabelCategories"]

_VERSION, _VERSION_OF_FRAMES = "2018-11-28", "2020-03-01"
_VERSION_KEYS = ("document-version", "documentVersion")


def _as_categories(value: object) -> object:
    """Let a text stand for the label of that name."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("give a list of labels")
    return tuple(LabelCategory(label=each) if isinstance(each, str) else each for each in value)


class LabelCategories(Model):
    """What Ground Truth calls the label category configuration file.

    Which parts a job may have depends on its kind: attributes, edits and the audit attribute are those of
    jobs on video frames and point clouds, short names those of named entity recognition.

    Parameters
    ----------
    labels : sequence of LabelCategory or str
        In the order in which classes are numbered; each once.
    global_attributes : sequence of LabelAttribute, optional
        Of every label's objects.
    frame_attributes : sequence of LabelAttribute, optional
        Of a whole frame.
    annotation_type : {"BoundingBox", "Polyline", "Polygon", "Keypoint"}, optional
        What is drawn on video frames; boxes when left out.
    instructions : Instructions, optional
        What workers are told, where AWS's own task UI shows it: named entity recognition, video frames and
        point clouds.
    audit_attribute : str, optional
        In verification and adjustment jobs on video frames and point clouds: the attribute of the labels
        that are looked at.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule of the service.

    Examples
    --------
    >>> from hitl_sdk.labeling import kind_named
    >>> categories = LabelCategories(labels=["cat", "dog"])
    >>> categories.to_json(kind_named("ImageMultiClass"))
    {'document-version': '2018-11-28', 'labels': [{'label': 'cat'}, {'label': 'dog'}]}
    """

    labels: Annotated[Sequence[LabelCategory], BeforeValidator(_as_categories), Field(min_length=1)]
    global_attributes: Attributes = ()
    frame_attributes: Attributes = ()
    annotation_type: Literal["BoundingBox", "Polyline", "Polygon", "Keypoint"] | None = None
    instructions: Instructions = Instructions()
    audit_attribute: str | None = None

    def __init__(self, **fields: Any) -> None:  # type checkers would take no texts for labels
        super().__init__(**fields)

    @classmethod
    def of_task(cls, task: Task, *, audit_attribute: str | None = None) -> Self | None:
        """Return the categories of a task's own labels; None where its labels are free.

        Parameters
        ----------
        task : Task
            The task.
        audit_attribute : str, optional
            As above.

        Examples
        --------
        >>> import hitl_sdk as hitl
        >>> task = hitl.tasks.TextClassification(name="mood", labels=[0, 1], title="Which mood?")
        >>> [category.label for category in LabelCategories.of_task(task).labels]
        ['0', '1']
        """
        if not task.label_names:
            return None
        short: Mapping[str, str] = getattr(task, "short_names", {})
        full: Mapping[str, str] = getattr(task, "full_names", {})
        labels = [
            LabelCategory(label=label, short_name=short.get(label, ""), full_name=full.get(label, ""))
            for label in task.label_names
        ]
        return cls(
            labels=labels,
            annotation_type=getattr(task, "annotation_type", None),
            instructions=task.instructions,
            audit_attribute=audit_attribute,
        )

    def to_json(self, kind: Kind) -> dict[str, Any]:
        """Return the content of the file for a job of a kind.

        Parameters
        ----------
        kind : Kind
            AWS's guide spells the version ``documentVersion`` for video frames and point clouds, and
            ``document-version`` for all others.

        Returns
        -------
        dict
            Ready for JSON.
        """
        fields: dict[str, Any] = {"labels": [each.to_json() for each in self.labels]}
        if is_of_frames(kind):
            fields = {
                "documentVersion": _VERSION_OF_FRAMES,
                "annotationType": self.annotation_type,
                "frameAttributes": [each.to_json() for each in self.frame_attributes],
                "categoryGlobalAttributes": [each.to_json() for each in self.global_attributes],
                **fields,
                "auditLabelAttributeName": self.audit_attribute,
            }
        else:
            fields = {"document-version": _VERSION, **fields}
        if kind.human_task_ui is not None:
            fields["instructions"] = {
                "shortInstruction": self.instructions.short_html(),
                "fullInstruction": self.instructions.full_html(),
            }
        return {key: value for key, value in fields.items() if value not in (None, [])}

    @classmethod
    def from_json(cls, content: str | bytes | Mapping[str, Any]) -> Self:
        """Read a file, in either spelling of the version's key. Of its instructions, the text is kept.

        Parameters
        ----------
        content : str, bytes or mapping
            The JSON text, or what it holds.

        Raises
        ------
        InvalidInputError
            If it is no JSON object.
        InvalidResourceError
            If it breaks a rule of the service.

        Examples
        --------
        >>> LabelCategories.from_json('{"document-version": "2018-11-28", "labels": [{"label": "cat"}]}').labels
        (LabelCategory(label='cat', ...),)
        """
        fields = _read_json(content)
        known = renamed(
            {key: value for key, value in fields.items() if key not in _VERSION_KEYS},
            annotationType="annotation_type",
            categoryGlobalAttributes="global_attributes",
            frameAttributes="frame_attributes",
            auditLabelAttributeName="audit_attribute",
        )
        known["labels"] = each_of(LabelCategory.from_json, known, "labels")
        for key in ("global_attributes", "frame_attributes"):
            known[key] = each_of(LabelAttribute.from_json, known, key)
        told = renamed(known.pop("instructions", None) or {})
        short, full = (_text_of(told.get(key) or "") for key in ("shortInstruction", "fullInstruction"))
        return cls(**known, instructions=Instructions(short=short, full=full))

    def problems(self, kind: Kind) -> tuple[str, ...]:
        """Say what keeps a job of a kind from taking these categories.

        Parameters
        ----------
        kind : Kind
            The job's kind.

        Returns
        -------
        tuple of str
            One sentence each, with the cure; empty if nothing does.

        Examples
        --------
        >>> from hitl_sdk.labeling import kind_named
        >>> LabelCategories(labels=["cat"]).problems(kind_named("ImageMultiClass"))
        ('image classification, one label takes at least 2 labels, and there is 1: add labels',)
        """
        return tuple(category_problems(self, kind))


def _read_json(content: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(content, Mapping):
        return content
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"the label category configuration is no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise InvalidInputError(
            f"the label category configuration is {type(fields).__name__}, no JSON object"
        )
    return fields


def _text_of(instruction: str) -> str:
    """Return the text of an instruction in HTML, its paragraphs parted by empty lines."""
    paragraphs = re.split(r"</(?:p|h\d|li|blockquote|div)>|<br\s*/?>", instruction)
    texts = [html.unescape(re.sub(r"<[^>]*>", "", paragraph)).strip() for paragraph in paragraphs]
    return "\n\n".join(text for text in texts if text)
