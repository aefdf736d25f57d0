"""Manifests in S3: whole or not there, whatever breaks; read on where a read broke off."""

import gzip

import pytest
from botocore.exceptions import ResponseStreamingError

from hitl_sdk.errors import InvalidInputError, RejectedError, UnavailableError
from hitl_sdk.labeling import InputManifest
from hitl_sdk.labeling import _manifest_storage as storage
from hitl_sdk.testing import mock_hitl

URI = "s3://pets/in/x.manifest"
LONG = [{"source": f"{n} " + "x" * 19_000} for n in range(1_000)]  # 18 MiB: three parts


@pytest.fixture
def cloud():
    with mock_hitl() as cloud:
        cloud.bucket("pets")
        yield cloud


@pytest.fixture
def session(cloud):
    return cloud.session()


@pytest.fixture
def calls(session, watched):
    return watched(session, ("s3",))


def keys(session) -> list[str]:
    return [entry["Key"] for entry in session.client("s3").list_objects_v2(Bucket="pets").get("Contents", ())]


def uploads(session) -> list[str]:
    found = session.client("s3").list_multipart_uploads(Bucket="pets")
    return [upload["UploadId"] for upload in found.get("Uploads", ())]


def test_a_small_manifest_is_one_call(session, calls):
    assert InputManifest.from_lines([{"source": "ü"}]).write(URI, session) == URI

    assert calls.count == {"PutObject": 1}
    assert list(InputManifest.open(URI, session)) == [{"source": "ü"}]


def test_a_large_manifest_goes_part_by_part(session, calls):
    InputManifest.from_lines(LONG).write(URI, session)

    assert calls.count == {
        "ListMultipartUploads": 1,
        "CreateMultipartUpload": 1,
        "UploadPart": 3,
        "CompleteMultipartUpload": 1,
    }
    assert list(InputManifest.open(URI, session)) == LONG


def test_a_manifest_without_lines_is_an_empty_object(session):
    InputManifest.from_lines([]).write(URI, session)

    assert keys(session) == ["in/x.manifest"]
    assert list(InputManifest.open(URI, session)) == []


def test_gzip_goes_by_the_name_in_s3_too(session):
    InputManifest.from_lines([{"source": "a"}]).write(f"{URI}.gz", session)

    body = session.client("s3").get_object(Bucket="pets", Key="in/x.manifest.gz")["Body"].read()
    assert gzip.decompress(body) == b'{"source":"a"}\n'
    assert list(InputManifest.open(f"{URI}.gz", session)) == [{"source": "a"}]


def test_a_line_that_cant_be_written_leaves_nothing_behind(session):
    with pytest.raises(InvalidInputError, match="line 1001: "):
        InputManifest.from_lines([*LONG, {"source": b"x"}]).write(URI, session)

    assert (keys(session), uploads(session)) == ([], [])


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_an_upload_that_fails_midway_leaves_nothing_behind(session, calls, operation):
    calls.fail(operation, ("InternalError", 500), when=lambda params, n: params.get("PartNumber") != 1)

    with pytest.raises(UnavailableError, match=r"s3://pets/in/x.manifest: injected InternalError"):
        InputManifest.from_lines(LONG).write(URI, session)
    assert (keys(session), uploads(session)) == ([], [])


def test_an_upload_that_is_interrupted_is_given_up(session, calls):
    calls.fail("UploadPart", KeyboardInterrupt(), when=lambda params, n: n == 2)

    with pytest.raises(KeyboardInterrupt):
        InputManifest.from_lines(LONG).write(URI, session)
    assert (keys(session), uploads(session)) == ([], [])


def test_what_is_left_of_an_upload_that_cant_be_given_up_is_said(session, calls):
    calls.fail("UploadPart", ("InternalError", 500))
    calls.fail("AbortMultipartUpload", ("AccessDenied", 403))

    with pytest.raises(UnavailableError) as caught:
        InputManifest.from_lines(LONG).write(URI, session)
    (upload,) = uploads(session)
    assert caught.value.__notes__ == [f"the parts of upload {upload} to {URI} are still there: abort it"]


