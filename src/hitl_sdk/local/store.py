"""The one store of the local service: a relational database, named by its URL.

In-memory SQLite in a test, a SQLite file for one machine, PostgreSQL for a team. The tables here
are all the state there is; whatever the engine knows, it reads from them.

SQLite has one connection behind one lock, so its transactions come one after the other. PostgreSQL
has as many as there are threads and processes: there, whoever changes a row locks it first.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, OperationalError
from sqlalchemy.pool import StaticPool

from hitl_sdk._optional import load
from hitl_sdk.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import URL, Connection, Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ["SCHEMA_VERSION", "Store"]

T = TypeVar("T")

SCHEMA_VERSION = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SCHEMA_LOCK = 0x6869746C  # any number that other users of the same PostgreSQL are unlikely to lock
_ATTEMPTS = 5
_SQLITE_PATIENCE = 5.0  # seconds that a transaction waits for another process at the same file


class Timestamp(TypeDecorator[datetime]):
    """A time of day as whole microseconds since 1970: exact, sortable, the same in every database."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return what the database keeps."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return what the engine works with: an aware time in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# Sorted by code point in every database, so that pages come in the same order everywhere. What AWS names has 63
# characters at most; flows and loops of labeling jobs are named here, with a "/" that no name of AWS's holds.
_LONGEST_NAME = 127
_Name = String(_LONGEST_NAME).with_variant(String(_LONGEST_NAME, collation="C"), "postgresql")
_Sequence = BigInteger().with_variant(Integer, "sqlite")

metadata: MetaData = MetaData()


def _resource_table(name: str, *columns: Column[Any] | UniqueConstraint | Index) -> Table:
    """Return a table of named things of one account and Region, numbered in order of creation."""
    return Table(
        f"hitl_{name}",
        metadata,
        Column("sequence", _Sequence, primary_key=True),
        Column("account_id", String(12), nullable=False),
        Column("region", String(32), nullable=False),
        Column("name", _Name, nullable=False),
        Column("arn", String(1024), nullable=False),
        Column("created_at", Timestamp, nullable=False),
        *columns,
        UniqueConstraint("account_id", "region", "name"),
        sqlite_autoincrement=True,  # a number is never given out twice, not even after a delete
    )


def _document(name: str) -> Column[str]:
    """Return a column of texts that may be large; see `without_documents`."""
    return Column(name, Text, nullable=False, info={"document": True})


def without_documents(table: Table) -> list[Column[Any]]:
    """Return the columns to read where nobody asks for templates and inputs: these may have megabytes."""
    return [column for column in table.c if "document" not in column.info]


schema_versions: Table = Table("hitl_schema_version", metadata, Column("version", Integer, primary_key=True))

workforces: Table = _resource_table(
    "workforces",
    Column("updated_at", Timestamp, nullable=False),
    Column("settled_at", Timestamp, nullable=False),  # Active from then on
    Column("settling", String(16), nullable=False),  # the status until then
    Column("sub_domain", String(128), nullable=False),
    Column("definition", JSON, nullable=False),
    UniqueConstraint("account_id", "region"),  # one private workforce an account and Region
)

workteams: Table = _resource_table(
    "workteams",
    Column("updated_at", Timestamp, nullable=False),
    Column("workforce_arn", String(256), nullable=False),
    Column("sub_domain", String(128), nullable=False),
    Column("definition", JSON, nullable=False),
)

task_uis: Table = _resource_table(
    "task_uis",
    _document("content"),
    Column("content_sha256", String(64), nullable=False),
)

flows: Table = _resource_table(
    "flows",
    Column("settled_at", Timestamp, nullable=False),  # Active from then on, Initializing before
    Column("workteam_arn", String(256), nullable=False, index=True),
    _document("template"),  # as it was when the flow was made
    Column("task_count", Integer, nullable=False),
    Column("task_time_limit", Integer, nullable=False),  # seconds
    Column("task_availability", Integer, nullable=False),  # seconds
    Column("identity_provider", String(16), nullable=False),  # Cognito | Oidc
    Column("issuer", Text, nullable=False),
    Column("output_path", Text, nullable=False),
    Column("in_flight", Integer, nullable=False),  # loops that are not in an end state
    Column("definition", JSON, nullable=False),
    Column("job", BigInteger),  # the labeling job that offers its objects by it; null for a flow of A2I
)

