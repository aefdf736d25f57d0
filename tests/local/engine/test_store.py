"""What holds in every database, and what a store does with its URL and its schema."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from hitl_sdk.errors import ConfigurationError, InvalidInputError, MissingExtraError
from hitl_sdk.local.engine import EngineError
from hitl_sdk.local.store import SCHEMA_VERSION, Store, metadata


def rows_of(store, name):
    return store.run(lambda connection: connection.execute(metadata.tables[name].select()).all())


def test_a_whole_review_works_in_every_database(anywhere):
    world = anywhere.provision(TaskCount=2)
    world.start(content={"taskObject": "ü \U0001f600", "nul": "\x00"})
    world.accept(1)
    world.engine.decline(world.scope, world.worker(1), "loop-1")
    world.answer(2, 3)
    assert world.status() == "Completed"
    assert len(world.output()["humanAnswers"]) == 2
    assert [event["detail"]["humanLoopStatus"] for event in world.delivery.events] == ["Completed"]


def test_a_refused_request_leaves_nothing_in_every_database(anywhere):
    anywhere.provision()
    with pytest.raises(EngineError):
        anywhere.start(flow=anywhere.scope.arn("flow-definition", "ghost"))
    assert rows_of(anywhere.store, "hitl_loops") == []


def test_names_sort_alike_in_every_database(anywhere):
    anywhere.workforce()
    names = ["b", "B", "a-b", "ab", "A1", "a1"]
    for name in names:
        anywhere.team(name)
    first = anywhere.call("ListWorkteams", SortBy="Name", MaxResults=4)
    rest = anywhere.call("ListWorkteams", SortBy="Name", NextToken=first["NextToken"])
    assert [t["WorkteamName"] for t in first["Workteams"] + rest["Workteams"]] == sorted(names)
    found = anywhere.call("ListWorkteams", NameContains="A")["Workteams"]
    assert {team["WorkteamName"] for team in found} == {"a-b", "ab", "A1", "a1"}


def test_times_keep_their_microseconds_in_every_database(anywhere):
    anywhere.clock.advance(0.123457)
    anywhere.provision()
    created = anywhere.call("DescribeWorkforce", WorkforceName="crew")["Workforce"]["CreateDate"]
    assert created.isoformat() == "2026-01-01T00:00:00.123457+00:00"


def test_what_was_sent_to_the_outbox_is_found_again_in_every_database(anywhere):
    anywhere.provision()
    anywhere.start()
    anywhere.accept()
    anywhere.delivery.breaks = [OSError(), None, OSError()]
    anywhere.submit()
    for _ in range(2):
        anywhere.clock.advance(1)
        anywhere.start_engine()
        anywhere.engine.tick()
    assert anywhere.status() == "Completed"
    assert len(anywhere.delivery.events) == 1
    assert rows_of(anywhere.store, "hitl_outbox") == []


def test_a_number_is_never_given_out_twice_in_any_database(anywhere):
    sequences = []
    anywhere.provision()
    for _ in range(2):
        anywhere.start()
        sequences += [task.sequence for task in anywhere.engine.open_loops()]
        anywhere.answer()
        anywhere.call("DeleteHumanLoop", HumanLoopName="loop-1")
    assert sequences[0] < sequences[1]


def test_a_restart_keeps_everything(make_world, durable_url):
    world = make_world(durable_url).provision(TaskCount=2)
    world.start()
    world.accept(1)
    world.accept(2)
    world.submit(2)
    world.restart(durable_url)
    world.submit(1)
    assert world.status() == "Completed"
    assert [answer["workerId"][-1] for answer in world.output()["humanAnswers"]] == ["1", "2"]
    world.restart(durable_url)
    assert world.start().endswith("loop-1")


def test_clearing_leaves_an_empty_store_that_works(anywhere):
    anywhere.provision()
    anywhere.start()
    anywhere.store.clear()
    assert anywhere.call("ListFlowDefinitions") == {"FlowDefinitionSummaries": []}
    anywhere.provision()
    anywhere.start()
    assert anywhere.status() == "InProgress"


def test_memory_forgets_when_it_is_closed():
    with Store() as store:
        assert rows_of(store, "hitl_loops") == []
    with Store() as other:
        assert [row.version for row in rows_of(other, "hitl_schema_version")] == [SCHEMA_VERSION]


def test_a_schema_of_another_version_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/reviews.db"
    with Store(url) as store:
        store.run(lambda connection: connection.execute(text("UPDATE hitl_schema_version SET version = 99")))
    with pytest.raises(ConfigurationError, match="schema version 99, this hitl_sdk works with 2"):
        Store(url)


def _written_by_version_1(connection):
    """Take away what version 2 has added."""
    for name in ("hitl_labeling_objects", "hitl_labeling_jobs"):
        connection.execute(text(f"DROP TABLE {name}"))
    for name in ("hitl_flows", "hitl_loops"):
        connection.execute(text(f"ALTER TABLE {name} DROP COLUMN job"))
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {name} ALTER COLUMN name TYPE VARCHAR(63)"))
    connection.execute(text("UPDATE hitl_schema_version SET version = 1"))


def test_a_store_from_before_there_were_labeling_jobs_goes_on_with_them(make_world, durable_url):
    world = make_world(durable_url).provision()
    world.start()
    world.store.run(_written_by_version_1)
    world.restart(durable_url)
    world.start("loop-2")
    world.answer(name="loop-1")
    assert (world.status("loop-1"), world.status("loop-2")) == ("Completed", "InProgress")
    assert world.call("ListLabelingJobs") == {"LabelingJobSummaryList": []}
    assert [row.version for row in rows_of(world.store, "hitl_schema_version")] == [SCHEMA_VERSION]
    world.restart(durable_url)
    assert world.status("loop-1") == "Completed"


def test_a_file_that_can_not_be_opened_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be opened"):
        Store(f"sqlite:///{tmp_path}/no/such/folder/reviews.db")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at" * 10)
    with pytest.raises(ConfigurationError, match="can't be opened"):
        Store(f"sqlite:///{tmp_path}/notes.txt")


@pytest.mark.parametrize("url", ["", "reviews.db", "mysql://localhost/reviews", "oracle://"])
def test_a_url_of_no_database_it_works_with_is_refused(url):
    with pytest.raises(InvalidInputError):
        Store(url)


def test_a_missing_driver_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("hitl_sdk._optional.import_module", missing)
    with pytest.raises(MissingExtraError, match=r"hitl-sdk\[postgresql\]"):
        Store("postgresql://localhost/reviews")


def test_a_server_that_does_not_answer_is_named_without_the_password():
    with pytest.raises(ConfigurationError, match="can't be opened") as error:
        Store("postgresql://hitl:hush@127.0.0.1:1/reviews")
    assert "hush" not in str(error.value)


def test_a_password_is_not_shown(tmp_path):
    with Store(f"sqlite:///{tmp_path}/reviews.db") as store:
        assert store.url == f"sqlite:///{tmp_path}/reviews.db"


def test_work_is_done_again_when_somebody_got_in_between():
    attempts = []

    def work(connection):
        attempts.append(connection)
        if len(attempts) < 3:
            raise IntegrityError("INSERT", {}, Exception("taken"))
        return "done"

    with Store() as store:
        assert store.run(work) == "done"
    assert len(attempts) == 3


def test_work_is_not_done_again_for_ever():
    def work(connection):
        raise IntegrityError("INSERT", {}, Exception("taken"))

    with Store() as store, pytest.raises(IntegrityError):
        store.run(work)


def test_a_file_that_another_process_holds_is_waited_for_and_then_it_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("hitl_sdk.local.store._SQLITE_PATIENCE", 0.01)
    path = tmp_path / "reviews.db"
    with Store(f"sqlite:///{path}") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            store.run(lambda connection: None)
        other.execute("ROLLBACK")
        other.close()
        assert rows_of(store, "hitl_loops") == []
