"""The label category configuration of a labeling job: its labels, what is asked of each, and what workers are told."""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hitl_sdk._ground_truth import Kind
from hitl_sdk._model import Model, shortened
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.tasks import Instructions, Task

__all__ = ["LabelAttribute", "LabelCategories", "LabelCategory"]

# Amazon SageMaker Developer Guide: sms-label-cat-config-attributes, input-data-limits.
_LONGEST_LABEL = 256
_LONGEST_LABEL_OF_FRAMES = 16
_MOST_ATTRIBUTES, _MOST_FREE_TEXTS = 10, 5
_LONGEST_SHORT_INSTRUCTION, _LONGEST_FULL_INSTRUCTION = 254, 2047

_VERSION, _VERSION_OF_FRAMES = "2018-11-28", "2020-03-01"
_VERSION_KEYS = ("document-version", "documentVersion")

T = TypeVar("T")
Edits = Literal["any", "none"]
Choice = Annotated[str, Field(min_length=1, max_length=16)]


class LabelAttribute(Model):
    """Something that workers say of an object, or of a whole frame, beside its label.

    Parameters
    ----------
    name : str
        1 to 16 characters.
    type : {"string", "number"}, default "string"
        A text, which is one of `choices` or else free; or a whole number from `minimum` to `maximum`.
    description : str, optional
        Up to 128 characters; required of attributes of a frame.
    choices : sequence of str, optional
        1 to 10 of 1 to 16 characters each (``enum`` in the file).
    minimum, maximum : int, optional
        Of a number, both included.
    required : bool, default False
        Whether workers must say it.
    edits_allowed : {"any", "none"}, default "any"
        Whether workers of an adjustment job may change it.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule of the service.

    Examples
    --------
    >>> LabelAttribute(name="weather", description="The sky", choices=["clear", "rain"]).to_json()
    {'name': 'weather', 'type': 'string', 'description': 'The sky', 'enum': ['clear', 'rain']}
    """

    name: Annotated[str, Field(min_length=1, max_length=16)]
    type: Literal["string", "number"] = "string"
    description: Annotated[str, Field(max_length=128)] = ""
    choices: Annotated[Sequence[Choice], AfterValidator(tuple), Field(max_length=10)] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    edits_allowed: Edits = "any"

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        limits = (self.minimum, self.maximum)
        if self.type == "number" and self.choices:
            raise ValueError("a number has minimum and maximum, not choices")
        if self.type == "string" and limits != (None, None):
            raise ValueError("minimum and maximum are of a number: give type='number'")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        return self

    @property
    def is_free_text(self) -> bool:
        """True if workers may write what they like."""
        return self.type == "string" and not self.choices

    def to_json(self) -> dict[str, Any]:
        """Return the attribute as the file has it."""
        fields: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "enum": list(self.choices),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "isRequired": self.required or None,
            "editsAllowed": None if self.edits_allowed == "any" else self.edits_allowed,
        }
        return {key: value for key, value in fields.items() if value not in (None, "", [])}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Read an attribute of a file.

        Parameters
        ----------
        fields : mapping
            For example ``{"name": "plate", "type": "string"}``.

        Raises
        ------
        InvalidResourceError
            If it breaks a rule.

        Examples
        --------
        >>> LabelAttribute.from_json({"name": "people", "type": "number", "minimum": 0}).minimum
        0
        """
        return cls(**_renamed(fields, enum="choices", isRequired="required", editsAllowed="edits_allowed"))


def _as_attributes(value: object) -> object:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


Attributes = Annotated[Sequence[LabelAttribute], BeforeValidator(_as_attributes)]


class LabelCategory(Model):
    """One label, and what workers say of each object that has it.

    Parameters
    ----------
    label : str
        1 to 256 characters; 1 to 16 in jobs on video frames and point clouds.
    attributes : sequence of LabelAttribute, optional
        Of this label alone.
    short_name, full_name : str, optional
        How it is shown in named entity recognition: above the marked text, and in the list.
    edits_allowed : {"any", "none"}, default "any"
        Whether workers of an adjustment job may change objects of this label; ``"none"`` on every label
        makes the job a verification.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule of the service.

    Examples
    --------
    >>> LabelCategory(label="person", short_name="PER").to_json()
    {'label': 'person', 'shortDisplayName': 'PER'}
    """

    label: Annotated[str, Field(min_length=1, max_length=_LONGEST_LABEL)]
    attributes: Attributes = ()
    short_name: str = ""
    full_name: str = ""
    edits_allowed: Edits = "any"

    def to_json(self) -> dict[str, Any]:
        """Return the label as the file has it."""
        fields: dict[str, Any] = {
            "label": self.label,
            "shortDisplayName": self.short_name,
            "fullDisplayName": self.full_name,
            "categoryAttributes": [each.to_json() for each in self.attributes],
            "editsAllowed": "" if self.edits_allowed == "any" else self.edits_allowed,
        }
        return {key: value for key, value in fields.items() if value}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Read a label of a file.

        Parameters
        ----------
        fields : mapping
            For example ``{"label": "van", "editsAllowed": "none"}``.

        Raises
        ------
        InvalidResourceError
            If it breaks a rule.

        Examples
        --------
        >>> LabelCategory.from_json({"label": "van", "editsAllowed": "none"}).edits_allowed
        'none'
        """
        known = _renamed(
            fields,
            shortDisplayName="short_name",
            fullDisplayName="full_name",
            editsAllowed="edits_allowed",
            categoryAttributes="attributes",
        )
        known["attributes"] = _each(LabelAttribute.from_json, known, "attributes")
        return cls(**known)


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
    >>> from hitl_sdk._ground_truth import kind_named
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
        if _is_of_frames(kind):
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
        known = _renamed(
            {key: value for key, value in fields.items() if key not in _VERSION_KEYS},
            annotationType="annotation_type",
            categoryGlobalAttributes="global_attributes",
            frameAttributes="frame_attributes",
            auditLabelAttributeName="audit_attribute",
        )
        known["labels"] = _each(LabelCategory.from_json, known, "labels")
        for key in ("global_attributes", "frame_attributes"):
            known[key] = _each(LabelAttribute.from_json, known, key)
        told = _renamed(known.pop("instructions", None) or {})
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
        >>> from hitl_sdk._ground_truth import kind_named
        >>> LabelCategories(labels=["cat"]).problems(kind_named("ImageMultiClass"))
        ('image classification, one label takes at least 2 labels, and there is 1: add labels',)
        """
        found = [*self._label_problems(kind), *self._instruction_problems(kind)]
        if _is_of_frames(kind):
            found += self._attribute_problems()
        elif self.global_attributes or self.frame_attributes or any(each.attributes for each in self.labels):
            found.append(
                f"{kind.title} takes no attributes of labels or frames: they are for video frames and point clouds"
            )
        if self.annotation_type is not None and "VideoObject" not in kind.name:
            found.append(f"{kind.title} has no annotation_type: leave it out")
        return tuple(found)

    def _label_problems(self, kind: Kind) -> Iterator[str]:
        names = [each.label for each in self.labels]
        least, most, count = kind.min_labels, kind.max_labels, len(names)
        there = f"there {'is' if count == 1 else 'are'} {count}"
        if count < least:
            yield f"{kind.title} takes at least {least} labels, and {there}: add labels"
        if most is not None and count > most:
            yield f"{kind.title} takes at most {most} labels, and {there}: split the job, or chain a second one"
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"the label {name!r} stands there twice: labels are unique"
        longest = _LONGEST_LABEL_OF_FRAMES if _is_of_frames(kind) else _LONGEST_LABEL
        for name in names:
            if len(name) > longest:
                yield f"the label {name!r} has {len(name)} characters, {kind.title} takes {longest}: shorten it"

    def _instruction_problems(self, kind: Kind) -> Iterator[str]:
        if kind.human_task_ui is None:
            return
        short, full = self.instructions.short_html(), self.instructions.full_html()
        if not _is_of_frames(kind):
            if not (short and full):
                yield f"{kind.title} needs instructions: give the task Instructions(short=..., full=...)"
            return
        for name, text, longest in (
            ("short", short, _LONGEST_SHORT_INSTRUCTION),
            ("full", full, _LONGEST_FULL_INSTRUCTION),
        ):
            if len(text) > longest:
                yield f"the {name} instructions have {len(text):,} characters as HTML, {kind.title} takes {longest:,}"

    def _attribute_problems(self) -> Iterator[str]:
        shared = [each.name for each in self.global_attributes]
        for attribute in self.frame_attributes:
            if not attribute.description:
                yield f"the frame attribute {attribute.name!r} needs a description"
        yield from _group_problems("the frame", self.frame_attributes)
        for category in self.labels:
            for name in sorted({each.name for each in category.attributes} & set(shared)):
                yield f"{name!r} is an attribute of the label {category.label!r} and of all labels: rename one"
            yield from _group_problems(
                f"the label {category.label!r}", [*category.attributes, *self.global_attributes]
            )


def _is_of_frames(kind: Kind) -> bool:
    """Tell whether the file of a kind is that of video frames and point clouds: all but one with a UI of AWS's own."""
    return kind.human_task_ui is not None and kind.input_key == "source-ref"


def _group_problems(what: str, attributes: Sequence[LabelAttribute]) -> Iterator[str]:
    """Say which limits the attributes of one label, or of a frame, break together."""
    free = sum(each.is_free_text for each in attributes)
    if len(attributes) > _MOST_ATTRIBUTES:
        yield f"{what} has {len(attributes)} attributes, at most {_MOST_ATTRIBUTES} are allowed: drop some"
    if free > _MOST_FREE_TEXTS:
        yield f"{what} has {free} attributes of free text, at most {_MOST_FREE_TEXTS} are allowed: give choices"


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


def _each(reads: Callable[[Any], T], fields: Mapping[str, Any], key: str) -> list[T]:
    """Read the list under a key; one that is missing is empty."""
    entries = fields.get(key) or []
    if not isinstance(entries, list):
        raise InvalidInputError(
            f"{key} of the label category configuration is {type(entries).__name__}, no list"
        )
    return [reads(entry) for entry in entries]


def _renamed(fields: object, **names: str) -> dict[str, Any]:
    if not isinstance(fields, Mapping):
        raise InvalidInputError(
            f"the label category configuration is wrong: {shortened(fields)} is no JSON object"
        )
    return {names.get(str(key), str(key)): value for key, value in fields.items()}
