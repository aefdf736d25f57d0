"""What the tasks on requests to Textract and Rekognition have in common: they also read loops that these started."""

from collections.abc import Mapping
from typing import Any, ClassVar

from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.tasks.base import answer_under, instead
from hitl_sdk.tasks.files import FileTask

__all__ = ["AiServiceTask"]


class AiServiceTask(FileTask):
    """A task whose element answers under a key that is always the same, and whose item may come from an AI service."""

    answer_key: ClassVar[str]
    """Under which the answer stands, whatever the task's name."""
    request_key: ClassVar[str]
    """Under which the request to the AI service names the item."""

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
            f"the answer has no object under {self.answer_key!r}, but {instead(content, self.answer_key)}",
            hint=f"is this an output of another flow than that of task {self.name!r}?",
        )
