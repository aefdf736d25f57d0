"""Fetching output.json files from S3: in order, in threads, and one object's trouble is one row's."""

import json
from datetime import timedelta
from threading import Lock

import boto3
import pytest
from moto import mock_aws

from hitl_sdk import Session
from hitl_sdk.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidInputError,
    InvalidOutputError,
    NotFoundError,
    RejectedError,
    ResourceFailedError,
    UnavailableError,
)
from hitl_sdk.loops import list_loops
from hitl_sdk.results import answers_frame, read_loops, read_outputs, read_prefix


@pytest.fixture
def bucket(monkeypatch, one_boto3_session):
    with mock_aws():
        session = Session(region_name="us-east-1", boto3_session=one_boto3_session)
        session.client("s3").create_bucket(Bucket="bucket")
        yield session


def put(session, key, body):
    session.client("s3").put_object(Bucket="bucket", Key=key, Body=body)
    return f"s3://bucket/{key}"


def fail_get_object(session, *, key, code, status):
    """Let S3 answer every GetObject of a key (or of all) with an error."""
    from botocore.awsrequest import AWSResponse

    def before_call(params, **_):
        if key in params["url_path"]:
            said = {
                "Error": {"Code": code, "Message": "injected"},
                "ResponseMetadata": {"HTTPStatusCode": status},
            }
            return AWSResponse("https://example.com", status, {}, None), said
        return None

    session.client("s3").meta.events.register("before-call.s3.GetObject", before_call)


# --- by address


def test_rows_come_in_the_order_of_the_addresses(bucket, a2i):
    uris = [
        put(bucket, f"{number}/output.json", a2i.document(humanLoopName=f"loop-{number}"))
        for number in range(40)
    ]
    outputs = read_outputs(bucket, reversed(uris), concurrency=7)
    assert outputs.uris == uris[::-1]
    assert [row.output.human_loop_name for row in outputs] == [
        f"loop-{number}" for number in reversed(range(40))
    ]


def test_a_missing_object_is_a_row_with_the_error(bucket, a2i):
    there = put(bucket, "a/output.json", a2i.document())
    outputs = read_outputs(bucket, [there, "s3://bucket/b/output.json", "s3://no-such-bucket/output.json"])
    frame = answers_frame(outputs, a2i.task)
    assert frame["label"].tolist()[:1] == ["-1"]
    assert frame["error"].isna().tolist() == [True, False, False]
    assert [type(row.error) for row in outputs][1:] == [NotFoundError, NotFoundError]
    assert "s3://bucket/b/output.json" in frame["error"][1]
    assert frame["output_s3_uri"].tolist() == outputs.uris


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("AccessDenied", 403, AccessDeniedError), ("InternalError", 500, UnavailableError)],
)
def test_what_s3_refuses_for_one_object_is_that_rows_error(bucket, a2i, code, status, error):
    uris = [put(bucket, f"{name}/output.json", a2i.document()) for name in "ab"]
    fail_get_object(bucket, key="b/output.json", code=code, status=status)
    first, second = read_outputs(bucket, uris)
    assert first.error is None
    assert isinstance(second.error, error)
    assert second.error.resource == uris[1]


def test_an_expired_session_is_raised_at_once(bucket, a2i):
    uris = [put(bucket, f"{name}/output.json", a2i.document()) for name in "ab"]
    fail_get_object(bucket, key="", code="ExpiredToken", status=400)
    with pytest.raises(CredentialsError, match="sign in again"):
        read_outputs(bucket, uris)


def test_after_an_expired_session_no_new_object_is_asked_for(bucket):
    asked = []
    lock = Lock()

    def count(**_):
        with lock:
            asked.append(1)

    bucket.client("s3").meta.events.register("before-call.s3.GetObject", count)
    fail_get_object(bucket, key="", code="ExpiredToken", status=400)
    with pytest.raises(CredentialsError):
        read_outputs(bucket, [f"s3://bucket/{number}" for number in range(500)], concurrency=2)
    assert len(asked) < 500


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "bucket/key",
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3://UPPER/key",
        "https://bucket/key",
        "s3:/b/k",
        None,
    ],
)
def test_a_bad_address_is_named_before_anything_is_fetched(bucket, uri):
    with pytest.raises(InvalidInputError, match=r"is no S3 address .*s3://BUCKET/KEY") as caught:
        read_outputs(bucket, ["s3://bucket/there", uri])
    assert repr(uri) in str(caught.value)


