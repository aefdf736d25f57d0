"""How the blocks of Textract become the fields of a form, and these one prediction.

A field is as sure as the least sure block that it is made of: the pair of key and value, and each word in them. The
item's confidence is that of the least sure field that counts. A key that was asked for and not found counts 0: nothing
was read for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import FormField, clean_text
from hitl_sdk.routing.sources._asking import check_members, predicted, read_as_told, unusable

if TYPE_CHECKING:
    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = ["FormCount", "fields_in", "forms_request"]

Block = Mapping[str, Any]


def forms_request(textract: Any, operation: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is the same in every request for forms, checked before anything is asked.

    Raises
    ------
    InvalidInputError
        If the operation takes no such request, or it is one without FORMS.
    """
    request: dict[str, Any] = {"FeatureTypes": ["FORMS"], **more}
    check_members(textract, operation, request)
    if "FORMS" not in request["FeatureTypes"]:
        raise InvalidInputError(
            f"FeatureTypes is {request['FeatureTypes']!r}",
            hint="FORMS has to be among them, for there are no fields else",
        )
    return request


def fields_in(blocks: Iterable[Block]) -> list[FormField]:
    """Return the fields that Textract's blocks tell of, in their order.

    Parameters
    ----------
    blocks : iterable of mapping
        All of the document's, in boto3's shape. A box to tick has the value ``SELECTED`` or ``NOT_SELECTED``.

    Examples
    --------
    >>> fields_in([
    ...     {"Id": "k", "BlockType": "KEY_VALUE_SET", "EntityTypes": ["KEY"], "Confidence": 91.0,
    ...      "Relationships": [{"Type": "VALUE", "Ids": ["v"]}, {"Type": "CHILD", "Ids": ["w"]}]},
    ...     {"Id": "v", "BlockType": "KEY_VALUE_SET", "EntityTypes": ["VALUE"], "Confidence": 91.0},
    ...     {"Id": "w", "BlockType": "WORD", "Text": "Due", "Confidence": 99.0},
    ... ])
    [FormField(key='Due', value='', confidence=0.91)]
    """
    with read_as_told("Textract"):
        by_id = {str(block["Id"]): block for block in blocks}
        return [
            _field(block, by_id)
            for block in by_id.values()
            if block.get("BlockType") == "KEY_VALUE_SET" and "KEY" in block.get("EntityTypes", ())
        ]


def _field(key: Block, by_id: Mapping[str, Block]) -> FormField:
    values = _related(key, "VALUE", by_id)
    of_key = _related(key, "CHILD", by_id)
    of_value = [part for value in values for part in _related(value, "CHILD", by_id)]
    parts = (key, *values, *of_key, *of_value)
    sure = min((float(part["Confidence"]) for part in parts if "Confidence" in part), default=None)
    return FormField(_text(of_key), _text(of_value), None if sure is None else sure / 100)


def _related(block: Block, relation: str, by_id: Mapping[str, Block]) -> list[Block]:
    relationships = block.get("Relationships") or ()
    ids = (each["Ids"] for each in relationships if each["Type"] == relation)
    return [by_id[name] for several in ids for name in several if name in by_id]


def _text(parts: Iterable[Block]) -> str:
    words = (part.get("Text") or part.get("SelectionStatus") or "" for part in parts)
    return clean_text(" ".join(word for word in words if word))


@dataclass(frozen=True, slots=True)
class FormCount:
    """Which fields of a document count, and how they become one prediction.

    Made by `made`, which checks them.

    Attributes
    ----------
    names : mapping of str to str or None
        By each name that a key goes by, the key; None if all fields count.

    Examples
    --------
    >>> FormCount.made({"Due date": ["Payable by"]}).names
    {'Due date': 'Due date', 'Payable by': 'Due date'}
    """

    names: Mapping[str, str] | None

    @classmethod
    def made(cls, keys: Sequence[str] | Mapping[str, Sequence[str]] | None) -> FormCount:
        """Return it, or refuse what can't be.

        Raises
        ------
        InvalidInputError
            If `keys` are no texts, or a name stands for two of them.
        """
        if keys is None:
            return cls(None)
        given: object = keys
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InvalidInputError(
                f"keys={keys!r}", hint="give a list of keys, or a mapping to their aliases"
            )
        aliases = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, ())
        if any(isinstance(others, str) or not isinstance(others, Iterable) for others in aliases.values()):
            raise InvalidInputError(f"keys={keys!r}", hint="give of each key a list of its aliases")
        pairs = [(name, key) for key, others in aliases.items() for name in (key, *others)]
        spelt: list[object] = [name for name, _ in pairs]
        if not spelt or not all(isinstance(name, str) and name for name in spelt):
            raise InvalidInputError(f"keys={keys!r}", hint="name one key or more, each by a text")
        names = dict(pairs)
        if any(names[name] != key for name, key in pairs):
            raise InvalidInputError(f"keys={keys!r}", hint="a name is of one key only")
        return cls(names)

    def missing(self, blocks: Iterable[Block]) -> frozenset[str]:
        """Return the keys that were asked for and are not in the document."""
        found = {self.key_of(field) for field in fields_in(blocks)}
        return frozenset((self.names or {}).values()) - found

    def key_of(self, field: FormField) -> str | None:
        """Return the key that a field is of, None if it does not count."""
        return field.key if self.names is None else self.names.get(field.key)

    def counts(self, blocks: Iterable[Block]) -> bool:
        """Tell whether any of the fields counts."""
        return any(self.key_of(field) is not None for field in fields_in(blocks))

    def outcome(
        self,
        asked: Asked,
        blocks: Iterable[Block],
        missing: frozenset[str],
        raw: object,
        *,
        extra: Mapping[str, object] | None = None,
    ) -> Outcome:
        """Return the prediction that a document's blocks make, or one of its pages'."""
        counting = [(key, field) for field in fields_in(blocks) if (key := self.key_of(field)) is not None]
        if not counting and not missing:
            return unusable(asked, "Textract found no field of a form", raw=raw)
        scores: dict[str, float] = {}
        for key, field in counting:
            if field.confidence is None:
                return unusable(asked, f"Textract gave no confidence for {key!r}", raw=raw)
            scores[key] = min(scores.get(key, 1.0), field.confidence)
        confidence = 0.0 if missing else min(scores.values())
        fields = tuple(field for _, field in counting)
        return predicted(asked, fields, confidence, scores=scores, extra=extra, raw=raw)
