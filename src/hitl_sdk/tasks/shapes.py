"""Tasks in which people draw on an image: boxes, polygons, polylines and keypoints."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hitl_sdk.consolidation import BoxConsolidation, Consolidation
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import Box, LabelType, Shapes, read_shapes, shapes_type, to_value
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import with_address, worker_comment
from hitl_sdk.tasks.classification import LabelList, ListedLabels, object_under

__all__ = ["BoundingBox", "Drawing"]


class Drawing(ListedLabels):
    """Draw shapes of one kind on an image; the model's shapes are there already. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 10 (the limit of the elements), none empty, each once.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBox
    >>> issubclass(BoundingBox, Drawing)
    True
    """

    labels: Annotated[LabelList, Field(max_length=10)]

    shape: ClassVar[type[Any]]
    """`Box`, `Polygon`, `Polyline` or `Keypoint`."""
    element: ClassVar[str]
    """The crowd element."""
    answer_key: ClassVar[str]
    """Under which key of its answer the shapes stand."""

    @property
    def label_type(self) -> LabelType:
        """The shapes of one image, and its size."""
        return shapes_type(self.shape)

    @abstractmethod
    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method for this kind of shape."""

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
        return self._filled(
            "drawing.liquid.html", element=self.element, labels=escaped_json(list(self.labels))
        )

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the image lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : Shapes or its plain value, optional
            What the model found; workers find it drawn already.

        Raises
        ------
        InvalidPredictionError
            If the item is no such address, or a shape is none or has a label that is none of the task's.
        """
        return with_address(self, super().input(item, label), "an image")

    def parse_answer(self, content: Mapping[str, object]) -> Answer[Shapes[Any]]:
        """Read the ``answerContent`` of one worker: numbers may be text, and nothing drawn null.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, or a shape in it can't be read or is none of the task's.

        Examples
        --------
        >>> from hitl_sdk.tasks import BoundingBox
        >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
        >>> box = {"label": "cat", "left": 10, "top": "12", "width": 90, "height": 60}
        >>> task.parse_answer({"cats": {"boundingBoxes": [box]}}).label.shapes
        (Box(label='cat', left=10, top=12, width=90, height=60, confidence=None),)
        """
        answer = object_under(content, self.name)
        size = answer.get("inputImageProperties")
        size = size if isinstance(size, Mapping) else {}
        try:
            label = read_shapes(
                self.shape, answer.get(self.answer_key), size.get("width"), size.get("height")
            )
        except ValueError as error:
            raise InvalidOutputError(
                f"the answer to task {self.name!r} can't be read: {error}",
                hint="is it an output of another task?",
            ) from None
        modified = answer.get("initialValueModified")
        spelled = tuple(replace(each, label=self.answered_label(each.label)) for each in label.shapes)
        return Answer(
            replace(label, shapes=spelled),
            worker_comment(answer),
            modified if isinstance(modified, bool) else None,
        )

    def normalise_label(self, label: object) -> Shapes[Any]:
        """Return a model's shapes as objects, their labels as this task spells them.

        Parameters
        ----------
        label : Shapes, its plain value, or a list of shapes
            What the model found.

        Raises
        ------
        InvalidPredictionError
            If one of them is no such shape, or its label is none of the task's.

        Examples
        --------
        >>> from hitl_sdk.tasks import BoundingBox
        >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
        >>> task.normalise_label([{"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60}]).shapes[0].left
        10
        """
        try:
            shapes = read_shapes(self.shape, label)
        except ValueError as error:
            raise InvalidPredictionError(
                f"the label of a prediction for task {self.name!r} can't be read: {error}",
                hint=f"give a list of hitl_sdk.labels.{self.shape.__name__}",
            ) from None
        spelled = tuple(replace(each, label=self.predicted_label(each.label)) for each in shapes.shapes)
        return replace(shapes, shapes=spelled)

    def initial_value(self, label: Any) -> object:
        """Return the shapes as the element draws them: without confidence."""
        return [
            {key: value for key, value in shape.items() if key != "confidence"}
            for shape in (to_value(each) for each in label.shapes)
            if isinstance(shape, dict)
        ]

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method for this kind of shape.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels.
        """
        return self._own_method(self.own_consolidation(), by)


class BoundingBox(Drawing):
    """Draw boxes around things in an image.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 10 (the limit of ``crowd-bounding-box``), none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import Box
    >>> task = BoundingBox(name="cats", labels=["cat"], title="Draw a box around every cat")
    >>> task.input("s3://bucket/1.png", [Box("cat", left=10, top=12, width=90, height=60, confidence=0.7)])
    {'taskObject': 's3://bucket/1.png',
     'initialValue': [{'label': 'cat', 'left': 10, 'top': 12, 'width': 90, 'height': 60}]}
    """

    shape = Box
    element = "crowd-bounding-box"
    answer_key = "boundingBoxes"
    metadata_type = "groundtruth/object-detection"

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches boxes by their overlap and averages them."""
        return BoxConsolidation()
