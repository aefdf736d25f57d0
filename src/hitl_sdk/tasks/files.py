"""What all tasks on files have in common: an item is an address that a browser or S3 can open."""

from typing import ClassVar

from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.tasks.base import Task

__all__ = ["FileTask", "with_address"]


class FileTask(Task):
    """A task whose items are the addresses of files. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBox
    >>> issubclass(BoundingBox, FileTask)
    True
    """

    item_kind: ClassVar[str]
    """What an item is, for messages: ``"an audio clip"``."""

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the file lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : object, optional
            The model's label.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address, or the label can't be read or is none of the task's.
        """
        return with_address(self, super().input(item, label), self.item_kind)


def with_address(task: Task, input_content: dict[str, object], item_kind: str) -> dict[str, object]:
    """Return the content if its item is an address.

    Raises
    ------
    InvalidPredictionError
        If it is none.
    """
    if str(input_content["taskObject"]).startswith(("s3://", "https://", "http://")):
        return input_content
    raise InvalidPredictionError(
        f"an item of task {task.name!r} is no address of {item_kind}",
        hint=f"put the {item_kind.rsplit(maxsplit=1)[-1]} into S3 and give s3://BUCKET/KEY",
    )
