"""Tasks on an image."""

from typing import Annotated

from pydantic import Field

from hitl_sdk.tasks.base import with_address
from hitl_sdk.tasks.classification import Classification, Labels

__all__ = ["ImageClassification"]

_HINT = (
    "{% if task.input.initialValue %}"
    "<p>The model says: <strong>{{ task.input.initialValue }}</strong></p>"
    "{% endif %}"
)


class ImageClassification(Classification):
    """Choose one label for an image.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        2 to 10 (the limit of ``crowd-image-classifier``), none empty, each once. Numbers become texts.
    show_prediction : bool, default False
        Whether workers are told what the model says. The element can't have it chosen already, and a
        worker who knows it is biased; the human loop's input carries it either way.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = ImageClassification(name="animal", labels=["cat", "dog"], title="Which animal is it?")
    >>> task.input("s3://bucket/1.png", label="cat")
    {'taskObject': 's3://bucket/1.png', 'initialValue': 'cat'}
    """

    labels: Annotated[Labels, Field(max_length=10)]
    show_prediction: bool = False

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the image lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : str or int, optional
            The model's label.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address, or the label is none of the task's.
        """
        return with_address(self, super().input(item, label), "an image")

    def template(self) -> str:
        """Return the worker template, built on ``crowd-image-classifier``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = ImageClassification(name="animal", labels=["cat", "dog"], title="Which animal is it?")
        >>> 'src="{{ task.input.taskObject | grant_read_access }}"' in task.template()
        True
        """
        short = self.instructions.short_html() + (_HINT if self.show_prediction else "")
        return self._classifier("image_classification.liquid.html", short)
