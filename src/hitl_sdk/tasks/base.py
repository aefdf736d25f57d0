"""The task: what a worker sees and answers. This is the one place where the package is extended by kind.

A new kind of task is one new file here with one subclass of `Task`; nothing else in the package asks
which kind it has before it.
"""

import html
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from hitl_sdk._model import Model
from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError, TemplateError
from hitl_sdk.tasks.answers import ClassificationAnswer

__all__ = ["Instructions", "Task"]

# Characters that UiTemplate.Content may have (botocore, sagemaker: TemplateContent).
_MAX_TEMPLATE_LENGTH = 128_000

Keyword = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+( [A-Za-z0-9]+)*$", max_length=30)]


def _text_keys(value: object) -> object:
    """Let ``{1: "joy"}`` stand for ``{"1": "joy"}``: labels are often numbers."""
    return {str(key): text for key, text in value.items()} if isinstance(value, Mapping) else value


class Instructions(Model):
    """What workers are told. Plain text: it is escaped, so ``<`` and ``{{`` show as they are.

    Parameters
    ----------
    short : str
        Always beside the task.
    full : str or mapping of str to str
        Behind "View full instructions": a text, in which empty lines part the paragraphs, or what each
        label means.

    Raises
    ------
    InvalidResourceError
        If a field is of the wrong type.

    Examples
    --------
    >>> Instructions(short="Pick one.", full={1: "joy", -1: "anger"}).full
    {'1': 'joy', '-1': 'anger'}
    """

    short: str = ""
    full: Annotated[str | Mapping[str, str], BeforeValidator(_text_keys)] = ""

    def full_html(self) -> str:
        """Return `full` as escaped paragraphs.

        Examples
        --------
        >>> Instructions(full={"0": "a < b"}).full_html()
        '<p><strong>0</strong>: a &lt; b</p>'
        """
        if isinstance(self.full, str):
            paragraphs = [escaped(text.strip()) for text in self.full.split("\n\n") if text.strip()]
        else:
            paragraphs = [
                f"<strong>{escaped(label)}</strong>: {escaped(meaning)}"
                for label, meaning in self.full.items()
            ]
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)

    def short_html(self) -> str:
        """Return `short` as one escaped paragraph, or nothing.

        Examples
        --------
        >>> Instructions(short="Is it a cat?").short_html()
        '<p>Is it a cat?</p>'
        """
        return f"<p>{escaped(self.short)}</p>" if self.short else ""


class Task(Model):
    """What one worker does with one item. Abstract: use `TextClassification` or its kin, or subclass it.

    A subclass says what the worker template is (`template`), how an answer is read (`parse_answer`) and
    which labels there are (`normalise_label`). It may change `input` and `item`, which go together.

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

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.template()

    @model_validator(mode="before")
    @classmethod
    def _describe_by_title(cls, fields: Any) -> Any:
        return {**fields, "description": fields.get("description") or fields.get("title", "")}

    @abstractmethod
    def template(self) -> str:
        """Return the worker template: Liquid in HTML with crowd elements.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.
        """

    @abstractmethod
    def parse_answer(self, content: Mapping[str, object]) -> ClassificationAnswer:
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
    def normalise_label(self, label: object) -> str:
        """Return a model's label as this task spells it: ``-1`` becomes ``"-1"``.

        Parameters
        ----------
        label : object
            What the model said: a text, or a number.

        Raises
        ------
        InvalidPredictionError
            If it is none of the task's labels.
        """

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop.

        Parameters
        ----------
        item : str
            What is to be labelled: the content, or its S3 URI.
        label : str or int, optional
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
            content["initialValue"] = self.normalise_label(label)
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


def _is_filled_text(item: object) -> bool:
    return isinstance(item, str) and bool(item.strip())


def escaped(text: str) -> str:
    """Escape for HTML text and attributes, and keep Liquid from reading what was plain text.

    Examples
    --------
    >>> escaped('"{{ a }}"')
    '&quot;&#123;&#123; a &#125;&#125;&quot;'
    """
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")


def fill_template(file_name: str, *, resource: str, **parts: str) -> str:
    """Fill a file of ``templates/`` with parts that are escaped already.

    Raises
    ------
    TemplateError
        If the outcome is longer than the service takes, or not valid Unicode.
    """
    text = files("hitl_sdk.tasks").joinpath("templates", file_name).read_text("utf-8")
    filled = Template(text).substitute(parts)
    try:
        filled.encode()
    except UnicodeEncodeError:
        raise TemplateError(
            f"a text of task {resource!r} is not valid Unicode: it holds half a surrogate pair",
            hint="decode labels, title and instructions again",
            resource=resource,
        ) from None
    if len(filled) > _MAX_TEMPLATE_LENGTH:
        raise TemplateError(
            f"the worker template of task {resource!r} has {len(filled):,} characters, "
            f"the service takes {_MAX_TEMPLATE_LENGTH:,}",
            hint="shorten the instructions, for example by a link to a page",
            resource=resource,
        )
    return filled


def names(mapping: Mapping[str, object]) -> str:
    return ", ".join(repr(str(key)) for key in list(mapping)[:10]) or "nothing"
