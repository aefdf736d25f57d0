"""Reading from a server: the same rows by obstore and by boto3, in bounded memory, whatever goes wrong."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.stub import Stubber
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from hitl_sdk import Session
from hitl_sdk.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from hitl_sdk.results import answers_frame, iter_prefix, list_outputs, read_outputs, read_prefix
from hitl_sdk.results._fast_s3 import open_fast_bucket
from hitl_sdk.testing import local_server

PREFIX = "s3://reviews/a2i"
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


class S3:
    """A stand-in for S3 and the sessions that ask it."""

    def __init__(self, module, server, url, boto3_session):
        self.server, self.url, self.boto3_session = server, url, boto3_session
        self.answer, self.error = module.Answer, module.error
        self.objects = server.buckets["reviews"]

    def session(self, **options):
        defaults = {
            "region_name": "us-east-1",
            "endpoint_url": self.url,
            "boto3_session": self.boto3_session,
            "max_attempts": 1,
        }
        return Session(**defaults | options)

    def put(self, count, a2i, folder="a2i"):
        for number in range(count):
            self.objects[f"{folder}/{number:04}/output.json"] = a2i.document(humanLoopName=f"loop-{number}")
        return [f"s3://reviews/{key}" for key in self.objects]

    def asked(self, field=None, **of):
        """Count the requests that match, or count them by a field."""
        found = {
            asked: n
            for asked, n in self.server.asked.items()
            if all(getattr(asked, name) == value for name, value in of.items())
        }
        return {getattr(asked, field) for asked in found} if field else sum(found.values())

    def fail(self, answer, *, key="", times=None, agent=None):
        """Answer the first GetObject requests of a key, or all, with something else."""
        counted = []

        def fault(request):
            mine = request.operation == "GetObject" and key in request.key
            ours = request.headers["user-agent"].startswith("hitl_sdk")
            if not mine or (agent and (agent == "obstore") != ours) or len(counted) == times:
                return None
            counted.append(1)
            return answer

        self.server.fault = fault


@pytest.fixture
def s3(s3_server, one_boto3_session):
    server = s3_server.S3Server()
    server.keys = {"test": "test"}
    with server.running() as url:
        yield S3(s3_server, server, url, one_boto3_session)


@pytest.fixture(params=["obstore", "boto3"])
def reader(request, monkeypatch):
    """Return the name of the library that reads."""
    if request.param == "boto3":
        monkeypatch.setitem(sys.modules, "obstore", None)
    return request.param


def described(outputs):
    return [(row.uri, row.document, row.error and (type(row.error), vars(row.error))) for row in outputs]


# --- the same rows


def test_both_give_the_same_rows_and_errors(s3, a2i, monkeypatch):
    uris = s3.put(40, a2i)
    s3.objects["a2i/0003/output.json"] = b""
    s3.objects["a2i/0004/output.json"] = b"\xff\x00 no JSON"
    uris[7:7] = ["s3://reviews/a2i/gone/output.json", "s3://no-such-bucket/output.json"]
    s3.fail(s3.error(403, "AccessDenied"), key="0020")
    by_obstore = read_outputs(s3.session(), uris, flow_definition_arn=a2i.flow)
    assert s3.asked(operation="GetObject", agent="obstore") == 42 - 2  # the first of each bucket is boto3's
    monkeypatch.setitem(sys.modules, "obstore", None)
    by_boto3 = read_outputs(s3.session(), uris, flow_definition_arn=a2i.flow)
    assert s3.asked(operation="GetObject", agent="obstore") == 40
    assert described(by_obstore) == described(by_boto3)
    errors = {index: type(row.error) for index, row in enumerate(by_obstore) if row.error}
    assert errors[7] is errors[8] is NotFoundError
    assert errors[22] is AccessDeniedError
    frames = [answers_frame(outputs, a2i.task, "arrow") for outputs in (by_obstore, by_boto3)]
    assert frames[0].equals(frames[1])


def test_an_error_says_operation_code_and_request(s3, a2i, reader):
    uri = s3.put(1, a2i)[0]
    gone = "s3://reviews/a2i/gone/output.json"
    error = read_outputs(s3.session(), [uri, gone])[1].error
    assert (error.code, error.operation, error.request_id, error.resource) == (
        "NoSuchKey",
        "GetObject",
        "REQUEST1",
        gone,
    )


@pytest.fixture
def one_session(s3):
    """Return a session for all examples of a test."""
    return s3.session()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
@example("/a")
@example("a/")
@example("a//b")
@example("a/../b")
@example("./a")
@example("a%2Fb")
@example("a+b c?d#e&f=g")
@example("日本/é")
def test_every_key_reads_its_own_object(s3, one_session, key):
    s3.objects.clear()
    s3.objects |= {"a": b"wrong", "b": b"wrong", "a/b": b"wrong", "first": b"first"}
    s3.objects[key] = f"content of {key}".encode()
    outputs = read_outputs(one_session, ["s3://reviews/first", f"s3://reviews/{key}"])
    assert outputs[1].document == s3.objects[key]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(TEXTS, min_size=3, max_size=6, unique=True),
    folder=st.sampled_from(["a2i", "a2i/mä ß+%20", "", "/a2i", "a2i//x"]),
    marker=st.booleans(),
)
@example(names=["a", "b//c", "d"], folder="a2i", marker=False)
@example(names=["a", "b/../c", "d/"], folder="a2i", marker=False)
@example(names=["!", "/x", "d"], folder="", marker=False)
@example(names=["a", "b", "c", "d"], folder="a2i", marker=True)
def test_every_listing_names_the_same_objects(s3, one_session, names, folder, marker):
    s3.server.page = 1  # boto3 reads no more than two
    s3.objects.clear()
    s3.objects |= {f"{folder}/{name}/output.json"[not folder :]: name.encode() for name in names}
    s3.objects[f"{folder}-old/output.json"] = b""
    if marker:
        s3.objects[f"{folder}/~~/output.json/"[not folder :]] = b""
    listed = read_prefix(one_session, f"s3://reviews/{folder}", concurrency=1)
    wanted = sorted((key for key in s3.objects if key.endswith("/output.json")), key=str.encode)
    if folder:
        wanted = [key for key in wanted if key.startswith(f"{folder}/")]
    assert listed.uris == [f"s3://reviews/{key}" for key in wanted]
    assert listed.documents == [s3.objects[key] for key in wanted]


@pytest.mark.parametrize(("prefix", "after"), [("", "a"), ("/a/", "/a/b"), ("a//", "a//b"), ("a/", "a/b/")])
def test_obstore_does_not_list_where_it_would_leave_out_a_slash(s3, prefix, after):
    with pytest.raises(ValueError, match=re.escape(repr(after))):
        next(open_fast_bucket(s3.session(), "reviews").pages(prefix, after=after))


def test_obstore_lists_once_an_object_has_been_read(s3, a2i, reader):
    uris = s3.put(100, a2i)
    s3.server.page = 10
    assert read_prefix(s3.session(), PREFIX, concurrency=2).uris == uris
    by_boto3 = s3.asked(operation="ListObjectsV2", agent="boto3")
    assert by_boto3 <= 3 if reader == "obstore" else by_boto3 == 10


def test_a_listing_alone_is_obstore_s_too(s3, a2i, reader):
    uris = s3.put(100, a2i)
    s3.server.page = 10
    assert list(list_outputs(s3.session(), PREFIX)) == uris
    by_boto3 = s3.asked(operation="ListObjectsV2", agent="boto3")
    assert by_boto3 <= 3 if reader == "obstore" else by_boto3 == 10
    assert s3.asked(operation="GetObject") == 1


def test_a_listing_goes_on_where_the_first_object_may_not_be_read(s3, a2i, reader):
    uris = s3.put(30, a2i)
    s3.fail(s3.error(403, "AccessDenied"))
    assert list(list_outputs(s3.session(), PREFIX)) == uris


def test_a_listing_that_obstore_can_not_end_is_ended_by_boto3(s3, a2i):
    uris = s3.put(100, a2i)
    s3.server.page = 10

    def fault(request):
        ours = request.headers["user-agent"].startswith("hitl_sdk")
        listed = s3.asked(operation="ListObjectsV2", agent="obstore")
        return (
            s3.error(503, "SlowDown")
            if ours and request.operation == "ListObjectsV2" and listed > 4
            else None
        )

    s3.server.fault = fault
    assert read_prefix(s3.session(), PREFIX, concurrency=2).uris == uris


def test_rows_come_in_the_order_of_the_keys_whatever_takes_long(s3, a2i, reader):
    uris = s3.put(60, a2i)
    s3.fail(s3.answer(200, a2i.document(humanLoopName="slow"), delay=0.3), key="0005")
    outputs = read_prefix(s3.session(), PREFIX, concurrency=4)
    assert outputs.uris == uris
    assert [row.output.human_loop_name for row in outputs] == [
        "slow" if number == 5 else f"loop-{number}" for number in range(60)
    ]


def test_a_missing_bucket_is_an_error(s3, reader):
    with pytest.raises(NotFoundError, match="s3://no-such-bucket/a2i/"):
        read_prefix(s3.session(), "s3://no-such-bucket/a2i")


@pytest.mark.parametrize("missing", ["first", "all"])
def test_missing_objects_stop_nothing(s3, a2i, reader, missing):
    uris = ["s3://reviews/gone/output.json", *s3.put(20, a2i)]
    if missing == "all":
        s3.objects.clear()
    outputs = read_outputs(s3.session(), uris)
    wanted = [NotFoundError] * 21 if missing == "all" else [NotFoundError] + [type(None)] * 20
    assert [type(row.error) for row in outputs] == wanted


# --- as a stream


def test_batches_are_the_rows_of_the_prefix(s3, a2i, reader):
    s3.put(25, a2i)
    s3.server.page = 7
    whole = read_prefix(s3.session(), PREFIX)
    batches = list(iter_prefix(s3.session(), PREFIX, batch_size=10, flow_definition_arn=a2i.flow))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert [row for batch in batches for row in described(batch)] == described(whole)
    assert {batch.flow_definition_arn for batch in batches} == {a2i.flow}


def test_no_object_is_no_batch(s3, reader):
    assert list(iter_prefix(s3.session(), PREFIX)) == []


def test_a_stream_goes_no_further_ahead_than_four_objects_a_thread(s3, a2i, reader, monkeypatch):
    monkeypatch.setattr("hitl_sdk.results._fast_s3.PAGE", 20)
    s3.put(400, a2i)
    s3.server.page = 20
    s3.server.delay = 0.001
    stream = iter_prefix(s3.session(), PREFIX, batch_size=10, concurrency=3)
    for batches in range(1, 6):
        assert len(next(stream)) == 10
        assert s3.asked(operation="GetObject") <= 10 * batches + 4 * 3
        # the page in hand, and the one that is fetched while that is read
        assert s3.asked(operation="ListObjectsV2") <= (10 * batches + 4 * 3) // 20 + 2
    stream.close()  # what is under way comes to its end
    assert s3.asked(operation="GetObject") <= 50 + 4 * 3
    assert s3.server.most_in_flight <= 3


def test_objects_are_fetched_while_the_listing_goes_on(s3, a2i, reader, monkeypatch):
    monkeypatch.setattr("hitl_sdk.results._fast_s3.PAGE", 10)
    s3.put(100, a2i)
    s3.server.page = 10
    read_prefix(s3.session(), PREFIX, concurrency=2)
    pages = [index for index, operation in enumerate(s3.server.log) if operation == "ListObjectsV2"]
    assert len(pages) == 10
    assert s3.server.log[: pages[-1]].count("GetObject") >= 100 - 3 * 10


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"concurrency": 0}])
def test_a_stream_of_nothing_is_refused_at_once(s3, wrong):
    (name,) = wrong
    with pytest.raises(InvalidInputError, match=f"{name}=0 .give at least 1"):
        iter_prefix(s3.session(), PREFIX, **wrong)


def test_a_listing_that_breaks_off_is_an_error(s3, a2i, reader):
    s3.put(50, a2i)
    s3.server.page = 10
    s3.server.fault = lambda request: (
        s3.error(403, "AccessDenied") if request.query.get("continuation-token") == "20" else None
    )
    stream = iter_prefix(s3.session(), PREFIX, batch_size=5, concurrency=1)
    assert len(next(stream)) == 5
    with pytest.raises(AccessDeniedError, match="ListObjectsV2"):
        list(stream)


# --- when things go wrong


def broken_once(s3):
    return {
        "unavailable": s3.error(503, "SlowDown"),
        "internal": s3.error(500, "InternalError"),
        "reset": s3.answer(-1, b""),
        "cut": s3.answer(200, b"x" * 100, cut=50),
    }


@pytest.mark.parametrize("fault", ["unavailable", "internal", "reset", "cut"])
def test_what_goes_wrong_once_is_tried_again(s3, a2i, reader, fault):
    s3.put(20, a2i)
    s3.fail(broken_once(s3)[fault], key="0011", times=1)
    outputs = read_prefix(s3.session(max_attempts=2), PREFIX)
    assert [row.error for row in outputs] == [None] * 20


@pytest.mark.parametrize("fault", ["internal", "reset", "cut"])
def test_what_goes_wrong_always_is_that_rows_error(s3, a2i, reader, fault):
    s3.put(20, a2i)
    s3.fail(broken_once(s3)[fault], key="0011")
    outputs = read_prefix(s3.session(), PREFIX)
    errors = {index: type(row.error) for index, row in enumerate(outputs) if row.error}
    assert errors == {11: UnavailableError}


def test_a_session_that_expires_on_the_way_ends_the_reading(s3, a2i, reader):
    s3.put(300, a2i)

    def fault(request):
        return s3.error(400, "ExpiredToken") if s3.asked(operation="GetObject") > 50 else None

    s3.server.fault = fault
    with pytest.raises(CredentialsError, match="sign in again"):
        read_prefix(s3.session(), PREFIX, concurrency=2)
    assert s3.asked(operation="GetObject") < 100


def test_no_credentials_are_an_error(s3, a2i, reader, monkeypatch):
    uris = s3.put(3, a2i)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(CredentialsError, match="there are no AWS credentials"):
        read_outputs(s3.session(boto3_session=boto3.Session()), uris)


def test_a_wrong_secret_ends_the_reading(s3, a2i, reader):
    uris = s3.put(3, a2i)
    guessed = boto3.Session("test", "guessed")
    with pytest.raises(CredentialsError) as raised:
        list(read_outputs(s3.session(boto3_session=guessed), uris))
    assert raised.value.code == "SignatureDoesNotMatch"


def test_where_obstore_fails_and_boto3_does_not_boto3_goes_on_alone(s3, a2i):
    uris = s3.put(300, a2i)
    s3.fail(s3.error(403, "AccessDenied"), agent="obstore")
    outputs = read_outputs(s3.session(), uris, concurrency=4)
    assert [row.error for row in outputs] == [None] * 300
    assert s3.asked(agent="obstore") <= 10 + 4
    assert s3.asked(agent="boto3") == 300


def test_an_obstore_that_does_not_know_the_settings_is_not_used(s3, a2i, monkeypatch):
    uris = s3.put(5, a2i)

    def older(*_, **settings):
        raise ValueError("unknown configuration key")

    monkeypatch.setattr("obstore.store.S3Store", older)
    assert [row.error for row in read_outputs(s3.session(), uris)] == [None] * 5
    assert s3.asked(agent="boto3") == 5


# --- whom it asks, and as whom


def test_renewed_credentials_are_taken_up_on_the_way(s3, a2i):
    uris = s3.put(50, a2i)
    s3.server.keys = {f"key-{number}": f"secret-{number}" for number in range(1000)}
    numbers = iter(range(1, 1000))

    def renewed(number):
        soon = datetime.now(UTC) + timedelta(minutes=2)  # botocore renews what expires within ten
        return {
            "access_key": f"key-{number}",
            "secret_key": f"secret-{number}",
            "token": f"token-{number}",
            "expiry_time": soon.isoformat(),
        }

    core = botocore.session.get_session()
    core._credentials = RefreshableCredentials.create_from_metadata(
        renewed(0), lambda: renewed(next(numbers)), "assume-role"
    )
    outputs = read_outputs(s3.session(boto3_session=boto3.Session(botocore_session=core)), uris)
    assert [row.error for row in outputs] == [None] * 50
    assert s3.asked(agent="boto3") == 1
    assert len(s3.asked("access_key", agent="obstore")) > 10


def test_the_sessions_endpoint_counts_not_that_of_the_environment(s3, a2i, monkeypatch):
    uris = s3.put(5, a2i)
    session = s3.session()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_REGION": "eu-west-1",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_ACCESS_KEY_ID": "other",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other",
    }.items():
        monkeypatch.setenv(name, value)
    assert [row.error for row in read_outputs(session, uris)] == [None] * 5
    assert s3.asked(agent="obstore", access_key="test") == 4


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_an_endpoint_of_the_environment_counts_where_the_session_has_none(s3, a2i, monkeypatch, name):
    uris = s3.put(5, a2i)
    monkeypatch.setenv(name, s3.url)
    assert [row.error for row in read_outputs(s3.session(endpoint_url=None), uris)] == [None] * 5
    assert s3.asked(agent="obstore") == 4


def test_a_proxy_of_the_environment_is_asked(s3, a2i, monkeypatch):
    uris = s3.put(5, a2i)
    monkeypatch.setenv("HTTP_PROXY", s3.url)
    monkeypatch.setenv("http_proxy", s3.url)
    outputs = read_outputs(s3.session(endpoint_url="http://s3.example.invalid"), uris)
    assert [row.error for row in outputs] == [None] * 5
    assert s3.asked(agent="obstore") == 4


def test_requests_are_signed_for_the_sessions_region(s3, a2i):
    uris = s3.put(5, a2i)
    seen = set()
    s3.server.fault = lambda request: seen.add(request.headers["authorization"].split("/")[2])
    read_outputs(s3.session(region_name="eu-west-1"), uris)
    assert seen == {"eu-west-1"}
    assert s3.asked(agent="obstore") == 4


@pytest.fixture
def no_obstore(monkeypatch):
    """Let a bucket that is opened by obstore fail the test: it would be AWS's own."""
    monkeypatch.setattr("hitl_sdk.results._s3.open_fast_bucket", partial(pytest.fail, "obstore was opened"))


