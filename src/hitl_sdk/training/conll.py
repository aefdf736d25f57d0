"""Export of entity spans to the columns of CoNLL 2003: a token a line, with its BIO tag."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labels import Span
from hitl_sdk.training._files import write_files
from hitl_sdk.training._rows import item_error, labelled_rows, repeated
from hitl_sdk.training.export import Export

if TYPE_CHECKING:
    from os import PathLike

    from hitl_sdk.tasks import Task
    from hitl_sdk.training._rows import LabelledRow

__all__ = ["Tokenize", "to_conll", "tokens"]

Tokenize: TypeAlias = Callable[[str], Iterable[tuple[int, int]]]
"""Text to the start and end of each of its tokens, in order: characters, the end is the first one behind."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(text: str) -> list[tuple[int, int]]:
    """Return where the tokens of a text are: runs of letters, digits and underscores, and every other character alone.

    Blanks and line breaks part tokens and are in none.

    Parameters
    ----------
    text : str
        In any script.

    Returns
    -------
    list of tuple of int
        Start and end of each, in Unicode characters.

    Examples
    --------
    >>> text = "It's 5 pm."
    >>> [text[start:end] for start, end in tokens(text)]
    ['It', "'", 's', '5', 'pm', '.']
    """
    return [match.span() for match in _TOKEN.finditer(text)]


def to_conll(
    frame: object,
    task: Task,
    path: str | PathLike[str],
    *,
    tokenize: Tokenize = tokens,
    overwrite: bool = False,
) -> Export:
    r"""Write entity spans in two columns, token and tag, with an empty line behind each item.

    Tags are BIO as in CoNLL 2003 in its later form (Sang and De Meulder; "IOB2"): ``B-LABEL`` for the first token of a
    span, ``I-LABEL`` for the others, ``O`` elsewhere. Blanks in a label become ``_``. A token that a span begins or ends
    in is cut there, so that no character changes its label; blanks at the ends of a span are lost.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it. Rows in force with a label are written, in
        their order; their ``item`` is the text.
    task : Task
        What was asked.
    path : str or path
        Of the file, UTF-8.
    tokenize : callable, default `tokens`
        Another way to find tokens: text to pairs of start and end.
    overwrite : bool, default False
        Replace the file if it exists.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        Naming the item, if its spans overlap or go beyond its text, a span has no token, the text has none, or the
        tokens are out of order or have blanks in them; if labels differ in blanks alone; if the file exists.
    EmptyInputError
        If no row has a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from hitl_sdk.tasks import NamedEntityRecognition
    >>> task = NamedEntityRecognition(name="places", labels=["city"], title="Mark places")
    >>> span = {"label": "city", "start_offset": 8, "end_offset": 16}
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["I am in New York."], "label": [[span]]})
    >>> with TemporaryDirectory() as folder:
    ...     print(to_conll(frame, task, f"{folder}/train.conll").path.read_text().replace("\n", ", "))
    I O, am O, in O, New B-city, York I-city, . O, ,
    """
    rows, left_out = labelled_rows(frame, task)
    twice = repeated(map(_tag, task.label_names))
    if twice is not None:
        raise InvalidInputError(f"two labels would have the tag {twice!r}", hint="rename one of them")
    blocks = [_block(row, tokenize) for row in rows]
    file = Path(path)
    files = write_files(file.parent, [file.name], ["".join(blocks).encode()], overwrite=overwrite)
    return Export(file, files, len(rows), left_out)


def _tag(label: str) -> str:
    return "_".join(label.split())


def _block(row: LabelledRow, tokenize: Tokenize) -> str:
    """Return the lines of one item."""
    text, spans = row.item, _spans(row)
    found = _cut(_checked(row, tokenize(text)), spans)
    lines = []
    position = 0
    for span in spans:
        while position < len(found) and found[position][1] <= span.start_offset:
            lines.append(f"{text[slice(*found[position])]} O")
            position += 1
        mark = "B"
        while position < len(found) and found[position][0] < span.end_offset:
            lines.append(f"{text[slice(*found[position])]} {mark}-{_tag(span.label)}")
            position, mark = position + 1, "I"
        if mark == "B":
            raise item_error(
                row.item_id, f"has a span from {span.start_offset} to {span.end_offset} without a token",
                hint="mend the span, or pass tokenize=",
            )  # fmt: skip
    lines += [f"{text[start:end]} O" for start, end in found[position:]]
    return "\n".join([*lines, "", ""])


def _spans(row: LabelledRow) -> list[Span]:
    """Return the spans of a row in the order of the text, none of which overlap."""
    label = row.label
    if not isinstance(label, tuple) or not all(isinstance(span, Span) for span in label):
        raise item_error(row.item_id, "has no spans for a label", hint="use another export")
    spans = sorted((span for span in label if isinstance(span, Span)), key=lambda span: span.start_offset)
    for before, span in itertools.pairwise(spans):
        if span.start_offset < before.end_offset:
            raise item_error(
                row.item_id, f"has spans that overlap from {span.start_offset} on",
                hint="CoNLL has one tag a token: drop one of the spans, or the row",
            )  # fmt: skip
    if spans and spans[-1].end_offset > len(row.item):
        raise item_error(
            row.item_id, f"has a span up to {spans[-1].end_offset}, the text has {len(row.item)} characters",
            hint="the column item must hold the text itself",
        )  # fmt: skip
    return spans


def _checked(row: LabelledRow, found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the tokens of a text, if they can stand in a column."""
    places = list(found)
    end = 0
    for start, stop in places:
        if not end <= start < stop <= len(row.item):
            raise item_error(
                row.item_id, f"has a token from {start} to {stop}, out of order or out of the text"
            )
        if row.item[start:stop].split() != [row.item[start:stop]]:
            raise item_error(row.item_id, f"has a token from {start} to {stop} with blanks in it")
        end = stop
    if not places:
        raise item_error(row.item_id, "has a text without tokens", hint="drop the row")
    return places


def _cut(found: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Cut tokens where spans begin and end."""
    borders = sorted({border for span in spans for border in (span.start_offset, span.end_offset)})
    cut, next_border = [], 0
    for start, end in found:
        while next_border < len(borders) and borders[next_border] < end:
            if borders[next_border] > start:
                cut.append((start, borders[next_border]))
                start = borders[next_border]  # noqa: PLW2901  the rest of the token
            next_border += 1
        cut.append((start, end))
    return cut
