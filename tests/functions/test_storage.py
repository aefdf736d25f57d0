"""S3 for functions: the job's role where it may be assumed, its key on what is written."""

import pytest
from botocore.exceptions import ClientError

from hitl_sdk.errors import AccessDeniedError, InvalidInputError, NotFoundError, ServiceError
from hitl_sdk.functions import PostAnnotationEvent, S3Storage, storage_of


class Sts:
    """A client of STS that answers an error."""

    def __init__(self, code):
        self.code = code

    def assume_role(self, **_):
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "AssumeRole")


@pytest.fixture
def session(hitl_cloud):
    hitl_cloud.bucket("out")
    return hitl_cloud.session()


def event(**fields):
    return PostAnnotationEvent("pets", "s3://out/a.json", **fields)


def test_what_is_written_is_read(session):
    storage = storage_of(event(), session)
    storage.write("s3://out/a/b.json", b"[]")

    assert storage.read("s3://out/a/b.json") == b"[]"


def test_what_is_written_has_the_key_of_the_job(session):
    storage = storage_of(event(kms_key_id="arn:aws:kms:us-east-1:123456789012:key/a"), session)
    storage.write("s3://out/a.json", b"[]")

    head = session.client("s3").head_object(Bucket="out", Key="a.json")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/a"


def test_the_role_is_assumed(session, hitl_cloud, monkeypatch):
    asked = []
    client = session.client("sts")
    assume = client.assume_role
    monkeypatch.setattr(client, "assume_role", lambda **fields: asked.append(fields) or assume(**fields))

    storage = storage_of(event(role_arn=hitl_cloud.role_arn), session)
    storage.write("s3://out/a.json", b"[]")

    assert [fields["RoleArn"] for fields in asked] == [hitl_cloud.role_arn]
    assert storage.read("s3://out/a.json") == b"[]"


def test_the_functions_own_rights_are_used_where_the_role_may_not_be_assumed(session, monkeypatch):
    monkeypatch.setitem(session._clients, "sts", Sts("AccessDenied"))

    storage = storage_of(event(role_arn="arn:aws:iam::123456789012:role/gt"), session)
    storage.write("s3://out/a.json", b"[]")

    assert storage.read("s3://out/a.json") == b"[]"


def test_another_failure_of_sts_is_told(session, monkeypatch):
    monkeypatch.setitem(session._clients, "sts", Sts("MalformedPolicyDocument"))

    with pytest.raises(ServiceError, match="role/gt") as caught:
        storage_of(event(role_arn="arn:aws:iam::123456789012:role/gt"), session)
    assert not isinstance(caught.value, AccessDeniedError)


@pytest.mark.parametrize("uri", ["", "a.json", "s3://out", "https://out/a.json"])
def test_what_is_no_address_is_refused(session, uri):
    storage = S3Storage(session.client("s3"))

    with pytest.raises(InvalidInputError, match="is no S3 address"):
        storage.read(uri)
    with pytest.raises(InvalidInputError, match="is no S3 address"):
        storage.write(uri, b"")


def test_what_is_not_there_is_named(session):
    storage = S3Storage(session.client("s3"))

    with pytest.raises(NotFoundError, match=r"s3://out/gone\.json"):
        storage.read("s3://out/gone.json")
    with pytest.raises(NotFoundError, match="s3://gone-too"):
        storage.write("s3://gone-too/a.json", b"")