def test_what_moto_answers_in_this_process_is_never_asked_of_aws(s3, a2i, no_obstore):
    with mock_aws():
        session = s3.session(endpoint_url=None)
        client = session.client("s3")
        client.create_bucket(Bucket="reviews")
        for number in range(5):
            client.put_object(Bucket="reviews", Key=f"a2i/{number}/output.json", Body=a2i.document())
        outputs = read_prefix(session, PREFIX)
        assert [row.error for row in outputs] == [None] * 5


def test_what_a_stubber_answers_is_never_asked_of_aws(s3, no_obstore):
    session = s3.session(endpoint_url=None)
    body = {"Body": botocore.response.StreamingBody(io.BytesIO(b"[]"), 2)}
    with Stubber(session.client("s3")) as stubber:
        stubber.add_response("get_object", body)
        assert read_outputs(session, ["s3://reviews/output.json"]).documents == [b"[]"]


def test_what_a_patched_client_answers_is_never_asked_of_aws(s3, a2i, no_obstore):
    def answered(self, operation, parameters):
        return {"Body": io.BytesIO(a2i.document())}

    with patch("botocore.client.BaseClient._make_api_call", answered):
        outputs = read_outputs(s3.session(endpoint_url=None), ["s3://reviews/a", "s3://reviews/b"])
    assert outputs.documents == [a2i.document()] * 2


