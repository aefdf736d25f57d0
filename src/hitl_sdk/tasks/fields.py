"""The fields of a form: how each is shown, how its answer is read, and how several answers become one.

`Form` shows them; `Custom` finds them in a template of the user's own.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, SupportsFloat

from pydantic import AfterValidator, Field, model_validator

from hitl_sdk._model import Model
from hitl_sdk._plain import one_or_several, shown, unicode_text
from hitl_sdk.consolidation import (
    Consolidation,
    MajorityVote,
    NumberConsolidation,
    PerLabel,
    TextConsolidation,
)
from hitl_sdk.labels import LabelType, clean_text
from hitl_sdk.tasks._templates import escaped
from hitl_sdk.tasks.classification import LabelList

__all__ = ["CheckField", "ChoiceField", "FormInput", "MultiChoiceField", "NumberField", "TextField"]


def _comparable(choices: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what Liquid can't compare an initial value with: it has no escapes in its texts."""
    for choice in choices:
        if set(choice) & set("{}\\") or {"'", '"'} <= set(choice):
            raise ValueError(f"the choice {choice!r} has braces, a backslash, or both kinds of quotes")
    return choices


Choices = Annotated[LabelList, AfterValidator(_comparable)]


class FormInput(Model):
    """One field of a form. Abstract: use `TextField`, `NumberField`, `ChoiceField`, `MultiChoiceField` or `CheckField`.

    Parameters
    ----------
    name : str
        Under which its answer stands: 1 to 63 letters, digits, hyphens or underscores.
    title : str, optional
        What workers see beside it; the name when left out.
    required : bool, default False
        Whether it must be filled in.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> issubclass(TextField, FormInput)
    True
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")
    title: str = ""
    required: bool = False

    @property
    @abstractmethod
    def label_type(self) -> LabelType:
        """The shape of its value in a frame."""

    @abstractmethod
    def html(self) -> str:
        """Return how it is shown, its initial value set by Liquid."""

    @abstractmethod
    def read(self, answer: object) -> object:
        """Return the value of an answer; None if it is not filled in.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If it is none; the message says why.
        """

    def normalise(self, value: object) -> object:
        """Return the value of what a model says, which is read as answers are.

        Parameters
        ----------
        value : object
            What the model says; None if it says nothing.

        Raises
        ------
        ValueError
            If it is none; the message says why.
        """
        return self.read(value)

    def initial_value(self, value: object) -> object:
        """Return a value as the element takes it, ready for JSON.

        Parameters
        ----------
        value : object
            As `normalise` returns it.
        """
        return list(value) if isinstance(value, tuple) else value

    @abstractmethod
    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that makes one value of several.

        Parameters
        ----------
        by : Consolidation, optional
            A method for one label out of a list, which choices are.
        """

    @property
    def _caption(self) -> str:
        return escaped(self.title or self.name)

    @property
    def _initial(self) -> str:
        """The Liquid expression of the initial value."""
        return f"task.input.initialValue['{self.name}']"

    @property
    def _required(self) -> str:
        return " required" if self.required else ""


class TextField(FormInput):
    """A text that workers write.

    Parameters
    ----------
    name, title, required
        As in `FormInput`.
    lines : int, default 1
        How high the field is.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> TextField(name="brand").read(" Acme ")
    'Acme'
    """

    lines: int = Field(default=1, ge=1)

    @property
    def label_type(self) -> LabelType:
        """A text."""
        return str

    def html(self) -> str:
        """Return a ``crowd-input``, or a ``crowd-text-area`` of several lines."""
        tag, rows = ("crowd-input", "") if self.lines == 1 else ("crowd-text-area", f' rows="{self.lines}"')
        return (
            f'<{tag} name="{self.name}" label="{self._caption}" value="{{{{ {self._initial} }}}}"{rows}{self._required}>'
            f"</{tag}>"
        )

    def read(self, answer: object) -> str | None:
        """Return the text; None if it is empty.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If it is neither text nor number.
        """
        if answer is None:
            return None
        if isinstance(answer, bool) or not isinstance(answer, str | int | float):
            raise ValueError(f"{type(answer).__name__} is no text")
        return unicode_text(str(answer).strip()) or None

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:  # noqa: ARG002
        """Return the method that picks the text closest to all others.

        Parameters
        ----------
        by : Consolidation, optional
            Not used: it is for choices.
        """
        return TextConsolidation()