def test_at_least_one_thread(bucket):
    with pytest.raises(InvalidInputError, match="concurrency=0"):
        read_outputs(bucket, [], concurrency=0)


def test_no_addresses_are_no_rows(bucket):
    assert len(read_outputs(bucket, [])) == 0


# --- by prefix


def test_a_prefix_gives_every_output_under_it_in_order(bucket, a2i):
    keys = [f"a2i/sentiment/2023/02/03/10/00/{second:02}/loop/output.json" for second in range(12)]
    for key in reversed(keys):
        put(bucket, key, a2i.document())
    put(bucket, "a2i/sentiment/readme.txt", b"not one of them")
    put(bucket, "a2i/sentiment/my-output.json", b"nor this")
    put(bucket, "a2i/sentiment-old/loop/output.json", a2i.document())
    for uri in ("s3://bucket/a2i/sentiment", "s3://bucket/a2i/sentiment/"):
        assert read_prefix(bucket, uri).uris == [f"s3://bucket/{key}" for key in keys]


def test_a_listing_of_many_pages_is_read_to_its_end(bucket, monkeypatch):
    for number in range(5):
        put(bucket, f"{number}/output.json", b"[]")
    pages = []
    client = bucket.client("s3")
    client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: params | {"MaxKeys": 2}
    )
    client.meta.events.register("after-call.s3.ListObjectsV2", lambda **_: pages.append(1))
    assert len(read_prefix(bucket, "s3://bucket")) == 5
    assert len(pages) == 3


def test_a_document_of_another_flow_under_the_prefix_is_a_row_with_an_error(bucket, a2i):
    put(bucket, "a2i/1/output.json", a2i.document())
    put(bucket, "a2i/2/output.json", a2i.document(flowDefinitionArn=a2i.flow + "-old"))
    outputs = read_prefix(bucket, "s3://bucket/a2i", flow_definition_arn=a2i.flow)
    assert [type(row.error) for row in outputs] == [type(None), InvalidOutputError]


def test_an_empty_prefix_is_no_rows(bucket):
    assert len(read_prefix(bucket, "s3://bucket/nothing/here")) == 0


def test_a_missing_bucket_is_an_error(bucket):
    with pytest.raises(NotFoundError, match="s3://no-such-bucket"):
        read_prefix(bucket, "s3://no-such-bucket/a2i")


def test_a_bad_prefix_is_named(bucket):
    with pytest.raises(InvalidInputError, match="'bucket/a2i' is no S3 address"):
        read_prefix(bucket, "bucket/a2i")


# --- by loop


def test_completed_loops_are_read_by_name(review):
    review.cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    names = [review.start(item) for item in ("it broke", "it is okay")]
    review.cloud.advance(60)
    frame = answers_frame(read_loops(review.session, names, flow_definition_arn=review.arn), review.task)
    assert frame["item"].tolist() == ["it broke", "it is okay"]
    assert frame["label"].tolist() == ["0", "0"]
    assert frame["human_loop_name"].tolist() == names
    assert frame["output_s3_uri"].str.endswith("/output.json").all()


