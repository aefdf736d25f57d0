"""Reads what a model of one's own answers: records in JSON, JSON Lines or CSV, and one record as a prediction."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from email.message import Message
from numbers import Real
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.routing.prediction import InvalidPrediction, confidence_problem, readable_label
from hitl_sdk.routing.sources._asking import predicted, settled, unusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitl_sdk.routing.prediction import Prediction
    from hitl_sdk.routing.sources._asking import Asked, Outcome

__all__ = [
    "NOT_DECODED",
    "charset_of",
    "checked_labels",
    "from_record",
    "from_scores",
    "is_csv",
    "loaded",
    "media_type",
    "outcomes_of",
    "records_in",
    "unwrapped",
]

_LABEL_KEYS = ("predicted_label", "label")
_CONFIDENCE_KEYS = ("probability", "confidence")
_OF_A_LABEL = ("score", "prob")
"""Confidences beside a `label` (Hugging Face, BlazingText). Beside a `predicted_label`, Linear Learner's `score` is
that of the positive class, whichever was predicted."""


NOT_DECODED = (ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError, csv.Error)
"""What a function raises that meets an answer which it did not expect."""


def outcomes_of(
    batch: Sequence[Asked],
    answer: object,
    decode: Callable[[Any], Iterable[object]] | None,
    labels: Sequence[str] | None,
    *,
    csv_rows: bool = False,
    charset: str = "utf-8",
) -> list[Outcome]:
    """Read the answer to a batch, one record an item; where they are not as many, no record is anybody's."""
    try:
        records = (
            records_in(answer, len(batch), csv_rows=csv_rows, charset=charset)
            if decode is None
            else list(decode(answer))
        )
    except NOT_DECODED as error:
        problem = f"decode failed: {type(error).__name__}: {error}"
        return [unusable(asked, problem, raw=answer) for asked in batch]
    if len(records) != len(batch):
        problem = f"the model gave {len(records)} records for {len(batch)} items"
        return [unusable(asked, problem, raw=records) for asked in batch]
    return [from_record(asked, record, labels) for asked, record in zip(batch, records, strict=True)]


def records_in(answer: object, count: int, *, csv_rows: bool = False, charset: str = "utf-8") -> list[object]:
    """Return the records of an answer to `count` items.

    Text is a JSON document, JSON Lines, or CSV; a list may stand under the one key ``"predictions"``. Several records
    may stand in one line. An unreadable line stays text.
    """
    if isinstance(answer, bytes | bytearray):
        answer = bytes(answer).decode(charset, "replace").removeprefix("\ufeff")
    values = _values(answer, csv_rows=csv_rows) if isinstance(answer, str) else [_plain(answer)]
    values = [unwrapped(value) for value in values]
    if len(values) == count:
        return values
    return [record for value in values for record in (value if isinstance(value, list | tuple) else [value])]


def _values(text: str, *, csv_rows: bool) -> list[object]:
    if csv_rows:
        return [tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row]
    whole = loaded(text)
    return [whole] if whole is not text else [loaded(line) for line in text.split("\n") if line.strip()]


def loaded(text: str) -> object:
    """Return the value of a JSON text; what is none stays text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def unwrapped(value: object) -> object:
    """Return the list under the one key ``"predictions"``; anything else as it is."""
    if (
        isinstance(value, Mapping)
        and list(value) == ["predictions"]
        and isinstance(value["predictions"], list)
    ):
        return value["predictions"]
    return value


def _plain(value: object) -> object:
    """Return numpy's arrays and numbers as Python's."""
    tolist = getattr(value, "tolist", None)
    return value if tolist is None else tolist()


def media_type(content_type: str) -> str:
    """Return a media type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_csv(content_type: str) -> bool:
    """Tell whether a media type is that of CSV."""
    return media_type(content_type) == "text/csv"


def charset_of(content_type: str) -> str:
    """Return the encoding that a media type says, UTF-8 where it says none.

    Raises
    ------
    InvalidInputError
        If it is none that Python knows.
    """
    header = Message()
    header["Content-Type"] = content_type
    charset = header.get_content_charset("utf-8")
    try:
        codecs.lookup(charset)
    except LookupError:
        raise InvalidInputError(
            f"{content_type!r} names an encoding that there is not", hint="such as charset=utf-8"
        ) from None
    return charset


