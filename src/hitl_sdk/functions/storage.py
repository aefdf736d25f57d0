"""Where functions read the answers from and write their files to: S3, or whatever looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import AccessDeniedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from hitl_sdk.functions.events import PostAnnotationEvent
    from hitl_sdk.session import Session

__all__ = ["S3Storage", "Storage", "storage_of"]


class Storage(Protocol):
    """What functions read and write by: two methods, so that a test may give a dict of its own.

    Examples
    --------
    >>> class InMemory(dict):
    ...     read, write = dict.__getitem__, dict.__setitem__
    >>> storage: Storage = InMemory()
    >>> storage.write("s3://bucket/a.json", b"[]")
    >>> storage.read("s3://bucket/a.json")
    b'[]'
    """

    def read(self, uri: str) -> bytes:
        """Return the content of an object.

        Parameters
        ----------
        uri : str
            ``s3://BUCKET/KEY``.
        """
        ...

    def write(self, uri: str, body: bytes) -> None:
        """Write an object.

        Parameters
        ----------
        uri : str
            ``s3://BUCKET/KEY``.
        body : bytes
            Its content.
        """
        ...


class S3Storage:
    """Objects in S3.

    Parameters
    ----------
    client : boto3 client of S3
        Whose rights are used.
    kms_key_id : str, optional
        The key with which S3 encrypts what is written; the bucket's own way when left out.

    Examples
    --------
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     _ = cloud.bucket("answers")
    ...     storage = S3Storage(cloud.session().client("s3"))
    ...     storage.write("s3://answers/a.json", b"[]")
    ...     storage.read("s3://answers/a.json")
    b'[]'
    """

    def __init__(self, client: S3Client, *, kms_key_id: str | None = None) -> None:
        self._client = client
        self._kms_key_id = kms_key_id

    def read(self, uri: str) -> bytes:
        """Return the content of an object.

        Parameters
        ----------
        uri : str
            ``s3://BUCKET/KEY``.

        Raises
        ------
        InvalidInputError
            If it is no such address.
        ServiceError
            If S3 refuses.
        """
        bucket, key = split_uri(uri)
        with translated_errors(uri):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(self, uri: str, body: bytes) -> None:
        """Write an object.

        Parameters
        ----------
        uri : str
            ``s3://BUCKET/KEY``.
        body : bytes
            Its content.

        Raises
        ------
        InvalidInputError
            If it is no such address.
        ServiceError
            If S3 refuses.
        """
        bucket, key = split_uri(uri)
        with translated_errors(uri):
            if self._kms_key_id is None:
                self._client.put_object(Bucket=bucket, Key=key, Body=body)
            else:
                self._client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    ServerSideEncryption="aws:kms",
                    SSEKMSKeyId=self._kms_key_id,
                )


def storage_of(event: PostAnnotationEvent, session: Session | None = None) -> S3Storage:
    """Return S3 with the rights of the event's role, writing with the event's key.

    Ground Truth names its role in every event, and a function may read the answers in two ways: the role's trust policy
    names the function's own role, or that one may read the bucket itself. So where the role may not be assumed, the
    function's own rights are used.

    Parameters
    ----------
    event : PostAnnotationEvent
        With or without a role.
    session : Session, optional
        Of the function itself; by the environment when left out.

    Raises
    ------
    ServiceError
        If STS fails otherwise than by refusing.

    Examples
    --------
    >>> from hitl_sdk.functions import PostAnnotationEvent
    >>> from hitl_sdk.testing import mock_hitl
    >>> with mock_hitl() as cloud:
    ...     event = PostAnnotationEvent("mood", "s3://answers/a.json", role_arn=cloud.role_arn)
    ...     type(storage_of(event, cloud.session())).__name__
    'S3Storage'
    """
    if session is None:
        from hitl_sdk.session import Session as OfTheEnvironment

        session = OfTheEnvironment()
    if event.role_arn is not None:
        session = _assumed(event.role_arn, session) or session
    return S3Storage(session.client("s3"), kms_key_id=event.kms_key_id)


def _assumed(role_arn: str, session: Session) -> Session | None:
    """Return a session of a role; None if it may not be assumed."""
    import boto3

    try:
        with translated_errors(role_arn):
            credentials = session.client("sts").assume_role(
                RoleArn=role_arn, RoleSessionName="hitl-sdk-functions"
            )["Credentials"]
    except AccessDeniedError:
        return None
    as_role = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=session.region_name,
    )
    return type(session)(boto3_session=as_role, endpoint_url=session.endpoint_url)