def test_the_local_service_is_read_as_s3_is(a2i):
    with local_server(simulate_workers=False) as server:
        session = server.session()
        client = session.client("s3")
        client.create_bucket(Bucket="reviews")
        documents = [a2i.document(humanLoopName=f"loop-{number}") for number in range(8)]
        for number, document in enumerate(documents):
            client.put_object(Bucket="reviews", Key=f"a2i/mä ß+{number}/output.json", Body=document)
        client.meta.events.register(
            "before-send.s3.GetObject", lambda request, **_: asked.append(request.url)
        )
        asked = []
        outputs = read_prefix(session, PREFIX)
        assert outputs.documents == documents
        assert len(asked) == 1
        missing = ["s3://reviews/a2i/gone/output.json", "s3://no-such-bucket/output.json"]
        rows = list(read_outputs(session, [*outputs.uris, *missing]))
        assert [type(row.error) for row in rows[8:]] == [NotFoundError, NotFoundError]
        assert [row.error.code for row in rows[8:]] == ["NoSuchKey", "NoSuchBucket"]


# --- wherever it is called from


def test_it_reads_where_an_event_loop_runs(s3, a2i, reader):
    s3.put(10, a2i)

    async def notebook():
        return read_prefix(s3.session(), PREFIX)

    assert len(asyncio.run(notebook())) == 10


