"""Addresses of records, where runs are kept by default, and files that can't be used."""

import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from hitl_sdk.errors import ConfigurationError, InvalidInputError, NotFoundError
from hitl_sdk.loops.record import default_address, open_record
from hitl_sdk.testing import mock_hitl


@pytest.mark.parametrize(
    "address",
    [
        "",
        "runs.db",
        "sqlite:///",
        "sqlite://a b",
        "postgresql://host/db",
        "dynamodb://",
        "s3://",
        "s3://B/x",
        "sqlite:///a\0b",
        Path("runs.db"),
        5,
    ],
)
def test_what_is_no_address_is_refused_by_those_there_are(address):
    with pytest.raises(InvalidInputError, match=r"sqlite:///FILE.*dynamodb://TABLE.*s3://BUCKET/PREFIX"):
        open_record(address)


@pytest.mark.parametrize("address", ["dynamodb://runs", "s3://bucket/runs"])
def test_a_place_in_aws_needs_a_session(address):
    with pytest.raises(InvalidInputError, match="needs a session"):
        open_record(address)


def test_the_environment_says_where_runs_are_recorded(monkeypatch, tmp_path):
    monkeypatch.setenv("HITL_RUN_RECORD", f"sqlite:///{tmp_path}/mine.db")
    assert default_address() == f"sqlite:///{tmp_path}/mine.db"
    open_record().close()
    assert (tmp_path / "mine.db").exists()


def test_else_they_are_in_the_users_state_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("HITL_RUN_RECORD", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_address() == f"sqlite:///{tmp_path}/hitl-sdk/runs.sqlite3"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_address() == f"sqlite:///{tmp_path}/.local/state/hitl-sdk/runs.sqlite3"
    open_record().close()
    assert (tmp_path / ".local" / "state" / "hitl-sdk" / "runs.sqlite3").exists()


def test_a_user_without_a_home_is_told_how_to_name_a_place(monkeypatch):
    monkeypatch.delenv("HITL_RUN_RECORD", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(ConfigurationError, match="HITL_RUN_RECORD"):
        open_record()


def test_a_relative_path_is_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    open_record("sqlite:///kept/runs.db").close()
    assert (tmp_path / "kept" / "runs.db").exists()


def test_a_new_file_is_for_nobody_else_on_the_machine(tmp_path, make_header):
    open_record(f"sqlite:///{tmp_path}/runs.db").create(make_header("march"))

    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_a_mock_keeps_its_runs_to_itself(make_header):
    for _ in range(2):
        with mock_hitl():
            assert open_record().runs() == []
            open_record().create(make_header())
            assert len(open_record().runs()) == 1


def test_memory_without_a_name_is_the_stores_own(make_header):
    open_record("sqlite://").create(make_header())
    assert open_record("sqlite://").runs() == []


def test_a_directory_that_can_not_be_made_is_named_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"can't be made: Not a directory .*HITL_RUN_RECORD"):
        open_record(f"sqlite:///{tmp_path}/file/deep/runs.db")


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "runs.db").write_text("not a database, but long enough to look at" * 100)
    with pytest.raises(
        ConfigurationError, match=r"runs.db can't be used: file is not a database .*HITL_RUN_RECORD"
    ):
        open_record(f"sqlite:///{tmp_path}/runs.db")


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path):
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("CREATE TABLE runs (run_uuid TEXT, status TEXT)")
    connection.close()
    before = (tmp_path / "mlflow.db").read_bytes()
    with pytest.raises(ConfigurationError, match=r"mlflow.db holds something else .*name another place"):
        open_record(f"sqlite:///{tmp_path}/mlflow.db")
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_a_damaged_file_is_said_to_be_so(tmp_path, make_header):
    store = open_record(f"sqlite:///{tmp_path}/runs.db")
    store.create(make_header())
    store.close()
    (tmp_path / "runs.db").write_bytes((tmp_path / "runs.db").read_bytes()[:5000])
    with pytest.raises(ConfigurationError, match=r"malformed \(it is damaged.*what was started is adopted"):
        open_record(f"sqlite:///{tmp_path}/runs.db").find("march")


