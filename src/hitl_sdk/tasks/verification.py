"""Tasks in which people judge or mend the label that a model, or somebody else, gave to an image."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from hitl_sdk.consolidation import Consolidation
from hitl_sdk.errors import InvalidPredictionError
from hitl_sdk.labels import Label, LabelType
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry, one_entry
from hitl_sdk.tasks._prior_labels import INITIAL_VALUE, class_name, prior_boxes, prior_mask
from hitl_sdk.tasks._templates import escaped, escaped_json
from hitl_sdk.tasks.annotation import UpToTenLabels
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.classification import LabelList, ListedLabels
from hitl_sdk.tasks.image import ImageClassification, ImageTask, TwoToTenLabels
from hitl_sdk.tasks.segmentation import SemanticSegmentation
from hitl_sdk.tasks.shapes import BoundingBox

__all__ = [
    "BoundingBoxAdjustment",
    "BoundingBoxVerification",
    "ImageClassificationVerification",
    "SemanticSegmentationAdjustment",
    "SemanticSegmentationVerification",
    "Verification",
]


class LabelRequired(ImageTask):
    """A task in which people judge or mend a model's label. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.

    Examples
    --------
    >>> from hitl_sdk.tasks import BoundingBoxAdjustment
    >>> issubclass(BoundingBoxAdjustment, LabelRequired)
    True
    """

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            Where the image lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : object
            The model's label.

        Raises
        ------
        InvalidPredictionError
            If there is no label, it can't be read or is none of the task's, or the item is no such address.
        """
        if label is None:
            raise InvalidPredictionError(
                f"task {self.name!r} is about a label that is there, and there is none",
                hint="give what the model found, even if that is nothing",
            )
        return super().input(item, label)


class BoundingBoxAdjustment(LabelRequired, BoundingBox):
    """Mend the boxes that a model found in an image; an answer's ``modified`` says whether anything was changed.

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
    >>> task = BoundingBoxAdjustment(name="cats", labels=["cat"], title="Mend the boxes")
    >>> box = {"label": "cat", "left": 10, "top": 12, "width": 90, "height": 60}
    >>> task.parse_answer({"cats": {"boundingBoxes": [box], "initialValueModified": True}}).modified
    True
    """

    labeling_kind = "AdjustmentBoundingBox"


class SemanticSegmentationAdjustment(LabelRequired, SemanticSegmentation):
    """Mend the mask that a model made of an image; an answer's ``modified`` says whether anything was changed.

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
    >>> task = SemanticSegmentationAdjustment(name="roads", labels=["road"], title="Mend the mask")
    >>> task.input("s3://bucket/1.png")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidPredictionError: task 'roads' is about a label that is there, and there is none ...
    """

    labeling_kind = "AdjustmentSemanticSegmentation"