loops: Table = _resource_table(
    "loops",
    Column("flow", BigInteger, nullable=False),  # its sequence; no foreign key: loops outlive their flow
    Column("flow_arn", String(1024), nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Timestamp),  # when time alone will change the state
    _document("input_content"),
    Column("input_sha256", String(64), nullable=False),
    Column("output_uri", Text, nullable=False),
    Column("failure_code", String(32)),
    Column("failure_reason", String(1024)),
    Column("job", BigInteger),  # the labeling job whose object it offers; null for a loop of A2I
    Index("hitl_loops_by_flow", "flow_arn", "created_at", "sequence"),
    Index("hitl_loops_by_state", "state", "sequence"),
    Index("hitl_loops_by_due", "due_at"),
)

seats: Table = Table(
    "hitl_seats",
    metadata,
    Column("loop", ForeignKey(loops.c.sequence), primary_key=True),
    Column("worker_id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("accepted_at", Timestamp, nullable=False),
    Column("lapses_at", Timestamp, nullable=False),
    Column("submitted_at", Timestamp),
    Column("answer", JSON(none_as_null=True)),
    Column("identity", JSON(none_as_null=True)),
)

labeling_jobs: Table = _resource_table(
    "labeling_jobs",
    Column("name_key", String(63), nullable=False),  # names differ in more than their case
    Column("updated_at", Timestamp, nullable=False),
    Column("workteam_arn", String(256), nullable=False, index=True),
    Column("reference_code", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("outcome", String(16)),  # how it will end, as soon as it takes up no more objects
    Column("failure_reason", String(1024)),
    Column("step", String(16), nullable=False),  # what is to be done next
    Column("due_at", Timestamp),  # when to do it; while it is done, when to take it for crashed
    Column("claim", Integer, nullable=False),  # grows with everyone who takes it on
    Column("attempts", Integer, nullable=False),  # at this step, in vain
    Column("iteration", Integer, nullable=False),
    Column("objects", Integer, nullable=False),  # of the input, without those that have a label before
    Column("labeled_before", Integer, nullable=False),
    Column("human_labeled", Integer, nullable=False),
    Column("machine_labeled", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("model_arn", String(2048)),  # that labels automatically
    Column("queue", String(80)),  # in which the objects of a streaming job arrive
    Column("label_categories", JSON(none_as_null=True)),
    Column("definition", JSON, nullable=False),  # the members of CreateLabelingJob
    UniqueConstraint("account_id", "region", "name_key"),
    Index("hitl_labeling_jobs_by_due", "due_at"),
)

labeling_objects: Table = Table(
    "hitl_labeling_objects",
    metadata,
    Column("job", ForeignKey(labeling_jobs.c.sequence), primary_key=True),
    Column("number", Integer, primary_key=True),  # of its line, from 0
    Column("object_id", String(1024), nullable=False),
    Column("given_id", String(40)),  # a digest of the id that an object of a streaming job came with
    Column("state", String(16), nullable=False),
    Column("iteration", Integer),  # in which it was taken up
    Column("loop", BigInteger),  # the sequence of the loop that offers it
    Column("human_annotated", Boolean),
    Column("announced", Boolean),  # to the job's output topic
    Column("response_uri", Text),  # of the workers' answers
    Column("failure_reason", String(1024)),
    _document("line"),  # of the manifest
    Column("label", JSON(none_as_null=True), info={"document": True}),  # what consolidation adds to the line
    Index("hitl_labeling_objects_by_state", "job", "state", "iteration"),
    Index("hitl_labeling_objects_by_given_id", "job", "given_id"),
)

outbox: Table = Table(
    "hitl_outbox",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("loop", ForeignKey(loops.c.sequence)),  # of an output; an event outlives its loop
    Column("event", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Timestamp, nullable=False),
    Index("hitl_outbox_by_due", "due_at"),
    sqlite_autoincrement=True,
)


class Store:
    """The tables of the local service, in the database that a URL names.

    Parameters
    ----------
    url : str, optional
        ``"sqlite://"`` (in memory, the default), ``"sqlite:///reviews.db"`` (a file) or
        ``"postgresql://user:password@host/database"``.

    Raises
    ------
    InvalidInputError
        If `url` is no database URL, or of a database this store does not work with.
    MissingExtraError
        If the PostgreSQL driver is not installed.
    ConfigurationError
        If the database can't be opened, or holds a schema of another version.

    Examples
    --------
    >>> with Store() as store:
    ...     store.url
    'sqlite://'
    """

    def __init__(self, url: str = "sqlite://") -> None:
        parsed = _parsed(url)
        self.url: str = parsed.render_as_string(hide_password=True)
        self._closing = ExitStack()
        try:
            self._begin = self._closing.enter_context(_connected(parsed))
            self._prepare_schema()
        except DatabaseError as error:
            self.close()
            raise ConfigurationError(f"the store {self.url} can't be opened: {error.orig}") from error
        except ConfigurationError:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database. What was committed stays, except in memory."""
        self._closing.close()

    def clear(self) -> None:
        """Delete every row, and keep the schema."""

        def delete_rows(connection: Connection) -> None:
            for table in reversed(metadata.sorted_tables):
                if table is not schema_versions:
                    connection.execute(table.delete())

        self.run(delete_rows)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Call `work` in one transaction, and return its result.

        Parameters
        ----------
        work : callable
            Takes the connection. Whatever it raises takes back all it has written. It is called again
            when another process got in between: on a broken unique constraint (the look before the
            insert then finds the row, and says so) and on a deadlock.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                with self._begin() as connection:
                    return work(connection)
            except (IntegrityError, OperationalError):
                continue
        with self._begin() as connection:
            return work(connection)

    def _prepare_schema(self) -> None:
        with self._begin() as connection:
            if connection.dialect.name == "postgresql":  # two processes may come first at once
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
            if not inspect(connection).has_table(schema_versions.name):
                metadata.create_all(connection)
                connection.execute(schema_versions.insert(), {"version": SCHEMA_VERSION})
            version = connection.execute(schema_versions.select()).scalar()
            if version == 1:
                version = _with_labeling_jobs(connection)
        if version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"the store {self.url} has schema version {version}, this hitl_sdk works with {SCHEMA_VERSION}",
                hint="use the hitl_sdk that wrote it, or another database",
            )


def _with_labeling_jobs(connection: Connection) -> int:
    """Bring a schema of version 1, which knew A2I alone, to version 2; nothing in it changes."""
    metadata.create_all(connection)
    for table in (flows, loops):
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN job BIGINT"))
        if connection.dialect.name == "postgresql":
            widened = f'ALTER TABLE {table.name} ALTER COLUMN name TYPE VARCHAR({_LONGEST_NAME}) COLLATE "C"'
            connection.execute(text(widened))
    connection.execute(schema_versions.update().values(version=2))
    return 2


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInputError(
            "the store's URL can't be read", hint="for example sqlite:///reviews.db"
        ) from error
    if parsed.get_backend_name() == "postgresql":
        load("psycopg", extra="postgresql", needed_for="a store in PostgreSQL")
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed
    raise InvalidInputError(
        f"a store can't lie in {parsed.get_backend_name()}", hint="use sqlite:// or postgresql://"
    )


@contextmanager
def _connected(url: URL) -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """Yield what begins a transaction in the database; let go of the database afterwards."""
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True)
        try:
            yield engine.begin
        finally:
            engine.dispose()
        return
    engine = create_engine(
        url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": _SQLITE_PATIENCE}
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.connect() as connection:
            yield _one_after_the_other(connection)
    finally:
        engine.dispose()


def _one_after_the_other(connection: Connection) -> Callable[[], AbstractContextManager[Connection]]:
    lock = Lock()

    @contextmanager
    def begin() -> Iterator[Connection]:
        with lock, connection.begin():
            yield connection

    return begin


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where this module says, not where sqlite3 thinks
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """Take the file's write lock at once: two that read first and write later would block each other."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error