def test_it_reads_in_several_threads_at_once(s3, a2i, reader):
    s3.put(50, a2i)
    session = s3.session()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: read_prefix(session, PREFIX).documents, range(4)))
    assert results == [[s3.objects[key] for key in sorted(s3.objects)]] * 4


@pytest.fixture
def interruptible():
    """Python's own way with SIGINT, which a process that was started in the background of a script ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_the_user_can_interrupt_it(s3, a2i, reader):
    s3.put(400, a2i)
    interrupted = []

    def fault(request):
        if s3.asked(operation="GetObject") >= 40 and not interrupted:
            interrupted.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    s3.server.fault = fault
    s3.server.delay = 0.01
    with pytest.raises(KeyboardInterrupt):
        read_prefix(s3.session(), PREFIX, concurrency=2)
    asked = s3.asked(operation="GetObject")
    assert asked < 100
    assert s3.server.in_flight == 0


FORK = """
import multiprocessing, sys, boto3
from hitl_sdk import Session
from hitl_sdk.results import read_prefix
def read():
    session = Session(region_name="us-east-1", endpoint_url=sys.argv[1], boto3_session=boto3.Session("test", "test"))
    return len(read_prefix(session, "s3://reviews/a2i"))
if __name__ == "__main__":
    print(read())
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.apply(read))
"""


def test_a_forked_process_reads_too(s3, a2i):
    s3.put(10, a2i)
    ended = subprocess.run(
        [sys.executable, "-c", FORK, s3.url], capture_output=True, text=True, timeout=50, check=False
    )
    assert (ended.stdout.split(), ended.stderr) == (["10", "10"], "")
    assert (s3.asked(agent="obstore"), s3.asked(operation="GetObject", agent="boto3")) == (9, 11)
