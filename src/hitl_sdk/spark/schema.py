"""What a Spark frame holds: types that are known beforehand, so nothing is read to find them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hitl_sdk._columns import lacking
from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError
from hitl_sdk.results._long_form import LONG_FORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType

    from hitl_sdk._frames import Kind
    from hitl_sdk.tasks import Task

__all__ = ["answers_schema", "check_frame", "struct_type"]

_TYPES: Mapping[object, str] = {
    "text": "StringType",
    "float": "DoubleType",
    "int": "LongType",
    "bool": "BooleanType",
    "time": "TimestampType",
    str: "StringType",
    float: "DoubleType",
    int: "LongType",
    bool: "BooleanType",
    bytes: "BinaryType",
}


def answers_schema(task: Task) -> StructType:
    """Return the schema of the long form on Spark: one row an answer.

    Parameters
    ----------
    task : Task
        What was asked: ``label`` has its `Task.label_type`, structures as arrays and structs.

    Returns
    -------
    pyspark.sql.types.StructType
        The columns of `results.answers_frame`, all of them nullable.

    Raises
    ------
    MissingExtraError
        If pyspark is not installed.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextMultiClassification
    >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="Which topics?")
    >>> schema = answers_schema(task)
    >>> schema["label"].dataType.simpleString(), schema["submitted_at"].dataType.simpleString()
    ('array<string>', 'timestamp')
    """
    return struct_type({**LONG_FORM, "label": task.label_type})


def struct_type(kinds: Mapping[str, Kind]) -> StructType:
    """Return the Spark type of columns, or of a structure's parts."""
    types: Any = load("pyspark.sql.types", extra="spark", needed_for="a Spark frame")
    return cast(
        "StructType",
        types.StructType([types.StructField(name, _type(types, kind)) for name, kind in kinds.items()]),
    )


def _type(types: Any, kind: Kind) -> DataType:
    if isinstance(kind, list):
        return cast("DataType", types.ArrayType(_type(types, kind[0])))
    if isinstance(kind, dict):
        return struct_type(kind)
    return cast("DataType", getattr(types, _TYPES[kind])())


def check_frame(frame: DataFrame, columns: Iterable[str]) -> None:
    """Refuse what is no Spark frame, and one that lacks a column.

    Raises
    ------
    InvalidInputError
        Naming what is there.
    MissingExtraError
        If pyspark or pyarrow is not installed.
    """
    sql = load("pyspark.sql", extra="spark", needed_for="a Spark frame")
    load("pyarrow", extra="spark", needed_for="Python on Spark")
    if not isinstance(frame, sql.DataFrame):
        raise InvalidInputError(
            f"{type(frame).__name__} is no Spark frame",
            hint="for frames of pandas, polars and arrow there are hitl_sdk.results and fit_predict()",
        )
    if problem := lacking(frame.columns, columns):
        raise InvalidInputError(f"the frame has {problem}", hint="name the columns that hold it")
