"""Documents to the columns of the long form, one row an answer, in one pass.

Regular documents take a fast path where msgspec is installed; all others, and every document where it is
not, go through `parse_output`. Both give the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hitl_sdk._frames import Kind, time_text
from hitl_sdk.errors import InvalidOutputError
from hitl_sdk.results.document import unwrapped

if TYPE_CHECKING:
    from hitl_sdk.results._regular import RegularOutput
    from hitl_sdk.results.document import HumanAnswer
    from hitl_sdk.results.outputs import OutputRow, Outputs

__all__ = ["LONG_FORM", "Answer", "long_columns"]

LONG_FORM: Mapping[str, Kind] = {
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


class Answer(NamedTuple):
    """What a row says of one answer's content."""

    label: str | None
    comment: str | None = None
    error: str | None = None


ReadItem: TypeAlias = Callable[[Mapping[str, Any]], str]
ReadAnswer: TypeAlias = Callable[[Mapping[str, Any]], Answer]


def long_columns(outputs: Outputs, read_item: ReadItem, read_answer: ReadAnswer) -> dict[str, list[Any]]:
    """Return the columns of `LONG_FORM` for all documents, in their order."""
    rows = _Rows(read_item, read_answer)
    decode = _regular_decoder()
    flow = outputs.flow_definition_arn
    for index, document in enumerate(outputs.documents):
        if decode is not None and document is not None:
            try:
                loop = decode(document)
                if loop.humanAnswers and (flow is None or loop.flowDefinitionArn == flow):
                    rows.add_regular(index, loop)
                    continue
            except (ValueError, RecursionError):
                pass  # the careful way says what is wrong, or finds that nothing is
        rows.add_carefully(index, outputs[index])
    return rows.columns(outputs)


def _regular_decoder() -> Callable[[bytes], RegularOutput] | None:
    try:
        from hitl_sdk.results._regular import decode_regular
    except ModuleNotFoundError:  # without the extra `fast`
        return None
    return decode_regular


class _Rows:
    """The long form under construction: one list a column."""

    def __init__(self, read_item: ReadItem, read_answer: ReadAnswer) -> None:
        self._read_item = read_item
        self._read_answer = read_answer
        self._remembered = _Remembered(self._answer)
        self._index: list[int] = []
        self._item: list[str | None] = []
        self._worker: list[str | None] = []
        self._answers: list[Answer] = []
        self._accepted_at: list[str | None] = []
        self._submitted_at: list[str | None] = []
        self._seconds_spent: list[float | None] = []
        self._human_loop_name: list[str | None] = []

    def add_regular(self, index: int, loop: RegularOutput) -> None:
        """Add a row for each answer. What may raise comes first, so that no half of a document is added."""
        item = self._read_item(loop.inputContent)
        name = loop.humanLoopName
        self._answers += [self._remembered[bytes(answer.answerContent)] for answer in loop.humanAnswers]
        for answer in loop.humanAnswers:
            self._index.append(index)
            self._item.append(item)
            self._worker.append(answer.workerId)
            self._accepted_at.append(answer.acceptanceTime)
            self._submitted_at.append(answer.submissionTime)
            self._seconds_spent.append(answer.timeSpentInSeconds)
            self._human_loop_name.append(name)

    def add_carefully(self, index: int, row: OutputRow) -> None:
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

    def columns(self, outputs: Outputs) -> dict[str, list[Any]]:
        """Return the finished columns; rows with an error carry their document."""
        errors = [answer.error for answer in self._answers]
        documents = (
            [
                None if error is None else _shown(outputs.documents[index])
                for error, index in zip(errors, self._index, strict=True)
            ]
            if any(errors)
            else errors
        )
        return {
            "item": self._item,
            "worker": self._worker,
            "label": [answer.label for answer in self._answers],
            "comment": [answer.comment for answer in self._answers],
            "accepted_at": self._accepted_at,
            "submitted_at": self._submitted_at,
            "seconds_spent": self._seconds_spent,
            "human_loop_name": self._human_loop_name,
            "output_s3_uri": [outputs.uris[index] for index in self._index],
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
        if len(self) < _REMEMBERED_ANSWERS:
            self[text] = answer
        return answer


def error_text(error: object) -> str:
    """Return an error as frames show it: its type and what it says."""
    return f"{type(error).__name__}: {error}"


def _shown(document: bytes | None) -> str | None:
    return None if document is None else document.decode("utf-8", "replace")