def test_a_loop_without_output_is_a_row_that_says_why(review):
    waiting, stopped, expired = (review.start(item) for item in ("a", "b", "c"))
    runtime = review.session.client("sagemaker-a2i-runtime")
    runtime.stop_human_loop(HumanLoopName=stopped)
    review.cloud.advance(60)
    rows = list(read_loops(review.session, [waiting, stopped, "no-such-loop", "NOT A NAME"]))
    assert [type(row.error) for row in rows] == [NotFoundError, NotFoundError, NotFoundError, RejectedError]
    assert f"human loop '{waiting}' is InProgress" in str(rows[0].error)
    assert f"human loop '{stopped}' is Stopped" in str(rows[1].error)
    assert all(row.output is None and row.document is None for row in rows)
    review.cloud.advance(400 * 86400)
    (row,) = read_loops(review.session, [expired])
    assert isinstance(row.error, ResourceFailedError)
    assert "is Failed (" in str(row.error)


@pytest.fixture
def answered(review):
    """Return a review with 12 completed loops and a stopped one, the names of the 12, and when each was created."""
    review.session.client("sagemaker-a2i-runtime").stop_human_loop(HumanLoopName=review.start("stopped"))
    review.cloud.workers.answer(lambda item: {"sentiment": {"label": "0"}})
    names = []
    for number in range(12):
        names.append(review.start(f"review {number}"))
        review.cloud.advance(7)
    review.cloud.advance(60)
    created_at = {loop.human_loop_name: loop.created_at for loop in list_loops(review.session, review.arn)}
    review.calls.count.clear()
    return review, names, created_at


def test_loops_of_known_age_are_read_without_describing_each(answered):
    review, names, created_at = answered
    described = read_loops(review.session, names)
    assert review.calls.count["DescribeHumanLoop"] == 12
    found = read_loops(review.session, names, created_at=created_at)
    assert review.calls.count["DescribeHumanLoop"] == 12 + 1
    assert (found.uris, found.documents) == (described.uris, described.documents)
    assert [row.output.human_loop_name for row in found] == names


def test_a_loop_whose_document_is_not_where_its_age_says_is_described(answered):
    review, names, created_at = answered
    wrong = created_at | {names[5]: created_at[names[5]] + timedelta(seconds=1)}
    del wrong[names[7]]
    found = read_loops(review.session, names, created_at=wrong)
    assert review.calls.count["DescribeHumanLoop"] == 3
    assert [row.error for row in found] == [None] * 12


def test_a_loop_of_known_age_without_a_document_says_why(answered):
    review, names, created_at = answered
    (stopped,) = created_at.keys() - set(names)
    row = read_loops(review.session, [*names, stopped], created_at=created_at)[12]
    assert isinstance(row.error, NotFoundError)
    assert "is Stopped" in str(row.error)


def test_a_flow_that_keeps_its_documents_elsewhere_is_read_by_describing(answered):
    review, names, created_at = answered
    later = {name: created + timedelta(hours=1) for name, created in created_at.items()}
    runtime = review.session.client("sagemaker-a2i-runtime")
    runtime.meta.events.register(
        "after-call.*.DescribeHumanLoop",
        lambda parsed, **_: parsed.update(CreationTime=parsed["CreationTime"] + timedelta(hours=1)),
    )
    found = read_loops(review.session, names, created_at=later)
    assert review.calls.count["DescribeHumanLoop"] == 12
    assert [row.error for row in found] == [None] * 12


def test_an_expired_session_ends_the_reading_of_loops(review):
    name = review.start("a")
    review.calls.fail("DescribeHumanLoop", ("ExpiredTokenException", 400))
    with pytest.raises(CredentialsError):
        read_loops(review.session, [name])


def test_a_plain_boto3_writer_and_this_reader_agree(bucket, a2i):
    boto3.client("s3", region_name="us-east-1").put_object(
        Bucket="bucket", Key="x/output.json", Body=json.dumps(json.loads(a2i.document()), indent=1)
    )
    assert read_prefix(bucket, "s3://bucket/x")[0].output.answers[0].worker_id == "0f1e2d3c4b5a6978"


def test_one_text_is_not_read_letter_by_letter():
    session = Session(region_name="eu-west-1")
    with pytest.raises(InvalidInputError, match="names is one text, 'loop-1'"):
        read_loops(session, "loop-1")
    with pytest.raises(InvalidInputError, match="uris is one text"):
        read_outputs(session, "s3://bucket/output.json")
