"""Tasks with several answers, each under a name of its own: forms."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, InstanceOf

from hitl_sdk.consolidation import Consensus, Consolidation, FormConsolidation, MajorityVote, Vote
from hitl_sdk.errors import HitlError, InvalidOutputError, InvalidPredictionError
from hitl_sdk.labels import Label, LabelType
from hitl_sdk.tasks._reading import answer_errors, label_errors
from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import Task, answer_under, names
from hitl_sdk.tasks.fields import FormInput
from hitl_sdk.tasks.files import with_address

__all__ = ["AnswerField", "FieldsTask", "Form"]


class AnswerField(Protocol):
    """What a task knows of one of its answers.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextField
    >>> field: AnswerField = TextField(name="brand")
    """

    @property
    def required(self) -> bool:
        """Whether there has to be an answer."""
        ...

    @property
    def label_type(self) -> LabelType:
        """The shape of its value in a frame."""
        ...

    def read(self, answer: object) -> object:
        """Return the value of an answer; None if there is none.

        Raises
        ------
        ValueError
            If it can't be read; the message says why.
        """
        ...

    def normalise(self, value: object) -> object:
        """Return the value of what a model says; None if it says nothing.

        Raises
        ------
        ValueError
            If it can't be read; the message says why.
        """
        ...

    def initial_value(self, value: Any) -> object:
        """Return a value as the element takes it, ready for JSON."""
        ...

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that makes one value of several."""
        ...


class FieldsTask(Task):
    """A task with several answers, each under a name of its own. Abstract.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.

    Examples
    --------
    >>> issubclass(Form, FieldsTask)
    True
    """

    @property
    @abstractmethod
    def answer_fields(self) -> Mapping[str, AnswerField]:
        """The fields by the name under which they answer."""

    @property
    def label_type(self) -> LabelType:
        """A structure with an entry for each field; what is not filled in is null."""
        return {name: field.label_type for name, field in self.answer_fields.items()}

    def parse_answer(self, content: Mapping[str, object]) -> Answer[Label]:
        """Read the ``answerContent`` of one worker: a value for each field, None for what is not filled in.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If a field can't be read, a required one is not filled in, or no answer is to this task.

        Examples
        --------
        >>> from hitl_sdk.tasks import Form, NumberField, TextField
        >>> task = Form(name="hat", title="Describe it", fields=[TextField(name="brand"), NumberField(name="size")])
        >>> task.parse_answer({"brand": "Acme", "size": "58"}).label
        {'brand': 'Acme', 'size': 58.0}
        """
        answers = {name: self._answer_of(content, name) for name in self.answer_fields}
        is_of_another = any(answer is not None for answer in content.values())
        if is_of_another and all(answer is None for answer in answers.values()):
            raise InvalidOutputError(
                f"the answer has no field of task {self.name!r}, but {names(content)}",
                hint=f"its fields are {names(self.answer_fields)}",
            )
        with answer_errors(self.name):
            label = {
                name: _told(field.read, name, answers[name]) for name, field in self.answer_fields.items()
            }
        for name, field in self.answer_fields.items():
            if field.required and (label[name] is None or label[name] is False or label[name] == ()):
                raise InvalidOutputError(
                    f"the answer to task {self.name!r} leaves field {name!r} empty",
                    hint="the field is required",
                )
        return Answer(label)

    def normalise_label(self, label: object) -> Label:
        """Return a model's values, one for each field; None for those that it does not speak of.

        Parameters
        ----------
        label : mapping of str to value
            By field, what the model says.

        Raises
        ------
        InvalidPredictionError
            If it is no mapping, has another field, or a value can't be read.

        Examples
        --------
        >>> from hitl_sdk.tasks import Form, NumberField, TextField
        >>> task = Form(name="hat", title="Describe it", fields=[TextField(name="brand"), NumberField(name="size")])
        >>> task.normalise_label({"size": 58})
        {'brand': None, 'size': 58.0}
        """
        known = f"its fields are {names(self.answer_fields)}"
        if not isinstance(label, Mapping):
            raise InvalidPredictionError(
                f"the label of a prediction for task {self.name!r} is {type(label).__name__}, no mapping",
                hint=known,
            )
        unknown = [name for name in label if name not in self.answer_fields]
        if unknown:
            raise InvalidPredictionError(f"task {self.name!r} has no field {str(unknown[0])!r}", hint=known)
        with label_errors(self.name, known):
            return {
                name: _told(field.normalise, name, label.get(name))
                for name, field in self.answer_fields.items()
            }

    def initial_value(self, label: Any) -> object:
        """Return the values of the fields that are filled in, as their elements take them.

        Parameters
        ----------
        label : mapping
            As `normalise_label` returns it.
        """
        return {
            name: self.answer_fields[name].initial_value(value)
            for name, value in label.items()
            if value is not None
        }

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that asks each field's own, and `by` of those that are choices.

        Parameters
        ----------
        by : Consolidation, optional
            A method for one label, or a `FormConsolidation` of your own.
        """
        own = by
        if not isinstance(own, FormConsolidation):
            of_choices = None if by is None else self._own_method(MajorityVote(), by)
            own = FormConsolidation(
                {name: field.consolidation(of_choices) for name, field in self.answer_fields.items()}
            )
        return _EveryField(own, tuple(self.answer_fields))

    def _answer_of(self, content: Mapping[str, object], name: str) -> object:
        return answer_under(content, name)


def _told(read: Callable[[object], object], name: str, value: object) -> object:
    """Read a value; say of which field it is if it can't be read."""
    try:
        return read(value)
    except ValueError as error:
        reason = error.message if isinstance(error, HitlError) else error
        raise ValueError(f"{name}: {reason}") from None


