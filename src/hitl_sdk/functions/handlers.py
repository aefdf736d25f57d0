"""Makes Lambda handlers of typed functions."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, TypeAlias, cast

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions._arguments import check_takes
from hitl_sdk.functions._payload import read_payload
from hitl_sdk.functions._reading import object_in
from hitl_sdk.functions.events import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
    PreAnnotationResult,
)
from hitl_sdk.functions.storage import storage_of

if TYPE_CHECKING:
    from typing import Any

    from hitl_sdk.consolidation import Consolidation
    from hitl_sdk.functions.storage import Storage
    from hitl_sdk.tasks import Task

__all__ = ["Handler", "consolidate", "pass_through", "post_annotation", "pre_annotation"]

_LOG = logging.getLogger(__name__)

Handler: TypeAlias = "Callable[[Mapping[str, object], object], object]"
"""What Lambda calls: with the event and a context, for JSON."""

PreAnnotation: TypeAlias = "Callable[[PreAnnotationEvent], PreAnnotationResult | Mapping[str, object] | None]"
Consolidated: TypeAlias = "Iterable[ConsolidatedAnnotation] | Mapping[str, object]"
PostAnnotation: TypeAlias = "Callable[[Sequence[DataObject], PostAnnotationEvent], Consolidated]"


def pre_annotation(function: PreAnnotation) -> Handler:
    """Make a pre-annotation Lambda handler of a function that says what workers see of an object.

    Parameters
    ----------
    function : callable
        Takes a `PreAnnotationEvent`. Returns a `PreAnnotationResult`; or what the template reads as ``task.input``, as a
        mapping (one with ``taskInput`` is a whole response); or None if there is nothing for people to do.

    Returns
    -------
    callable
        ``handler(event, context)``, which returns JSON. `function` itself stays ``handler.__wrapped__``.

    Raises
    ------
    InvalidInputError
        If it is no function of one argument; by the handler, if the event is none, naming the field.

    Examples
    --------
    >>> @pre_annotation
    ... def before(event: PreAnnotationEvent) -> dict[str, object] | None:
    ...     return {"taskObject": event.item} if len(event.item) > 10 else None
    >>> before({"dataObject": {"source": "The parcel came late"}}, None)
    {'taskInput': {'taskObject': 'The parcel came late'}, 'isHumanAnnotationRequired': True}
    >>> before({"dataObject": {"source": "Fine"}}, None)
    {'taskInput': {}, 'isHumanAnnotationRequired': False}
    """
    check_takes(function, "the event")

    @wraps(function)
    def handler(event: Mapping[str, object], context: object) -> object:  # noqa: ARG001
        result = function(PreAnnotationEvent.from_json(event))
        if result is None:
            result = PreAnnotationResult({}, is_human_annotation_required=False)
        elif not isinstance(result, PreAnnotationResult):
            result = _of_mapping(object_in(result, "what the function returned"))
        return result.to_json()

    return cast("Handler", handler)


def post_annotation(function: PostAnnotation) -> Handler:
    """Make a post-annotation Lambda handler of a function that makes one label of several workers' answers.

    The handler reads the batch, by the job's role where the function may assume it. An object whose answers can't be
    read is left out and logged by its id, and so gets no label; the others go on.

    Parameters
    ----------
    function : callable
        Takes a sequence of `DataObject` and the `PostAnnotationEvent`. Returns `ConsolidatedAnnotation` objects, or a
        mapping of the objects' ids to contents. A content goes into the object's manifest line as it is if it has the
        job's label attribute; otherwise it is put under that, for a line without it would have no label.

    Returns
    -------
    callable
        ``handler(event, context)``, which returns JSON. `function` itself stays ``handler.__wrapped__``.

    Raises
    ------
    InvalidInputError
        If it is no function of two arguments; by the handler, if the event or its payload is none, naming the field.
    ServiceError
        By the handler, if the payload can't be had.

    Examples
    --------
    >>> from collections import Counter
    >>> @post_annotation
    ... def after(objects, event):
    ...     for each in objects:
    ...         votes = Counter(answer.content["mood"]["label"] for answer in each.annotations)
    ...         (label, count), *_ = votes.most_common(1)
    ...         yield ConsolidatedAnnotation(each.dataset_object_id, {"mood": {"label": label, "votes": count}})
    >>> after.__name__
    'after'
    """
    check_takes(function, "the objects", "the event")

    @wraps(function)
    def handler(event: Mapping[str, object], context: object) -> object:  # noqa: ARG001
        asked = PostAnnotationEvent.from_json(event)
        return respond(function, asked, storage_of(asked))

    return cast("Handler", handler)


def respond(
    function: PostAnnotation, event: PostAnnotationEvent, storage: Storage
) -> list[dict[str, object]]:
    """Return the response to a post-annotation event; what is no JSON is left out, and logged by its id."""
    response = []
    for each in _annotations(function(read_payload(event, storage), event)):
        entry = _with_label(each, event.label_attribute_name).to_json()
        try:
            json.dumps(entry)
        except (TypeError, ValueError) as error:
            _LOG.warning("object %r is left out: its label is no JSON: %s", each.dataset_object_id, error)
        else:
            response.append(entry)
    return response


def consolidate(task: Task, by: Consolidation[Any] | None = None) -> Handler:
    """Return a ready post-annotation Lambda handler: the answers to a task, consolidated by its own method.

    Parameters
    ----------
    task : Task
        What workers were asked. Its name is that of the template's element.
    by : Consolidation, optional
        Another method, for example ``DawidSkene()``.

    Returns
    -------
    callable
        ``handler(event, context)``. An object's label is ``{"label", "confidence", "agreement", "nWorkers"}``; the first
        is what the lines of Ground Truth's own kinds have, the next two are null where nobody knows. The metadata of a
        custom job's lines is Ground Truth's own affair, so all that is to be kept of the label stands in it.

    Raises
    ------
    InvalidInputError
        If the method can't do with labels of this task.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=["good", "bad"], title="Find the mood")
    >>> lambda_handler = consolidate(task)
    """
    from hitl_sdk.functions._task_labels import label_documents

    task.consolidation(by)  # refuses what can't be before it is deployed

    @post_annotation
    def consolidated(
        objects: Sequence[DataObject], event: PostAnnotationEvent
    ) -> Iterable[ConsolidatedAnnotation]:
        return label_documents(task, by, objects, event)

    return consolidated


@post_annotation
def pass_through(
    objects: Sequence[DataObject], event: PostAnnotationEvent
) -> Iterable[ConsolidatedAnnotation]:
    """Keep all workers' answers as an object's label, as AWS's own recipe for custom jobs does.

    A ready post-annotation handler: ``lambda_handler = functions.pass_through``.

    Parameters
    ----------
    objects : sequence of DataObject
        The batch.
    event : PostAnnotationEvent
        What is asked.

    Returns
    -------
    iterable of ConsolidatedAnnotation
        Whose label is ``{"annotationsFromAllWorkers": [{"workerId": ..., "annotationData": {"content": ...}}]}``, the
        content as JSON text.

    Examples
    --------
    >>> event = PostAnnotationEvent("mood", "s3://answers/a.json")
    >>> [kept] = pass_through.__wrapped__([DataObject("0")], event)
    >>> kept.content
    {'mood': {'annotationsFromAllWorkers': []}}
    """
    for each in objects:
        answers = [
            {
                "workerId": answer.worker_id,
                "annotationData": {"content": json.dumps(answer.content, ensure_ascii=False)},
            }
            for answer in each.annotations
        ]
        yield ConsolidatedAnnotation(
            each.dataset_object_id, {event.label_attribute_name: {"annotationsFromAllWorkers": answers}}
        )


def _of_mapping(result: Mapping[str, object]) -> PreAnnotationResult:
    """Read a mapping that a function returned: the task input, unless it is a whole response, as AWS's samples return it."""
    if isinstance(result.get("taskInput"), Mapping):
        return PreAnnotationResult.from_json(result)
    return PreAnnotationResult(result)


def _annotations(result: object) -> Iterable[ConsolidatedAnnotation]:
    if isinstance(result, Mapping):
        return [ConsolidatedAnnotation(str(name), cast("Any", content)) for name, content in result.items()]
    if not isinstance(result, Iterable) or isinstance(result, str):
        raise InvalidInputError(
            f"the function returned {type(result).__name__}",
            hint="return ConsolidatedAnnotation objects, or a mapping of the objects' ids to contents",
        )
    return cast("Iterable[ConsolidatedAnnotation]", result)


def _with_label(annotation: ConsolidatedAnnotation, attribute: str) -> ConsolidatedAnnotation:
    content: object = annotation.content
    if isinstance(content, Mapping) and attribute in content:
        return annotation
    return ConsolidatedAnnotation(annotation.dataset_object_id, {attribute: content})
