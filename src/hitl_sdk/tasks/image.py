"""Tasks on an image: what all of them have in common, and those in which labels are chosen for it."""

from typing import Annotated, ClassVar

from pydantic import Field

from hitl_sdk.tasks._prediction import ShowsPrediction
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.classification import Classification, Labels
from hitl_sdk.tasks.files import FileTask
from hitl_sdk.tasks.multi_classification import MultiClassification

__all__ = ["ImageClassification", "ImageMultiClassification", "ImageTask", "TwoToTenLabels"]

TwoToTenLabels = Annotated[Labels, Field(max_length=10)]
"""For the classifiers of images, which take no more."""


class ImageTask(FileTask):
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

    item_kind = "an image"


class _ImageClassifier(ShowsPrediction, ImageTask):
    """What the tasks have in common in which labels are chosen for an image."""

    element: ClassVar[str]

    def _image_classifier(self, labels: object, attributes: str = "") -> str:
        """Fill the template of both classifiers; the attributes are escaped already."""
        return self._filled(
            "image_classification.liquid.html",
            short_instructions=self._short_html(),
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
    labeling_kind = "ImageMultiClass"

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
    labeling_kind = "ImageMultiClassMultiLabel"

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
