"""Many output.json documents, readable or not, and the frames that are made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from hitl_sdk._frames import Engine, Frame, build_frame
from hitl_sdk.errors import HitlError, InvalidInputError, InvalidOutputError
from hitl_sdk.labels import to_value
from hitl_sdk.results._long_form import LONG_FORM, Answer, long_columns
from hitl_sdk.results.document import HumanLoopOutput, parse_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk.tasks import Task

__all__ = ["OutputRow", "Outputs", "answers_frame"]

_UNTYPED_NAMES = {"item": "input_content", "label": "answer_content"}


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One document of many: read, or with the reason why not.

    Attributes
    ----------
    uri : str or None
        Where it lies.
    document : bytes or None
        Its content, or None if it could not be fetched.
    output : HumanLoopOutput or None
        What it says.
    error : HitlError or None
        Why it could not be fetched or read. Either this or `output` is None.

    Examples
    --------
    >>> row = Outputs([b"[]"])[0]
    >>> row.output is None, type(row.error).__name__
    (True, 'InvalidOutputError')
    """

    uri: str | None
    document: bytes | None
    output: HumanLoopOutput | None
    error: HitlError | None


class Outputs:
    """Documents as they came, in order. Each is a row, also the unreadable; nothing is dropped.

    Documents are read when they are asked for: a frame reads all of them in one pass, an index one.

    Parameters
    ----------
    documents : iterable of bytes, str or None
        Contents of output.json files; None where one could not be fetched.
    uris : iterable of str, optional
        Where they lie, equally many.
    errors : mapping of int to HitlError, optional
        By position, why documents could not be fetched.
    flow_definition_arn : str, optional
        The flow they must be of; a document of another one is a row with an error.

    Raises
    ------
    InvalidInputError
        If there are more or fewer URIs than documents.

    Examples
    --------
    >>> outputs = Outputs([b'{"humanAnswers": [', b'[]'])
    >>> len(outputs)
    2
    >>> [type(row.error).__name__ for row in outputs]
    ['InvalidOutputError', 'InvalidOutputError']
    """

    def __init__(
        self,
        documents: Iterable[bytes | str | None],
        *,
        uris: Iterable[str | None] | None = None,
        errors: Mapping[int, HitlError] | None = None,
        flow_definition_arn: str | None = None,
    ) -> None:
        self.documents: list[bytes | None] = [
            each.encode("utf-8", "surrogatepass") if isinstance(each, str) else each for each in documents
        ]
        self.uris: list[str | None] = [None] * len(self.documents) if uris is None else list(uris)
        if len(self.uris) != len(self.documents):
            raise InvalidInputError(
                f"{len(self.documents)} documents came with {len(self.uris)} URIs",
                hint="give one URI a document",
            )
        self.flow_definition_arn = flow_definition_arn
        self._errors = dict(errors or {})

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[OutputRow]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> OutputRow:
        uri, document = self.uris[index], self.documents[index]
        error = self._errors.get(range(len(self))[index])
        if error is None and document is None:
            error = InvalidOutputError(f"{uri or 'the document'} is not there", resource=uri)
        if error is not None or document is None:
            return OutputRow(uri, document, None, error)
        try:
            output = parse_output(document, flow_definition_arn=self.flow_definition_arn, uri=uri)
        except InvalidOutputError as unreadable:
            return OutputRow(uri, document, None, unreadable)
        return OutputRow(uri, document, output, None)

    def __repr__(self) -> str:
        return f"Outputs({len(self)} documents)"

    def to_pandas(self) -> pd.DataFrame:
        """Return one row an answer, with contents as JSON text, whatever the task.

        Columns: ``item_id`` (null), ``input_content``, ``worker``, ``answer_content``, ``comment`` (null),
        ``accepted_at`` and ``submitted_at`` (UTC), ``seconds_spent``, ``human_loop_name``,
        ``output_s3_uri``, ``error``, ``document``. Types as in `answers_frame`, which reads the answers of
        a task.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.

        Examples
        --------
        >>> Outputs([b'[]']).to_pandas()["error"][0]
        'InvalidOutputError: the document is an array, not the object that Amazon A2I writes ...'
        """
        return cast("pd.DataFrame", self._untyped_frame("pandas"))

    def to_polars(self) -> pl.DataFrame:
        """Return the rows of `to_pandas` as a polars frame.

        Raises
        ------
        MissingExtraError
            If polars is not installed.

        Examples
        --------
        >>> Outputs([b'[]']).to_polars().height
        1
        """
        return cast("pl.DataFrame", self._untyped_frame("polars"))

    def to_arrow(self) -> pa.Table:
        """Return the rows of `to_pandas` as an Arrow table.

        Raises
        ------
        MissingExtraError
            If pyarrow is not installed.

        Examples
        --------
        >>> Outputs([b'[]']).to_arrow().num_rows
        1
        """
        return cast("pa.Table", self._untyped_frame("arrow"))

    def _untyped_frame(self, engine: Engine) -> Frame:
        columns = long_columns(self, _json_text, lambda content: Answer(_json_text(content)), {})
        names = {name: _UNTYPED_NAMES.get(name, name) for name in columns}
        return build_frame(
            {names[name]: column for name, column in columns.items()},
            {names[name]: kind for name, kind in LONG_FORM.items()},
            engine,
        )


