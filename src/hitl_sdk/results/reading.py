"""Fetches output.json files: by their addresses, by a prefix, or by the names of human loops."""

from __future__ import annotations

from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._s3_uri import split_uri
from hitl_sdk.errors import (
    InvalidInputError,
    NotFoundError,
    ResourceFailedError,
    ServiceError,
)
from hitl_sdk.results._fetching import Fetched, fetch_in_order, object_fetcher
from hitl_sdk.results._s3 import ObjectReader
from hitl_sdk.results.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from hitl_sdk.session import Session

__all__ = ["iter_outputs", "iter_prefix", "list_outputs", "read_loops", "read_outputs", "read_prefix"]


def read_outputs(
    session: Session,
    uris: Iterable[str],
    *,
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> Outputs:
    """Fetch output.json files, many at a time.

    Where obstore is installed (the extra ``fast``) and a server answers, obstore reads them, several times as fast;
    else, and wherever it fails, boto3 does. The rows are the same.

    Parameters
    ----------
    session : Session
        Whose S3.
    uris : iterable of str
        Where they lie: ``s3://BUCKET/KEY``.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads: 128 when left out, 32 without obstore (the extra ``fast``). boto3 has at most 32 of them at work.

    Returns
    -------
    Outputs
        One row an address, in their order. What S3 refuses for one object (it is not there, access is
        denied) is that row's error.

    Raises
    ------
    InvalidInputError
        If one of `uris` is no S3 address, or they are one text; nothing is fetched then.
    CredentialsError
        If there are no credentials or they have expired; then no row could be read.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> read_outputs(Session(region_name="eu-west-1"), ["bucket/output.json"])
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: 'bucket/output.json' is no S3 address (it looks like s3://BUCKET/KEY)
    """
    wanted = list(_several(uris, "uris"))
    for uri in wanted:
        split_uri(uri)
    fetch = object_fetcher(ObjectReader(session))
    return _outputs(fetch_in_order(fetch, wanted, concurrency), flow_definition_arn)


def read_prefix(
    session: Session,
    uri: str,
    *,
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> Outputs:
    """Fetch every output.json under a prefix, while the listing goes on.

    Parameters
    ----------
    session : Session
        Whose S3.
    uri : str
        ``s3://BUCKET/PREFIX``, read as a folder: ``s3://bucket/a2i/review`` leaves out
        ``a2i/review-old/``. A flow writes to ``OUTPUT/FLOW/YYYY/MM/DD/hh/mm/ss/LOOP/output.json``.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads, as for `read_outputs`.

    Returns
    -------
    Outputs
        One row an object, in the order of their keys: within a flow, the order in which the loops were
        created. Empty if there is none.

    Raises
    ------
    InvalidInputError
        If `uri` is no S3 address.
    NotFoundError
        If the bucket does not exist.
    CredentialsError
        If there are no credentials or they have expired.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> read_prefix(Session(region_name="eu-west-1"), "bucket/a2i")
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidInputError: 'bucket/a2i' is no S3 address (it looks like s3://BUCKET/PREFIX)
    """
    return _outputs(_stream_prefix(session, uri, concurrency), flow_definition_arn)


def iter_prefix(
    session: Session,
    uri: str,
    *,
    batch_size: int = 1000,
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> Iterator[Outputs]:
    """Fetch every output.json under a prefix, batch after batch: for more than fits into memory.

    Listing and fetching go no further ahead than four objects a thread (and a page of keys), so memory holds that
    much and one batch, however many objects there are. Closing the iterator ends both.

    Parameters
    ----------
    session : Session
        Whose S3.
    uri : str
        ``s3://BUCKET/PREFIX``, read as by `read_prefix`.
    batch_size : int, default 1000
        Documents a batch; the last may have fewer.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads, as for `read_outputs`.

    Returns
    -------
    iterator of Outputs
        Together the rows of `read_prefix`, in the same order. None of them is empty.

    Raises
    ------
    InvalidInputError
        If `uri` is no S3 address, or `batch_size` or `concurrency` is below 1.
    NotFoundError
        If the bucket does not exist; on the way, as the next.
    CredentialsError
        If there are no credentials or they have expired.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     bucket, s3 = cloud.bucket("reviews"), cloud.session().client("s3")
    ...     for n in range(5):
    ...         _ = s3.put_object(Bucket=bucket, Key=f"a2i/{n}/output.json", Body=b"{}")
    ...     [len(outputs) for outputs in iter_prefix(cloud.session(), "s3://reviews/a2i", batch_size=2)]
    [2, 2, 1]
    """
    return _batches(_stream_prefix(session, uri, concurrency), batch_size, flow_definition_arn)


def iter_outputs(
    session: Session,
    uris: Iterable[str],
    *,
    batch_size: int = 1000,
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> Iterator[Outputs]:
    """Fetch output.json files by their addresses, batch after batch: for more than fits into memory.

    Addresses are taken as they are fetched, no further ahead than four a thread; so `uris` may be a stream itself.

    Parameters
    ----------
    session : Session
        Whose S3.
    uris : iterable of str
        Where they lie: ``s3://BUCKET/KEY``. One that is no S3 address is a row with that error.
    batch_size : int, default 1000
        Documents a batch; the last may have fewer.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads, as for `read_outputs`.

    Returns
    -------
    iterator of Outputs
        Together one row an address, in their order. None of them is empty.

    Raises
    ------
    InvalidInputError
        If `uris` is one text, or `batch_size` or `concurrency` is below 1.
    CredentialsError
        If there are no credentials or they have expired; on the way, as the next.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     _ = cloud.bucket("reviews")
    ...     uris = (f"s3://reviews/a2i/{n}/output.json" for n in range(3))
    ...     for outputs in iter_outputs(cloud.session(), uris, batch_size=2):
    ...         print([type(row.error).__name__ for row in outputs])
    ['NotFoundError', 'NotFoundError']
    ['NotFoundError']
    """
    fetch = object_fetcher(ObjectReader(session))
    return _batches(
        fetch_in_order(fetch, _several(uris, "uris"), concurrency), batch_size, flow_definition_arn
    )


def list_outputs(session: Session, uri: str) -> Iterator[str]:
    """List the output.json files under a prefix.

    None of them is fetched but the first: it shows whether obstore may list the rest, six times as fast as boto3.

    Parameters
    ----------
    session : Session
        Whose S3.
    uri : str
        ``s3://BUCKET/PREFIX``, read as by `read_prefix`.

    Returns
    -------
    iterator of str
        Their addresses, in the order of their keys.

    Raises
    ------
    InvalidInputError
        If `uri` is no S3 address.
    NotFoundError
        If the bucket does not exist; on the way, as the next.
    CredentialsError
        If there are no credentials or they have expired; on the way, as the next.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> with hitl.testing.mock_hitl() as cloud:
    ...     bucket = cloud.bucket("reviews")
    ...     for key in ("a2i/1/output.json", "a2i/1/else.json", "a2i-old/1/output.json"):
    ...         _ = cloud.session().client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}")
    ...     list(list_outputs(cloud.session(), "s3://reviews/a2i"))
    ['s3://reviews/a2i/1/output.json']
    """
    bucket, prefix = split_uri(uri, of_object=False)
    objects = ObjectReader(session)

    def listed() -> Iterator[str]:
        found = _list(objects, bucket, prefix)
        for first in islice(found, 1):
            object_fetcher(objects)(first)
            yield first
        yield from found

    return listed()


def read_loops(
    session: Session,
    names: Iterable[str],
    *,
    created_at: Mapping[str, datetime] | None = None,
    flow_definition_arn: str | None = None,
    concurrency: int | None = None,
) -> Outputs:
    """Fetch the output.json files of human loops.

    Each loop is described to learn where its document lies. With `created_at` only the first is, and whichever
    has no document at the place that its name and time make.

    Parameters
    ----------
    session : Session
        Whose human loops and S3.
    names : iterable of str
        Names of human loops.
    created_at : mapping of str to datetime, optional
        When loops were created, aware, by their names, as a list of the flow's loops says.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, optional
        Threads, as for `read_outputs`.

    Returns
    -------
    Outputs
        One row a name, in their order. A loop that does not exist, has failed, was stopped or is still in
        progress is a row with that error.

    Raises
    ------
    InvalidInputError
        If `names` is one text.
    CredentialsError
        If there are no credentials or they have expired.

    Examples
    --------
    >>> from hitl_sdk import Session
    >>> len(read_loops(Session(region_name="eu-west-1"), []))
    0
    """
    wanted = _several(names, "names")
    loops = _LoopReader(session, created_at or {})
    return _outputs(fetch_in_order(loops.fetch, wanted, concurrency), flow_definition_arn)


class _LoopReader:
    """Fetches the document of a loop by the loop's name."""

    def __init__(self, session: Session, created_at: Mapping[str, datetime]) -> None:
        self._runtime = session.client("sagemaker-a2i-runtime")
        self._objects = ObjectReader(session)
        self._fetch_object = object_fetcher(self._objects)
        self._created_at = created_at
        self._folder: str | None = None  # the flow's, once a loop has shown it

    def fetch(self, name: str) -> Fetched:
        created_at = self._created_at.get(name)
        if self._folder is not None and created_at is not None:
            fetched = self._fetch_object(self._folder + _place(name, created_at))
            if fetched.document is not None:
                return fetched
        return self._fetch_described(name)

    def _fetch_described(self, name: str) -> Fetched:
        try:
            with self._objects.turn_of_boto3, translated_errors(f"human loop {name!r}"):
                loop = self._runtime.describe_human_loop(HumanLoopName=name)
        except (InvalidInputError, ServiceError) as error:
            return Fetched("", error=error)
        uri = loop.get("HumanLoopOutput", {}).get("OutputS3Uri", "")
        place = _place(name, loop["CreationTime"])
        if uri.endswith(place):
            self._folder = uri.removesuffix(place)
        status = loop["HumanLoopStatus"]
        if status == "Completed" and uri:
            return self._fetch_object(uri)
        reason = ": ".join(part for part in (loop.get("FailureCode"), loop.get("FailureReason")) if part)
        kind = ResourceFailedError if status == "Failed" else NotFoundError
        message = f"human loop {name!r} is {status}" + (f" ({reason})" if reason else "")
        return Fetched(uri, error=kind(message, resource=name))


def _place(name: str, created_at: datetime) -> str:
    """Return where in a flow's folder Amazon A2I puts the document of a loop."""
    return f"/{created_at.astimezone(UTC):%Y/%m/%d/%H/%M/%S}/{name}/output.json"


def _several(texts: Iterable[str], name: str) -> Iterable[str]:
    """Refuse one text where several are wanted: it would be taken letter by letter."""
    if isinstance(texts, str):
        raise InvalidInputError(f"{name} is one text, {texts!r}", hint="give a list, also of one")
    return texts


def _list(objects: ObjectReader, bucket: str, prefix: str) -> Iterator[str]:
    folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    return (
        f"s3://{bucket}/{key}" for key in objects.list_keys(bucket, folder) if key.endswith("/output.json")
    )


def _stream_prefix(session: Session, uri: str, concurrency: int | None) -> Iterator[Fetched]:
    bucket, prefix = split_uri(uri, of_object=False)
    objects = ObjectReader(session)
    return fetch_in_order(object_fetcher(objects), _list(objects, bucket, prefix), concurrency)


def _batches(
    fetched: Iterator[Fetched], batch_size: int, flow_definition_arn: str | None
) -> Iterator[Outputs]:
    if batch_size < 1:
        raise InvalidInputError(f"batch_size={batch_size}", hint="give at least 1")

    def batches() -> Iterator[Outputs]:
        while batch := _outputs(islice(fetched, batch_size), flow_definition_arn):
            yield batch

    return batches()


def _outputs(fetched: Iterable[Fetched], flow_definition_arn: str | None) -> Outputs:
    fetched = list(fetched)
    return Outputs(
        [one.document for one in fetched],
        uris=[one.uri or None for one in fetched],
        errors={index: one.error for index, one in enumerate(fetched) if one.error is not None},
        flow_definition_arn=flow_definition_arn,
    )
