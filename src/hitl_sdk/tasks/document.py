"""Tasks on a document: the fields of its forms."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from hitl_sdk._elements import ANSWER_KEYS
from hitl_sdk._plain import read_list, unicode_text
from hitl_sdk.consolidation import Consolidation, FormFieldConsolidation
from hitl_sdk.labels import FormField, LabelType, clean_text, part_type, read_parts
from hitl_sdk.tasks._ai_service import AiServiceTask
from hitl_sdk.tasks._reading import answer_errors, label_errors, value_under
from hitl_sdk.tasks._templates import escaped_json
from hitl_sdk.tasks.answers import Answer

__all__ = ["TextractForms"]

Block = Mapping[str, Any]


def _without_aliases(keys: object) -> object:
    """Let a list of keys stand for keys that have no aliases."""
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise ValueError("give a list of keys, or a mapping of keys to their aliases")
    if isinstance(keys, Mapping):
        return {key: tuple(aliases) for key, aliases in keys.items()}
    return dict.fromkeys(keys, ())


Keys = Annotated[Mapping[str, Sequence[str]], BeforeValidator(_without_aliases)]


class TextractForms(AiServiceTask):
    """Correct the fields of a form that Amazon Textract or another model has read from a document.

    The worker template serves both a flow of your own and human loops that Textract's AnalyzeDocument starts by its
    ``HumanLoopConfig``.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`; the answer stands under a key of the element's own.
    keys : sequence of str, or mapping of str to sequence of str
        The fields that matter; as a mapping, with the other names that they go by. All fields when left out.
    allow_key_edit, allow_geometry_edit : bool, default False
        Whether workers may change how a field is called, and where on the page it lies.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> from hitl_sdk.labels import FormField
    >>> task = TextractForms(name="invoice", title="Mend the fields", keys={"Due date": ["Payable by"]})
    >>> content = task.input("s3://bucket/1.png", [FormField("Due date", "3 Nay", confidence=0.6)])
    >>> [block["text"] for block in content["initialValue"]]
    ['Due date', '3 Nay']
    >>> task.item({"aiServiceRequest": {"document": {"s3Object": {"bucket": "bucket", "name": "1.png"}}}})
    's3://bucket/1.png'
    """

    keys: Keys = Field(default={})
    allow_key_edit: bool = False
    allow_geometry_edit: bool = False

    answer_key: ClassVar[str] = ANSWER_KEYS["crowd-textract-analyze-document"]
    request_key = "document"
    item_kind = "a document"

    @property
    def label_type(self) -> LabelType:
        """A list of fields."""
        return [part_type(FormField)]

    def template(self) -> str:
        """Return the worker template, built on ``crowd-textract-analyze-document``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> "no-key-edit" in TextractForms(name="invoice", title="Mend the fields").template()
        True
        """
        keys = [
            {"importantFormKey": key, "importantFormKeyAliases": list(aliases)}
            for key, aliases in self.keys.items()
        ]
        return self._filled(
            "document.liquid.html",
            keys=f'keys="{escaped_json(keys)}"' if keys else _KEYS_OF_THE_FLOW,
            no_key_edit="" if self.allow_key_edit else "no-key-edit",
            no_geometry_edit="" if self.allow_geometry_edit else "no-geometry-edit",
        )

    def parse_answer(self, content: Mapping[str, object]) -> Answer[tuple[FormField, ...]]:
        """Read the ``answerContent`` of one worker: pairs of KEY_VALUE_SET blocks.

        The text of a block is its own, or that of its words where these are among the blocks.

        Parameters
        ----------
        content : mapping
            The answer, as it stands in output.json.

        Raises
        ------
        InvalidOutputError
            If there is no answer under the element's key, or its blocks can't be read.

        Examples
        --------
        >>> task = TextractForms(name="invoice", title="Mend the fields")
        >>> key = {"blockType": "KEY_VALUE_SET", "id": "k", "entityTypes": ["KEY"], "text": "Due date",
        ...        "relationships": [{"type": "VALUE", "ids": ["v"]}]}
        >>> value = {"blockType": "KEY_VALUE_SET", "id": "v", "entityTypes": ["VALUE"], "text": "3 May"}
        >>> task.parse_answer({"AWS/Textract/AnalyzeDocument/Forms/V1": {"blocks": [key, value]}}).label
        (FormField(key='Due date', value='3 May', confidence=None),)
        """
        answer = self._answer(content)
        with answer_errors(self.name):
            return Answer(tuple(_fields(value_under(answer, "blocks"))))

    def normalise_label(self, label: object) -> tuple[FormField, ...]:
        """Return a model's fields as objects.

        Parameters
        ----------
        label : iterable of FormField or of their plain values, or mapping of str to str
            What the model read: fields, or keys and values.

        Raises
        ------
        InvalidPredictionError
            If one of them is no field.

        Examples
        --------
        >>> TextractForms(name="invoice", title="Mend the fields").normalise_label({"Due date": "3 May"})
        (FormField(key='Due date', value='3 May', confidence=None),)
        """
        if isinstance(label, Mapping):
            label = [{"key": key, "value": value} for key, value in label.items()]
        with label_errors(self.name, "give a list of hitl_sdk.labels.FormField"):
            return tuple(read_parts(FormField, label))

    def initial_value(self, label: Any) -> list[dict[str, object]]:
        """Return the fields as the element takes them: a KEY_VALUE_SET block for each key and each value.

        Parameters
        ----------
        label : tuple of FormField
            As `normalise_label` returns it.
        """
        return [block for number, field in enumerate(label) for block in _blocks(number, field)]

    def merged_label(
        self,
        label: Any,
        model_label: Any,
        input_content: Mapping[str, object] | None = None,
    ) -> tuple[FormField, ...]:
        """Return what people said, then the model's fields that they were not shown, with the model's confidence.

        Loops that Textract starts show the fields that the flow's conditions match, and no others.

        Parameters
        ----------
        label : tuple of FormField
            What people said.
        model_label : tuple of FormField or None
            The model's fields.
        input_content : mapping, optional
            What the human loop was started with.
        """
        selected = (input_content or {}).get("selectedAiServiceResponse")
        if not isinstance(selected, Mapping):
            return tuple(label)
        try:
            shown = {(field.key, field.value) for field in _fields(selected.get("blocks"))}
        except ValueError:  # nobody can tell what was shown
            return tuple(label)
        unseen = (field for field in model_label or () if (field.key, field.value) not in shown)
        return (*label, *unseen)

    def consolidation(self, by: Consolidation[Any] | None = None) -> Consolidation[Any]:
        """Return `by`, or the method that compares fields by their key.

        Parameters
        ----------
        by : FormFieldConsolidation, optional
            One of your own settings.

        Raises
        ------
        InvalidInputError
            If `by` is a method for other labels.
        """
        return self._own_method(FormFieldConsolidation(), by)


_KEYS_OF_THE_FLOW = (
    "{% if task.input.humanLoopContext.importantFormKeys %}"
    'keys="{{ task.input.humanLoopContext.importantFormKeys | to_json | escape }}"'
    "{% endif %}"
)


def _blocks(number: int, field: FormField) -> tuple[dict[str, object], dict[str, object]]:
    """Return the blocks of a field's key and value, as Textract writes them but without a place on the page."""
    key, value = f"key-{number}", f"value-{number}"
    common: dict[str, object] = {"blockType": "KEY_VALUE_SET"}
    if field.confidence is not None:
        common["confidence"] = field.confidence * 100  # Textract counts to 100
    link = [{"type": "VALUE", "ids": [value]}]
    return (
        {**common, "id": key, "entityTypes": ["KEY"], "text": field.key, "relationships": link},
        {**common, "id": value, "entityTypes": ["VALUE"], "text": field.value, "relationships": []},
    )


def _fields(blocks: object) -> Iterable[FormField]:
    """Yield the fields of a list of blocks, in the order of their keys."""
    by_id = _by_id(blocks)
    for block in by_id.values():
        if block.get("blockType") == "KEY_VALUE_SET" and "KEY" in read_list(
            block.get("entityTypes") or (), "the entityTypes of a block"
        ):
            values = (by_id[each] for each in _ids(block, "VALUE") if each in by_id)
            text = " ".join(_text(value, by_id) for value in values)
            yield FormField(unicode_text(_text(block, by_id)), unicode_text(clean_text(text)))


def _by_id(blocks: object) -> dict[str, Block]:
    if blocks is None:
        return {}
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        raise ValueError("its blocks are no list of objects")
    return {str(block.get("id", number)): block for number, block in enumerate(blocks)}


def _text(block: Block, by_id: Mapping[str, Block]) -> str:
    """Return the text of a block: its own, or those of its words."""
    own = _own_text(block)
    if own is not None:
        return own
    words = (_own_text(by_id[each]) for each in _ids(block, "CHILD") if each in by_id)
    return clean_text(" ".join(word for word in words if word is not None))


def _own_text(block: Block) -> str | None:
    """Return the text of a block itself; of a box to tick, whether it is ticked."""
    text = block.get("text")
    text = block.get("selectionStatus") if text is None else text
    return None if text is None else clean_text(str(text))


def _ids(block: Block, relation: str) -> list[str]:
    """Return the ids of the blocks that a block is related to.

    Raises
    ------
    ValueError
        If the relationships are no list of objects.
    """
    relationships = block.get("relationships") or ()
    if not isinstance(relationships, list | tuple) or not all(
        isinstance(each, Mapping) for each in relationships
    ):
        raise ValueError("the relationships of a block are no list of objects")
    ids = (each.get("ids") for each in relationships if each.get("type") == relation)
    return [str(id_) for several in ids if isinstance(several, list) for id_ in several]
