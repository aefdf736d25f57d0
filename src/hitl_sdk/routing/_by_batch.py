"""Columns that no expression can make: a function of columns, run on batches of them by whatever engine holds the frame.

The function takes narwhals Series and returns a numpy array of their length. It runs on the whole columns of an eager
frame, on batches of a lazy one of polars as they stream, and in Spark's Arrow workers. duckdb can't be handed a
function without its connection, so it gets an expression of SQL that computes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from hitl_sdk._optional import load
from hitl_sdk.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Function = Callable[..., NDArray[Any]]

__all__ = ["in_arrow", "quoted", "with_computed"]


def with_computed(
    table: Any,
    columns: Sequence[str],
    function: Function,
    *,
    name: str,
    dtype: type[nw.Float64 | nw.Int64],
    sql: Callable[[Any], str] | None,
    needed_for: str,
) -> Any:
    """Add a column that a function makes of others.

    Parameters
    ----------
    table : narwhals frame
        With `columns`.
    columns : sequence of str
        What the function takes.
    function : callable
        Makes a numpy array of that many narwhals Series.
    name : str
        Of the new column.
    dtype : narwhals dtype
        Of the new column.
    sql : callable or None
        Makes the SQL expression of duckdb's type of the only column; None if there is none.
    needed_for : str
        What it is, for errors: ``"Sample"``.

    Raises
    ------
    InvalidInputError
        If the frame is a lazy one of another engine.
    """
    if isinstance(table, nw.DataFrame):
        extra = "polars" if table.implementation.is_polars() else "arrow"  # pandas comes with numpy
        load("numpy", extra=extra, needed_for=f"{needed_for} on a frame")
        values = function(*(table[column] for column in columns))
        return table.with_columns(nw.new_series(name, values, dtype, backend=table.implementation))
    native = table.to_native()
    if table.implementation.is_polars():
        return nw.from_native(native.with_columns(_of_polars(columns, function, dtype).alias(name)))
    if table.implementation is nw.Implementation.DUCKDB and sql is not None:
        import duckdb

        kind = dict(zip(native.columns, native.types, strict=True))[columns[0]]
        expression = duckdb.SQLExpression(sql(kind)).alias(name)
        others = duckdb.StarExpression(exclude=[name] if name in native.columns else [])
        return nw.from_native(native.select(others, expression))
    if table.implementation.is_pyspark() or table.implementation.is_pyspark_connect():
        return nw.from_native(native.withColumn(name, _of_spark(columns, function, dtype, needed_for)))
    raise InvalidInputError(
        f"{needed_for} can't be computed on a lazy {table.implementation} frame",
        hint="collect it first, or use polars, duckdb, dask or Spark",
    )


def in_arrow(column: nw.Series[Any]) -> Any:
    """Return a column as a chunked array of Arrow, as pandas may have it already."""
    import pyarrow as pa

    array: Any = column.to_arrow()
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def quoted(column: str) -> str:
    """Return a column's name as SQL reads it."""
    return '"' + column.replace('"', '""') + '"'


def _of_polars(columns: Sequence[str], function: Function, dtype: type[nw.Float64 | nw.Int64]) -> Any:
    import polars as pl

    def computed(values: pl.Series) -> pl.Series:
        parts = (nw.from_native(values.struct.field(column), series_only=True) for column in columns)
        return pl.Series(values.name, function(*parts))

    kind = pl.Float64 if dtype is nw.Float64 else pl.Int64
    return pl.struct(columns).map_batches(computed, return_dtype=kind, is_elementwise=True)


def _of_spark(
    columns: Sequence[str], function: Function, dtype: type[nw.Float64 | nw.Int64], needed_for: str
) -> Any:
    from pyspark.sql import functions

    arrow_udf: Any = getattr(functions, "arrow_udf", None)
    if arrow_udf is None:
        raise MissingExtraError(
            f"{needed_for} on a Spark frame needs pyspark 4.1 or newer",
            hint="pip install 'pyspark[sql]>=4.1'",
        )

    import pyarrow as pa

    kind = "double" if dtype is nw.Float64 else "bigint"
    # A lambda, as Spark reads hints of types and would have others than `Any`.
    computed = arrow_udf(lambda *values: pa.array(function(*map(_series, values))), kind)
    return computed(*map(functions.col, columns))


def _series(values: Any) -> nw.Series[Any]:
    import pyarrow as pa

    return nw.from_native(pa.chunked_array([values]), series_only=True)
