"""Reads output.json files on a cluster: each task reads thousands of them, by the reader of `hitl_sdk.results`.

What is sent to the executors is where the files lie, the task and how to make a session; never a credential.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from hitl_sdk import results
from hitl_sdk._optional import load
from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.session import Session
from hitl_sdk.spark.schema import answers_schema, check_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from hitl_sdk.results import Outputs
    from hitl_sdk.tasks import Task

__all__ = ["answers_frame", "read_outputs", "read_prefix"]

_BATCH = 1000
"""Documents that are read before their rows go on."""


def read_prefix(
    session: Session | Callable[[], Session],
    uri: str,
    task: Task,
    *,
    spark: SparkSession | None = None,
    flow_definition_arn: str | None = None,
    documents_per_task: int = 5000,
    concurrency: int | None = None,
) -> DataFrame:
    """Read every output.json under a prefix on the cluster.

    The driver lists them at once. Each task of Spark then reads some thousands, many at a time and in batches of 1,000;
    ``spark.read.json`` takes a minute and more for 100,000 small files, even from a disk.

    Parameters
    ----------
    session : Session, or function without arguments that returns one
        Whose S3. Of a session, the executors get the Region and the endpoint, and use the credentials that boto3 finds
        there: their role. A function is sent to them and called there, as it is called here for the listing:
        ``partial(Session, profile_name="reviews")``. Write no secret into it.
    uri : str
        ``s3://BUCKET/PREFIX``, read as a folder, as by `results.read_prefix`.
    task : Task
        What was asked.
    spark : pyspark.sql.SparkSession, optional
        The active one when left out.
    flow_definition_arn : str, optional
        The flow they must be of.
    documents_per_task : int, default 5000
        S3 gives some 5,500 objects of one prefix a second, so many small tasks gain nothing there.
    concurrency : int, optional
        Threads a task, as for `results.read_outputs`.

    Returns
    -------
    pyspark.sql.DataFrame
        The rows of `results.answers_frame`, with `answers_schema`, in the order of their keys as long as nothing
        shuffles them. A document that can't be read keeps its row, with the error. Each action on it reads
        anew what was listed: cache it, or write it to a table first.

    Raises
    ------
    InvalidInputError
        If `uri` is no S3 address, or `documents_per_task` is below 1.
    NotFoundError
        If the bucket does not exist.
    CredentialsError
        If there are no credentials here, or they have expired. On an executor, it ends the job.
    ConfigurationError
        If no Spark session is active.
    MissingExtraError
        If pyspark, pandas or pyarrow is not installed.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> read_prefix(Session(region_name="eu-west-1"), "bucket/a2i", task)
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: 'bucket/a2i' is no S3 address (it looks like s3://BUCKET/PREFIX)
    """
    if documents_per_task < 1:
        raise InvalidInputError(f"documents_per_task={documents_per_task}", hint="give at least 1")
    here = session if isinstance(session, Session) else session()
    found = results.list_outputs(here, uri)
    spark = spark or _active_session()
    arrow = load("pyarrow", extra="spark", needed_for="Python on Spark")
    uris = arrow.table({"uri": arrow.array(found, arrow.string())})
    tasks = -(-uris.num_rows // documents_per_task) or 1
    frame = spark.createDataFrame(uris).repartitionByRange(tasks, "uri").sortWithinPartitions("uri")
    return read_outputs(
        session, frame, task, flow_definition_arn=flow_definition_arn, concurrency=concurrency
    )


def read_outputs(
    session: Session | Callable[[], Session],
    uris: DataFrame,
    task: Task,
    *,
    uri: str = "uri",
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> DataFrame:
    """Read output.json files whose addresses are in a frame, as of an inventory of S3.

    Parameters
    ----------
    session : Session, or function without arguments that returns one
        Whose S3, as for `read_prefix`.
    uris : pyspark.sql.DataFrame
        One row an object. Its partitions are read as they are: each should have thousands.
    task : Task
        What was asked.
    uri : str, default "uri"
        The column of the addresses, ``s3://BUCKET/KEY``.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads a task, as for `results.read_outputs`.

    Returns
    -------
    pyspark.sql.DataFrame
        As `read_prefix` does. An address that is none is a row with that error.

    Raises
    ------
    InvalidInputError
        If `uris` is no Spark frame, or lacks the column.
    MissingExtraError
        If pyspark, pandas or pyarrow is not installed.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> read_outputs(Session(region_name="eu-west-1"), ["s3://bucket/a2i/output.json"], task)
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: list is no Spark frame (...)
    """
    check_frame(uris, [uri])
    work = _Reading(recipe(session), task, flow_definition_arn, concurrency)
    return uris.select(uri).mapInArrow(work.read, answers_schema(task))


def answers_frame(
    documents: DataFrame,
    task: Task,
    *,
    document: str = "document",
    uri: str | None = None,
    flow_definition_arn: str | None = None,
) -> DataFrame:
    """Return what people said in the long form, of documents that are in a Spark frame already.

    Parameters
    ----------
    documents : pyspark.sql.DataFrame
        One row an output.json, for example of ``spark.read.format("binaryFile")``.
    task : Task
        What was asked.
    document : str, default "document"
        The column of the contents, text or binary: ``"content"`` of a binaryFile. Null is a row with an error.
    uri : str, optional
        The column that says where they lie: ``"path"`` of a binaryFile.
    flow_definition_arn : str, optional
        The flow they must be of.

    Returns
    -------
    pyspark.sql.DataFrame
        The rows of `results.answers_frame`, with `answers_schema`. A document that can't be read keeps its row, with
        the error. Spark hands over 10,000 documents at once: where they are long, as with masks, lower
        ``spark.sql.execution.arrow.maxRecordsPerBatch``.

    Raises
    ------
    InvalidInputError
        If `documents` is no Spark frame, or lacks a column.
    MissingExtraError
        If pyspark, pandas or pyarrow is not installed.

    Examples
    --------
    >>> from hitl_sdk.tasks import TextClassification
    >>> task = TextClassification(name="mood", labels=[-1, 0, 1], title="Find the mood")
    >>> answers_frame(["{}"], task)
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: list is no Spark frame (...)
    """
    columns = [document] if uri is None else [document, uri]
    check_frame(documents, columns)
    work = _Parsing(task, flow_definition_arn)
    return documents.select(*columns).mapInArrow(work.read, answers_schema(task))


@dataclass(frozen=True)
class _Parsing:
    """What an executor does with documents: this is sent there."""

    task: Task
    flow_definition_arn: str | None

    def read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            documents, *uris = (column.to_pylist() for column in batch.columns)
            outputs = results.Outputs(
                documents, uris=uris[0] if uris else None, flow_definition_arn=self.flow_definition_arn
            )
            yield from _rows(outputs, self.task)


@dataclass(frozen=True)
class _Reading:
    """What an executor does with addresses: this is sent there."""

    make_session: Callable[[], Session]
    task: Task
    flow_definition_arn: str | None
    concurrency: int | None

    def read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        several = results.iter_outputs(
            self.make_session(),
            (uri for batch in batches for uri in batch.column(0).to_pylist()),
            batch_size=_BATCH,
            flow_definition_arn=self.flow_definition_arn,
            concurrency=self.concurrency,
        )
        for outputs in several:
            yield from _rows(outputs, self.task)


def _rows(outputs: Outputs, task: Task) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = results.answers_frame(outputs, task, "arrow").to_batches()
    return batches


def recipe(session: Session | Callable[[], Session]) -> Callable[[], Session]:
    """Return how to make the session elsewhere; one itself holds open connections, and maybe keys."""
    if not isinstance(session, Session):
        return session
    return partial(Session, region_name=session.region_name, endpoint_url=session.endpoint_url)


def _active_session() -> SparkSession:
    sql = load("pyspark.sql", extra="spark", needed_for="a Spark frame")
    active = sql.SparkSession.getActiveSession()
    if active is None:
        raise ConfigurationError(
            "no Spark session is active",
            hint="begin one, or give it: spark=SparkSession.builder.getOrCreate()",
        )
    return cast("SparkSession", active)