@overload
def answers_frame(
    outputs: Outputs, task: Task, engine: Literal["pandas"] = ..., *, item_ids: Mapping[str, str] | None = ...
) -> pd.DataFrame: ...
@overload
def answers_frame(
    outputs: Outputs, task: Task, engine: Literal["polars"], *, item_ids: Mapping[str, str] | None = ...
) -> pl.DataFrame: ...
@overload
def answers_frame(
    outputs: Outputs, task: Task, engine: Literal["arrow"], *, item_ids: Mapping[str, str] | None = ...
) -> pa.Table: ...
@overload
def answers_frame(
    outputs: Outputs, task: Task, engine: Engine, *, item_ids: Mapping[str, str] | None = ...
) -> Frame: ...


def answers_frame(
    outputs: Outputs, task: Task, engine: Engine = "pandas", *, item_ids: Mapping[str, str] | None = None
) -> Frame:
    """Return what people said in the long form: one row an answer, in the order of the documents.

    Every row has either a ``label`` or an ``error``: a document or an answer that can't be read keeps its
    row, with the error's type and text, and the document. ``frame[frame["error"].isna()]`` is what
    crowd-kit takes as it is.

    Parameters
    ----------
    outputs : Outputs
        The documents.
    task : Task
        What was asked; it knows the items, the labels and the shape of its answers.
    engine : {"pandas", "polars", "arrow"}, default "pandas"
        Whose frame. All three have the same rows.
    item_ids : mapping of str to str, optional
        Your id of the item, by the name of its human loop.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Text columns ``item_id``, ``item``, ``worker`` (Amazon's worker id); ``label`` as `Task.label_type`
        says, structures as plain lists and dicts; text ``comment``; times in UTC with
        microseconds ``accepted_at``, ``submitted_at``; float64 ``seconds_spent``; text columns
        ``human_loop_name``, ``output_s3_uri``, ``error``, ``document``. What is not there is null (NaN,
        NaT). Text is pandas' own string type: ``str`` from pandas 3 on, ``object`` before.

    Raises
    ------
    InvalidInputError
        If the engine is not known.
    MissingExtraError
        If the engine is not installed.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> document = '''{"flowDefinitionArn": "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/f",
    ...     "humanAnswers": [{"answerContent": {"mood": {"label": "-1"}}, "workerId": "0f1e2d3c4b5a6978"}],
    ...     "humanLoopName": "loop-1", "inputContent": {"taskObject": "It broke"}}'''
    >>> answers_frame(Outputs([document, "cut off"]), task)[["item", "worker", "label"]]
           item            worker label
    0  It broke  0f1e2d3c4b5a6978    -1
    1       NaN               NaN   NaN
    """

    def read(content: Mapping[str, Any]) -> Answer:
        answer = task.parse_answer(content)
        return Answer(to_value(answer.label), answer.comment)

    columns = long_columns(outputs, task.item, read, item_ids or {})
    return build_frame(columns, {**LONG_FORM, "label": task.label_type}, engine)


def _json_text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)
