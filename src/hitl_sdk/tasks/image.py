"""Tasks on an image: what all of them have in common, and those in which labels are chosen for it."""

from typing import Annotated, ClassVar

from pydantic import Field

from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.base import Task, with_address
from hitl_sdk.tasks.classification import Classification, Labels
from hitl_sdk.tasks.multi_classification import MultiClassification

__all__ = ["ImageClassification", "ImageMultiClassification", "ImageTask", "TwoToTenLabels"]

TwoToTenLabels = Annotated[Labels, Field(max_length=10)]
"""For the classifiers of images, which take no more."""

_PREDICTION = (
    "{% if task.input.initialValue %}"
    '<p>The model says: <strong>{{ task.input.initialValue | join: ", " | default: "none" }}</strong></p>'
    "{% endif %}"
)


class ImageTask(Task):
    """A task whose items are the addresses of images. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBox
    >>> issubclass(BoundingBox, ImageTask)
    True
    """

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the image lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : object, optional
            The model's label.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address, or the label can't be read or is none of the task's.
        """
        return with_address(self, super().input(item, label), "an image")


class _ImageClassifier(ImageTask):
    """What the tasks have in common in which labels are chosen for an image."""

    show_prediction: bool = False

    element: ClassVar[str]

    def _image_classifier(self, labels: object, attributes: str = "") -> str:
        """Fill the template of both classifiers; the attributes are escaped already."""
        prediction = _PREDICTION if self.show_prediction else ""
        return self._filled(
            "image_classification.liquid.html",
            short_instructions=self.instructions.short_html() + prediction,
            element=self.element,
            categories=escaped_json(labels),
            attributes=attributes,
            regions="",
        )


class ImageClassification(_ImageClassifier, Classification):
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

    labels: TwoToTenLabels

    element = "crowd-image-classifier"
    metadata_type = "groundtruth/image-classification"

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
        return self._image_classifier(self.labels)


class ImageMultiClassification(_ImageClassifier, MultiClassification):
    """Choose any number of labels for an image.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        2 to 10 (the limit of ``crowd-image-classifier``), none empty, each once. Numbers become texts.
    none_of_these : str, optional
        What workers choose if no label fits, for example "None of these"; the answer is then empty.
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
    >>> task = ImageMultiClassification(name="weather", labels=["rain", "fog"], title="What is the weather?")
    >>> task.input("s3://bucket/1.png", label=["fog"])
    {'taskObject': 's3://bucket/1.png', 'initialValue': ['fog']}
    >>> task.parse_answer({"weather": {"labels": ["fog", "rain"]}}).label
    ('rain', 'fog')
    """

    labels: TwoToTenLabels

    element = "crowd-image-classifier-multi-select"
    metadata_type = "groundtruth/image-classification-multilabel"

    def template(self) -> str:
        """Return the worker template, built on ``crowd-image-classifier-multi-select``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = ImageMultiClassification(name="weather", labels=["rain", "fog"], title="What is the weather?")
        >>> 'categories="[&quot;rain&quot;, &quot;fog&quot;]"' in task.template()
        True
        """
        return self._image_classifier(self.labels, self._exclusion_attribute())
