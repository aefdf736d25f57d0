"""Responses of Rekognition and Textract, with the fields that the services give."""

from __future__ import annotations

from typing import NamedTuple

MODEL_VERSION = "7.0"


class Field(NamedTuple):
    """A field of a form: its words, how sure Textract is of the pair, and of each word."""

    key: str
    value: str
    pair: float = 95.0
    words: float = 99.0


def moderation(*labels):
    """Return DetectModerationLabels' response of (name, parent, confidence)."""
    return {
        "ModerationLabels": [
            {
                "Confidence": confidence,
                "Name": name,
                "ParentName": parent,
                "TaxonomyLevel": 2 if parent else 1,
            }
            for name, parent, confidence in labels
        ],
        "ModerationModelVersion": MODEL_VERSION,
        "ContentTypes": [],
    }


def labels(*found):
    """Return DetectLabels' response of (name, confidence)."""
    box = {"Width": 0.4, "Height": 0.8, "Left": 0.3, "Top": 0.1}
    return {
        "Labels": [
            {
                "Name": name,
                "Confidence": confidence,
                "Instances": [{"BoundingBox": box, "Confidence": confidence}],
                "Parents": [{"Name": "Clothing"}],
                "Aliases": [],
                "Categories": [{"Name": "Apparel and Accessories"}],
            }
            for name, confidence in found
        ],
        "LabelModelVersion": "3.0",
    }


def document(*pages, metadata=True):
    """Return AnalyzeDocument's response: each page a list of `Field`."""
    blocks = [block for number, fields in enumerate(pages, start=1) for block in page_blocks(fields, number)]
    about = {"DocumentMetadata": {"Pages": len(pages)}} if metadata else {}
    return {**about, "Blocks": blocks, "AnalyzeDocumentModelVersion": "1.0"}


def page_blocks(fields, page=1):
    """Return the blocks of one page: the page, its lines and words, and the pairs of key and value."""
    blocks, lines = [], []
    for number, field in enumerate(fields):
        name = f"p{page}-{number}"
        key_words = words_of(f"{name}-k", field.key, field, page)
        value_words = words_of(f"{name}-v", field.value, field, page)
        lines.append(f"{name}-line")
        blocks += [
            block(
                f"{name}-line",
                "LINE",
                page,
                field.words,
                children=[word["Id"] for word in (*key_words, *value_words) if word["BlockType"] == "WORD"],
                Text=f"{field.key} {field.value}",
            ),
            *key_words,
            *value_words,
            block(
                f"{name}-key",
                "KEY_VALUE_SET",
                page,
                field.pair,
                children=[word["Id"] for word in key_words],
                value=f"{name}-value",
                EntityTypes=["KEY"],
            ),
            block(
                f"{name}-value",
                "KEY_VALUE_SET",
                page,
                field.pair,
                children=[word["Id"] for word in value_words],
                EntityTypes=["VALUE"],
            ),
        ]
    root = block(f"p{page}", "PAGE", page, None, children=lines)
    return [root, *blocks]


def words_of(name, text, field, page):
    """Return the words of a text; a box to tick where it says SELECTED."""
    if text in {"SELECTED", "NOT_SELECTED"}:
        return [block(f"{name}0", "SELECTION_ELEMENT", page, field.words, SelectionStatus=text)]
    return [
        block(f"{name}{number}", "WORD", page, field.words, Text=word, TextType="PRINTED")
        for number, word in enumerate(text.split())
    ]


def block(name, kind, page, confidence, *, children=(), value=None, **more):
    relationships = [{"Type": "VALUE", "Ids": [value]}] if value else []
    relationships += [{"Type": "CHILD", "Ids": list(children)}] if children else []
    corner = {"X": 0.1, "Y": 0.1}
    return {
        "BlockType": kind,
        "Id": name,
        "Geometry": {
            "BoundingBox": {"Width": 0.2, "Height": 0.02, "Left": 0.1, "Top": 0.1},
            "Polygon": [corner, corner, corner, corner],
        },
        "Page": page,
        **({} if confidence is None else {"Confidence": confidence}),
        **({"Relationships": relationships} if relationships else {}),
        **more,
    }
