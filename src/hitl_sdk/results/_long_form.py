"""Documents to the columns of the long form, one row an answer, in one pass.

Regular documents take a fast way, by msgspec where it is installed; all others go through `parse_output`.
All ways give the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk._frames import Kind, time_text
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results.document import unwrapped

if TYPE_CHECKING:
    from hitl_sdk.results.document import HumanAnswer
    from hitl_sdk.results.outputs import OutputRow, Outputs

__all__ = ["LONG_FORM", "Answer", "long_columns"]

LONG_FORM: Mapping[str, Kind] = {
    "item_id": "text",
    "item": "text",
    "worker": "text",
    "label": "text",
    "comment": "text",
    "accepted_at": "time",
    "submitted_at": "time",
    "seconds_spent": "float",
    "human_loop_name": "text",
    "output_s3_uri": "text",
    "error": "text",
    "document": "text",
}
_REMEMBERED_ANSWERS = 10_000
_REMEMBERED_LENGTH = 1_000  # masks are long, and no two of them are equal
_CHUNK = 256

_FLOW = attrgetter("flowDefinitionArn")
_NAME = attrgetter("humanLoopName")
_INPUT = attrgetter("inputContent")
_ANSWERS = attrgetter("humanAnswers")
_CONTENT = attrgetter("answerContent")
_WORKER = attrgetter("workerId")
_ACCEPTED = attrgetter("acceptanceTime")
_SUBMITTED = attrgetter("submissionTime")
_SECONDS = attrgetter("timeSpentInSeconds")


class Answer(NamedTuple):
    """What a row says of one answer's content."""

    label: object
    comment: str | None = None
    error: str | None = None


ReadItem: TypeAlias = Callable[[Mapping[str, Any]], str]
ReadAnswer: TypeAlias = Callable[[Mapping[str, Any]], Answer]


def long_columns(
    outputs: Outputs, read_item: ReadItem, read_answer: ReadAnswer, item_ids: Mapping[str, str]
) -> dict[str, list[Any]]:
    """Return the columns of `LONG_FORM` for all documents, in their order."""
    rows = _Rows(outputs, read_item, read_answer)
    for start in range(0, len(outputs), _CHUNK):
        rows.add(start, min(start + _CHUNK, len(outputs)))
    return rows.columns(item_ids)


def _regular_decoder() -> Callable[[Any], Any]:
    """Return the reader that msgspec makes possible, or else the one that needs no extra."""
    try:
        from hitl_sdk.results._regular import decode_regular
    except ModuleNotFoundError:
        from hitl_sdk.results._regular_json import decode_regular  # type: ignore[assignment]
    return decode_regular


