"""Where a manifest comes from: a file, S3, bytes or lines, cut into blocks of whole lines as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.results._s3 import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitl_sdk.session import Session

__all__ = ["Block", "block_of", "blocks_of"]

_SIZE = 4 << 20
"""Bytes of a block: enough that its own cost is nothing, little enough that several are read at a time."""

_LINES = 4_096
"""Of a block where lines come one by one."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a manifest: as they stand in it, or, where they came one by one or were looked at, as a list.

    Attributes
    ----------
    content : bytes or None
        The lines as one; None if one of them is not like an object of its own.
    lines : sequence of bytes or None
        The same, none of them blank, each without blanks around it.
    """

    content: bytes | None
    lines: Sequence[bytes] | None = None

    def split(self) -> Sequence[bytes]:
        """Return the lines."""
        if self.lines is not None:
            return self.lines
        return [line for each in (self.content or b"").split(b"\n") if (line := each.strip())]


def block_of(lines: Sequence[bytes]) -> Block:
    """Return lines as a block."""
    alike = all(line[:1] == b"{" and line[-1:] == b"}" and b"\n" not in line for line in lines)
    return Block(b"\n".join(lines) if alike else None, lines)


def blocks_of(source: Any, session: Session | None) -> Iterator[Block]:
    """Return the blocks of a manifest: a path, ``s3://BUCKET/KEY``, its content, or its lines.

    Raises
    ------
    InvalidInputError
        If it is none of these, or can't be read.
    NotFoundError, AccessDeniedError
        If S3 does not give the object.
    """
    if isinstance(source, bytes):
        return _of_chunks(source[start : start + _SIZE] for start in range(0, len(source), _SIZE))
    if isinstance(source, str) and source.startswith("s3://"):
        split_uri(source)
        if session is None:
            raise InvalidInputError(f"{source} is in S3", hint="give a session: session=hitl.Session()")
        return _of_chunks(ObjectReader(session).chunks(source, _SIZE))
    if isinstance(source, str | PathLike):
        return _of_chunks(_file_chunks(source))
    if isinstance(source, Iterable):
        return _of_lines(source)
    raise InvalidInputError(
        f"{type(source).__name__} is no manifest", hint="give a path, an S3 URI, bytes or lines"
    )


def _file_chunks(path: str | PathLike[str]) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as file:
            yield from iter(partial(file.read, _SIZE), b"")
    except OSError as error:
        raise InvalidInputError(
            f"{path} can't be read: {error.strerror}", hint="give a file, or its lines"
        ) from None


def _of_chunks(chunks: Iterable[bytes]) -> Iterator[Block]:
    """Cut a stream at the ends of lines. A JSON array is taken apart, for which all of it is needed."""
    rest = iter(chunks)
    first = next((chunk for chunk in rest if chunk.strip(b"\r\n\t \xef\xbb\xbf")), b"").removeprefix(_BOM)
    if first.lstrip().startswith(b"["):
        content = b"".join((first, *rest))
        try:
            listed = from_json(content, allow_inf_nan=False)
        except ValueError:
            rest, first = iter(()), content  # it is read by lines, each with what is wrong with it
        else:
            lines = (json.dumps(each, ensure_ascii=False) for each in listed)
            yield from _of_lines(lines)
            return
    yield from (Block(content) for each in _whole_lines(chain([first], rest)) if (content := each.strip()))


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut where a line ends, and leave that line feed out."""
    begun: list[bytes | memoryview] = []
    for chunk in chunks:
        end = chunk.rfind(b"\n")
        if end >= 0:
            yield b"".join((*begun, memoryview(chunk)[:end]))
            begun = []
        begun.append(chunk[end + 1 :])
    yield b"".join(begun)


def _of_lines(lines: Iterable[str | bytes]) -> Iterator[Block]:
    filled = (each for line in lines if (each := _line(line)))
    first = True
    while chunk := list(islice(filled, _LINES)):
        if first:
            chunk[0] = chunk[0].removeprefix(_BOM).lstrip()
            first = False
        yield block_of(chunk)


def _line(line: object) -> bytes:
    """Return a line as bytes; half a surrogate pair, which fits no file, is left to be told of."""
    if isinstance(line, str):
        return line.strip().encode("utf-8", "surrogatepass")
    if isinstance(line, bytes):
        return line.strip()
    raise InvalidInputError(f"a line is {type(line).__name__}, no text", hint="give the lines of a manifest")
