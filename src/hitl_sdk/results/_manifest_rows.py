"""Blocks of manifest lines to columns: together where they are alike and pyarrow is installed, else line by line."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from hitl_sdk._threads import results_in_order
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results._manifest_confidence import (
    OLD_SINGLE,
    Confidences,
    confidences_in,
    single_note,
    without_confidence,
)
from hitl_sdk.results._manifest_lines import Row, parse_line, rows_of
from hitl_sdk.results._manifest_source import block_of, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitl_sdk.results._manifest_layout import Layout
    from hitl_sdk.results._manifest_source import Block
    from hitl_sdk.session import Session

__all__ = ["BlockReader", "Rows", "read_rows"]

_THREADS = min(4, os.cpu_count() or 1)
"""Blocks that are read at a time; more than a few wait for the disk."""

_CAREFULLY = 256
"""Lines of a block that is not taken apart further, to find what is odd in it."""

_GIVE_UP = 64
"""Such blocks one after the other, after which nothing regular is looked for."""


@dataclass(slots=True)
class Rows:
    """Rows of some lines, by column: a list, or an array of Arrow; a column that is not there is null.

    Attributes
    ----------
    lines, count : int
        How many lines and rows there are.
    of_line : sequence of int
        Which line each row is of, counted from `first_line`.
    types : list of str
        The metadata types of labels, each once.
    seen : Confidences
        What the confidences show.
    """

    columns: dict[str, Any]
    lines: int
    count: int
    of_line: Sequence[int]
    types: list[str] = field(default_factory=list)
    seen: Confidences = field(default_factory=Confidences)
    first_line: int = 0

    def slice(self, start: int, end: int) -> Rows:
        """Return some of the rows."""
        columns = {name: column[start:end] for name, column in self.columns.items()}
        return replace(self, columns=columns, count=end - start, of_line=self.of_line[start:end])

    def as_list(self, name: str) -> list[Any]:
        """Return a column as a list."""
        column = self.columns.get(name)
        if column is None:
            return [None] * self.count
        return column if isinstance(column, list) else list(column.to_pylist())

    def drop_old_single(self, attributes: set[str]) -> None:
        """Take the old confidence of single workers from labels of some attributes that people gave."""
        if attributes.isdisjoint(self.seen.old_single):
            return
        names = ("attribute", "label_source", "label", "confidence", "confidence_note", "label_confidences")
        rows = []
        for attribute, source, *told in zip(*map(self.as_list, names), strict=True):
            one = attribute in attributes and source != "model"
            rows.append(_without_old_single(*told) if one else told)
        for name, column in zip(names[2:], zip(*rows, strict=True), strict=True):
            self.columns[name] = list(column)


def _without_old_single(
    label: Any, confidence: float | None, note: str | None, shares: list[float | None] | None
) -> tuple[Any, ...]:
    nested = isinstance(label, dict | list)
    if OLD_SINGLE not in (confidence, *(shares or ()), *(confidences_in(label) if nested else ())):
        return label, confidence, note, shares
    return (
        without_confidence(label, OLD_SINGLE) if nested else label,
        None if confidence == OLD_SINGLE else confidence,
        single_note(OLD_SINGLE),
        shares and [None if share == OLD_SINGLE else share for share in shares],
    )


def read_rows(source: Any, attribute: str | None, session: Session | None) -> Iterator[Rows]:
    """Return the rows of a manifest as a stream, in order; some blocks are read ahead.

    Raises
    ------
    InvalidInputError
        If it is no manifest, or can't be read.
    """
    reader = BlockReader(attribute)
    blocks = blocks_of(source, session)

    def rows() -> Iterator[Rows]:
        first_line = 0
        for each in chain.from_iterable(results_in_order(reader.read, blocks, concurrency=_THREADS)):
            each.first_line = first_line
            yield each
            first_line += each.lines

    return rows()


class BlockReader:
    """Reads blocks, of one label attribute or of all; learns on the way what regular lines look like."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = wanted
        self._layout: Layout | None = None
        self._in_vain = 0 if find_spec("pyarrow") else _GIVE_UP

    def read(self, block: Block) -> list[Rows]:
        """Return the rows of a block: together if all of its lines are alike, else by halves."""
        if self._layout is None and self._in_vain < _GIVE_UP:
            self._learn(block.split()[:_CAREFULLY])
        together = self._read_together(block)
        return list(self._read_by_halves(block.split())) if together is None else [together]

    def _read_together(self, block: Block) -> Rows | None:
        if self._layout is None or block.content is None or self._in_vain >= _GIVE_UP:
            return None
        from hitl_sdk.results._manifest_layout import Irregular
        from hitl_sdk.results._regular_manifest import read_regular

        try:
            columns, types, seen = read_regular(block.content, self._layout)
        except Irregular:
            return None
        self._in_vain = 0
        count = len(columns["item"])
        return Rows(columns, count, count, range(count), types, seen)

    def _read_by_halves(self, lines: Sequence[bytes]) -> Iterator[Rows]:
        """Read lines of which one is odd, or has blanks around it."""
        together = self._read_together(block_of(lines))
        if together is not None:
            yield together
        elif len(lines) <= _CAREFULLY or self._in_vain >= _GIVE_UP:
            yield self._read_carefully(lines)
            if self._in_vain < _GIVE_UP:
                self._in_vain += 1
                self._learn(lines)
        else:
            middle = len(lines) // 2
            yield from self._read_by_halves(lines[:middle])
            yield from self._read_by_halves(lines[middle:])

    def _learn(self, lines: Sequence[bytes]) -> None:
        from hitl_sdk.results._manifest_layout import learn

        readable = []
        for line in lines:
            try:
                readable.append(parse_line(line))
            except InvalidOutputError:
                continue
        self._layout = learn(readable, self._wanted, self._layout) or self._layout

    def _read_carefully(self, lines: Sequence[bytes]) -> Rows:
        rows: list[Row] = []
        of_line: list[int] = []
        for number, line in enumerate(lines):
            found = rows_of(line, self._wanted)
            rows += found
            of_line += repeat(number, len(found))
        columns = dict(zip(Row._fields, map(list, zip(*rows, strict=True)), strict=True))
        labelled = [row for row in rows if row.status == "labelled"]
        seen = Confidences()
        for row in labelled:
            shares = [row.confidence, *(row.label_confidences or ())]
            if isinstance(row.label, dict | list):
                shares += confidences_in(row.label)
            given = [share for share in shares if share is not None]
            seen.add(row.attribute or "", given, of_model=row.label_source == "model")
        types = list(dict.fromkeys(str(row.metadata_type) for row in labelled))
        return Rows(columns, len(lines), len(rows), of_line, types, seen)
