"""Where the lines of a manifest come from: a file of them, lines of your own, a frame, a CSV. Each can be gone through again."""

from __future__ import annotations

import codecs
import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from hitl_sdk._columns import lacking
from hitl_sdk._manifest_line import item_key
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.labeling._manifest_json import (
    Line,
    batched,
    decode_line,
    encode_line,
    encode_lines,
    line_error,
)
from hitl_sdk.labeling._manifest_storage import read_chunks, read_lines

if TYPE_CHECKING:
    from hitl_sdk._manifest_line import ItemKey
    from hitl_sdk.labeling._manifest_storage import Place
    from hitl_sdk.session import Session

__all__ = [
    "ChosenLines",
    "CsvLines",
    "GivenLines",
    "LineSource",
    "ListedLines",
    "ManifestFile",
    "TextFiles",
    "text_lines",
]

RawLines: TypeAlias = "list[bytes | InvalidInputError]"
"""Lines as they stand or would be written, without a line feed; an error for one that can't be."""


class LineSource(ABC):
    """What gives the lines of a manifest, as often as it is asked."""

    name: str

    @abstractmethod
    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects, many at a time; an error names the line that is none."""

    def encoded(self) -> Iterator[bytes]:
        """Yield the lines as they are written, many at a time."""
        number = 1
        for lines in self.batches():
            yield encode_lines(lines, first=number)
            number += len(lines)

    def raw(self) -> Iterator[RawLines]:
        """Yield the lines for a check: nothing in them is an exception."""
        number = 1
        for lines in self.batches():
            yield [_raw(line, number) for number, line in enumerate(lines, number)]
            number += len(lines)


def _raw(line: Line, number: int) -> bytes | InvalidInputError:
    try:
        return encode_line(line, number)
    except InvalidInputError as error:
        return error


class ManifestFile(LineSource):
    """A manifest that lies somewhere. A byte-order mark, CRLF, empty lines and one array of all are read, too."""

    def __init__(self, place: Place, session: Session | None) -> None:
        self.name = place
        self._session = session

    def raw(self) -> Iterator[RawLines]:
        """Yield the lines as they stand."""
        for lines in read_lines(read_chunks(self.name, self._session)):
            yield list(lines)

    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects."""
        number = 1
        for lines in read_lines(read_chunks(self.name, self._session)):
            if number == 1:
                lines[0] = lines[0].removeprefix(codecs.BOM_UTF8)
                if lines[0].lstrip().startswith(b"["):
                    yield from batched(self._array())
                    return
            yield [
                self._decoded(line, at)
                for at, line in enumerate(lines, number)
                if line and not line.isspace()
            ]
            number += len(lines)

    def _array(self) -> list[Line]:
        """Read a file that is one JSON array; there is no way to do so line by line."""
        content = b"".join(read_chunks(self.name, self._session)).removeprefix(codecs.BOM_UTF8)
        try:
            lines = json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError):
            raise line_error(1, f"{self.name} begins as a JSON array, but is none") from None
        return list(GivenLines(lines))

    def _decoded(self, line: bytes, number: int) -> Line:
        try:
            return decode_line(line)
        except ValueError as error:
            raise line_error(
                number, f"{error} ({self.name})", hint="check() lists all lines that are wrong"
            ) from None