def test_uploads_that_a_dead_process_left_are_said_and_let_be(session):
    s3 = session.client("s3")
    left, _ = (
        s3.create_multipart_upload(Bucket="pets", Key=key)["UploadId"]
        for key in ("in/x.manifest", "in/x.manifest.old")
    )

    with pytest.warns(
        UserWarning, match=f"to {URI} were never ended, and S3 bills their parts: {left}; abort"
    ):
        InputManifest.from_lines(LONG).write(URI, session)
    assert left in uploads(session)
    assert list(InputManifest.open(URI, session)) == LONG


def test_who_may_not_list_uploads_may_write(session, calls):
    calls.fail("ListMultipartUploads", ("AccessDenied", 403))

    InputManifest.from_lines(LONG).write(URI, session)
    assert keys(session) == ["in/x.manifest"]


def test_what_was_there_stays_when_writing_fails(session, calls):
    InputManifest.from_lines([{"source": "as it was"}]).write(URI, session)
    calls.fail("UploadPart", ("InternalError", 500))

    with pytest.raises(UnavailableError):
        InputManifest.from_lines(LONG).write(URI, session)
    assert list(InputManifest.open(URI, session)) == [{"source": "as it was"}]


class BreakingBody:
    """The body of an answer that breaks off after some bytes, or at once."""

    def __init__(self, body, after):
        self._body, self._after = body, after

    def iter_chunks(self, size):
        yield from ([self._body.read(self._after)] if self._after else [])
        raise ResponseStreamingError(error="the connection broke")

    def close(self):
        self._body.close()


def break_reads(session, *after):
    """Let the first reads break off after so many bytes."""
    left = list(after)

    def broken(parsed, **_):
        if left:
            parsed["Body"] = BreakingBody(parsed["Body"], left.pop(0))

    session.client("s3").meta.events.register("after-call.s3.GetObject", broken)


def test_a_read_that_breaks_off_goes_on_where_it_was(session, calls):
    InputManifest.from_lines(LONG).write(URI, session)
    break_reads(session, 5_000_001, 0)

    assert list(InputManifest.open(URI, session)) == LONG
    assert calls.count["GetObject"] == 3


def test_a_read_that_breaks_off_at_once_begins_again(session, calls):
    InputManifest.from_lines([{"source": "a"}]).write(URI, session)
    break_reads(session, 0, 0)

    assert list(InputManifest.open(URI, session)) == [{"source": "a"}]


def test_a_read_that_breaks_off_again_and_again_is_an_error(session):
    InputManifest.from_lines([{"source": "a"}]).write(URI, session)
    break_reads(session, 0, 0, 0)

    with pytest.raises(UnavailableError, match=r"s3://pets/in/x.manifest: "):
        list(InputManifest.open(URI, session))


def test_a_manifest_that_changes_while_it_is_read_is_an_error(session):
    s3 = session.client("s3")
    InputManifest.from_lines(LONG).write(URI, session)
    break_reads(session, 5_000_001)
    lines = iter(InputManifest.open(URI, session))
    next(lines)
    s3.put_object(Bucket="pets", Key="in/x.manifest", Body=b"x" * 6_000_000)

    with pytest.raises(RejectedError, match=r"s3://pets/in/x.manifest: "):
        list(lines)


def test_a_manifest_is_written_as_it_is_made(session, monkeypatch):
    monkeypatch.setattr(storage, "_PART", 100)
    made = []
    sent = []
    session.client("s3").meta.events.register(
        "provide-client-params.s3.UploadPart", lambda params, **_: sent.append(len(made))
    )
    session.client("s3").meta.events.register("before-call.s3.CompleteMultipartUpload", _refuse)

    def chunks():
        for n in range(50):
            made.append(n)
            yield b"x" * 100

    with pytest.raises(InvalidInputError, match="enough"):
        storage.write_chunks(URI, chunks(), session)
    assert sent[0] < 50
    assert len(sent) == 50


def _refuse(**_):
    raise InvalidInputError("enough")
