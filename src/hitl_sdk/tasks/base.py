"""The task: what a worker sees and answers. This is the one place where the package is extended by kind.

A new kind of task is one new file here with one subclass of `Task`; nothing else in the package asks
which kind it has before it.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hitl_sdk._ground_truth import CUSTOM, kind_named
from hitl_sdk._model import Model
from hitl_sdk.consolidation import Consensus, Consolidation, Vote
from hitl_sdk.errors import InvalidInputError, InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import Label, LabelType, clean_text, to_value
from hitl_sdk.tasks._manifest_entry import Known, ManifestEntry
from hitl_sdk.tasks._templates import escaped, fill_template
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.instructions import Instructions

__all__ = ["Task", "answer_under", "instead", "names", "worker_comment"]

Keyword = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+( [A-Za-z0-9]+)*$", max_length=30)]


class Task(Model):
    """What one worker does with one item. Abstract: use `TextClassification` or its kin, or subclass it.

    A subclass says what the worker template is (`template`), how an answer is read (`parse_answer`), what a model
    may say (`normalise_label`), the shape of a label in a frame (`label_type`) and how several are made one
    (`consolidation`). It may change `input` and `item`, which go together.

    Parameters
    ----------
    name : str
        The ``name`` of the template's element, and so the key of the answer: 1 to 63 letters, digits,
        hyphens or underscores.
    title : str
        What workers see in their list of tasks: 1 to 128 characters.
    description : str, optional
        One or two sentences for that list, up to 255 characters; the title when left out.
    instructions : Instructions, optional
        What workers are told.
    keywords : sequence of str
        Up to five, for finding the task.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> issubclass(TextClassification, Task)
    True
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")
    title: str = Field(min_length=1, max_length=128)
    description: str = Field(default="", max_length=255)
    instructions: Instructions = Instructions()
    keywords: Annotated[Sequence[Keyword], Field(max_length=5), AfterValidator(tuple)] = ()

    labeling_kind: ClassVar[str] = CUSTOM
    """Which built-in kind of Ground Truth labeling job asks the same; ``"PassThrough"`` where there is none."""

    has_template: ClassVar[bool] = True
    """Whether workers see a template; else it is AWS's own task UI, which labeling jobs alone can show."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        if self.has_template:
            self.template()  # which says what is wrong with it before anything is sent

    @model_validator(mode="before")
    @classmethod
    def _describe_by_title(cls, fields: Any) -> Any:
        return {**fields, "description": fields.get("description") or fields.get("title", "")}

    @property
    def metadata_type(self) -> str:
        """The ``type`` in the metadata of a Ground Truth manifest line."""
        return kind_named(self.labeling_kind).metadata_type

    @property
    @abstractmethod
    def label_type(self) -> LabelType:
        """The shape of a label in a frame: ``str``, or a structure of lists and dicts."""

    @property
    def model_label_type(self) -> LabelType:
        """The shape of a model's label in a frame; another one only where people judge it, not give one."""
        return self.label_type

    @property
    def is_judgement(self) -> bool:
        """Whether people judge a label that is there, so that what they say is no label of the same kind."""
        return False

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names that labels are made of, in whose order classes are numbered; empty where labels are free."""
        return ()

    @property
    def model_label_names(self) -> tuple[str, ...]:
        """The names that a model's labels are made of; others only where people judge them."""
        return self.label_names

    @abstractmethod
    def template(self) -> str:
        """Return the worker template: Liquid in HTML with crowd elements.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.
        """

    def job_template(self, prior: str | None = None, *, keep_name: bool = False) -> str:
        """Return the worker template of a Ground Truth labeling job.

        The element's name is the one under which AWS's functions for the kind look for the answer.

        Parameters
        ----------
        prior : str, optional
            The label attribute of a former job, whose label workers find there.
        keep_name : bool, default False
            Leave the element the task's own name, for a function of one's own.

        Raises
        ------
        InvalidInputError
            If this task can't show a former label.
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> from hitl_sdk.tasks import BoundingBox
        >>> 'name="boundingBox"' in BoundingBox(name="cats", labels=["cat"], title="Draw").job_template()
        True
        """
        key = None if keep_name else kind_named(self.labeling_kind).answer_key
        renamed = self if key is None else type(self)(**{**dict(self), "name": key})
        return renamed.template() if prior is None else renamed._template_after(prior)

    def _template_after(self, prior: str) -> str:
        """Return the template with the label of a former job in it."""
        raise InvalidInputError(
            f"task {self.name!r} can't show the label {prior!r} of a former job",
            hint="verify or adjust with a task made for it, for example BoundingBoxVerification",
        )

    @abstractmethod
    def parse_answer(self, content: Mapping[str, object]) -> Answer[Label]:
        """Read the ``answerContent`` of one worker.

        Parameters
        ----------
        content : mapping
            For example ``{"sentiment": {"label": "-1"}}``.

        Raises
        ------
        InvalidOutputError
            If the answer is not one to this task.
        """

    @abstractmethod
    def normalise_label(self, label: object) -> Label:
        """Return a model's label as this task spells it: ``-1`` becomes ``"-1"``.

        Parameters
        ----------
        label : object
            What the model said: a text, a number, an object of `hitl_sdk.labels`, or its plain value.

        Raises
        ------
        InvalidPredictionError
            If it is no label of this task.
        """

    def read_label(self, value: object) -> Label:
        """Return a label that people gave, of its value in a frame.

        Parameters
        ----------
        value : object
            As the column ``label`` holds it, of any engine.

        Raises
        ------
        InvalidPredictionError
            If it is no label of this task.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextMultiClassification
        >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
        >>> task.read_label(["size"])
        ('size',)
        """
        return self.normalise_label(value)

    @abstractmethod
    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that makes one label of several workers' labels of this task.

        Parameters
        ----------
        by : Consolidation, optional
            The method that is wanted; the task's own when left out. A task of several labels asks it of each.

        Raises
        ------
        InvalidInputError
            If that method can't do with labels of this task.
        """

    def consolidate(
        self,
        votes: Iterable[Vote[Any]],
        *,
        by: Consolidation[Any] | None = None,
        preferred: Mapping[str, Label] | None = None,
    ) -> Mapping[str, Consensus[Label]]:
        """Make one label an item of the votes of several workers.

        Parameters
        ----------
        votes : iterable of Vote
            Whose labels are as `parse_answer` reads them.
        by : Consolidation, optional
            The method; the task's own when left out.
        preferred : mapping of str to label, optional
            By item, the label that wins a tie: usually the model's.

        Returns
        -------
        mapping of str to Consensus
            One an item.

        Raises
        ------
        InvalidInputError
            If the method can't do with labels of this task, or with these.

        Examples
        --------
        >>> from hitl_sdk.consolidation import Vote
        >>> from hitl_sdk.tasks import TextClassification
        >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
        >>> task.consolidate([Vote("a", "w1", "1"), Vote("a", "w2", "1"), Vote("a", "w3", "0")])["a"].label
        '1'
        """
        return self.consolidation(by).consolidate(votes, preferred=preferred)

    def manifest_entry(
        self,
        label: Any,
        *,
        confidence: float | None = None,
        label_confidences: Mapping[str, float | None] | None = None,
        image_size: tuple[int, int] | None = None,
    ) -> ManifestEntry:
        """Return a label as a line of a Ground Truth manifest has it; as frames do, where Ground Truth has no form.

        Parameters
        ----------
        label : Label
            That people gave, as `read_label` returns it.
        confidence : float, optional
            How sure that is, 0 to 1; the line says 0 when left out, as Ground Truth's do of one worker.
        label_confidences : mapping of str to float, optional
            How sure each of several labels is.
        image_size : tuple of int, optional
            Width and height of the image in pixels, in place of what the label says.

        Returns
        -------
        ManifestEntry
            The value, its metadata without what all lines have, and the PNG of a mask.

        Raises
        ------
        InvalidInputError
            If Ground Truth's form can't hold it: boxes without the size of their image, or outside of it.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextMultiClassification
        >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
        >>> task.manifest_entry(("size",), label_confidences={"size": 0.9}).metadata
        {'class-map': {'1': 'size'}, 'confidence-map': {'1': 0.9}}
        """
        return self._entry(label, Known(confidence, label_confidences or {}, image_size))

    def _entry(self, label: Any, known: Known) -> ManifestEntry:  # noqa: ARG002
        """Return the entry of a label of this family; that of labels which Ground Truth has no form for."""
        return ManifestEntry(to_value(label), {})

    def initial_value(self, label: Label) -> object:
        """Return a label as the template's element takes it for its ``initial-value``.

        Parameters
        ----------
        label : Label
            As `normalise_label` returns it.

        Returns
        -------
        object
            Ready for JSON.
        """
        return label

    def accepted_label(self, label: Label | None) -> Label | None:
        """Return the label of an item whose prediction was accepted: the model's.

        Parameters
        ----------
        label : Label or None
            The model's label.
        """
        return label

    def model_label(self, label: object, scores: object = None) -> object:  # noqa: ARG002
        """Return what of a prediction is the model's label for this task, for `normalise_label`: its label.

        Parameters
        ----------
        label : object
            That of the prediction.
        scores : mapping of str to float, optional
            The model's score of every label, which matters only where people are asked about many.
        """
        return label

    def merged_label(
        self,
        label: Label,
        model_label: Label | None,  # noqa: ARG002
        input_content: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> Label:
        """Return the label of an item that people have reviewed: what they said, whatever a model had.

        Parameters
        ----------
        label : Label
            What people said, made one.
        model_label : Label or None
            The model's label, which matters only where people are asked about a part of it.
        input_content : mapping, optional
            What the human loop was started with, which tells what they were shown.
        """
        return label

    def review_key(self, item: str, label: Label | None) -> str:  # noqa: ARG002
        """Return what makes a review the same review: the item, whatever a model says of it.

        Parameters
        ----------
        item : str
            What is to be labelled.
        label : Label or None
            The model's label, which matters only where people judge it.
        """
        return item

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            What is to be labelled: the content, or its S3 URI.
        label : object, optional
            The model's label; workers find it chosen already where the element can do that.

        Returns
        -------
        dict
            ``{"taskObject": item, "initialValue": label}``, the latter only if there is a label.

        Raises
        ------
        InvalidPredictionError
            If the item is no text or empty, or the label is none of the task's.
        """
        if not _is_filled_text(item):
            raise InvalidPredictionError(
                f"an item of task {self.name!r} is no text, or an empty one",
                hint="an item is the content itself, or its S3 URI",
            )
        content: dict[str, object] = {"taskObject": item}
        if label is not None:
            content["initialValue"] = self.initial_value(self.normalise_label(label))
        return content

    def item(self, input_content: Mapping[str, object]) -> str:
        """Return the item that an ``InputContent`` of this task carries.

        Parameters
        ----------
        input_content : mapping
            What a human loop was started with.

        Raises
        ------
        InvalidOutputError
            If it carries none.
        """
        item = input_content.get("taskObject")
        if isinstance(item, str):
            return item
        raise InvalidOutputError(
            f"inputContent has no text under 'taskObject', only {names(input_content)}",
            hint=f"is this an output of another flow than that of task {self.name!r}?",
        )

    def _filled(self, file_name: str, *, short_instructions: str | None = None, **parts: str) -> str:
        """Fill a template of `templates/`: what every task has, and the parts of its own, escaped already."""
        return fill_template(
            file_name,
            resource=self.name,
            name=escaped(self.name),
            header=escaped(self.title),
            full_instructions=self.instructions.full_html(),
            short_instructions=self.instructions.short_html()
            if short_instructions is None
            else short_instructions,
            **parts,
        )

    def _own_method(self, own: Consolidation[Any], by: Consolidation[Any] | None) -> Consolidation[Any]:
        """Return `by` if it does not say that it is for other labels than the task's own method; that if it is None."""
        if by is None:
            return own
        if isinstance(by, type) or not callable(getattr(by, "consolidate", None)):
            raise InvalidInputError(
                f"consolidation={by!r} is no method", hint=f"give one, for example {type(own).__name__}()"
            )
        takes, wanted = getattr(by, "takes", None), getattr(own, "takes", None)
        if takes is None or takes == wanted:
            return by
        raise InvalidInputError(
            f"{type(by).__name__} can't consolidate the labels of task {self.name!r}: it takes {takes}, not {wanted}",
            hint=f"use {type(own).__name__}, or leave it out",
        )