class GivenLines(LineSource):
    """Lines in hand: objects, or their JSON text."""

    def __init__(
        self, lines: Iterable[object] | Callable[[], Iterable[object]], name: str = "the lines"
    ) -> None:
        if isinstance(lines, str | bytes | Mapping) or not (callable(lines) or isinstance(lines, Iterable)):
            raise InvalidInputError(
                f"{type(lines).__name__} is no list of lines", hint="give a list, also of one line"
            )
        self.name = name
        self._lines = lines
        self._is_used_up = False

    def __iter__(self) -> Iterator[Line]:
        return chain.from_iterable(self.batches())

    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects."""
        number = 1
        for lines in self._given():
            plain = set(map(type, lines)) == {dict}
            yield lines if plain else [_object(line, at) for at, line in enumerate(lines, number)]
            number += len(lines)

    def raw(self) -> Iterator[RawLines]:
        """Yield the lines as they stand, or would be written."""
        number = 1
        for lines in self._given():
            yield [_raw_given(line, at) for at, line in enumerate(lines, number)]
            number += len(lines)

    def _given(self) -> Iterator[list[Any]]:
        lines = self._lines() if callable(self._lines) else self._lines
        if isinstance(lines, Iterator):
            if self._is_used_up:
                raise InvalidInputError(
                    f"{self.name} came from an iterator, which is used up",
                    hint="give a list, or a function that returns an iterator of its own each time",
                )
            self._is_used_up = not callable(self._lines)
        return batched(lines)


def _object(line: object, number: int) -> Line:
    if isinstance(line, str | bytes):
        try:
            return decode_line(_as_bytes(line))
        except ValueError as error:
            raise line_error(number, str(error)) from None
    if isinstance(line, Mapping):
        return dict(line)
    raise line_error(number, f"it is {type(line).__name__}, no object")


def _raw_given(line: object, number: int) -> bytes | InvalidInputError:
    if isinstance(line, str | bytes):
        return _as_bytes(line).removesuffix(b"\n")
    try:
        return encode_line(line, number)
    except InvalidInputError as error:
        return error


def _as_bytes(line: str | bytes) -> bytes:
    return line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line


class ListedLines(LineSource):
    """Lines that a function yields anew each time, such as those of a listing."""

    def __init__(self, name: str, lines: Callable[[], Iterable[Line]]) -> None:
        self.name = name
        self._lines = lines

    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects."""
        return batched(self._lines())


class ChosenLines(LineSource):
    """Lines of another source, those of each batch that a function keeps."""

    def __init__(
        self, source: LineSource, choose: Callable[[Iterator[list[Line]]], Iterator[list[Line]]]
    ) -> None:
        self.name = source.name
        self._source = source
        self._choose = choose

    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects that are kept."""
        return self._choose(self._source.batches())


class TextFiles(LineSource):
    """Files of texts, each of whose lines is a data object."""

    def __init__(self, name: str, places: Callable[[], Iterable[Place]], session: Session | None) -> None:
        self.name = name
        self._places = places
        self._session = session

    def batches(self) -> Iterator[list[Line]]:
        """Yield the data objects, empty lines left out."""
        return batched(
            {"source": text}
            for place in self._places()
            for line in text_lines(place, self._session)
            if (text := line.strip())
        )


class CsvLines(LineSource):
    """The column of a CSV, or of several, that has the data objects."""

    def __init__(
        self,
        name: str,
        places: Callable[[], Iterable[Place]],
        session: Session | None,
        *,
        column: str,
        key: ItemKey | None,
        keep: Sequence[str],
    ) -> None:
        self.name = name
        self._places = places
        self._session = session
        self._column = column
        self._key = key
        self._keep = keep

    def batches(self) -> Iterator[list[Line]]:
        """Yield a data object for each row."""
        for place in self._places():
            yield from batched(self._rows(place))

    def _rows(self, place: Place) -> Iterator[Line]:
        reader = csv.reader(text_lines(place, self._session), strict=True)
        key = self._key
        try:
            header = next(reader, [])
            if problem := lacking(header, [self._column, *self._keep]):
                raise InvalidInputError(f"{place} has {problem}", hint="name columns of its first row")
            of_item, kept = header.index(self._column), [(name, header.index(name)) for name in self._keep]
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise line_error(
                        reader.line_num, f"{len(row)} cells under {len(header)} columns ({place})"
                    )
                key = key or item_key(row[of_item])
                yield {key: row[of_item], **{name: row[at] for name, at in kept}}
        except csv.Error as error:
            raise line_error(reader.line_num, f"it is no CSV: {error} ({place})") from None


def text_lines(place: Place, session: Session | None) -> Iterator[str]:
    """Yield the lines of a file of UTF-8 text, with their line feeds.

    Raises
    ------
    InvalidInputError
        If it is of another encoding, naming the line.
    """
    number = 0
    for lines in read_lines(read_chunks(place, session)):
        for line in lines:
            number += 1
            plain = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            try:
                yield plain.decode("utf-8") + "\n"
            except UnicodeDecodeError:
                raise line_error(
                    number, f"it is not UTF-8 ({place})", hint="save the file as UTF-8"
                ) from None
