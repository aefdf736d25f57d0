"""Stores that are logs of segments: who comes second looks again, and nothing is written over."""

import gzip
import json
import random

import pytest
from botocore.awsrequest import AWSResponse

from hitl_sdk.errors import ConfigurationError, NotFoundError, RejectedError, UnavailableError
from hitl_sdk.loops.record import LoopChange, open_record

WRITES = {"dynamodb": "PutItem", "s3": "PutObject"}


@pytest.fixture(params=WRITES)
def kind(request):
    return request.param


@pytest.fixture
def stores(make_stores, kind):
    return make_stores(kind)


def before_a_write(stores, kind, act):
    """Let `act` happen just before the next write arrives; it is given the parameters of the write."""
    events = stores.session.client(kind).meta.events
    waiting, noted = [act], {}

    def note(params, **_):
        noted.update(params)

    def before(**_):
        if waiting:
            waiting.pop()(dict(noted))

    events.register(f"provide-client-params.*.{WRITES[kind]}", note)
    events.register(f"before-call.*.{WRITES[kind]}", before)


def written(stores, kind, params):
    client = stores.session.client(kind)
    return client.put_item(**params) if kind == "dynamodb" else client.put_object(**params)


def test_who_claims_second_gets_what_is_left(stores, kind):
    run, other = stores.run(5), stores.open().run("march")
    first = []
    before_a_write(stores, kind, lambda _: first.extend(other.claim(2)))
    second = run.claim(2)
    assert [loop.human_loop_name for loop in first] == ["loop-0", "loop-1"]
    assert [loop.human_loop_name for loop in second] == ["loop-2", "loop-3"]


def test_a_budget_that_somebody_else_used_up_in_between_is_seen(stores, kind):
    run, other = stores.run(5), stores.open().run("march")
    before_a_write(stores, kind, lambda _: other.claim(3, limit=3))
    assert run.claim(2, limit=3) == []
    assert run.n_charged() == 3


def test_two_who_take_in_the_same_batch_at_once_take_it_in_once(stores, kind):
    run, other = stores.open().create(stores.header()), stores.open().run("march")
    before_a_write(
        stores, kind, lambda _: other.add_items([stores.item(1), stores.item(0)], [stores.loop(0)])
    )
    assert run.add_items([stores.item(0), stores.item(1), stores.item(2)], [stores.loop(0)]) == [1, 0, 2]
    assert run.counts() == {"planned": 1}


def test_a_write_that_was_sent_twice_is_no_conflict_with_itself(stores, kind):
    """So the client does when the answer to the first is lost."""
    run = stores.run(3)
    before_a_write(stores, kind, lambda params: written(stores, kind, params))
    assert [loop.human_loop_name for loop in run.claim(2)] == ["loop-0", "loop-1"]
    assert run.counts() == {"starting": 2, "planned": 1}


def test_a_header_that_was_sent_twice_is_one_run(stores, kind):
    before_a_write(stores, kind, lambda params: written(stores, kind, params))
    stores.open().create(stores.header())
    assert stores.open().runs() == [stores.header()]


def test_a_write_that_never_gets_its_turn_is_an_error(stores, kind, monkeypatch):
    monkeypatch.setattr("hitl_sdk.loops.record._log._ATTEMPTS", 3)
    run, other = stores.run(50), stores.open().run("march")
    busy = []

    def before(**_):
        if not busy:
            busy.append(True)
            other.claim(1)
            busy.clear()

    stores.session.client(kind).meta.events.register(f"before-call.*.{WRITES[kind]}", before)
    with pytest.raises(UnavailableError, match="written by others 3 times"):
        run.mark_complete()


def test_a_hundred_loops_are_one_write(stores, kind, watched):
    run = stores.open().create(stores.header())
    calls = watched(stores.session, (kind,))
    run.add_items([stores.item(n, n) for n in range(100)], [stores.loop(n) for n in range(100)])
    claimed = run.claim(100)
    run.update([LoopChange(loop.human_loop_name, "started") for loop in claimed])
    assert calls.count[WRITES[kind]] == 3


def test_what_is_long_goes_into_parts_of_a_table(make_stores):
    stores = make_stores("dynamodb")
    client, table = stores.session.client("dynamodb"), stores.address.partition("://")[2]
    text = random.Random(7).randbytes(500_000).hex()
    run = stores.open().create(stores.header())
    run.add_items([], [stores.loop(0, error=text)])
    rows = client.scan(TableName=table)["Items"]
    assert sum("part#" in row["sk"]["S"] for row in rows) >= 2
    assert next(stores.open().run("march").loops()).error == text
    stores.open().delete("march")
    assert client.scan(TableName=table)["Items"] == []


def test_a_deleted_run_leaves_nothing_in_its_bucket(make_stores):
    stores = make_stores("s3")
    stores.run(3).claim(2)
    stores.open().delete("march")
    assert stores.session.client("s3").list_objects_v2(Bucket=stores.address.split("/")[2])["KeyCount"] == 0


