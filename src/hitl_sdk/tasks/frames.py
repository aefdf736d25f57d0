"""What the tasks on video frames and point clouds have in common: they are for labeling jobs, in AWS's own task UIs."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Never

from pydantic import Field

from hitl_sdk._ground_truth import kind_named
from hitl_sdk.consolidation import Consolidation
from hitl_sdk.errors import InvalidOutputError, TemplateError
from hitl_sdk.labels import (
    Frame,
    FrameSequence,
    LabelType,
    read_sequence,
    sequence_label,
    sequence_type,
    to_value,
)
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks.annotation import is_modified
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import answer_under, names
from hitl_sdk.tasks.classification import LabelList, ListedLabels
from hitl_sdk.tasks.files import FileTask

__all__ = ["FrameTask", "SequenceTask", "class_map", "spelled_frame"]


class FrameTask(FileTask, ListedLabels):
    """A task on frames, for Ground Truth's labeling jobs alone. Abstract.

    Augmented AI has no such task: its workers see a template, and AWS's task UIs for frames are not among those that
    a template can hold. So `template` refuses, and with it `ReviewFlow` and `HumanTaskUi`; a `LabelingJob` names AWS's
    own task UI instead. The form of a worker's answer AWS documents for video frames alone, one frame at a time; the
    local service writes the frames of a sequence as a list of these, and cuboids and points in the same way.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 30, none empty, each once. A labeling job takes up to 16 characters each.

    Examples
    --------
    >>> from hitl_sdk.tasks import VideoObjectDetection
    >>> issubclass(VideoObjectDetection, FrameTask)
    True
    """

    labels: Annotated[LabelList, Field(max_length=30)]

    has_template: ClassVar[bool] = False

    def template(self) -> Never:
        """Refuse: workers see AWS's own task UI.

        Raises
        ------
        TemplateError
            Always.
        """
        ui = kind_named(self.labeling_kind).human_task_ui
        raise TemplateError(
            f"task {self.name!r} has no worker template: its workers see AWS's own task UI {ui!r}, "
            "which Augmented AI can't show",
            hint="use it in a LabelingJob, not in a ReviewFlow",
            resource=self.name,
        )

    def item(self, input_content: Mapping[str, object]) -> str:
        """Return the address of the frames that a task's input is about.

        Parameters
        ----------
        input_content : mapping
            What AWS's function gives to the task UI: the parsed sequence as ``taskObject``, and the manifest's line.

        Raises
        ------
        InvalidOutputError
            If it has none.
        """
        line = input_content.get("manifestLine")
        address = line.get("source-ref") if isinstance(line, Mapping) else None
        if isinstance(address, str):
            return address
        return super().item(input_content)

    def parse_answer(self, content: Mapping[str, object]) -> Answer[Any]:
        """Read the ``answerContent`` of one worker, under the task's name or the name that AWS's task UI gives it.

        Parameters
        ----------
        content : mapping
            For example ``{"trackingAnnotations": {"frames": [...]}}``.

        Raises
        ------
        InvalidOutputError
            If there is no answer, or it can't be read, or has a label that is none of the task's.
        """
        answer = answer_under(content, self.name)
        if answer is None:
            answer = answer_under(content, str(kind_named(self.labeling_kind).answer_key))
        if answer is None:
            raise InvalidOutputError(
                f"the answer has nothing under {self.name!r}, but {names(content)}",
                hint="is it an answer to another task?",
            )
        with answer_errors(self.name):
            label = self._read(answer)
        modified = is_modified(answer) if isinstance(answer, Mapping) else None
        return Answer(self._spelled(label, self.answered_label), modified=modified)

    def normalise_label(self, label: object) -> Any:
        """Return a model's label as objects, its labels as this task spells them.

        Parameters
        ----------
        label : object
            An object of `hitl_sdk.labels`, or its plain value.

        Raises
        ------
        InvalidPredictionError
            If it is no such label, or has a label that is none of the task's.
        """
        with label_errors(self.name, hint="give an object of hitl_sdk.labels, or its plain value"):
            read = self._read(label)
        return self._spelled(read, self.predicted_label)

    def initial_value(self, label: Any) -> object:
        """Return the label as plain JSON.

        Parameters
        ----------
        label : Label
            As `normalise_label` returns it.
        """
        return to_value(label)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method for this kind of label. AWS states none for these kinds of jobs.

        Parameters
        ----------
        by : Consolidation, optional
            The method that is wanted.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels.
        """
        return self._own_method(self.own_consolidation(), by)

    @abstractmethod
    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method for this kind of label."""

    @abstractmethod
    def _read(self, value: object) -> Any:
        """Read a label or an answer; what is wrong is a ValueError."""

    @abstractmethod
    def _spelled(self, label: Any, spell: Callable[[object], str]) -> Any:
        """Return a label with the names of its classes as `spell` gives them."""


class SequenceTask(FrameTask):
    """Mark things in each frame of a sequence. Abstract.

    Parameters
    ----------
    labels : sequence of str
        1 to 30, none empty, each once.

    Examples
    --------
    >>> from hitl_sdk.tasks import PointCloudObjectTracking
    >>> issubclass(PointCloudObjectTracking, SequenceTask)
    True
    """

    item_kind = "a sequence file"
    tracks: ClassVar[bool]
    """Whether things are the same over frames, and so have ids."""

    @property
    @abstractmethod
    def shape(self) -> type[Any]:
        """What is marked: `Box`, `Polygon`, `Polyline`, `Keypoint` or `Cuboid`."""

    @property
    def label_type(self) -> LabelType:
        """The things in each frame."""
        return sequence_type(self.shape)

    def _read(self, value: object) -> FrameSequence[Any]:
        return read_sequence(self.shape, value)

    def _spelled(self, label: FrameSequence[Any], spell: Callable[[object], str]) -> FrameSequence[Any]:
        return FrameSequence(tuple(spelled_frame(frame, spell) for frame in label.frames))

    def _entry(self, label: FrameSequence[Any], known: Known) -> ManifestEntry:  # noqa: ARG002
        """Return the address of a ``SeqLabel.json``, in which confidences have no place."""
        document = sequence_label(self.shape, label, self.label_names, tracking=self.tracks)
        content = json.dumps(document, ensure_ascii=False).encode()
        return ManifestEntry(None, self._sequence_metadata(label), file=("SeqLabel.json", content))

    def _sequence_metadata(self, label: FrameSequence[Any]) -> dict[str, object]:
        """Return what a manifest line says beside the address."""
        return {"class-map": class_map(label.frames, self.label_names)}


def class_map(frames: Iterable[Frame[Any]], labels: Sequence[str]) -> dict[str, str]:
    """Return the names of the classes that things in frames have, by number."""
    used = {each.shape.label for frame in frames for each in frame.objects}
    return {str(number): label for number, label in enumerate(labels) if label in used}


def spelled_frame(frame: Frame[Any], spell: Callable[[object], str]) -> Frame[Any]:
    """Return a frame with the labels of its things as `spell` gives them."""
    objects = tuple(
        replace(each, shape=replace(each.shape, label=spell(each.shape.label))) for each in frame.objects
    )
    return replace(frame, objects=objects)
