"""Answers of the two elements that Augmented AI has of its own: forms of Textract, moderation labels of Rekognition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._elements import parse_attribute
from hitl_sdk.labels import FormField, read_parts
from hitl_sdk.local.answers.classifiers import label_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitl_sdk.local.answers.page import Page, Question
    from hitl_sdk.local.answers.slips import Slips

__all__ = ["FormFields", "ModerationLabels"]

Block = Mapping[str, Any]


class ModerationLabels:
    """``{"moderationLabels": [{"name": "Weapons", "parentName": "Violence"}]}``: the categories chosen, as given."""

    def preset(self, question: Question, page: Page) -> dict[str, list[object]]:
        """Return none: nothing is chosen beforehand."""
        return {"moderationLabels": []}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, list[object]]:
        """Return the true categories; of each one, whether it is chosen may be wrong."""
        names = question.choices()
        chosen = slips.chosen(label_names(truth, "moderationLabels"), names)
        categories = cast("list[object]", parse_attribute(question.element.attributes["categories"]))
        return {
            "moderationLabels": [each for each, name in zip(categories, names, strict=True) if name in chosen]
        }


class FormFields:
    """``{"blocks": [...]}``: for each field a KEY_VALUE_SET block of its key, and one of its value."""

    def preset(self, question: Question, page: Page) -> dict[str, list[Block]]:
        """Return the key and value blocks of ``initial-value``, with their text, else none."""
        return {"blocks": _fields_of(question)}

    def erring(self, question: Question, page: Page, truth: object, slips: Slips) -> dict[str, list[Block]]:
        """Return the true fields; one is overlooked, or has a typo in its value, as often as words go wrong."""
        known = [field for field in _read_fields(truth) if not _is_overlooked(slips)]
        typed = [replace(field, value=slips.typed(field.value)) for field in known]
        return {"blocks": list(_written(typed, _fields_of(question)))}


def _is_overlooked(slips: Slips) -> bool:
    return slips.rng.random() < 0.5 and slips.errs()


def _fields_of(question: Question) -> list[Block]:
    """Return the blocks of keys and values that the element shows, each with the text of its words."""
    given = question.initial_value() or []
    blocks = given.get("blocks") if isinstance(given, Mapping) else given
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        raise ValueError("the initial-value is no list of blocks")
    words = {block.get("id"): block.get("text", "") for block in blocks}
    return [
        {**block, "text": block.get("text") or " ".join(words.get(id_, "") for id_ in _ids(block, "CHILD"))}
        for block in blocks
        if block.get("blockType") == "KEY_VALUE_SET"
    ]


def _ids(block: Block, relation: str) -> list[str]:
    return [
        id_
        for relationship in block.get("relationships") or ()
        if relationship.get("type") == relation
        for id_ in relationship.get("ids", ())
    ]


def _read_fields(truth: object) -> list[FormField]:
    """Read fields as `hitl_sdk.labels` has them, as a mapping of keys to values, or as the element writes them."""
    if isinstance(truth, Mapping) and isinstance(truth.get("blocks"), list):
        return [FormField(key, value["text"]) for key, (_, value) in _pairs(truth["blocks"]).items()]
    if isinstance(truth, Mapping):
        return [FormField(str(key), str(value)) for key, value in truth.items()]
    return read_parts(FormField, truth, what="the fields")


def _written(fields: Iterable[FormField], shown: list[Block]) -> Iterator[Block]:
    """Yield the two blocks of each field: those that were shown if there are, else new ones."""
    values = _pairs(shown)
    for number, field in enumerate(fields, start=1):
        key, value = values.get(field.key) or _new_blocks(number)
        yield {**key, "text": field.key}
        yield {**value, "text": field.value}


def _pairs(blocks: list[Block]) -> dict[str, tuple[Block, Block]]:
    """Return the blocks of each key and its value, by the text of the key."""
    by_id = {block["id"]: block for block in blocks}
    return {
        block["text"]: (block, by_id[ids[0]])
        for block in blocks
        if "KEY" in block.get("entityTypes", ()) and (ids := _ids(block, "VALUE")) and ids[0] in by_id
    }


def _new_blocks(number: int) -> tuple[Block, Block]:
    """Return the blocks of a field that the worker adds."""
    key, value = f"new-key-{number}", f"new-value-{number}"
    relationships = [{"ids": [value], "type": "VALUE"}]
    return (
        {"blockType": "KEY_VALUE_SET", "entityTypes": ["KEY"], "id": key, "relationships": relationships},
        {"blockType": "KEY_VALUE_SET", "entityTypes": ["VALUE"], "id": value, "relationships": []},
    )