def test_segments_are_json_that_can_be_read_by_hand(make_stores):
    stores = make_stores("s3")
    stores.run(1).claim(1)
    client, bucket = stores.session.client("s3"), stores.address.split("/")[2]
    keys = [found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys[0] == "hitl/runs/march.json"
    assert [key.rpartition("/")[2] for key in keys[1:]] == ["000000000000.json.gz", "000000000001.json.gz"]
    body = client.get_object(Bucket=bucket, Key=keys[2])["Body"].read()
    assert json.loads(gzip.decompress(body))["claims"] == ["loop-0"]


def test_a_segment_that_somebody_has_deleted_is_named(make_stores):
    stores = make_stores("s3")
    stores.run(2).claim(1)
    client, bucket = stores.session.client("s3"), stores.address.split("/")[2]
    first = next(
        found["Key"]
        for found in client.list_objects_v2(Bucket=bucket)["Contents"]
        if found["Key"].endswith("/000000000000.json.gz")
    )
    client.delete_object(Bucket=bucket, Key=first)
    with pytest.raises(ConfigurationError, match=r"'march' of s3://.* is damaged: segment 0 is missing"):
        stores.open().run("march").counts()


def keys_in(stores):
    """Return a client, the bucket, and the keys of what lies there: of a run's header, then of its segments."""
    client, bucket = stores.session.client("s3"), stores.address.split("/")[2]
    return client, bucket, [found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        gzip.compress(b'{"claims": ["loop-0"]}')[:-9],
        gzip.compress(b"[]"),
        gzip.compress(b'{"claims": ["loop-7"]}'),
        gzip.compress(b'{"items": [1]}'),
    ],
    ids=["nothing", "no gzip", "cut off", "no object", "no such loop", "no item"],  # gzip tells the time
)
def test_a_segment_that_can_not_be_read_is_named(make_stores, body):
    stores = make_stores("s3")
    stores.run(2).claim(1)
    client, bucket, keys = keys_in(stores)
    client.put_object(Bucket=bucket, Key=keys[2], Body=body)
    with pytest.raises(ConfigurationError, match=r"segment 1 of run 'march' of s3://.* is damaged"):
        stores.open().run("march").counts()


@pytest.mark.parametrize("body", [b"", b"junk", b"\xff", b"{}", b"[]", b'{"schema_version": 1, "key": "k"}'])
def test_a_header_that_can_not_be_read_is_named(make_stores, body):
    stores = make_stores("s3")
    stores.run()
    client, bucket, keys = keys_in(stores)
    client.put_object(Bucket=bucket, Key=keys[0], Body=body)
    with pytest.raises(ConfigurationError, match=r"header of run 'march' of s3://.* is damaged"):
        stores.open().find("march")
    with pytest.raises(ConfigurationError, match=r"header of a run of s3://.* is damaged"):
        stores.open().runs()


def test_folders_as_consoles_make_them_are_no_runs_and_no_segments(make_stores):
    stores = make_stores("s3")
    stores.run(1).claim(1)
    client, bucket, keys = keys_in(stores)
    for key in keys[:2]:
        client.put_object(Bucket=bucket, Key=f"{key.rpartition('/')[0]}/", Body=b"")
    assert stores.open().runs() == [stores.header()]
    assert stores.open().run("march").counts() == {"starting": 1}


def test_while_another_writes_the_same_key_a_bucket_is_asked_again(make_stores):
    stores = make_stores("s3")
    store, busy = stores.open(), [True, True, False]
    code, fault = "ConditionalRequestConflict", AWSResponse("https://example.com", 409, {}, None)
    said = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 409}}
    stores.session.client("s3").meta.events.register(
        "before-call.s3.PutObject", lambda **_: (fault, said) if busy.pop(0) else None
    )
    store.create(stores.header())
    assert busy == []
    assert stores.open().runs() == [stores.header()]


def test_a_key_that_is_being_written_for_ever_is_an_error(make_stores, watched):
    stores = make_stores("s3")
    store, calls = stores.open(), watched(stores.session, ("s3",))
    calls.fail("PutObject", ("ConditionalRequestConflict", 409))
    with pytest.raises(RejectedError, match="ConditionalRequestConflict"):
        store.create(stores.header())


def test_a_run_of_another_version_is_refused(stores, monkeypatch):
    stores.run()
    later = stores.open()
    monkeypatch.setattr("hitl_sdk.loops.record._log.SCHEMA_VERSION", 0)
    for call in (later.runs, lambda: later.find("march")):
        with pytest.raises(ConfigurationError, match="schema version 1, this hitl_sdk works with 0"):
            call()


def test_a_missing_table_says_how_to_make_it(make_stores):
    session = make_stores("memory").session
    with pytest.raises(NotFoundError, match=r"no DynamoDB table 'nope' \(make it once: .*ensure_table"):
        open_record("dynamodb://nope", session=session).runs()


def test_a_missing_bucket_is_named(make_stores):
    session = make_stores("memory").session
    store = open_record("s3://no-such-bucket/runs", session=session)
    for call in (store.runs, lambda: store.find("march")):
        with pytest.raises(NotFoundError, match="no-such-bucket"):
            call()