def from_record(asked: Asked, record: object, labels: Sequence[str] | None = None) -> Outcome:
    """Read the record of one item; what can't be read is kept beside the reason."""
    value = _plain(record)
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        return _from_names(asked, value)
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        return _from_ranking(asked, value, raw=value)
    if labels is not None:
        return from_scores(asked, value, labels, raw=value)
    if isinstance(value, tuple) and len(value) == 2:
        return predicted(asked, value[0], _number(value[1]), raw=value)
    return unusable(asked, f"the answer is a {type(value).__name__}, not a record", raw=value)


def from_scores(asked: Asked, value: object, labels: Sequence[str], *, raw: object) -> Outcome:
    """Read the probabilities of all labels, or of the second of two."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    vector = [settled(_number(each)) for each in given]
    problem = next((found[0] for found in map(confidence_problem, vector) if found), None)
    if problem is not None:
        return unusable(asked, problem, raw=raw, hint="probabilities are expected, one a label")
    if len(vector) == 1 and len(labels) == 2:
        vector = [1 - float(vector[0]), vector[0]]
    if len(vector) != len(labels):
        return unusable(asked, f"the model gave {len(vector)} scores for {len(labels)} labels", raw=raw)
    best = max(range(len(vector)), key=vector.__getitem__)
    scores = {label: float(score) for label, score in zip(labels, vector, strict=True)}
    return predicted(asked, labels[best], vector[best], scores=scores, raw=raw)


def _from_names(asked: Asked, value: Mapping[str, Any]) -> Outcome:
    label_key = next((key for key in _LABEL_KEYS if key in value), None)
    allowed = _CONFIDENCE_KEYS + (_OF_A_LABEL if label_key == "label" else ())
    confidence_key = next((key for key in allowed if key in value), None)
    if label_key is None or confidence_key is None:
        wanted = " or ".join(_LABEL_KEYS if label_key is None else allowed)
        return unusable(asked, f"the answer has no {wanted}; it has {sorted(map(str, value))}", raw=value)
    label, confidence = value[label_key], value[confidence_key]
    if isinstance(confidence, list) and isinstance(label, list) and len(label) == len(confidence):
        ranking = [{"label": one, "score": its} for one, its in zip(label, confidence, strict=True)]
        return _from_ranking(asked, ranking, raw=value)
    scores = value.get("scores")
    if not (
        isinstance(scores, Mapping) and all(confidence_problem(each) is None for each in scores.values())
    ):
        scores = None  # a list, logits: what they are of nobody knows; `raw` keeps them
    return predicted(asked, label, confidence, scores=scores, raw=value)


def _from_ranking(asked: Asked, ranking: Sequence[Mapping[str, Any]], *, raw: object) -> Outcome:
    """Read several labels of one item, each with its confidence: the likeliest is what was predicted."""
    likeliest: Prediction | None = None
    scores: dict[str, float] = {}
    for entry in ranking:
        read = _from_names(asked, entry)
        if isinstance(read, InvalidPrediction):
            return read
        scores[str(read.label)] = read.confidence
        if likeliest is None or read.confidence > likeliest.confidence:
            likeliest = read
    if likeliest is None:
        return unusable(asked, "the answer has no label", raw=raw)
    return replace(likeliest, scores=scores, raw=raw)


def _number(cell: object) -> Any:
    """Return the number that a cell of CSV says; anything else as it is, for the error to name."""
    if not isinstance(cell, str):
        return _plain(cell)
    try:
        return float(cell)
    except ValueError:
        return cell


def checked_labels(labels: Iterable[object] | None) -> tuple[str, ...] | None:
    """Return the labels of a score vector as texts.

    Raises
    ------
    InvalidInputError
        If one is none, or stands twice.
    """
    if labels is None:
        return None
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise InvalidInputError(f"labels={labels!r} is no list", hint="give a list of labels")
    given = [_plain(label) for label in labels]
    read = [
        str(readable_label(label))
        for label in given
        if isinstance(label, str | Real) and readable_label(label)
    ]
    if not read or len(set(read)) != len(given):
        raise InvalidInputError(
            f"labels={given!r}",
            hint="give each label once, in the order of the scores, as a text or a whole number",
        )
    return tuple(read)
