"""What a human loop is asked for an item: one name for equal content, whoever asks, on whatever machine."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hitl_sdk.loops.naming import human_loop_name
from hitl_sdk.loops.requests import LoopRequest

if TYPE_CHECKING:
    from hitl_sdk.labels import Label
    from hitl_sdk.tasks import Task

__all__ = ["Asking"]

_LABELS_REMEMBERED = 10_000


class Asking:
    """What is asked in one flow, for one task.

    Parameters
    ----------
    flow_definition_arn : str
        The flow.
    task : Task
        What people are asked.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=["-1", "0", "1"], title="Which mood?")
    >>> asking = Asking("arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/mood", task)
    >>> asking.request("It is okay", asking.label("1")).human_loop_name
    'mood-...'
    """

    def __init__(self, flow_definition_arn: str, task: Task) -> None:
        self._flow = flow_definition_arn
        self._task = task
        self._normalised = lru_cache(_LABELS_REMEMBERED)(task.normalise_label)

    def label(self, label: object, scores: object = None) -> Label:
        """Bring a label into the task's spelling.

        Parameters
        ----------
        label : object
            As a model gives it.
        scores : mapping of str to float, optional
            The model's score of every label, which matters only where people are asked about many.

        Raises
        ------
        InvalidPredictionError
            If the task has no such label.
        """
        said = self._task.model_label(label, scores)
        # Texts are few, usually, and each is looked at once; structures can't be compared.
        return self._normalised(said) if isinstance(said, str) else self._task.normalise_label(said)

    def request(self, item: str, label: Label | None) -> LoopRequest:
        """Return the loop that reviews an item.

        Parameters
        ----------
        item : str
            The content, or its S3 URI.
        label : Label or None
            What the model says, as `label` returns it; None if there is no model.

        Raises
        ------
        InvalidPredictionError
            If the task can't show the item or the label.
        """
        name = human_loop_name(self._flow, self._task.review_key(item, label))
        return LoopRequest(self._flow, name, self._task.input(item, label))