@dataclass(frozen=True, slots=True)
class _EveryField:
    """A method for forms, with None for the fields that it leaves out, so that every label has them all."""

    method: FormConsolidation
    names: tuple[str, ...]

    def consolidate(
        self,
        votes: Iterable[Vote[Mapping[str, object]]],
        *,
        preferred: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Mapping[str, Consensus[Mapping[str, object]]]:
        """Return what the method says."""
        return {
            item: replace(consensus, label={name: consensus.label.get(name) for name in self.names})
            for item, consensus in self.method.consolidate(votes, preferred=preferred).items()
        }


def _distinct(fields: Sequence[FormInput]) -> tuple[FormInput, ...]:
    named = [field.name for field in fields]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"there are two fields {twice!r}")
    return tuple(fields)


Fields = Annotated[Sequence[InstanceOf[FormInput]], Field(min_length=1), AfterValidator(_distinct)]


class Form(FieldsTask):
    """Fill in a form about a text, an image, an audio or a video clip; the model's values stand there already.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`; each answer stands under the name of its field.
    fields : sequence of TextField, NumberField, ChoiceField, MultiChoiceField or CheckField
        At least one, each of another name.
    shows : {"text", "image", "audio", "video"}, default "text"
        What an item is: the text itself, or the address of a file.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.tasks import ChoiceField, NumberField
    >>> task = Form(
    ...     name="offer",
    ...     title="Read the offer",
    ...     fields=[ChoiceField(name="kind", choices=["car", "bike"]), NumberField(name="price", min=0)],
    ... )
    >>> task.input("A bike, 80 euros", label={"kind": "bike"})
    {'taskObject': 'A bike, 80 euros', 'initialValue': {'kind': 'bike'}}
    >>> task.parse_answer({"kind": {"car": False, "bike": True}, "price": "80"}).label
    {'kind': 'bike', 'price': 80.0}
    """

    fields: Fields
    shows: Literal["text", "image", "audio", "video"] = "text"

    @property
    def answer_fields(self) -> Mapping[str, AnswerField]:
        """The fields by their names."""
        return {field.name: field for field in self.fields}

    def template(self) -> str:
        """Return the worker template: the item, and the fields below it.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> from hitl_sdk.tasks import TextField
        >>> task = Form(name="hat", title="Describe it", fields=[TextField(name="brand")], shows="image")
        >>> '<crowd-input name="brand"' in task.template()
        True
        """
        return self._filled(
            "form.liquid.html",
            item=_ITEMS[self.shows],
            fields="\n".join(field.html() for field in self.fields),
        )

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            The text, or where the file lies: ``s3://BUCKET/KEY`` or an ``https://`` address.
        label : mapping of str to value, optional
            By field, what the model says.

        Raises
        ------
        InvalidPredictionError
            If the item is no such text or address, or a value can't be read.
        """
        content = super().input(item, label)
        return content if self.shows == "text" else with_address(self, content, _KINDS[self.shows])


_ADDRESS = "{{ task.input.taskObject | grant_read_access }}"
_ITEMS = {
    "text": '<div style="white-space: pre-wrap">{{ task.input.taskObject }}</div>',
    "image": f'<img src="{_ADDRESS}" style="max-width: 100%">',
    "audio": f'<audio controls style="width: 100%" src="{_ADDRESS}"></audio>',
    "video": f'<video controls style="max-width: 100%" src="{_ADDRESS}"></video>',
}
_KINDS = {"image": "an image", "audio": "an audio clip", "video": "a video clip"}