class NumberField(FormInput):
    """A number.

    Parameters
    ----------
    name, title, required
        As in `FormInput`.
    min, max : float, optional
        The least and the greatest.
    step : float, optional
        By how much it goes up and down.
    slider : bool, default False
        Whether it is a slider, which needs both ends.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> NumberField(name="stars", min=1, max=5).read("4")
    4.0
    >>> NumberField(name="stars", min=1, max=5).read(7)
    Traceback (most recent call last):
    ValueError: 7 is not from 1 to 5
    """

    min: float | None = None
    max: float | None = None
    step: float | None = Field(default=None, gt=0)
    slider: bool = False

    @model_validator(mode="after")
    def _ends_fit(self) -> "NumberField":
        if self.slider and (self.min is None or self.max is None):
            raise ValueError("a slider needs min and max")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not less than max {self.max:g}")
        return self

    @property
    def label_type(self) -> LabelType:
        """A float."""
        return float

    def html(self) -> str:
        """Return a ``crowd-slider``, or an input for numbers."""
        step = "any" if self.step is None and not self.slider else self.step
        given = {"min": self.min, "max": self.max, "step": step}
        limits = "".join(
            f' {key}="{value if isinstance(value, str) else format(value, ".15g")}"'
            for key, value in given.items()
            if value is not None
        )
        value = f'{{% if {self._initial} != nil %}} value="{{{{ {self._initial} }}}}"{{% endif %}}'
        common = f'name="{self.name}"{limits}{value}{self._required}'
        element = (
            f"<crowd-slider {common} pin></crowd-slider>"
            if self.slider
            else f'<input type="number" {common}>'
        )
        return f"<p><label>{self._caption} {element}</label></p>"

    def read(self, answer: object) -> float | None:
        """Return the number, which may be text; None if there is none.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If it is no number, or beyond the ends.
        """
        if answer is None or (isinstance(answer, str) and not clean_text(answer)):
            return None
        if isinstance(answer, bool) or not isinstance(answer, str | SupportsFloat):
            raise ValueError(f"{shown(answer)} is no number")
        try:
            number = float(clean_text(answer) if isinstance(answer, str) else answer)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{shown(answer)} is no number") from None
        low = float("-inf") if self.min is None else self.min
        high = float("inf") if self.max is None else self.max
        if not low <= number <= high or number in {float("inf"), float("-inf")}:
            raise ValueError(f"{number:g} is not from {low:g} to {high:g}")
        return number

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:  # noqa: ARG002
        """Return the median.

        Parameters
        ----------
        by : Consolidation, optional
            Not used: it is for choices.
        """
        return NumberConsolidation()


