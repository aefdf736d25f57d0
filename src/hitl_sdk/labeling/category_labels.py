"""One label of a labeling job, and the attributes that workers give its objects, as the category file has them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hitl_sdk._model import Model, shortened
from hitl_sdk.errors import InvalidInputError

__all__ = ["Attributes", "LabelAttribute", "LabelCategory", "each_of", "renamed"]

T = TypeVar("T")
Edits = Literal["any", "none"]
Choice = Annotated[str, Field(min_length=1, max_length=16)]


class LabelAttribute(Model):
    """Something that workers say of an object, or of a whole frame, beside its label.

    Parameters
    ----------
    name : str
        1 to 16 characters.
    type : {"string", "number"}, default "string"
        A text, which is one of `choices` or else free; or a whole number from `minimum` to `maximum`.
    description : str, optional
        Up to 128 characters; required of attributes of a frame.
    choices : sequence of str, optional
        1 to 10 of 1 to 16 characters each (``enum`` in the file).
    minimum, maximum : int, optional
        Of a number, both included.
    required : bool, default False
        Whether workers must say it.
    edits_allowed : {"any", "none"}, default "any"
        Whether workers of an adjustment job may change it.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule of the service.

    Examples
    --------
    >>> LabelAttribute(name="weather", description="The sky", choices=["clear", "rain"]).to_json()
    {'name': 'weather', 'type': 'string', 'description': 'The sky', 'enum': ['clear', 'rain']}
    """

    name: Annotated[str, Field(min_length=1, max_length=16)]
    type: Literal["string", "number"] = "string"
    description: Annotated[str, Field(max_length=128)] = ""
    choices: Annotated[Sequence[Choice], AfterValidator(tuple), Field(max_length=10)] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    edits_allowed: Edits = "any"

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        limits = (self.minimum, self.maximum)
        if self.type == "number" and self.choices:
            raise ValueError("a number has minimum and maximum, not choices")
        if self.type == "string" and limits != (None, None):
            raise ValueError("minimum and maximum are of a number: give type='number'")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        return self

    @property
    def is_free_text(self) -> bool:
        """True if workers may write what they like."""
        return self.type == "string" and not self.choices

    def to_json(self) -> dict[str, Any]:
        """Return the attribute as the file has it."""
        fields: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "enum": list(self.choices),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "isRequired": self.required or None,
            "editsAllowed": None if self.edits_allowed == "any" else self.edits_allowed,
        }
        return {key: value for key, value in fields.items() if value not in (None, "", [])}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Read an attribute of a file.

        Parameters
        ----------
        fields : mapping
            For example ``{"name": "plate", "type": "string"}``.

        Raises
        ------
        InvalidResourceError
            If it breaks a rule.

        Examples
        --------
        >>> LabelAttribute.from_json({"name": "people", "type": "number", "minimum": 0}).minimum
        0
        """
        return cls(**renamed(fields, enum="choices", isRequired="required", editsAllowed="edits_allowed"))


def _as_attributes(value: object) -> object:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


Attributes = Annotated[Sequence[LabelAttribute], BeforeValidator(_as_attributes)]


class LabelCategory(Model):
    """One label, and what workers say of each object that has it.

    Parameters
    ----------
    label : str
        1 to 256 characters; 1 to 16 in jobs on video frames and point clouds.
    attributes : sequence of LabelAttribute, optional
        Of this label alone.
    short_name, full_name : str, optional
        How it is shown in named entity recognition: above the marked text, and in the list.
    edits_allowed : {"any", "none"}, default "any"
        Whether workers of an adjustment job may change objects of this label; ``"none"`` on every label
        makes the job a verification.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule of the service.

    Examples
    --------
    >>> LabelCategory(label="person", short_name="PER").to_json()
    {'label': 'person', 'shortDisplayName': 'PER'}
    """

    label: Annotated[str, Field(min_length=1, max_length=256)]
    attributes: Attributes = ()
    short_name: str = ""
    full_name: str = ""
    edits_allowed: Edits = "any"

    def to_json(self) -> dict[str, Any]:
        """Return the label as the file has it."""
        fields: dict[str, Any] = {
            "label": self.label,
            "shortDisplayName": self.short_name,
            "fullDisplayName": self.full_name,
            "categoryAttributes": [each.to_json() for each in self.attributes],
            "editsAllowed": "" if self.edits_allowed == "any" else self.edits_allowed,
        }
        return {key: value for key, value in fields.items() if value}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Read a label of a file.

        Parameters
        ----------
        fields : mapping
            For example ``{"label": "van", "editsAllowed": "none"}``.

        Raises
        ------
        InvalidResourceError
            If it breaks a rule.

        Examples
        --------
        >>> LabelCategory.from_json({"label": "van", "editsAllowed": "none"}).edits_allowed
        'none'
        """
        known = renamed(
            fields,
            shortDisplayName="short_name",
            fullDisplayName="full_name",
            editsAllowed="edits_allowed",
            categoryAttributes="attributes",
        )
        known["attributes"] = each_of(LabelAttribute.from_json, known, "attributes")
        return cls(**known)


def each_of(reads: Callable[[Any], T], fields: Mapping[str, Any], key: str) -> list[T]:
    """Read the list under a key; one that is missing is empty.

    Raises
    ------
    InvalidInputError
        If something else stands there.
    """
    entries = fields.get(key) or []
    if not isinstance(entries, list):
        raise InvalidInputError(
            f"{key} of the label category configuration is {type(entries).__name__}, no list"
        )
    return [reads(entry) for entry in entries]


def renamed(fields: object, **names: str) -> dict[str, Any]:
    """Return an object of the file under the names of a model's fields.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    if not isinstance(fields, Mapping):
        raise InvalidInputError(
            f"the label category configuration is wrong: {shortened(fields)} is no JSON object"
        )
    return {names.get(str(key), str(key)): value for key, value in fields.items()}
