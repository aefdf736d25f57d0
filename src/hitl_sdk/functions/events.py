"""What Ground Truth says to Lambda functions and what they answer, as typed values. Every spelling of a field is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hitl_sdk._manifest_line import ITEM_KEYS
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions._reading import field, object_in, optional_text_in, parse_json, text_in, truth

__all__ = [
    "ConsolidatedAnnotation",
    "DataObject",
    "PostAnnotationEvent",
    "PreAnnotationEvent",
    "PreAnnotationResult",
    "WorkerAnnotation",
]


@dataclass(frozen=True, slots=True)
class PreAnnotationEvent:
    """What a pre-annotation function is asked: one line of the input manifest, before people see it.

    Attributes
    ----------
    data_object : mapping
        The whole line: ``source`` or ``source-ref``, and whatever else it has.
    labeling_job_arn : str
        Of the job; empty if the event does not tell.
    version : str
        As the event tells it. AWS gives it no meaning.
    label_categories : tuple of str
        Empty on AWS, which does not tell them here. The local service does, for the built-in functions.

    Examples
    --------
    >>> event = PreAnnotationEvent.from_json({"version": "2018-10-16", "dataObject": {"source": "It broke", "batch": 7}})
    >>> event.item, event.data_object["batch"]
    ('It broke', 7)
    """

    data_object: Mapping[str, object]
    labeling_job_arn: str = ""
    version: str = ""
    label_categories: tuple[str, ...] = ()

    @property
    def item(self) -> str:
        """What is to be labelled: the text itself, or its S3 URI.

        Raises
        ------
        InvalidInputError
            If the line has neither ``source-ref`` nor ``source``, or no text there.
        """
        for name in ITEM_KEYS:
            if self.data_object.get(name) is not None:
                return text_in(self.data_object, name, "dataObject")
        raise InvalidInputError(
            "dataObject has neither 'source-ref' nor 'source'",
            hint="each line of an input manifest has one of them",
        )

    @classmethod
    def from_json(cls, event: object) -> Self:
        """Read the event of a Lambda function.

        Parameters
        ----------
        event : mapping
            With ``dataObject``.

        Raises
        ------
        InvalidInputError
            If it is none; it names the field.
        """
        given = object_in(event, "the event")
        return cls(
            object_in(field(given, "dataObject"), "'dataObject'"),
            labeling_job_arn=optional_text_in(given, "labelingJobArn", "the event") or "",
            version=str(field(given, "version") or ""),
            label_categories=_categories(given) or (),
        )


@dataclass(frozen=True, slots=True)
class PreAnnotationResult:
    """What a pre-annotation function answers: what the worker template reads, and whether people are needed.

    Attributes
    ----------
    task_input : mapping
        What the template reads as ``task.input``.
    is_human_annotation_required : bool
        Whether people shall label the object. What becomes of its line otherwise AWS does not say.

    Examples
    --------
    >>> PreAnnotationResult({"taskObject": "It broke"}).to_json()
    {'taskInput': {'taskObject': 'It broke'}, 'isHumanAnnotationRequired': True}
    >>> PreAnnotationResult.from_json({"taskInput": {}, "humanAnnotationRequired": "false"})
    PreAnnotationResult(task_input={}, is_human_annotation_required=False)
    """

    task_input: Mapping[str, object]
    is_human_annotation_required: bool = True

    @classmethod
    def from_json(cls, response: object) -> Self:
        """Read the response of a Lambda function; also as AWS's samples write it, with ``humanAnnotationRequired``.

        Parameters
        ----------
        response : mapping
            With ``taskInput``.

        Raises
        ------
        InvalidInputError
            If it is none; it names the field.
        """
        given = object_in(response, "the response")
        required = field(given, "isHumanAnnotationRequired", "humanAnnotationRequired")
        return cls(
            object_in(field(given, "taskInput"), "'taskInput'"),
            True if required is None else truth(required, "'isHumanAnnotationRequired'"),
        )

    def to_json(self) -> dict[str, object]:
        """Return the response of a Lambda function."""
        return {
            "taskInput": dict(self.task_input),
            "isHumanAnnotationRequired": self.is_human_annotation_required,
        }


@dataclass(frozen=True, slots=True)
class WorkerAnnotation:
    """What one worker answered.

    Attributes
    ----------
    worker_id : str
        For example ``"private.eu-west-1.0f1e2d3c4b5a6978"``.
    content : mapping
        The answer: one key an element of the template.

    Examples
    --------
    >>> WorkerAnnotation("w1", {"mood": {"label": "good"}}).content["mood"]
    {'label': 'good'}
    """

    worker_id: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DataObject:
    """One object of a batch, with the answers to it.

    Attributes
    ----------
    dataset_object_id : str
        The number of its line in the input manifest, from 0; in a streaming job its id.
    content : str or None
        The text, of a line with ``source``.
    s3_uri : str or None
        Where it lies, of a line with ``source-ref``.
    annotations : tuple of WorkerAnnotation
        One a worker.

    Examples
    --------
    >>> DataObject("0", content="It broke", annotations=(WorkerAnnotation("w1", {}),)).item
    'It broke'
    """

    dataset_object_id: str
    content: str | None = None
    s3_uri: str | None = None
    annotations: tuple[WorkerAnnotation, ...] = ()

    @property
    def item(self) -> str:
        """The text, or where it lies; empty if the payload does not tell."""
        return self.content or self.s3_uri or ""


@dataclass(frozen=True, slots=True)
class PostAnnotationEvent:
    """What a post-annotation function is asked: a batch of objects whose answers are to become one label each.

    Attributes
    ----------
    label_attribute_name : str
        Under which the manifest lines have the label.
    payload_s3_uri : str
        Where the objects and their answers lie.
    label_categories : tuple of str or None
        The job's labels; None where the event does not tell, as for jobs made in the console.
    role_arn : str or None
        The job's execution role, which the function may assume.
    output_config : str or None
        The folder of the job's annotations: ``s3://BUCKET/PREFIX/JOB/annotations``.
    kms_key_id : str or None
        The key for what is written, if the job has one.
    labeling_job_arn : str
        Of the job; empty if the event does not tell.
    version : str
        As the event tells it. AWS gives it no meaning.

    Examples
    --------
    >>> event = PostAnnotationEvent.from_json({
    ...     "labelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/demo",
    ...     "labelCategories": ["good", "bad"],
    ...     "payload": {"s3Uri": "s3://out/demo/annotations/consolidated-annotation/request.json"},
    ... })
    >>> event.job_name, event.label_attribute_name, event.label_categories
    ('demo', 'demo', ('good', 'bad'))
    """

    label_attribute_name: str
    payload_s3_uri: str
    label_categories: tuple[str, ...] | None = None
    role_arn: str | None = None
    output_config: str | None = None
    kms_key_id: str | None = None
    labeling_job_arn: str = ""
    version: str = ""

    @property
    def job_name(self) -> str:
        """The name of the labeling job; empty if the event does not tell."""
        return self.labeling_job_arn.rpartition("/")[2]

    @classmethod
    def from_json(cls, event: object) -> Self:
        """Read the event of a Lambda function.

        Parameters
        ----------
        event : mapping
            With ``payload`` and ``labelAttributeName``; without the latter it is the job's name.

        Raises
        ------
        InvalidInputError
            If it is none; it names the field.
        """
        given = object_in(event, "the event")
        job_arn = optional_text_in(given, "labelingJobArn", "the event") or ""
        attribute = optional_text_in(given, "labelAttributeName", "the event")
        return cls(
            attribute or job_arn.rpartition("/")[2] or text_in(given, "labelAttributeName", "the event"),
            text_in(object_in(field(given, "payload"), "'payload'"), "s3Uri", "'payload'"),
            label_categories=_categories(given),
            role_arn=optional_text_in(given, "roleArn", "the event"),
            output_config=optional_text_in(given, "outputConfig", "the event"),
            kms_key_id=optional_text_in(given, "kmsKeyId", "the event"),
            labeling_job_arn=job_arn,
            version=str(field(given, "version") or ""),
        )


@dataclass(frozen=True, slots=True)
class ConsolidatedAnnotation:
    """What a post-annotation function answers of one object.

    Attributes
    ----------
    dataset_object_id : str
        Of the object, as the batch has it.
    content : mapping
        What goes into the object's manifest line: the label under the job's label attribute, and whatever else.

    Examples
    --------
    >>> ConsolidatedAnnotation("0", {"mood": {"value": "good", "votes": 3}}).to_json()
    {'datasetObjectId': '0', 'consolidatedAnnotation': {'content': {'mood': {'value': 'good', 'votes': 3}}}}
    """

    dataset_object_id: str
    content: Mapping[str, object]

    @classmethod
    def from_json(cls, entry: object) -> Self:
        """Read one entry of the response of a Lambda function.

        Parameters
        ----------
        entry : mapping
            With ``datasetObjectId`` and ``consolidatedAnnotation``; its content may be JSON text.

        Raises
        ------
        InvalidInputError
            If it is none; it names the field.
        """
        given = object_in(entry, "an entry of the response")
        dataset_object_id = object_id_of(given, "an entry of the response")
        annotation = object_in(field(given, "consolidatedAnnotation"), "'consolidatedAnnotation'")
        content = field(annotation, "content")
        if isinstance(content, str):
            content = parse_json(content, "'content'")
        return cls(dataset_object_id, object_in(content, "'content'"))

    def to_json(self) -> dict[str, object]:
        """Return the entry of a Lambda function's response."""
        return {
            "datasetObjectId": self.dataset_object_id,
            "consolidatedAnnotation": {"content": dict(self.content)},
        }


def object_id_of(given: Mapping[str, object], what: str) -> str:
    """Return the id of an object, which may be a number."""
    found = field(given, "datasetObjectId")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return text_in(given, "datasetObjectId", what)


def _categories(given: Mapping[str, object]) -> tuple[str, ...] | None:
    """Return the names of the labels, which are texts or, as in label category files, objects with ``label``."""
    found = field(given, "labelCategories")
    if found is None:
        return None
    if not isinstance(found, list | tuple):
        raise InvalidInputError(f"'labelCategories' is {type(found).__name__}, no list")
    names = [entry.get("label") if isinstance(entry, Mapping) else entry for entry in found]
    if not all(isinstance(name, str) for name in names):
        raise InvalidInputError("an entry of 'labelCategories' is no text")
    return tuple(dict.fromkeys(map(str, names)))
