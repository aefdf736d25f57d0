"""Fetches output.json files: by their addresses, by a prefix, or by the names of human loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._threads import in_threads
from hitl_sdk.errors import (
    InvalidInputError,
    NotFoundError,
    ResourceFailedError,
    ServiceError,
)
from hitl_sdk.results._s3 import get_object, list_keys, split_uri
from hitl_sdk.results.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hitl_sdk.errors import HitlError
    from hitl_sdk.session import Session

__all__ = ["read_loops", "read_outputs", "read_prefix"]

DEFAULT_CONCURRENCY = 32


class _Fetched(NamedTuple):
    """One document, or why it could not be had."""

    uri: str
    document: bytes | None = None
    error: HitlError | None = None


def read_outputs(
    session: Session,
    uris: Iterable[str],
    *,
    flow_definition_arn: str | None = None,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> Outputs:
    """Fetch output.json files, many at a time.

    Parameters
    ----------
    session : Session
        Whose S3.
    uris : iterable of str
        Where they lie: ``s3://BUCKET/KEY``.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, default 32
        Threads; more than 32 gain nothing with boto3.

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
    return _fetch_all(_object_fetcher(session), wanted, flow_definition_arn, concurrency)


def read_prefix(
    session: Session,
    uri: str,
    *,
    flow_definition_arn: str | None = None,
    concurrency: int = DEFAULT_CONCURRENCY,
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
    concurrency : int, default 32
        Threads.

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
    bucket, prefix = split_uri(uri, of_object=False)
    folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    found = (
        f"s3://{bucket}/{key}"
        for key in list_keys(session.client("s3"), bucket, folder)
        if key.endswith("/output.json")
    )
    return _fetch_all(_object_fetcher(session), found, flow_definition_arn, concurrency)


def read_loops(
    session: Session,
    names: Iterable[str],
    *,
    flow_definition_arn: str | None = None,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> Outputs:
    """Fetch the output.json files of human loops.

    Parameters
    ----------
    session : Session
        Whose human loops and S3.
    names : iterable of str
        Names of human loops.
    flow_definition_arn : str, optional
        The flow they must be of.
    concurrency : int, default 32
        Threads.

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
    runtime = session.client("sagemaker-a2i-runtime")
    fetch_object = _object_fetcher(session)

    def fetch(name: str) -> _Fetched:
        try:
            with translated_errors(f"human loop {name!r}"):
                loop = runtime.describe_human_loop(HumanLoopName=name)
        except (InvalidInputError, ServiceError) as error:
            return _Fetched("", error=error)
        uri = loop.get("HumanLoopOutput", {}).get("OutputS3Uri", "")
        status = loop["HumanLoopStatus"]
        if status == "Completed" and uri:
            return fetch_object(uri)
        reason = ": ".join(part for part in (loop.get("FailureCode"), loop.get("FailureReason")) if part)
        kind = ResourceFailedError if status == "Failed" else NotFoundError
        return _Fetched(
            uri,
            error=kind(
                f"human loop {name!r} is {status}" + (f" ({reason})" if reason else ""), resource=name
            ),
        )

    return _fetch_all(fetch, _several(names, "names"), flow_definition_arn, concurrency)


def _several(texts: Iterable[str], name: str) -> Iterable[str]:
    """Refuse one text where several are wanted: it would be taken letter by letter."""
    if isinstance(texts, str):
        raise InvalidInputError(f"{name} is one text, {texts!r}", hint="give a list, also of one")
    return texts


def _object_fetcher(session: Session) -> Callable[[str], _Fetched]:
    client = session.client("s3")

    def fetch(uri: str) -> _Fetched:
        try:
            return _Fetched(uri, get_object(client, uri))
        except ServiceError as error:
            return _Fetched(uri, error=error)

    return fetch


def _fetch_all(
    fetch: Callable[[str], _Fetched], each: Iterable[str], flow_definition_arn: str | None, concurrency: int
) -> Outputs:
    fetched = in_threads(fetch, each, concurrency=concurrency)
    return Outputs(
        [one.document for one in fetched],
        uris=[one.uri or None for one in fetched],
        errors={index: one.error for index, one in enumerate(fetched) if one.error is not None},
        flow_definition_arn=flow_definition_arn,
    )
