"""Worker templates: reading the elements they hold. Rendering them is the local service's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from hitl_sdk._optional import load
from hitl_sdk.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ANSWER_KEYS", "LIQUID", "LIQUID_COMMENT", "TemplateElement", "parse_attribute", "read_template"
]  # fmt: skip

ANSWER_KEYS: Mapping[str, str] = {
    "crowd-rekognition-detect-moderation-labels": "AWS/Rekognition/DetectModerationLabels/Image/V3",
    "crowd-text-ranking": "ordinalRankingDimensions",
    "crowd-textract-analyze-document": "AWS/Textract/AnalyzeDocument/Forms/V1",
}
"""The keys of the elements whose answer does not stand under their name."""

# Our own elements stand for AWS's task UIs on the local service.
_PREFIXES = ("crowd-", "hitl-")
_CONTROLS = frozenset({"input", "select", "textarea"})
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
LIQUID_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)
_MASK = re.compile(
    "\ue000(\\d+)\ue001"
)  # private-use characters: no quote, blank or bracket for HTML to trip over


@dataclass(frozen=True, slots=True)
class TemplateElement:
    """One crowd element, or one plain form control, of a template.

    Parameters
    ----------
    tag : str
        For example ``"crowd-classifier"``, in lower case.
    attributes : mapping of str to str
        As written, entities resolved and Liquid left as it is. An attribute without value is ``""``.
    text : str, optional
        What stands in a ``<textarea>`` or an ``<option>``, likewise; empty for every other element.
    options : tuple of TemplateElement, optional
        The ``<option>`` elements of a ``<select>``.

    Examples
    --------
    >>> element = TemplateElement("crowd-classifier", {"name": "animal", "categories": "['cat', 'dog',]"})
    >>> element.name, element.categories
    ('animal', ('cat', 'dog'))
    """

    tag: str
    attributes: Mapping[str, str]
    text: str = ""
    options: tuple[TemplateElement, ...] = ()

    @property
    def name(self) -> str | None:
        """The ``name`` attribute, the key of its answer; None when it has none."""
        return self.attributes.get("name") or None

    @property
    def categories(self) -> tuple[str, ...] | None:
        """The choices of ``categories`` or ``labels``; None when there are none.

        Raises
        ------
        TemplateError
            If the attribute is no list, as one that still holds Liquid.
        """
        attribute = "categories" if "categories" in self.attributes else "labels"
        if attribute not in self.attributes:
            return None
        choices = parse_attribute(self.attributes[attribute])
        if not isinstance(choices, list):
            raise TemplateError(f"{attribute} of <{self.tag}> is no list", hint='write ["cat", "dog"]')
        return tuple(_choice_text(choice) for choice in choices)


def _choice_text(choice: object) -> str:
    """Return the label of a choice given as text, number or object (``label``, ``name`` or ``text``)."""
    if isinstance(choice, dict):
        choice = next((choice[key] for key in ("label", "name", "text") if key in choice), choice)
    return choice if isinstance(choice, str) else json.dumps(choice)


@lru_cache(maxsize=256)
def _parsed_json5(text: str) -> str:
    """Return the JSON5 `text` as JSON, which is copied faster than it is read."""
    json5 = load("json5", extra="templates", needed_for="reading the attributes of a worker template")
    return json.dumps(json5.loads(text))


def parse_attribute(text: str) -> object:
    """Read a list or object written into an attribute, as tolerantly as the crowd elements do.

    AWS's templates write JSON with single quotes, bare keys and trailing commas. Nothing is evaluated.

    Parameters
    ----------
    text : str
        The attribute's value, its HTML entities resolved.

    Raises
    ------
    TemplateError
        If it can't be read.

    Examples
    --------
    >>> parse_attribute("[{ label: 'cat', }]")
    [{'label': 'cat'}]
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        value: object = json.loads(_parsed_json5(text))
    except (ValueError, RecursionError) as error:
        raise TemplateError(
            f"can't read the attribute value {text[:80]!r}", hint="write it as JSON"
        ) from error
    return value


@dataclass(slots=True)
class _Unfinished:
    """An element whose text and options are still to come."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    options: list[_Unfinished] = field(default_factory=list)

    def finished(self) -> TemplateElement:
        # A line break right after <textarea> is none of its text, as browsers have it.
        text = self.text.removeprefix("\n") if self.tag == "textarea" else self.text.strip()
        return TemplateElement(
            self.tag, self.attributes, text, tuple(option.finished() for option in self.options)
        )


class _ElementReader(HTMLParser):
    """Collects the elements; scripts, styles and comments are passed over by the parser."""

    def __init__(self, liquid: list[str]) -> None:
        super().__init__()
        self._liquid = liquid
        self._found: list[_Unfinished] = []
        self._select: _Unfinished | None = None  # the one that is open
        self._written_into: _Unfinished | None = None  # the textarea or option that is open

    @property
    def elements(self) -> list[TemplateElement]:
        return [each.finished() for each in self._found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "option" and self._select is not None:
            self._written_into = _Unfinished(tag, self._attributes(attrs))
            self._select.options.append(self._written_into)
        elif tag.startswith(_PREFIXES) or tag in _CONTROLS:
            element = _Unfinished(tag, self._attributes(attrs))
            self._found.append(element)
            self._select = element if tag == "select" else self._select
            self._written_into = element if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag in {"option", "select", "textarea"}:
            self._written_into = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._written_into is not None:
            self._written_into.text += self._unmasked(data)

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> dict[str, str]:
        attributes: dict[str, str] = {}
        for name, value in attrs:
            if not _MASK.search(name):
                attributes.setdefault(name, self._unmasked(value or ""))
        return attributes

    def _unmasked(self, text: str) -> str:
        return _MASK.sub(lambda match: self._liquid[int(match.group(1))], text)


def read_template(source: str) -> list[TemplateElement]:
    """Find the crowd elements and form controls of a template, rendered or not.

    Reads as a browser would: any case, any quotes, the first of two equal attributes counts, an element that
    closes itself counts as opened. Elements inside Liquid's ``if`` and ``for`` are found once each.

    Parameters
    ----------
    source : str
        HTML, with Liquid or without.

    Returns
    -------
    list of TemplateElement
        In the order of the template.

    Examples
    --------
    >>> [element.tag for element in read_template("<crowd-form><crowd-input name='a'></crowd-input></crowd-form>")]
    ['crowd-form', 'crowd-input']
    """
    liquid: list[str] = []

    def mask(match: re.Match[str]) -> str:
        liquid.append(match.group())
        return f"\ue000{len(liquid) - 1}\ue001"

    reader = _ElementReader(liquid)
    reader.feed(LIQUID.sub(mask, LIQUID_COMMENT.sub("", _MASK.sub("", source))))
    reader.close()
    return reader.elements