class InUse:
    """A connection that another process keeps from the change of the journal, for which SQLite does not wait."""

    def __init__(self, connection, times):
        self._connection, self._times = connection, times

    def execute(self, query, *values):
        if "journal_mode" in query and self._times:
            self._times -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return self._connection.execute(query, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.mark.parametrize("times", [1, 5])
def test_two_who_make_the_same_file_at_once_wait_for_each_other(tmp_path, monkeypatch, make_header, times):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: InUse(connect(*args, **options), times))
    store = open_record(f"sqlite:///{tmp_path}/runs.db")
    assert store.create(make_header()).n_items == 0
    assert store.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_file_that_never_comes_free_is_an_error(tmp_path, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: InUse(connect(*args, **options), 10**9))
    with pytest.raises(ConfigurationError, match="database is locked"):
        open_record(f"sqlite:///{tmp_path}/runs.db")


def test_a_python_with_an_old_sqlite_is_told_where_else_runs_may_be_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 7, 17))
    with pytest.raises(ConfigurationError, match=r"too old .*DynamoDB table or an S3 prefix"):
        open_record(f"sqlite:///{tmp_path}/runs.db")


def test_a_file_of_another_version_is_refused(tmp_path):
    address = f"sqlite:///{tmp_path}/runs.db"
    open_record(address).close()
    connection = sqlite3.connect(tmp_path / "runs.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="schema version 99, this hitl_sdk works with 1"):
        open_record(address)


def test_a_file_that_another_process_holds_is_waited_for_and_then_it_is_an_error(
    tmp_path, monkeypatch, make_header
):
    monkeypatch.setattr("hitl_sdk.loops.record._sqlite._PATIENCE", 0.01)
    store = open_record(f"sqlite:///{tmp_path}/runs.db")
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ConfigurationError, match="database is locked"):
        store.create(make_header())
    other.execute("ROLLBACK")
    other.close()
    assert store.create(make_header()).n_items == 0
    store.close()


def test_writing_to_a_run_that_was_deleted_from_a_file_is_refused(make_stores):
    stores = make_stores("file")
    run = stores.run(1)
    stores.open().delete("march")
    with pytest.raises(InvalidInputError, match="the run was deleted"):
        run.add_items([stores.item(7)])


def test_a_disk_that_was_full_is_told_so_and_written_when_there_is_room(make_stores):
    stores = make_stores("file")
    run = stores.run(1)
    connection = run._store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    items = [replace(stores.item(n), item="x" * 4000) for n in range(1, 50)]
    with pytest.raises(ConfigurationError, match="full"):
        run.add_items(items)
    connection.execute("PRAGMA max_page_count = 100000")
    assert run.n_items == 1
    assert run.add_items(items) == list(range(1, 50))


class Fails:
    """A connection whose next commit fails."""

    def __init__(self, connection):
        self._connection, self._failed = connection, False

    def execute(self, query, *values):
        if query == "COMMIT" and not self._failed:
            self._failed = True
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(query, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def test_a_commit_that_fails_leaves_nothing_half_done(make_stores):
    stores = make_stores("file")
    run = stores.run(1)
    run._store._connection = Fails(run._store._connection)
    with pytest.raises(ConfigurationError, match="disk I/O error"):
        run.claim(1)
    assert run.counts() == {"planned": 1}
    assert [loop.human_loop_name for loop in stores.open().run("march").claim(1)] == ["loop-0"]


@pytest.mark.parametrize("kind", ["dynamodb", "s3"])
def test_reading_from_a_run_that_was_deleted_from_a_log_is_told_so(make_stores, kind):
    stores = make_stores(kind)
    run = stores.open().create(stores.header())
    for number in range(6):
        run.add_items([stores.item(number, number)], [stores.loop(number)])
    stores.open().delete("march")
    with pytest.raises(NotFoundError):
        list(run.loops())


@pytest.mark.parametrize("name", ["", "a b", "../up", "-a", "ü", "x" * 129, None, 7])
def test_a_name_that_can_not_be_everywhere_is_refused(make_header, name):
    with pytest.raises(InvalidInputError, match="is no name of a run"):
        make_header(name)


def test_an_hour_without_its_zone_is_refused(make_header):
    with pytest.raises(InvalidInputError, match="has no zone"):
        make_header(created_at=datetime(2026, 3, 1))  # noqa: DTZ001
