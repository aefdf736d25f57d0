"""Exports to tables: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import csv
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._columns import read_column
from hitl_sdk._frames import arrow_type, is_nested, time_text
from hitl_sdk._optional import load
from hitl_sdk.errors import EmptyInputError, InvalidInputError
from hitl_sdk.training._files import write_files
from hitl_sdk.training._rows import CURRENT, as_training_frame, in_force
from hitl_sdk.training.export import Export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    import narwhals as nw
    import pandas as pd
    import pyarrow as pa

    from hitl_sdk.labels import LabelType
    from hitl_sdk.tasks import Task

__all__ = ["json_text", "to_csv", "to_jsonl", "to_parquet"]


def to_jsonl(
    frame: object, path: str | PathLike[str], *, all_rows: bool = False, overwrite: bool = False
) -> Export:
    r"""Write a training frame as JSON Lines: an object a row, structured labels as they are.

    Times are ISO 8601 in UTC, bytes (the PNG of a mask) base64. Null is null.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it.
    path : str or path
        Of the file, UTF-8.
    all_rows : bool, default False
        Also those without a label, and those that are not in force.
    overwrite : bool, default False
        Replace the file if it exists.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        If the file exists, the frame is no training frame, or a value is none that JSON has.
    EmptyInputError
        If there is no row to write.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": ["1", "2"], "item": ["It broke", "Hm"], "label": ["-1", None]})
    >>> with TemporaryDirectory() as folder:
    ...     export = to_jsonl(frame, f"{folder}/train.jsonl")
    ...     print(export.n_rows, export.left_out, export.path.read_text())
    1 1 {"item_id": "1", "item": "It broke", "label": "-1"}
    """

    def content(rows: nw.DataFrame[Any]) -> bytes:
        lines = (json_text(dict(zip(rows.columns, values, strict=True))) for values in _values(rows))
        return "".join(f"{line}\n" for line in lines).encode()

    return _written(frame, path, content, all_rows=all_rows, overwrite=overwrite)


def to_csv(
    frame: object, path: str | PathLike[str], *, all_rows: bool = False, overwrite: bool = False
) -> Export:
    r"""Write a training frame as CSV: structured labels and other nested values as JSON text (RFC 4180).

    Times are ISO 8601 in UTC, bytes base64, null an empty field, as an empty text is.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it.
    path : str or path
        Of the file, UTF-8.
    all_rows : bool, default False
        Also those without a label, and those that are not in force.
    overwrite : bool, default False
        Replace the file if it exists.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        If the file exists, the frame is no training frame, or a value is none that JSON has.
    EmptyInputError
        If there is no row to write.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": ["1"], "item": ["It broke"], "label": [["price", "size"]]})
    >>> with TemporaryDirectory() as folder:
    ...     print(to_csv(frame, f"{folder}/train.csv").path.read_text())
    item_id,item,label
    1,It broke,"[""price"", ""size""]"
    """

    def content(rows: nw.DataFrame[Any]) -> bytes:
        text = StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(rows.columns)
        writer.writerows(map(_field, values) for values in _values(rows))
        return text.getvalue().encode()

    return _written(frame, path, content, all_rows=all_rows, overwrite=overwrite)


def to_parquet(
    frame: object,
    path: str | PathLike[str],
    *,
    task: Task | None = None,
    all_rows: bool = False,
    overwrite: bool = False,
) -> Export:
    """Write a training frame as Parquet: structured labels as nested columns.

    The engine writes it, so types are kept. polars and pyarrow read lists and structures back as they were, pandas as
    numpy arrays of dicts, which every function of this package takes as well.

    pandas knows no type for structures. Of its frames they are found in the values, so that whole numbers are int64 in one
    run's file and float64 in the next one's, and only ``null`` is what a file has no value of. Give the task if several
    files are to be read together.

    Parameters
    ----------
    frame : frame
        Of pandas, polars or arrow, as ``run.training_frame()`` returns it.
    path : str or path
        Of the file.
    task : Task, optional
        What was asked; its `label_type` and `model_label_type` are the types of these columns of a pandas frame.
    all_rows : bool, default False
        Also those without a label, and those that are not in force.
    overwrite : bool, default False
        Replace the file if it exists.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    InvalidInputError
        If the file exists, the frame is no training frame, the engine can't write one of its columns, or a label is none
        of the task's.
    EmptyInputError
        If there is no row to write.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> frame = pl.DataFrame({"item_id": ["1"], "item": ["It broke"], "label": [["price", "size"]]})
    >>> with TemporaryDirectory() as folder:
    ...     pl.read_parquet(to_parquet(frame, f"{folder}/train.parquet").path).equals(frame)
    True
    """

    def content(rows: nw.DataFrame[Any]) -> bytes:
        file = BytesIO()
        if rows.implementation.is_pandas():
            pandas_frame = rows.to_native()
            pandas_frame.to_parquet(file, index=False, schema=_schema(pandas_frame, task))
        else:
            rows.write_parquet(file)
        return file.getvalue()

    return _written(frame, path, content, all_rows=all_rows, overwrite=overwrite)


def _schema(frame: pd.DataFrame, task: Task | None) -> pa.Schema:
    """Return the Arrow schema of a pandas frame, which knows no type for its columns of lists and dicts."""
    arrow = load("pyarrow", extra="arrow", needed_for="Parquet")
    types: dict[str, LabelType] = {"label_confidences": [float]}
    if task is not None:
        types |= {"label": task.label_type, "model_label": task.model_label_type}
    schema: pa.Schema = arrow.Schema.from_pandas(frame, preserve_index=False)
    for index, name in enumerate(schema.names):
        if is_nested(types.get(name, "text")):
            schema = schema.set(index, arrow.field(name, arrow_type(types[name])))
    return schema


def json_text(value: object) -> str:
    """Return a value as JSON, times as ISO 8601 and bytes as base64.

    Raises
    ------
    ValueError, TypeError
        If JSON has no such value.

    Examples
    --------
    >>> json_text({"png": b"abc"})
    '{"png": "YWJj"}'
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    """Return what json can't write by itself as something that it can."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, date):  # a datetime is one
        return time_text(value) or value.isoformat()
    as_list = getattr(value, "tolist", None)  # of numpy's arrays and scalars
    if as_list is not None:
        return as_list()
    raise TypeError(f"{type(value).__name__} can't be written")


def _field(value: object) -> object:
    if isinstance(value, Mapping | list | tuple) or hasattr(value, "tolist"):
        return json_text(value)
    return _plain(value) if isinstance(value, bytes | date) else value


def _values(rows: nw.DataFrame[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*(read_column(rows[name]) for name in rows.columns), strict=True)


def _written(
    native: object,
    path: str | PathLike[str],
    content: Callable[[nw.DataFrame[Any]], bytes],
    *,
    all_rows: bool,
    overwrite: bool,
) -> Export:
    frame = as_training_frame(cast("Any", native), "item_id", "item", "label")
    rows = frame
    if not all_rows:
        labels = read_column(frame["label"])
        kept = [index for index, flag in enumerate(in_force(frame)) if flag and labels[index] is not None]
        rows = frame[kept].drop(CURRENT, strict=False)
    if not len(rows):
        raise EmptyInputError("no row of the frame has a label", hint="wait for the review: run.wait()")
    file = Path(path)
    try:
        written = content(rows)
    except Exception as error:  # engines have errors of their own
        raise InvalidInputError(
            f"the frame can't be written to {file.name}: {error}", hint="convert or drop the column"
        ) from error
    files = write_files(file.parent, [file.name], [written], overwrite=overwrite)
    return Export(file, files, len(rows), len(frame) - len(rows))
