"""What the tasks on requests to Textract and Rekognition have in common: they also read loops that these started."""

from collections.abc import Mapping
from typing import Any, ClassVar

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.tasks.base import Task, answer_under, names, with_address

__all__ = ["AiServiceTask"]


class AiServiceTask(Task):
    """A task whose element answers under a key that is always the same, and whose item may come from an AI service."""

    answer_key: ClassVar[str]
    """Under which the answer stands, whatever the task's name."""
    request_key: ClassVar[str]
    """Under which the request to the AI service names the item."""
    item_kind: ClassVar[str]
    """What the item is."""

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where it lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : object, optional
            What the model found.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address, or the label is none of the task's.
        """
        return with_address(self, super().input(item, label), self.item_kind)

    def item(self, input_content: Mapping[str, object]) -> str:
        """Return the item that an ``InputContent`` carries: one of ours, or one of the AI service.

        Parameters
        ----------
        input_content : mapping
            What a human loop was started with.

        Raises
        ------
        InvalidOutputError
            If it carries none.
        """
        request: Any = input_content.get("aiServiceRequest")
        if request is None:
            return super().item(input_content)
        try:
            place = request[self.request_key]["s3Object"]
            return f"s3://{place['bucket']}/{place['name']}"
        except (KeyError, TypeError):
            raise InvalidOutputError(
                f"inputContent.aiServiceRequest has no {self.request_key}.s3Object with bucket and name",
                hint=f"is this an output of another flow than that of task {self.name!r}?",
            ) from None

    def _answer(self, content: Mapping[str, object]) -> Mapping[str, object]:
        """Return the object under the element's key.

        Raises
        ------
        InvalidOutputError
            If there is none.
        """
        answer = answer_under(content, self.answer_key)
        if isinstance(answer, Mapping):
            return answer
        raise InvalidOutputError(
            f"the answer has no object under {self.answer_key!r}, but {names(content)}",
            hint=f"is this an output of another flow than that of task {self.name!r}?",
        )
