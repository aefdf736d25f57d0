"""The objects of one S3 bucket by obstore, which spends a tenth of boto3's CPU on each.

obstore never has the last word: for what it can't get, boto3 is asked, and says in its own way why not. So
errors, redirects to other Regions, renewed credentials and odd endpoints are boto3's business alone.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from hitl_sdk._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.response import StreamingBody
    from obstore.store import S3Credential, S3Store

    from hitl_sdk.session import Session

__all__ = ["FastBucket", "came_over_a_socket", "has_obstore", "open_fast_bucket"]

_RETRIES = 2
"""Of obstore itself, at pauses of some 100 ms; after that boto3 tries, with the session's own policy."""

_MISSES = 10
"""Objects that boto3 got and obstore did not, until obstore is asked no more, unless it got more than it missed."""

PAGE = 1000
"""Keys, as many as S3 gives at once."""

_ALWAYS_ASK_AGAIN = datetime(2000, 1, 1, tzinfo=UTC)


def has_obstore() -> bool:
    """Tell whether obstore is installed."""
    try:
        import obstore.store  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def came_over_a_socket(body: StreamingBody) -> bool:
    """Tell whether an answer comes from a server, and not from something in this process that plays one.

    A mock of boto3 (moto's, botocore's Stubber, a recorded answer) has no socket. Whoever answers boto3 over
    one will answer obstore, too; without one obstore would reach AWS itself. An unread body is wanted.
    """
    try:
        descriptor = body._raw_stream.fileno()  # type: ignore[attr-defined]  # there is no public way
        socket.socket(fileno=descriptor).detach()
    except (AttributeError, OSError, TypeError, ValueError):
        return False
    return True


def open_fast_bucket(session: Session, bucket: str) -> FastBucket | None:
    """Return the bucket as obstore sees it, or None where obstore can't be used."""
    if not has_obstore() or os.getpid() != _home_of_obstore():
        return None
    try:
        return FastBucket(session, bucket)
    except Exception:  # an older obstore that knows not all of the settings, or an endpoint it does not take
        return None


@cache
def _home_of_obstore() -> int:
    """Return the process that first used obstore: its threads do not live on in a fork, which would hang."""
    return os.getpid()


class FastBucket:
    """One bucket. All methods may be called by several threads."""

    def __init__(self, session: Session, bucket: str) -> None:
        self._store = _store(session, bucket)
        self._had = 0
        self._missed = 0

    def get(self, key: str) -> bytes | None:
        """Return an object's content, or None if boto3 must be asked."""
        import obstore

        # obstore takes slashes at the ends away, and so would read another object.
        if key.startswith("/") or key.endswith("/") or self._is_worse_than_boto3():
            return None
        try:
            content = obstore.get(self._store, key).bytes().to_bytes()
        except Exception:  # whatever it is, boto3 meets it again and says it as for any other call
            return None
        self._had += 1
        return content

    def pages(self, prefix: str, *, after: str) -> Iterator[list[str]]:
        """Yield the keys under a folder that come after one, a page at a time; boto3 must go on where this raises.

        Raises
        ------
        Exception
            If obstore fails, or would leave a slash of the prefix or of a key out.
        """
        import obstore

        if not prefix or "//" in f"/{prefix}" or after.endswith("/"):
            raise ValueError(prefix, after)
        for page in obstore.list(self._store, prefix, offset=after, chunk_size=PAGE):
            # An empty object may be a folder that the console made: its key ends with a slash, which is gone.
            if any(entry["size"] == 0 for entry in page):
                raise ValueError(prefix)
            yield [entry["path"] for entry in page]

    def missed(self) -> None:
        """Note that boto3 got an object that obstore did not."""
        self._missed += 1

    def _is_worse_than_boto3(self) -> bool:
        """Tell whether something here suits boto3 alone: another Region, a proxy, a certificate."""
        return self._missed > max(_MISSES, self._had)


def _store(session: Session, bucket: str) -> S3Store:
    """Open a bucket as the session's own client would: endpoint, Region and credentials."""
    from obstore.store import S3Store

    endpoint = session.client("s3").meta.endpoint_url
    credentials: Any = session.boto3_session.get_credentials()

    def current_credentials() -> S3Credential:
        # Asked at each request, as boto3 asks; botocore renews them when they are about to expire.
        frozen = credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": _ALWAYS_ASK_AGAIN,
        }

    # What is not named here, obstore would take from the environment: it may say something else than the session.
    return S3Store(
        bucket,
        aws_endpoint_url_s3=endpoint,
        region=session.region_name,
        virtual_hosted_style_request=False,
        skip_signature=False,
        credential_provider=current_credentials,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "user_agent": f"hitl_sdk/{__version__}",
        },
        retry_config={"max_retries": _RETRIES},
    )
