"""Tasks with a worker template of the user's own."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import Field, model_validator

from hitl_sdk.errors import InvalidOutputError, InvalidPredictionError
from hitl_sdk.tasks._template_answers import read_answer_fields
from hitl_sdk.tasks._template_input import InputKeys, read_input_keys
from hitl_sdk.tasks._templates import check_template
from hitl_sdk.tasks.base import answer_under, names
from hitl_sdk.tasks.classification import LabelList
from hitl_sdk.tasks.form import AnswerField, FieldsTask

__all__ = ["Custom"]


class Custom(FieldsTask):
    """A task with a worker template of your own. What it needs and what it answers is read out of the template.

    The input: every ``task.input.KEY`` in its Liquid. If there is one such key, an item is its text; if there are several,
    or if it holds more than a text, an item is the JSON text of an object with these keys. A key that the template
    tests for by ``if``, or has a ``default`` for, may be missing. A model's label goes in as ``initialValue``.

    The answer: every element with a name. Each is read as its kind asks for: classifiers, boxes, outlines, points, masks,
    entities, texts, numbers, buttons; what is not known here stays JSON text. Elements whose name holds Liquid share
    a field, whose name has ``*`` for it and whose value is the JSON text of all their answers.

    Parameters
    ----------
    name, title, description, keywords
        As in `Task`.
    instructions : Instructions, optional
        Not shown: the template has its own.
    template, html : str
        The worker template. It is given as ``template``, and kept as ``html``.
    choices : mapping of str to sequence of str, optional
        By the name of the element, the labels or choices that the template gets from the task's input.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule, nobody can answer the template, or what it answers can't be told.
    TemplateError
        If the template is longer than 128,000 characters.
    MissingExtraError
        If an attribute has to be read that is no JSON but JSON5, and the extra ``local`` is not installed.

    Examples
    --------
    >>> task = Custom(
    ...     name="compare",
    ...     title="Which text is better?",
    ...     template='''
    ... <script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
    ... <crowd-form>
    ...   <p>{{ task.input.left }}</p> <p>{{ task.input.right }}</p>
    ...   <crowd-classifier name="better" categories='["left", "right"]' header="Better?"></crowd-classifier>
    ...   <crowd-input name="why"></crowd-input>
    ... </crowd-form>
    ... ''',
    ... )
    >>> task.input('{"left": "a", "right": "b"}')
    {'left': 'a', 'right': 'b'}
    >>> task.parse_answer({"better": {"label": "left"}, "why": "shorter"}).label
    {'better': 'left', 'why': 'shorter'}
    >>> task.input('{"left": "a"}')
    Traceback (most recent call last):
    hitl_sdk.errors.InvalidPredictionError: an item of task 'compare' lacks 'right' ...
    """

    html: str = Field(alias="template")
    choices: Mapping[str, LabelList] = Field(default={})

    @model_validator(mode="after")
    def _can_be_answered(self) -> "Custom":
        self._fields  # noqa: B018  reading them is the check
        return self

    @property
    def answer_fields(self) -> Mapping[str, AnswerField]:
        """The fields by the key of their answer, as the template has them."""
        return self._fields

    @cached_property
    def _fields(self) -> Mapping[str, AnswerField]:
        return read_answer_fields(self.html, self.choices)

    @cached_property
    def _input_keys(self) -> InputKeys:
        return read_input_keys(self.html)

    @property
    def input_keys(self) -> tuple[str, ...]:
        """The keys of ``task.input`` that have to be there.

        Examples
        --------
        >>> Custom(
        ...     name="hat",
        ...     title="Describe it",
        ...     template='<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
        ...     "<crowd-form>{{ task.input.hat }} <crowd-input name='brand'></crowd-input></crowd-form>",
        ... ).input_keys
        ('hat',)
        """
        return self._input_keys.required

    def template(self) -> str:
        """Return the worker template, as it was given.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.
        """
        return check_template(self.html, resource=self.name)

    def input(self, item: str, label: object = None) -> dict[str, object]:
        """Return the ``InputContent`` of a human loop, with the keys that the template reads.

        Parameters
        ----------
        item : str
            The value of the one key, or the JSON text of an object with all of them.
        label : mapping of str to value, optional
            By field, what the model says.

        Raises
        ------
        InvalidPredictionError
            If the item is no text or empty, is no JSON object where there are several keys, or lacks one; or if the
            label can't be read.
        """
        content = super().input(item, label)
        text = content.pop("taskObject")
        keys = self._input_keys
        if keys.only is not None:
            return {keys.only: text, **content}
        if not keys.required + keys.optional:
            return {"taskObject": text, **content}
        return {**self._values(item), **content}

    def item(self, input_content: Mapping[str, object]) -> str:
        """Return the item that an ``InputContent`` of this task carries.

        Parameters
        ----------
        input_content : mapping
            What a human loop was started with.

        Returns
        -------
        str
            The value of the one key, or an object with all of them as ``json.dumps(..., sort_keys=True)`` writes it.

        Raises
        ------
        InvalidOutputError
            If it carries none.
        """
        keys = self._input_keys
        if not keys.required + keys.optional:
            return super().item(input_content)
        if keys.only is not None and isinstance(value := input_content.get(keys.only), str):
            return value
        missing = [key for key in keys.required if key not in input_content]
        if missing or keys.only is not None:
            raise InvalidOutputError(
                f"inputContent lacks {names(dict.fromkeys(missing))}"
                if missing
                else f"{keys.only!r} is no text",
                hint=f"is this an output of another flow than that of task {self.name!r}?",
            )
        values = {key: each for key, each in input_content.items() if key != "initialValue"}
        return json.dumps(values, sort_keys=True)

    def _values(self, item: str) -> dict[str, Any]:
        """Read an item of several keys."""
        required = self._input_keys.required
        try:
            values = json.loads(item)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise InvalidPredictionError(
                f"an item of task {self.name!r} is no JSON object",
                hint=f"its template reads {names(dict.fromkeys(required))}: give json.dumps of an object with them",
            )
        missing = [key for key in required if key not in values]
        if missing:
            raise InvalidPredictionError(
                f"an item of task {self.name!r} lacks {names(dict.fromkeys(missing))}",
                hint="its template reads them; test for those that may be missing: {% if task.input.KEY %}",
            )
        return values

    def _answer_of(self, content: Mapping[str, object], name: str) -> object:
        """Return the answer under a name, or all under names that fit ``part*``."""
        if "*" not in name:
            return answer_under(content, name)
        pattern = re.compile(re.escape(name).replace(r"\*", ".*"), re.DOTALL)
        others = self.answer_fields.keys()
        found = {key: each for key, each in content.items() if pattern.fullmatch(key) and key not in others}
        return found or None