class _Rows:
    """The long form under construction: one list a column."""

    def __init__(self, outputs: Outputs, read_item: ReadItem, read_answer: ReadAnswer) -> None:
        self._outputs = outputs
        self._read_item = read_item
        self._read_answer = read_answer
        self._remembered = _Remembered(self._answer)
        self._decode = _regular_decoder()
        self._index: list[int] = []
        self._item: list[str | None] = []
        self._worker: list[str | None] = []
        self._answers: list[Answer] = []
        self._accepted_at: list[str | None] = []
        self._submitted_at: list[str | None] = []
        self._seconds_spent: list[float | None] = []
        self._human_loop_name: list[str | None] = []

    def add(self, start: int, stop: int) -> None:
        """Add the documents from `start` up to `stop`: together if all are regular, else by halves."""
        try:
            self._add_regular(start, self._outputs.documents[start:stop])
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
            pass  # one of them is not regular: the careful way says why, or finds that it can be read
        else:
            return
        if stop - start == 1:
            self._add_carefully(start, self._outputs[start])
        else:
            middle = (start + stop) // 2
            self.add(start, middle)
            self.add(middle, stop)

    def _add_regular(self, start: int, documents: Sequence[Any]) -> None:
        """Add regular documents, or raise and add none. All loops run inside the interpreter's C code."""
        if not all(map(bytes.isascii, documents)):
            documents = list(map(bytes.decode, documents))  # msgspec does not look into what it skips
        loops = list(map(self._decode, documents))
        flow = self._outputs.flow_definition_arn
        if flow is not None and set(map(_FLOW, loops)) != {flow}:
            raise InvalidOutputError("of another flow")
        by_loop = list(map(_ANSWERS, loops))
        if not all(by_loop):
            raise InvalidOutputError("nobody answered")
        given = list(chain.from_iterable(by_loop))
        items = list(map(self._read_item, map(_INPUT, loops)))
        answers = list(map(self._remembered.__getitem__, map(bytes, map(_CONTENT, given))))
        of_loop: Sequence[int] = range(len(loops))
        if len(given) != len(loops):
            of_loop = [loop for loop, several in enumerate(by_loop) for _ in several]
        self._index.extend(map(start.__add__, of_loop))
        self._item.extend(map(items.__getitem__, of_loop))
        self._human_loop_name.extend(map(list(map(_NAME, loops)).__getitem__, of_loop))
        self._answers.extend(answers)
        self._worker.extend(map(_WORKER, given))
        self._accepted_at.extend(map(_ACCEPTED, given))
        self._submitted_at.extend(map(_SUBMITTED, given))
        self._seconds_spent.extend(map(_SECONDS, given))

    def _add_carefully(self, index: int, row: OutputRow) -> None:
        """Add a row for each answer; if there is none, or nothing can be read, one that says so."""
        loop = row.output
        if loop is None:
            self._add(index, None, None, None, Answer(None, error=error_text(row.error)))
            return
        item = None
        try:
            item = self._read_item(loop.input_content)
            if not loop.answers:
                raise InvalidOutputError(f"nobody has answered human loop {loop.human_loop_name!r}")
        except InvalidOutputError as error:
            self._add(index, loop.human_loop_name, item, None, Answer(None, error=error_text(error)))
            return
        for answer in loop.answers:
            self._add(index, loop.human_loop_name, item, answer, self._answer(answer.content))

    def _add(
        self, index: int, name: str | None, item: str | None, given: HumanAnswer | None, answer: Answer
    ) -> None:
        self._index.append(index)
        self._human_loop_name.append(name)
        self._item.append(item)
        self._answers.append(answer)
        self._worker.append(given.worker_id if given else None)
        self._accepted_at.append(time_text(given.accepted_at) if given else None)
        self._submitted_at.append(time_text(given.submitted_at) if given else None)
        self._seconds_spent.append(given.seconds_spent if given else None)

    def _answer(self, content: Mapping[str, object]) -> Answer:
        try:
            return self._read_answer(content)
        except InvalidOutputError as error:
            return Answer(None, error=error_text(error))

    def columns(self, item_ids: Mapping[str, str]) -> dict[str, list[Any]]:
        """Return the finished columns; rows with an error carry their document."""
        outputs = self._outputs
        nothing: list[str | None] = [None] * len(self._index)
        errors = list(map(itemgetter(2), self._answers))
        documents = nothing
        if any(errors):
            documents = [
                None if error is None else _shown(outputs.documents[index])
                for error, index in zip(errors, self._index, strict=True)
            ]
        return {
            "item_id": [item_ids.get(name or "") for name in self._human_loop_name] if item_ids else nothing,
            "item": self._item,
            "worker": self._worker,
            "label": list(map(itemgetter(0), self._answers)),
            "comment": list(map(itemgetter(1), self._answers)),
            "accepted_at": self._accepted_at,
            "submitted_at": self._submitted_at,
            "seconds_spent": self._seconds_spent,
            "human_loop_name": self._human_loop_name,
            "output_s3_uri": [outputs.uris[index] for index in self._index] if any(outputs.uris) else nothing,
            "error": errors,
            "document": documents,
        }


class _Remembered(dict[bytes, Answer]):
    """Reads each distinct ``answerContent`` once: people choose among few labels."""

    def __init__(self, read: Callable[[Mapping[str, object]], Answer]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: bytes) -> Answer:
        content = unwrapped(json.loads(text))
        if not isinstance(content, dict):
            raise InvalidOutputError("answerContent is no object")
        answer = self._read(content)
        if len(self) < _REMEMBERED_ANSWERS and len(text) < _REMEMBERED_LENGTH:
            self[text] = answer
        return answer


def error_text(error: object) -> str:
    """Return an error as frames show it: its type and what it says."""
    return f"{type(error).__name__}: {error}"


def _shown(document: bytes | None) -> str | None:
    return None if document is None else document.decode("utf-8", "replace")