def _is_filled_text(item: object) -> bool:
    return isinstance(item, str) and bool(item.strip())


def answer_under(content: Mapping[str, object], name: str) -> object:
    r"""Return what stands under a name, also where the key has zero-width characters in it; None if nothing does.

    Examples
    --------
    >>> answer_under({"mood\N{ZERO WIDTH SPACE}": {"label": "1"}}, "mood")
    {'label': '1'}
    """
    if name in content:
        return content[name]
    return next((answer for key, answer in content.items() if clean_text(key) == name), None)


def instead(content: Mapping[str, object], name: str) -> str:
    """Return as messages show it what stands under a name, which is not what should, or else which names there are.

    Examples
    --------
    >>> instead({"mood": [1]}, "mood"), instead({"mood": [1]}, "topic")
    ('list', "'mood'")
    """
    answer = answer_under(content, name)
    return names(content) if answer is None else type(answer).__name__


def worker_comment(answer: Mapping[str, object]) -> str | None:
    """Return what the worker wrote beside the answer, if anything."""
    comment = answer.get("workerComment")
    return comment if isinstance(comment, str) and comment else None


def names(mapping: Mapping[str, object]) -> str:
    """Return the first keys of a mapping as messages show them."""
    return ", ".join(repr(str(key)) for key in list(mapping)[:10]) or "nothing"
