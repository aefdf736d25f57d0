"""Tasks in which people draw on an image: boxes, polygons, polylines and keypoints."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from hitl_sdk.consolidation import (
    BoxConsolidation,
    Consolidation,
    KeypointConsolidation,
    PolygonConsolidation,
    PolylineConsolidation,
)
from hitl_sdk.labels import (
    Box,
    Keypoint,
    LabelType,
    Polygon,
    Polyline,
    Shapes,
    read_shapes,
    shapes_type,
    to_value,
)
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, box_entry
from hitl_sdk.tasks._prior_labels import prior_boxes
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.annotation import ImageAnnotation, UpToTenLabels, image_size, is_modified
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.classification import object_under

__all__ = [
    "BoundingBox",
    "Drawing",
    "KeypointAnnotation",
    "PolygonAnnotation",
    "PolylineAnnotation",
]

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Drawing(ImageAnnotation):
    """Draw shapes of one kind on an image; the model's shapes are there already. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once. Numbers become texts.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBox
    >>> issubclass(BoundingBox, Drawing)
    True
    """

    shape: ClassVar[type[Any]]
    """`Box`, `Polygon`, `Polyline` or `Keypoint`."""
    answer_keys: ClassVar[tuple[str, ...]]
    """Under which key of its answer the shapes stand, the element's own first."""

    @property
    def label_type(self) -> LabelType:
        """The shapes of one image, and its size."""
        return shapes_type(self.shape)

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
        with answer_errors(self.name):
            label = read_shapes(self.shape, self._drawn(answer), *image_size(answer))
        spelled = tuple(replace(each, label=self.answered_label(each.label)) for each in label.shapes)
        return Answer(replace(label, shapes=spelled), modified=is_modified(answer))

    def _drawn(self, answer: Mapping[str, object]) -> object:
        """Return the shapes of an answer; one that tells of an image and no shapes has none."""
        key = next((key for key in self.answer_keys if key in answer), None)
        if key is None and "inputImageProperties" not in answer:
            raise ValueError(f"it has no {self.answer_keys[0]}")
        return None if key is None else answer[key]

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
        with label_errors(self.name, hint=f"give a list of hitl_sdk.labels.{self.shape.__name__}"):
            shapes = read_shapes(self.shape, label)
        spelled = tuple(replace(each, label=self.predicted_label(each.label)) for each in shapes.shapes)
        return replace(shapes, shapes=spelled)

    def initial_value(self, label: Any) -> object:
        """Return the shapes as the element draws them: without confidence.

        Parameters
        ----------
        label : Shapes
            As `normalise_label` returns it.
        """
        return [
            {key: value for key, value in shape.items() if key != "confidence"}
            for shape in (to_value(each) for each in label.shapes)
            if isinstance(shape, dict)
        ]


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

    labels: UpToTenLabels

    shape = Box
    element = "crowd-bounding-box"
    answer_keys: ClassVar[tuple[str, ...]] = ("boundingBoxes",)
    labeling_kind = "BoundingBox"

    def prior_label(self, prior: str) -> str:
        """Return the Liquid that prints the boxes of a former labeling job as the element takes them.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """
        return prior_boxes(prior)

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches boxes by their overlap and averages them."""
        return BoxConsolidation()

    def _entry(self, label: Any, known: Known) -> ManifestEntry:
        return box_entry(label, self.label_names, known.image_size)


class PolygonAnnotation(Drawing):
    """Draw the outlines of things in an image.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = PolygonAnnotation(name="roofs", labels=["roof"], title="Draw the outline of every roof")
    >>> roof = {"label": "roof", "vertices": [(0, 0), (4, 0), (2, 3)]}
    >>> task.normalise_label([roof]).shapes[0].vertices[2]
    Point(x=2, y=3)
    """

    shape = Polygon
    element = "crowd-polygon"
    answer_keys: ClassVar[tuple[str, ...]] = ("polygons",)

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches polygons by their overlap and averages their outlines."""
        return PolygonConsolidation()


class PolylineAnnotation(Drawing):
    """Draw lines in an image; answers of ``crowd-line`` are read as well.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        1 to 10 (the limit of ``crowd-polyline``), none empty, each once.
    label_colors : sequence of str, optional
        One like ``"#1f77b4"`` for each label; left out, the element chooses.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = PolylineAnnotation(name="lanes", labels=["lane"], title="Draw every lane", label_colors=["#1f77b4"])
    >>> task.input("s3://bucket/1.png", [{"label": "lane", "vertices": [(0, 0), (4, 3)]}])["initialValue"]
    {'polylines': [{'label': 'lane', 'vertices': [{'x': 0, 'y': 0}, {'x': 4, 'y': 3}]}]}
    """

    labels: UpToTenLabels
    label_colors: Annotated[Sequence[Color], AfterValidator(tuple)] = ()

    shape = Polyline
    element = "crowd-polyline"
    answer_keys: ClassVar[tuple[str, ...]] = ("polylines", "lines")

    @model_validator(mode="after")
    def _check_colors(self) -> Self:
        if self.label_colors and len(self.label_colors) != len(self.labels):
            raise ValueError(f"{len(self.labels)} labels have {len(self.label_colors)} label_colors")
        return self

    def initial_value(self, label: Any) -> object:
        """Return the polylines as the element draws them: in an object, and without confidence.

        Parameters
        ----------
        label : Shapes
            As `normalise_label` returns it.
        """
        return {"polylines": super().initial_value(label)}

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches polylines by their distance and averages them."""
        return PolylineConsolidation()

    def _attributes(self) -> str:
        colors = escaped_json(self.label_colors)
        return f'\n    label-colors="{colors}"' if self.label_colors else ""


class KeypointAnnotation(Drawing):
    """Mark places in an image.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least one, none empty, each once.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = KeypointAnnotation(name="faces", labels=["left eye", "nose"], title="Mark eyes and nose")
    >>> task.parse_answer({"faces": {"keypoints": [{"label": "nose", "x": "155", "y": 275}]}}).label.shapes
    (Keypoint(label='nose', x=155, y=275, confidence=None),)
    """

    shape = Keypoint
    element = "crowd-keypoint"
    answer_keys: ClassVar[tuple[str, ...]] = ("keypoints",)

    def own_consolidation(self) -> Consolidation[Any]:
        """Return the method that matches keypoints by their distance and averages them."""
        return KeypointConsolidation()
