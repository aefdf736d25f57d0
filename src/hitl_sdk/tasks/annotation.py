"""What all tasks have in common in which people draw or paint on an image."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hitl_sdk.consolidation import Consolidation
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.tasks._prior_labels import INITIAL_VALUE, prior_value
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.classification import LabelList, ListedLabels
from hitl_sdk.tasks.image import ImageTask

__all__ = ["ImageAnnotation", "UpToTenLabels", "image_size", "is_modified"]

UpToTenLabels = Annotated[LabelList, Field(max_length=10)]
"""For the elements that take no more."""


class ImageAnnotation(ImageTask, ListedLabels):
    """Draw or paint on an image; what the model found is there already. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBox
    >>> issubclass(BoundingBox, ImageAnnotation)
    True
    """

    element: ClassVar[str]
    """The crowd element."""

    @abstractmethod
    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method for this kind of label."""

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method for this kind of label.

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

    def template(self) -> str:
        """Return the worker template, built on `element`.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> from hitl_sdk.tasks import BoundingBox
        >>> "<crowd-bounding-box" in BoundingBox(name="cats", labels=["cat"], title="Draw").template()
        True
        """
        return self._template_with("task.input.initialValue", INITIAL_VALUE)

    def prior_label(self, prior: str) -> str:
        """Return the Liquid that prints the label of a former labeling job as the element takes it.

        Parameters
        ----------
        prior : str
            The job's label attribute.

        Raises
        ------
        InvalidInputError
            If Ground Truth has no jobs in which such labels are verified or adjusted.
        """
        raise InvalidInputError(
            f"Ground Truth neither verifies nor adjusts what <{self.element}> gives (label attribute {prior!r})",
            hint="boxes and semantic masks can be verified and adjusted",
        )

    def _template_after(self, prior: str) -> str:
        return self._template_with(prior_value(prior), self.prior_label(prior))

    def _template_with(self, label: str, initial_value: str) -> str:
        """Fill the template: what it shows at first, if there is a label at that place of the input."""
        return self._filled(
            "image_annotation.liquid.html",
            element=self.element,
            labels=escaped_json(self.labels),
            attributes=self._attributes(),
            initial_value=f'{{% if {label} %}} initial-value="{initial_value}" {{% endif %}}',
        )

    def _attributes(self) -> str:
        """Return further attributes of the element, escaped."""
        return ""


def image_size(answer: Mapping[str, object]) -> tuple[object, object]:
    """Return width and height that an answer tells of its image, as they stand there; None where it doesn't."""
    properties = answer.get("inputImageProperties")
    return (
        (properties.get("width"), properties.get("height"))
        if isinstance(properties, Mapping)
        else (None, None)
    )


def is_modified(answer: Mapping[str, object]) -> bool | None:
    """Return whether the worker changed what was there, if the answer tells."""
    modified = answer.get("initialValueModified")
    return modified if isinstance(modified, bool) else None
