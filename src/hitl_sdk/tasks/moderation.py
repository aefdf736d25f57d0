"""Tasks of moderation: what is unsafe in an image."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from hitl_sdk._elements import ANSWER_KEYS
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.tasks._ai_service import AiServiceTask
from hitl_sdk.tasks._reading import answer_errors, value_under
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.multi_classification import MultiClassification

__all__ = ["RekognitionModeration"]


class RekognitionModeration(AiServiceTask, MultiClassification):
    """Choose what is unsafe in an image, out of the categories of Amazon Rekognition or others.

    The worker template serves both a flow of your own and human loops that Rekognition's DetectModerationLabels
    starts by its ``HumanLoopConfig``.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`; the answer stands under a key of the element's own.
    labels : sequence of str
        The categories: at least one, none empty, each once.
    parents : mapping of str to str, optional
        By category, the one that it is part of: ``{"Weapons": "Violence"}``.
    none_of_these : str, optional
        What workers choose if nothing is unsafe; the answer is then empty.
    show_prediction : bool, default False
        Whether workers are told what the model says.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = RekognitionModeration(
    ...     name="safety", labels=["Weapons", "Alcohol"], title="What is unsafe?", parents={"Weapons": "Violence"}
    ... )
    >>> answer = {"moderationLabels": [{"name": "Weapons", "parentName": "Violence"}]}
    >>> task.parse_answer({"AWS/Rekognition/DetectModerationLabels/Image/V3": answer}).label
    ('Weapons',)
    """

    parents: Mapping[str, str] = {}

    answer_key: ClassVar[str] = ANSWER_KEYS["crowd-rekognition-detect-moderation-labels"]
    request_key = "image"
    item_kind = "an image"

    @model_validator(mode="after")
    def _parents_are_of_labels(self) -> "RekognitionModeration":
        for label in self.parents:
            if label not in self.labels:
                raise ValueError(f"{label!r} has a parent, but is no label")
        return self

    def template(self) -> str:
        """Return the worker template, built on ``crowd-rekognition-detect-moderation-labels``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = RekognitionModeration(name="safety", labels=["Weapons"], title="What is unsafe?")
        >>> 'categories="[&quot;Weapons&quot;]"' in task.template()
        True
        """
        categories = [{"name": label, "parentName": self.parents.get(label, "")} for label in self.labels]
        return self._classifier("moderation.liquid.html", categories if self.parents else None)

    def parse_answer(self, content: Mapping[str, object]) -> Answer[tuple[str, ...]]:
        """Read the ``answerContent`` of one worker, in either spelling; the labels come in the order of the task's.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the element's key, or one of its labels is none of the task's.

        Examples
        --------
        >>> task = RekognitionModeration(name="safety", labels=["Weapons"], title="What is unsafe?")
        >>> task.parse_answer({task.answer_key: {"ModerationLabels": []}}).label
        ()
        """
        answer = self._answer(content)
        with answer_errors(self.name):
            chosen = value_under(answer, "moderationLabels", "ModerationLabels") or []
        if not isinstance(chosen, list):
            raise InvalidOutputError(
                f"the moderation labels of an answer to task {self.name!r} are {type(chosen).__name__}, no list",
                hint="is it an output of another task?",
            )
        return Answer(self._chosen(_name(label) for label in chosen))

    def normalise_label(self, label: object) -> tuple[str, ...]:
        """Return a model's labels as this task spells them, in the order of the task's.

        Parameters
        ----------
        label : iterable of str or of Rekognition's moderation labels
            Of the latter the ``Name`` counts.

        Raises
        ------
        InvalidPredictionError
            If one is none of the task's labels.

        Examples
        --------
        >>> task = RekognitionModeration(name="safety", labels=["Weapons"], title="What is unsafe?")
        >>> task.normalise_label([{"Name": "Weapons", "Confidence": 51.2}])
        ('Weapons',)
        """
        return super().normalise_label([_name(each) for each in label] if isinstance(label, list) else label)


def _name(label: Any) -> object:
    """Return the name of a label that is given by it, or as an object."""
    return label.get("name", label.get("Name")) if isinstance(label, Mapping) else label
