"""What AWS's own functions do, ``PRE-*`` before people answer and ``ACS-*`` after, for every built-in kind of job.

AWS says what they get and give, and of the consolidation which ideas it follows, but shows no code. The forms are
Ground Truth's; the arithmetic is that of `hitl_sdk.consolidation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hitl_sdk._ground_truth import CUSTOM, Kind, kind_named
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.functions._frame_input import task_object
from hitl_sdk.functions.events import (
    ConsolidatedAnnotation,
    DataObject,
    PostAnnotationEvent,
    PreAnnotationEvent,
    PreAnnotationResult,
)
from hitl_sdk.functions.handlers import respond

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitl_sdk._ground_truth import Stage
    from hitl_sdk.functions.storage import Storage

__all__ = ["BuiltIn", "built_in"]

BuiltIn: TypeAlias = "Callable[[Mapping[str, object], Storage], object]"
"""A function that takes the event of Lambda and where to read and write, and returns the response."""


def built_in(stage: Stage, kind: Kind | str) -> BuiltIn:
    """Return what does the same as one of AWS's own functions.

    Parameters
    ----------
    stage : {"PRE", "ACS"}
        Before people answer, or after: annotation consolidation.
    kind : str
        Of the labeling job: ``"BoundingBox"``.

    Returns
    -------
    callable
        ``function(event, storage)``, which returns the response as JSON. ``PRE`` gives the template ``taskObject``,
        ``manifestLine`` and, where the event tells them, ``labels``. ``ACS`` gives each object its label and metadata as
        Ground Truth's output manifests have them, and writes the files that labels of its kind need. One worker's label
        has the confidence 0, as on AWS, whatever the number of answers that were asked for.

    Raises
    ------
    InvalidInputError
        If there is no such kind, or the stage is neither.

    Examples
    --------
    >>> before = built_in("PRE", "TextMultiClass")
    >>> before({"dataObject": {"source": "It broke"}}, {})["taskInput"]
    {'taskObject': 'It broke', 'manifestLine': {'source': 'It broke'}}
    """
    found = kind_named(kind) if isinstance(kind, str) else kind
    if stage == "PRE":
        return lambda event, storage: _before(found, event, storage)
    if stage == "ACS":
        return lambda event, storage: _after(found, event, storage)
    raise InvalidInputError(f"stage={stage!r} is none of AWS's functions", hint="use 'PRE' or 'ACS'")


def _before(kind: Kind, event: Mapping[str, object], storage: Storage) -> object:
    asked = PreAnnotationEvent.from_json(event)
    item = task_object(kind, asked, storage)
    task_input: dict[str, object] = {"taskObject": item, "manifestLine": dict(asked.data_object)}
    if asked.label_categories:
        task_input["labels"] = list(asked.label_categories)
    if kind.name == CUSTOM:  # a template of the user's own reads the line's keys
        task_input = {**asked.data_object, **task_input}
    return PreAnnotationResult(task_input).to_json()


def _after(kind: Kind, event: Mapping[str, object], storage: Storage) -> object:
    from hitl_sdk._clock import current_clock
    from hitl_sdk.functions._batch import Batch
    from hitl_sdk.functions._consolidators import CONSOLIDATORS

    consolidator = CONSOLIDATORS.get(kind.name)
    if consolidator is None:
        raise InvalidInputError(
            f"the answers of {kind.name} jobs can't be consolidated here",
            hint=f"possible are {', '.join(sorted(CONSOLIDATORS))}",
        )

    def function(objects: Sequence[DataObject], asked: PostAnnotationEvent) -> list[ConsolidatedAnnotation]:
        batch = Batch(kind, asked, objects, storage, current_clock().now())
        return [
            ConsolidatedAnnotation(name, batch.content(entry)) for name, entry in consolidator(batch).items()
        ]

    return respond(function, PostAnnotationEvent.from_json(event), storage)
