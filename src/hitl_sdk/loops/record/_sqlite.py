"""Runs in a SQLite file, or in memory: for one machine, with any number of threads and processes."""

from __future__ import annotations

import json
import sqlite3
import weakref
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any

from hitl_sdk.errors import ConfigurationError, InvalidInputError
from hitl_sdk.loops.record.base import RecordStore, RunRecord
from hitl_sdk.loops.record.values import (
    SCHEMA_VERSION,
    RecordedItem,
    RecordedLoop,
    RunHeader,
    check_statuses,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from hitl_sdk.loops.record.values import LoopChange, RecordedStatus

__all__ = ["SqliteStore"]

_OLDEST = (3, 36)
"""For RETURNING, and memory that is shared by its name. Pythons on Amazon Linux 2, Lambda's 3.11 among them, have 3.7."""

_PATIENCE = 60.0
"""Seconds that a write waits for those of other processes."""

_WHERE_DAMAGED = "it is damaged, or no run record: routed anew, what was started is adopted"
_WHERE_REFUSED = "see that the disk has room, that you may write there, and that no other process holds it"
_OR_ELSEWHERE = "; or name another place in HITL_RUN_RECORD"

_CHANGES_OF_MODE = 100
_PAGE = 1000
_IDS_A_QUERY = 500  # SQLite takes 999 variables or more, by its build

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    header TEXT NOT NULL,
    complete INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS items (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    item TEXT NOT NULL,
    label TEXT,
    confidence REAL,
    decision TEXT,
    reason TEXT NOT NULL,
    error TEXT,
    extra TEXT,
    human_loop_name TEXT,
    PRIMARY KEY (run, position),
    UNIQUE (run, item_id)
);
CREATE TABLE IF NOT EXISTS loops (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    human_loop_name TEXT NOT NULL,
    flow_definition_arn TEXT NOT NULL,
    input_content TEXT NOT NULL,
    status TEXT NOT NULL,
    charged INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT,
    created_at TEXT,
    output_uri TEXT,
    escalated_to TEXT,
    PRIMARY KEY (run, position),
    UNIQUE (run, human_loop_name)
);
CREATE INDEX IF NOT EXISTS loops_by_status ON loops (run, status, position);
CREATE INDEX IF NOT EXISTS loops_charged ON loops (run) WHERE charged;
"""

_ITEM_FIELDS = tuple(field.name for field in fields(RecordedItem))
_LOOP_FIELDS = tuple(field.name for field in fields(RecordedLoop))
_ITEM = ", ".join(_ITEM_FIELDS)
_LOOP = ", ".join(_LOOP_FIELDS)
_item_values = attrgetter(*_ITEM_FIELDS)
_loop_attributes = attrgetter(*_LOOP_FIELDS)


class SqliteStore(RecordStore):
    """All runs in one database. `path` is a file; or a name in memory, or None for a memory of one's own."""

    def __init__(self, address: str, path: Path | str | None) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ConfigurationError(
                f"the SQLite of this Python is {sqlite3.sqlite_version}, which is too old for the run record {address}",
                hint="name a DynamoDB table or an S3 prefix in HITL_RUN_RECORD, or use a Python with SQLite 3.36 or newer",
            )
        self.address = address
        self._lock = RLock()
        with self._errors():
            self._connection = _connect(path)
            weakref.finalize(self, self._connection.close)  # nobody needs to close what they no longer use
            self._prepare()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def create(self, header: RunHeader) -> RunRecord:
        """Insert the header, unless its name is taken."""
        text = json.dumps(asdict(header) | {"created_at": header.created_at.isoformat()})
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO runs (name, header) VALUES (?, ?) ON CONFLICT DO NOTHING", (header.name, text)
            )
        return self.run(header.name)

    def find(self, name: str) -> RunRecord | None:
        """Look the run up by its name."""
        rows = self.rows("SELECT run, header FROM runs WHERE name = ?", name)
        return _SqliteRecord(self, rows[0][0], _header(rows[0][1])) if rows else None

    def runs(self) -> list[RunHeader]:
        """Return all headers."""
        headers = [_header(text) for (text,) in self.rows("SELECT header FROM runs")]
        return sorted(headers, key=lambda header: (header.created_at, header.name))

    def delete(self, name: str) -> bool:
        """Delete the run, and with it all that refers to it."""
        with self.transaction() as connection:
            return connection.execute("DELETE FROM runs WHERE name = ?", (name,)).rowcount > 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of the block or nothing of it, alone among all threads and processes."""
        with self._lock, self._errors():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds."""
        with self._lock, self._errors():
            return self._connection.execute(query, values).fetchall()

    def _prepare(self) -> None:
        """Make the tables, or refuse those of another version or program."""
        # Asked in this order, for another process may be making them: where they are, their version is.
        (n_tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        if version == 0 and n_tables:
            raise ConfigurationError(
                f"{self.address} holds something else than runs", hint="name another place, of its own"
            )
        if version != 0:
            raise ConfigurationError(
                f"{self.address} has schema version {version}, this hitl_sdk works with {SCHEMA_VERSION}",
                hint="use the version of hitl_sdk that wrote it, or another address",
            )
        _write_ahead(self._connection)
        with self.transaction() as connection:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise InvalidInputError(
                f"the run was deleted from {self.address}", hint="route its predictions again, as a new run"
            ) from error
        except sqlite3.Error as error:
            cure = _WHERE_DAMAGED if type(error) is sqlite3.DatabaseError else _WHERE_REFUSED
            raise ConfigurationError(
                f"the run record {self.address} can't be used: {error}", hint=f"{cure}{_OR_ELSEWHERE}"
            ) from error


class _SqliteRecord(RunRecord):
    def __init__(self, store: SqliteStore, run: int, header: RunHeader) -> None:
        self._store = store
        self._run = run
        self.header = header

    def add_items(self, items: Sequence[RecordedItem], loops: Sequence[RecordedLoop] = ()) -> list[int]:
        with self._store.transaction() as connection:
            known = self.positions([item.item_id for item in items])
            position = before = self.n_items
            for item in items:
                if item.item_id in known:
                    continue
                connection.execute(
                    f"INSERT INTO items (run, position, {_ITEM}) VALUES ({_marks(2 + len(_ITEM_FIELDS))})",
                    (self._run, position, *_item_values(item)),
                )
                known[item.item_id] = position
                position += 1
            if position > before:
                connection.execute("UPDATE runs SET complete = 0 WHERE run = ?", (self._run,))
            self._add_loops(connection, loops)
        return [known[item.item_id] for item in items]

    def _add_loops(self, connection: sqlite3.Connection, loops: Sequence[RecordedLoop]) -> None:
        (position,) = connection.execute(
            "SELECT coalesce(max(position) + 1, 0) FROM loops WHERE run = ?", (self._run,)
        ).fetchone()
        connection.executemany(
            f"INSERT INTO loops (run, position, {_LOOP}) VALUES ({_marks(2 + len(_LOOP_FIELDS))})"
            " ON CONFLICT (run, human_loop_name) DO NOTHING",
            [(self._run, position + n, *_loop_values(loop)) for n, loop in enumerate(loops)],
        )

    def mark_complete(self) -> None:
        with self._store.transaction() as connection:
            connection.execute("UPDATE runs SET complete = 1 WHERE run = ?", (self._run,))

    @property
    def complete(self) -> bool:
        return self._store.rows("SELECT 1 FROM runs WHERE run = ? AND complete", self._run) != []

    @property
    def n_items(self) -> int:
        return self._number("SELECT coalesce(max(position) + 1, 0) FROM items WHERE run = ?")

    def items(self, start: int = 0) -> Iterator[RecordedItem]:
        query = f"SELECT {_ITEM} FROM items WHERE run = ? AND position >= ? ORDER BY position LIMIT ?"
        while page := self._store.rows(query, self._run, start, _PAGE):
            yield from (RecordedItem(*row) for row in page)
            start += len(page)

    def positions(self, item_ids: Collection[str]) -> dict[str, int]:
        wanted, found = list(item_ids), dict[str, int]()
        for start in range(0, len(wanted), _IDS_A_QUERY):
            some = wanted[start : start + _IDS_A_QUERY]
            query = f"SELECT item_id, position FROM items WHERE run = ? AND item_id IN ({_marks(len(some))})"
            found |= dict(self._store.rows(query, self._run, *some))
        return found

    def claim(self, n: int, *, limit: int | None = None) -> list[RecordedLoop]:
        with self._store.transaction() as connection:
            room = max(0, n if limit is None else min(n, limit - self.n_charged()))
            rows = connection.execute(
                "UPDATE loops SET status = 'starting', charged = 1, attempts = attempts + 1"
                " WHERE run = :run AND position IN (SELECT position FROM loops"
                " WHERE run = :run AND status = 'planned' ORDER BY position LIMIT :room)"
                f" RETURNING position, {_LOOP}",
                {"run": self._run, "room": room},
            ).fetchall()
        return [_loop(row[1:]) for row in sorted(rows)]

    def update(self, changes: Iterable[LoopChange]) -> None:
        with self._store.transaction() as connection:
            for change in changes:
                self._change(connection, change)

    def _change(self, connection: sqlite3.Connection, change: LoopChange) -> None:
        where = "run = ? AND human_loop_name = ?", (self._run, change.human_loop_name)
        before = connection.execute(
            f"SELECT charged, status FROM loops WHERE {where[0]}", where[1]
        ).fetchone()
        if before is None:
            raise InvalidInputError(
                f"run {self.header.name!r} has no human loop {change.human_loop_name!r}",
                hint="give it to add_items first",
            )
        if change.if_status not in {None, before[1]}:
            return
        connection.execute(
            "UPDATE loops SET status = ?, error = ?, charged = ?, created_at = coalesce(?, created_at),"
            " output_uri = coalesce(?, output_uri), escalated_to = coalesce(?, escalated_to)"
            f" WHERE {where[0]}",
            (
                change.status,
                change.error,
                change.now_charged(bool(before[0])),
                change.created_at and change.created_at.isoformat(),
                change.output_uri,
                change.escalated_to,
                *where[1],
            ),
        )

    def loops(self, statuses: Collection[RecordedStatus] | None = None) -> Iterator[RecordedLoop]:
        wanted = sorted(statuses or ())
        check_statuses(wanted)
        which = "" if statuses is None else f" AND status IN ({_marks(len(wanted))})"
        query = (
            f"SELECT position, {_LOOP} FROM loops WHERE run = ? AND position >= ?{which}"
            " ORDER BY position LIMIT ?"
        )
        start = 0
        while page := self._store.rows(query, self._run, start, *wanted, _PAGE):
            yield from (_loop(row[1:]) for row in page)
            start = page[-1][0] + 1

    def counts(self) -> dict[RecordedStatus, int]:
        return dict(
            self._store.rows("SELECT status, count(*) FROM loops WHERE run = ? GROUP BY status", self._run)
        )

    def n_charged(self) -> int:
        return self._number("SELECT count(*) FROM loops WHERE run = ? AND charged")

    def _number(self, query: str) -> int:
        return int(self._store.rows(query, self._run)[0][0])


def _connect(path: Path | str | None) -> sqlite3.Connection:
    in_memory = not hasattr(path, "parent")
    where = ":memory:" if path is None else f"file:/{path}?vfs=memdb" if in_memory else str(path)
    connection = sqlite3.connect(
        where, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, uri=in_memory
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # what was written survives a power cut
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. SQLite does not wait for others that use the file then, but for those of a transaction."""
    for left in reversed(range(_CHANGES_OF_MODE)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        else:
            return


def _header(text: str) -> RunHeader:
    fields = json.loads(text)
    return RunHeader(**fields | {"created_at": datetime.fromisoformat(fields["created_at"])})


def _loop_values(loop: RecordedLoop) -> tuple[object, ...]:
    values: tuple[object, ...] = _loop_attributes(loop)
    return tuple(value.isoformat() if isinstance(value, datetime) else value for value in values)


def _loop(row: Sequence[Any]) -> RecordedLoop:
    values = dict(zip(_LOOP_FIELDS, row, strict=True))
    created_at = values["created_at"] and datetime.fromisoformat(values["created_at"])
    return RecordedLoop(**values | {"charged": bool(values["charged"]), "created_at": created_at})


def _marks(count: int) -> str:
    return ", ".join("?" * count)