class Verification(LabelRequired):
    """Say whether a label is right. Abstract: the subclass names what kind of label.

    What is judged is the model's label; the label that comes out is the judgement, and an item that nobody judged
    has none.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        Those of what is judged.
    choices : sequence of str
        The judgements to choose from, 2 to 10.
    comment_prompt : str
        What workers are told about the comment that they can leave; none can be left when it is empty.

    Examples
    --------
    >>> issubclass(BoundingBoxVerification, Verification)
    True
    """

    labels: LabelList
    choices: TwoToTenLabels = ("Correct", "Incorrect")
    comment_prompt: str = "If something is wrong, say what."

    judged: ClassVar[type[ListedLabels]]
    """The task whose labels are judged."""
    shown_label: ClassVar[str] = INITIAL_VALUE
    """The Liquid that prints what a human loop's input carries."""

    @property
    def is_judgement(self) -> bool:
        """True: what people say is no label of the kind that they judge."""
        return True

    @property
    def label_type(self) -> LabelType:
        """A text, one of the choices."""
        return self._question.label_type

    @property
    def model_label_type(self) -> LabelType:
        """What the model's label is: that is what people judge."""
        return self._annotation.label_type

    @property
    def label_names(self) -> tuple[str, ...]:
        """The choices."""
        return self._question.label_names

    @property
    def model_label_names(self) -> tuple[str, ...]:
        """The labels of what is judged."""
        return self._annotation.label_names

    def template(self) -> str:
        """Return the worker template, built on ``crowd-image-classifier`` and its ``overlay``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = BoundingBoxVerification(name="check", labels=["cat"], title="Are the boxes right?")
        >>> 'categories="[&quot;Correct&quot;, &quot;Incorrect&quot;]"' in task.template()
        True
        """
        return self._template_over(self.shown_label)

    @abstractmethod
    def prior_overlay(self, prior: str) -> str:
        """Return the Liquid that prints a label of a former labeling job as the element shows it.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """

    def _template_after(self, prior: str) -> str:
        return self._template_over(self.prior_overlay(prior))

    def _template_over(self, overlay: str) -> str:
        return self._classifier(f'\n    overlay="{overlay}"')

    def _classifier(self, attributes: str = "", short_instructions: str | None = None) -> str:
        comment = f"\n    <worker-comment>\n<p>{escaped(self.comment_prompt)}</p>\n    </worker-comment>"
        return self._filled(
            "image_classification.liquid.html",
            short_instructions=short_instructions,
            element=self._question.element,
            categories=escaped_json(self.choices),
            attributes=attributes,
            regions=comment if self.comment_prompt else "",
        )

    def initial_value(self, label: Any) -> object:
        """Return the label as the element's ``overlay`` shows it."""
        return self.overlay(self._annotation.initial_value(label))

    @abstractmethod
    def overlay(self, initial_value: Any) -> object:
        """Return what is judged as the element shows it.

        Parameters
        ----------
        initial_value : object
            As the element takes it in which the label was, or could have been, given.
        """

    def parse_answer(self, content: Mapping[str, object]) -> Answer[str]:
        """Read the ``answerContent`` of one worker: the judgement, and the comment if there is one.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the task's name, or it is none of the choices.

        Examples
        --------
        >>> task = BoundingBoxVerification(name="check", labels=["cat"], title="Are the boxes right?")
        >>> task.parse_answer({"check": {"label": "Incorrect", "workerComment": "too wide"}})
        Answer(label='Incorrect', comment='too wide', modified=None)
        """
        return self._question.parse_answer(content)

    def normalise_label(self, label: object) -> Label:
        """Return what is judged as the task that gives such labels spells it.

        Parameters
        ----------
        label : Shapes, Mask, or its plain value
            What the model found.

        Raises
        ------
        InvalidPredictionError
            If it can't be read, or has a label that is none of the task's.
        """
        return self._annotation.normalise_label(label)

    def read_label(self, value: object) -> str:
        """Return a judgement, of its value in a frame.

        Parameters
        ----------
        value : object
            One of the choices.

        Raises
        ------
        InvalidPredictionError
            If it is none of them.
        """
        return self._question.normalise_label(value)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the majority vote on the judgements.

        Parameters
        ----------
        by : Consolidation, optional
            The method that is wanted.
        """
        return self._question.consolidation(by)

    def accepted_label(self, label: Label | None) -> None:
        """Return None: of an accepted prediction nobody has said whether it is right.

        Parameters
        ----------
        label : Label or None
            The model's label.
        """

    def review_key(self, item: str, label: Label | None) -> str:
        """Return what makes a review the same review: the item, and the label that is judged.

        Parameters
        ----------
        item : str
            Where the image lies.
        label : Label or None
            The model's label.
        """
        return item if label is None else f"{item}\n{self._annotation.label_key(label)}"

    def _entry(self, label: Any, known: Known) -> ManifestEntry:
        entry = one_entry(label, self.label_names, known.confidence)
        return entry._replace(value=str(entry.value))  # as Ground Truth writes verdicts: numbers in text

    @cached_property
    def _question(self) -> ImageClassification:
        """The task of choosing one of the judgements."""
        return ImageClassification(name=self.name, labels=self.choices, title=self.title)

    @cached_property
    def _annotation(self) -> ListedLabels:
        """The task that gives labels like those that are judged."""
        return self.judged(name=self.name, labels=self.labels, title=self.title)


class ImageClassificationVerification(Verification):
    """Say whether the label that a model, or somebody else, chose for an image is right.

    Ground Truth has no kind of its own for it: a labeling job asks it as a classification.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        Those that an image can have: 2 to 10, none empty, each once.
    choices : sequence of str, optional
        The judgements to choose from, 2 to 10; "Correct" and "Incorrect" when left out.
    comment_prompt : str, optional
        What workers are told about the comment that they can leave; none can be left when it is empty.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = ImageClassificationVerification(name="check", labels=["cat", "dog"], title="Is the label right?")
    >>> task.input("s3://bucket/1.png", "cat")
    {'taskObject': 's3://bucket/1.png', 'initialValue': 'cat'}
    """

    labels: TwoToTenLabels

    labeling_kind = "ImageMultiClass"
    judged: ClassVar[type[ListedLabels]] = ImageClassification
    shown_label: ClassVar[str] = "{{ task.input.initialValue }}"

    def overlay(self, initial_value: Any) -> object:
        """Return the label, which the worker reads above the instructions.

        Parameters
        ----------
        initial_value : str
            The label.
        """
        return initial_value

    def prior_overlay(self, prior: str) -> str:
        """Return the Liquid that prints the class that a former labeling job found.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """
        return class_name(prior)

    def _template_over(self, overlay: str) -> str:
        shown = f"<p>The label: <strong>{overlay}</strong></p>\n"
        return self._classifier(short_instructions=shown + self.instructions.short_html())


class BoundingBoxVerification(Verification):
    """Say whether the boxes that a model found in an image are right.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        Those of the boxes: 1 to 10 (the limit of ``crowd-bounding-box``), none empty, each once.
    choices : sequence of str, optional
        The judgements to choose from, 2 to 10; "Correct" and "Incorrect" when left out.
    comment_prompt : str, optional
        What workers are told about the comment that they can leave; none can be left when it is empty.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import Box
    >>> task = BoundingBoxVerification(name="check", labels=["cat"], title="Are the boxes right?")
    >>> task.input("s3://bucket/1.png", [Box("cat", left=10, top=12, width=90, height=60)])["initialValue"]
    {'boundingBox': {'labels': ['cat'],
                     'value': [{'label': 'cat', 'left': 10, 'top': 12, 'width': 90, 'height': 60}]}}
    """

    labels: UpToTenLabels

    labeling_kind = "VerificationBoundingBox"
    judged: ClassVar[type[ListedLabels]] = BoundingBox

    def overlay(self, initial_value: Any) -> dict[str, object]:
        """Return boxes as the ``overlay`` shows them.

        Parameters
        ----------
        initial_value : list of dict
            The boxes.
        """
        return {"boundingBox": {"labels": list(self.labels), "value": initial_value}}

    def prior_overlay(self, prior: str) -> str:
        """Return the Liquid that prints the boxes of a former labeling job as the ``overlay`` shows them.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """
        labels = escaped_json(self.labels)
        return f"{{&quot;boundingBox&quot;: {{&quot;labels&quot;: {labels}, &quot;value&quot;: {prior_boxes(prior)} }} }}"


class SemanticSegmentationVerification(Verification):
    """Say whether the mask that a model made of an image is right.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        Those of the mask: at least one, none empty, each once.
    choices : sequence of str, optional
        The judgements to choose from, 2 to 10; "Correct" and "Incorrect" when left out.
    comment_prompt : str, optional
        What workers are told about the comment that they can leave; none can be left when it is empty.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import make_mask
    >>> task = SemanticSegmentationVerification(
    ...     name="check", labels=["road"], title="Is the mask right?", choices=["Good", "Fair", "Poor"]
    ... )
    >>> task.input("s3://bucket/1.png", make_mask([[0, 1]], ["road"]))["initialValue"]["semanticSegmentation"]
    {'labels': ['road'], 'labelMappings': {'road': {'color': '#800000'}}, 'src': 'data:image/png;base64,...'}
    """

    labeling_kind = "VerificationSemanticSegmentation"
    judged: ClassVar[type[ListedLabels]] = SemanticSegmentation

    def overlay(self, initial_value: Any) -> dict[str, object]:
        """Return a mask as the ``overlay`` shows it.

        Parameters
        ----------
        initial_value : dict
            The colours of its labels, and its picture.
        """
        return {"semanticSegmentation": {"labels": list(self.labels), **initial_value}}

    def prior_overlay(self, prior: str) -> str:
        """Return the Liquid that prints the mask of a former labeling job as the ``overlay`` shows it.

        Parameters
        ----------
        prior : str
            The job's label attribute.
        """
        labels = escaped_json(self.labels)
        return (
            f"{{&quot;semanticSegmentation&quot;: {{&quot;labels&quot;: {labels}, {prior_mask(prior)} }} }}"
        )