class ChoiceField(FormInput):
    """One choice out of several.

    Parameters
    ----------
    name, title, required
        As in `FormInput`.
    choices : sequence of str
        At least one, none empty, each once; without braces, backslashes, or both kinds of quotes in one.
    style : {"radio", "select"}, default "radio"
        All of them side by side, or a list that opens.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> ChoiceField(name="colour", choices=["red", "blue"]).read({"red": False, "blue": True})
    'blue'
    """

    choices: Choices
    style: Literal["radio", "select"] = "radio"

    @property
    def label_type(self) -> LabelType:
        """A text."""
        return str

    def html(self) -> str:
        """Return radio buttons, or a ``<select>``."""
        if self.style == "radio":
            buttons = "\n".join(
                f'<label><input type="radio" name="{self.name}" value="{escaped(choice)}"'
                f"{_if(f'{self._initial} == {_quoted(choice)}', 'checked')}{self._required}> {escaped(choice)}</label>"
                for choice in self.choices
            )
            return f"<p>{self._caption}</p>\n{buttons}"
        options = "".join(
            f'<option value="{escaped(choice)}"{_if(f"{self._initial} == {_quoted(choice)}", "selected")}>'
            f"{escaped(choice)}</option>"
            for choice in self.choices
        )
        return (
            f'<p><label>{self._caption} <select name="{self.name}"{self._required}><option value=""></option>{options}'
            "</select></label></p>"
        )

    def read(self, answer: object) -> str | None:
        """Return the choice, given by itself or as the one button that is on; None if there is none.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If it is no choice, or there are several.
        """
        chosen = _switched_on(answer)
        if len(chosen) > 1:
            raise ValueError(f"{len(chosen)} choices were made, not one")
        return _as_listed(chosen[0], self.choices) if chosen else None

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the majority vote.

        Parameters
        ----------
        by : Consolidation, optional
            A method for one label; the majority vote when left out.
        """
        return MajorityVote() if by is None else by


class MultiChoiceField(FormInput):
    """Any number of choices out of several.

    Parameters
    ----------
    name, title, required
        As in `FormInput`; if required, at least one.
    choices : sequence of str
        At least one, none empty, each once; without braces, backslashes, or both kinds of quotes in one.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> MultiChoiceField(name="colours", choices=["red", "blue"]).read({"red": True, "blue": True})
    ('red', 'blue')
    """

    choices: Choices

    @property
    def label_type(self) -> LabelType:
        """A list of texts."""
        return [str]

    def html(self) -> str:
        """Return a ``crowd-checkbox`` a choice, all of one name."""
        boxes = "\n".join(
            f'<crowd-checkbox name="{self.name}" value="{escaped(choice)}"'
            f"{_if(f'{self._initial} contains {_quoted(choice)}', 'checked')}>{escaped(choice)}</crowd-checkbox>"
            for choice in self.choices
        )
        return f"<p>{self._caption}</p>\n{boxes}"

    def read(self, answer: object) -> tuple[str, ...]:
        """Return what was chosen, in the order of the choices.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If one of them is no choice.
        """
        chosen = {_as_listed(each, self.choices) for each in _switched_on(answer)}
        return tuple(choice for choice in self.choices if choice in chosen)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return the method that asks `by`, or the majority, of each choice by itself.

        Parameters
        ----------
        by : Consolidation, optional
            A method for one label; the majority vote when left out.
        """
        return PerLabel(self.choices, of=by or MajorityVote())


class CheckField(FormInput):
    """A box to tick: yes or no.

    Parameters
    ----------
    name, title, required
        As in `FormInput`; if required, it must be ticked.

    Raises
    ------
    InvalidResourceError
        If a parameter breaks a rule.

    Examples
    --------
    >>> CheckField(name="blurred").read({"on": True}), CheckField(name="blurred").read(None)
    (True, False)
    """

    @property
    def label_type(self) -> LabelType:
        """A truth value."""
        return bool

    def html(self) -> str:
        """Return a ``crowd-checkbox``."""
        checked = _if(self._initial, "checked")
        return f'<p><crowd-checkbox name="{self.name}"{checked}{self._required}>{self._caption}</crowd-checkbox></p>'

    def read(self, answer: object) -> bool:
        """Return whether it is ticked.

        Parameters
        ----------
        answer : object
            What stands under the field's name.

        Raises
        ------
        ValueError
            If that can't be told.
        """
        if isinstance(answer, Mapping):
            return bool(_switched_on(answer))
        said = str(answer).strip().lower()
        if said not in {"true", "false", "on", "none", ""}:
            raise ValueError(f"{shown(answer)} is neither true nor false")
        return said in {"true", "on"}

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:  # noqa: ARG002
        """Return the majority vote.

        Parameters
        ----------
        by : Consolidation, optional
            Not used: it is for choices.
        """
        return MajorityVote()


def _switched_on(answer: object) -> list[str]:
    """Return the names of what is on: of ``{"red": true, "blue": false}``, of a list, or of one choice alone."""
    if answer is None:
        return []
    if isinstance(answer, Mapping):
        return [str(key) for key, state in answer.items() if str(state).lower() in {"true", "on"}]
    return [text for text in map(_choice_text, one_or_several(answer)) if clean_text(text)]


def _choice_text(choice: object) -> str:
    """Return a choice as text; a column with gaps turns 1 into 1.0."""
    return str(int(choice) if isinstance(choice, float) and choice.is_integer() else choice)


def _as_listed(choice: str, choices: Iterable[str]) -> str:
    """Return a choice as the list spells it."""
    cleaned = clean_text(choice)
    for listed in choices:
        if clean_text(listed) == cleaned:
            return listed
    raise ValueError(f"{shown(choice)} is none of {', '.join(map(repr, choices))}")


def _if(condition: str, attribute: str) -> str:
    return f"{{% if {condition} %}} {attribute}{{% endif %}}"


def _quoted(text: str) -> str:
    """Return a text as Liquid writes it, where it stands in a tag and so is not HTML."""
    return f"'{text}'" if '"' in text else f'"{text}"'
