"""What a labeling job reads before it begins: its manifest, its label categories and its worker template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hitl_sdk._ground_truth import CUSTOM, function_of_arn, kind_named, task_ui_of_arn
from hitl_sdk._manifest_line import ITEM_KEYS
from hitl_sdk._s3_uri import bucket_and_key
from hitl_sdk.errors import HitlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitl_sdk._ground_truth import Kind
    from hitl_sdk.local.engine.delivery import Delivery
    from hitl_sdk.local.engine.values import Scope

__all__ = [
    "JobFailed",
    "JobInput",
    "data_object",
    "kind_of",
    "manifest_lines",
    "read_input",
]

# Of an input manifest's line; the Developer Guide, "Input data".
_LONGEST_LINE = 100_000
_LONGEST_VALUE = 20_000
_BOM = b"\xef\xbb\xbf"


class JobFailed(Exception):
    """What a labeling job needs can't be read: it fails, with this reason."""


@dataclass(frozen=True, slots=True)
class JobInput:
    """All that a labeling job reads before it begins.

    Attributes
    ----------
    lines : tuple of str
        The manifest's lines, each the text of a JSON object.
    has_label : tuple of bool
        Of each line, whether the label attribute stands in it already.
    template : str
        What workers see.
    label_categories : tuple of str or None
        The labels there are; None where no file says so.
    """

    lines: tuple[str, ...]
    has_label: tuple[bool, ...]
    template: str
    label_categories: tuple[str, ...] | None


def kind_of(definition: Mapping[str, Any]) -> Kind:
    """Return the built-in kind of a job: that of AWS's function which consolidates for it, else the custom one."""
    config = definition["HumanTaskConfig"].get("AnnotationConsolidationConfig", {})
    known = function_of_arn(config.get("AnnotationConsolidationLambdaArn", ""))
    return known[1] if known else kind_named(CUSTOM)


def read_input(delivery: Delivery, scope: Scope, definition: Mapping[str, Any]) -> JobInput:
    """Read what CreateLabelingJob's members name.

    Raises
    ------
    JobFailed
        If something is not there, or can't be read.
    """
    kind = kind_of(definition)
    attribute = definition["LabelAttributeName"]
    categories = _categories(delivery, scope, definition)
    lines: list[str] = []
    has_label: list[bool] = []
    source = definition["InputConfig"]["DataSource"].get("S3DataSource")
    if source is not None:
        uri = source["ManifestS3Uri"]
        for text, line in manifest_lines(_object(delivery, scope, uri, "manifest"), kind, uri):
            lines.append(text)
            has_label.append(attribute in line)
    return JobInput(
        tuple(lines),
        tuple(has_label),
        _template(delivery, scope, definition, kind, categories),
        None if categories is None else tuple(_names(categories)),
    )


def manifest_lines(body: bytes, kind: Kind, uri: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the lines of a manifest, each as its text and as what it says.

    Raises
    ------
    JobFailed
        Naming the first line, from 1, that is no data object of the kind.
    """
    if body.startswith(_BOM):
        raise JobFailed(f"{uri}, line 1: begins with a byte-order mark")
    lines = body.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if not lines:
        raise JobFailed(f"{uri} is empty")
    if len(lines) > kind.most_objects:
        raise JobFailed(f"{uri} has {len(lines)} lines; a job of this kind takes {kind.most_objects}")
    for number, raw in enumerate(lines, start=1):
        try:
            yield _line(raw.removesuffix(b"\r"), kind)
        except ValueError as error:
            raise JobFailed(f"{uri}, line {number}: {error}") from error


def _line(raw: bytes, kind: Kind) -> tuple[str, dict[str, Any]]:
    text, line = data_object(raw, kind)
    if any(key.startswith("$") for key in line):
        raise ValueError("has a key that begins with $")
    return text, line


def data_object(raw: bytes, kind: Kind) -> tuple[str, dict[str, Any]]:
    """Return a data object of the kind, as its text and as what it says.

    Raises
    ------
    ValueError
        If it is none: a phrase that says what it is.
    """
    if not raw.strip():
        raise ValueError("is empty")
    try:
        text = raw.decode()
        line = json.loads(text)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("is no JSON") from None
    if not isinstance(line, dict):
        raise ValueError("is no JSON object")
    if len(text) > _LONGEST_LINE:
        raise ValueError(f"has {len(text)} characters; at most {_LONGEST_LINE} are allowed")
    keys = [key for key in ITEM_KEYS if key in line]
    if len(keys) != 1 or (kind.input_key is not None and keys != [kind.input_key]):
        raise ValueError(f"must have {kind.input_key or 'one of source and source-ref'}, and has {keys}")
    value = line[keys[0]]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{keys[0]} is no text")
    if keys == ["source-ref"] and not value.startswith("s3://"):
        raise ValueError("source-ref is no s3:// URI")
    if len(value) > _LONGEST_VALUE:
        raise ValueError(f"{keys[0]} has {len(value)} characters; at most {_LONGEST_VALUE} are allowed")
    return text, line


def _object(delivery: Delivery, scope: Scope, uri: str, what: str) -> bytes:
    found = delivery.get_object(scope, *bucket_and_key(uri))
    if found is None:
        raise JobFailed(f"The {what} {uri} does not exist")
    return found


def _text(delivery: Delivery, scope: Scope, uri: str, what: str) -> str:
    try:
        text = _object(delivery, scope, uri, what).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JobFailed(f"The {what} {uri} is not UTF-8") from None
    if "\x00" in text:  # not every database keeps it
        raise JobFailed(f"The {what} {uri} holds a NUL character")
    return text


def _categories(delivery: Delivery, scope: Scope, definition: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the label category configuration, if the job has one."""
    uri = definition.get("LabelCategoryConfigS3Uri")
    if uri is None:
        return None
    what = "label category file"
    try:
        config = json.loads(_text(delivery, scope, uri, what))
        _names(config)
    except (ValueError, RecursionError, TypeError, KeyError):
        raise JobFailed(f"The {what} {uri} does not have the labels: {_CATEGORIES}") from None
    found: dict[str, Any] = config
    return found


_CATEGORIES = '{"labels": [{"label": "..."}, ...]}'


def _names(config: Mapping[str, Any]) -> list[str]:
    names = [each["label"] for each in config["labels"]]
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError("labels are distinct texts")
    return names


def _template(
    delivery: Delivery,
    scope: Scope,
    definition: Mapping[str, Any],
    kind: Kind,
    categories: Mapping[str, Any] | None,
) -> str:
    ui = definition["HumanTaskConfig"]["UiConfig"]
    if "UiTemplateS3Uri" in ui:
        return _text(delivery, scope, ui["UiTemplateS3Uri"], "worker template")
    from hitl_sdk.local.builtin_uis import template_of

    name = task_ui_of_arn(ui["HumanTaskUiArn"])
    try:
        return template_of(str(name), dict(categories or {}), kind)
    except HitlError as error:
        raise JobFailed(f"The label category file does not fit {name}: {error}") from error
